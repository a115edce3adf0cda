//! Impersonation: what staff can do as a person, who sees it, what is recorded, and how it ends.

mod ends;
mod records;

use chrono::Duration;
use domain::app::AttemptLimits;
use futures_util::future::join;
use serde_json::{Value, json};
use store::impersonations::Impersonation;
use types::{Page, StaffRole};

use super::{act, desk, impersonate};
use crate::{
    access::world::{PASSWORD, World, text},
    harness::{
        actors::{Actor, REGISTER, data},
        app::TestApp,
    },
    operations::of_field,
};

/// The payload of the mutation that starts one.
async fn start(staff: &Actor, person: &Actor) -> Value {
    act(staff, "startImpersonation", json!({ "personId": person.member.id().to_string() })).await
}

/// The payload of the mutation that ends one.
async fn end(staff: &Actor, started: &Value) -> Value {
    act(staff, "endImpersonation", json!({ "impersonationId": started["impersonation"]["id"] })).await
}

/// Whoever holds the token of an impersonation.
fn holder(staff: &Actor, started: &Value) -> Actor {
    let access = text(&started["accessToken"]);
    let (member, _) = staff.app.app.keys.verify(&access, staff.app.app.now()).unwrap();
    Actor { app: staff.app.clone(), member, access, refresh: String::new() }
}

/// The impersonations that the person sees.
async fn seen(person: &Actor) -> Value {
    let fields = "{ me { impersonations(first: 10) { nodes { id role reason startedAt expiresAt endedAt } } } }";
    person.run(fields, json!({})).await["me"]["impersonations"]["nodes"].clone()
}

/// What is stored about the person.
async fn stored(app: &TestApp, person: &Actor) -> Vec<Impersonation> {
    let page = Page { first: 10, after: None };
    store::impersonations::of_person(&mut app.conn().await, person.member.id(), &[page]).await.unwrap()
}

#[tokio::test]
async fn staff_see_what_the_person_sees_and_the_app_can_say_so() {
    let world = World::impersonated().await;
    let (booking, _) = world.confirmed().await;
    let me = "{ me { id email emailVerified user { id } trips(first: 50) { nodes { id status } } currentImpersonation { id role } } }";
    let (own, acted) = (world.guest.run(me, json!({})).await, world.as_guest().run(me, json!({})).await);
    for field in ["id", "email", "emailVerified", "user", "trips"] {
        assert_eq!(own["me"][field], acted["me"][field], "{field}");
    }
    assert_eq!(own["me"]["currentImpersonation"], Value::Null);
    assert_eq!(acted["me"]["currentImpersonation"]["role"], "SUPPORT");
    assert_eq!(acted["me"]["currentImpersonation"]["id"], seen(&world.guest).await[0]["id"]);
    assert_eq!(world.as_guest().booking(&booking).await, world.guest.booking(&booking).await);
    assert_eq!(desk(world.as_guest(), "roles").await, Value::Null, "staff have no role as somebody else");
    let (staff, person) = (world.support.member.id(), world.guest.member.id());
    assert_eq!((world.as_guest().member.id(), world.as_guest().member.impersonation().unwrap().0), (person, staff));
}

#[tokio::test]
async fn the_person_sees_it_and_gets_a_mail_in_their_language() {
    let app = TestApp::new().await;
    let support = Actor::staff(&app, StaffRole::Support).await;
    let admin = Actor::staff(&app, StaffRole::Admin).await;
    for (locale, email, subject) in [
        ("en", "ada@example.org", "Our team is working in your account"),
        ("de-AT", "eva@example.org", "Unser Team arbeitet in Ihrem Konto"),
    ] {
        let input = json!({ "email": email, "password": PASSWORD, "displayName": "Ada", "locale": locale });
        let registered = data(app.run(None, REGISTER, json!({ "input": input })).await);
        let person = Actor::of(&app, &registered["registerUser"]).verified().await;
        let id = person.member.id().to_string();
        let reason = "A question about a stay";
        let started = act(&support, "startImpersonation", json!({ "personId": id, "reason": reason })).await;
        app.pass(Duration::minutes(1));
        start(&admin, &person).await;
        app.work().await;
        let mails: Vec<_> = app.mailbox.to(email).into_iter().filter(|mail| mail.subject == subject).collect();
        assert_eq!(mails.len(), 2, "once for each");
        assert!(mails[0].text.contains(reason) && mails[0].html.contains(reason), "{}", mails[0].text);
        let seen = seen(&person).await;
        assert_eq!(seen.as_array().unwrap().len(), 2, "the newest first: {seen}");
        assert_eq!([&seen[0]["role"], &seen[1]["role"]], ["ADMIN", "SUPPORT"]);
        assert_eq!(seen[1], started["impersonation"]);
        assert_eq!((&seen[1]["reason"], &seen[1]["endedAt"]), (&json!(reason), &Value::Null));
        assert_eq!(seen[1]["expiresAt"], started["accessTokenExpiresAt"]);
    }
    let page = "{ me { impersonations(first: 1) { nodes { id } pageInfo { hasNextPage endCursor } } } }";
    let other = app.guest().await;
    assert_eq!(other.run(page, json!({})).await["me"]["impersonations"]["nodes"], json!([]), "nobody else sees it");
}

