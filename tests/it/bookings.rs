//! Bookings, from the quote to the end of the stay.

use chrono::Duration;
use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};

use crate::harness::{
    actors::Actor,
    app::{TestApp, instant},
};

/// A listing without instant book.
fn without_instant_book(input: &mut Value) {
    input["instantBook"] = json!(false);
}

async fn request(app: &TestApp) -> (Actor, Actor, String) {
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(without_instant_book).await;
    let booking = guest.book(&listing, "2026-04-01", "2026-04-07").await;
    (host, guest, booking)
}

#[tokio::test]
async fn an_instant_booking_is_held_then_paid_then_checked_in_then_completed() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let booking = guest.book(&listing, "2026-04-01", "2026-04-07").await;
    assert_eq!(guest.status(&booking).await, "PENDING_PAYMENT");
    assert_eq!(guest.booking(&booking).await["details"], Value::Null);
    guest.pay(&booking).await;
    assert_eq!(guest.status(&booking).await, "CONFIRMED");
    assert_eq!(guest.booking(&booking).await["details"]["address"], "1 River Road");
    assert_eq!(app.bank.balance(), 68_520);
    app.clock.set(instant("2026-04-01T07:00:00Z"));
    assert_eq!(host.status(&booking).await, "CHECKED_IN", "before a worker has run");
    app.work().await;
    assert_eq!(host.status(&booking).await, "CHECKED_IN");
    app.clock.set(instant("2026-04-07T03:00:00Z"));
    assert_eq!(host.status(&booking).await, "COMPLETED", "before a worker has run");
    app.work().await;
    let told = ["CREATED", "PAYMENT_CAPTURED", "CONFIRMED", "CHECKED_IN", "COMPLETED"];
    assert_eq!(guest.history(&booking).await, told);
    app.work().await;
    assert_eq!(guest.history(&booking).await, told, "a second worker finds it done");
}

#[tokio::test]
async fn a_request_is_confirmed_when_the_host_accepts() {
    let app = TestApp::new().await;
    let (host, guest, booking) = request(&app).await;
    assert_eq!(guest.status(&booking).await, "REQUESTED");
    assert_eq!(host.accept(&booking, &app.key()).await["code"], "NOT_FOUND", "nothing is paid yet");
    let answer = guest.try_pay(&booking, "CARD_OK", &app.key()).await;
    assert_eq!(answer["payment"]["status"], "AUTHORIZED");
    assert_eq!((app.bank.balance(), app.bank.authorizations()), (0, 1));
    let key = app.key();
    assert_eq!(guest.accept(&booking, &key).await["code"], "NOT_FOUND", "guests do not answer themselves");
    assert_eq!(host.accept(&booking, &key).await["booking"]["status"], "CONFIRMED");
    assert_eq!((app.bank.balance(), app.bank.authorizations()), (68_520, 0));
    let told = ["REQUESTED", "PAYMENT_AUTHORIZED", "PAYMENT_CAPTURED", "CONFIRMED"];
    assert_eq!(guest.history(&booking).await, told);
    let again = host.accept(&booking, &key).await;
    assert_eq!((&again["replayed"], &again["booking"]["status"]), (&json!(true), &json!("CONFIRMED")));
}

#[tokio::test]
async fn a_decline_releases_the_nights_and_voids_the_authorization() {
    let app = TestApp::new().await;
    let (host, guest, booking) = request(&app).await;
    guest.pay(&booking).await;
    let key = app.key();
    assert_eq!(host.decline(&booking, &key).await["booking"]["status"], "DECLINED");
    assert_eq!(host.decline(&booking, &key).await["replayed"], true);
    assert_eq!((app.bank.balance(), app.bank.authorizations()), (0, 0));
    let seen = guest.booking(&booking).await;
    assert_eq!(seen["payments"][0]["status"], "VOIDED");
    assert_eq!(guest.history(&booking).await, ["REQUESTED", "PAYMENT_AUTHORIZED", "DECLINED"]);
}

#[tokio::test]
async fn an_unanswered_request_expires_and_cannot_be_accepted() {
    let app = TestApp::new().await;
    let (host, guest, booking) = request(&app).await;
    guest.pay(&booking).await;
    app.pass(Duration::hours(24));
    assert_eq!(guest.status(&booking).await, "EXPIRED");
    assert_eq!(host.accept(&booking, &app.key()).await["code"], "STATE_CONFLICT");
    assert_eq!(host.decline(&booking, &app.key()).await["code"], "STATE_CONFLICT");
    app.work().await;
    assert_eq!(app.bank.authorizations(), 0, "the worker voids the authorization");
    assert_eq!(guest.history(&booking).await.last().unwrap(), "EXPIRED");
}

