//! The longest possible lists. Every response is compared with the sizes that its cost assumed (`harness::sizes`), so it is enough to
//! request them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{actors::CREATE_LISTING, app::TestApp};

fn items(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap_or_else(|| panic!("{value}"))
}

#[tokio::test]
async fn a_cancellation_timeline_has_a_tier_for_each_night_and_is_paged() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let booking = guest.book_and_pay(&listing, "2026-06-01", "2027-06-01").await;
    let query = "query($id: ID!) { booking(id: $id) {
        some: cancellationTimeline { until } all: cancellationTimeline(first: 400) { until refund { minorUnits } }
        quote { some: cancellationTimeline { until } all: cancellationTimeline(first: 400) { until } } } }";
    let found = guest.run(query, json!({ "id": booking })).await["booking"].clone();
    for found in [&found, &found["quote"]] {
        let (some, all) = (items(&found["some"]), items(&found["all"]));
        assert_eq!(some.len(), 20);
        assert!(!some[19]["until"].is_null(), "it continues: {found}");
        assert!((300..=369).contains(&all.len()) && all.last().unwrap()["until"].is_null(), "{}", all.len());
    }
    let wrong = "query($id: ID!, $n: Int) { booking(id: $id) { cancellationTimeline(first: $n) { until } } }";
    for n in [0, -1, 401] {
        let answer = app.run(Some(&guest.member), wrong, json!({ "id": booking, "n": n })).await;
        assert!(answer.errors[0].message.contains("from 1 to 400"), "{answer:?}");
    }
}

#[tokio::test]
async fn a_stay_that_breaks_every_rule_has_each_violation_once() {
    let app = TestApp::new().await;
    let (host, guest, other) = (app.host().await, app.guest().await, app.guest().await);
    let listing = host.listing(|input| input["rules"] = json!({ "preparationNights": 3 })).await;
    other.book_and_pay(&listing, "2026-06-10", "2026-06-14").await;
    let block = "mutation($input: BlockNightsInput!) { blockNights(input: $input) { __typename } }";
    let nights = json!({ "listingId": listing, "from": "2026-07-01", "to": "2027-05-01", "idempotencyKey": app.key() });
    assert_eq!(host.mutate(block, nights).await["__typename"], "BlockNightsSuccess");
    let rules = "mutation($input: UpdateListingInput!) { updateListing(input: $input) { __typename } }";
    let bounds = json!({ "maxNights": 2, "bookingWindowDays": 1, "advanceNoticeHours": 8760, "petsAllowed": false });
    host.mutate(rules, json!({ "listingId": listing, "rules": bounds })).await;
    let close = "mutation($input: SetNightPricesInput!) { setNightPrices(input: $input) { __typename } }";
    for (day, next) in [("2026-06-01", "2026-06-02"), ("2027-06-01", "2027-06-02")] {
        let closed =
            json!({ "listingId": listing, "from": day, "to": next, "checkInAllowed": false, "checkOutAllowed": false });
        assert_eq!(host.mutate(close, closed).await["__typename"], "SetNightPricesSuccess");
    }
    let stay = json!({ "checkIn": "2026-06-01", "checkOut": "2027-06-01", "guests": { "adults": 50, "pets": 5 } });
    let price = "query($id: ID!, $stay: StayInput!) { listing(id: $id) { price(stay: $stay) { violations { reason night message } } } }";
    let found = guest.run(price, json!({ "id": listing, "stay": stay })).await;
    let shown = items(&found["listing"]["price"]["violations"]).clone();
    let quote = "mutation($input: QuoteStayInput!) { quoteStay(input: $input) { __typename
        ... on StayNotAllowedProblem { violations { reason night message } } } }";
    let refused = guest.mutate(quote, json!({ "listingId": listing, "stay": stay })).await;
    assert_eq!(items(&refused["violations"]), &shown);
    let reasons: BTreeSet<_> = shown.iter().map(|broken| broken["reason"].as_str().unwrap()).collect();
    assert_eq!(reasons.len(), shown.len(), "each once: {shown:?}");
    assert!(reasons.is_superset(&BTreeSet::from(["BOOKED", "BLOCKED", "PREPARATION", "MAX_GUESTS", "MAX_NIGHTS"])));
    assert!(reasons.len() >= 10, "{reasons:?}");
    let blocked = shown.iter().find(|broken| broken["reason"] == "BLOCKED").unwrap();
    assert_eq!(blocked["night"], "2026-07-01");
    assert_eq!(blocked["message"], "The night of 2026-07-01 is blocked, and so are 303 more nights of the stay.");
}

