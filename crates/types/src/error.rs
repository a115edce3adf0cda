//! Errors. Expected outcomes are [`Refusal`]s, which the contract names; only unexpected failures are [`Error::Internal`].

mod database;
mod refusal;
mod refusals;
mod validation;

pub use refusal::*;
pub use validation::{InvalidField, Validation};

use crate::{BookingId, PageError};

/// The result of fallible functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an operation failed.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The viewer is anonymous.
    #[error("not signed in")]
    Unauthenticated,
    /// An expected outcome, which the contract names.
    #[error("{}", .0.message())]
    Refused(Refusal),
    /// The server is too busy; the same request can succeed a moment later.
    #[error("the server is too busy: {0:#}")]
    Busy(anyhow::Error),
    /// The database is unavailable; the same request can succeed later.
    #[error("the service is unavailable: {0:#}")]
    Unavailable(anyhow::Error),
    /// An unexpected failure: logged, and masked for clients.
    #[error(transparent)]
    Internal(anyhow::Error),
}

impl Error {
    /// A value of the input at `path` is invalid.
    pub fn invalid(path: &[&str], message: impl Into<String>) -> Self {
        let first = InvalidField::new(path, message);
        InvalidInput { first, others: Vec::new() }.into()
    }

    /// The object that the input's field `field` names does not exist, or the viewer cannot see it.
    pub fn not_found(field: &str, what: &'static str) -> Self {
        NotFound { path: vec!["input".into(), field.into()], what }.into()
    }

    /// An argument of a query is out of range, or contradicts another.
    pub fn bad_user_input(message: impl Into<String>) -> Self {
        BadUserInput { message: message.into() }.into()
    }

    /// The booking's state does not allow it.
    pub fn state(booking: Option<BookingId>, message: impl Into<String>) -> Self {
        StateConflict { booking, message: message.into(), retryable: false }.into()
    }
}

impl InvalidCredentials {
    /// The email or the password is wrong; which, nobody learns.
    pub fn at_sign_in() -> Self {
        Self { path: Vec::new() }
    }

    /// The password in the input's field `field`, of somebody who is signed in, is wrong.
    pub fn of_field(field: &str) -> Self {
        Self { path: vec!["input".into(), field.into()] }
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<anyhow::Error> for Error {
    fn from(error: anyhow::Error) -> Self {
        Self::Internal(error)
    }
}

impl From<PageError> for Error {
    fn from(error: PageError) -> Self {
        match error {
            PageError::First { .. } => Self::bad_user_input(error.to_string()),
            PageError::Cursor => BadCursor.into(),
        }
    }
}
