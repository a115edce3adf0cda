//! What has to hold of every message and request of a stranger: checked by the fuzz targets. No other build has this.

use async_graphql::ServerError;
use serde_json::{Map, Value};

use super::close::Close;
use super::messages::{self, Incoming};
use crate::answer::error;
use crate::params::Params;

/// The most bytes that a reason may have in a close frame.
const MAX_REASON: usize = 123;

/// Reads a client's message as a socket does.
///
/// # Panics
///
/// An answer to it would not be of the protocol.
pub fn message(text: &str) {
    match messages::read(text) {
        Ok(Incoming::Subscribe { id, payload }) => {
            answers(&id);
            check(Params::from_map(payload));
        }
        Ok(Incoming::Complete { id }) => answers(&id),
        Ok(Incoming::Init(_) | Incoming::Ping | Incoming::Pong) => {}
        Err(close) => {
            assert_eq!(close.code, 4400, "{close:?}");
            fits(&close);
        }
    }
}

/// Reads the body of a POST.
///
/// # Panics
///
/// As [`message`].
pub fn body(bytes: &[u8]) {
    check(Params::from_json(bytes));
}

/// Reads the query of a GET.
///
/// # Panics
///
/// As [`message`].
pub fn query(pairs: Vec<(String, String)>) {
    check(Params::from_query(pairs));
}

/// A refusal quotes nothing of any length.
fn check(params: Result<Params, ServerError>) {
    if let Err(error) = params {
        assert!(error.message.len() < 200, "{}", error.message);
    }
}

/// What is said about an operation names it, whatever its id is.
fn answers(id: &str) {
    let errors = [error("BAD_REQUEST", "wrong")];
    for text in [messages::next(id, "{}"), messages::error(id, &errors), messages::complete(id)] {
        let answer: Option<Map<String, Value>> = serde_json::from_str(&text).ok();
        let named = answer.as_ref().and_then(|answer| answer.get("id")).and_then(Value::as_str);
        assert_eq!(named, Some(id), "{text}");
    }
    let again = messages::read(&messages::complete(id));
    assert_eq!(again, Ok(Incoming::Complete { id: id.to_owned() }));
    fits(&Close::duplicate(id));
    fits(&Close::forbidden(id));
}

fn fits(close: &Close) {
    assert!(close.reason.len() <= MAX_REASON, "{close:?}");
}
