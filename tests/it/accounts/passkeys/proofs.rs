//! A passkey as a recent proof of who a member is.

use chrono::Duration;
use domain::{accounts::recent, app::AttemptLimits};
use serde_json::json;

use super::{
    super::{PASSWORD, found, register_ada},
    CONFIRM, Claims, Passkey, begin_confirmation, call,
};
use crate::harness::{actors::Actor, app::TestApp, authenticator::Authenticator};

async fn confirm(actor: &Actor, passkey: &Passkey) -> serde_json::Value {
    let response = passkey.sign(&begin_confirmation(actor).await, &Claims::default());
    actor.mutate(CONFIRM, json!({ "passkey": response })).await
}

#[tokio::test]
async fn a_passkey_is_a_recent_proof_also_beside_a_second_factor() {
    let app = TestApp::new().await;
    let ada = register_ada(&app).await;
    let phone = Passkey::add(&ada, "Phone").await;
    app.pass(Duration::minutes(10));
    assert!(recent(&app.app, &ada.member.owner().unwrap()).await.is_err());
    let confirmed = confirm(&ada, &phone).await;
    assert_eq!(confirmed["confirmedUntil"], "2026-03-02T04:20:00Z", "{confirmed}");
    assert!(recent(&app.app, &ada.member.owner().unwrap()).await.is_ok());
    Authenticator::enable(&ada).await;
    app.pass(Duration::minutes(10));
    let refused = call(&ada, "disableSecondFactor").await;
    assert_eq!(refused["methods"], json!(["TOTP", "RECOVERY_CODE", "PASSKEY"]), "{refused}");
    let password = ada.mutate(CONFIRM, json!({ "password": PASSWORD })).await;
    assert_eq!(password["code"], "RECENT_SIGN_IN_REQUIRED");
    assert_eq!(confirm(&ada, &phone).await["__typename"], "ConfirmIdentitySuccess");
    assert_eq!(call(&ada, "disableSecondFactor").await["__typename"], "DisableSecondFactorSuccess");
}

#[tokio::test]
async fn only_a_passkey_of_the_member_counts_and_only_for_their_session() {
    let app = TestApp::new().await;
    let (ada, eve) = (register_ada(&app).await, found(&app, "eve@example.org", PASSWORD).await);
    assert_eq!(call(&ada, "beginPasskeyConfirmation").await["code"], "STATE_CONFLICT");
    let (hers, of_eve) = (Passkey::add(&ada, "Ada's").await, Passkey::add(&eve, "Eve's").await);
    let other = Actor::sign_in(&app, super::EMAIL, PASSWORD).await;
    app.pass(Duration::minutes(10));
    let with = async |passkey: &Passkey, of: &Actor| {
        let response = passkey.sign(&begin_confirmation(of).await, &Claims::default());
        ada.mutate(CONFIRM, json!({ "passkey": response })).await["code"].clone()
    };
    assert_eq!(with(&of_eve, &ada).await, "INVALID_PASSKEY", "her passkey");
    assert_eq!(with(&hers, &eve).await, "INVALID_PASSKEY", "her challenge");
    assert!(recent(&app.app, &ada.member.owner().unwrap()).await.is_err());
    assert_eq!(confirm(&ada, &hers).await["__typename"], "ConfirmIdentitySuccess");
    assert!(recent(&app.app, &other.member.owner().unwrap()).await.is_err(), "each session by itself");
}

#[tokio::test]
async fn attempts_of_a_thief_of_the_session_are_limited() {
    let app = TestApp::limited(AttemptLimits::default()).await;
    let ada = register_ada(&app).await;
    for _ in 0..10 {
        assert_eq!(ada.mutate(CONFIRM, json!({ "passkey": "{}" })).await["code"], "INVALID_PASSKEY");
    }
    assert_eq!(ada.mutate(CONFIRM, json!({ "passkey": "{}" })).await["code"], "TOO_MANY_ATTEMPTS");
}