#[tokio::test]
async fn two_guests_cannot_share_a_night() {
    let app = TestApp::new().await;
    let (host, first, second) = (app.host().await, app.guest().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let late = second.quote(&listing, "2026-04-03", "2026-04-08").await;
    first.book(&listing, "2026-04-01", "2026-04-05").await;
    let refused = second.try_book(&late, &app.key()).await;
    assert_eq!(refused["__typename"], "NightsUnavailableProblem");
    assert_eq!(refused["nights"], json!(["2026-04-03", "2026-04-04"]));
    second.book(&listing, "2026-04-05", "2026-04-08").await;
    let raw =
        "INSERT INTO nights (listing_id, night, kind) SELECT listing_id, '2026-04-02', 'BLOCK' FROM nights LIMIT 1";
    let refused = app.conn().await.batch_execute(raw).await.unwrap_err();
    assert!(refused.to_string().contains("Duplicate entry"), "{refused}");
}

#[tokio::test]
async fn an_expired_hold_blocks_no_guest_even_if_no_worker_runs() {
    let app = TestApp::new().await;
    let (host, first, second) = (app.host().await, app.guest().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let held = first.book(&listing, "2026-04-01", "2026-04-05").await;
    let early = second.try_quote(&listing, "2026-04-01", "2026-04-05").await;
    assert_eq!(early["__typename"], "NightsUnavailableProblem");
    app.pass(Duration::minutes(15));
    let booking = second.book_and_pay(&listing, "2026-04-02", "2026-04-06").await;
    assert_eq!(second.status(&booking).await, "CONFIRMED");
    assert_eq!(first.history(&held).await, ["CREATED", "EXPIRED"]);
    assert_eq!(first.try_pay(&held, "CARD_OK", &app.key()).await["code"], "STATE_CONFLICT");
    assert_eq!(app.bank.balance(), 45_680);
}

#[tokio::test]
async fn a_quote_is_booked_once() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let quote = guest.quote(&listing, "2026-04-01", "2026-04-05").await;
    let booking = guest.try_book(&quote, &app.key()).await["booking"]["id"].clone();
    let again = guest.try_book(&quote, &app.key()).await;
    assert_eq!((&again["code"], &again["currentBooking"]["id"]), (&json!("STATE_CONFLICT"), &booking));
    app.pass(Duration::hours(1));
    assert_eq!(guest.try_book(&quote, &app.key()).await["code"], "STATE_CONFLICT", "late is no excuse");
    let other = app.guest().await;
    assert_eq!(other.try_book(&quote, &app.key()).await["code"], "NOT_FOUND", "a quote is for one guest");
}

#[tokio::test]
async fn preparation_nights_are_free_before_and_after_a_stay() {
    let app = TestApp::new().await;
    let (host, guest, first) = (app.host().await, app.guest().await, app.guest().await);
    let listing = host.listing(|input| input["rules"] = json!({ "preparationNights": 1 })).await;
    let quotes = [("2026-04-05", "2026-04-07"), ("2026-03-30", "2026-04-01"), ("2026-04-06", "2026-04-08")];
    let mut early = Vec::new();
    for (from, to) in quotes {
        early.push(guest.quote(&listing, from, to).await);
    }
    first.book(&listing, "2026-04-01", "2026-04-05").await;
    let conflict = |night: &str| json!([{ "night": night, "reason": "PREPARATION" }]);
    for (quote, conflicts) in [(&early[0], conflict("2026-04-05")), (&early[1], conflict("2026-03-31"))] {
        assert_eq!(guest.try_book(quote, &app.key()).await["conflicts"], conflicts);
    }
    assert_eq!(guest.try_book(&early[2], &app.key()).await["__typename"], "CreateBookingSuccess");
}

/// C23: a conflict had a night that is not part of the stay.
#[tokio::test]
async fn nights_in_conflict_are_nights_of_the_stay_with_their_reasons() {
    let app = TestApp::new().await;
    let (host, guest, neighbor) = (app.host().await, app.guest().await, app.guest().await);
    let listing = host.listing(|input| input["rules"] = json!({ "preparationNights": 2 })).await;
    let quote = guest.quote(&listing, "2026-04-07", "2026-04-09").await;
    let wider = guest.quote(&listing, "2026-04-08", "2026-04-11").await;
    neighbor.book(&listing, "2026-04-10", "2026-04-12").await;
    let refused = guest.try_book(&quote, &app.key()).await;
    assert_eq!(refused["nights"], json!(["2026-04-08"]));
    assert_eq!(refused["conflicts"], json!([{ "night": "2026-04-08", "reason": "PREPARATION" }]));
    let refused = guest.try_book(&wider, &app.key()).await;
    let preparation = |night: &str| json!({ "night": night, "reason": "PREPARATION" });
    let booked = json!({ "night": "2026-04-10", "reason": "BOOKED" });
    assert_eq!(refused["conflicts"], json!([preparation("2026-04-08"), preparation("2026-04-09"), booked]));
    let quoted = guest.try_quote(&listing, "2026-04-08", "2026-04-11").await;
    assert_eq!(quoted["nights"], refused["nights"], "a quote has the same");
}

/// C21: the host's message was not readable.
#[tokio::test]
async fn both_sides_read_why_a_request_was_declined() {
    let app = TestApp::new().await;
    let (host, guest, booking) = request(&app).await;
    guest.pay(&booking).await;
    let decline = "mutation ($input: DeclineBookingInput!) { declineBooking(input: $input) { __typename } }";
    let input = json!({ "bookingId": booking, "message": "The boiler broke.", "idempotencyKey": app.key() });
    assert_eq!(host.mutate(decline, input).await["__typename"], "DeclineBookingSuccess");
    let read = "query ($id: ID!) { booking(id: $id) { declineMessage timeline { nodes { kind message } } } }";
    for side in [&host, &guest] {
        let seen = side.run(read, json!({ "id": booking })).await["booking"].clone();
        assert_eq!(seen["declineMessage"], "The boiler broke.");
        let messages: Vec<_> =
            seen["timeline"]["nodes"].as_array().unwrap().iter().map(|node| &node["message"]).collect();
        assert_eq!(messages, [&Value::Null, &Value::Null, &json!("The boiler broke.")]);
    }
}
