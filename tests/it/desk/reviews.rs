//! Moderation of reviews: what everybody sees, and that ratings agree.

use chrono::Duration;
use futures_util::future::join;
use serde_json::{Value, json};

use super::{act, desk};
use crate::access::world::{HIDDEN, World, text};

const LISTING: &str = "query ($id: ID!) { listing(id: $id) {
    rating { count average cleanliness value } reviews(first: 10) { nodes { id } } } }";

async fn moderate(world: &World, field: &str, review: &str) -> Value {
    act(&world.support, field, json!({ "reviewId": review })).await
}

async fn listing_of(world: &World, review: &str) -> String {
    let fields = format!("reviews(search: \"{review}\") {{ nodes {{ listing {{ id }} }} }}");
    text(&desk(&world.support, &fields).await["reviews"]["nodes"][0]["listing"]["id"])
}

/// What everybody sees of a listing: its ratings and reviews.
async fn public(world: &World, listing: &str) -> Value {
    let seen = world.app.run(None, LISTING, json!({ "id": listing })).await;
    serde_json::to_value(seen.data).unwrap()["listing"].clone()
}

fn kinds(done: &Value) -> Vec<String> {
    done["effects"].as_array().unwrap_or_else(|| panic!("{done}")).iter().map(|it| text(&it["kind"])).collect()
}

