//! Money back, and everything that the provider must still be told.

use chrono::Duration;

use super::{answer_of, apply, conclude, intent_of, is_awaited, pay::mode};
use crate::app::App;
use mysql_engine::Conn;
use store::{
    bookings::Booking,
    payments::{Payment, Refund},
};
use types::{
    BookingId, Money, PaymentId, PaymentStatus, RefundId, RefundReason, RefundStatus, Timestamp,
    error::{Error, Result},
};

/// A provider's answer that has not come after this long is asked for again.
const PATIENCE: Duration = Duration::seconds(60);

/// Decides that `amount` goes back to the guest, from what was captured and not yet refunded. Returns the refunds, each with
/// its payment and amount.
pub(crate) async fn decide_refund(
    app: &App,
    tx: &mut Conn,
    booking: &Booking,
    amount: i64,
    reason: RefundReason,
    now: Timestamp,
) -> Result<Vec<(RefundId, PaymentId, Money)>> {
    let (mut left, mut refunds) = (amount, Vec::new());
    for payment in store::payments::of_booking(tx, booking.id).await? {
        let part = left.min(payment.captured - payment.refunded);
        if part <= 0 || payment.status != PaymentStatus::Captured {
            continue;
        }
        let refund = refund_part(app, tx, &payment, (part, reason), now).await?;
        refunds.push((refund, payment.id, Money::new(part, payment.currency)));
        left -= part;
    }
    Ok(refunds)
}

/// Whether money may be on its way for `booking`, which the transaction has locked: the provider was asked, and its answer is not written.
pub(crate) async fn is_in_flight(tx: &mut Conn, booking: BookingId) -> Result<bool> {
    let is_awaited = |payment: &Payment| payment.status == PaymentStatus::Processing || payment.asked_at.is_some();
    Ok(store::payments::of_booking(tx, booking).await?.iter().any(is_awaited))
}

/// Decides that part of what `payment` has taken goes back.
pub(super) async fn refund_part(
    app: &App,
    tx: &mut Conn,
    payment: &Payment,
    (amount, reason): (i64, RefundReason),
    now: Timestamp,
) -> Result<RefundId> {
    let refund = Refund {
        id: RefundId::new(now, &*app.entropy),
        payment_id: payment.id,
        booking_id: payment.booking_id,
        currency: payment.currency,
        amount,
        reason,
        status: RefundStatus::Pending,
        created_at: now,
        updated_at: now,
    };
    store::payments::insert_refund(tx, &refund).await?;
    Ok(refund.id)
}

/// Tells the provider now what a booking's end means. What fails stays for the worker.
pub async fn settle_soon(app: &App, booking: BookingId) {
    if let Err(error) = settle(app, Some(booking), app.now()).await {
        tracing::warn!(%booking, error = format!("{error:#}"), "not settled yet; the worker tries again");
    }
}

/// Tells the provider everything that it has not been told: refunds, and reservations to let go. Every call may be repeated.
///
/// # Errors
/// When the database fails.
pub async fn settle_open(app: &App) -> Result<()> {
    settle(app, None, app.now() - PATIENCE).await
}

async fn settle(app: &App, only: Option<BookingId>, before: Timestamp) -> Result<()> {
    let (refunds, orphans) = {
        let conn = &mut app.conn().await?;
        let refunds = store::payments::pending_refunds(conn, only, before, 100).await?;
        (refunds, store::payments::orphaned(conn, only, 100).await?)
    };
    for refund in refunds {
        if let Err(error) = give_back(app, &refund).await {
            tracing::warn!(refund = %refund.id, error = format!("{error:#}"), "the refund is not sent yet");
        }
    }
    for payment in orphans {
        if let Err(error) = let_go(app, payment.id).await {
            tracing::warn!(payment = %payment.id, error = format!("{error:#}"), "the reservation is not let go yet");
        }
    }
    Ok(())
}

async fn give_back(app: &App, refund: &Refund) -> Result<()> {
    let amount = Money::new(refund.amount, refund.currency);
    answer_of(app, app.payments.refund(refund.id, refund.payment_id, amount)).await?;
    let now = app.now();
    app.database
        .write(async |conn| {
            store::payments::settle_refund(conn, refund.id, now).await?;
            Ok(())
        })
        .await
}

async fn let_go(app: &App, payment: PaymentId) -> Result<()> {
    let intent = answer_of(app, app.payments.void(payment)).await?;
    apply(app, payment, &intent).await?;
    Ok(())
}

/// Asks the provider again about payments whose answer was never written: a server died, or the provider was away.
///
/// # Errors
/// When the database fails.
pub async fn resume_unanswered(app: &App) -> Result<()> {
    let waiting = store::payments::unanswered(&mut app.conn().await?, app.now() - PATIENCE, 100).await?;
    for payment in waiting {
        if let Err(error) = resume(app, &payment).await {
            tracing::warn!(payment = %payment.id, error = format!("{error:#}"), "the payment is not answered yet");
        }
    }
    Ok(())
}

async fn resume(app: &App, payment: &Payment) -> Result<()> {
    // To the end of the queue: one that is never answered keeps no other from its turn.
    let now = app.now();
    let is_awaited_still = app
        .database
        .write(async |conn| Ok::<_, Error>(store::payments::ask_again(conn, payment.id, now).await?))
        .await?;
    if !is_awaited_still {
        return Ok(());
    }
    let booking = store::bookings::find(&mut app.conn().await?, payment.booking_id).await?;
    let waits = booking.is_some_and(|booking| is_awaited(&booking, app.now()));
    let intent = intent_of(payment, mode(app, payment).await?)?;
    let answer = match payment.status {
        PaymentStatus::RequiresConfirmation if waits => app.payments.confirm(intent),
        PaymentStatus::Authorized if waits => app.payments.capture(intent),
        // Too late to take it: if it was taken already, the provider says so.
        PaymentStatus::RequiresConfirmation | PaymentStatus::Authorized => app.payments.void(payment.id),
        _ => app.payments.create(intent),
    };
    conclude(app, payment.id, answer).await?;
    Ok(())
}
