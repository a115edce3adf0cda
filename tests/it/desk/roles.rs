//! Roles: who grants them, and when they are in force.

use std::collections::BTreeSet;

use chrono::Duration;
use futures_util::future::join;
use serde_json::{Value, json};
use types::StaffRole;

use super::{act, desk};
use crate::{
    harness::{
        actors::Actor,
        app::{TestApp, instant},
    },
    style::sources,
};

async fn grant(admin: &Actor, person: &Actor, role: &str) -> Value {
    act(admin, "grantRole", json!({ "personId": person.member.id().to_string(), "role": role })).await
}

async fn roles(person: &Actor) -> Value {
    desk(person, "roles").await["roles"].clone()
}

#[tokio::test]
async fn a_role_is_in_force_until_it_expires_or_is_ended() {
    let app = TestApp::new().await;
    let (admin, person) = (Actor::staff(&app, StaffRole::Admin).await, app.guest().await);
    assert_eq!(desk(&person, "roles").await, Value::Null);
    let until = app.app.now() + Duration::hours(1);
    let input = json!({ "personId": person.member.id().to_string(), "role": "SUPPORT",
        "expiresAt": until.utc().to_rfc3339_opts(chrono::SecondsFormat::Secs, true) });
    assert_eq!(act(&admin, "grantRole", input).await["__typename"], "GrantRoleSuccess");
    assert_eq!(roles(&person).await, json!(["SUPPORT"]));
    let granted = grant(&admin, &person, "FINANCE").await;
    assert_eq!(roles(&person).await, json!(["SUPPORT", "FINANCE"]));
    app.pass(Duration::hours(1));
    assert_eq!(roles(&person).await, json!(["FINANCE"]), "the other has expired");
    let ended = act(&admin, "endRole", json!({ "grantId": granted["grant"]["id"] })).await;
    assert_eq!(ended["__typename"], "EndRoleSuccess", "{ended}");
    assert_eq!(desk(&person, "roles").await, Value::Null);
    // It can be granted again.
    assert_eq!(grant(&admin, &person, "SUPPORT").await["__typename"], "GrantRoleSuccess");
    let grants = desk(&admin, "roleGrants { nodes { role endedAt expiresAt } }").await;
    assert_eq!(grants["roleGrants"]["nodes"].as_array().unwrap().len(), 4, "{grants}");
}

#[tokio::test]
async fn only_admins_grant_roles_to_others_with_a_verified_email() {
    let app = TestApp::new().await;
    let (admin, person) = (Actor::staff(&app, StaffRole::Admin).await, app.guest().await);
    for role in [StaffRole::Support, StaffRole::Finance] {
        let staff = Actor::staff(&app, role).await;
        let refused = grant(&staff, &person, "SUPPORT").await;
        assert_eq!([&refused["code"], &refused["role"]], ["ROLE_REQUIRED", "ADMIN"], "{refused}");
        assert_eq!(
            desk(&staff, "roleGrants { nodes { id } } auditLog { nodes { number } }").await,
            json!({ "roleGrants": null, "auditLog": null })
        );
    }
    assert_eq!(grant(&person, &person, "ADMIN").await["code"], "ROLE_REQUIRED");
    assert_eq!(grant(&admin, &admin, "SUPPORT").await["path"], json!(["input", "personId"]));
    let unverified = Actor::register_unverified(&app, "Nora New").await;
    assert_eq!(grant(&admin, &unverified, "SUPPORT").await["code"], "STATE_CONFLICT");
    assert_eq!(grant(&admin, &person, "SUPPORT").await["__typename"], "GrantRoleSuccess");
    assert_eq!(grant(&admin, &person, "SUPPORT").await["code"], "STATE_CONFLICT", "twice");
    let past =
        json!({ "personId": person.member.id().to_string(), "role": "ADMIN", "expiresAt": "2026-03-01T00:00:00Z" });
    assert!(app.app.now() > instant("2026-03-01T00:00:00Z"));
    assert_eq!(act(&admin, "grantRole", past).await["path"], json!(["input", "expiresAt"]));
    let blank = json!({ "personId": person.member.id().to_string(), "role": "ADMIN", "reason": " " });
    assert_eq!(act(&admin, "grantRole", blank).await["path"], json!(["input", "reason"]));
}

