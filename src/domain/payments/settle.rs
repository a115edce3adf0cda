//! Money back, and everything that the provider must still be told.

use chrono::Duration;

use super::{apply, pay::mode};
use crate::{
    app::App,
    error::Result,
    store::{self, Conn, bookings::Booking, payments::Refund},
    types::{BookingId, Money, PaymentStatus, RefundId, RefundReason, RefundStatus, Timestamp},
};

/// A provider's answer that has not come after this long is asked for again.
const PATIENCE: Duration = Duration::seconds(60);

/// Decides that `amount` goes back to the guest, from what was taken and not yet given back. Returns what could be decided.
pub(crate) async fn decide_refund(
    app: &App,
    tx: &mut Conn,
    booking: &Booking,
    amount: i64,
    reason: RefundReason,
    now: Timestamp,
) -> Result<i64> {
    let mut left = amount;
    for payment in store::payments::of_booking(tx, booking.id).await? {
        let part = left.min(payment.captured - payment.refunded);
        if part <= 0 || payment.status != PaymentStatus::Captured {
            continue;
        }
        let refund = Refund {
            id: RefundId::new(now, &*app.entropy),
            payment_id: payment.id,
            booking_id: booking.id,
            currency: booking.currency,
            amount: part,
            reason,
            status: RefundStatus::Pending,
            created_at: now,
            updated_at: now,
        };
        store::payments::insert_refund(tx, &refund).await?;
        left -= part;
    }
    Ok(amount - left)
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
        let amount = Money::new(refund.amount, refund.currency);
        match app.payments.refund(refund.id, refund.payment_id, amount).await {
            Ok(()) => {
                store::payments::settle_refund(&mut app.conn().await?, refund.id, app.now()).await?;
            }
            Err(error) => tracing::warn!(refund = %refund.id, %error, "the refund is not sent yet"),
        }
    }
    for payment in orphans {
        match app.payments.void(payment.id).await {
            Ok(intent) => {
                apply(app, payment.id, &intent).await?;
            }
            Err(error) => tracing::warn!(payment = %payment.id, %error, "the reservation is not let go yet"),
        }
    }
    Ok(())
}

/// Asks the provider again about payments whose answer was never written: a server died, or the provider was away.
///
/// # Errors
/// When the database fails.
pub async fn resume_unanswered(app: &App) -> Result<()> {
    let waiting = store::payments::unanswered(&mut app.conn().await?, app.now() - PATIENCE, 100).await?;
    for payment in waiting {
        let intent = payment.intent(mode(app, &payment).await?)?;
        match app.payments.create(intent).await {
            Ok(intent) => {
                apply(app, payment.id, &intent).await?;
            }
            Err(error) => tracing::warn!(payment = %payment.id, %error, "the payment is not answered yet"),
        }
    }
    Ok(())
}
