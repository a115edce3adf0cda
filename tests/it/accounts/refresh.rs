//! Refreshing tokens, with lost responses and thieves (C11).

use chrono::{DateTime, Duration};
use domain::app::AttemptLimits;
use serde_json::{Value, json};
use types::Rule;

use super::{EMAIL, PASSWORD, REFRESH, SIGN_IN, execute_from, register_ada};
use crate::harness::app::TestApp;

const HOME: &str = "198.51.100.7";
const ELSEWHERE: &str = "203.0.113.9";

/// A session of Ada's.
struct Session {
    app: TestApp,
    refresh: String,
    device: String,
}

impl Session {
    async fn new() -> Self {
        Self::limited(AttemptLimits::none()).await
    }

    async fn limited(limits: AttemptLimits) -> Self {
        let app = TestApp::limited(limits).await;
        register_ada(&app).await;
        let input = json!({ "email": EMAIL, "password": PASSWORD });
        let answer = execute_from(&app, Some(HOME), SIGN_IN, input).await;
        let text = |path: &str| answer.pointer(path).and_then(Value::as_str).unwrap().to_owned();
        Self { app, refresh: text("/tokens/refreshToken"), device: text("/deviceToken") }
    }

    async fn refresh(&self, address: &str, token: &str) -> Value {
        execute_from(&self.app, Some(address), REFRESH, json!({ "refreshToken": token })).await
    }
}

fn next(answer: &Value) -> &str {
    answer["tokens"]["refreshToken"].as_str().unwrap_or_else(|| panic!("{answer}"))
}

fn is_over(answer: &Value) -> bool {
    answer["code"] == "INVALID_SESSION"
}

#[tokio::test]
async fn a_refresh_token_works_once_and_a_second_use_ends_the_session() {
    let session = Session::new().await;
    let second = session.refresh(HOME, &session.refresh).await;
    let third = session.refresh(HOME, next(&second)).await;
    assert!(is_over(&session.refresh(HOME, &session.refresh).await), "its child was used: it was not lost");
    assert!(is_over(&session.refresh(HOME, next(&third)).await), "the thief and the robbed are both out");
    assert!(is_over(&session.refresh(HOME, "nonsense").await));
}

#[tokio::test]
async fn tabs_that_refresh_at_once_get_one_pair_also_at_two_servers() {
    let session = Session::new().await;
    let other = session.app.second_instance().await;
    let tabs = (0..8).map(|tab| {
        let app = if tab % 2 == 0 { &session.app } else { &other };
        execute_from(app, Some(HOME), REFRESH, json!({ "refreshToken": session.refresh }))
    });
    let answers = futures_util::future::join_all(tabs).await;
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    let next = session.refresh(HOME, next(&answers[0])).await;
    assert_eq!(next["__typename"], "RefreshSessionSuccess", "the session continues");
}

#[tokio::test]
async fn a_lost_response_is_repeated_verbatim() {
    let session = Session::new().await;
    session.app.pass(Duration::microseconds(1_234_567));
    let first = session.refresh(HOME, &session.refresh).await;
    for _ in 0..3 {
        session.app.pass(Duration::seconds(9));
        assert_eq!(session.refresh(HOME, &session.refresh).await, first);
    }
    let token = first["tokens"]["accessToken"].as_str().unwrap();
    let (_, expires_at) = session.app.app.keys.verify(token, session.app.app.now()).unwrap();
    let shown = first["tokens"]["accessTokenExpiresAt"].as_str().unwrap().parse::<DateTime<chrono::Utc>>().unwrap();
    assert_eq!(expires_at.utc(), shown, "the response and the token have the same expiry");
    assert_eq!(session.refresh(HOME, next(&first)).await["__typename"], "RefreshSessionSuccess");
}

#[tokio::test]
async fn after_the_grace_a_second_use_ends_the_session() {
    let session = Session::new().await;
    let first = session.refresh(HOME, &session.refresh).await;
    session.app.pass(Duration::seconds(30));
    assert!(is_over(&session.refresh(HOME, &session.refresh).await));
    assert!(is_over(&session.refresh(HOME, next(&first)).await));
}

#[tokio::test]
async fn a_thief_at_another_address_does_not_get_the_token_pair() {
    let session = Session::new().await;
    let first = session.refresh(HOME, &session.refresh).await;
    assert!(is_over(&session.refresh(ELSEWHERE, &session.refresh).await));
    assert!(is_over(&session.refresh(HOME, next(&first)).await), "the session is over for both");
}

#[tokio::test]
async fn the_device_of_the_session_gets_the_pair_on_another_network() {
    let session = Session::new().await;
    let first = session.refresh(HOME, &session.refresh).await;
    let repeat = |device: &str| json!({ "refreshToken": session.refresh, "deviceToken": device });
    let again = execute_from(&session.app, Some(ELSEWHERE), REFRESH, repeat(&session.device)).await;
    assert_eq!(again, first);
    assert!(is_over(&execute_from(&session.app, Some(ELSEWHERE), REFRESH, repeat("dev_another")).await));
}

#[tokio::test]
async fn refreshes_of_a_session_are_limited() {
    let mut limits = AttemptLimits::none();
    limits.refresh = Rule { burst: 2, window: Duration::minutes(10), ..limits.refresh };
    let session = Session::limited(limits).await;
    let second = session.refresh(HOME, &session.refresh).await;
    let third = session.refresh(HOME, next(&second)).await;
    let refused = session.refresh(HOME, next(&third)).await;
    assert_eq!((&refused["code"], &refused["retryAfterSeconds"]), (&json!("TOO_MANY_ATTEMPTS"), &json!(300)));
    session.app.pass(Duration::minutes(5));
    let fourth = session.refresh(HOME, next(&third)).await;
    assert_eq!(fourth["__typename"], "RefreshSessionSuccess", "a refused token is not used up");
}