#[tokio::test]
async fn a_repeated_request_grants_once() {
    let app = TestApp::new().await;
    let (admin, person) = (Actor::staff(&app, StaffRole::Admin).await, app.guest().await);
    let input = |role: &str| json!({ "personId": person.member.id().to_string(), "role": role, "idempotencyKey": "the-same-key" });
    let (one, two) = join(act(&admin, "grantRole", input("SUPPORT")), act(&admin, "grantRole", input("SUPPORT"))).await;
    assert_eq!(one["grant"]["id"], two["grant"]["id"], "{one} {two}");
    assert_ne!(one["replayed"], two["replayed"]);
    assert_eq!(act(&admin, "grantRole", input("FINANCE")).await["code"], "IDEMPOTENCY_CONFLICT");
    let log = desk(&admin, "auditLog { nodes { action } }").await;
    assert_eq!(log["auditLog"]["nodes"], json!([{ "action": "ROLE_GRANTED" }]));
}

#[tokio::test]
async fn of_two_admins_who_end_each_other_one_remains() {
    let app = TestApp::new().await;
    let (one, two) = (app.guest().await, app.guest().await);
    let grants = [one.grant(StaffRole::Admin).await, two.grant(StaffRole::Admin).await];
    let (first, second) = join(
        act(&one, "endRole", json!({ "grantId": grants[1] })),
        act(&two, "endRole", json!({ "grantId": grants[0] })),
    )
    .await;
    let outcomes: BTreeSet<_> =
        [&first, &second].iter().map(|answer| answer["__typename"].as_str().unwrap().to_owned()).collect();
    assert!(outcomes.contains("EndRoleSuccess") && outcomes.len() == 2, "{first} {second}");
    let remaining = [desk(&one, "roles").await, desk(&two, "roles").await];
    assert_eq!(remaining.iter().filter(|desk| !desk.is_null()).count(), 1, "{remaining:?}");
}

/// An admin who is suspended, or whose grant expires, does not count.
#[tokio::test]
async fn an_admin_who_stays_one_remains() {
    let app = TestApp::new().await;
    let (one, two) = (app.guest().await, app.guest().await);
    let (own, _) = (one.grant(StaffRole::Admin).await, two.grant(StaffRole::Admin).await);
    let suspend = async |by: &Actor, whom: &Actor| {
        act(by, "suspendPerson", json!({ "personId": whom.member.id().to_string() })).await
    };
    let end = async || act(&one, "endRole", json!({ "grantId": own })).await;
    assert_eq!(suspend(&one, &two).await["__typename"], "SuspendPersonSuccess");
    assert_eq!(end().await["code"], "STATE_CONFLICT", "the other one is suspended");
    let until = app.app.now() + Duration::hours(1);
    let third = app.guest().await;
    let input = json!({ "personId": third.member.id().to_string(), "role": "ADMIN",
        "expiresAt": until.utc().to_rfc3339_opts(chrono::SecondsFormat::Secs, true) });
    assert_eq!(act(&one, "grantRole", input).await["__typename"], "GrantRoleSuccess");
    assert_eq!(end().await["code"], "STATE_CONFLICT", "the grant of the third one expires");
    assert_eq!(suspend(&third, &one).await["code"], "STATE_CONFLICT", "the same for a suspension");
    let restore = json!({ "personId": two.member.id().to_string() });
    assert_eq!(act(&third, "restorePerson", restore).await["__typename"], "RestorePersonSuccess");
    assert_eq!(end().await["__typename"], "EndRoleSuccess");
}

#[tokio::test]
async fn of_two_admins_who_suspend_each_other_one_remains() {
    let app = TestApp::new().await;
    let (one, two) = (Actor::staff(&app, StaffRole::Admin).await, Actor::staff(&app, StaffRole::Admin).await);
    let second = app.second_instance().await;
    let suspend = async |by: Actor, whom: &Actor| {
        act(&by, "suspendPerson", json!({ "personId": whom.member.id().to_string() })).await
    };
    let (first, other) = join(suspend(one.clone(), &two), suspend(two.at(&second), &one)).await;
    let succeeded = [&first, &other].iter().filter(|answer| answer["__typename"] == "SuspendPersonSuccess").count();
    assert_eq!(succeeded, 1, "{first} {other}");
}

/// The proof of a role is made where the grants are read, and nowhere else.
#[test]
fn one_function_makes_the_proof_of_staff() {
    let makers: Vec<_> = sources(&["crates", "src"])
        .into_iter()
        .filter(|(file, text)| !file.ends_with("auth/src/staff.rs") && text.contains("Staff::proven"))
        .map(|(file, _)| file)
        .collect();
    assert!(makers.len() == 1 && makers[0].ends_with("domain/src/role_grants.rs"), "{makers:?}");
}
