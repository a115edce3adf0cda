//! Suspensions: what they do, that a dry run tells it, and races.

use futures_util::future::join;
use serde_json::{Value, json};
use types::StaffRole;

use super::{act, desk};
use crate::{
    access::world::{PASSWORD, World, text},
    harness::{actors::Actor, app::TestApp},
    operations::of_field,
};

async fn person(staff: &Actor, field: &str, person: &Actor, dry_run: bool) -> Value {
    act(staff, field, json!({ "personId": person.member.id().to_string(), "dryRun": dry_run })).await
}

async fn listing(staff: &Actor, field: &str, id: &str) -> Value {
    act(staff, field, json!({ "listingId": id })).await
}

async fn sign_in(app: &TestApp, email: &str, password: &str) -> Value {
    let input = json!({ "input": { "email": email, "password": password } });
    let response = app.run(None, &of_field("signIn").text, input).await;
    serde_json::to_value(response.data).unwrap()["signIn"].clone()
}

/// The status that everybody sees; null when nobody can find it.
async fn public(app: &TestApp, id: &str) -> Value {
    let found = app.run(None, "query ($id: ID!) { listing(id: $id) { status } }", json!({ "id": id })).await;
    serde_json::to_value(found.data).unwrap()["listing"]["status"].clone()
}

fn kinds(done: &Value) -> Vec<(String, i64)> {
    let effects = done["effects"].as_array().unwrap_or_else(|| panic!("{done}"));
    effects.iter().map(|effect| (text(&effect["kind"]), effect["count"].as_i64().unwrap())).collect()
}

#[tokio::test]
async fn a_dry_run_lists_what_a_real_run_does() {
    let world = World::new().await;
    let (booking, _) = world.confirmed().await;
    let one = world.listing().await;
    let own = listing(&world.support, "suspendListing", &one).await;
    assert_eq!(own["__typename"], "SuspendListingSuccess", "{own}");
    for (field, target) in [("suspendPerson", &world.host), ("restorePerson", &world.host)] {
        let planned = person(&world.support, field, target, true).await;
        assert_eq!(planned["dryRun"], true, "{planned}");
        let again = person(&world.support, field, target, true).await;
        assert_eq!(planned["effects"], again["effects"], "a dry run changes nothing");
        let done = person(&world.support, field, target, false).await;
        // Listings and bookings are shown as they are when the response is made.
        let named = |run: &Value| {
            let effects = run["effects"].as_array().unwrap().iter().map(|effect| {
                let ids =
                    |list: &str| effect[list].as_array().unwrap().iter().map(|it| text(&it["id"])).collect::<Vec<_>>();
                (text(&effect["kind"]), effect["count"].clone(), ids("listings"), ids("bookings"))
            });
            effects.collect::<Vec<_>>()
        };
        assert_eq!(named(&planned), named(&done), "{field}");
        if field == "suspendPerson" {
            let names: Vec<_> = kinds(&done).into_iter().map(|(kind, _)| kind).collect();
            assert_eq!(names, ["PERSON_SUSPENDED", "SESSIONS_ENDED", "LISTINGS_HIDDEN", "BOOKINGS_STAY"]);
            assert!(done.to_string().contains(&booking), "{done}");
        } else {
            let names: Vec<_> = kinds(&done).into_iter().map(|(kind, _)| kind).collect();
            assert_eq!(names, ["PERSON_RESTORED", "LISTINGS_SHOWN", "LISTINGS_STAY_SUSPENDED"]);
        }
    }
    for (field, id) in [("restoreListing", &one), ("suspendListing", &one)] {
        let input = |dry_run| json!({ "listingId": id, "dryRun": dry_run });
        let planned = act(&world.support, field, input(true)).await;
        let done = act(&world.support, field, input(false)).await;
        assert_eq!(kinds(&planned), kinds(&done), "{field}");
    }
}

