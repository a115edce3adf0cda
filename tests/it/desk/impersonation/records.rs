//! What is recorded of what staff do as a person.

use diesel::{QueryableByName, sql_types};
use diesel_async::RunQueryDsl as _;
use domain::retention::Sweeper;
use types::UserId;

use super::*;
use crate::{
    access::stage::{ROWS, Row, stage},
    harness::bank::Fault,
    operations::root_fields,
};

/// Mutations that run without a token, so that nobody acts as somebody in them.
const ANONYMOUS: [&str; 11] = [
    "registerUser",
    "signIn",
    "completeSignIn",
    "beginPasskeySignIn",
    "completePasskeySignIn",
    "beginProviderSignIn",
    "completeProviderSignIn",
    "refreshSession",
    "signOut",
    "requestPasswordReset",
    "resetPassword",
];

/// What staff can do as a person. Everything else is refused.
const ALLOWED: [&str; 18] = [
    "createListing",
    "updateListing",
    "publishListing",
    "unlistListing",
    "deleteListing",
    "blockNights",
    "openNights",
    "setNightPrices",
    "quoteStay",
    "createBooking",
    "acceptBooking",
    "declineBooking",
    "cancelBooking",
    "createWishlist",
    "renameWishlist",
    "addToWishlist",
    "removeFromWishlist",
    "deleteWishlist",
];

/// The entries about what was changed as a person, newest first: who, for whom, and which mutation.
async fn acted(admin: &Actor) -> Vec<(Value, Value, String)> {
    let fields =
        "auditLog(where: { action: ACTED_AS_PERSON }, first: 100) { nodes { after actor { id } onBehalfOf { id } } }";
    let log = desk(admin, fields).await["auditLog"]["nodes"].clone();
    let entries = log.as_array().unwrap().iter().map(|entry| {
        let after: Value = serde_json::from_str(entry["after"].as_str().unwrap()).unwrap();
        (entry["actor"]["id"].clone(), entry["onBehalfOf"]["id"].clone(), text(&after["mutation"]))
    });
    entries.collect()
}

/// The ids in the entry about the last change as a person.
async fn about(admin: &Actor) -> Value {
    let log = desk(admin, "auditLog(where: { action: ACTED_AS_PERSON }, first: 1) { nodes { after } }").await;
    let after: Value = serde_json::from_str(log["auditLog"]["nodes"][0]["after"].as_str().unwrap()).unwrap();
    after["about"].clone()
}

/// The number of the last entry of the log.
async fn last(admin: &Actor) -> u64 {
    desk(admin, "auditLog(first: 1) { nodes { number } }").await["auditLog"]["nodes"][0]["number"].as_u64().unwrap()
}

fn mutations() -> impl Iterator<Item = &'static Row> {
    let mutations: Vec<_> = root_fields().into_iter().filter(|(_, keyword)| keyword == "mutation").collect();
    ROWS.iter().filter(move |row| mutations.iter().any(|(field, _)| field == row.field))
}

/// Every mutation of the contract, with the objects of the access matrix.
#[tokio::test]
async fn of_all_mutations_those_for_stays_and_listings_are_allowed_and_each_change_is_recorded_once() {
    let world = Box::pin(World::impersonated()).await;
    let support = json!(world.support.member.id().to_string());
    let mut changed = Vec::new();
    for row in mutations().filter(|row| !ANONYMOUS.contains(&row.field)) {
        for (actor, person) in [(world.as_guest(), &world.guest), (world.as_host(), &world.host)] {
            let variables = Box::pin(stage(&world, row)).await;
            let before = last(&world.admin).await;
            let answer = Box::pin(actor.run(&of_field(row.field).text, variables)).await[row.field].clone();
            let after = last(&world.admin).await;
            let name = text(&answer["__typename"]);
            if name.ends_with("Success") {
                assert!(ALLOWED.contains(&row.field), "{row}: {answer}");
                assert_eq!(after, before + 1, "{row}: {answer}");
                let entry = (support.clone(), json!(person.member.id().to_string()), row.field.to_owned());
                assert_eq!(acted(&world.admin).await[0], entry, "{row}");
                changed.push(row.field);
                continue;
            }
            assert_eq!(after, before, "{row} changed nothing: {answer}");
            let code = answer["code"].as_str().unwrap();
            let is_refused = code == "IMPERSONATED" || code == "ROLE_REQUIRED";
            assert_eq!(!ALLOWED.contains(&row.field), is_refused, "{row}: {answer}");
        }
    }
    changed.sort_unstable();
    changed.dedup();
    let mut allowed = ALLOWED.to_vec();
    allowed.sort_unstable();
    assert_eq!(changed, allowed, "each was done once at least");
}

