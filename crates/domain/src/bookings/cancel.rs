//! Cancellations, and what they give back.

use super::{Once, StoredBooking, apply_elapsed, idempotency, lock_as, outbox, payments, status_at, transitions, zone};
use crate::{
    app::App,
    cancellation,
    events::{self, Actor},
    rule_sets::RuleSet,
    timezones,
};
use auth::Member;
use mysql_engine::Conn;
use store::{
    bookings::{Booking, Change},
    idempotency::IdempotentRequest,
};
use types::{
    BookingAction, BookingEventKind, BookingId, BookingStatus, IdempotencyKey, Money, PriceLine, RefundReason, Side,
    Timestamp,
    error::{Error, Refusal, Result, StateConflict},
};

/// What a cancellation by the guest gives back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// At this instant.
    pub at: Timestamp,
    /// Line by line.
    pub lines: Vec<PriceLine>,
    /// In all, in minor units.
    pub refund: i64,
    /// What is kept, in minor units.
    pub kept: i64,
}

/// What was cancelled.
pub type Cancelled = Once<StoredBooking>;

/// What a cancellation by the guest at `at` would give back; None when the booking can no longer be cancelled then. The real cancellation
/// asks the same function.
///
/// # Errors
/// When what is stored is damaged.
pub fn preview(booking: &Booking, at: Timestamp) -> Result<Option<Preview>> {
    if !transitions::may(Side::Guest, BookingAction::Cancel, status_at(booking, at)) {
        return Ok(None);
    }
    let Some(timeline) = &booking.cancellation_timeline else {
        // Nothing was paid, so nothing is kept.
        return Ok(Some(Preview { at, lines: Vec::new(), refund: 0, kept: 0 }));
    };
    let refund = cancellation::refund_at(&timeline.read()?, at);
    let lines = cancellation::refund_lines(&booking.price_lines.read()?, booking.check_in_at, at, refund);
    Ok(Some(Preview { at, lines, refund, kept: booking.total - refund }))
}

/// What went back when `booking` was cancelled, line by line, from what was refunded in all.
///
/// # Errors
/// When what is stored is damaged.
pub fn refunded_lines(booking: &Booking, refunded: i64) -> Result<Vec<PriceLine>> {
    let at = booking.cancelled_at.unwrap_or(booking.updated_at);
    let lines = booking.price_lines.read()?;
    Ok(if refunded == 0 { Vec::new() } else { cancellation::refund_lines(&lines, booking.check_in_at, at, refunded) })
}

/// Cancels a booking, as the side that `member` is on. What the guest gets back is decided in the same transaction; the provider is told
/// afterwards, by this call or by the worker.
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
            if let Some(kept) = idempotency::take(tx, &request, now).await? {
                return Ok((kept, None));
            }
            let (booking, side) = lock_as(tx, id, member, None).await?;
            let refund = refund_to_decide(&booking, side, expected_refund, now)?;
            if booking.confirmed_at.is_none() {
                payments::refuse_while_captured(tx, &booking).await?;
            }
            let booking = end(app, tx, booking, (side, member), refund, now).await?;
            Ok::<_, Error>((keep(tx, &request, id).await?, Some(booking)))
        })
        .await?;
    if let Some(booking) = booking {
        events::announce(app, &booking);
        outbox::run_group(app, id).await;
    }
    Ok(cancelled)
}

async fn keep(tx: &mut Conn, request: &IdempotentRequest<'_>, booking: BookingId) -> Result<Once<StoredBooking>> {
    idempotency::keep(tx, request, StoredBooking { booking }).await
}

/// What goes back to the guest, if `side` may cancel now and was shown the right amount.
fn refund_to_decide(booking: &Booking, side: Side, expected: Option<i64>, now: Timestamp) -> Result<i64> {
    let status = status_at(booking, now);
    if !transitions::may(side, BookingAction::Cancel, status) {
        let label = transitions::label(status);
        return Err(Error::state(Some(booking.id), format!("The booking is {label}. You cannot cancel it.")));
    }
    let refund = match side {
        Side::Guest => preview(booking, now)?.map_or(0, |preview| preview.refund),
        Side::Host => booking.confirmed_at.map_or(0, |_| booking.total),
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

async fn end(
    app: &App,
    tx: &mut Conn,
    booking: Booking,
    (side, member): (Side, &Member),
    refund: i64,
    now: Timestamp,
) -> Result<Booking> {
    let (booking, mut events) = apply_elapsed(tx, booking, now).await?;
    let change = Change {
        cancelled_at: Some(now),
        host_payout: payout_after(&booking, refund, now)?,
        // A guest who cancels an unpaid booking waits before booking the same listing again.
        held_until: booking.held_until.filter(|_| side == Side::Guest).map(|end| end.min(now)),
        ..Change::to(&booking, BookingStatus::Cancelled, now)
    };
    store::bookings::update(tx, booking.id, &change).await?;
    // Nights that were slept stay for the record.
    let from = match booking.status {
        BookingStatus::CheckedIn => Some(local_day(app, tx, &booking, now).await?),
        _ => None,
    };
    store::nights::release(tx, booking.id, from).await?;
    let actor = Actor::on_side(side, member.id());
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

/// What the host earns by a booking that is cancelled now when the guest gets `refund` back: of what is kept, the host's part.
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
