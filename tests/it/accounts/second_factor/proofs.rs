//! A recent proof of who a member is, with a second factor.

use chrono::Duration;
use domain::{accounts::recent, app::AttemptLimits};
use serde_json::json;

use super::{
    super::{EMAIL, PASSWORD, register_ada},
    CONFIRM, call, challenge, complete, confirm, protected_ada,
};
use crate::harness::{actors::Actor, app::TestApp, authenticator::Authenticator};

const CHANGE: &str = "mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { __typename } }";
const NEW: &str = "an entirely new horse";

#[tokio::test]
async fn a_change_needs_a_recent_proof_with_what_the_account_has() {
    let app = TestApp::new().await;
    let ada = register_ada(&app).await;
    app.pass(Duration::minutes(10));
    let refused = call(&ada, "beginSecondFactor").await;
    assert_eq!((&refused["code"], &refused["methods"]), (&json!("RECENT_SIGN_IN_REQUIRED"), &json!(["PASSWORD"])));
    ada.mutate(CONFIRM, json!({ "password": PASSWORD })).await;
    let (authenticator, codes) = Authenticator::enable(&ada).await;
    app.pass(Duration::minutes(10));
    for field in ["disableSecondFactor", "replaceRecoveryCodes"] {
        let refused = call(&ada, field).await;
        assert_eq!(refused["methods"], json!(["TOTP", "RECOVERY_CODE"]), "{refused}");
    }
    let password = ada.mutate(CONFIRM, json!({ "password": PASSWORD })).await;
    assert_eq!(password["code"], "RECENT_SIGN_IN_REQUIRED", "the password is not enough");
    let changed = json!({ "currentPassword": PASSWORD, "newPassword": NEW });
    assert_eq!(ada.mutate(CHANGE, changed).await["__typename"], "ChangePasswordSuccess");
    assert!(recent(&app.app, &ada.member.owner().unwrap()).await.is_err(), "nor is that of a changed password");
    assert_eq!(ada.mutate(CONFIRM, json!({ "code": "000000" })).await["code"], "INVALID_SECOND_FACTOR");
    let code = authenticator.code(&app);
    assert_eq!(ada.mutate(CONFIRM, json!({ "code": code })).await["__typename"], "ConfirmIdentitySuccess");
    assert_eq!(ada.mutate(CONFIRM, json!({ "code": code })).await["code"], "INVALID_SECOND_FACTOR", "it was used");
    assert!(recent(&app.app, &ada.member.owner().unwrap()).await.is_ok());
    app.pass(Duration::minutes(10));
    assert_eq!(ada.mutate(CONFIRM, json!({ "code": codes[0] })).await["__typename"], "ConfirmIdentitySuccess");
    assert_eq!(call(&ada, "disableSecondFactor").await["__typename"], "DisableSecondFactorSuccess");
}

/// A thief whose session is as recent as the owner's must not turn it off again.
#[tokio::test]
async fn other_sessions_stay_but_have_no_proof_with_the_new_factor() {
    let app = TestApp::new().await;
    let ada = register_ada(&app).await;
    let other = Actor::sign_in(&app, EMAIL, PASSWORD).await;
    Authenticator::enable(&ada).await;
    assert_eq!(call(&other, "disableSecondFactor").await["code"], "RECENT_SIGN_IN_REQUIRED");
    assert_eq!(other.run("{ me { email } }", json!({})).await["me"]["email"], EMAIL);
    assert_eq!(call(&ada, "disableSecondFactor").await["__typename"], "DisableSecondFactorSuccess");
}

#[tokio::test]
async fn a_sign_in_with_the_second_factor_is_a_recent_proof() {
    let app = TestApp::new().await;
    let (_, authenticator, _) = protected_ada(&app).await;
    let token = challenge(&app, EMAIL, PASSWORD).await;
    let ada = Actor::of(&app, &complete(&app, &token, &authenticator.code(&app)).await);
    assert_eq!(call(&ada, "disableSecondFactor").await["__typename"], "DisableSecondFactorSuccess");
}

#[tokio::test]
async fn codes_of_a_thief_of_the_session_are_limited() {
    let app = TestApp::limited(AttemptLimits::default()).await;
    let (ada, authenticator, _) = protected_ada(&app).await;
    for _ in 0..20 {
        assert_eq!(ada.mutate(CONFIRM, json!({ "code": "000000" })).await["code"], "INVALID_SECOND_FACTOR");
    }
    let refused = ada.mutate(CONFIRM, json!({ "code": authenticator.code(&app) })).await;
    assert_eq!((&refused["code"], &refused["retryAfterSeconds"]), (&json!("TOO_MANY_ATTEMPTS"), &json!(4320)));
    let token = challenge(&app, EMAIL, PASSWORD).await;
    let signed_in = complete(&app, &token, &authenticator.code(&app)).await;
    assert_eq!(signed_in["__typename"], "CompleteSignInSuccess", "its owner can sign in");
    assert_eq!(confirm(&ada, "000000").await["code"], "TOO_MANY_ATTEMPTS");
}
