//! Devices that have signed in before (S7).

use chrono::Duration;
use client_limits::AddressPrefix;
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;
use domain::{
    accounts::{self, Client},
    app::AttemptLimits,
};
use serde_json::{Value, json};
use types::Rule;

use super::{EMAIL, GUESS, PASSWORD, SIGN_IN, attempt, execute, execute_from, register, register_ada, sign_in};
use crate::harness::app::TestApp;

const HOME: &str = "198.51.100.7";
const STRANGER: &str = "203.0.113.9";

/// An application where few attempts are left, and the device on which Ada has signed in.
async fn known_device() -> (TestApp, String) {
    let few = |rule: Rule| Rule { burst: 3, window: Duration::minutes(15), ..rule };
    let limits = AttemptLimits::default();
    let app = TestApp::limited(AttemptLimits {
        sign_in_by_address: few(limits.sign_in_by_address),
        sign_in_by_account: few(limits.sign_in_by_account),
        sign_in_anywhere: few(limits.sign_in_anywhere),
        sign_in_by_device: few(limits.sign_in_by_device),
        ..limits
    })
    .await;
    register_ada(&app).await;
    let device = attempt(&app, HOME, PASSWORD).await["deviceToken"].as_str().unwrap().to_owned();
    (app, device)
}

async fn from_device(app: &TestApp, address: &str, password: &str, device: &str) -> Value {
    let input = json!({ "email": EMAIL, "password": password, "deviceToken": device });
    let attempt = execute_from(app, Some(address), SIGN_IN, input);
    tokio::select! {
        answer = attempt => answer,
        () = app.clock.until_asleep(1) => panic!("a known device is not delayed"),
    }
}

/// Guesses until the limits of the address, of the account and of all addresses are exceeded.
async fn besiege(app: &TestApp, own: &str) {
    for address in [STRANGER, own] {
        for _ in 0..4 {
            let attempt = attempt(app, address, GUESS);
            let time = async {
                app.clock.until_asleep(1).await;
                app.pass(Duration::seconds(10));
                std::future::pending::<()>().await;
            };
            tokio::select! { _ = attempt => {}, () = time => {} }
        }
        assert_eq!(attempt(app, address, GUESS).await["code"], "TOO_MANY_ATTEMPTS");
    }
}

#[tokio::test]
async fn a_known_device_can_sign_in_despite_guesses_of_others() {
    let (app, device) = known_device().await;
    besiege(&app, HOME).await;
    for address in [HOME, STRANGER, "192.0.2.1"] {
        let owner = from_device(&app, address, PASSWORD, &device).await;
        assert_eq!((&owner["__typename"], &owner["deviceToken"]), (&json!("SignInSuccess"), &json!(device)), "{owner}");
    }
}

#[tokio::test]
async fn guesses_on_a_known_device_have_their_own_limit() {
    let (app, device) = known_device().await;
    for _ in 0..3 {
        assert_eq!(from_device(&app, HOME, GUESS, &device).await["code"], "INVALID_CREDENTIALS");
    }
    let refused = from_device(&app, HOME, PASSWORD, &device).await;
    assert_eq!((&refused["code"], &refused["retryAfterSeconds"]), (&json!("TOO_MANY_ATTEMPTS"), &json!(300)));
    assert_eq!(attempt(&app, HOME, PASSWORD).await["__typename"], "SignInSuccess", "they count for the device alone");
    app.pass(Duration::minutes(5));
    assert_eq!(from_device(&app, HOME, PASSWORD, &device).await["__typename"], "SignInSuccess");
    for _ in 0..3 {
        assert_eq!(from_device(&app, HOME, GUESS, &device).await["code"], "INVALID_CREDENTIALS", "all forgotten");
    }
}

