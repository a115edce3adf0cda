//! Passkeys: added, named and removed.

mod attacks;
mod proofs;
mod sign_in;

use auth::{Keys, PasswordHasher, SigningKey};
use chrono::Duration;
use domain::{
    accounts::{Client, begin_passkey_sign_in, lock},
    app::{App, AttemptLimits},
    retention::Sweeper,
};
use futures_util::future::join_all;
use serde_json::{Value, json};
use types::error::{Error, Refusal};

use super::{EMAIL, PASSWORD, execute, found, identity::CONFIRM, register_ada};
use crate::{
    harness::{
        actors::Actor,
        app::TestApp,
        passkeys::{Claims, Passkey, add, begin, begin_confirmation, begin_sign_in, complete},
    },
    operations::of_field,
};

/// The payload of the mutation without an input.
async fn call(actor: &Actor, field: &str) -> Value {
    actor.run(&of_field(field).text, json!({})).await[field].clone()
}

async fn remove(actor: &Actor, id: &Value) -> Value {
    actor.mutate(&of_field("removePasskey").text, json!({ "passkeyId": id })).await
}

async fn rename(actor: &Actor, id: &Value, name: &str) -> Value {
    actor.mutate(&of_field("renamePasskey").text, json!({ "passkeyId": id, "name": name })).await
}

/// The passkeys as their owner sees them.
async fn own(actor: &Actor) -> Vec<Value> {
    let answer = actor.run("{ me { passkeys { id name createdAt lastUsedAt } } }", json!({})).await;
    answer["me"]["passkeys"].as_array().unwrap_or_else(|| panic!("{answer}")).clone()
}

/// The subjects of the mails to Ada since `earlier` of them.
async fn subjects(app: &TestApp, earlier: usize) -> Vec<String> {
    app.work().await;
    app.mailbox.to(EMAIL).into_iter().skip(earlier).map(|mail| mail.subject).collect()
}

async fn count(app: &TestApp, table: &str) -> i64 {
    #[derive(diesel::QueryableByName)]
    struct Row {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        number: i64,
    }
    let query = diesel::sql_query(format!("SELECT COUNT(*) AS number FROM {table}"));
    let row: Row = diesel_async::RunQueryDsl::get_result(query, &mut app.conn().await).await.unwrap();
    row.number
}

#[tokio::test]
async fn a_member_adds_names_and_removes_passkeys_and_is_told() {
    let app = TestApp::new().await;
    let ada = register_ada(&app).await;
    let mails = subjects(&app, 0).await.len();
    assert!(own(&ada).await.is_empty());
    let phone = Passkey::add(&ada, "Phone").await;
    app.pass(Duration::seconds(1));
    Passkey::add(&ada, "Security key").await;
    let passkeys = own(&ada).await;
    let names: Vec<_> = passkeys.iter().map(|passkey| &passkey["name"]).collect();
    assert_eq!(names, ["Phone", "Security key"], "the earliest first");
    let expected = (&json!("2026-03-02T04:00:00Z"), &Value::Null);
    assert_eq!((&passkeys[0]["createdAt"], &passkeys[0]["lastUsedAt"]), expected);
    let renamed = rename(&ada, &passkeys[0]["id"], "  Ada's   phone ").await;
    assert_eq!(renamed["passkey"]["name"], "Ada's phone", "{renamed}");
    for wrong in ["", "\u{202e}", &"x".repeat(61)] {
        assert_eq!(rename(&ada, &passkeys[0]["id"], wrong).await["code"], "INVALID_INPUT", "{wrong}");
    }
    assert!(phone.sign_in(&app, &Claims::default()).await["tokens"].is_object());
    assert_eq!(own(&ada).await[0]["lastUsedAt"], "2026-03-02T04:00:01Z");
    let removed = remove(&ada, &passkeys[0]["id"]).await;
    assert_eq!((&removed["id"], removed["me"]["passkeys"].as_array().map(Vec::len)), (&passkeys[0]["id"], Some(1)));
    assert_eq!(phone.sign_in(&app, &Claims::default()).await["code"], "INVALID_PASSKEY");
    assert_eq!(remove(&ada, &passkeys[0]["id"]).await["code"], "NOT_FOUND");
    let told = subjects(&app, mails).await;
    let of_passkeys: Vec<_> = told.iter().filter(|subject| subject.contains("passkey")).collect();
    assert_eq!(of_passkeys, ["A passkey was added", "A passkey was added", "A passkey was removed"], "{told:?}");
}

