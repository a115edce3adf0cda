//! Accounts and sessions.

mod cookies;
mod deletion;
mod devices;
mod email_changes;
mod equality;
mod guesses;
mod identity;
mod passkeys;
mod passwords;
mod profiles;
mod providers;
mod queue;
mod refresh;
mod resets;
mod second_factor;
mod sessions;
mod verification;
mod viewer;
mod wire;

use std::net::IpAddr;

use auth::PasswordHasher;
use chrono::Duration;
use serde_json::{Value, json};
use types::OsEntropy;

use crate::harness::{
    actors::{Actor, REGISTER, data},
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

/// Creates an account with a verified email.
async fn found(app: &TestApp, email: &str, password: &str) -> Actor {
    let answer = register(app, email, password).await;
    let text = |name: &str| answer["tokens"][name].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
    let (access, refresh) = (text("accessToken"), text("refreshToken"));
    let (member, _) = app.app.keys.verify(&access, app.app.now()).unwrap();
    Actor { app: app.clone(), member, access, refresh }.verified().await
}

/// Creates Ada's account.
/// One that hashes passwords at the cost of a real server.
async fn with_real_hashes() -> TestApp {
    let passwords = PasswordHasher::new(2, &OsEntropy).unwrap();
    TestApp::new().await.with_settings(|builder| builder.passwords(passwords)).await
}

async fn register_ada(app: &TestApp) -> Actor {
    found(app, EMAIL, PASSWORD).await
}

#[tokio::test]
async fn an_account_opens_with_its_password_only() {
    let app = TestApp::new().await;
    found(&app, "Ada@Example.org", "correct horse").await;
    assert_eq!(register(&app, "eve@example.org", "7 chars").await["path"], json!(["input", "password"]));
    let wrong = sign_in(&app, "ada@example.org", "another horse").await;
    assert_eq!(wrong["code"], "INVALID_CREDENTIALS");
    assert_eq!(sign_in(&app, "nobody@example.org", "another horse").await, wrong, "responses do not reveal accounts");
    assert_eq!(sign_in(&app, "ADA@example.org", "correct horse").await["me"]["email"], "ada@example.org");
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