#[tokio::test]
async fn a_device_is_known_to_its_own_account_only_and_for_a_limited_time() {
    let (app, device) = known_device().await;
    let other = register(&app, "eve@example.org", PASSWORD).await["deviceToken"].as_str().map(str::to_owned);
    besiege(&app, HOME).await;
    for unknown in [other.as_deref().unwrap(), "dev_forged", ""] {
        assert_eq!(from_device(&app, HOME, PASSWORD, unknown).await["code"], "TOO_MANY_ATTEMPTS", "{unknown}");
    }
    app.pass(Duration::days(180));
    let late = from_device(&app, HOME, PASSWORD, &device).await;
    assert_eq!(late["__typename"], "SignInSuccess");
    assert_ne!(late["deviceToken"], device, "the old token has expired");
    app.pass(Duration::days(179));
    let device = late["deviceToken"].as_str().unwrap();
    assert_eq!(from_device(&app, HOME, PASSWORD, device).await["deviceToken"], device, "each sign-in extends it");
    app.pass(Duration::days(179));
    assert_eq!(from_device(&app, HOME, PASSWORD, device).await["deviceToken"], device);
}

#[derive(diesel::QueryableByName)]
struct Rows {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[tokio::test]
async fn devices_are_not_hoarded() {
    let app = TestApp::new().await;
    register_ada(&app).await;
    let mut devices = Vec::new();
    for _ in 0..22 {
        app.pass(Duration::seconds(1));
        let answer = execute(&app, SIGN_IN, json!({ "email": EMAIL, "password": PASSWORD })).await;
        devices.push(answer["deviceToken"].as_str().unwrap().to_owned());
    }
    let count = diesel::sql_query("SELECT COUNT(*) AS number FROM devices");
    assert_eq!(count.get_result::<Rows>(&mut app.conn().await).await.unwrap().number, 20);
    let known = async |device: &String| {
        let input = json!({ "email": EMAIL, "password": PASSWORD, "deviceToken": device });
        execute(&app, SIGN_IN, input).await["deviceToken"] == *device
    };
    assert!(known(&devices[2]).await && known(&devices[21]).await);
    assert!(!known(&devices[1]).await, "the one longest unused is forgotten");
    app.pass(Duration::days(181));
    app.work().await;
    let count = diesel::sql_query("SELECT COUNT(*) AS number FROM devices");
    assert_eq!(count.get_result::<Rows>(&mut app.conn().await).await.unwrap().number, 0);
}

const SAFARI: &str = "Safari 26 on iOS";

/// Signs in to Ada's account from an address, with a browser that has no token of its device.
async fn sign_in_with(app: &TestApp, address: &str, user_agent: &str) {
    let client = Client {
        address: AddressPrefix::of(Some(address.parse().unwrap())),
        device: None,
        user_agent: Some(user_agent.into()),
    };
    accounts::sign_in(&app.app, &EMAIL.parse().unwrap(), PASSWORD.to_owned(), &client).await.unwrap();
    app.work().await;
}

#[tokio::test]
async fn the_owner_is_told_of_a_sign_in_on_a_new_device() {
    let app = TestApp::new().await;
    register_ada(&app).await;
    app.work().await;
    let told = || {
        let mails = app.mailbox.to(EMAIL);
        mails.into_iter().filter(|mail| mail.subject.contains("New sign-in")).collect::<Vec<_>>()
    };
    sign_in_with(&app, "192.0.2.17", SAFARI).await;
    assert_eq!(told().len(), 1);
    assert!(told()[0].text.contains("192.0.2.0/24") && told()[0].text.contains(SAFARI), "{}", told()[0].text);
    sign_in_with(&app, "192.0.2.99", SAFARI).await;
    assert_eq!(told().len(), 1, "the same browser in the same network");
    sign_in_with(&app, "192.0.2.17", "curl").await;
    sign_in_with(&app, "198.51.100.1", SAFARI).await;
    assert_eq!(told().len(), 3);
    let device = sign_in(&app, EMAIL, PASSWORD).await["deviceToken"].clone();
    app.work().await;
    let before = told().len();
    let again = json!({ "email": EMAIL, "password": PASSWORD, "deviceToken": device });
    execute_from(&app, Some("203.0.113.9"), SIGN_IN, again).await;
    app.work().await;
    assert_eq!(told().len(), before, "a known device can be anywhere");
}
