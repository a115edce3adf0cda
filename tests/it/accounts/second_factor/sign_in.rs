//! Sign-in in two steps.

use chrono::Duration;
use domain::app::AttemptLimits;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{
    super::{EMAIL, GUESS, PASSWORD, execute_from, found, sign_in},
    Authenticator, TestApp, challenge, complete, execute, first_step, own, protected_ada, subjects,
};
use crate::{
    harness::{actors::Actor, mailbox::code_in},
    operations::of_field,
};

const NEW: &str = "an entirely new horse";
const CHANGE: &str = "mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { __typename } }";

fn is_done(answer: &Value) -> bool {
    answer["__typename"] == "CompleteSignInSuccess"
}

async fn complete_from(app: &TestApp, address: &str, input: Value) -> Value {
    execute_from(app, Some(address), &of_field("completeSignIn").text, input).await
}

#[tokio::test]
async fn the_password_gives_a_challenge_and_the_challenge_with_a_code_a_session() {
    let app = TestApp::new().await;
    let (_, authenticator, codes) = protected_ada(&app).await;
    let step = first_step(&app, EMAIL, PASSWORD).await;
    assert_eq!((&step["__typename"], &step["tokens"]), (&json!("SecondFactorRequiredProblem"), &Value::Null));
    let token = step["challenge"].as_str().unwrap();
    let answer = complete(&app, token, &authenticator.code(&app)).await;
    assert_eq!(answer["me"]["email"], EMAIL, "{answer}");
    assert_eq!(Actor::of(&app, &answer).run("{ me { email } }", json!({})).await["me"]["email"], EMAIL);
    let token = challenge(&app, EMAIL, PASSWORD).await;
    assert!(is_done(&complete(&app, &token, &codes[3].to_lowercase().replace('-', " ")).await));
    assert_eq!(sign_in(&app, EMAIL, GUESS).await["code"], "INVALID_CREDENTIALS");
}

#[tokio::test]
async fn a_code_works_once_and_none_of_an_earlier_step_after_it() {
    let app = TestApp::new().await;
    let (_, authenticator, _) = protected_ada(&app).await;
    let (earlier, code, next) =
        (authenticator.code_in(&app, -30), authenticator.code(&app), authenticator.code_in(&app, 30));
    let token = challenge(&app, EMAIL, PASSWORD).await;
    assert!(!is_done(&complete(&app, &token, &earlier).await), "it turned the factor on");
    assert!(is_done(&complete(&app, &token, &code).await));
    let token = challenge(&app, EMAIL, PASSWORD).await;
    for used in [&code, &earlier] {
        assert_eq!(complete(&app, &token, used).await["code"], "INVALID_SECOND_FACTOR");
    }
    assert!(!is_done(&complete(&app, &token, &authenticator.code_in(&app, 60)).await), "two steps ahead");
    assert!(is_done(&complete(&app, &token, &next).await), "a clock that is one step ahead");
}

#[tokio::test]
async fn of_sign_ins_with_one_code_at_once_one_wins_also_at_two_servers() {
    let app = TestApp::new().await;
    let other = app.second_instance().await;
    let (ada, authenticator, codes) = protected_ada(&app).await;
    for (round, code) in [authenticator.code(&app), codes[0].clone()].iter().enumerate() {
        let mut tokens = Vec::new();
        for _ in 0..6 {
            tokens.push(challenge(&app, EMAIL, PASSWORD).await);
        }
        let servers = [&app, &other];
        let answers =
            join_all(tokens.iter().zip(0..).map(|(token, number)| complete(servers[number % 2], token, code))).await;
        assert_eq!(answers.iter().filter(|answer| is_done(answer)).count(), 1, "{round}: {answers:?}");
    }
    assert_eq!(own(&ada).await["recoveryCodesLeft"], 9);
}

#[tokio::test]
async fn of_codes_for_one_challenge_at_once_one_wins() {
    let app = TestApp::new().await;
    let (ada, _, codes) = protected_ada(&app).await;
    let token = challenge(&app, EMAIL, PASSWORD).await;
    let answers = join_all(codes.iter().take(5).map(|code| complete(&app, &token, code))).await;
    assert_eq!(answers.iter().filter(|answer| is_done(answer)).count(), 1, "{answers:?}");
    assert_eq!(own(&ada).await["recoveryCodesLeft"], 9, "the codes of the others are not used up");
}

#[tokio::test]
async fn a_recovery_code_works_once_and_its_owner_is_told() {
    let app = TestApp::new().await;
    let (_, _, codes) = protected_ada(&app).await;
    let mails = subjects(&app, 0).await.len();
    let token = challenge(&app, EMAIL, PASSWORD).await;
    assert!(is_done(&complete(&app, &token, &codes[0]).await));
    assert_eq!(subjects(&app, mails).await.len(), 1);
    let token = challenge(&app, EMAIL, PASSWORD).await;
    assert_eq!(complete(&app, &token, &codes[0]).await["code"], "INVALID_SECOND_FACTOR");
    assert!(subjects(&app, mails + 1).await.is_empty());
}