#[tokio::test]
async fn nobody_acts_as_staff_themselves_or_people_who_cannot_sign_in() {
    let world = World::impersonated().await;
    for (staff, code, role) in
        [(&world.finance, "ROLE_REQUIRED", "SUPPORT"), (&world.guest, "ROLE_REQUIRED", "SUPPORT")]
    {
        let refused = start(staff, &world.other_guest).await;
        assert_eq!([&refused["code"], &refused["role"]], [code, role]);
    }
    assert_eq!(start(world.as_guest(), &world.host).await["code"], "ROLE_REQUIRED", "nobody acts twice");
    for staff in [&world.support, &world.admin] {
        let own = start(staff, staff).await;
        assert_eq!((&own["code"], &own["path"]), (&json!("INVALID_INPUT"), &json!(["input", "personId"])));
        assert_eq!(start(staff, &world.finance).await["code"], "STATE_CONFLICT", "not even an admin acts as staff");
    }
    let person = world.other_guest.member.id().to_string();
    act(&world.admin, "suspendPerson", json!({ "personId": person })).await;
    assert_eq!(start(&world.support, &world.other_guest).await["code"], "STATE_CONFLICT");
    act(&world.admin, "restorePerson", json!({ "personId": person })).await;
    assert_eq!(start(&world.support, &world.other_guest).await["__typename"], "StartImpersonationSuccess");
    crate::privacy::delete(&world.unverified).await;
    for id in [world.unverified.member.id().to_string(), "usr_00000000000000000000000007".to_owned(), "x".to_owned()] {
        let refused = act(&world.support, "startImpersonation", json!({ "personId": id })).await;
        assert_eq!((&refused["code"], &refused["path"]), (&json!("NOT_FOUND"), &json!(["input", "personId"])));
    }
    let blank = json!({ "personId": person, "reason": " " });
    assert_eq!(act(&world.support, "startImpersonation", blank).await["path"], json!(["input", "reason"]));
}

#[tokio::test]
async fn it_needs_a_recent_proof_and_is_limited() {
    let limits = AttemptLimits { impersonations: AttemptLimits::default().impersonations, ..AttemptLimits::none() };
    let app = TestApp::limited(limits).await;
    let (support, person) = (Actor::staff(&app, StaffRole::Support).await, app.guest().await);
    for _ in 0..20 {
        assert_eq!(start(&support, &person).await["__typename"], "StartImpersonationSuccess");
    }
    assert_eq!(start(&support, &person).await["code"], "TOO_MANY_ATTEMPTS");
    app.pass(Duration::minutes(10));
    let refused = start(&support, &person).await;
    assert_eq!((&refused["code"], &refused["methods"]), (&json!("RECENT_SIGN_IN_REQUIRED"), &json!(["PASSWORD"])));
    support.mutate(&of_field("confirmIdentity").text, json!({ "password": PASSWORD })).await;
    assert_eq!(start(&support, &person).await["__typename"], "StartImpersonationSuccess", "one is free again");
}

#[tokio::test]
async fn a_repeated_request_has_the_same_token_while_it_is_in_force() {
    let app = TestApp::new().await;
    let support = Actor::staff(&app, StaffRole::Support).await;
    let (person, other) = (app.guest().await, app.guest().await);
    let input =
        |person: &Actor| json!({ "personId": person.member.id().to_string(), "idempotencyKey": "the-same-key" });
    let second = support.at(&app.second_instance().await);
    let (one, two) =
        join(act(&support, "startImpersonation", input(&person)), act(&second, "startImpersonation", input(&person)))
            .await;
    assert_ne!(one["replayed"], two["replayed"], "{one} {two}");
    assert_eq!((&one["accessToken"], &one["impersonation"]), (&two["accessToken"], &two["impersonation"]));
    app.pass(Duration::minutes(5));
    assert_eq!(act(&support, "startImpersonation", input(&person)).await["accessToken"], one["accessToken"]);
    assert_eq!(seen(&person).await.as_array().unwrap().len(), 1);
    assert_eq!(act(&support, "startImpersonation", input(&other)).await["code"], "IDEMPOTENCY_CONFLICT");
    let email = text(&support.run("{ me { email } }", json!({})).await["me"]["email"]);
    let elsewhere = Actor::sign_in(&app, &email, PASSWORD).await;
    let refused = act(&elsewhere, "startImpersonation", input(&person)).await;
    assert_eq!(refused["code"], "STATE_CONFLICT", "the token is for the session that asked for it");
    let key = json!({ "impersonationId": one["impersonation"]["id"], "idempotencyKey": "the-end-key" });
    let (first, again) =
        join(act(&support, "endImpersonation", key.clone()), act(&second, "endImpersonation", key)).await;
    assert_ne!(first["replayed"], again["replayed"], "{first} {again}");
    assert_eq!(first["impersonation"], again["impersonation"]);
    assert_eq!(act(&support, "startImpersonation", input(&person)).await["code"], "STATE_CONFLICT");
    assert_eq!(end(&support, &one).await["code"], "STATE_CONFLICT", "it has ended");
}
