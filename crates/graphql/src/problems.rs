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
            /// What kind of problem this is, for programs.
            async fn code(&self) -> ErrorCode {
                code_of(&Refusal::$refusal(self.0.clone()))
            }

            /// What went wrong and what to do, in English, for people.
            async fn message(&self) -> String {
                Refusal::$refusal(self.0.clone()).message()
            }

            /// The input field at fault, from the mutation's `input` on; null when no single field is.
            async fn path(&self) -> Option<Vec<String>> {
                path_of(&Refusal::$refusal(self.0.clone()))
            }

            /// Whether the same request can succeed later without a change.
            async fn retryable(&self) -> bool {
                is_retryable(&Refusal::$refusal(self.0.clone()))
            }

            $($fields)*
        }
    };
}

/// A problem that a client can expect and show. Every problem of every mutation implements it.
#[derive(Interface)]
#[graphql(
    field(name = "code", ty = "ErrorCode", desc = "What kind of problem this is, for programs."),
    field(name = "message", ty = "String", desc = "What went wrong and what to do, in English, for people."),
    field(
        name = "path",
        ty = "Option<Vec<String>>",
        desc = "The input field at fault, from the mutation's `input` on; null when no single field is."
    ),
    field(name = "retryable", ty = "bool", desc = "Whether the same request can succeed later without a change.")
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
    /// A value of the input is missing, too long, out of range or of the wrong form. Nothing was changed.
    InvalidInputProblem(InvalidInput) {
        /// Every field at fault, in the order of the checks, up to 100; `path` and `message` are those of the first.
        async fn fields(&self) -> Vec<InvalidField> {
            self.0.fields().into_iter().cloned().map(Into::into).collect()
        }
    }
}
problem! {
    /// The e-mail address has an account already.
    EmailTakenProblem(EmailTaken) {}
}
problem! {
    /// The e-mail address and the password do not belong together.
    InvalidCredentialsProblem(InvalidCredentials) {}
}
problem! {
    /// The refresh token is unknown, expired, revoked or was used before. Sign in again.
    InvalidSessionProblem(InvalidSession) {}
}
problem! {
    /// Too many attempts: of this viewer, session or device, with this account, or from this address; or too many unpaid bookings.
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
    /// Some of the nights are taken, by another guest or by a block.
    NightsUnavailableProblem(NightsUnavailable) {
        /// The nights in conflict, in order; all are nights that were asked for.
        async fn nights(&self) -> Vec<Date> {
            self.0.conflicts.iter().map(|conflict| Date(conflict.night)).collect()
        }

        /// The same nights, each with what stands against it.
        async fn conflicts(&self) -> Vec<NightConflict> {
            self.0.conflicts.iter().copied().map(Into::into).collect()
        }
    }
}
problem! {
    /// The stay breaks rules of the listing.
    StayNotAllowedProblem(StayNotAllowed) {
        /// Every rule that it breaks, each once.
        async fn violations(&self) -> Vec<StayViolation> {
            self.0.violations.iter().cloned().map(Into::into).collect()
        }
    }
}
problem! {
    /// The quote's time is over. Nothing was booked; a new quote for the same stay is attached.
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
        /// The booking as it is; null when the viewer may not see it.
        async fn current_booking(&self, ctx: &Context<'_>) -> Option<Result<Booking>> {
            find_booking(ctx, self.0.booking?).await.transpose()
        }
    }
}
problem! {
    /// The state of the listing does not allow this.
    ListingStateProblem(ListingState) {
        /// The state it is in.
        async fn status(&self) -> ListingStatus {
            self.0.status
        }
    }
}
problem! {
    /// The payment provider declined. The booking stays as it was; another method can be tried until its deadline.
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
    /// The payment provider did not answer. Send the same key again.
    PaymentUnavailableProblem(PaymentUnavailable) {}
}
problem! {
    /// The idempotency key was used before with another input.
    IdempotencyConflictProblem(IdempotencyConflict) {}
}
problem! {
    /// The listing lacks something that it needs to be published.
    ListingIncompleteProblem(ListingIncomplete) {
        /// The fields that are missing.
        async fn missing(&self) -> &[String] {
            &self.0.missing
        }
    }
}
problem! {
    /// The booking cannot be reviewed by the viewer: not completed, outside the 14 days, or reviewed already.
    NotReviewableProblem(NotReviewable) {}
}

/// One field of an input whose value is not right.
#[derive(Debug, Clone, SimpleObject)]
pub struct InvalidField {
    /// The field, from the mutation's `input` on: names of fields, and places in lists, counted from 0.
    path: Vec<String>,
    /// What is wrong with it, in English, for people.
    message: String,
}

impl From<error::InvalidField> for InvalidField {
    fn from(field: error::InvalidField) -> Self {
        Self { path: field.path, message: field.message }
    }
}

/// A night that cannot be had, and what stands against it.
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
    /// Which rule.
    reason: UnavailableReason,
    /// The rule in words, with its number: `The shortest stay is 3 nights.`
    message: String,
    /// The night it is about, the first if there are several; null when it is about the stay as a whole.
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
    /// Which line.
    kind: PriceLineKind,
    /// Amount before; null when the line is new.
    before: Option<Money>,
    /// Amount now; null when the line is gone.
    after: Option<Money>,
}

impl From<error::PriceDifference> for PriceDifference {
    fn from(difference: error::PriceDifference) -> Self {
        Self { kind: difference.kind, before: difference.before.map(Money), after: difference.after.map(Money) }
    }
}