#[tokio::test]
async fn the_options_name_the_account_and_exclude_its_authenticators() {
    let app = TestApp::new().await;
    let ada = register_ada(&app).await;
    let phone = Passkey::add(&ada, "Phone").await;
    let options: Value = serde_json::from_str(&begin(&ada).await).unwrap();
    assert_eq!((&options["rp"]["id"], &options["user"]["name"]), (&json!("stays.example.org"), &json!(EMAIL)));
    let user = options["user"]["id"].as_str().unwrap();
    assert_eq!(user.len(), 22, "16 bytes, which say nothing of the person");
    let excluded = options["excludeCredentials"].as_array().unwrap();
    assert_eq!((excluded.len(), &excluded[0]["transports"]), (1, &json!(["internal"])));
    let sign_in: Value = serde_json::from_str(&begin_sign_in(&app).await).unwrap();
    assert_eq!((&sign_in["allowCredentials"], &sign_in["userVerification"]), (&json!([]), &json!("required")));
    let confirm: Value = serde_json::from_str(&begin_confirmation(&ada).await).unwrap();
    assert_eq!(confirm["allowCredentials"], options["excludeCredentials"]);
    assert_eq!(phone.credential.len(), 32);
}

#[tokio::test]
async fn changes_need_a_verified_email_and_a_recent_proof() {
    let app = TestApp::new().await;
    let new = Actor::register_unverified(&app, "Nora New").await;
    assert_eq!(call(&new, "beginPasskey").await["code"], "EMAIL_NOT_VERIFIED");
    let ada = register_ada(&app).await;
    Passkey::add(&ada, "Phone").await;
    let id = own(&ada).await[0]["id"].clone();
    app.pass(Duration::minutes(6));
    let (_, made) = Passkey::make(&begin(&ada).await, &Claims::default());
    app.pass(Duration::minutes(4));
    for refused in [call(&ada, "beginPasskey").await, add(&ada, &made, "Late").await, remove(&ada, &id).await] {
        let methods = (&refused["code"], &refused["methods"]);
        assert_eq!(methods, (&json!("RECENT_SIGN_IN_REQUIRED"), &json!(["PASSWORD", "PASSKEY"])), "{refused}");
    }
    ada.mutate(CONFIRM, json!({ "password": PASSWORD })).await;
    assert_eq!(add(&ada, &made, "In time").await["passkey"]["name"], "In time");
    assert_eq!(remove(&ada, &id).await["id"], id);
}

#[tokio::test]
async fn an_account_has_at_most_twenty_passkeys_also_when_it_adds_two_at_once() {
    let app = TestApp::new().await;
    let other = app.second_instance().await;
    let ada = register_ada(&app).await;
    for number in 0..19 {
        Passkey::add(&ada, &format!("Key {number}")).await;
    }
    let (_, first) = Passkey::make(&begin(&ada).await, &Claims::default());
    let there = ada.at(&other);
    let answers = join_all([add(&ada, &first, "One"), add(&there, &first, "The same")]).await;
    assert_eq!(answers.iter().filter(|answer| answer["passkey"].is_object()).count(), 1, "{answers:?}");
    assert_eq!(own(&ada).await.len(), 20);
    let refused = call(&ada, "beginPasskey").await;
    assert_eq!((&refused["code"], &refused["limit"]), (&json!("LIMIT_REACHED"), &json!(20)), "{refused}");
}

#[tokio::test]
async fn passkeys_are_their_owners_alone() {
    let app = TestApp::new().await;
    let (ada, eve) = (register_ada(&app).await, found(&app, "eve@example.org", PASSWORD).await);
    Passkey::add(&ada, "Phone").await;
    let id = own(&ada).await[0]["id"].clone();
    assert_eq!(rename(&eve, &id, "Mine").await["code"], "NOT_FOUND");
    assert_eq!(remove(&eve, &id).await["code"], "NOT_FOUND");
    assert_eq!((own(&eve).await.len(), own(&ada).await[0]["name"].clone()), (0, json!("Phone")));
}

