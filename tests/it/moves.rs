//! Bookings of listings that change.

use serde_json::{Value, json};

use crate::harness::{actors::Actor, app::TestApp};

const UPDATE: &str = "mutation ($input: UpdateListingInput!) { updateListing(input: $input) { __typename
    ... on UpdateListingSuccess { listing { timeZone checkInFrom pricing { currency } } affectedBookings { id } }
    ... on UserError { code message path } } }";
const DETAILS: &str = "query ($id: ID!) { booking(id: $id) {
    details { address point { latitude longitude } timeZone checkInFrom checkOutBy checkInAt checkOutAt } } }";

async fn details(actor: &Actor, booking: &str) -> Value {
    actor.run(DETAILS, json!({ "id": booking })).await["booking"]["details"].clone()
}

fn berlin() -> Value {
    json!({ "city": "Berlin", "countryCode": "DE", "address": "1 Spree Bank", "latitude": 52.52, "longitude": 13.405 })
}

/// M8: the guest's details showed the new address with the old check-in time.
#[tokio::test]
async fn a_booking_keeps_its_original_place_and_clock() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let booking = guest.book_and_pay(&listing, "2026-04-01", "2026-04-07").await;
    let before = details(&guest, &booking).await;
    assert_eq!(before["timeZone"], "Asia/Singapore");
    assert_eq!((&before["address"], &before["checkInFrom"]), (&json!("1 River Road"), &json!("15:00")));
    let change = json!({ "listingId": listing, "place": berlin(), "checkInFrom": "18:00" });
    let changed = host.mutate(UPDATE, change).await;
    assert_eq!(changed["listing"]["timeZone"], "Europe/Berlin", "{changed}");
    assert_eq!(details(&guest, &booking).await, before);
    assert_eq!(details(&host, &booking).await, before);
    let later = guest.book_and_pay(&listing, "2026-05-01", "2026-05-03").await;
    let moved = details(&guest, &later).await;
    assert_eq!((&moved["timeZone"], &moved["checkInFrom"]), (&json!("Europe/Berlin"), &json!("18:00")));
}

/// M8, while a release rolls out: bookings that an older server makes have no place of their own.
#[tokio::test]
async fn a_booking_of_an_older_server_gets_its_place_before_the_listing_moves() {
    use diesel_async::SimpleAsyncConnection;
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let booking = guest.book_and_pay(&listing, "2026-04-01", "2026-04-07").await;
    let before = details(&guest, &booking).await;
    let older = "UPDATE bookings SET time_zone = NULL, check_in_from = NULL, check_out_by = NULL, address = NULL, \
                 latitude = NULL, longitude = NULL";
    app.conn().await.batch_execute(older).await.unwrap();
    assert_eq!(details(&guest, &booking).await, before, "the listing's");
    host.mutate(UPDATE, json!({ "listingId": listing, "place": berlin() })).await;
    assert_eq!(details(&guest, &booking).await, before, "its own");
}

