//! Quotes.

use chrono::Duration;
use serde_json::json;

use crate::harness::app::TestApp;

const SET_PRICES: &str = "mutation ($input: SetNightPricesInput!) { setNightPrices(input: $input) { __typename } }";

#[tokio::test]
async fn a_quote_keeps_its_price_when_the_host_raises_it() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let quote = guest.quote(&listing, "2026-04-01", "2026-04-07").await;
    let input = json!({ "listingId": listing, "from": "2026-04-01", "to": "2026-04-03", "price": 20_000 });
    assert_eq!(host.mutate(SET_PRICES, input).await["__typename"], "SetNightPricesSuccess");
    let pricier = guest.try_quote(&listing, "2026-04-01", "2026-04-07").await;
    assert_eq!(pricier["quote"]["price"]["total"]["minorUnits"], 91_360);
    let booked = guest.try_book(&quote, &app.key()).await;
    assert_eq!(booked["booking"]["price"]["total"]["minorUnits"], 68_520);
    guest.pay(booked["booking"]["id"].as_str().unwrap()).await;
    assert_eq!(app.bank.balance(), 68_520);
}

#[tokio::test]
async fn an_expired_quote_is_answered_with_a_new_one_and_the_differences() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let quote = guest.quote(&listing, "2026-04-01", "2026-04-07").await;
    let input = json!({ "listingId": listing, "from": "2026-04-01", "to": "2026-04-03", "price": 20_000 });
    host.mutate(SET_PRICES, input).await;
    app.pass(Duration::minutes(15));
    let answer = guest.try_book(&quote, &app.key()).await;
    assert_eq!(answer["__typename"], "QuoteExpiredProblem");
    assert_eq!(answer["quote"]["price"]["total"]["minorUnits"], 91_360);
    let nights = json!({ "kind": "NIGHTS", "before": { "minorUnits": 60_000 }, "after": { "minorUnits": 80_000 } });
    let fee = json!({ "kind": "SERVICE_FEE", "before": { "minorUnits": 8_520 }, "after": { "minorUnits": 11_360 } });
    assert_eq!(answer["differences"], json!([nights, fee]));
    let renewed = answer["quote"]["id"].as_str().unwrap();
    assert_eq!(guest.try_book(renewed, &app.key()).await["__typename"], "CreateBookingSuccess");
}

#[tokio::test]
async fn an_expired_quote_of_a_booked_stay_is_not_renewed() {
    let app = TestApp::new().await;
    let (host, slow, quick) = (app.host().await, app.guest().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let quote = slow.quote(&listing, "2026-04-01", "2026-04-07").await;
    app.pass(Duration::minutes(15));
    quick.book(&listing, "2026-04-02", "2026-04-03").await;
    let answer = slow.try_book(&quote, &app.key()).await;
    assert_eq!((&answer["__typename"], &answer["quote"]), (&json!("QuoteExpiredProblem"), &json!(null)));
}

#[tokio::test]
async fn own_listings_and_unlisted_listings_cannot_be_booked() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let own = host.try_quote(&listing, "2026-04-01", "2026-04-07").await;
    assert_eq!(own["violations"][0]["reason"], "OWN_LISTING");
    let quote = guest.quote(&listing, "2026-04-01", "2026-04-07").await;
    let unlist = "mutation ($input: UnlistListingInput!) { unlistListing(input: $input) { __typename } }";
    host.mutate(unlist, json!({ "listingId": listing })).await;
    let off = guest.try_book(&quote, &app.key()).await;
    assert_eq!(off["violations"][0]["reason"], "NOT_PUBLISHED");
}
