//! Refunds by staff, apart from a cancellation: of any part of what was captured for a booking and not yet refunded.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::refunds::{refund_part, split};
use crate::{
    app::App,
    audit::{self, NewEntry, Subject},
    bookings,
    events::{self, Actor, NewEvent},
    idempotency::{self, Idempotent},
    outbox,
};
use auth::{Finance, Member, Recent};
use mysql_engine::Conn;
use store::{bookings::Booking, payments::Payment};
use types::{
    AuditAction, BookingEventKind, BookingId, Currency, IdempotencyKey, Money, PaymentId, PaymentStatus, RefundReason,
    Timestamp,
    error::{Error, Result},
};

/// What to refund from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum RefundTarget {
    /// From all payments of a booking, the oldest first.
    Booking(BookingId),
    /// From this payment alone.
    Payment(PaymentId),
}

/// A refund by staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeskRefund {
    /// From what.
    pub target: RefundTarget,
    /// In minor units, at least 1.
    pub amount: i64,
    /// The currency that staff expect.
    pub currency: Currency,
    /// Why.
    pub reason: String,
}

/// The stored response.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecidedRefund {
    /// The booking.
    pub booking: BookingId,
    /// What is refunded from which payment, the oldest first.
    pub parts: Vec<(PaymentId, i64)>,
    /// What can be refunded of the target afterwards, in minor units.
    pub refundable: i64,
    /// Currency of the amounts.
    pub currency: Currency,
}

/// What a refund does, under the lock of its booking.
struct Plan {
    booking: Booking,
    parts: Vec<(Payment, i64)>,
    decided: DecidedRefund,
    refunded_before: i64,
}

/// What `order` would do now. Nothing is changed.
///
/// # Errors
/// As [`run`].
pub async fn dry_run(app: &App, finance: &Recent<Finance>, order: &DeskRefund) -> Result<DecidedRefund> {
    Ok(app.database.transaction(async |tx| plan(tx, finance.member(), order).await).await?.decided)
}

/// Decides a refund; it is sent to the provider afterwards, by this call or by the worker.
///
/// # Errors
/// Problems of the contract's `deskRefund`.
pub async fn run(
    app: &App,
    finance: &Recent<Finance>,
    order: &DeskRefund,
    key: &IdempotencyKey,
) -> Result<Idempotent<DecidedRefund>> {
    let request = idempotency::request(finance.member(), "deskRefund", key, order)?;
    let now = app.now();
    let (done, booking) = app
        .database
        .transaction(async |tx| {
            if let Some(stored) = idempotency::claim::<DecidedRefund>(tx, &request, now).await? {
                return Ok((stored, None));
            }
            let plan = plan(tx, finance.member(), order).await?;
            let done = idempotency::store(tx, &request, plan.decided.clone()).await?;
            apply(app, tx, finance.member(), order, &plan, now).await?;
            Ok::<_, Error>((done, Some(plan.booking)))
        })
        .await?;
    if let Some(booking) = booking {
        events::announce(app, &booking);
        outbox::run_group(app, booking.id).await;
    }
    Ok(done)
}

async fn plan(tx: &mut Conn, by: &Member, order: &DeskRefund) -> Result<Plan> {
    let id = match order.target {
        RefundTarget::Booking(id) => id,
        RefundTarget::Payment(id) => {
            store::payments::find(tx, id).await?.ok_or_else(|| Error::not_found("target", "payment"))?.booking_id
        }
    };
    let booking = store::bookings::lock(tx, id).await?.ok_or_else(|| Error::not_found("target", "booking"))?;
    bookings::refuse_concerned(tx, by.id(), &booking).await?;
    if booking.currency != order.currency {
        let message = format!("The booking is in {}.", booking.currency);
        return Err(Error::invalid(&["currency"], message));
    }
    let mut payments = store::payments::of_booking(tx, id).await?;
    let refunded_before = payments.iter().map(|payment| payment.refunded).sum();
    if let RefundTarget::Payment(only) = order.target {
        payments.retain(|payment| payment.id == only);
    }
    // What is being refunded counts as refunded since it was decided.
    payments.retain(|payment| payment.status == PaymentStatus::Captured);
    let refundable: i64 = payments.iter().map(|payment| payment.captured - payment.refunded).sum();
    if order.amount > refundable {
        let most = Money::new(refundable, booking.currency);
        return Err(Error::state(Some(id), format!("At most {most} can be refunded. Nothing was refunded.")));
    }
    let parts = split(payments, order.amount);
    let decided = DecidedRefund {
        booking: id,
        parts: parts.iter().map(|(payment, part)| (payment.id, *part)).collect(),
        refundable: refundable - order.amount,
        currency: booking.currency,
    };
    Ok(Plan { booking, parts, decided, refunded_before })
}

/// Writes what is planned.
async fn apply(app: &App, tx: &mut Conn, by: &Member, order: &DeskRefund, plan: &Plan, now: Timestamp) -> Result<()> {
    let booking = &plan.booking;
    let actor = Actor::Staff { by: by.id(), on_behalf_of: booking.guest_id };
    let (mut events, mut refunds): (Vec<NewEvent>, Vec<_>) = (Vec::new(), Vec::new());
    for (payment, part) in &plan.parts {
        let refund = refund_part(app, tx, payment, (*part, RefundReason::StaffDecision), now).await?;
        let amount = Money::new(*part, payment.currency);
        events.push(actor.event(BookingEventKind::RefundCreated).of_refund(refund, payment.id).of_amount(amount));
        refunds.push(refund);
    }
    store::bookings::add_staff_refund(tx, booking.id, order.amount, now).await?;
    events::append(app, tx, booking, events, now).await?;
    let money = |minor| Money::new(minor, booking.currency).to_string();
    let entry = NewEntry {
        actor: Some(by.id()),
        on_behalf_of: Some(booking.guest_id),
        action: AuditAction::RefundDecided,
        subject: Subject::Booking(booking.id),
        reason: order.reason.clone(),
        before: json!({ "refunded": money(plan.refunded_before) }),
        after: json!({ "refunded": money(plan.refunded_before + order.amount), "refunds": refunds }),
    };
    audit::append(app, tx, vec![entry], now).await
}
