//! Money in: payments of guests, and what the provider says of them.
//!
//! Nothing calls the provider inside a transaction. A payment is written first, then the provider is asked with the payment's id as its
//! idempotency key, then the answer is written; a crash between two steps leaves a payment that the worker asks about again.

mod apply;
mod pay;
mod settle;

pub use pay::{BookingRef, confirm, pay};
pub(super) use settle::decide_refund;
pub use settle::{resume_unanswered, settle_open, settle_soon};

pub use crate::store::payments::{Payment, Refund};

use apply::apply;
use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    auth::Member,
    error::{PaymentDeclined, PaymentUnavailable, Refusal, Result},
    outbound::payments::{CaptureMode, Intent, NewIntent, ProviderError},
    store,
    types::{BookingId, Money, PaymentId, PaymentStatus, RefundId},
};

/// What is kept under an idempotency key: the payment to answer with again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The payment.
    pub payment: PaymentId,
    /// Its booking.
    pub booking: BookingId,
}

impl Payment {
    /// The payment as the provider is asked for it.
    fn intent(&self, capture: CaptureMode) -> Result<NewIntent> {
        Ok(NewIntent {
            payment: self.id,
            amount: Money::new(self.amount, self.currency),
            method: self.method.parse().map_err(anyhow::Error::from)?,
            capture,
        })
    }
}

/// Takes the money that was reserved, and confirms the booking with it.
///
/// # Errors
/// [`Refusal::PaymentUnavailable`], [`Refusal::PaymentDeclined`], [`Refusal::StateConflict`].
pub(super) async fn capture(app: &App, payment: Payment) -> Result<()> {
    let answer = app.payments.capture(payment.intent(CaptureMode::Manual)?).await;
    conclude(app, payment.id, answer).await
}

/// Writes the provider's answer, and tells what it means for the one who asked.
async fn conclude(app: &App, id: PaymentId, answer: Result<Intent, ProviderError>) -> Result<()> {
    let intent = answer.map_err(|error| {
        tracing::warn!(payment = %id, %error, "the payment provider did not answer");
        Refusal::PaymentUnavailable(PaymentUnavailable)
    })?;
    let payment = apply(app, id, &intent).await?;
    if payment.refunded > 0 {
        settle_soon(app, payment.booking_id).await;
    }
    outcome(&payment)
}

/// What a payment's state means for the one who pays.
fn outcome(payment: &Payment) -> Result<()> {
    match (payment.status, payment.decline_reason) {
        (PaymentStatus::Declined, Some(reason)) => {
            Err(Refusal::PaymentDeclined(PaymentDeclined { payment: payment.id, reason }).into())
        }
        (PaymentStatus::Voided, _) => {
            let message = "The payment came after the booking had ended. No money was taken.";
            Err(crate::error::Error::state(Some(payment.booking_id), message))
        }
        (PaymentStatus::Captured, _) if payment.refunded == payment.captured => {
            let message = "The payment came after the booking had ended. The money goes back.";
            Err(crate::error::Error::state(Some(payment.booking_id), message))
        }
        _ => Ok(()),
    }
}

/// Those of `ids` that `guest` made.
///
/// # Errors
/// When the database fails.
pub async fn visible(app: &App, guest: &Member, ids: &[PaymentId]) -> Result<Vec<Payment>> {
    Ok(store::payments::visible(&mut app.conn().await?, guest.id(), ids).await?)
}

/// Payments of those of `ids` that `guest` booked, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn of_bookings(app: &App, guest: &Member, ids: &[BookingId]) -> Result<Vec<Payment>> {
    Ok(store::payments::visible_of_bookings(&mut app.conn().await?, guest.id(), ids).await?)
}

/// Refunds of those of `ids` that `guest` booked, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn refunds_of_bookings(app: &App, guest: &Member, ids: &[BookingId]) -> Result<Vec<Refund>> {
    Ok(store::payments::visible_refunds(&mut app.conn().await?, guest.id(), ids).await?)
}

/// The refund, if `guest` booked.
///
/// # Errors
/// When the database fails.
pub async fn visible_refund(app: &App, guest: &Member, id: RefundId) -> Result<Option<Refund>> {
    Ok(store::payments::visible_refund(&mut app.conn().await?, guest.id(), id).await?)
}

/// Those of `ids` that `host` hosts and for which money is reserved.
///
/// # Errors
/// When the database fails.
pub async fn reserved_of_host(app: &App, host: &Member, ids: &[BookingId]) -> Result<Vec<BookingId>> {
    Ok(store::payments::reserved_of_host(&mut app.conn().await?, host.id(), ids).await?)
}

/// What was given back for a booking in all, in minor units. For callers who have shown that they may see the booking.
///
/// # Errors
/// When the database fails.
pub async fn refunded_of(app: &App, booking: BookingId) -> Result<i64> {
    Ok(store::payments::refunded_of(&mut app.conn().await?, booking).await?)
}
