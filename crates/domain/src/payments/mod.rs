//! Payments of guests, and the provider's responses and notifications.
//!
//! The provider is never called inside a transaction. A payment is written first, together with an effect in the outbox; the effect is
//! performed after the commit. One function, `apply`, writes the provider's responses and notifications. States name what is in flight:
//! while a response is awaited, nothing else changes the payment, and after a crash the worker performs the effect.

mod apply;
mod cases;
pub mod desk_refunds;
mod effects;
mod inbox;
mod notices;
mod pay;
mod refunds;

pub(crate) use apply::Applied;
pub use cases::{close as close_case, list_open as open_cases};
pub use effects::retry;
pub(crate) use effects::{give_up, perform};
pub use inbox::{apply_received, receive};
pub use pay::{BookingRef, confirm, pay};
pub(super) use refunds::decide_refund;
pub use refunds::send_again;

pub use store::{
    payment_cards::PaymentCard,
    payments::{Payment, Refund},
};

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    bookings::status_at,
    idempotency::{self, Idempotent},
    outbox::{self, Effect, Failure},
};
use auth::Member;
use mysql_engine::Conn;
pub use providers::payments::PaymentMethod;
use providers::payments::{Answer, ProviderError};
pub use store::payment_cases::Case;
use store::{bookings::Booking, idempotency::IdempotentRequest};
use types::{
    BookingId, BookingStatus, EffectKind, PaymentId, PaymentStatus, RefundId, Timestamp, UserId,
    error::{
        Error, NightConflict, NightsUnavailable, PaymentDeclined, PaymentUnavailable, Refusal, Result, StateConflict,
    },
};

/// The stored response: a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredPayment {
    /// The payment.
    pub payment: PaymentId,
    /// Its booking.
    pub booking: BookingId,
    /// The outcome for the client; None while the provider's response is awaited.
    ending: Option<Ending>,
    /// Conflicts with nights of a request that were taken before its payment was authorized.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    conflicts: Vec<NightConflict>,
}

impl StoredPayment {
    /// A payment whose response is awaited.
    fn awaited(payment: PaymentId, booking: BookingId) -> Self {
        Self { payment, booking, ending: None, conflicts: Vec::new() }
    }
}

/// The outcome of a payment for the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Ending {
    /// It succeeded, or waits for the guest.
    Good,
    /// The provider declined.
    Declined,
    /// The booking no longer waited for it.
    Late,
}

/// The capture of an accepted request.
#[derive(Debug)]
pub(super) struct Capture {
    payment: Payment,
    /// None: an earlier request wrote it.
    effect: Option<Effect>,
}

/// Begins to capture the authorized payment of `booking`, which the transaction has locked and `by` accepts; None when there is none.
///
/// # Errors
/// [`Refusal::StateConflict`] when it is being captured already.
pub(super) async fn begin_capture(
    app: &App,
    tx: &mut Conn,
    booking: &Booking,
    by: UserId,
    now: Timestamp,
) -> Result<Option<Capture>> {
    let payments = store::payments::of_booking(tx, booking.id).await?;
    refuse_if_capturing(booking, &payments)?;
    let authorized = payments.into_iter().find(|payment| payment.status == PaymentStatus::Authorized);
    let Some(payment) = authorized else { return Ok(None) };
    store::payments::move_to(tx, payment.id, PaymentStatus::Capturing, now).await?;
    let effect = effects::order_capture(app, tx, &payment, by, now).await?;
    Ok(Some(Capture { payment, effect: Some(effect) }))
}

impl Capture {
    /// The capture that an earlier request began.
    pub(super) async fn begun(tx: &mut Conn, id: PaymentId) -> Result<Option<Self>> {
        Ok(store::payments::find(tx, id).await?.map(|payment| Self { payment, effect: None }))
    }

    /// The payment.
    pub(super) fn payment(&self) -> PaymentId {
        self.payment.id
    }

    /// Captures the payment, which confirms the booking.
    ///
    /// # Errors
    /// [`Refusal::PaymentUnavailable`], [`Refusal::PaymentDeclined`], [`Refusal::StateConflict`].
    pub(super) async fn finish(self, app: &App) -> Result<()> {
        let Applied { payment, booking, .. } =
            perform_or_wait(app, self.payment.id, EffectKind::CapturePayment, self.effect).await?;
        if matches!(payment.status, PaymentStatus::Authorized | PaymentStatus::Capturing) {
            return Err(Refusal::PaymentUnavailable(PaymentUnavailable).into());
        }
        check_ending(&payment, ending(&payment, &booking, app.now()), &[])
    }
}

/// Refuses while a payment of `booking`, which the transaction has locked, is being captured: the outcome must be known first.
///
/// # Errors
/// [`Refusal::StateConflict`].
pub(super) async fn refuse_while_captured(tx: &mut Conn, booking: &Booking) -> Result<()> {
    refuse_if_capturing(booking, &store::payments::of_booking(tx, booking.id).await?)
}

