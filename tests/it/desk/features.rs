//! Switches of features.

use futures_util::future::join;
use serde_json::{Value, json};

use super::{act, desk};
use crate::{
    access::world::World,
    harness::actors::{Actor, REGISTER},
    operations::of_field,
};

async fn set(admin: &Actor, feature: &str, is_on: bool) -> Value {
    act(admin, "setFeature", json!({ "feature": feature, "isOn": is_on })).await
}

#[tokio::test]
async fn what_is_off_is_a_problem_of_its_own_and_what_was_begun_goes_on() {
    let world = World::new().await;
    let (listing, pending) = (world.listing().await, world.pending().await.0);
    let draft = world.draft("A draft").await;
    let quote = world.guest.quote(&listing, &world.day(50), &world.day(52)).await;
    let stay = world.completed().await;
    for feature in ["REGISTRATIONS", "LISTINGS", "BOOKINGS", "REVIEWS", "CASES"] {
        let done = set(&world.admin, feature, false).await;
        assert_eq!(done["feature"]["isOn"], false, "{done}");
    }
    let input = json!({ "email": "new@example.org", "password": "correct horse", "displayName": "Nora New" });
    let registered = world.app.run(None, REGISTER, json!({ "input": input })).await;
    let registered = serde_json::to_value(registered.data).unwrap()["registerUser"].clone();
    let publish = world.host.mutate(&of_field("publishListing").text, json!({ "listingId": draft })).await;
    let create = of_field("createListing");
    let created = world.host.run(&create.text, create.variables).await["createListing"].clone();
    let booked = world.guest.try_book(&quote, &world.app.key()).await;
    let mut review = of_field("writeReview");
    review.variables["input"]["bookingId"] = stay.clone().into();
    let reviewed = world.guest.run(&review.text, review.variables.clone()).await["writeReview"].clone();
    let mut case = of_field("openCase");
    case.variables["input"]["about"]["listingId"] = listing.clone().into();
    let opened = world.guest.run(&case.text, case.variables.clone()).await["openCase"].clone();
    for refused in [registered, publish, created, booked, reviewed, opened] {
        assert_eq!([&refused["__typename"], &refused["code"]], ["FeatureOffProblem", "FEATURE_OFF"], "{refused}");
    }
    assert_eq!(
        world.guest.try_pay(&pending, "CARD_OK", &world.app.key()).await["code"],
        "STATE_CONFLICT",
        "expired, not refused"
    );
    for feature in ["BOOKINGS", "REVIEWS"] {
        set(&world.admin, feature, true).await;
    }
    let reviewed = world.guest.run(&review.text, review.variables).await["writeReview"].clone();
    assert_eq!(reviewed["__typename"], "WriteReviewSuccess", "at once at this server: {reviewed}");
}

#[tokio::test]
async fn other_servers_read_the_switches_again_and_not_for_each_request() {
    let world = World::new().await;
    let (second, quote) = (world.app.second_instance().await, world.quote().await);
    let guest = world.guest.at(&second);
    assert_eq!(guest.try_book("qt_00000000000000000000000007", &world.app.key()).await["code"], "NOT_FOUND");
    let recording = second.app.database.statements().record();
    for _ in 0..3 {
        guest.try_book("qt_00000000000000000000000007", &world.app.key()).await;
    }
    let switches = recording.texts().into_iter().filter(|text| text.contains("feature_switches")).count();
    assert!(switches <= 1, "not for each request: {switches}");
    set(&world.admin, "BOOKINGS", false).await;
    // As after 2 seconds, which are those of the machine.
    second.app.features_off.invalidate();
    assert_eq!(guest.try_book(&quote, &world.app.key()).await["code"], "FEATURE_OFF");
}

#[tokio::test]
async fn only_admins_switch_and_each_switch_is_recorded() {
    let world = World::new().await;
    for viewer in [&world.support, &world.finance, &world.guest] {
        let refused = set(viewer, "REVIEWS", false).await;
        assert_eq!([&refused["code"], &refused["role"]], ["ROLE_REQUIRED", "ADMIN"], "{refused}");
    }
    assert_eq!(set(&world.admin, "REVIEWS", true).await["code"], "STATE_CONFLICT", "it is on");
    let input = || json!({ "feature": "REVIEWS", "isOn": false, "idempotencyKey": "the-same-key" });
    let (one, two) = join(act(&world.admin, "setFeature", input()), act(&world.admin, "setFeature", input())).await;
    assert_eq!(one["feature"], two["feature"], "{one} {two}");
    assert_ne!(one["replayed"], two["replayed"]);
    let features = desk(&world.support, "features { feature isOn changedAt }").await["features"].clone();
    let off: Vec<_> = features.as_array().unwrap().iter().filter(|it| it["isOn"] == false).collect();
    assert_eq!(off.len(), 1);
    assert!(off[0]["feature"] == "REVIEWS" && off[0]["changedAt"].is_string(), "{features}");
    let log =
        desk(&world.admin, "auditLog(where: { action: FEATURE_SWITCHED }) { nodes { subject reason before after } }")
            .await;
    let entry = json!({ "subject": "feature:REVIEWS", "reason": "for a test", "before": "{\"isOn\":true}", "after": "{\"isOn\":false}" });
    assert_eq!(log["auditLog"]["nodes"], json!([entry]));
    let verified = domain::audit::verify(&mut world.app.conn().await, None).await.unwrap();
    assert!(verified.is_ok(), "{verified:?}");
}