#[tokio::test]
async fn everything_wrong_has_the_same_response() {
    let app = TestApp::new().await;
    let (_, authenticator, codes) = protected_ada(&app).await;
    let eve = found(&app, "eve@example.org", PASSWORD).await;
    let (hers, _) = Authenticator::enable(&eve).await;
    app.pass(Duration::seconds(30));
    let (own, of_eve) = (challenge(&app, EMAIL, PASSWORD).await, challenge(&app, "eve@example.org", PASSWORD).await);
    let used = challenge(&app, EMAIL, PASSWORD).await;
    assert!(is_done(&complete(&app, &used, &codes[0]).await));
    let code = authenticator.code(&app);
    let forged = format!("{}A", &own[..own.len() - 1]);
    let wrong = complete(&app, &own, "000000").await;
    assert_eq!(wrong["code"], "INVALID_SECOND_FACTOR");
    for (token, code) in [
        (own.as_str(), ""),
        (&own, &hers.code(&app)),
        (&own, "K7QM-2XWD-0G4T-9ZRB"),
        (&of_eve, &code),
        (&of_eve, &codes[1]),
        (&used, &code),
        (&forged, &code),
        ("", &code),
        ("sic_", &code),
    ] {
        assert_eq!(complete(&app, token, code).await, wrong, "{token} {code}");
    }
    assert!(is_done(&complete(&app, &own, &code).await));
}

#[tokio::test]
async fn a_challenge_ends_after_five_minutes_and_with_a_new_password() {
    let app = TestApp::new().await;
    let (ada, authenticator, codes) = protected_ada(&app).await;
    let token = challenge(&app, EMAIL, PASSWORD).await;
    app.pass(Duration::minutes(5));
    assert_eq!(complete(&app, &token, &codes[0]).await["code"], "INVALID_SECOND_FACTOR");
    let token = challenge(&app, EMAIL, PASSWORD).await;
    app.pass(Duration::seconds(299));
    app.work().await;
    assert!(is_done(&complete(&app, &token, &authenticator.code(&app)).await));
    let token = challenge(&app, EMAIL, PASSWORD).await;
    ada.mutate(CHANGE, json!({ "currentPassword": PASSWORD, "newPassword": NEW })).await;
    assert_eq!(complete(&app, &token, &codes[0]).await["code"], "INVALID_SECOND_FACTOR");
    assert_eq!(own(&ada).await["recoveryCodesLeft"], 10, "no code was used up");
    assert!(is_done(&complete(&app, &challenge(&app, EMAIL, NEW).await, &codes[0]).await));
}

#[tokio::test]
async fn a_reset_of_the_password_does_not_sign_in_without_the_second_factor() {
    let app = TestApp::new().await;
    let (_, authenticator, _) = protected_ada(&app).await;
    let earlier = challenge(&app, EMAIL, PASSWORD).await;
    execute(&app, &of_field("requestPasswordReset").text, json!({ "email": EMAIL })).await;
    app.work().await;
    let code = code_in(&app.mailbox.last_to(EMAIL));
    let answer = execute(&app, &of_field("resetPassword").text, json!({ "code": code, "newPassword": NEW })).await;
    assert_eq!((&answer["code"], &answer["tokens"]), (&json!("SECOND_FACTOR_REQUIRED"), &Value::Null), "{answer}");
    assert_eq!(sign_in(&app, EMAIL, PASSWORD).await["code"], "INVALID_CREDENTIALS", "the password was replaced");
    let code = authenticator.code(&app);
    assert_eq!(complete(&app, &earlier, &code).await["code"], "INVALID_SECOND_FACTOR");
    assert!(is_done(&complete(&app, answer["challenge"].as_str().unwrap(), &code).await));
}

#[tokio::test]
async fn guesses_are_limited_for_address_and_account_and_known_devices_are_free() {
    let app = TestApp::limited(AttemptLimits::default()).await;
    let (_, authenticator, _) = protected_ada(&app).await;
    let token = challenge(&app, EMAIL, PASSWORD).await;
    let device = complete(&app, &token, &authenticator.code(&app)).await["deviceToken"].clone();
    let token = challenge(&app, EMAIL, PASSWORD).await;
    let guess = json!({ "challenge": token, "code": "000000" });
    let mut tried = 0;
    for address in ["203.0.113.9", "198.51.100.7", "192.0.2.1", "192.0.2.2"] {
        for _ in 0..11 {
            let code = complete_from(&app, address, guess.clone()).await["code"].clone();
            tried += usize::from(code == "INVALID_SECOND_FACTOR");
            assert!(code == "INVALID_SECOND_FACTOR" || code == "TOO_MANY_ATTEMPTS", "{code}");
        }
    }
    assert_eq!(tried, 30, "ten from each address, and thirty in all");
    app.pass(Duration::seconds(30));
    let right = json!({ "challenge": token, "code": authenticator.code(&app) });
    assert_eq!(complete_from(&app, "192.0.2.9", right.clone()).await["code"], "TOO_MANY_ATTEMPTS");
    let mut known = right;
    known["deviceToken"] = device.clone();
    let answer = complete_from(&app, "192.0.2.9", known).await;
    assert_eq!((is_done(&answer), &answer["deviceToken"]), (true, &device), "{answer}");
}

#[tokio::test]
async fn many_guesses_at_once_are_counted_one_by_one_also_at_two_servers() {
    let app = TestApp::limited(AttemptLimits::default()).await;
    let other = app.second_instance().await;
    protected_ada(&app).await;
    let token = challenge(&app, EMAIL, PASSWORD).await;
    let servers = [&app, &other];
    let answers = join_all((0..16).map(|number| complete(servers[number % 2], &token, "000000"))).await;
    let tried = answers.iter().filter(|answer| answer["code"] == "INVALID_SECOND_FACTOR").count();
    assert_eq!(tried, 10, "{answers:?}");
}
