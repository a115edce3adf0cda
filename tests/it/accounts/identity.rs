//! A recent proof of who a member is.

use chrono::Duration;
use domain::{accounts::recent, app::AttemptLimits};
use serde_json::{Value, json};
use types::error::{Error, Refusal};

use super::{EMAIL, GUESS, PASSWORD, REFRESH, execute, register_ada};
use crate::harness::{actors::Actor, app::TestApp};

pub const CONFIRM: &str = "mutation ($input: ConfirmIdentityInput!) { confirmIdentity(input: $input) { __typename
    ... on ConfirmIdentitySuccess { confirmedUntil me { email } } ... on UserError { code }
    ... on TooManyAttemptsProblem { retryAfterSeconds } } }";
const CHANGE: &str = "mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { __typename
    ... on UserError { code } } }";

/// Whether the session of `actor` has a recent proof.
async fn is_recent(actor: &Actor) -> bool {
    match recent(&actor.app.app, &actor.member.owner().unwrap()).await {
        Ok(recent) => recent.id() == actor.member.id(),
        Err(Error::Refused(Refusal::RecentSignInRequired(_))) => false,
        Err(other) => panic!("{other}"),
    }
}

async fn confirm(actor: &Actor, password: &str) -> Value {
    actor.mutate(CONFIRM, json!({ "password": password })).await
}

#[tokio::test]
async fn a_sign_in_is_recent_for_ten_minutes_and_refreshing_does_not_extend_it() {
    let app = TestApp::new().await;
    let ada = register_ada(&app).await;
    app.pass(Duration::minutes(9));
    let refreshed = execute(&app, REFRESH, json!({ "refreshToken": ada.refresh })).await;
    let ada = Actor::of(&app, &refreshed);
    assert!(is_recent(&ada).await);
    app.pass(Duration::minutes(1));
    assert!(!is_recent(&ada).await);
    assert!(is_recent(&Actor::sign_in(&app, EMAIL, PASSWORD).await).await, "a new session");
    assert!(!is_recent(&ada).await, "each session by itself");
}

#[tokio::test]
async fn the_password_makes_the_proof_recent_again() {
    let app = TestApp::new().await;
    let ada = register_ada(&app).await;
    let other = Actor::sign_in(&app, EMAIL, PASSWORD).await;
    app.pass(Duration::minutes(10));
    assert_eq!(confirm(&ada, GUESS).await["code"], "INVALID_CREDENTIALS");
    assert!(!is_recent(&ada).await);
    let confirmed = confirm(&ada, PASSWORD).await;
    assert_eq!(
        (&confirmed["me"]["email"], &confirmed["confirmedUntil"]),
        (&json!(EMAIL), &json!("2026-03-02T04:20:00Z"))
    );
    assert!(is_recent(&ada).await);
    assert!(!is_recent(&other).await);
    let changed = json!({ "currentPassword": PASSWORD, "newPassword": "an entirely new horse" });
    app.pass(Duration::minutes(10));
    assert_eq!(ada.mutate(CHANGE, changed).await["__typename"], "ChangePasswordSuccess");
    assert!(is_recent(&ada).await, "the current password counts too");
    assert!(
        matches!(recent(&app.app, &other.member.owner().unwrap()).await, Err(Error::Unauthenticated)),
        "it has ended"
    );
}

#[tokio::test]
async fn guesses_of_a_thief_of_the_session_are_limited() {
    let app = TestApp::limited(AttemptLimits::default()).await;
    let ada = register_ada(&app).await;
    for _ in 0..9 {
        assert_eq!(confirm(&ada, GUESS).await["code"], "INVALID_CREDENTIALS");
    }
    assert_eq!(confirm(&ada, PASSWORD).await["__typename"], "ConfirmIdentitySuccess");
    for _ in 0..10 {
        assert_eq!(confirm(&ada, GUESS).await["code"], "INVALID_CREDENTIALS", "the attempts were returned");
    }
    let refused = confirm(&ada, PASSWORD).await;
    assert_eq!((&refused["code"], &refused["retryAfterSeconds"]), (&json!("TOO_MANY_ATTEMPTS"), &json!(90)));
}
