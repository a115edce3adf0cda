//! Limits of unpaid bookings.
//!
//! An unpaid hold keeps other guests away until it expires, and so does a request whose payment is only authorized, or a stay that costs
//! nothing. So the number of each kind is limited, in all and by listing. After canceling one, or letting it expire, a guest waits before
//! booking that listing again. A second booking of the same listing before payment (one more guest, one more day) replaces the first; such
//! holds last a bounded time in all, so that nights cannot be held forever by booking again.

use chrono::{Days, Duration};

use super::{payments, status_at};
use crate::app::{App, Caps};
use mysql_engine::Conn;
use store::{
    bookings::{Booking, Change},
    holds::{Hold, HoldKind},
    listings::Listing,
    quotes::Quote,
};
use types::{
    BookingId, BookingStatus, Stay, Timestamp,
    error::{Error, Refusal, Result, StateConflict, TooManyAttempts},
};

/// The guest's other unpaid bookings, for a new one.
pub(super) struct Admission {
    /// Those that it replaces: they are canceled, and their nights are free. The caller appends their events.
    pub replaced: Vec<Booking>,
    /// Since when the guest holds nights of this listing unpaid.
    pub held_since: Timestamp,
}

/// Admits the booking of `quote`, or returns how long its guest must wait. Bookings of one guest wait for each other, on all servers, so
/// that they are counted one by one.
pub(super) async fn admit(
    app: &App,
    tx: &mut Conn,
    quote: &Quote,
    listing: &Listing,
    now: Timestamp,
) -> Result<Admission> {
    store::holds::lock(tx, quote.guest_id).await?;
    let kind = kind_of(quote);
    let caps = app.terms.holds.of(kind);
    let known = store::holds::of_guest(tx, quote.guest_id, now - caps.cooldown).await?;
    let around = Days::new(listing.rules.preparation_nights.into());
    let is_replaced = |hold: &&Hold| {
        hold.listing_id == listing.id
            && hold.awaits_payment(now)
            && reaches(hold.stay(), around).overlaps(reaches(quote.stay(), around))
    };
    let (own, others): (Vec<_>, Vec<_>) = known.iter().partition(is_replaced);
    let others: Vec<_> = others.into_iter().filter(|hold| hold.kind() == kind).collect();
    within_limits(caps, &own, &others, listing, now)?;
    let held_since = own.iter().filter_map(|hold| hold.held_since).min().unwrap_or(now);
    let mut ids: Vec<_> = own.iter().map(|hold| hold.id).collect();
    // Ascending, so that concurrent transactions lock bookings in one order.
    ids.sort_unstable();
    let mut replaced = Vec::new();
    for id in ids {
        replaced.extend(replace(tx, id, now).await?);
    }
    Ok(Admission { replaced, held_since })
}

fn kind_of(quote: &Quote) -> HoldKind {
    match (quote.instant_book, quote.total) {
        (false, _) => HoldKind::Request,
        (true, 0) => HoldKind::Free,
        (true, _) => HoldKind::Unpaid,
    }
}

/// A stay and the preparation nights after it.
fn reaches(stay: Stay, preparation: Days) -> Stay {
    Stay::stored(stay.check_in(), stay.check_out() + preparation)
}

fn within_limits(caps: Caps, own: &[&Hold], others: &[&Hold], listing: &Listing, now: Timestamp) -> Result<()> {
    let is_here = |hold: &&Hold| hold.listing_id == listing.id;
    let end = |hold: &Hold| hold.held_until.filter(|_| hold.is_open(now));
    let all: Vec<_> = others.iter().copied().filter_map(end).collect();
    if all.len() >= caps.per_guest as usize {
        return Err(wait(all.into_iter().min().unwrap_or(now), now));
    }
    let here: Vec<_> = others.iter().copied().filter(is_here).filter_map(end).collect();
    if here.len() >= caps.per_listing as usize {
        return Err(wait(here.into_iter().min().unwrap_or(now) + caps.cooldown, now));
    }
    let given_up = others.iter().copied().filter(is_here).filter_map(|hold| hold.abandoned_at(now)).max();
    match given_up {
        Some(at) if own.is_empty() && at + caps.cooldown > now => Err(wait(at + caps.cooldown, now)),
        _ => Ok(()),
    }
}

fn wait(until: Timestamp, now: Timestamp) -> Error {
    let seconds = (until - now + Duration::milliseconds(999)).num_seconds().max(1);
    let retry_after_seconds = types::int(seconds);
    Refusal::TooManyAttempts(TooManyAttempts { retry_after_seconds }).into()
}

/// Cancels an unpaid booking that another of the same guest replaces. None when it is no longer unpaid.
async fn replace(tx: &mut Conn, id: BookingId, now: Timestamp) -> Result<Option<Booking>> {
    let Some(booking) = store::bookings::lock(tx, id).await? else { return Ok(None) };
    let status = status_at(&booking, now);
    if status != BookingStatus::PendingPayment && !(status == BookingStatus::Requested && booking.hidden_from_host) {
        return Ok(None);
    }
    if payments::is_in_flight(tx, id).await? {
        let message =
            "A payment for your earlier booking of these nights is in progress. Try again in a moment.".to_owned();
        return Err(Refusal::StateConflict(StateConflict { booking: Some(id), message, retryable: true }).into());
    }
    let change = Change {
        cancelled_at: Some(now),
        held_until: None,
        host_payout: 0,
        ..Change::to(&booking, BookingStatus::Cancelled, now)
    };
    store::bookings::update(tx, id, &change).await?;
    store::nights::release(tx, id, None).await?;
    Ok(Some(change.applied_to(booking)))
}
