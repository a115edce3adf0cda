//! Cancellations and their refunds.

use serde::Serialize;
use serde_json::json;

use super::{
    Idempotent, StoredBooking, apply_elapsed, idempotency, lock_as, outbox, payments, status_at, transitions, zone,
};
use crate::{
    app::App,
    audit::{self, NewEntry, Subject},
    cancellation,
    events::{self, Actor},
    listings::access,
    rule_sets::RuleSet,
    timezones,
};
use auth::{Member, Staff};
use mysql_engine::Conn;
use store::bookings::{Booking, Change};
use types::{
    AuditAction, BookingAction, BookingEventKind, BookingId, BookingStatus, IdempotencyKey, Money, PriceLine,
    RefundReason, Side, Timestamp, UserId,
    error::{Error, Refusal, Result, StateConflict},
};

/// The refund of a cancellation by the guest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// The instant of the cancellation.
    pub at: Timestamp,
    /// Line by line.
    pub lines: Vec<PriceLine>,
    /// The total refund, in minor units.
    pub refund: i64,
    /// What is not refunded, in minor units.
    pub kept: i64,
}

/// A canceled booking.
pub type Cancelled = Idempotent<StoredBooking>;

/// The refund of a cancellation by the guest at `at`; None when the booking can no longer be canceled then. The real cancellation uses the
/// same function.
///
/// # Errors
/// When stored data is damaged.
pub fn preview(booking: &Booking, at: Timestamp) -> Result<Option<Preview>> {
    if !transitions::is_allowed(Side::Guest, BookingAction::Cancel, status_at(booking, at)) {
        return Ok(None);
    }
    let Some(timeline) = &booking.cancellation_timeline else {
        // Nothing was paid.
        return Ok(Some(Preview { at, lines: Vec::new(), refund: 0, kept: 0 }));
    };
    let refund = left_of(booking, cancellation::refund_at(&timeline.read()?, at));
    let lines = cancellation::refund_lines(&booking.price_lines.read()?, booking.check_in_at, at, refund);
    Ok(Some(Preview { at, lines, refund, kept: booking.total - booking.staff_refunded - refund }))
}

/// What is still to be refunded of `refund`: staff may have refunded a part of the price before.
pub(super) fn left_of(booking: &Booking, refund: i64) -> i64 {
    refund.min(booking.total - booking.staff_refunded).max(0)
}

/// The refund of the canceled `booking`, line by line, from its total.
///
/// # Errors
/// When stored data is damaged.
pub fn refunded_lines(booking: &Booking, refunded: i64) -> Result<Vec<PriceLine>> {
    let at = booking.cancelled_at.unwrap_or(booking.updated_at);
    let lines = booking.price_lines.read()?;
    Ok(if refunded == 0 { Vec::new() } else { cancellation::refund_lines(&lines, booking.check_in_at, at, refunded) })
}

/// A cancellation by staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeskCancellation {
    /// The booking.
    pub booking: BookingId,
    /// For whom: its rules apply.
    pub side: Side,
    /// The refund that staff expect, in minor units.
    pub expected_refund: Option<i64>,
    /// Why.
    pub reason: String,
}

impl DeskCancellation {
    fn entry(&self, (by, party): (UserId, UserId), before: BookingStatus, refund: Money) -> NewEntry {
        NewEntry {
            actor: Some(by),
            on_behalf_of: Some(party),
            action: AuditAction::BookingCancelled,
            subject: Subject::Booking(self.booking),
            reason: self.reason.clone(),
            before: json!({ "status": before }),
            after: json!({ "status": BookingStatus::Cancelled, "refund": refund.to_string() }),
        }
    }
}

/// Cancels a booking on behalf of its guest or host, by the rules of that side. Past deadlines and states bind staff too.
///
/// # Errors
/// Problems of the contract's `deskCancelBooking`.
pub async fn cancel_on_behalf(
    app: &App,
    staff: &Staff,
    order: &DeskCancellation,
    key: &IdempotencyKey,
) -> Result<Cancelled> {
    let request = idempotency::request(staff.member(), "deskCancelBooking", key, order)?;
    let (now, id) = (app.now(), order.booking);
    let (cancelled, booking) = app
        .database
        .transaction(async |tx| {
            let canceled = StoredBooking { booking: id };
            if let Some(stored) = idempotency::claim_with(tx, &request, &canceled, now).await? {
                return Ok((stored, None));
            }
            let booking = store::bookings::lock(tx, id).await?;
            let booking = booking.ok_or_else(|| Error::not_found("bookingId", "booking"))?;
            refuse_concerned(tx, staff.member().id(), &booking).await?;
            let before = status_at(&booking, now);
            let refund = check_refund(tx, &booking, order.side, order.expected_refund, now).await?;
            let party = match order.side {
                Side::Guest => booking.guest_id,
                Side::Host => booking.host_id,
            };
            let actor = Actor::Staff { by: staff.member().id(), on_behalf_of: party };
            let booking = end(app, tx, booking, (order.side, actor), refund, now).await?;
            let entry = order.entry((staff.member().id(), party), before, Money::new(refund, booking.currency));
            audit::append(app, tx, vec![entry], now).await?;
            Ok::<_, Error>((Idempotent::new(canceled), Some(booking)))
        })
        .await?;
    if let Some(booking) = booking {
        events::announce(app, &booking);
        outbox::run_group(app, id).await;
    }
    Ok(cancelled)
}

/// Refuses staff who are the guest or the host of a booking, or help its host: what they decide about it moves money to them or theirs.
pub(crate) async fn refuse_concerned(tx: &mut Conn, staff: UserId, booking: &Booking) -> Result<()> {
    if staff == booking.guest_id || access::concerns(tx, staff, booking.listing_id, booking.host_id).await? {
        return Err(Error::state(Some(booking.id), "This booking concerns you. Ask a colleague."));
    }
    Ok(())
}

