//! The body of a response according to the specification: `data` only if the operation was
//! executed; errors short, few and with the request ID.

use std::collections::BTreeMap;

use async_graphql::{ErrorExtensionValues, Response, ServerError, Value};
use serde::Serialize;

/// Maximum length of the message of an error, in characters.
const MAX_MESSAGE: usize = 500;
/// Maximum number of errors in one response.
const MAX_ERRORS: usize = 100;

/// The body of a response.
#[derive(Debug, Default, Serialize)]
pub(super) struct ResponseBody {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<ServerError>,
    /// None: nothing was executed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub extensions: BTreeMap<String, Value>,
}

impl ResponseBody {
    /// The response to a request that was not executed.
    pub fn refused(errors: Vec<ServerError>, request_id: &str) -> Self {
        Self { errors: limit(errors, request_id), ..Self::default() }
    }

    /// The response of the executor. The executor rejects some requests before it executes
    /// anything: their errors have no path, and there is no data. A later error without a code is a
    /// value that a scalar does not accept.
    pub fn of(response: Response, request_id: &str) -> Self {
        let Response { errors, data, extensions, .. } = response;
        let executed = data != Value::Null || errors.is_empty() || errors.iter().any(|error| !error.path.is_empty());
        let code = if executed { "BAD_USER_INPUT" } else { "GRAPHQL_VALIDATION_FAILED" };
        let errors = errors.into_iter().map(|error| with_code(error, code)).collect();
        Self { errors: limit(errors, request_id), data: executed.then_some(data), extensions }
    }

    /// Adds the cost of the operation, if the client requested it.
    #[must_use]
    pub fn with_cost(mut self, cost: Option<Value>) -> Self {
        self.extensions.extend(cost.map(|cost| ("cost".to_owned(), cost)));
        self
    }

    /// The code of the first error.
    pub fn code(&self) -> Option<&str> {
        self.errors.first().and_then(code_of)
    }

    /// The JSON of a response without data, which is short; others are written in chunks.
    pub fn to_json(&self) -> String {
        // Values of GraphQL can always be serialized as JSON.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Whether there is no data because the service is unavailable.
    pub fn is_unavailable(&self) -> bool {
        let is_empty = match &self.data {
            None | Some(Value::Null) => true,
            Some(Value::Object(fields)) => fields.values().all(|field| *field == Value::Null),
            Some(_) => false,
        };
        let is_unavailable = |error| code_of(error) == Some("UNAVAILABLE");
        is_empty && !self.errors.is_empty() && self.errors.iter().all(is_unavailable)
    }
}

/// An error of the transport.
pub(super) fn error(code: &str, message: impl Into<String>) -> ServerError {
    let mut error = ServerError::new(message, None);
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", code);
    let retryable = matches!(code, "UNAVAILABLE" | "TIMEOUT" | "TOO_MANY_OPERATIONS" | "TOO_MANY_REQUESTS");
    extensions.set("retryable", Value::Boolean(retryable));
    error.extensions = Some(extensions);
    error
}

/// The code of an error, if it has one.
pub(super) fn code_of(error: &ServerError) -> Option<&str> {
    match error.extensions.as_ref()?.get("code")? {
        Value::String(code) => Some(code),
        Value::Enum(code) => Some(code),
        _ => None,
    }
}

/// `error`, with `code` if it has none.
fn with_code(mut error: ServerError, code: &str) -> ServerError {
    if code_of(&error).is_none() {
        let extensions = error.extensions.get_or_insert_default();
        extensions.set("code", code);
        extensions.set("retryable", Value::Boolean(false));
    }
    error
}

/// Limits the number and length of the errors, and adds the request ID.
fn limit(mut errors: Vec<ServerError>, request_id: &str) -> Vec<ServerError> {
    errors.truncate(MAX_ERRORS);
    for error in &mut errors {
        if let Some((end, _)) = error.message.char_indices().nth(MAX_MESSAGE) {
            error.message.truncate(end);
            error.message.push('…');
        }
        error.extensions.get_or_insert_default().set("requestId", request_id);
    }
    errors
}

#[cfg(test)]
mod tests {
    use async_graphql::PathSegment;

    use super::*;

    #[test]
    fn every_error_has_a_code() {
        let mut refused = ServerError::new("Failed to parse \"Date\"", None);
        refused.path.push(PathSegment::Field("listing".into()));
        let response_body = ResponseBody::of(Response::from_errors(vec![refused]), "req_1");
        assert_eq!(response_body.code(), Some("BAD_USER_INPUT"));
        let extensions = response_body.errors[0].extensions.clone().unwrap();
        assert_eq!(extensions.get("retryable"), Some(&Value::Boolean(false)));
        assert_eq!(extensions.get("requestId"), Some(&Value::from("req_1")));
        let rejected = ResponseBody::of(Response::from_errors(vec![ServerError::new("no such field", None)]), "req_1");
        assert_eq!((rejected.code(), &rejected.data), (Some("GRAPHQL_VALIDATION_FAILED"), &None));
    }
}
