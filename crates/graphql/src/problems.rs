//! Problems: the expected outcomes that are not success. All implement `UserError`.

use async_graphql::{Context, Interface, Object, SimpleObject};

use super::{
    bookings::{Booking, find_booking},
    context::ContextExt,
    error::{Result, code_of, is_retryable, path_of},
    loaders::QuoteById,
    money::Money,
    payments::{Payment, find_payment},
    quotes::Quote,
};
use domain::restrictions;
use types::scalars::Date;
use types::{
    DeclineReason, ErrorCode, ListingStatus, PriceLineKind, UnavailableReason,
    error::{self, Error, Refusal},
};

/// Declares a problem: the four fields of `UserError`, and its own.
macro_rules! problem {
    ($(#[$doc:meta])* $problem:ident($refusal:ident) { $($fields:tt)* }) => {
        /// The problem of this name.
        #[derive(Debug, Clone)]
        pub struct $problem(pub error::$refusal);

        $(#[$doc])*
        #[Object]
        impl $problem {
            /// The kind of problem, for programs.
            async fn code(&self) -> ErrorCode {
                code_of(&Refusal::$refusal(self.0.clone()))
            }

            /// What happened and what to do next, in English, for people.
            async fn message(&self) -> String {
                Refusal::$refusal(self.0.clone()).message()
            }

            /// The path of the invalid input field, starting with the mutation's `input`; null when no single field is invalid.
            async fn path(&self) -> Option<Vec<String>> {
                path_of(&Refusal::$refusal(self.0.clone()))
            }

            /// Whether the same request can succeed later, unchanged.
            async fn retryable(&self) -> bool {
                is_retryable(&Refusal::$refusal(self.0.clone()))
            }

            $($fields)*
        }
    };
}

/// An expected problem that a client can show. Every problem of every mutation implements it.
#[derive(Interface)]
#[graphql(
    field(name = "code", ty = "ErrorCode", desc = "The kind of problem, for programs."),
    field(name = "message", ty = "String", desc = "What happened and what to do next, in English, for people."),
    field(
        name = "path",
        ty = "Option<Vec<String>>",
        desc = "The path of the invalid input field, starting with the mutation's `input`; null when no single field is invalid."
    ),
    field(name = "retryable", ty = "bool", desc = "Whether the same request can succeed later, unchanged.")
)]
pub enum UserError {
    InvalidInput(InvalidInputProblem),
    EmailTaken(EmailTakenProblem),
    InvalidCredentials(InvalidCredentialsProblem),
    InvalidSession(InvalidSessionProblem),
    TooManyAttempts(TooManyAttemptsProblem),
    NotFound(NotFoundProblem),
    NightsUnavailable(NightsUnavailableProblem),
    StayNotAllowed(StayNotAllowedProblem),
    QuoteExpired(QuoteExpiredProblem),
    StateConflict(StateConflictProblem),
    ListingState(ListingStateProblem),
    PaymentDeclined(PaymentDeclinedProblem),
    PaymentUnavailable(PaymentUnavailableProblem),
    IdempotencyConflict(IdempotencyConflictProblem),
    ListingIncomplete(ListingIncompleteProblem),
    NotReviewable(NotReviewableProblem),
}

