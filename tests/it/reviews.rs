//! Reviews of guests, and when they become visible.

use chrono::Duration;
use serde_json::{Value, json};

use crate::harness::{
    actors::Actor,
    app::{TestApp, instant},
};

const WRITE: &str = "mutation ($input: WriteReviewInput!) { writeReview(input: $input) { __typename
    ... on WriteReviewSuccess { review { id publishedAt } } ... on UserError { code message } } }";
const SEEN: &str = "query ($id: ID!) { listing(id: $id) {
    rating { average count cleanliness value } reviews { nodes { text author { displayName } } } } }";

async fn write(guest: &Actor, booking: &str, rating: u8) -> Value {
    let ratings =
        json!({ "cleanliness": rating, "accuracy": 5, "checkIn": 5, "communication": 5, "location": 5, "value": 3 });
    guest.mutate(WRITE, json!({ "bookingId": booking, "rating": rating, "ratings": ratings, "text": "Fine." })).await
}

/// A stay that is over, of one guest.
async fn stayed(app: &TestApp) -> (Actor, String, String) {
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let booking = guest.book_and_pay(&listing, "2026-04-01", "2026-04-07").await;
    app.clock.set(instant("2026-04-07T03:00:00Z"));
    (guest, listing, booking)
}

#[tokio::test]
async fn a_review_is_hidden_until_the_window_closes_and_counted_once() {
    let app = TestApp::new().await;
    let (guest, listing, booking) = stayed(&app).await;
    let written = write(&guest, &booking, 4).await;
    assert_eq!(written["review"]["publishedAt"], "2026-04-21T03:00:00Z");
    assert_eq!(write(&guest, &booking, 4).await["code"], "NOT_REVIEWABLE", "once");
    app.work().await;
    let stranger = app.guest().await;
    let seen = stranger.run(SEEN, json!({ "id": listing })).await;
    assert_eq!((&seen["listing"]["rating"]["count"], &seen["listing"]["reviews"]["nodes"]), (&json!(0), &json!([])));
    let node = "query ($id: ID!) { node(id: $id) { id } }";
    let id = json!({ "id": written["review"]["id"] });
    assert_eq!(stranger.run(node, id.clone()).await["node"], Value::Null);
    assert_eq!(guest.run(node, id).await["node"]["id"], written["review"]["id"]);
    app.pass(Duration::days(14));
    let others = [app.second_instance().await, app.second_instance().await];
    tokio::join!(app.work(), others[0].work(), others[1].work());
    let seen = stranger.run(SEEN, json!({ "id": listing })).await;
    assert_eq!(seen["listing"]["rating"], json!({ "average": 4.0, "count": 1, "cleanliness": 4.0, "value": 3.0 }));
    assert_eq!(seen["listing"]["reviews"]["nodes"][0]["text"], "Fine.");
    let told = ["CREATED", "PAYMENT_CAPTURED", "CONFIRMED", "CHECKED_IN", "COMPLETED", "REVIEWED"];
    assert_eq!(guest.history(&booking).await, told);
}

#[tokio::test]
async fn only_the_guest_reviews_only_a_stay_that_took_place_only_in_time() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let booking = guest.book_and_pay(&listing, "2026-04-01", "2026-04-07").await;
    let cancelled = guest.book_and_pay(&listing, "2026-04-10", "2026-04-12").await;
    guest.cancel(&cancelled).await;
    assert_eq!(write(&guest, &booking, 5).await["code"], "NOT_REVIEWABLE", "not yet");
    app.clock.set(instant("2026-04-12T03:00:00Z"));
    assert_eq!(write(&guest, &cancelled, 5).await["code"], "NOT_REVIEWABLE", "cancelled");
    assert_eq!(write(&host, &booking, 5).await["code"], "NOT_FOUND");
    assert_eq!(write(&guest, &booking, 6).await["code"], "INVALID_INPUT");
    app.clock.set(instant("2026-04-21T03:00:00.000001Z"));
    assert_eq!(write(&guest, &booking, 5).await["code"], "NOT_REVIEWABLE", "the window is closed");
}

#[tokio::test]
async fn of_two_concurrent_reviews_one_is_stored() {
    let app = TestApp::new().await;
    let (guest, _, booking) = stayed(&app).await;
    let (one, other) = tokio::join!(write(&guest, &booking, 5), write(&guest, &booking, 1));
    let mut kinds = [one["__typename"].as_str().unwrap(), other["__typename"].as_str().unwrap()];
    kinds.sort_unstable();
    assert_eq!(kinds, ["NotReviewableProblem", "WriteReviewSuccess"]);
}
