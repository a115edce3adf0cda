//! Accounts, sessions, and those who guess.

use chrono::Duration;
use serde_json::{Value, json};
use staygate::app::Throttle;

use crate::harness::{
    actors::{REGISTER, data},
    app::TestApp,
};

const SIGN_IN: &str = "mutation ($input: SignInInput!) { signIn(input: $input) { __typename
    ... on SignInSuccess { me { email } tokens { accessToken refreshToken accessTokenExpiresAt } }
    ... on UserError { code message } ... on TooManyAttemptsProblem { retryAfterSeconds } } }";
const REFRESH: &str = "mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) { __typename
    ... on RefreshSessionSuccess { tokens { accessToken refreshToken } } ... on UserError { code } } }";
const SIGN_OUT: &str = "mutation ($input: SignOutInput!) { signOut(input: $input) { __typename
    ... on SignOutSuccess { ended } ... on UserError { code } } }";

async fn ask(app: &TestApp, mutation: &str, input: Value) -> Value {
    let answer = data(app.run(None, mutation, json!({ "input": input })).await);
    answer.as_object().unwrap().values().next().unwrap().clone()
}

async fn sign_in(app: &TestApp, email: &str, password: &str) -> Value {
    ask(app, SIGN_IN, json!({ "email": email, "password": password })).await
}

async fn register(app: &TestApp, email: &str, password: &str) -> Value {
    ask(app, REGISTER, json!({ "email": email, "password": password, "displayName": "Ada" })).await
}

#[tokio::test]
async fn an_account_is_made_once_and_opens_with_its_password_only() {
    let app = TestApp::new().await;
    assert_eq!(register(&app, "Ada@Example.org", "correct horse").await["__typename"], "RegisterUserSuccess");
    assert_eq!(register(&app, "ada@example.ORG", "another horse").await["code"], "EMAIL_TAKEN");
    assert_eq!(register(&app, "eve@example.org", "too short").await["path"], json!(["input", "password"]));
    let wrong = sign_in(&app, "ada@example.org", "another horse").await;
    assert_eq!(wrong["code"], "INVALID_CREDENTIALS");
    assert_eq!(sign_in(&app, "nobody@example.org", "another horse").await, wrong, "nobody learns who has an account");
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
async fn a_refresh_token_works_once_and_a_second_use_ends_the_session() {
    let app = TestApp::new().await;
    let first = app.guest().await.refresh;
    let refresh = |token: &str| ask(&app, REFRESH, json!({ "refreshToken": token }));
    let second = refresh(&first).await["tokens"]["refreshToken"].as_str().unwrap().to_owned();
    let third = refresh(&second).await["tokens"]["refreshToken"].as_str().unwrap().to_owned();
    assert_eq!(refresh(&first).await["code"], "INVALID_SESSION");
    assert_eq!(refresh(&third).await["code"], "INVALID_SESSION", "the thief and the robbed are both out");
    assert_eq!(refresh("nonsense").await["code"], "INVALID_SESSION");
}

#[tokio::test]
async fn of_many_who_bring_one_refresh_token_at_once_at_most_one_gets_a_pair() {
    let app = TestApp::new().await;
    let token = app.guest().await.refresh;
    let tries = (0..8).map(|_| ask(&app, REFRESH, json!({ "refreshToken": token })));
    let answers = futures_util::future::join_all(tries).await;
    let won: Vec<_> = answers.iter().filter(|answer| answer["__typename"] == "RefreshSessionSuccess").collect();
    assert_eq!(won.len(), 1, "{answers:?}");
    let next = json!({ "refreshToken": won[0]["tokens"]["refreshToken"] });
    assert_eq!(ask(&app, REFRESH, next).await["code"], "INVALID_SESSION", "the session is over");
}

#[tokio::test]
async fn a_session_ends_by_signing_out_and_by_time() {
    let app = TestApp::new().await;
    let (one, other) = (app.guest().await, app.guest().await);
    let token = json!({ "refreshToken": one.refresh });
    assert_eq!(ask(&app, SIGN_OUT, token.clone()).await["ended"], true);
    assert_eq!(ask(&app, SIGN_OUT, token.clone()).await["ended"], false);
    assert_eq!(ask(&app, REFRESH, token).await["code"], "INVALID_SESSION");
    app.pass(Duration::days(30));
    assert_eq!(ask(&app, REFRESH, json!({ "refreshToken": other.refresh })).await["code"], "INVALID_SESSION");
}

#[tokio::test]
async fn who_guesses_must_wait_and_the_right_password_forgets_the_guesses() {
    let throttle = Throttle { per_account: 3, per_address: u32::MAX, ..Throttle::default() };
    let app = TestApp::throttled(throttle).await;
    register(&app, "ada@example.org", "correct horse").await;
    for _ in 0..2 {
        for _ in 0..2 {
            assert_eq!(sign_in(&app, "ada@example.org", "a wrong guess").await["code"], "INVALID_CREDENTIALS");
        }
        assert_eq!(sign_in(&app, "ada@example.org", "correct horse").await["__typename"], "SignInSuccess");
    }
    for _ in 0..3 {
        assert_eq!(sign_in(&app, "ada@example.org", "a wrong guess").await["code"], "INVALID_CREDENTIALS");
    }
    app.pass(Duration::minutes(5));
    let refused = sign_in(&app, "ada@example.org", "correct horse").await;
    assert_eq!((&refused["code"], &refused["retryAfterSeconds"]), (&json!("TOO_MANY_ATTEMPTS"), &json!(600)));
    assert_eq!(sign_in(&app, "eve@example.org", "a wrong guess").await["code"], "INVALID_CREDENTIALS");
    app.pass(Duration::minutes(10));
    assert_eq!(sign_in(&app, "ada@example.org", "correct horse").await["__typename"], "SignInSuccess");
}

#[tokio::test]
async fn many_guesses_at_once_are_counted_one_by_one() {
    let app = TestApp::throttled(Throttle { per_account: 5, per_address: u32::MAX, ..Throttle::default() }).await;
    register(&app, "ada@example.org", "correct horse").await;
    let guesses = (0..12).map(|_| sign_in(&app, "ada@example.org", "a wrong guess"));
    let answers = futures_util::future::join_all(guesses).await;
    let tried = answers.iter().filter(|answer| answer["code"] == "INVALID_CREDENTIALS").count();
    assert_eq!(tried, 5, "{answers:?}");
}
