//! Errors of documents: short, and in the format of the protocol.

use async_graphql::{ErrorExtensionValues, Name, Pos, ServerError, Value};

/// The maximum length of a message, in characters.
const MAX_MESSAGE: usize = 300;
/// The maximum length of a quote of the client's text in a message, in characters.
const MAX_QUOTE: usize = 60;

/// The error code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Code {
    /// It is not clear which operation to run.
    BadRequest,
    /// The text is not GraphQL.
    ParseFailed,
    /// The document is not valid against the contract.
    ValidationFailed,
    /// Introspection is not allowed on this server.
    IntrospectionDisabled,
    /// The document exceeds a limit.
    TooLarge,
    /// The value of a variable is invalid.
    BadUserInput,
    /// The operation costs more than is allowed.
    TooExpensive,
}

impl Code {
    const fn name(self) -> &'static str {
        match self {
            Self::BadRequest => "BAD_REQUEST",
            Self::ParseFailed => "GRAPHQL_PARSE_FAILED",
            Self::ValidationFailed => "GRAPHQL_VALIDATION_FAILED",
            Self::IntrospectionDisabled => "INTROSPECTION_DISABLED",
            Self::TooLarge => "DOCUMENT_TOO_LARGE",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::TooExpensive => "OPERATION_TOO_EXPENSIVE",
        }
    }
}

/// An error with its code, not retryable.
pub(super) fn error(code: Code, message: impl AsRef<str>, pos: Option<Pos>) -> ServerError {
    let mut error = ServerError::new(clip(message.as_ref()), pos);
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", code.name());
    extensions.set("retryable", Value::Boolean(false));
    error.extensions = Some(extensions);
    error
}

/// An error for an operation that costs too much; `path` is its most expensive field.
pub(super) fn too_expensive(cost: u64, limit: u64, path: &[Name]) -> ServerError {
    let path = path.iter().map(|name| quote(name)).collect::<Vec<_>>().join(".");
    let field = shorten(&path, MAX_MESSAGE / 2);
    let message = format!(
        "The operation costs {cost}; {limit} is allowed. The most expensive field is `{field}`. Ask for shorter pages or fewer fields."
    );
    let mut error = error(Code::TooExpensive, message, None);
    let extensions = error.extensions.get_or_insert_default();
    extensions.set("cost", cost);
    extensions.set("limit", limit);
    extensions.set("field", field);
    error
}

/// A quote of the client's text, shortened if needed.
pub(super) fn quote(text: &str) -> String {
    shorten(text, MAX_QUOTE)
}

/// A message, shortened if needed.
pub(super) fn clip(message: &str) -> String {
    shorten(message, MAX_MESSAGE)
}

fn shorten(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

/// The first `max` errors, in the order of the text.
pub(super) fn sort_and_truncate(mut errors: Vec<ServerError>, max: usize) -> Vec<ServerError> {
    errors.sort_by_key(|error| error.locations.first().map(|at| (at.line, at.column)));
    errors.truncate(max);
    errors
}
