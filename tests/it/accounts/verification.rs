//! The email of a new account is verified before the account can hold nights or publish.

use chrono::Duration;
use futures_util::future::join_all;
use mail::SendError;
use serde_json::{Value, json};
use types::EffectState;

use super::{EMAIL, PASSWORD, SIGN_IN, execute, found, register, register_ada, sign_in};
use crate::harness::{
    actors::{Actor, CREATE_LISTING, PUBLISH_LISTING, VERIFY_EMAIL, data, home},
    app::TestApp,
    mailbox::code_in,
};

const RESEND: &str = "mutation ($input: ResendVerificationInput!) { resendVerification(input: $input) { __typename
    ... on ResendVerificationSuccess { me { email emailVerified } } ... on UserError { code }
    ... on TooManyAttemptsProblem { retryAfterSeconds } } }";
const ME: &str = "{ me { email emailVerified } }";

/// An account of Ada's whose email is not verified.
async fn new_ada(app: &TestApp) -> Actor {
    let answer = register(app, EMAIL, PASSWORD).await;
    let access = answer["tokens"]["accessToken"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
    let (member, _) = app.app.keys.verify(&access, app.app.now()).unwrap();
    let refresh = answer["tokens"]["refreshToken"].as_str().unwrap().to_owned();
    Actor { app: app.clone(), member, access, refresh }
}

/// The code in the last mail to Ada.
async fn mailed_code(app: &TestApp) -> String {
    app.work().await;
    code_in(&app.mailbox.last_to(EMAIL))
}

async fn verify(actor: &Actor, code: &str) -> Value {
    actor.mutate(VERIFY_EMAIL, json!({ "code": code })).await
}

#[tokio::test]
async fn a_code_from_the_mail_verifies_the_email_and_opens_the_account_everywhere() {
    let app = TestApp::new().await;
    let ada = new_ada(&app).await;
    assert_eq!(ada.run(ME, json!({})).await["me"], json!({ "email": EMAIL, "emailVerified": false }));
    let code = mailed_code(&app).await;
    let answer = verify(&ada, &code.to_lowercase().replace('-', " ")).await;
    assert_eq!(answer["me"], json!({ "email": EMAIL, "emailVerified": true }), "{answer}");
    assert_eq!(sign_in(&app, EMAIL, PASSWORD).await["__typename"], "SignInSuccess");
    assert_eq!(verify(&ada, "anything").await["__typename"], "VerifyEmailSuccess", "it is verified already");
}

#[tokio::test]
async fn until_then_nothing_is_published_or_booked() {
    let app = TestApp::new().await;
    let ada = new_ada(&app).await;
    let draft = ada.mutate(CREATE_LISTING, home()).await["listing"]["id"].clone();
    let refused = ada.mutate(PUBLISH_LISTING, json!({ "listingId": draft })).await;
    assert_eq!(refused["code"], "EMAIL_NOT_VERIFIED", "{refused}");
    let host = app.host().await;
    let listing = host.listing(|_| {}).await;
    let quote = ada.quote(&listing, "2026-04-01", "2026-04-03").await;
    assert_eq!(ada.try_book(&quote, "ada-books-a-stay").await["code"], "EMAIL_NOT_VERIFIED");
    let ada = ada.verified().await;
    assert_eq!(ada.mutate(PUBLISH_LISTING, json!({ "listingId": draft })).await["listing"]["status"], "PUBLISHED");
    assert_eq!(ada.try_book(&quote, "ada-books-a-stay").await["__typename"], "CreateBookingSuccess");
}

#[tokio::test]
async fn a_refreshed_session_knows_that_the_email_was_verified_elsewhere() {
    let app = TestApp::new().await;
    let ada = new_ada(&app).await;
    ada.clone().verified().await;
    assert!(ada.member.verified().is_err(), "the old token does not");
    let refreshed = execute(&app, super::REFRESH, json!({ "refreshToken": ada.refresh })).await;
    let access = refreshed["tokens"]["accessToken"].as_str().unwrap_or_else(|| panic!("{refreshed}"));
    assert!(app.app.keys.verify(access, app.app.now()).unwrap().0.verified().is_ok());
}

#[tokio::test]
async fn a_code_ends_after_ten_wrong_ones_and_after_a_day() {
    let app = TestApp::new().await;
    let ada = new_ada(&app).await;
    let code = mailed_code(&app).await;
    for _ in 0..10 {
        assert_eq!(verify(&ada, "0000-0000").await["code"], "INVALID_CODE");
    }
    assert_eq!(verify(&ada, &code).await["code"], "INVALID_CODE");
    assert_eq!(ada.mutate(RESEND, json!({})).await["__typename"], "ResendVerificationSuccess");
    let code = mailed_code(&app).await;
    app.pass(Duration::hours(24));
    assert_eq!(verify(&ada, &code).await["code"], "INVALID_CODE");
}

#[tokio::test]
async fn a_new_code_replaces_the_old_one_and_can_go_to_another_email() {
    let app = TestApp::new().await;
    let ada = new_ada(&app).await;
    let first = mailed_code(&app).await;
    let moved = ada.mutate(RESEND, json!({ "email": "ada.lovelace@example.org" })).await;
    assert_eq!(moved["me"], json!({ "email": "ada.lovelace@example.org", "emailVerified": false }));
    assert_eq!(verify(&ada, &first).await["code"], "INVALID_CODE");
    app.work().await;
    let code = code_in(&app.mailbox.last_to("ada.lovelace@example.org"));
    assert_eq!(verify(&ada, &code).await["me"]["email"], "ada.lovelace@example.org");
    assert_eq!(ada.mutate(RESEND, json!({})).await["code"], "STATE_CONFLICT");
}

#[tokio::test]
async fn codes_can_be_requested_once_a_minute() {
    let app = TestApp::limited(domain::app::AttemptLimits::default()).await;
    let ada = new_ada(&app).await;
    assert_eq!(ada.mutate(RESEND, json!({})).await["__typename"], "ResendVerificationSuccess");
    let refused = ada.mutate(RESEND, json!({})).await;
    assert_eq!((&refused["code"], &refused["retryAfterSeconds"]), (&json!("TOO_MANY_ATTEMPTS"), &json!(60)));
    app.pass(Duration::minutes(1));
    assert_eq!(ada.mutate(RESEND, json!({})).await["__typename"], "ResendVerificationSuccess");
}

#[tokio::test]
async fn registering_with_a_known_email_looks_the_same_and_its_owner_is_told() {
    let app = TestApp::new().await;
    register_ada(&app).await;
    let stranger = new_ada(&app).await;
    assert_eq!(stranger.run(ME, json!({})).await["me"], json!({ "email": EMAIL, "emailVerified": false }));
    app.work().await;
    let mail = app.mailbox.last_to(EMAIL);
    assert!(!mail.text.contains("?code="), "the stranger gets no code that Ada could confirm: {}", mail.text);
    assert_eq!(sign_in(&app, EMAIL, PASSWORD).await["me"]["email"], EMAIL, "it is still Ada's");
    let code = stranger.clone();
    assert_eq!(verify(&code, "0000-0000").await["code"], "INVALID_CODE");
}

#[tokio::test]
async fn of_many_who_verify_one_email_one_gets_it() {
    let app = TestApp::new().await;
    let mut rivals = Vec::new();
    for _ in 0..4 {
        rivals.push(new_ada(&app).await);
    }
    let mut codes = Vec::new();
    for rival in &rivals {
        let conn = &mut app.conn().await;
        let code = store::one_time_codes::lock(conn, rival.member.id(), types::CodePurpose::VerifyEmail).await;
        codes.push(app.app.keys.code(code.unwrap().unwrap().id).unwrap());
    }
    let answers = join_all(rivals.iter().zip(&codes).map(|(rival, code)| verify(rival, code))).await;
    let won = answers.iter().filter(|answer| answer["__typename"] == "VerifyEmailSuccess").count();
    let lost = answers.iter().filter(|answer| answer["code"] == "EMAIL_TAKEN").count();
    assert_eq!((won, lost), (1, 3), "{answers:?}");
}

#[tokio::test]
async fn two_attempts_with_one_code_at_once_are_one() {
    let app = TestApp::new().await;
    let ada = new_ada(&app).await;
    let code = mailed_code(&app).await;
    let answers = join_all((0..4).map(|_| verify(&ada, &code))).await;
    assert!(answers.iter().all(|answer| answer["__typename"] == "VerifyEmailSuccess"), "{answers:?}");
}

#[tokio::test]
async fn an_unverified_account_opens_on_its_own_device_only() {
    let app = TestApp::new().await;
    let answer = register(&app, EMAIL, PASSWORD).await;
    let on_device = json!({ "email": EMAIL, "password": PASSWORD, "deviceToken": answer["deviceToken"] });
    assert_eq!(execute(&app, SIGN_IN, on_device.clone()).await["__typename"], "SignInSuccess");
    assert_eq!(sign_in(&app, EMAIL, PASSWORD).await["code"], "INVALID_CREDENTIALS");
    // Neither answer changes when somebody else has verified the email.
    found(&app, "other@example.org", PASSWORD).await;
    register_ada_elsewhere(&app).await;
    assert_eq!(execute(&app, SIGN_IN, on_device).await["__typename"], "SignInSuccess");
}

/// Somebody verifies Ada's email with another password.
async fn register_ada_elsewhere(app: &TestApp) {
    found(app, EMAIL, "another horse").await;
}

#[tokio::test]
async fn a_mail_is_sent_once_and_again_if_the_server_fails() {
    let app = TestApp::new().await;
    app.mailbox.expect([SendError::Temporary("451 later".to_owned())]);
    new_ada(&app).await;
    app.work().await;
    assert!(app.mailbox.to(EMAIL).is_empty());
    app.settle().await;
    app.work().await;
    assert_eq!(app.mailbox.to(EMAIL).len(), 1);
}

#[tokio::test]
async fn a_refused_mail_is_noted_with_the_account_and_not_repeated() {
    let app = TestApp::new().await;
    app.mailbox.expect([SendError::Rejected("550 no such mailbox".to_owned())]);
    new_ada(&app).await;
    app.settle().await;
    assert!(app.mailbox.to(EMAIL).is_empty());
    let conn = &mut app.conn().await;
    assert_eq!(store::outbox::count(conn, EffectState::Refused).await.unwrap(), 1);
    let noted = diesel::sql_query("UPDATE users SET mail_refused_at = NULL WHERE mail_refused_at IS NOT NULL");
    assert_eq!(diesel_async::RunQueryDsl::execute(noted, conn).await.unwrap(), 1);
}

#[tokio::test]
async fn mails_are_in_the_language_of_their_reader() {
    let app = TestApp::new().await;
    let input = json!({ "email": EMAIL, "password": PASSWORD, "displayName": "Ada", "locale": "de-AT" });
    let answer = data(app.run(None, crate::harness::actors::REGISTER, json!({ "input": input })).await);
    assert_eq!(answer["registerUser"]["__typename"], "RegisterUserSuccess");
    app.work().await;
    let mail = app.mailbox.last_to(EMAIL);
    assert!(mail.text.contains("Guten Tag"), "{}", mail.text);
    let input = json!({ "email": EMAIL, "password": PASSWORD, "displayName": "Ada", "locale": "no tag" });
    let answer = data(app.run(None, crate::harness::actors::REGISTER, json!({ "input": input })).await);
    assert_eq!(answer["registerUser"]["path"], json!(["input", "locale"]));
}
