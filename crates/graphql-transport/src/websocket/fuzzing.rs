//! Assertions for the fuzz targets about any message and request of a client. Not part of other
//! builds.

use async_graphql::ServerError;
use serde_json::{Map, Value};

use super::close::Close;
use super::messages::{self, Incoming};
use crate::params::Params;
use crate::response_body::error;

/// Maximum length of the reason in a close frame, in bytes.
const MAX_REASON: usize = 123;

/// Reads a message of a client as a socket does.
///
/// # Panics
///
/// When the response would violate the protocol.
pub fn message(text: &str) {
    match messages::read(text) {
        Ok(Incoming::Subscribe { id, payload }) => {
            check_id(&id);
            check(Params::from_map(payload));
        }
        Ok(Incoming::Complete { id }) => check_id(&id),
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
/// Like [`message`].
pub fn body(bytes: &[u8]) {
    check(Params::from_json(bytes));
}

/// Reads the query string of a GET.
///
/// # Panics
///
/// Like [`message`].
pub fn query(pairs: Vec<(String, String)>) {
    check(Params::from_query(pairs));
}

/// An error quotes only short parts of the client's text.
fn check(params: Result<Params, ServerError>) {
    if let Err(error) = params {
        assert!(error.message.len() < 200, "{}", error.message);
    }
}

/// Messages about an operation contain its ID, whatever it is.
fn check_id(id: &str) {
    let errors = [error("BAD_REQUEST", "wrong")];
    for text in [messages::next(id, "{}"), messages::error(id, &errors), messages::complete(id)] {
        let response_body: Option<Map<String, Value>> = serde_json::from_str(&text).ok();
        let named = response_body.as_ref().and_then(|response_body| response_body.get("id")).and_then(Value::as_str);
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
