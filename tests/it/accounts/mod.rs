//! Accounts and sessions.

mod devices;
mod guesses;
mod passwords;
mod queue;
mod refresh;
mod viewer;
mod wire;

use std::net::IpAddr;

use chrono::Duration;
use serde_json::{Value, json};

use crate::harness::{
    actors::{REGISTER, data},
    app::TestApp,
};

const SIGN_IN: &str = "mutation ($input: SignInInput!) { signIn(input: $input) { __typename
    ... on SignInSuccess { deviceToken me { email } tokens { accessToken refreshToken accessTokenExpiresAt } }
    ... on UserError { code message } ... on TooManyAttemptsProblem { retryAfterSeconds } } }";
const REFRESH: &str = "mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) { __typename
    ... on RefreshSessionSuccess { tokens { accessToken accessTokenExpiresAt refreshToken refreshTokenExpiresAt } }
    ... on UserError { code } ... on TooManyAttemptsProblem { retryAfterSeconds } } }";
const SIGN_OUT: &str = "mutation ($input: SignOutInput!) { signOut(input: $input) { __typename
    ... on SignOutSuccess { ended } ... on UserError { code } } }";

const EMAIL: &str = "ada@example.org";
const PASSWORD: &str = "correct horse";
const GUESS: &str = "a wrong guess";

async fn execute(app: &TestApp, mutation: &str, input: Value) -> Value {
    execute_from(app, None, mutation, input).await
}

/// The value of the only root field, for a client address.
async fn execute_from(app: &TestApp, address: Option<&str>, mutation: &str, input: Value) -> Value {
    let address = address.map(|address| address.parse::<IpAddr>().unwrap());
    let answer = data(app.run_from(address, None, mutation, json!({ "input": input })).await);
    answer.as_object().unwrap().values().next().unwrap().clone()
}

async fn sign_in(app: &TestApp, email: &str, password: &str) -> Value {
    execute(app, SIGN_IN, json!({ "email": email, "password": password })).await
}

/// An attempt to sign in to Ada's account.
async fn attempt(app: &TestApp, address: &str, password: &str) -> Value {
    execute_from(app, Some(address), SIGN_IN, json!({ "email": EMAIL, "password": password })).await
}

async fn register(app: &TestApp, email: &str, password: &str) -> Value {
    execute(app, REGISTER, json!({ "email": email, "password": password, "displayName": "Ada" })).await
}

/// Creates Ada's account.
async fn register_ada(app: &TestApp) {
    assert_eq!(register(app, EMAIL, PASSWORD).await["__typename"], "RegisterUserSuccess");
}

#[tokio::test]
async fn an_account_is_made_once_and_opens_with_its_password_only() {
    let app = TestApp::new().await;
    assert_eq!(register(&app, "Ada@Example.org", "correct horse").await["__typename"], "RegisterUserSuccess");
    assert_eq!(register(&app, "ada@example.ORG", "another horse").await["code"], "EMAIL_TAKEN");
    assert_eq!(register(&app, "eve@example.org", "too short").await["path"], json!(["input", "password"]));
    let wrong = sign_in(&app, "ada@example.org", "another horse").await;
    assert_eq!(wrong["code"], "INVALID_CREDENTIALS");
    assert_eq!(sign_in(&app, "nobody@example.org", "another horse").await, wrong, "responses do not reveal accounts");
    assert_eq!(sign_in(&app, "ADA@example.org", "correct horse").await["me"]["email"], "ada@example.org");
}

#[tokio::test]
async fn of_many_registrations_of_one_address_one_succeeds() {
    let app = TestApp::new().await;
    let tries = (0..6).map(|_| register(&app, "ada@example.org", "correct horse"));
    let answers = futures_util::future::join_all(tries).await;
    let won = answers.iter().filter(|answer| answer["__typename"] == "RegisterUserSuccess").count();
    let lost = answers.iter().filter(|answer| answer["code"] == "EMAIL_TAKEN").count();
    assert_eq!((won, lost), (1, 5), "{answers:?}");
}

#[tokio::test]
async fn a_session_ends_by_signing_out_and_by_time() {
    let app = TestApp::new().await;
    let (one, other) = (app.guest().await, app.guest().await);
    let token = json!({ "refreshToken": one.refresh });
    assert_eq!(execute(&app, SIGN_OUT, token.clone()).await["ended"], true);
    assert_eq!(execute(&app, SIGN_OUT, token.clone()).await["ended"], false);
    assert_eq!(execute(&app, REFRESH, token).await["code"], "INVALID_SESSION");
    app.pass(Duration::days(30));
    assert_eq!(execute(&app, REFRESH, json!({ "refreshToken": other.refresh })).await["code"], "INVALID_SESSION");
}
