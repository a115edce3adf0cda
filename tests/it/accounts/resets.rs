//! Forgotten passwords, and passwords that are replaced.

use chrono::Duration;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{EMAIL, PASSWORD, REFRESH, execute, register_ada, sign_in};
use crate::harness::{app::TestApp, mailbox::code_in};

const REQUEST: &str = "mutation ($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) { __typename
    ... on RequestPasswordResetSuccess { linkExpiresAt } ... on UserError { code path }
    ... on TooManyAttemptsProblem { retryAfterSeconds } } }";
const RESET: &str = "mutation ($input: ResetPasswordInput!) { resetPassword(input: $input) { __typename
    ... on ResetPasswordSuccess { me { email } deviceToken tokens { accessToken refreshToken } }
    ... on UserError { code path } ... on TooManyAttemptsProblem { retryAfterSeconds } } }";
const CHANGE: &str = "mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { __typename
    ... on ChangePasswordSuccess { me { email } } ... on UserError { code path } } }";
const NEW: &str = "an entirely new horse";

async fn request(app: &TestApp, email: &str) -> Value {
    execute(app, REQUEST, json!({ "email": email })).await
}

async fn reset(app: &TestApp, code: &str, password: &str) -> Value {
    execute(app, RESET, json!({ "code": code, "newPassword": password })).await
}

/// The code in a new mail to Ada.
async fn mailed_code(app: &TestApp) -> String {
    request(app, EMAIL).await;
    app.work().await;
    code_in(&app.mailbox.last_to(EMAIL))
}

#[tokio::test]
async fn a_link_from_the_mail_replaces_the_password_once_and_ends_all_sessions() {
    let app = TestApp::new().await;
    let ada = register_ada(&app).await;
    let code = mailed_code(&app).await;
    let answer = reset(&app, &code, NEW).await;
    assert_eq!((&answer["__typename"], &answer["me"]["email"]), (&json!("ResetPasswordSuccess"), &json!(EMAIL)));
    let old = sign_in(&app, EMAIL, PASSWORD).await;
    assert_eq!(
        (&old["code"], &old["path"]),
        (&json!("INVALID_CREDENTIALS"), &Value::Null),
        "not which of both is wrong"
    );
    assert_eq!(sign_in(&app, EMAIL, NEW).await["__typename"], "SignInSuccess");
    assert_eq!(execute(&app, REFRESH, json!({ "refreshToken": ada.refresh })).await["code"], "INVALID_SESSION");
    let own = json!({ "refreshToken": answer["tokens"]["refreshToken"] });
    assert_eq!(execute(&app, REFRESH, own).await["__typename"], "RefreshSessionSuccess");
    assert_eq!(reset(&app, &code, PASSWORD).await["code"], "INVALID_CODE", "it works once");
    app.work().await;
    let mail = app.mailbox.last_to(EMAIL);
    assert!(mail.subject.contains("password") && !mail.text.contains("?code="), "{}: {}", mail.subject, mail.text);
}

#[tokio::test]
async fn a_request_looks_the_same_without_an_account_and_the_mail_tells() {
    let app = TestApp::new().await;
    register_ada(&app).await;
    let known = request(&app, EMAIL).await;
    assert_eq!(request(&app, "nobody@example.org").await, known);
    assert_eq!(known["__typename"], "RequestPasswordResetSuccess");
    app.work().await;
    assert!(app.mailbox.last_to(EMAIL).text.contains("?code="));
    assert!(!app.mailbox.last_to("nobody@example.org").text.contains("?code="));
}

#[tokio::test]
async fn a_link_is_valid_for_half_an_hour_and_only_the_newest() {
    let app = TestApp::new().await;
    register_ada(&app).await;
    let first = mailed_code(&app).await;
    app.pass(Duration::minutes(1));
    let second = mailed_code(&app).await;
    assert_eq!(reset(&app, &first, NEW).await["code"], "INVALID_CODE");
    app.pass(Duration::minutes(30));
    assert_eq!(reset(&app, &second, NEW).await["code"], "INVALID_CODE");
    for forged in ["", "otl_", "K7QM-2XWD", &format!("{second}A")] {
        assert_eq!(reset(&app, forged, NEW).await["code"], "INVALID_CODE", "{forged}");
    }
}

