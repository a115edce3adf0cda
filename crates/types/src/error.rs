//! What can go wrong. Expected outcomes are [`Refusal`]s, which the contract names; only accidents are [`Error::Internal`].

mod database;
mod validation;

use chrono::NaiveDate;

pub use validation::{InvalidField, Validation};

use crate::{
    BookingId, DeclineReason, ListingStatus, Money, PageError, PaymentId, PriceLineKind, QuoteId, UnavailableReason,
};

/// The result of everything that can go wrong.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody is signed in.
    #[error("not signed in")]
    Unauthenticated,
    /// An expected outcome, which the contract names.
    #[error("{}", .0.message())]
    Refused(Refusal),
    /// Too many ask at a time; the same request may succeed a moment later.
    #[error("the server is too busy: {0:#}")]
    Busy(anyhow::Error),
    /// The database is away; the same request may succeed when it is back.
    #[error("the service is unavailable: {0:#}")]
    Unavailable(anyhow::Error),
    /// An accident: our fault. Logged, and masked.
    #[error(transparent)]
    Internal(anyhow::Error),
}

/// An expected outcome that is not success. Each is a problem type of the contract, or an error code of a query.
#[derive(Debug, Clone, PartialEq)]
pub enum Refusal {
    /// A value of the input is not right.
    InvalidInput(InvalidInput),
    /// Nothing with this id exists, or the viewer may not see it.
    NotFound(NotFound),
    /// The address has an account.
    EmailTaken(EmailTaken),
    /// Address and password do not belong together.
    InvalidCredentials(InvalidCredentials),
    /// The refresh token is no good.
    InvalidSession(InvalidSession),
    /// Too many tries.
    TooManyAttempts(TooManyAttempts),
    /// Nights are taken.
    NightsUnavailable(NightsUnavailable),
    /// The stay breaks rules.
    StayNotAllowed(StayNotAllowed),
    /// The quote is too old.
    QuoteExpired(QuoteExpired),
    /// The booking's state does not allow it.
    StateConflict(StateConflict),
    /// The listing's state does not allow it.
    ListingState(ListingState),
    /// The payment provider declined the payment.
    PaymentDeclined(PaymentDeclined),
    /// The provider did not answer.
    PaymentUnavailable(PaymentUnavailable),
    /// The key was used with another input.
    IdempotencyConflict(IdempotencyConflict),
    /// The listing cannot be published yet.
    ListingIncomplete(ListingIncomplete),
    /// The booking cannot be reviewed.
    NotReviewable(NotReviewable),
    /// A query's id is not one of ours.
    BadId(String),
    /// A query's cursor is not one of ours, or belongs to another list.
    BadCursor,
    /// Events after the cursor were deleted: they are older than they are kept.
    CursorExpired,
    /// The viewer has too many subscriptions open on this server.
    TooManySubscriptions {
        /// The most that may be open.
        limit: usize,
    },
    /// A query's argument is out of range.
    BadUserInput(String),
}

/// Data of the problem of the same name: every field that is not right, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidInput {
    first: InvalidField,
    others: Vec<InvalidField>,
}

impl InvalidInput {
    /// The problem with `fields`; none when there are none.
    pub fn new(fields: Vec<InvalidField>) -> Option<Self> {
        let mut fields = fields.into_iter();
        Some(Self { first: fields.next()?, others: fields.collect() })
    }

    /// The first field at fault, from `input` on.
    pub fn path(&self) -> &[String] {
        &self.first.path
    }

    /// What is wrong with the first field.
    pub fn message(&self) -> &str {
        &self.first.message
    }

    /// Every field at fault.
    pub fn fields(&self) -> Vec<&InvalidField> {
        std::iter::once(&self.first).chain(&self.others).collect()
    }

    fn into_fields(self) -> impl Iterator<Item = InvalidField> {
        std::iter::once(self.first).chain(self.others)
    }
}

/// Data of the problem of the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotFound {
    /// The field that named it.
    pub path: Vec<String>,
    /// What was not found: `booking`.
    pub what: &'static str,
}

/// Data of the problem of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmailTaken;

/// Data of the problem of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidCredentials;

/// Data of the problem of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidSession;

/// Data of the problem of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManyAttempts {
    /// Seconds to wait.
    pub retry_after_seconds: i32,
}

/// Data of the problem of the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NightsUnavailable {
    /// The nights in conflict, in order; all are nights of the request.
    pub conflicts: Vec<NightConflict>,
}

/// A night that is not available, and the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct NightConflict {
    /// The night.
    pub night: NaiveDate,
    /// Why not.
    pub reason: UnavailableReason,
}

/// One rule that a stay breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The rule.
    pub reason: UnavailableReason,
    /// The rule in words, with its number.
    pub message: String,
    /// The night it is about; None: the stay as a whole.
    pub night: Option<NaiveDate>,
}

/// Data of the problem of the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StayNotAllowed {
    /// Every rule that it breaks.
    pub violations: Vec<Violation>,
}