#[tokio::test]
async fn challenges_are_limited_and_expired_ones_are_deleted() {
    let app = TestApp::limited(AttemptLimits::default()).await;
    let ada = register_ada(&app).await;
    for _ in 0..30 {
        begin(&ada).await;
    }
    assert_eq!(call(&ada, "beginPasskey").await["code"], "TOO_MANY_ATTEMPTS");
    for _ in 0..3 {
        begin_sign_in(&app).await;
    }
    assert_eq!(count(&app, "passkey_challenges").await, 4, "an account has one of a kind");
    app.pass(Duration::minutes(5));
    Sweeper::default().sweep(&app.app).await.unwrap();
    assert_eq!(count(&app, "passkey_challenges").await, 4, "valid until this moment");
    app.pass(Duration::seconds(1));
    Sweeper::default().sweep(&app.app).await.unwrap();
    assert_eq!(count(&app, "passkey_challenges").await, 0);
}

#[tokio::test]
async fn a_server_without_a_domain_has_no_passkeys() {
    let test = TestApp::new().await;
    let keys = Keys::new(SigningKey { id: "test".into(), secret: vec![7; 32] }, &[]);
    let hasher = PasswordHasher::new(1, &*test.app.entropy).unwrap();
    let app = App::builder(test.app.database.clone(), keys, hasher).build();
    let refused = begin_passkey_sign_in(&app, &Client::unknown()).await;
    assert!(matches!(refused, Err(Error::Refused(Refusal::PasskeysUnavailable(_)))), "{refused:?}");
}

#[tokio::test]
async fn a_deleted_account_has_no_passkeys_left() {
    let app = TestApp::new().await;
    let ada = register_ada(&app).await;
    let phone = Passkey::add(&ada, "Phone").await;
    begin(&ada).await;
    begin_confirmation(&ada).await;
    let deleted = ada.mutate(&of_field("deleteAccount").text, json!({ "email": EMAIL })).await;
    assert_eq!(deleted["__typename"], "DeleteAccountSuccess", "{deleted}");
    assert_eq!((count(&app, "passkeys").await, count(&app, "passkey_challenges").await), (0, 0));
    assert_eq!(phone.sign_in(&app, &Claims::default()).await["code"], "INVALID_PASSKEY");
}

/// Who has used a demo account with its public password must not keep it when the demo is turned off.
#[tokio::test]
async fn a_locked_account_has_no_passkeys_left() {
    let app = TestApp::new().await;
    let ada = register_ada(&app).await;
    let phone = Passkey::add(&ada, "Phone").await;
    let (_, response) = Passkey::make(&begin(&ada).await, &Claims::default());
    lock(&app.app, &EMAIL.parse().unwrap()).await.unwrap();
    assert_eq!(phone.sign_in(&app, &Claims::default()).await["code"], "INVALID_PASSKEY");
    let input = json!({ "input": { "response": response, "name": "Late" } });
    let late = app.run(Some(&ada.member), &of_field("addPasskey").text, input).await;
    assert_eq!(serde_json::to_value(late).unwrap()["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    assert_eq!(count(&app, "passkeys").await, 0);
}

#[tokio::test]
async fn passkeys_survive_a_reset_of_the_password() {
    let app = TestApp::new().await;
    let ada = register_ada(&app).await;
    let phone = Passkey::add(&ada, "Phone").await;
    execute(&app, &of_field("requestPasswordReset").text, json!({ "email": EMAIL })).await;
    app.work().await;
    let code = crate::harness::mailbox::code_in(&app.mailbox.last_to(EMAIL));
    let input = json!({ "code": code, "newPassword": "an entirely new horse" });
    let reset = execute(&app, &of_field("resetPassword").text, input).await;
    assert_eq!(reset["__typename"], "ResetPasswordSuccess", "{reset}");
    assert!(phone.sign_in(&app, &Claims::default()).await["tokens"].is_object());
    assert_eq!(complete(&app, "{}").await["code"], "INVALID_PASSKEY");
}