#[tokio::test]
async fn a_booking_has_ten_payments_at_the_most() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let booking = guest.book(&listing, "2026-04-01", "2026-04-03").await;
    for number in 0..10 {
        let method = if number % 2 == 1 { "CARD_NEEDS_CONFIRMATION" } else { "CARD_DECLINED" };
        let answer = guest.try_pay(&booking, method, &app.key()).await;
        assert!(answer["payment"]["id"].is_string(), "{number}: {answer}");
        // So that they have an order.
        app.pass(chrono::Duration::seconds(1));
    }
    let refused = guest.try_pay(&booking, "CARD_OK", &app.key()).await;
    assert_eq!((&refused["code"], &refused["retryable"]), (&json!("STATE_CONFLICT"), &json!(false)), "{refused}");
    let found = guest.booking(&booking).await;
    assert_eq!(items(&found["payments"]).len(), 10);
    // The last one, which waits for the guest, can still continue.
    let waiting = found["payments"][9]["id"].as_str().unwrap();
    let confirmed = guest.confirm(waiting, &app.key()).await;
    assert_eq!(confirmed["booking"]["status"], "CONFIRMED", "{confirmed}");
}

#[tokio::test]
async fn a_listing_has_a_hundred_amenities_and_an_input_a_hundred_faults() {
    let app = TestApp::new().await;
    let host = app.host().await;
    let listing = host.listing(|input| input["amenities"] = (0..100).map(|n| format!("Thing {n}")).collect()).await;
    let query = "query($id: ID!) { listing(id: $id) { amenities { name } photos(first: 2) { url } } }";
    assert_eq!(items(&host.run(query, json!({ "id": listing })).await["listing"]["amenities"]).len(), 100);
    let mut input = crate::harness::actors::home();
    input["photos"] = vec![json!({ "url": "nothing" }); 300].into();
    input["amenities"] = (0..101).map(|n| format!("Thing {n}")).collect();
    let create = CREATE_LISTING
        .replace("... on UserError", "... on InvalidInputProblem { fields { path message } } ... on UserError");
    let refused = host.mutate(&create, input).await;
    assert_eq!(items(&refused["fields"]).len(), 100);
}

#[tokio::test]
async fn a_night_can_have_all_reasons_at_once() {
    let app = TestApp::new().await;
    let host = app.host().await;
    let rules = json!({ "bookingWindowDays": 1, "advanceNoticeHours": 8760, "maxNights": 1 });
    let listing = host.listing(|input| input["rules"] = rules).await;
    let block = "mutation($input: BlockNightsInput!) { blockNights(input: $input) { __typename } }";
    let nights = json!({ "listingId": listing, "from": "2026-05-01", "to": "2026-05-02", "idempotencyKey": app.key() });
    host.mutate(block, nights).await;
    let unlist = "mutation($input: UnlistListingInput!) { unlistListing(input: $input) { __typename } }";
    host.mutate(unlist, json!({ "listingId": listing })).await;
    let query =
        "query($id: ID!) { listing(id: $id) { availability(from: \"2026-05-01\", to: \"2026-05-02\") { reasons } } }";
    let found = host.run(query, json!({ "id": listing })).await;
    let reasons = &found["listing"]["availability"][0]["reasons"];
    assert_eq!(reasons, &json!(["NOT_PUBLISHED", "ADVANCE_NOTICE", "BOOKING_WINDOW", "BLOCKED"]));
}