#[tokio::test]
async fn a_suspended_person_is_signed_out_and_cannot_sign_in_and_their_listings_are_hidden() {
    let world = World::new().await;
    let (host, app) = (&world.host, &world.app);
    let (id, email) = (world.listing().await, world.email(host).await);
    let (booking, _) = world.confirmed().await;
    let quote = world.guest.quote(&id, &world.day(50), &world.day(52)).await;
    assert_eq!(person(&world.support, "suspendPerson", host, false).await["__typename"], "SuspendPersonSuccess");
    assert!(app.app.ended_sessions.contains(host.member.session()), "at once");
    assert_eq!(sign_in(app, &email, PASSWORD).await["code"], "ACCOUNT_SUSPENDED");
    assert_eq!(
        sign_in(app, &email, "not the password").await["code"],
        "INVALID_CREDENTIALS",
        "only the owner learns it"
    );
    assert_eq!(public(app, &id).await, Value::Null);
    let hit = app.run(None, "{ searchListings(first: 100) { nodes { listing { id } } } }", json!({})).await;
    assert!(!hit.data.to_string().contains(&id));
    assert_eq!(world.guest.try_quote(&id, &world.day(60), &world.day(62)).await["code"], "NOT_FOUND");
    assert_eq!(world.guest.try_book(&quote, &app.key()).await["code"], "STAY_NOT_ALLOWED");
    assert_eq!(world.guest.booking(&booking).await["status"], "CONFIRMED", "bookings stay");
    let twice = person(&world.support, "suspendPerson", host, false).await;
    assert_eq!(twice["code"], "STATE_CONFLICT");
    assert_eq!(person(&world.support, "restorePerson", host, false).await["__typename"], "RestorePersonSuccess");
    assert_eq!(public(app, &id).await, "PUBLISHED");
    assert_eq!(sign_in(app, &email, PASSWORD).await["__typename"], "SignInSuccess");
    let log = desk(&world.admin, "auditLog(first: 2) { nodes { action reason } }").await;
    let entries = json!([{ "action": "PERSON_RESTORED", "reason": "for a test" }, { "action": "PERSON_SUSPENDED", "reason": "for a test" }]);
    assert_eq!(log["auditLog"]["nodes"], entries);
}

#[tokio::test]
async fn a_suspended_listing_is_not_published_by_its_host_and_returns_to_its_state() {
    let world = World::new().await;
    let unlist = of_field("unlistListing").text;
    let (published, unlisted) = (world.listing().await, world.listing().await);
    world.host.mutate(&unlist, json!({ "listingId": unlisted })).await;
    for (id, before) in [(&published, json!("PUBLISHED")), (&unlisted, Value::Null)] {
        assert_eq!(listing(&world.support, "suspendListing", id).await["__typename"], "SuspendListingSuccess");
        for field in ["publishListing", "unlistListing", "deleteListing"] {
            let refused = world.host.mutate(&of_field(field).text, json!({ "listingId": id })).await;
            assert_eq!(refused["code"], "STATE_CONFLICT", "{field}: {refused}");
        }
        assert_eq!(public(&world.app, id).await, Value::Null);
        assert_eq!(listing(&world.support, "restoreListing", id).await["__typename"], "RestoreListingSuccess");
        assert_eq!(public(&world.app, id).await, before);
        assert_eq!(listing(&world.support, "restoreListing", id).await["code"], "STATE_CONFLICT");
    }
}

#[tokio::test]
async fn a_listing_stays_suspended_until_it_and_its_host_are_restored() {
    let world = World::new().await;
    let (id, host) = (world.listing().await, &world.host);
    listing(&world.support, "suspendListing", &id).await;
    person(&world.support, "suspendPerson", host, false).await;
    let stays = listing(&world.support, "restoreListing", &id).await;
    assert_eq!(kinds(&stays), [("LISTINGS_STAY_SUSPENDED".to_owned(), 1)]);
    assert_eq!(public(&world.app, &id).await, Value::Null);
    listing(&world.support, "suspendListing", &id).await;
    person(&world.support, "restorePerson", host, false).await;
    assert_eq!(public(&world.app, &id).await, Value::Null);
    listing(&world.support, "restoreListing", &id).await;
    assert_eq!(public(&world.app, &id).await, "PUBLISHED");
}