/// One line that differs between two prices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceDifference {
    /// The line.
    pub kind: PriceLineKind,
    /// Before; None: new.
    pub before: Option<Money>,
    /// Now; None: gone.
    pub after: Option<Money>,
}

/// Data of the problem of the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuoteExpired {
    /// The new quote, if the stay can still be booked.
    pub quote: Option<QuoteId>,
    /// How its price differs.
    pub differences: Vec<PriceDifference>,
}

/// Data of the problem of the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateConflict {
    /// The booking as it is.
    pub booking: Option<BookingId>,
    /// Why not.
    pub message: String,
    /// Whether it may work later.
    pub retryable: bool,
}

/// Data of the problem of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListingState {
    /// The current status.
    pub status: ListingStatus,
}

/// Data of the problem of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaymentDeclined {
    /// The payment.
    pub payment: PaymentId,
    /// Why.
    pub reason: DeclineReason,
}

/// Data of the problem of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PaymentUnavailable;

/// Data of the problem of the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdempotencyConflict;

/// Data of the problem of the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListingIncomplete {
    /// The fields that are missing.
    pub missing: Vec<String>,
}

/// Data of the problem of the same name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotReviewable {
    /// Why not.
    pub message: String,
}

impl Refusal {
    /// What went wrong and what to do, for people.
    pub fn message(&self) -> String {
        match self {
            Self::InvalidInput(problem) => problem.message().to_owned(),
            Self::NotFound(problem) => format!("No such {}, or you do not have access to it.", problem.what),
            Self::EmailTaken(_) => "An account with this email already exists. Sign in instead.".into(),
            Self::InvalidCredentials(_) => "Incorrect email or password.".into(),
            Self::InvalidSession(_) => "Your session has ended. Sign in again.".into(),
            Self::TooManyAttempts(problem) => {
                format!("Too many attempts. Try again in {} seconds.", problem.retry_after_seconds)
            }
            Self::NightsUnavailable(problem) => match problem.conflicts.as_slice() {
                [NightConflict { night, reason: UnavailableReason::Preparation }] => {
                    format!("The night of {night} is too close to another stay.")
                }
                [NightConflict { night, .. }] => format!("The night of {night} is taken."),
                nights => format!("{} of the nights are taken.", nights.len()),
            },
            Self::StayNotAllowed(problem) => {
                problem.violations.first().map_or_else(String::new, |violation| violation.message.clone())
            }
            Self::QuoteExpired(problem) if problem.quote.is_some() => {
                "This quote has expired. Review the new quote and book with it.".into()
            }
            Self::QuoteExpired(_) => "This quote has expired, and the stay can no longer be booked.".into(),
            Self::StateConflict(problem) => problem.message.clone(),
            Self::ListingState(problem) => format!("The listing is {}.", problem.status.as_str().to_lowercase()),
            Self::PaymentDeclined(_) => "The payment was declined. Try another payment method.".into(),
            Self::PaymentUnavailable(_) => {
                "The payment provider is not responding. Retry with the same idempotency key.".into()
            }
            Self::IdempotencyConflict(_) => {
                "This idempotency key was already used with another input. Use a new key.".into()
            }
            Self::ListingIncomplete(problem) => format!("These fields are missing: {}.", problem.missing.join(", ")),
            Self::NotReviewable(problem) => problem.message.clone(),
            Self::BadId(text) => format!("`{text}` is not a valid id here."),
            Self::BadCursor => "The cursor is not valid for this list, order or filter.".into(),
            Self::CursorExpired => "Events after this cursor have been deleted. Load the current state, and subscribe \
                                    from its event cursor."
                .into(),
            Self::TooManySubscriptions { limit } => {
                format!("You have {limit} open subscriptions. Close one before you start another.")
            }
            Self::BadUserInput(message) => message.clone(),
        }
    }
}

impl NightsUnavailable {
    /// The refusal that names `conflicts`; Ok when there are none.
    ///
    /// # Errors
    /// [`Refusal::NightsUnavailable`].
    pub fn unless_free(conflicts: Vec<NightConflict>) -> Result<()> {
        if conflicts.is_empty() { Ok(()) } else { Err(Refusal::NightsUnavailable(Self { conflicts }).into()) }
    }
}

impl Error {
    /// A value of the input at `path` is not right.
    pub fn invalid(path: &[&str], message: impl Into<String>) -> Self {
        let first = InvalidField::new(path, message);
        Refusal::InvalidInput(InvalidInput { first, others: Vec::new() }).into()
    }

    /// What the input's field `field` names does not exist for the viewer.
    pub fn not_found(field: &str, what: &'static str) -> Self {
        Refusal::NotFound(NotFound { path: vec!["input".into(), field.into()], what }).into()
    }

    /// The booking's state does not allow it.
    pub fn state(booking: Option<BookingId>, message: impl Into<String>) -> Self {
        Refusal::StateConflict(StateConflict { booking, message: message.into(), retryable: false }).into()
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
            PageError::First { .. } => Refusal::BadUserInput(error.to_string()).into(),
            PageError::Cursor => Refusal::BadCursor.into(),
        }
    }
}
