//! The email of an account is replaced with codes from both emails.

use chrono::Duration;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{EMAIL, PASSWORD, execute, found, register_ada, sign_in};
use crate::harness::{actors::Actor, app::TestApp, mailbox::code_in};

const NEW: &str = "ada.lovelace@example.org";
const REQUEST: &str = "mutation ($input: RequestEmailChangeInput!) { requestEmailChange(input: $input) { __typename
    ... on RequestEmailChangeSuccess { me { email emailChange { newEmail newEmailConfirmed currentEmailConfirmed } } }
    ... on UserError { code path } ... on TooManyAttemptsProblem { retryAfterSeconds } } }";
const CONFIRM: &str = "mutation ($input: ConfirmEmailChangeInput!) { confirmEmailChange(input: $input) { __typename
    ... on ConfirmEmailChangeSuccess { changed me { email emailVerified emailChange { newEmail newEmailConfirmed
    currentEmailConfirmed } } } ... on UserError { code } } }";
const CANCEL: &str = "mutation ($input: CancelEmailChangeInput!) { cancelEmailChange(input: $input) { __typename
    ... on CancelEmailChangeSuccess { canceled me { email emailChange { newEmail } } } ... on UserError { code } } }";
const CHANGE_PASSWORD: &str =
    "mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { __typename } }";
const REQUEST_RESET: &str =
    "mutation ($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) { __typename } }";
const RESET: &str = "mutation ($input: ResetPasswordInput!) { resetPassword(input: $input) { __typename
    ... on UserError { code } } }";

async fn request(actor: &Actor, email: &str) -> Value {
    actor.mutate(REQUEST, json!({ "newEmail": email })).await
}

async fn confirm(actor: &Actor, code: &str) -> Value {
    actor.mutate(CONFIRM, json!({ "code": code })).await
}

/// The codes in the last mails: to the new email, and to the current one.
async fn mailed_codes(app: &TestApp, new: &str) -> [String; 2] {
    app.work().await;
    [new, EMAIL].map(|email| code_in(&app.mailbox.last_to(email)))
}

#[tokio::test]
async fn both_emails_confirm_a_change_and_the_old_one_is_told() {
    let app = TestApp::new().await;
    let ada = register_ada(&app).await;
    let pending = |new: bool, current: bool| json!({ "newEmail": NEW, "newEmailConfirmed": new, "currentEmailConfirmed": current });
    let asked = request(&ada, "Ada.Lovelace@Example.org").await;
    assert_eq!(asked["me"], json!({ "email": EMAIL, "emailChange": pending(false, false) }), "{asked}");
    let [new, current] = mailed_codes(&app, NEW).await;
    let half = confirm(&ada, &new.to_lowercase()).await;
    assert_eq!(half["changed"], false, "{half}");
    assert_eq!(half["me"]["emailChange"], pending(true, false));
    assert_eq!(confirm(&ada, &new).await["code"], "INVALID_CODE", "each works once");
    assert_eq!(sign_in(&app, EMAIL, PASSWORD).await["__typename"], "SignInSuccess", "nothing has changed yet");
    let whole = confirm(&ada, &current).await;
    assert_eq!(whole["changed"], true, "{whole}");
    assert_eq!(whole["me"], json!({ "email": NEW, "emailVerified": true, "emailChange": null }));
    assert_eq!(sign_in(&app, EMAIL, PASSWORD).await["code"], "INVALID_CREDENTIALS");
    assert_eq!(sign_in(&app, NEW, PASSWORD).await["me"]["email"], NEW);
    app.work().await;
    let told = app.mailbox.last_to(EMAIL);
    assert!(told.subject.contains("email address was changed"), "{}", told.subject);
    assert!(!told.text.contains(NEW), "the new email is masked: {}", told.text);
}

#[tokio::test]
async fn one_code_or_an_old_one_changes_nothing() {
    let app = TestApp::new().await;
    let ada = register_ada(&app).await;
    request(&ada, "first@example.org").await;
    let [first, _] = mailed_codes(&app, "first@example.org").await;
    request(&ada, NEW).await;
    let [new, current] = mailed_codes(&app, NEW).await;
    assert_eq!(confirm(&ada, &first).await["code"], "INVALID_CODE", "a later change replaces an earlier one");
    assert_eq!(confirm(&ada, &current).await["changed"], false);
    app.pass(Duration::hours(24));
    assert_eq!(confirm(&ada, &new).await["code"], "INVALID_CODE");
    assert_eq!(
        ada.run("{ me { email emailChange { newEmail } } }", json!({})).await["me"],
        json!({ "email": EMAIL, "emailChange": null })
    );
}