#[derive(Debug, PartialEq, Eq, QueryableByName)]
struct StoredActor {
    #[diesel(sql_type = sql_types::Text)]
    actor: String,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Binary>)]
    actor_id: Option<UserId>,
    #[diesel(sql_type = sql_types::Nullable<sql_types::Binary>)]
    on_behalf_of: Option<UserId>,
}

/// Who caused the last event of this kind.
async fn actor_of(app: &TestApp, kind: &str) -> StoredActor {
    let query = "SELECT actor, actor_id, on_behalf_of FROM events WHERE kind = ? ORDER BY happened_at DESC, sequence DESC LIMIT 1";
    let query = diesel::sql_query(query).bind::<sql_types::Text, _>(kind);
    query.get_result(&mut app.conn().await).await.unwrap()
}

#[tokio::test]
async fn events_name_the_member_of_staff_and_for_whom() {
    let world = World::impersonated().await;
    let (guest, host, staff) = (world.guest.member.id(), world.host.member.id(), world.support.member.id());
    let by_staff = |person| StoredActor { actor: "STAFF".into(), actor_id: Some(staff), on_behalf_of: Some(person) };
    let listing = world.listing().await;
    let quote = world.as_guest().quote(&listing, &world.day(60), &world.day(62)).await;
    world.app.pass(Duration::seconds(1));
    let booked = world.as_guest().try_book(&quote, &world.app.key()).await;
    assert_eq!(booked["__typename"], "CreateBookingSuccess", "{booked}");
    assert_eq!(actor_of(&world.app, "CREATED").await, by_staff(guest));
    world.app.pass(Duration::seconds(1));
    let canceled = world.as_guest().cancel(&text(&booked["booking"]["id"])).await;
    assert_eq!(canceled["__typename"], "CancelBookingSuccess", "{canceled}");
    assert_eq!(actor_of(&world.app, "CANCELLED_BY_GUEST").await, by_staff(guest));
    let request = world.requested().await;
    world.app.pass(Duration::seconds(1));
    let accepted = world.as_host().accept(&request, &world.app.key()).await;
    assert_eq!(accepted["booking"]["status"], "CONFIRMED", "{accepted}");
    assert_eq!(actor_of(&world.app, "CONFIRMED").await, by_staff(host));
    assert_eq!(about(&world.admin).await, json!({ "bookingId": request }), "the log says which booking");
    let timeline = "query ($id: ID!) { booking(id: $id) { timeline(first: 50) { nodes { kind actor } } } }";
    let events = world.guest.run(timeline, json!({ "id": request })).await["booking"]["timeline"]["nodes"].clone();
    assert!(events.as_array().unwrap().contains(&json!({ "kind": "CONFIRMED", "actor": "STAFF" })), "{events}");
    let update = json!({ "listingId": listing, "title": "A quieter flat" });
    let updated = world.as_host().mutate(&of_field("updateListing").text, update).await;
    assert_eq!(updated["__typename"], "UpdateListingSuccess", "{updated}");
    assert_eq!(actor_of(&world.app, "UPDATED").await, by_staff(host));
    assert_eq!(about(&world.admin).await, json!({ "listingId": listing }), "ids, and no texts");
}

/// The capture fails at first, so that the worker confirms the booking, without an impersonation.
#[tokio::test]
async fn an_acceptance_that_the_worker_completes_names_the_member_of_staff_too() {
    let world = World::impersonated().await;
    let request = world.requested().await;
    world.app.bank.expect(&[Fault::Fails]);
    let accepted = world.as_host().accept(&request, &world.app.key()).await;
    assert_ne!(accepted["booking"]["status"], "CONFIRMED", "{accepted}");
    world.app.settle().await;
    assert_eq!(world.guest.status(&request).await, "CONFIRMED");
    let (host, staff) = (world.host.member.id(), world.support.member.id());
    let by_staff = StoredActor { actor: "STAFF".into(), actor_id: Some(staff), on_behalf_of: Some(host) };
    assert_eq!(actor_of(&world.app, "CONFIRMED").await, by_staff);
}

