//! The one place where errors become GraphQL errors: known ones with their code, all others logged and masked.

use std::{any::Any, sync::Arc};

use async_graphql::ErrorExtensionValues;

use graphql_transport::ConnectionLost;
use telemetry::log_throttle;
use types::{
    ErrorCode,
    error::{Error, Refusal},
};

/// Why a field has no value. It deliberately has no `Display`, because async-graphql shows every `Display` error to clients.
#[derive(Debug, Clone)]
pub struct Fault(Arc<Error>);

/// The result of a resolver.
pub type Result<T> = std::result::Result<T, Fault>;

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self(Arc::new(error))
    }
}

impl From<Arc<Error>> for Fault {
    fn from(error: Arc<Error>) -> Self {
        Self(error)
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Error::from(refusal).into()
    }
}

impl From<Fault> for async_graphql::Error {
    fn from(Fault(error): Fault) -> Self {
        let source = error.is_lost_connection().then(|| Arc::new(ConnectionLost) as Arc<dyn Any + Send + Sync>);
        let (code, message, retryable) = match &*error {
            Error::Unauthenticated => (ErrorCode::Unauthenticated, "You are not signed in.".to_owned(), false),
            Error::Refused(refusal) => (refusal.code(), refusal.message(), refusal.is_retryable()),
            Error::Busy(cause) => {
                log(cause, |error, left_out| tracing::warn!(error, left_out, "too busy"));
                (ErrorCode::Unavailable, "The server is too busy. Try again in a moment.".to_owned(), true)
            }
            Error::Unavailable(cause) => {
                log(cause, |error, left_out| tracing::warn!(error, left_out, "unavailable"));
                let message = "The service is temporarily unavailable. Try again in a moment.";
                (ErrorCode::Unavailable, message.to_owned(), true)
            }
            Error::Internal(cause) => {
                log(cause, |error, left_out| tracing::error!(error, left_out, "internal error"));
                (ErrorCode::Internal, "Something went wrong on our side.".to_owned(), true)
            }
        };
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", code.as_str());
        extensions.set("retryable", retryable);
        Self { message, source, extensions: Some(extensions) }
    }
}

/// Logs a failure, but not once for each of many affected callers. `left_out`: the number of suppressed lines.
fn log(cause: &anyhow::Error, write: impl FnOnce(&str, u64)) {
    let error = format!("{cause:#}");
    if let Some(left_out) = log_throttle::allow(&error) {
        write(&error, left_out);
    }
}
