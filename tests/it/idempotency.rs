//! Idempotency: one key has one effect.

use serde_json::{Value, json};

use crate::harness::{
    actors::{Actor, PAY},
    app::TestApp,
};

/// Twenty concurrent responses to the same request, half of them from another server.
async fn twenty<F: Future<Output = Value>>(guest: &Actor, request: impl Fn(Actor) -> F) -> Vec<Value> {
    let other = guest.at(&guest.app.second_instance().await);
    let repeats = (0..20).map(|n| request(if n % 2 == 0 { guest.clone() } else { other.clone() }));
    futures_util::future::join_all(repeats).await
}

/// Checks that exactly one response is not a replay, and that all are otherwise equal.
fn one_effect(mut answers: Vec<Value>) -> Value {
    let fresh = answers.iter().filter(|answer| answer["replayed"] == false).count();
    assert_eq!(fresh, 1, "{answers:?}");
    answers.iter_mut().for_each(|answer| answer["replayed"] = json!(true));
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    answers[0].clone()
}

#[tokio::test]
async fn twenty_repeats_of_one_key_have_one_effect_and_one_answer() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let quote = guest.quote(&listing, "2026-04-01", "2026-04-07").await;
    let key = app.key();
    let booked = one_effect(
        twenty(&guest, |guest| {
            let (quote, key) = (quote.clone(), key.clone());
            async move { guest.try_book(&quote, &key).await }
        })
        .await,
    );
    let booking = booked["booking"]["id"].as_str().unwrap();
    let key = app.key();
    let input = json!({ "booking": { "id": booking }, "method": { "sandbox": "CARD_OK" }, "idempotencyKey": key });
    let pay = |guest: Actor| {
        let input = input.clone();
        async move { guest.mutate(PAY, input).await }
    };
    let paid = one_effect(twenty(&guest, pay).await);
    assert_eq!((&paid["payment"]["status"], app.bank.balance()), (&json!("CAPTURED"), 68_520));
    assert_eq!(guest.history(booking).await, ["CREATED", "PAYMENT_CAPTURED", "CONFIRMED"]);
}

#[tokio::test]
async fn a_key_belongs_to_one_viewer_one_mutation_and_one_input() {
    let app = TestApp::new().await;
    let (host, guest, other) = (app.host().await, app.guest().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let first = guest.quote(&listing, "2026-04-01", "2026-04-03").await;
    let second = guest.quote(&listing, "2026-04-05", "2026-04-07").await;
    let theirs = other.quote(&listing, "2026-04-10", "2026-04-12").await;
    let key = app.key();
    let booking = guest.try_book(&first, &key).await["booking"]["id"].as_str().unwrap().to_owned();
    assert_eq!(guest.try_book(&second, &key).await["code"], "IDEMPOTENCY_CONFLICT");
    assert_eq!(other.try_book(&theirs, &key).await["__typename"], "CreateBookingSuccess");
    assert_eq!(guest.try_pay(&booking, "CARD_OK", &key).await["__typename"], "PayBookingSuccess");
    assert_eq!(guest.try_pay(&booking, "CARD_DECLINED", &key).await["code"], "IDEMPOTENCY_CONFLICT");
}

#[tokio::test]
async fn one_operation_creates_and_pays() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let quote = guest.quote(&listing, "2026-04-01", "2026-04-07").await;
    let both = "mutation ($quote: ID!, $key: IdempotencyKey!) {
        createBooking(input: { quoteId: $quote, idempotencyKey: $key }) { ... on CreateBookingSuccess { booking { id } } }
        payBooking(input: { booking: { createdWith: $key }, method: { sandbox: CARD_OK }, idempotencyKey: $key }) {
            ... on PayBookingSuccess { booking { id status } } } }";
    let answer = guest.run(both, json!({ "quote": quote, "key": app.key() })).await;
    assert_eq!(answer["payBooking"]["booking"]["status"], "CONFIRMED");
    assert_eq!(answer["payBooking"]["booking"]["id"], answer["createBooking"]["booking"]["id"]);
    let unknown = json!({ "booking": { "createdWith": app.key() }, "method": { "sandbox": "CARD_OK" }, "idempotencyKey": app.key() });
    assert_eq!(guest.mutate(PAY, unknown).await["code"], "NOT_FOUND");
}

#[tokio::test]
async fn a_refused_request_leaves_its_key_free() {
    let app = TestApp::new().await;
    let (host, guest, other) = (app.host().await, app.guest().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let quote = guest.quote(&listing, "2026-04-01", "2026-04-07").await;
    let held = other.book(&listing, "2026-04-02", "2026-04-03").await;
    let key = app.key();
    assert_eq!(guest.try_book(&quote, &key).await["nights"], json!(["2026-04-02"]));
    other.cancel(&held).await;
    let booked = guest.try_book(&quote, &key).await;
    assert_eq!((&booked["__typename"], &booked["replayed"]), (&json!("CreateBookingSuccess"), &json!(false)));
}
