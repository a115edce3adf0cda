//! Money in: payments of guests, and what the provider says of them.
//!
//! Nothing calls the provider inside a transaction. A payment is written first, then the provider is asked with the payment's id as its
//! idempotency key, then the answer is written; a crash between two steps leaves a payment that the worker asks about again.

mod apply;
mod pay;
mod settle;

pub use pay::{BookingRef, confirm, pay};
pub(super) use settle::{decide_refund, is_in_flight};
pub use settle::{resume_unanswered, settle_open, settle_soon};

pub use store::payments::{Payment, Refund};

use apply::{Applied, apply};
use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    bookings::status_at,
    idempotency::{self, Once},
};
use auth::Member;
pub use providers::payments::PaymentMethod;
use providers::payments::{Answer, CaptureMode, Intent, NewIntent, ProviderError};
use store::{bookings::Booking, idempotency::Intention};
use types::{
    BookingId, BookingStatus, Money, PaymentId, PaymentStatus, RefundId, Timestamp,
    error::{Error, NightConflict, NightsUnavailable, PaymentDeclined, PaymentUnavailable, Refusal, Result},
};

/// What is kept under an idempotency key: the payment to answer with again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The payment.
    pub payment: PaymentId,
    /// Its booking.
    pub booking: BookingId,
    /// How it ended for the one who asked; None while the provider's answer is awaited.
    ending: Option<Ending>,
    /// What took the nights of a request before its money was authorized.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    conflicts: Vec<NightConflict>,
}

impl Kept {
    /// Of a payment that is about to be asked for.
    fn awaited(payment: PaymentId, booking: BookingId) -> Self {
        Self { payment, booking, ending: None, conflicts: Vec::new() }
    }
}

/// How a payment ended for the one who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Ending {
    /// It went on.
    Good,
    /// The provider declined.
    Declined,
    /// It came when the booking did not wait for it any more.
    Late,
}

/// The payment as the provider is asked for it.
fn intent_of(payment: &Payment, capture: CaptureMode) -> Result<NewIntent> {
    Ok(NewIntent {
        payment: payment.id,
        amount: Money::new(payment.amount, payment.currency),
        method: payment.method.parse().map_err(anyhow::Error::from)?,
        capture,
    })
}

/// Takes the money that was reserved, and confirms the booking with it.
///
/// # Errors
/// [`Refusal::PaymentUnavailable`], [`Refusal::PaymentDeclined`], [`Refusal::StateConflict`].
pub(super) async fn capture(app: &App, payment: Payment) -> Result<()> {
    if let (PaymentStatus::Declined, Some(reason)) = (payment.status, payment.decline_reason) {
        return Err(Refusal::PaymentDeclined(PaymentDeclined { payment: payment.id, reason }).into());
    }
    let answer = app.payments.capture(intent_of(&payment, CaptureMode::Manual)?);
    let Applied { payment, booking, .. } = conclude(app, payment.id, answer).await?;
    tell(&payment, ending(&payment, &booking, app.now()), &[])
}

/// The provider's answer, if it comes in time.
async fn answer_of<T>(app: &App, answer: Answer<'_, T>) -> Result<T> {
    let answer = tokio::time::timeout(app.terms.provider_answer, answer).await;
    let answer = answer.unwrap_or_else(|_| Err(ProviderError("it takes too long".to_owned())));
    answer.map_err(|error| {
        tracing::warn!(%error, "the payment provider did not answer");
        Refusal::PaymentUnavailable(PaymentUnavailable).into()
    })
}

/// Writes the provider's answer. What came too late goes back at once.
async fn conclude(app: &App, id: PaymentId, answer: Answer<'_, Intent>) -> Result<Applied> {
    let intent = answer_of(app, answer).await?;
    let applied = apply(app, id, &intent).await?;
    if ending(&applied.payment, &applied.booking, app.now()) == Ending::Late {
        settle_soon(app, applied.booking.id).await;
    }
    Ok(applied)
}

/// Whether `booking` still waits for money at `now`.
fn is_awaited(booking: &Booking, now: Timestamp) -> bool {
    matches!(status_at(booking, now), BookingStatus::PendingPayment | BookingStatus::Requested)
}

/// How a payment ended, by what it and its booking are now.
fn ending(payment: &Payment, booking: &Booking, now: Timestamp) -> Ending {
    let waits = is_awaited(booking, now);
    let paid_for_it = booking.confirmed_at.is_some() && payment.refunded < payment.captured;
    let was_given_back = booking.confirmed_at.is_some() && booking.cancelled_at.is_some();
    match payment.status {
        PaymentStatus::Declined => Ending::Declined,
        PaymentStatus::Captured if paid_for_it || was_given_back => Ending::Good,
        PaymentStatus::RequiresConfirmation | PaymentStatus::Authorized | PaymentStatus::Processing if waits => {
            Ending::Good
        }
        _ => Ending::Late,
    }
}

/// What an ending means for the one who pays; `conflicts` are what took the nights meanwhile.
fn tell(payment: &Payment, ending: Ending, conflicts: &[NightConflict]) -> Result<()> {
    if ending == Ending::Late {
        NightsUnavailable::unless_free(conflicts.to_vec())?;
    }
    let late = |message: &str| Err(Error::state(Some(payment.booking_id), message));
    match (ending, payment.decline_reason) {
        (Ending::Declined, Some(reason)) => {
            Err(Refusal::PaymentDeclined(PaymentDeclined { payment: payment.id, reason }).into())
        }
        (Ending::Late, _) if payment.captured > 0 => late("The payment is no longer needed. It will be refunded."),
        (Ending::Late, _) => late("The booking is no longer waiting for this payment. You were not charged."),
        (Ending::Good | Ending::Declined, _) => Ok(()),
    }
}

/// Keeps how a payment ended, so that the same key is answered the same way whatever happens later, and tells it.
async fn finish(app: &App, intention: &Intention<'_>, kept: Once<Kept>, applied: Applied) -> Result<Once<Kept>> {
    let Applied { payment, booking, conflicts } = applied;
    let ending = ending(&payment, &booking, app.now());
    let answer = Kept { ending: Some(ending), conflicts, ..kept.answer };
    app.database.write(async |conn| idempotency::keep(conn, intention, answer.clone()).await).await?;
    tell(&payment, ending, &answer.conflicts)?;
    Ok(Once { answer, replayed: kept.replayed })
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

/// Those of `ids` whose stay `guest` booked.
///
/// # Errors
/// When the database fails.
pub async fn visible_refunds(app: &App, guest: &Member, ids: &[RefundId]) -> Result<Vec<Refund>> {
    Ok(store::payments::visible_refunds_by_ids(&mut app.conn().await?, guest.id(), ids).await?)
}

/// Those of `ids` that `host` hosts and for which money is reserved.
///
/// # Errors
/// When the database fails.
pub async fn reserved_of_host(app: &App, host: &Member, ids: &[BookingId]) -> Result<Vec<BookingId>> {
    Ok(store::payments::reserved_of_host(&mut app.conn().await?, host.id(), ids).await?)
}

/// What the cancellation of a booking gave back, in minor units. For callers who have shown that they may see the booking.
///
/// # Errors
/// When the database fails.
pub async fn refunded_of(app: &App, booking: BookingId) -> Result<i64> {
    Ok(store::payments::refunded_of(&mut app.conn().await?, booking).await?)
}