#[tokio::test]
async fn a_code_is_of_no_use_in_another_account() {
    let app = TestApp::new().await;
    let ada = register_ada(&app).await;
    let eve = found(&app, "eve@example.org", PASSWORD).await;
    request(&ada, NEW).await;
    let [new, current] = mailed_codes(&app, NEW).await;
    request(&eve, "eve.new@example.org").await;
    for code in [new, current] {
        assert_eq!(confirm(&eve, &code).await["code"], "INVALID_CODE");
    }
}

#[tokio::test]
async fn an_email_of_another_account_looks_the_same_and_its_owner_is_told() {
    let app = TestApp::new().await;
    register_ada(&app).await;
    let eve = found(&app, "eve@example.org", PASSWORD).await;
    let asked = request(&eve, EMAIL).await;
    assert_eq!(asked["me"]["emailChange"]["newEmail"], EMAIL, "{asked}");
    app.work().await;
    let mail = app.mailbox.last_to(EMAIL);
    assert!(!mail.text.contains("?code="), "Ada gets no code that would give her email away: {}", mail.text);
    assert_eq!(request(&eve, "eve@example.org").await["path"], json!(["input", "newEmail"]), "her own email");
}

#[tokio::test]
async fn of_two_accounts_that_want_one_email_one_gets_it() {
    let app = TestApp::new().await;
    let ada = register_ada(&app).await;
    let eve = found(&app, "eve@example.org", PASSWORD).await;
    let mut rivals = Vec::new();
    for (rival, current) in [(ada, EMAIL), (eve, "eve@example.org")] {
        request(&rival, NEW).await;
        app.work().await;
        let [new, current] = [NEW, current].map(|email| code_in(&app.mailbox.last_to(email)));
        assert_eq!(confirm(&rival, &new).await["changed"], false);
        rivals.push((rival, current));
    }
    let answers = join_all(rivals.iter().map(|(rival, code)| confirm(rival, code))).await;
    let won = answers.iter().filter(|answer| answer["changed"] == true).count();
    let lost = answers.iter().filter(|answer| answer["code"] == "EMAIL_TAKEN").count();
    assert_eq!((won, lost), (1, 1), "{answers:?}");
}

#[tokio::test]
async fn a_change_is_canceled_by_its_owner_and_by_a_new_password() {
    let app = TestApp::new().await;
    let ada = register_ada(&app).await;
    request(&ada, NEW).await;
    let other = ada.mutate(CANCEL, json!({ "newEmail": "other@example.org" })).await;
    assert_eq!((&other["canceled"], &other["me"]["emailChange"]["newEmail"]), (&json!(false), &json!(NEW)));
    let canceled = ada.mutate(CANCEL, json!({ "newEmail": NEW })).await;
    assert_eq!((&canceled["canceled"], &canceled["me"]["emailChange"]), (&json!(true), &json!(null)));
    request(&ada, NEW).await;
    let [new, current] = mailed_codes(&app, NEW).await;
    assert_eq!(confirm(&ada, &new).await["changed"], false);
    ada.mutate(CHANGE_PASSWORD, json!({ "currentPassword": PASSWORD, "newPassword": "an entirely new horse" })).await;
    assert_eq!(confirm(&ada, &current).await["code"], "INVALID_CODE", "whoever asked may not have been Ada");
    assert_eq!(ada.run("{ me { email } }", json!({})).await["me"]["email"], EMAIL);
}

#[tokio::test]
async fn a_link_to_reset_the_password_at_the_old_email_ends_with_the_change() {
    let app = TestApp::new().await;
    let ada = register_ada(&app).await;
    execute(&app, REQUEST_RESET, json!({ "email": EMAIL })).await;
    app.work().await;
    let reset = code_in(&app.mailbox.last_to(EMAIL));
    request(&ada, NEW).await;
    for code in mailed_codes(&app, NEW).await {
        confirm(&ada, &code).await;
    }
    let refused = execute(&app, RESET, json!({ "code": reset, "newPassword": "an entirely new horse" })).await;
    assert_eq!(refused["code"], "INVALID_CODE");
}

#[tokio::test]
async fn changes_are_limited_and_need_a_verified_email() {
    let app = TestApp::limited(domain::app::AttemptLimits::default()).await;
    let ada = register_ada(&app).await;
    for number in 0..5 {
        assert_eq!(request(&ada, &format!("ada{number}@example.org")).await["__typename"], "RequestEmailChangeSuccess");
    }
    assert_eq!(request(&ada, NEW).await["retryAfterSeconds"], 720);
    let unverified = Actor::register_unverified(&app, "Eve").await;
    assert_eq!(request(&unverified, NEW).await["code"], "EMAIL_NOT_VERIFIED");
}