#[tokio::test]
async fn a_hidden_review_is_gone_from_lists_and_ratings_until_it_is_restored() {
    let world = World::new().await;
    let review = world.published_review().await;
    let listing = listing_of(&world, &review).await;
    let before = public(&world, &listing).await;
    assert_eq!(before["rating"]["count"], 1, "{before}");
    let planned = act(&world.support, "hideReview", json!({ "reviewId": review, "dryRun": true })).await;
    assert_eq!(public(&world, &listing).await, before, "a dry run changes nothing");
    let done = moderate(&world, "hideReview", &review).await;
    assert_eq!(kinds(&planned), kinds(&done));
    assert_eq!(kinds(&done), ["REVIEW_HIDDEN", "RATINGS_CHANGE"]);
    assert_eq!(done["effects"][1]["listings"][0]["id"], listing);
    let hidden = public(&world, &listing).await;
    assert_eq!([&hidden["rating"]["count"], &hidden["rating"]["average"]], [&json!(0), &Value::Null], "{hidden}");
    assert_eq!(hidden["reviews"]["nodes"], json!([]));
    let node = "query ($id: ID!) { node(id: $id) { ... on Review { text hiddenAt } } }";
    for (name, viewer) in world.viewers() {
        let found = world.app.run(viewer.map(|viewer| &viewer.member), node, json!({ "id": review })).await;
        let found = serde_json::to_value(found.data).unwrap()["node"].clone();
        assert_eq!(found.is_null(), name != "guest", "{name}: {found}");
        assert!(name != "guest" || found["hiddenAt"].is_string(), "its author sees that it is hidden");
    }
    // The worker does not reveal it again.
    world.app.pass(Duration::days(30));
    world.app.work().await;
    assert_eq!(public(&world, &listing).await, hidden);
    assert_eq!(moderate(&world, "hideReview", &review).await["code"], "STATE_CONFLICT");
    assert_eq!(kinds(&moderate(&world, "restoreReview", &review).await), ["REVIEW_SHOWN", "RATINGS_CHANGE"]);
    assert_eq!(public(&world, &listing).await, before);
    assert_eq!(moderate(&world, "restoreReview", &review).await["code"], "STATE_CONFLICT");
    let log = desk(&world.admin, "auditLog(first: 2) { nodes { action subject } }").await;
    let entry = |action| json!({ "action": action, "subject": review });
    assert_eq!(log["auditLog"]["nodes"], json!([entry("REVIEW_RESTORED"), entry("REVIEW_HIDDEN")]));
    let about = format!("auditLog(where: {{ subjectId: \"{review}\" }}) {{ nodes {{ action }} }}");
    assert_eq!(desk(&world.admin, &about).await["auditLog"]["nodes"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_review_that_is_hidden_before_it_is_published_waits_when_it_is_restored() {
    let world = World::new().await;
    let (review, stay) = world.hidden_review().await;
    let listing = listing_of(&world, &review).await;
    assert_eq!(kinds(&moderate(&world, "hideReview", &review).await), ["REVIEW_HIDDEN"]);
    assert_eq!(world.guest.booking(&stay).await["review"]["text"], HIDDEN);
    assert_eq!(kinds(&moderate(&world, "restoreReview", &review).await), ["REVIEW_WAITS"]);
    assert_eq!(public(&world, &listing).await["rating"]["count"], 0);
    world.app.pass(Duration::days(14));
    world.app.work().await;
    assert_eq!(public(&world, &listing).await["rating"]["count"], 1);
}

/// Whatever commits first, the ratings count what is public.
#[tokio::test]
async fn hiding_beside_the_worker_that_reveals_leaves_ratings_that_agree() {
    let world = World::new().await;
    for _ in 0..3 {
        let (review, _) = world.hidden_review().await;
        let listing = listing_of(&world, &review).await;
        world.app.pass(Duration::days(14));
        let second = world.app.second_instance().await;
        let (done, ()) = join(moderate(&world, "hideReview", &review), second.work()).await;
        assert_eq!(done["__typename"], "HideReviewSuccess", "{done}");
        let seen = public(&world, &listing).await;
        assert_eq!((&seen["rating"]["count"], &seen["reviews"]["nodes"]), (&json!(0), &json!([])));
        moderate(&world, "restoreReview", &review).await;
        assert_eq!(public(&world, &listing).await["rating"]["count"], 1);
    }
}

#[tokio::test]
async fn a_repeated_request_hides_once() {
    let world = World::new().await;
    let review = world.published_review().await;
    let input = || json!({ "reviewId": review, "idempotencyKey": "the-same-key" });
    let (one, two) = join(act(&world.support, "hideReview", input()), act(&world.support, "hideReview", input())).await;
    assert_eq!(one["effects"], two["effects"]);
    assert_ne!(one["replayed"], two["replayed"], "{one} {two}");
}

#[tokio::test]
async fn reviews_are_found_by_their_stay_listing_and_author() {
    let world = World::new().await;
    let published = world.published_review().await;
    let (waiting, stay) = world.hidden_review().await;
    let (listing, email) = (listing_of(&world, &published).await, world.email(&world.guest).await);
    moderate(&world, "hideReview", &published).await;
    for (search, found) in [
        (&published, vec![&published]),
        (&waiting, vec![&waiting]),
        (&stay, vec![&waiting]),
        (&listing, vec![&published]),
        (&email, vec![&waiting, &published]),
        (&world.guest.member.id().to_string(), vec![&waiting, &published]),
        (&world.host.member.id().to_string(), vec![]),
    ] {
        let page = desk(&world.support, &format!("reviews(search: \"{search}\") {{ nodes {{ id }} }}")).await;
        let ids: Vec<_> = page["reviews"]["nodes"].as_array().unwrap().iter().map(|it| text(&it["id"])).collect();
        assert_eq!(ids.iter().collect::<Vec<_>>(), found, "{search}");
    }
    let not_theirs = desk(&world.finance, &format!("reviews(search: \"{published}\") {{ nodes {{ id }} }}")).await;
    assert_eq!(not_theirs["reviews"], Value::Null);
}

#[tokio::test]
async fn only_support_moderates_and_not_reviews_that_concern_them() {
    let world = World::new().await;
    let review = world.published_review().await;
    for viewer in [&world.finance, &world.host, &world.guest] {
        let refused = act(viewer, "hideReview", json!({ "reviewId": review })).await;
        assert_eq!([&refused["code"], &refused["role"]], ["ROLE_REQUIRED", "SUPPORT"], "{refused}");
    }
    let helpers = world.co_hosts.iter().map(|(_, helper)| helper);
    for concerned in [&world.host, &world.guest].into_iter().chain(helpers) {
        concerned.grant(types::StaffRole::Support).await;
        let refused = act(concerned, "hideReview", json!({ "reviewId": review })).await;
        assert_eq!(refused["code"], "STATE_CONFLICT", "{refused}");
    }
}