problem! {
    /// A value of the input is missing, too long, out of range or malformed. Nothing was changed.
    InvalidInputProblem(InvalidInput) {
        /// Every invalid field, in the order of the checks, up to 100; `path` and `message` are those of the first.
        async fn fields(&self) -> Vec<InvalidField> {
            self.0.fields().into_iter().cloned().map(Into::into).collect()
        }
    }
}
problem! {
    /// An account with this email already exists.
    EmailTakenProblem(EmailTaken) {}
}
problem! {
    /// Incorrect email or password.
    InvalidCredentialsProblem(InvalidCredentials) {}
}
problem! {
    /// The refresh token is unknown, expired, revoked or already used. Sign in again.
    InvalidSessionProblem(InvalidSession) {}
}
problem! {
    /// Too many attempts by this viewer, session or device, on this account, or from this address; or too many unpaid bookings.
    TooManyAttemptsProblem(TooManyAttempts) {
        /// Seconds to wait.
        async fn retry_after_seconds(&self) -> i32 {
            self.0.retry_after_seconds
        }
    }
}
problem! {
    /// Nothing with this id exists, or the viewer may not see it.
    NotFoundProblem(NotFound) {}
}
problem! {
    /// Some of the nights are not available: they are booked or blocked.
    NightsUnavailableProblem(NightsUnavailable) {
        /// The nights in conflict, in order; all are nights of the request.
        async fn nights(&self) -> Vec<Date> {
            self.0.conflicts.iter().map(|conflict| Date(conflict.night)).collect()
        }

        /// The same nights, each with its reason.
        async fn conflicts(&self) -> Vec<NightConflict> {
            self.0.conflicts.iter().copied().map(Into::into).collect()
        }
    }
}
problem! {
    /// The stay breaks rules of the listing.
    StayNotAllowedProblem(StayNotAllowed) {
        /// Every rule that the stay breaks, each once.
        async fn violations(&self) -> Vec<StayViolation> {
            self.0.violations.iter().cloned().map(Into::into).collect()
        }
    }
}
problem! {
    /// The quote has expired. Nothing was booked; a new quote for the same stay is attached.
    QuoteExpiredProblem(QuoteExpired) {
        /// The new quote; null when the stay can no longer be booked.
        async fn quote(&self, ctx: &Context<'_>) -> Option<Result<Quote>> {
            ctx.load_own(QuoteById(self.0.quote?)).await.map(|quote| quote.map(Quote)).transpose()
        }

        /// How its price differs from the old one; empty when it does not.
        async fn differences(&self) -> Vec<PriceDifference> {
            self.0.differences.iter().cloned().map(Into::into).collect()
        }
    }
}
problem! {
    /// The state of the booking does not allow this.
    StateConflictProblem(StateConflict) {
        /// The current booking; null when the viewer may not see it.
        async fn current_booking(&self, ctx: &Context<'_>) -> Option<Result<Booking>> {
            find_booking(ctx, self.0.booking?).await.transpose()
        }
    }
}
problem! {
    /// The state of the listing does not allow this.
    ListingStateProblem(ListingState) {
        /// The current status.
        async fn status(&self) -> ListingStatus {
            self.0.status
        }
    }
}
problem! {
    /// The payment provider declined the payment. The booking is unchanged; another method can be used until its deadline.
    PaymentDeclinedProblem(PaymentDeclined) {
        /// The payment.
        async fn payment(&self, ctx: &Context<'_>) -> Result<Payment> {
            let payment = find_payment(ctx, self.0.payment).await?;
            Ok(payment.ok_or_else(|| Error::not_found("payment", "payment"))?)
        }

        /// Why.
        async fn decline_reason(&self) -> DeclineReason {
            self.0.reason
        }
    }
}
problem! {
    /// The payment provider did not respond. Retry with the same key.
    PaymentUnavailableProblem(PaymentUnavailable) {}
}
problem! {
    /// The idempotency key was already used with another input.
    IdempotencyConflictProblem(IdempotencyConflict) {}
}
problem! {
    /// The listing lacks fields that are required for publishing.
    ListingIncompleteProblem(ListingIncomplete) {
        /// The fields that are missing.
        async fn missing(&self) -> &[String] {
            &self.0.missing
        }
    }
}
problem! {
    /// The viewer cannot review the booking: it is not completed, the 14 days have passed, or it is already reviewed.
    NotReviewableProblem(NotReviewable) {}
}

/// An invalid field of an input.
#[derive(Debug, Clone, SimpleObject)]
pub struct InvalidField {
    /// The path, starting with the mutation's `input`: names of fields, and indexes in lists, from 0.
    path: Vec<String>,
    /// What is wrong with the value, in English, for people.
    message: String,
}

impl From<error::InvalidField> for InvalidField {
    fn from(field: error::InvalidField) -> Self {
        Self { path: field.path, message: field.message }
    }
}

/// A night that is not available, and the reason.
#[derive(Debug, Clone, SimpleObject)]
pub struct NightConflict {
    /// The night.
    night: Date,
    /// `BOOKED`, `BLOCKED`, or `PREPARATION` when it is too close to another stay.
    reason: UnavailableReason,
}

impl From<error::NightConflict> for NightConflict {
    fn from(conflict: error::NightConflict) -> Self {
        Self { night: Date(conflict.night), reason: conflict.reason }
    }
}

/// One rule that a stay breaks.
#[derive(Debug, Clone, SimpleObject)]
pub struct StayViolation {
    /// The rule.
    reason: UnavailableReason,
    /// The rule for people, with its limit: `The shortest stay is 3 nights.`
    message: String,
    /// The night concerned, the first if there are several; null when the whole stay is concerned.
    night: Option<Date>,
}

impl From<restrictions::Violation> for StayViolation {
    fn from(violation: restrictions::Violation) -> Self {
        Self { reason: violation.reason, message: violation.message, night: violation.night.map(Date) }
    }
}

impl From<error::Violation> for StayViolation {
    fn from(violation: error::Violation) -> Self {
        Self { reason: violation.reason, message: violation.message, night: violation.night.map(Date) }
    }
}

/// One line that differs between two prices.
#[derive(Debug, Clone, SimpleObject)]
pub struct PriceDifference {
    /// The line.
    kind: PriceLineKind,
    /// Previous amount; null when the line is new.
    before: Option<Money>,
    /// New amount; null when the line was removed.
    after: Option<Money>,
}

impl From<error::PriceDifference> for PriceDifference {
    fn from(difference: error::PriceDifference) -> Self {
        Self { kind: difference.kind, before: difference.before.map(Money), after: difference.after.map(Money) }
    }
}