/// M8: the host is warned, and the guest gets an event.
#[tokio::test]
async fn a_host_who_moves_a_listing_is_warned_and_the_guests_get_an_event() {
    let app = TestApp::new().await;
    let (host, guest, late) = (app.host().await, app.guest().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let far = late.book_and_pay(&listing, "2026-05-01", "2026-05-07").await;
    let near = guest.book_and_pay(&listing, "2026-04-01", "2026-04-07").await;
    let over = guest.book_and_pay(&listing, "2026-06-01", "2026-06-07").await;
    guest.cancel(&over).await;
    let affected = |answer: Value| answer["affectedBookings"].clone();
    let same = json!({ "city": "Singapore", "countryCode": "SG", "address": "1 River Road", "latitude": 1.28967, "longitude": 103.85007 });
    let unmoved = host.mutate(UPDATE, json!({ "listingId": listing, "title": "Near the river", "place": same })).await;
    assert_eq!(affected(unmoved), json!([]));
    let moved = host.mutate(UPDATE, json!({ "listingId": listing, "place": berlin() })).await;
    assert_eq!(affected(moved), json!([{ "id": near }, { "id": far }]));
    for (guest, booking, told) in [(&guest, &near, true), (&late, &far, true), (&guest, &over, false)] {
        assert_eq!(guest.history(booking).await.iter().any(|kind| kind == "LISTING_MOVED"), told);
    }
    crate::races::walk::check(&app).await;
}

/// M8: an address that is added later, at the same place, is copied to bookings without one.
#[tokio::test]
async fn a_booking_without_an_address_gets_the_new_one_of_its_place() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let place = |address: Option<&str>| json!({ "city": "Singapore", "address": address, "latitude": 1.28967, "longitude": 103.85007 });
    let listing = host.listing(|input| input["place"] = place(None)).await;
    let booking = guest.book_and_pay(&listing, "2026-04-01", "2026-04-07").await;
    assert_eq!(details(&guest, &booking).await["address"], Value::Null);
    let named = host.mutate(UPDATE, json!({ "listingId": listing, "place": place(Some("1 River Road")) })).await;
    assert_eq!(named["affectedBookings"], json!([]), "{named}");
    assert_eq!(details(&guest, &booking).await["address"], "1 River Road");
}

/// M7.
#[tokio::test]
async fn a_listing_with_bookings_keeps_its_currency() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let euros = json!({ "listingId": listing, "pricing": { "currency": "EUR", "basePrice": 9_000 } });
    let refused = async |when: &str| {
        let answer = host.mutate(UPDATE, euros.clone()).await;
        assert_eq!(answer["code"], "INVALID_INPUT", "{when}: {answer}");
        assert_eq!(answer["path"], json!(["input", "pricing", "currency"]));
        assert!(answer["message"].as_str().unwrap().contains("bookings in SGD"), "{answer}");
    };
    let held = guest.book(&listing, "2026-04-01", "2026-04-07").await;
    refused("a hold").await;
    let pricier = json!({ "listingId": listing, "pricing": { "currency": "SGD", "basePrice": 11_000 } });
    assert_eq!(host.mutate(UPDATE, pricier).await["__typename"], "UpdateListingSuccess", "the price may change");
    guest.pay(&held).await;
    refused("a certain booking").await;
    guest.cancel(&held).await;
    refused("one that was certain once").await;
    let fresh = host.listing(|_| {}).await;
    let unpaid = guest.book(&fresh, "2026-04-01", "2026-04-07").await;
    guest.cancel(&unpaid).await;
    let euros = json!({ "listingId": fresh, "pricing": { "currency": "EUR", "basePrice": 9_000 } });
    assert_eq!(host.mutate(UPDATE, euros).await["listing"]["pricing"]["currency"], "EUR", "no payment was made");
}

/// A guest with a quote for a flat in Singapore booked one in Berlin without noticing.
#[tokio::test]
async fn a_quote_of_a_listing_that_moves_or_changes_its_hours_is_renewed() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    for change in [json!({ "place": berlin() }), json!({ "checkInFrom": "18:00" }), json!({ "checkOutBy": "09:00" })] {
        let quote = guest.quote(&listing, "2026-04-01", "2026-04-07").await;
        let mut input = change.clone();
        input["listingId"] = json!(listing);
        assert_eq!(host.mutate(UPDATE, input).await["__typename"], "UpdateListingSuccess");
        let key = app.key();
        let refused = guest.try_book(&quote, &key).await;
        assert_eq!(refused["__typename"], "QuoteExpiredProblem", "{change}: {refused}");
        let renewed = refused["quote"]["id"].as_str().unwrap();
        let booked = guest.try_book(renewed, &app.key()).await;
        let booking = booked["booking"]["id"].as_str().unwrap_or_else(|| panic!("{booked}"));
        guest.pay(booking).await;
        assert_eq!(details(&guest, booking).await["timeZone"], "Europe/Berlin");
        guest.cancel(booking).await;
    }
    let quote = guest.quote(&listing, "2026-04-01", "2026-04-07").await;
    let pricier =
        json!({ "listingId": listing, "title": "Dear", "pricing": { "currency": "SGD", "basePrice": 11_000 } });
    host.mutate(UPDATE, pricier).await;
    let booked = guest.try_book(&quote, &app.key()).await;
    assert_eq!(booked["booking"]["price"]["total"]["minorUnits"], 68_520, "a price stays: {booked}");
}

