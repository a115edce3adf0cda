//! No response, and no duration, reveals whether an email has an account.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{EMAIL, GUESS, SIGN_IN, execute, register_ada};
use crate::harness::{actors::REGISTER, app::TestApp};

const REQUEST: &str = "mutation ($input: RequestPasswordResetInput!) { requestPasswordReset(input: $input) { __typename
    ... on UserError { code message } } }";
/// How often each is measured.
const ROUNDS: usize = 60;

/// What a stranger can do with an email, and the input for it.
fn actions(email: &str) -> [(&'static str, &'static str, Value); 3] {
    let sign_up = json!({ "email": email, "password": "another horse", "displayName": "Eve" });
    [
        ("sign in", SIGN_IN, json!({ "email": email, "password": GUESS })),
        ("sign up", REGISTER, sign_up),
        ("request a reset", REQUEST, json!({ "email": email })),
    ]
}

fn unknown(number: usize) -> String {
    format!("nobody{number}@example.org")
}

#[tokio::test]
async fn known_and_unknown_emails_get_the_same_response_for_the_same_statements() {
    let app = TestApp::new().await;
    register_ada(&app).await;
    // The first of each kind prepares its statements.
    for (_, mutation, input) in actions(&unknown(0)) {
        execute(&app, mutation, input).await;
    }
    for ((what, mutation, known), (_, _, other)) in actions(EMAIL).into_iter().zip(actions(&unknown(1))) {
        let mut outcomes = Vec::new();
        for input in [known, other] {
            let before = app.app.database.statements().sent();
            let answer = execute(&app, mutation, input).await;
            let sent = app.app.database.statements().sent() - before;
            outcomes.push((answer["__typename"].clone(), answer["code"].clone(), answer["message"].clone(), sent));
        }
        assert_eq!(outcomes[0], outcomes[1], "{what}");
    }
}

/// The median time of an action, for known and for unknown emails in turn.
async fn medians(app: &TestApp, action: usize) -> [Duration; 2] {
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..ROUNDS {
        for (kind, email) in [EMAIL.to_owned(), unknown(round)].into_iter().enumerate() {
            let (_, mutation, input) = actions(&email).into_iter().nth(action).unwrap();
            let begun = Instant::now();
            execute(app, mutation, input).await;
            times[kind].push(begun.elapsed());
        }
    }
    times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2]
    })
}

#[tokio::test]
#[ignore = "measures times; make prove"]
async fn known_and_unknown_emails_take_the_same_time() {
    let app = TestApp::new().await;
    register_ada(&app).await;
    for action in 0..3 {
        let what = actions(EMAIL)[action].0;
        let [known, other] = medians(&app, action).await;
        println!("{what}: known {known:?}, unknown {other:?}");
        let (least, most) = (known.min(other), known.max(other));
        assert!(most < least.mul_f64(1.2) + Duration::from_millis(1), "{what}: known {known:?}, unknown {other:?}");
    }
}
