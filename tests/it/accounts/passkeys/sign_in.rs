//! Sign-in with a passkey.

use domain::app::AttemptLimits;
use futures_util::future::join_all;
use serde_json::json;
use types::StaffRole;

use super::{
    super::{EMAIL, execute_from, register_ada},
    Claims, Passkey, begin_sign_in, complete, own, subjects,
};
use crate::{
    desk::act,
    harness::{
        actors::{Actor, data},
        app::TestApp,
        authenticator::Authenticator,
    },
    operations::of_field,
};

const RIGHT: &str = "CompletePasskeySignInSuccess";

#[tokio::test]
async fn a_passkey_signs_in_alone() {
    let app = TestApp::new().await;
    let ada = register_ada(&app).await;
    let phone = Passkey::add(&ada, "Phone").await;
    let answer = phone.sign_in(&app, &Claims::default()).await;
    assert_eq!((&answer["__typename"], &answer["me"]["email"]), (&json!(RIGHT), &json!(EMAIL)), "{answer}");
    let again = Actor::of(&app, &answer);
    assert_eq!(again.run("{ me { email } }", json!({})).await["me"]["email"], EMAIL);
    assert_ne!(again.member.session(), ada.member.session());
}

#[tokio::test]
async fn a_passkey_is_both_factors_and_a_recent_proof() {
    let app = TestApp::new().await;
    let ada = register_ada(&app).await;
    let phone = Passkey::add(&ada, "Phone").await;
    Authenticator::enable(&ada).await;
    let again = Actor::of(&app, &phone.sign_in(&app, &Claims::default()).await);
    let disabled = again.run(&of_field("disableSecondFactor").text, json!({})).await;
    assert_eq!(disabled["disableSecondFactor"]["__typename"], "DisableSecondFactorSuccess", "{disabled}");
}

#[tokio::test]
async fn the_owner_is_told_of_a_new_device_and_not_of_a_known_one() {
    let app = TestApp::new().await;
    let ada = register_ada(&app).await;
    let phone = Passkey::add(&ada, "Phone").await;
    let mails = subjects(&app, 0).await.len();
    let run = async |address: &str, device: Option<&serde_json::Value>| {
        let response = phone.sign(&begin_sign_in(&app).await, &Claims::default());
        let input = json!({ "response": response, "deviceToken": device });
        execute_from(&app, Some(address), &of_field("completePasskeySignIn").text, input).await
    };
    let first = run("203.0.113.9", None).await;
    assert_eq!(subjects(&app, mails).await.len(), 1, "{first}");
    let second = run("198.51.100.7", Some(&first["deviceToken"])).await;
    assert_eq!(second["deviceToken"], first["deviceToken"]);
    assert_eq!(subjects(&app, mails).await.len(), 1);
}

#[tokio::test]
async fn a_response_works_once_also_at_two_servers_at_once() {
    let app = TestApp::new().await;
    let other = app.second_instance().await;
    let ada = register_ada(&app).await;
    let phone = Passkey::add(&ada, "Phone").await;
    for _ in 0..3 {
        let options = begin_sign_in(&app).await;
        // Another signature each time, of the same challenge.
        let responses: Vec<_> = (0..6).map(|_| phone.sign(&options, &Claims::default())).collect();
        let servers = [&app, &other];
        let answers = responses.iter().zip(0..).map(|(response, number)| complete(servers[number % 2], response));
        let answers = join_all(answers).await;
        assert_eq!(answers.iter().filter(|answer| answer["__typename"] == RIGHT).count(), 1, "{answers:?}");
        assert_eq!(complete(&app, &responses[0]).await["code"], "INVALID_PASSKEY", "replayed");
    }
}

#[tokio::test]
async fn a_counter_that_goes_back_is_refused_and_its_owner_is_told() {
    let app = TestApp::new().await;
    let ada = register_ada(&app).await;
    let key = Passkey::add(&ada, "Key that counts").await;
    let mails = subjects(&app, 0).await.len();
    let sign_in = async |count| key.sign_in(&app, &Claims { count, ..Claims::default() }).await;
    for count in [0, 0, 5, 6] {
        assert_eq!(sign_in(count).await["__typename"], RIGHT, "{count}");
    }
    assert!(subjects(&app, mails).await.iter().all(|subject| !subject.contains("refused")));
    for count in [6, 5, 0] {
        assert_eq!(sign_in(count).await["code"], "INVALID_PASSKEY", "{count}");
    }
    let told = subjects(&app, mails).await;
    assert_eq!(told.iter().filter(|subject| *subject == "A passkey was refused").count(), 3, "{told:?}");
    assert_eq!(sign_in(7).await["__typename"], RIGHT, "the one with the higher counter goes on");
}

#[tokio::test]
async fn of_two_uses_with_one_count_at_once_one_wins() {
    let app = TestApp::new().await;
    let ada = register_ada(&app).await;
    let key = Passkey::add(&ada, "Key that counts").await;
    let claims = Claims { count: 9, ..Claims::default() };
    let answers = join_all((0..4).map(|_| key.sign_in(&app, &claims))).await;
    assert_eq!(answers.iter().filter(|answer| answer["__typename"] == RIGHT).count(), 1, "{answers:?}");
}

#[tokio::test]
async fn a_suspended_account_is_answered_as_in_a_sign_in_with_the_password() {
    let app = TestApp::new().await;
    let ada = register_ada(&app).await;
    let phone = Passkey::add(&ada, "Phone").await;
    let admin = Actor::staff(&app, StaffRole::Admin).await;
    act(&admin, "suspendPerson", json!({ "personId": ada.member.id().to_string(), "dryRun": false })).await;
    assert_eq!(phone.sign_in(&app, &Claims::default()).await["code"], "ACCOUNT_SUSPENDED");
    act(&admin, "restorePerson", json!({ "personId": ada.member.id().to_string(), "dryRun": false })).await;
    let again = phone.sign_in(&app, &Claims::default()).await;
    assert_eq!(again["__typename"], RIGHT);
    assert_eq!(own(&Actor::of(&app, &again)).await.len(), 1);
}

#[tokio::test]
async fn attempts_from_one_address_are_limited() {
    let app = TestApp::limited(AttemptLimits::default()).await;
    let mutation = of_field("completePasskeySignIn").text;
    let attempt = async |address| execute_from(&app, Some(address), &mutation, json!({ "response": "{}" })).await;
    for _ in 0..200 {
        assert_eq!(attempt("203.0.113.9").await["code"], "INVALID_PASSKEY");
    }
    assert_eq!(attempt("203.0.113.9").await["code"], "TOO_MANY_ATTEMPTS");
    assert_eq!(attempt("198.51.100.7").await["code"], "INVALID_PASSKEY");
    let begin = of_field("beginPasskeySignIn").text;
    for _ in 0..300 {
        begin_sign_in(&app).await;
    }
    assert_eq!(data(app.run(None, &begin, json!({})).await)["beginPasskeySignIn"]["code"], "TOO_MANY_ATTEMPTS");
}
