//! No response, and no duration, reveals whether an email has an account.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{EMAIL, GUESS, SIGN_IN, execute, register_ada, with_real_hashes};
use crate::{
    harness::{
        actors::{Actor, REGISTER},
        app::TestApp,
    },
    operations::of_field,
};

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

/// What somebody who is signed in can do with an email, which may be another account's.
#[derive(Debug, Clone, Copy)]
enum Action {
    /// Mail a code to it, to verify it as the own email.
    Resend,
    /// Replace the own, verified email with it.
    Change,
}

const ACTIONS: [Action; 2] = [Action::Resend, Action::Change];

impl Action {
    /// Somebody who can do it.
    async fn actor(self, app: &TestApp) -> Actor {
        match self {
            Self::Resend => Actor::register_unverified(app, "Eve").await,
            Self::Change => Actor::register(app, "Eve").await,
        }
    }

    async fn act(self, actor: &Actor, email: &str) -> Value {
        match self {
            Self::Resend => actor.mutate(&of_field("resendVerification").text, json!({ "email": email })).await,
            Self::Change => actor.mutate(&of_field("requestEmailChange").text, json!({ "newEmail": email })).await,
        }
    }
}

/// An answer and the statements for it, but for the one that reads the switches of features every two seconds.
async fn recorded(app: &TestApp, act: impl Future<Output = Value>) -> (Value, Vec<String>) {
    let recording = app.app.database.statements().record();
    let answer = act.await;
    let texts = recording.texts().into_iter();
    (answer, texts.filter(|text| !text.contains("feature_switches")).collect())
}

#[tokio::test]
async fn known_and_unknown_new_emails_get_the_same_response_for_the_same_statements() {
    let app = TestApp::new().await;
    register_ada(&app).await;
    for action in ACTIONS {
        // The first of each kind prepares its statements.
        action.act(&action.actor(&app).await, &unknown(0)).await;
        let mut outcomes = Vec::new();
        for email in [EMAIL.to_owned(), unknown(1)] {
            let actor = action.actor(&app).await;
            let (answer, sent) = recorded(&app, action.act(&actor, &email)).await;
            assert!(!answer.to_string().contains(EMAIL) || email == EMAIL, "{answer}");
            outcomes.push((answer["__typename"].clone(), answer["code"].clone(), sent));
        }
        assert_eq!(outcomes[0], outcomes[1], "{action:?}");
        assert!(outcomes[0].0.as_str().is_some_and(|kind| kind.ends_with("Success")), "{outcomes:?}");
    }
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
            let (answer, sent) = recorded(&app, execute(&app, mutation, input)).await;
            outcomes.push((
                answer["__typename"].clone(),
                answer["code"].clone(),
                answer["message"].clone(),
                sent.len(),
            ));
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
    let app = with_real_hashes().await;
    register_ada(&app).await;
    for action in 0..3 {
        let what = actions(EMAIL)[action].0;
        let [known, other] = medians(&app, action).await;
        println!("{what}: known {known:?}, unknown {other:?}");
        let (least, most) = (known.min(other), known.max(other));
        assert!(most < least.mul_f64(1.2) + Duration::from_millis(1), "{what}: known {known:?}, unknown {other:?}");
    }
}

/// The median time of an action of somebody new each time, for a known and for unknown emails in turn.
async fn medians_signed_in(app: &TestApp, action: Action) -> [Duration; 2] {
    let mut times = [Vec::new(), Vec::new()];
    for round in 0..ROUNDS {
        for (kind, email) in [EMAIL.to_owned(), unknown(round)].into_iter().enumerate() {
            let actor = action.actor(app).await;
            let begun = Instant::now();
            action.act(&actor, &email).await;
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
async fn known_and_unknown_new_emails_take_the_same_time() {
    let app = with_real_hashes().await;
    register_ada(&app).await;
    for action in ACTIONS {
        let [known, other] = medians_signed_in(&app, action).await;
        println!("{action:?}: known {known:?}, unknown {other:?}");
        let (least, most) = (known.min(other), known.max(other));
        assert!(most < least.mul_f64(1.2) + Duration::from_millis(1), "{action:?}: known {known:?}, unknown {other:?}");
    }
}