#[tokio::test]
async fn a_password_that_is_refused_does_not_use_up_the_link() {
    let app = TestApp::new().await;
    register_ada(&app).await;
    let code = mailed_code(&app).await;
    let refused = reset(&app, &code, "short").await;
    assert_eq!((&refused["code"], &refused["path"]), (&json!("INVALID_INPUT"), &json!(["input", "newPassword"])));
    assert_eq!(reset(&app, &code, NEW).await["__typename"], "ResetPasswordSuccess");
}

#[tokio::test]
async fn of_two_who_follow_one_link_at_once_one_resets() {
    let app = TestApp::new().await;
    register_ada(&app).await;
    let code = mailed_code(&app).await;
    let answers = join_all((0..4).map(|_| reset(&app, &code, NEW))).await;
    let won = answers.iter().filter(|answer| answer["__typename"] == "ResetPasswordSuccess").count();
    let lost = answers.iter().filter(|answer| answer["code"] == "INVALID_CODE").count();
    assert_eq!((won, lost), (1, 3), "{answers:?}");
}

/// A sign-in that has checked the old password must not open a session after the reset has ended all of them.
#[tokio::test]
async fn a_reset_beside_sign_ins_leaves_no_session_of_the_old_password() {
    let app = TestApp::new().await;
    register_ada(&app).await;
    for round in 0..4 {
        let (old, new) = if round % 2 == 0 { (PASSWORD, NEW) } else { (NEW, PASSWORD) };
        app.pass(Duration::minutes(1));
        let code = mailed_code(&app).await;
        let sign_ins = join_all((0..4).map(|_| sign_in(&app, EMAIL, old)));
        let (opened, answer) = tokio::join!(sign_ins, reset(&app, &code, new));
        assert_eq!(answer["__typename"], "ResetPasswordSuccess", "{answer}");
        for session in opened.iter().filter(|answer| answer["__typename"] == "SignInSuccess") {
            let token = json!({ "refreshToken": session["tokens"]["refreshToken"] });
            assert_eq!(execute(&app, REFRESH, token).await["code"], "INVALID_SESSION");
        }
    }
}

#[tokio::test]
async fn a_member_replaces_the_password_and_keeps_this_session_only() {
    let app = TestApp::new().await;
    let ada = register_ada(&app).await;
    let other = sign_in(&app, EMAIL, PASSWORD).await;
    let wrong = ada.mutate(CHANGE, json!({ "currentPassword": "a wrong guess", "newPassword": NEW })).await;
    assert_eq!((&wrong["code"], &wrong["path"]), (&json!("INVALID_CREDENTIALS"), &json!(["input", "currentPassword"])));
    let code = mailed_code(&app).await;
    let answer = ada.mutate(CHANGE, json!({ "currentPassword": PASSWORD, "newPassword": NEW })).await;
    assert_eq!(answer["me"]["email"], EMAIL, "{answer}");
    assert_eq!(sign_in(&app, EMAIL, PASSWORD).await["code"], "INVALID_CREDENTIALS");
    assert_eq!(sign_in(&app, EMAIL, NEW).await["__typename"], "SignInSuccess");
    let token = |of: &Value| json!({ "refreshToken": of["tokens"]["refreshToken"] });
    assert_eq!(execute(&app, REFRESH, token(&other)).await["code"], "INVALID_SESSION");
    let own = json!({ "refreshToken": ada.refresh });
    assert_eq!(execute(&app, REFRESH, own).await["__typename"], "RefreshSessionSuccess");
    assert_eq!(reset(&app, &code, PASSWORD).await["code"], "INVALID_CODE", "links from before are worthless");
    app.work().await;
    let subjects: Vec<_> = app.mailbox.to(EMAIL).into_iter().map(|mail| mail.subject).collect();
    let told = subjects.iter().filter(|subject| *subject == "Your password was changed").count();
    assert_eq!(told, 1, "the owner is told, and not of the wrong guess: {subjects:?}");
}

#[tokio::test]
async fn no_email_gets_more_than_a_few_mails_an_hour() {
    let app = TestApp::limited(domain::app::AttemptLimits::default()).await;
    for _ in 0..10 {
        assert_eq!(request(&app, "ada@example.org").await["__typename"], "RequestPasswordResetSuccess");
    }
    assert_eq!(request(&app, "ada@example.org").await["code"], "TOO_MANY_ATTEMPTS");
    assert_eq!(request(&app, "eve@example.org").await["__typename"], "RequestPasswordResetSuccess");
}
