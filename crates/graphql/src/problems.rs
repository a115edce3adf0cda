//! Problems: expected outcomes other than success, generated from the table of refusals. All implement `UserError`. This module resolves
//! the fields that show more than the data of the refusal.

use async_graphql::{ComplexObject, Context, Interface, SimpleObject};

use futures_util::future::join_all;

use super::{
    bookings::{Booking, find_booking},
    error::Result,
    money::Money,
    payments::{Payment, find_payment},
    quotes::{Quote, find_quote},
};
use domain::calendar::restrictions;
use types::scalars::Date;
use types::{
    ConsentDocument, DeclineReason, ErrorCode, Feature, IdentityMethod, ListingStatus, PriceLineKind, StaffRole,
    Timestamp, UnavailableReason,
    error::{self, Error, Refusal},
};

/// A problem type: the four fields of `UserError`, and its own.
macro_rules! problem {
    ($(#[$doc:meta])* $refusal:ident $problem:ident [plain] { $($(#[$own_doc:meta])* pub $own:ident: $ty:ty,)* }) => {
        problem! { @fields $(#[$doc])* $refusal $problem [] { $($(#[$own_doc])* $own: $ty,)* } }
    };
    ($(#[$doc:meta])* $refusal:ident $problem:ident [] $data:tt) => {
        problem! { @fields $(#[$doc])* $refusal $problem [] {} }
    };
    ($(#[$doc:meta])* $refusal:ident $problem:ident [complex] $data:tt) => {
        problem! { @fields $(#[$doc])* $refusal $problem [complex refusal] {} }
    };
    (@fields $(#[$doc:meta])* $refusal:ident $problem:ident [$($complex:ident $kept:ident)?] {
        $($(#[$own_doc:meta])* $own:ident: $ty:ty,)*
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, SimpleObject)]
        #[graphql($($complex)?)]
        pub struct $problem {
            /// The kind of problem, for programs.
            #[graphql(owned)]
            code: ErrorCode,
            /// What happened and what to do next, in English, for people.
            #[graphql(owned)]
            message: String,
            /// The path of the invalid input field, starting with the mutation's `input`; null when no single field is invalid.
            #[graphql(owned)]
            path: Option<Vec<String>>,
            /// Whether the same request can succeed later, unchanged.
            #[graphql(owned)]
            retryable: bool,
            $($(#[$own_doc])* $own: $ty,)*
            $(
                /// What the fields below are made of.
                #[graphql(skip)]
                $kept: error::$refusal,
            )?
        }

        impl From<error::$refusal> for $problem {
            fn from(refusal: error::$refusal) -> Self {
                let all = Refusal::from(refusal.clone());
                Self {
                    code: all.code(),
                    message: all.message(),
                    path: all.path(),
                    retryable: all.is_retryable(),
                    $($own: refusal.$own,)*
                    $($kept: refusal,)?
                }
            }
        }
    };
}

/// Generates from the table a type for each problem, and their interface.
macro_rules! declare {
    (
        problems { $(
            $(#[$doc:meta])* $refusal:ident $data:tt => $problem:ident $(($fields:ident))? { $($details:tt)* }
        )* }
        $($others:tt)*
    ) => {
        $(problem! { $(#[$doc])* $refusal $problem [$($fields)?] $data })*

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
            $($refusal($problem),)*
        }
    };
}

types::refusals!(declare);

#[ComplexObject]
impl InvalidInputProblem {
    /// Every invalid field, in the order of the checks, up to 100; `path` and `message` are those of the first.
    async fn fields(&self) -> Vec<InvalidField> {
        self.refusal.fields().into_iter().cloned().map(Into::into).collect()
    }
}

#[ComplexObject]
impl NightsUnavailableProblem {
    /// The nights in conflict, in order; all are nights of the request.
    async fn nights(&self) -> Vec<Date> {
        self.refusal.conflicts.iter().map(|conflict| Date(conflict.night)).collect()
    }

    /// The same nights, each with its reason.
    async fn conflicts(&self) -> Vec<NightConflict> {
        self.refusal.conflicts.iter().copied().map(Into::into).collect()
    }
}

#[ComplexObject]
impl StayNotAllowedProblem {
    /// Every rule that the stay breaks, each once.
    async fn violations(&self) -> Vec<StayViolation> {
        self.refusal.violations.iter().cloned().map(Into::into).collect()
    }
}

#[ComplexObject]
impl QuoteExpiredProblem {
    /// The new quote; null when the stay can no longer be booked.
    async fn quote(&self, ctx: &Context<'_>) -> Option<Result<Quote>> {
        find_quote(ctx, self.refusal.quote?).await.transpose()
    }

    /// How its price differs from the old one; empty when it does not.
    async fn differences(&self) -> Vec<PriceDifference> {
        self.refusal.differences.iter().cloned().map(Into::into).collect()
    }
}

#[ComplexObject]
impl StateConflictProblem {
    /// The current booking; null when the viewer may not see it.
    async fn current_booking(&self, ctx: &Context<'_>) -> Option<Result<Booking>> {
        find_booking(ctx, self.refusal.booking?).await.transpose()
    }
}

#[ComplexObject]
impl AccountInUseProblem {
    /// Open bookings: at most 20 as a guest, and at most 20 as a host.
    async fn bookings(&self, ctx: &Context<'_>) -> Option<Result<Vec<Booking>>> {
        let bookings = join_all(self.refusal.bookings.iter().map(|id| find_booking(ctx, *id))).await;
        Some(bookings.into_iter().filter_map(Result::transpose).collect())
    }
}

#[ComplexObject]
impl PaymentDeclinedProblem {
    /// The payment.
    async fn payment(&self, ctx: &Context<'_>) -> Result<Payment> {
        let payment = find_payment(ctx, self.refusal.payment).await?;
        Ok(payment.ok_or_else(|| Error::not_found("payment", "payment"))?)
    }

    /// Why.
    async fn decline_reason(&self) -> DeclineReason {
        self.refusal.reason
    }
}

#[ComplexObject]
impl SecondFactorRequiredProblem {
    /// The text that proves that the password was right, for `completeSignIn`. It grants no access by itself; keep it in memory only.
    async fn challenge(&self) -> &str {
        self.refusal.challenge.text()
    }

    /// What `completeSignIn` takes.
    async fn methods(&self) -> &[IdentityMethod] {
        &self.refusal.methods
    }

    /// Until when the challenge can be used.
    async fn expires_at(&self) -> Timestamp {
        self.refusal.expires_at
    }
}

#[ComplexObject]
impl LimitReachedProblem {
    /// How many one can have.
    async fn limit(&self) -> i32 {
        self.refusal.limit
    }
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