#[tokio::test]
async fn only_admins_suspend_staff_and_nobody_suspends_themselves() {
    let world = World::new().await;
    let refused = person(&world.support, "suspendPerson", &world.finance, false).await;
    assert_eq!([&refused["code"], &refused["role"]], ["ROLE_REQUIRED", "ADMIN"]);
    assert_eq!(person(&world.support, "suspendPerson", &world.support, false).await["code"], "STATE_CONFLICT");
    assert_eq!(person(&world.finance, "suspendPerson", &world.guest, false).await["role"], "SUPPORT");
    assert_eq!(person(&world.guest, "suspendPerson", &world.host, true).await["code"], "ROLE_REQUIRED");
    assert_eq!(
        person(&world.admin, "suspendPerson", &world.finance, false).await["__typename"],
        "SuspendPersonSuccess"
    );
    assert_eq!(desk(&world.finance, "roles").await, Value::Null, "roles of a suspended person are not in force");
    assert_eq!(person(&world.support, "restorePerson", &world.finance, true).await["role"], "ADMIN");
    let restored = person(&world.admin, "restorePerson", &world.finance, false).await;
    assert_eq!(restored["__typename"], "RestorePersonSuccess", "{restored}");
}

#[tokio::test]
async fn staff_decide_nothing_about_listings_that_concern_them() {
    let world = World::new().await;
    let id = world.listing().await;
    for own in [&world.host, &world.co_hosts[0].1] {
        own.grant(StaffRole::Support).await;
        assert_eq!(listing(own, "suspendListing", &id).await["code"], "STATE_CONFLICT");
    }
    assert_eq!(listing(&world.support, "suspendListing", &id).await["__typename"], "SuspendListingSuccess");
    for own in [&world.host, &world.co_hosts[0].1] {
        assert_eq!(listing(own, "restoreListing", &id).await["code"], "STATE_CONFLICT");
    }
    assert_eq!(public(&world.app, &id).await, Value::Null);
}

#[tokio::test]
async fn of_two_admins_who_suspend_at_once_one_does() {
    let app = TestApp::new().await;
    let (one, two) = (Actor::staff(&app, StaffRole::Admin).await, Actor::staff(&app, StaffRole::Admin).await);
    let (host, second) = (app.host().await, app.second_instance().await);
    let (first, other) =
        join(person(&one, "suspendPerson", &host, false), person(&two.at(&second), "suspendPerson", &host, false))
            .await;
    let names = [&first["__typename"], &other["__typename"]];
    assert!(
        names.contains(&&json!("SuspendPersonSuccess")) && names.contains(&&json!("StateConflictProblem")),
        "{names:?}"
    );
    // The same request twice is done once.
    let input = || json!({ "personId": host.member.id().to_string(), "idempotencyKey": "the-same-key" });
    let (first, other) = join(act(&one, "restorePerson", input()), act(&one, "restorePerson", input())).await;
    assert_eq!(first["effects"], other["effects"]);
    assert_ne!(first["replayed"], other["replayed"]);
}

/// Whatever commits first: after a suspension there is no new booking.
#[tokio::test]
async fn a_booking_beside_a_suspension_is_made_before_it_or_not_at_all() {
    let world = World::new().await;
    for round in 0..4 {
        let id = world.listing().await;
        let quote = world.guest.quote(&id, &world.day(70 + 5 * round), &world.day(72 + 5 * round)).await;
        let key = world.app.key();
        let (booked, done) =
            join(world.guest.try_book(&quote, &key), listing(&world.support, "suspendListing", &id)).await;
        let counted = kinds(&done).iter().any(|(kind, _)| kind == "BOOKINGS_STAY");
        match booked["__typename"].as_str().unwrap() {
            "CreateBookingSuccess" => assert!(counted, "made before, so it is listed: {done}"),
            _ => assert!(booked["code"] == "STAY_NOT_ALLOWED" && !counted, "{booked} {done}"),
        }
        assert_eq!(world.guest.try_book(&quote, &world.app.key()).await["booking"], Value::Null, "not afterwards");
    }
}
