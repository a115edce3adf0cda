//! Price estimates without an account.

use serde_json::{Value, json};

use crate::harness::{actors::data, app::TestApp};

const PRICE: &str = "query ($id: ID!, $stay: StayInput!) { listing(id: $id) { price(stay: $stay) { bookable
    price { total { minorUnits } lines { kind title basis amount { minorUnits } } } violations { reason night message } } } }";
const QUOTE: &str = "mutation ($input: QuoteStayInput!) { quoteStay(input: $input) { ... on QuoteStaySuccess { quote {
    price { total { minorUnits } lines { kind title basis amount { minorUnits } } } } } ... on UserError { code } } }";

fn stay(check_in: &str, check_out: &str) -> Value {
    json!({ "checkIn": check_in, "checkOut": check_out, "guests": { "adults": 2, "pets": 1 } })
}

async fn execute(app: &TestApp, listing: &str, stay: &Value) -> Value {
    let answer = app.run(None, PRICE, json!({ "id": listing, "stay": stay })).await;
    data(answer)["listing"]["price"].clone()
}

/// C34: an anonymous viewer sees the price of a quote, line by line.
#[tokio::test]
async fn an_anonymous_viewer_sees_the_price_of_a_quote() {
    let app = TestApp::new().await;
    let host = app.host().await;
    let listing = host
        .listing(|input| {
            input["rules"] = json!({ "petsAllowed": true });
            for (name, amount) in
                [("weekendPrice", 15_055), ("cleaningFee", 4_500), ("petFee", 700), ("weeklyDiscountPercent", 7)]
            {
                input["pricing"][name] = amount.into();
            }
        })
        .await;
    let guest = app.guest().await;
    for (check_in, check_out) in
        [("2026-04-06", "2026-04-07"), ("2026-04-09", "2026-04-13"), ("2026-04-06", "2026-04-20")]
    {
        let stay = stay(check_in, check_out);
        let found = execute(&app, &listing, &stay).await;
        let quote = guest.run(QUOTE, json!({ "input": { "listingId": listing, "stay": stay } })).await;
        assert_eq!((&found["bookable"], &found["violations"]), (&json!(true), &json!([])), "{found}");
        assert_eq!(found["price"], quote["quoteStay"]["quote"]["price"]);
        assert!(found["price"]["total"]["minorUnits"].as_i64().is_some_and(|total| total > 0));
    }
}

/// C34: a stay that cannot be booked has no price, but all reasons.
#[tokio::test]
async fn a_stay_that_cannot_be_booked_has_reasons() {
    let app = TestApp::new().await;
    let host = app.host().await;
    let listing = host.listing(|input| input["rules"] = json!({ "minNights": 3 })).await;
    let guest = app.guest().await;
    guest.book_and_pay(&listing, "2026-04-06", "2026-04-09").await;
    for (check_in, check_out, reasons) in [
        ("2026-04-08", "2026-04-10", &["NO_PETS", "MIN_NIGHTS", "BOOKED"][..]),
        ("2026-03-01", "2026-03-04", &["NO_PETS", "ADVANCE_NOTICE"]),
        ("0001-01-01", "0001-01-04", &["NO_PETS", "ADVANCE_NOTICE"]),
        ("9999-12-28", "9999-12-31", &["NO_PETS", "BOOKING_WINDOW"]),
    ] {
        let found = execute(&app, &listing, &stay(check_in, check_out)).await;
        let broken = found["violations"].as_array().unwrap().iter().map(|broken| broken["reason"].as_str().unwrap());
        assert_eq!(broken.collect::<Vec<_>>(), reasons, "{check_in}");
        assert_eq!((&found["price"], &found["bookable"]), (&Value::Null, &json!(false)), "{check_in}");
    }
    let answer = app.run(None, PRICE, json!({ "id": listing, "stay": stay("2026-04-09", "2026-04-09") })).await;
    let error = &answer.errors[0];
    assert!(error.message.starts_with("`stay.checkOut`"), "{}", error.message);
}

/// S2: an overflowing amount is a reason, not an internal error.
#[tokio::test]
async fn a_stay_that_is_too_expensive_for_any_amount_has_a_reason_instead_of_a_price() {
    use diesel_async::SimpleAsyncConnection as _;
    let app = TestApp::new().await;
    let host = app.host().await;
    let listing = host.listing(|input| input["rules"] = json!({ "petsAllowed": true })).await;
    app.conn().await.batch_execute("UPDATE listings SET base_price = 8500000000000000").await.unwrap();
    let found = execute(&app, &listing, &stay("2026-04-06", "2026-04-07")).await;
    assert_eq!(
        (&found["price"], &found["violations"][0]["reason"]),
        (&Value::Null, &json!("PRICE_TOO_HIGH")),
        "{found}"
    );
}

/// C34: prices of a page of listings are read together.
#[tokio::test]
async fn prices_of_a_page_cost_the_same_few_statements_at_any_size() {
    let app = TestApp::new().await;
    let host = app.host().await;
    let page = "query ($stay: StayInput!) { searchListings(first: 50) { nodes { listing { price(stay: $stay) { bookable } } } } }";
    for (more, listings) in [(2, 2), (10, 12)] {
        for _ in 0..more {
            host.listing(|_| {}).await;
        }
        let recording = app.app.database.statements().record();
        let found = data(app.run(None, page, json!({ "stay": stay("2026-04-06", "2026-04-09") })).await);
        assert_eq!(found["searchListings"]["nodes"].as_array().unwrap().len(), listings);
        assert_eq!(recording.texts().len(), 4, "{:#?}", recording.texts());
    }
}