#[tokio::test]
async fn several_mutations_of_one_request_are_recorded_one_by_one_and_what_is_refused_is_not() {
    let app = TestApp::new().await;
    let (admin, person) = (Actor::staff(&app, StaffRole::Admin).await, app.guest().await);
    let actor = impersonate(&admin, &person).await;
    let several = "mutation { a: createWishlist(input: { name: \"One\" }) { __typename } b: createWishlist(input: { name: \"Two\" }) { __typename }
        c: createWishlist(input: { name: \" \" }) { __typename } d: updateProfile(input: { displayName: \"Eve\" }) { __typename } }";
    let done = actor.run(several, json!({})).await;
    let names = ["a", "b", "c", "d"].map(|field| text(&done[field]["__typename"]));
    assert_eq!(names, ["CreateWishlistSuccess", "CreateWishlistSuccess", "InvalidInputProblem", "ImpersonatedProblem"]);
    let entries = acted(&admin).await;
    assert_eq!(entries.iter().map(|(_, _, name)| name.as_str()).collect::<Vec<_>>(), ["createWishlist"; 2]);
    actor.run("{ me { email wishlists(first: 5) { nodes { name } } } }", json!({})).await;
    assert_eq!(acted(&admin).await.len(), 2, "reading leaves no entry");
    let chain = domain::audit::verify(&mut app.conn().await, None).await.unwrap();
    assert!(chain.is_ok(), "{chain:?}");
}

#[tokio::test]
async fn start_and_end_are_in_the_log_whoever_ends_it() {
    let app = TestApp::new().await;
    let (admin, support) = (Actor::staff(&app, StaffRole::Admin).await, Actor::staff(&app, StaffRole::Support).await);
    let person = app.guest().await;
    let ended = start(&support, &person).await;
    end(&support, &ended).await;
    let expired = start(&support, &person).await;
    app.pass(Duration::minutes(15));
    for _ in 0..2 {
        Sweeper::default().sweep(&app.app).await.unwrap();
    }
    let about = format!(
        "auditLog(where: {{ subjectId: \"{}\" }}, first: 10) {{ nodes {{ action reason actor {{ id }} after }} }}",
        person.member.id()
    );
    let log = desk(&admin, &about).await["auditLog"]["nodes"].clone();
    let log = log.as_array().unwrap();
    let actions: Vec<_> = log.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    let both = ["IMPERSONATION_ENDED", "PERSON_IMPERSONATED"];
    assert_eq!(actions, [both, both].concat(), "{log:?}");
    let support = json!({ "id": support.member.id().to_string() });
    let actors: Vec<_> = log.iter().map(|entry| &entry["actor"]).collect();
    assert_eq!(actors, [&Value::Null, &support, &support, &support], "nobody decided the end of the time");
    assert_eq!((&log[2]["reason"], &log[0]["reason"]), (&json!("for a test"), &json!("")));
    let after = |entry: &Value| serde_json::from_str::<Value>(entry["after"].as_str().unwrap()).unwrap();
    assert_eq!(after(&log[0])["expiredAt"], expired["impersonation"]["expiresAt"]);
    assert_eq!(after(&log[2])["impersonation"], ended["impersonation"]["id"]);
}

#[tokio::test]
async fn a_person_takes_it_with_them_and_the_reason_ends_with_their_account() {
    let app = TestApp::new().await;
    let (support, person) = (Actor::staff(&app, StaffRole::Support).await, app.guest().await);
    let reason = "A question about seat 12";
    let id = person.member.id().to_string();
    act(&support, "startImpersonation", json!({ "personId": id, "reason": reason })).await;
    let export = "mutation { requestDataExport { ... on RequestDataExportSuccess { export {
        parts(kind: IMPERSONATIONS, first: 10) { nodes { json } } } } } }";
    let parts = person.run(export, json!({})).await["requestDataExport"]["export"]["parts"]["nodes"].clone();
    let part: Value = serde_json::from_str(parts[0]["json"].as_str().unwrap_or_else(|| panic!("{parts}"))).unwrap();
    assert_eq!([&part["role"], &part["reason"]], ["SUPPORT", reason]);
    app.work().await;
    assert!(crate::harness::database::strings(&app).await.iter().any(|text| text.contains(reason)));
    crate::privacy::delete(&person).await;
    assert!(!crate::harness::database::strings(&app).await.iter().any(|text| text.contains(reason)));
    app.pass(Duration::days(401));
    Sweeper::default().sweep(&app.app).await.unwrap();
    assert_eq!(stored(&app, &person).await, []);
}
