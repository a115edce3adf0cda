//! Refunds.

use super::cases;
use crate::{
    app::App,
    events::{self, Actor},
    outbox::{self, Effect, Failure, NewEffect},
};
use mysql_engine::{Conn, Database};
use store::{
    bookings::Booking,
    outbox::Ending,
    payments::{Payment, Refund},
};
use types::{
    BookingEventKind, BookingId, CaseKind, EffectKind, Money, PaymentId, PaymentStatus, RefundId, RefundReason,
    RefundStatus, Timestamp,
    error::{Error, Result},
};

/// Decides to refund `amount` to the guest, from what was captured and not yet refunded. Returns the refunds, each with its payment and
/// amount.
pub(crate) async fn decide_refund(
    app: &App,
    tx: &mut Conn,
    booking: &Booking,
    amount: i64,
    reason: RefundReason,
    now: Timestamp,
) -> Result<Vec<(RefundId, PaymentId, Money)>> {
    let mut payments = store::payments::of_booking(tx, booking.id).await?;
    payments.retain(|payment| payment.status == PaymentStatus::Captured);
    let mut refunds = Vec::new();
    for (payment, part) in split(payments, amount) {
        let refund = refund_part(app, tx, &payment, (part, reason), now).await?;
        refunds.push((refund, payment.id, Money::new(part, payment.currency)));
    }
    Ok(refunds)
}

/// Splits `amount` into what is refunded from each of `payments`, in their order; at most what they have captured and not yet refunded.
pub(super) fn split(payments: Vec<Payment>, amount: i64) -> Vec<(Payment, i64)> {
    let mut left = amount;
    let mut parts = Vec::new();
    for payment in payments {
        let part = left.min(payment.captured - payment.refunded);
        if part > 0 {
            left -= part;
            parts.push((payment, part));
        }
    }
    parts
}

/// Decides to refund part of what `payment` has captured.
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
    outbox::order(tx, &effect_of(refund.id, refund.booking_id), now).await?;
    Ok(refund.id)
}

fn effect_of(refund: RefundId, booking: BookingId) -> NewEffect<'static> {
    NewEffect { object_id: refund.into(), kind: EffectKind::SendRefund, group_id: booking.into(), payload: "{}" }
}

/// Sends a decided refund to the provider.
pub(super) async fn send(app: &App, effect: &Effect) -> Result<(), Failure> {
    let id = RefundId::from(effect.object_id);
    let refund = store::payments::find_refund(&mut app.conn().await?, id).await?;
    let refund = refund.ok_or_else(|| anyhow::anyhow!("refund {id} is not there"))?;
    if refund.status == RefundStatus::Pending {
        let (key, amount) = (outbox::key_of(effect, &id), Money::new(refund.amount, refund.currency));
        super::answer_of(app, app.payments.refund(key, refund.payment_id, amount)).await?;
    }
    let now = app.now();
    let sent = app.database.transaction(async |tx| {
        store::payments::lock_refund(tx, id).await?;
        store::payments::move_refund_to(tx, id, RefundStatus::Succeeded, now).await?;
        store::outbox::end(tx, effect, Ending::Done, now).await?;
        Ok::<_, Error>(())
    });
    Ok(sent.await?)
}

/// Gives up sending a refund: it has failed visibly for its guest, and a case is opened.
pub(super) async fn give_up(app: &App, effect: &Effect, ending: Ending<'_>, error: &str, now: Timestamp) -> Result<()> {
    let id = RefundId::from(effect.object_id);
    let booking = app
        .database
        .transaction(async |tx| {
            let booking = store::bookings::lock(tx, effect.group_id.into()).await?;
            let booking = booking.ok_or_else(|| anyhow::anyhow!("refund {id} without its booking"))?;
            let refund = store::payments::lock_refund(tx, id).await?;
            let refund = refund.ok_or_else(|| anyhow::anyhow!("refund {id} is not there"))?;
            if !store::outbox::end(tx, effect, ending, now).await? {
                return Ok(None);
            }
            store::payments::move_refund_to(tx, id, RefundStatus::Failed, now).await?;
            let amount = Money::new(refund.amount, refund.currency);
            let detail = format!("Refund {id} of {amount}: {error}");
            let about = (refund.payment_id, Some(booking.id));
            cases::open_for(app, tx, about, CaseKind::EffectFailed, &detail, now).await?;
            let failed = Actor::PaymentProvider.event(BookingEventKind::RefundFailed);
            events::append(app, tx, &booking, [failed.of_refund(id, refund.payment_id).of_amount(amount)], now).await?;
            Ok::<_, Error>(Some(booking))
        })
        .await?;
    if let Some(booking) = booking {
        events::announce(app, &booking);
    }
    Ok(())
}

/// Sends a failed refund again. False when it has not failed.
///
/// # Errors
/// When the database fails.
pub async fn send_again(database: &Database, id: RefundId, now: Timestamp) -> Result<bool> {
    database
        .transaction(async |tx| {
            let refund = store::payments::lock_refund(tx, id).await?;
            if refund.is_none_or(|refund| refund.status != RefundStatus::Failed) {
                return Ok(false);
            }
            store::payments::move_refund_to(tx, id, RefundStatus::Pending, now).await?;
            store::outbox::revive(tx, id.into(), now).await?;
            Ok::<_, Error>(true)
        })
        .await
}