/// A booking that was made while its listing moved kept the old place without an event.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_booking_that_races_a_move_gets_an_event_or_is_refused() {
    let app = TestApp::without_hold_limits(mysql_engine::Options::default()).await;
    let (host, guest) = (app.host().await, app.guest().await);
    for round in 0..6 {
        let listing = host.listing(|_| {}).await;
        let quote = guest.quote(&listing, "2026-04-01", "2026-04-07").await;
        let (key, place) = (app.key(), json!({ "listingId": listing, "place": berlin() }));
        let (booked, moved) = tokio::join!(guest.try_book(&quote, &key), host.mutate(UPDATE, place));
        assert_eq!(moved["__typename"], "UpdateListingSuccess", "{moved}");
        match booked["booking"]["id"].as_str() {
            Some(booking) => {
                assert_eq!(moved["affectedBookings"], json!([{ "id": booking }]), "round {round}: {moved}");
                assert!(guest.history(booking).await.contains(&"LISTING_MOVED".to_owned()));
            }
            None => assert_eq!(booked["__typename"], "QuoteExpiredProblem", "{booked}"),
        }
    }
}

/// M7: a quote that was open kept the old currency, and became a booking in it.
#[tokio::test]
async fn a_quote_in_another_currency_than_the_listing_has_now_is_renewed() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let quote = guest.quote(&listing, "2026-04-01", "2026-04-03").await;
    let euros = json!({ "listingId": listing, "pricing": { "currency": "EUR", "basePrice": 10_000 } });
    assert_eq!(host.mutate(UPDATE, euros).await["listing"]["pricing"]["currency"], "EUR");
    let refused = guest.try_book(&quote, &app.key()).await;
    assert_eq!(refused["__typename"], "QuoteExpiredProblem", "{refused}");
    assert_eq!(refused["differences"][0]["kind"], "NIGHTS", "the same number of another currency: {refused}");
    let renewed = refused["quote"]["id"].as_str().unwrap();
    let booked = guest.try_book(renewed, &app.key()).await;
    assert_eq!(booked["__typename"], "CreateBookingSuccess", "{booked}");
}

/// C24: two guests had a right to the same eight hours.
#[tokio::test]
async fn overlapping_hours_are_refused_without_a_preparation_night() {
    let app = TestApp::new().await;
    let host = app.host().await;
    let listing = host.listing(|_| {}).await;
    let change = async |hours: Value, rules: Value| {
        let mut input = json!({ "listingId": listing, "rules": rules });
        input.as_object_mut().unwrap().extend(hours.as_object().unwrap().clone());
        host.mutate(UPDATE, input).await
    };
    let early = json!({ "checkInFrom": "10:00", "checkOutBy": "18:00" });
    let refused = change(early.clone(), json!({ "preparationNights": 0 })).await;
    assert_eq!((&refused["code"], &refused["path"]), (&json!("INVALID_INPUT"), &json!(["input", "checkInFrom"])));
    assert_eq!(change(early, json!({ "preparationNights": 1 })).await["__typename"], "UpdateListingSuccess");
    assert_eq!(change(json!({}), json!({ "preparationNights": 0 })).await["code"], "INVALID_INPUT");
    let turn = json!({ "checkInFrom": "12:00", "checkOutBy": "12:00" });
    assert_eq!(change(turn, json!({ "preparationNights": 0 })).await["__typename"], "UpdateListingSuccess");
}
