//! Nights that hosts block and open.

use chrono::Duration;
use serde_json::{Value, json};

use crate::harness::{actors::Actor, app::TestApp};

const BLOCK: &str = "mutation ($input: BlockNightsInput!) { blockNights(input: $input) { __typename
    ... on BlockNightsSuccess { done: nights replayed } ... on UserError { code } ... on NightsUnavailableProblem { nights } } }";
const OPEN: &str = "mutation ($input: OpenNightsInput!) { openNights(input: $input) { __typename
    ... on OpenNightsSuccess { done: nights replayed } ... on UserError { code } } }";

async fn change(host: &Actor, mutation: &str, listing: &str, (from, to): (&str, &str), key: &str) -> Value {
    let input = json!({ "listingId": listing, "from": from, "to": to, "idempotencyKey": key });
    host.mutate(mutation, input).await
}

#[tokio::test]
async fn a_block_keeps_guests_out_until_it_is_opened() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let quote = guest.quote(&listing, "2026-04-01", "2026-04-03").await;
    let (range, key) = (("2026-04-02", "2026-04-04"), app.key());
    let blocked = change(&host, BLOCK, &listing, range, &key).await;
    assert_eq!(blocked["done"], json!(["2026-04-02", "2026-04-03"]));
    let again = change(&host, BLOCK, &listing, range, &key).await;
    assert_eq!((&again["done"], &again["replayed"]), (&blocked["done"], &json!(true)));
    let more = change(&host, BLOCK, &listing, ("2026-04-02", "2026-04-05"), &app.key()).await;
    assert_eq!(more["done"], json!(["2026-04-04"]), "blocked nights stay blocked");
    assert_eq!(guest.try_book(&quote, &app.key()).await["nights"], json!(["2026-04-02"]));
    assert_eq!(change(&guest, OPEN, &listing, range, &app.key()).await["code"], "NOT_FOUND");
    let opened = change(&host, OPEN, &listing, ("2026-04-01", "2026-04-30"), &app.key()).await;
    assert_eq!(opened["done"], json!(["2026-04-02", "2026-04-03", "2026-04-04"]));
    assert_eq!(guest.try_book(&quote, &app.key()).await["__typename"], "CreateBookingSuccess");
}

#[tokio::test]
async fn a_host_cannot_block_held_nights_except_after_the_hold_expired() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let booking = guest.book(&listing, "2026-04-01", "2026-04-03").await;
    let refused = change(&host, BLOCK, &listing, ("2026-03-30", "2026-04-30"), &app.key()).await;
    assert_eq!(refused["nights"], json!(["2026-04-01", "2026-04-02"]));
    let none = change(&host, OPEN, &listing, ("2026-03-30", "2026-04-30"), &app.key()).await;
    assert_eq!(none["done"], json!([]), "a guest's nights are not opened");
    app.pass(Duration::minutes(15));
    let blocked = change(&host, BLOCK, &listing, ("2026-04-01", "2026-04-03"), &app.key()).await;
    assert_eq!(blocked["done"], json!(["2026-04-01", "2026-04-02"]));
    assert_eq!(guest.history(&booking).await, ["CREATED", "EXPIRED"]);
}

#[tokio::test]
async fn many_blocks_of_the_same_nights_at_once_are_no_problem_for_a_host() {
    let app = TestApp::new().await;
    let host = app.host().await;
    let listing = host.listing(|_| {}).await;
    let range = ("2026-04-01", "2026-04-11");
    let keys: Vec<_> = (0..8).map(|_| app.key()).collect();
    let answers =
        futures_util::future::join_all(keys.iter().map(|key| change(&host, BLOCK, &listing, range, key))).await;
    let mut blocked = 0;
    for answer in answers {
        assert_eq!(answer["__typename"], "BlockNightsSuccess", "{answer}");
        blocked += answer["done"].as_array().unwrap().len();
    }
    assert_eq!(blocked, 10, "each night was blocked by one of them");
}

#[tokio::test]
async fn a_preparation_night_stays_free_when_a_block_on_it_is_opened() {
    let app = TestApp::new().await;
    let (host, guest, late) = (app.host().await, app.guest().await, app.guest().await);
    let listing = host.listing(|input| input["rules"]["preparationNights"] = json!(2)).await;
    let quote = late.quote(&listing, "2026-04-04", "2026-04-06").await;
    guest.book(&listing, "2026-04-01", "2026-04-03").await;
    let range = ("2026-04-03", "2026-04-08");
    change(&host, BLOCK, &listing, range, &app.key()).await;
    let opened = change(&host, OPEN, &listing, range, &app.key()).await;
    assert_eq!(opened["done"].as_array().unwrap().len(), 5);
    assert_eq!(late.try_book(&quote, &app.key()).await["nights"], json!(["2026-04-04"]), "two nights of preparation");
    let next = late.quote(&listing, "2026-04-05", "2026-04-07").await;
    assert_eq!(late.try_book(&next, &app.key()).await["__typename"], "CreateBookingSuccess");
}
