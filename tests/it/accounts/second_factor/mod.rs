//! The second factor: turned on and off, and its codes.

mod proofs;
mod secrets;
mod sign_in;

use chrono::Duration;
use serde_json::{Value, json};

use super::{EMAIL, PASSWORD, execute, identity::CONFIRM, register_ada};
use crate::{
    harness::{
        actors::Actor,
        app::TestApp,
        authenticator::{Authenticator, challenge, first_step},
    },
    operations::of_field,
};

/// The payload of the mutation without an input.
async fn call(actor: &Actor, field: &str) -> Value {
    actor.run(&of_field(field).text, json!({})).await[field].clone()
}

async fn confirm(actor: &Actor, code: &str) -> Value {
    actor.mutate(&of_field("confirmSecondFactor").text, json!({ "code": code })).await
}

/// The payload of the second step of a sign-in.
async fn complete(app: &TestApp, challenge: &str, code: &str) -> Value {
    execute(app, &of_field("completeSignIn").text, json!({ "challenge": challenge, "code": code })).await
}

/// The second factor as its owner sees it.
async fn own(actor: &Actor) -> Value {
    actor.run("{ me { secondFactor { enabledAt recoveryCodesLeft } } }", json!({})).await["me"]["secondFactor"].clone()
}

/// The subjects of the mails to Ada since `earlier` of them.
async fn subjects(app: &TestApp, earlier: usize) -> Vec<String> {
    app.work().await;
    app.mailbox.to(EMAIL).into_iter().skip(earlier).map(|mail| mail.subject).collect()
}

/// Ada, with a second factor whose code for this moment was used a step ago.
async fn protected_ada(app: &TestApp) -> (Actor, Authenticator, Vec<String>) {
    let ada = register_ada(app).await;
    let (authenticator, codes) = Authenticator::enable(&ada).await;
    app.pass(Duration::seconds(30));
    (ada, authenticator, codes)
}

#[tokio::test]
async fn it_is_turned_on_with_the_first_code_and_its_owner_is_told() {
    let app = TestApp::new().await;
    let ada = register_ada(&app).await;
    app.work().await;
    let mails = app.mailbox.to(EMAIL).len();
    assert_eq!(own(&ada).await, Value::Null);
    let authenticator = Authenticator::scan(&ada).await;
    assert_eq!(first_step(&app, EMAIL, PASSWORD).await["__typename"], "SignInSuccess", "it is not on yet");
    assert_eq!(confirm(&ada, "000000").await["code"], "INVALID_SECOND_FACTOR");
    let answer = confirm(&ada, &authenticator.code(&app)).await;
    let codes = answer["recoveryCodes"].as_array().unwrap_or_else(|| panic!("{answer}"));
    assert_eq!((codes.len(), codes[0].as_str().unwrap().len()), (10, 19));
    let expected = json!({ "enabledAt": "2026-03-02T04:00:00Z", "recoveryCodesLeft": 10 });
    assert_eq!((&answer["me"]["secondFactor"], &own(&ada).await), (&expected, &expected));
    assert_eq!(subjects(&app, mails).await.len(), 1);
    assert_eq!(call(&ada, "beginSecondFactor").await["code"], "STATE_CONFLICT", "it is on");
    let step = first_step(&app, EMAIL, PASSWORD).await;
    assert_eq!(step["methods"], json!(["TOTP", "RECOVERY_CODE"]), "{step}");
    assert_eq!((&step["tokens"], &step["expiresAt"]), (&Value::Null, &json!("2026-03-02T04:05:00Z")));
}

#[tokio::test]
async fn a_secret_that_is_not_confirmed_expires_and_a_second_one_replaces_it() {
    let app = TestApp::new().await;
    let ada = register_ada(&app).await;
    let first = Authenticator::scan(&ada).await;
    let second = Authenticator::scan(&ada).await;
    assert_eq!(confirm(&ada, &first.code(&app)).await["code"], "INVALID_SECOND_FACTOR");
    app.pass(Duration::minutes(15));
    ada.mutate(CONFIRM, json!({ "password": PASSWORD })).await;
    assert_eq!(confirm(&ada, &second.code(&app)).await["code"], "STATE_CONFLICT");
    app.work().await;
    let third = Authenticator::scan(&ada).await;
    assert_eq!(confirm(&ada, &third.code(&app)).await["__typename"], "ConfirmSecondFactorSuccess");
}

#[tokio::test]
async fn an_unverified_account_cannot_turn_it_on() {
    let app = TestApp::new().await;
    let new = Actor::register_unverified(&app, "Nora New").await;
    for field in ["beginSecondFactor", "disableSecondFactor", "replaceRecoveryCodes"] {
        assert_eq!(call(&new, field).await["code"], "EMAIL_NOT_VERIFIED", "{field}");
    }
    assert_eq!(confirm(&new, "123456").await["code"], "EMAIL_NOT_VERIFIED");
}

#[tokio::test]
async fn it_is_turned_off_and_gets_new_recovery_codes_and_its_owner_is_told() {
    let app = TestApp::new().await;
    let (ada, authenticator, old) = protected_ada(&app).await;
    let mails = subjects(&app, 0).await.len();
    let answer = call(&ada, "replaceRecoveryCodes").await;
    let new = answer["recoveryCodes"][0].as_str().unwrap_or_else(|| panic!("{answer}"));
    let token = challenge(&app, EMAIL, PASSWORD).await;
    assert_eq!(complete(&app, &token, &old[0]).await["code"], "INVALID_SECOND_FACTOR", "old codes are not valid");
    assert_eq!(complete(&app, &token, new).await["__typename"], "CompleteSignInSuccess");
    assert_eq!(own(&ada).await["recoveryCodesLeft"], 9);
    let waiting = challenge(&app, EMAIL, PASSWORD).await;
    assert_eq!(call(&ada, "disableSecondFactor").await["__typename"], "DisableSecondFactorSuccess");
    assert_eq!(own(&ada).await, Value::Null);
    assert_eq!(complete(&app, &waiting, &authenticator.code(&app)).await["code"], "INVALID_SECOND_FACTOR");
    assert_eq!(first_step(&app, EMAIL, PASSWORD).await["__typename"], "SignInSuccess");
    for field in ["disableSecondFactor", "replaceRecoveryCodes"] {
        assert_eq!(call(&ada, field).await["code"], "STATE_CONFLICT", "{field}");
    }
    let told = subjects(&app, mails).await;
    assert_eq!(told.len(), 3, "new codes, a used one, off: {told:?}");
}