/// As [`refund_to_decide`], unless a payment is being captured.
async fn check_refund(
    tx: &mut Conn,
    booking: &Booking,
    side: Side,
    expected: Option<i64>,
    now: Timestamp,
) -> Result<i64> {
    let refund = refund_to_decide(booking, side, expected, now)?;
    if booking.confirmed_at.is_none() {
        payments::refuse_while_captured(tx, booking).await?;
    }
    Ok(refund)
}

/// Cancels a booking, as guest or host. The refund is decided in the same transaction and sent to the provider afterwards, by this call or
/// by the worker.
///
/// # Errors
/// Problems of the contract's `cancelBooking`.
pub async fn cancel(
    app: &App,
    member: &Member,
    id: BookingId,
    expected_refund: Option<i64>,
    key: &IdempotencyKey,
) -> Result<Cancelled> {
    let request = idempotency::request(member, "cancelBooking", key, &(id, expected_refund))?;
    let now = app.now();
    let (cancelled, booking) = app
        .database
        .transaction(async |tx| {
            let canceled = StoredBooking { booking: id };
            if let Some(stored) = idempotency::claim_with(tx, &request, &canceled, now).await? {
                return Ok((stored, None));
            }
            let (booking, side) = lock_as(tx, id, member, None).await?;
            let refund = check_refund(tx, &booking, side, expected_refund, now).await?;
            let actor = Actor::on_side(side, member.id());
            let booking = end(app, tx, booking, (side, actor), refund, now).await?;
            Ok::<_, Error>((Idempotent::new(canceled), Some(booking)))
        })
        .await?;
    if let Some(booking) = booking {
        events::announce(app, &booking);
        outbox::run_group(app, id).await;
    }
    Ok(cancelled)
}

/// The amount to refund, if `side` can cancel now and expects the right amount.
fn refund_to_decide(booking: &Booking, side: Side, expected: Option<i64>, now: Timestamp) -> Result<i64> {
    let status = status_at(booking, now);
    if !transitions::is_allowed(side, BookingAction::Cancel, status) {
        let label = transitions::label(status);
        return Err(Error::state(Some(booking.id), format!("The booking is {label}. You cannot cancel it.")));
    }
    let refund = match side {
        Side::Guest => preview(booking, now)?.map_or(0, |preview| preview.refund),
        Side::Host => left_of(booking, by_rules(booking, side, now)?),
    };
    if expected.is_some_and(|expected| expected != refund) {
        let amount = Money::new(refund, booking.currency);
        let message = format!("The refund is now {amount}. Nothing was canceled. Review the new refund and try again.");
        return Err(
            Refusal::StateConflict(StateConflict { booking: Some(booking.id), message, retryable: false }).into()
        );
    }
    Ok(refund)
}

/// What the rules of `side` refund of a booking that is canceled now, whatever staff have refunded before.
fn by_rules(booking: &Booking, side: Side, now: Timestamp) -> Result<i64> {
    match (side, &booking.cancellation_timeline) {
        _ if booking.confirmed_at.is_none() => Ok(0),
        (Side::Host, _) => Ok(booking.total),
        (Side::Guest, Some(timeline)) => Ok(cancellation::refund_at(&timeline.read()?, now)),
        (Side::Guest, None) => Ok(0),
    }
}

async fn end(
    app: &App,
    tx: &mut Conn,
    booking: Booking,
    (side, actor): (Side, Actor),
    refund: i64,
    now: Timestamp,
) -> Result<Booking> {
    let (booking, mut events) = apply_elapsed(tx, booking, now).await?;
    let change = Change {
        cancelled_at: Some(now),
        // Refunds by staff are not at the expense of the host.
        host_payout: payout_after(&booking, by_rules(&booking, side, now)?, now)?,
        // A guest who cancels an unpaid booking waits before booking the same listing again.
        held_until: booking.held_until.filter(|_| side == Side::Guest).map(|end| end.min(now)),
        ..Change::to(&booking, BookingStatus::Cancelled, now)
    };
    store::bookings::update(tx, booking.id, &change).await?;
    // Past nights stay for the record.
    let from = match booking.status {
        BookingStatus::CheckedIn => Some(local_day(app, tx, &booking, now).await?),
        _ => None,
    };
    store::nights::release(tx, booking.id, from).await?;
    let (kind, reason) = match side {
        Side::Guest => (BookingEventKind::CancelledByGuest, RefundReason::GuestCancelled),
        Side::Host => (BookingEventKind::CancelledByHost, RefundReason::HostCancelled),
    };
    events.push(actor.event(kind));
    for (refund, payment, amount) in payments::decide_refund(app, tx, &booking, refund, reason, now).await? {
        events.push(actor.event(BookingEventKind::RefundCreated).of_refund(refund, payment).of_amount(amount));
    }
    events::append(app, tx, &booking, events, now).await?;
    Ok(booking)
}

/// What the host earns from a booking that is canceled now with this `refund`: the host's part of what is not refunded.
fn payout_after(booking: &Booking, refund: i64, now: Timestamp) -> Result<i64> {
    if booking.confirmed_at.is_none() {
        return Ok(0);
    }
    let rules = RuleSet::of(booking.rules);
    let lines = booking.price_lines.read()?;
    Ok(cancellation::payout_after(&lines, booking.check_in_at, now, refund, rules))
}

async fn local_day(app: &App, tx: &mut Conn, booking: &Booking, now: Timestamp) -> Result<chrono::NaiveDate> {
    Ok(timezones::local_date(&zone(&app.time_zones(), tx, booking).await?, now))
}