fn refuse_if_capturing(booking: &Booking, payments: &[Payment]) -> Result<()> {
    if !payments.iter().any(|payment| payment.status == PaymentStatus::Capturing) {
        return Ok(());
    }
    let message = "The host has accepted, and the payment is being captured. Try again in a moment.".to_owned();
    Err(Refusal::StateConflict(StateConflict { booking: Some(booking.id), message, retryable: true }).into())
}

/// Whether a payment of `booking`, which the transaction has locked, is in flight: the provider was called, and its response is not written
/// yet.
pub(super) async fn is_in_flight(tx: &mut Conn, booking: BookingId) -> Result<bool> {
    let is_awaited =
        |payment: &Payment| matches!(payment.status, PaymentStatus::Authorizing | PaymentStatus::Capturing);
    Ok(store::payments::of_booking(tx, booking).await?.iter().any(is_awaited))
}

/// Performs the effect of a payment, or waits while another server performs it. Returns the payment and its booking afterwards.
async fn perform_or_wait(app: &App, id: PaymentId, kind: EffectKind, effect: Option<Effect>) -> Result<Applied> {
    let applied = match effect {
        Some(effect) => outbox::attempt(app, &effect).await?,
        None => outbox::run_one(app, id, kind).await?,
    };
    if let Some(applied) = applied {
        return Ok(applied);
    }
    let conn = &mut app.conn().await?;
    let lost = || anyhow::anyhow!("payment {id} or its booking is not there");
    let payment = store::payments::find(conn, id).await?.ok_or_else(lost)?;
    let booking = store::bookings::find(conn, payment.booking_id).await?.ok_or_else(lost)?;
    Ok(Applied::unchanged(payment, booking))
}

/// The provider's response, if it comes in time.
async fn answer_of<T>(app: &App, answer: Answer<'_, T>) -> Result<T, Failure> {
    let answer = tokio::time::timeout(app.terms.provider_answer, answer).await;
    let late = |_| Err(ProviderError::Unavailable("it takes too long".to_owned()));
    answer.unwrap_or_else(late).map_err(Failure::Provider)
}

/// Whether `booking` still waits for payment at `now`.
fn is_awaited(booking: &Booking, now: Timestamp) -> bool {
    matches!(status_at(booking, now), BookingStatus::PendingPayment | BookingStatus::Requested)
}

/// The outcome of a payment, from its and its booking's state.
fn ending(payment: &Payment, booking: &Booking, now: Timestamp) -> Ending {
    let waits = is_awaited(booking, now);
    let paid_for_it = booking.confirmed_at.is_some() && payment.refunded < payment.captured;
    let was_given_back = booking.confirmed_at.is_some() && booking.cancelled_at.is_some();
    match payment.status {
        PaymentStatus::Declined => Ending::Declined,
        PaymentStatus::Captured if paid_for_it || was_given_back => Ending::Good,
        PaymentStatus::RequiresConfirmation
        | PaymentStatus::Authorized
        | PaymentStatus::Authorizing
        | PaymentStatus::Capturing
            if waits =>
        {
            Ending::Good
        }
        _ => Ending::Late,
    }
}

/// Turns an outcome into a result for the guest; `conflicts` are the nights that were taken meanwhile.
fn check_ending(payment: &Payment, ending: Ending, conflicts: &[NightConflict]) -> Result<()> {
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

/// Stores the outcome of a payment, so that the same key always gets the same response, and returns it.
async fn finish(
    app: &App,
    request: &IdempotentRequest<'_>,
    stored: Idempotent<StoredPayment>,
    applied: Applied,
) -> Result<Idempotent<StoredPayment>> {
    let Applied { payment, booking, conflicts } = applied;
    let ending = ending(&payment, &booking, app.now());
    let answer = StoredPayment { ending: Some(ending), conflicts, ..stored.answer };
    app.database.write(async |conn| idempotency::store(conn, request, answer.clone()).await).await?;
    check_ending(&payment, ending, &answer.conflicts)?;
    Ok(Idempotent { answer, replayed: stored.replayed })
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

/// The cards of those of `ids` that `guest` made.
///
/// # Errors
/// When the database fails.
pub async fn cards(app: &App, guest: &Member, ids: &[PaymentId]) -> Result<HashMap<PaymentId, PaymentCard>> {
    let cards = store::payment_cards::visible(&mut app.conn().await?, guest.id(), ids).await?;
    Ok(cards.into_iter().map(|card| (card.payment_id, card)).collect())
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

/// Those of `ids` that `host` hosts and for which money is authorized.
///
/// # Errors
/// When the database fails.
pub async fn authorized_of_host(app: &App, host: &Member, ids: &[BookingId]) -> Result<Vec<BookingId>> {
    Ok(store::payments::authorized_of_host(&mut app.conn().await?, host.id(), ids).await?)
}

/// What the cancellation of a booking refunded, in minor units. Callers must have checked access to the booking.
///
/// # Errors
/// When the database fails.
pub async fn refunded_of(app: &App, booking: BookingId) -> Result<i64> {
    Ok(store::payments::refunded_of(&mut app.conn().await?, booking).await?)
}
