//! How many nights a guest can hold without paying.
//!
//! An unpaid hold keeps everybody else away for its time, so a guest has few of them: so many in all and so many of one listing. When one
//! has ended unpaid, the guest waits a while before holding nights of that listing again. What a guest books again (one guest more, a day
//! longer) is no second hold: it replaces the first, for a bounded time in all, so that nobody holds nights for ever by asking again.

use chrono::{Days, Duration};

use super::{payments, status_at};
use crate::{
    app::App,
    error::{Error, Refusal, Result, StateConflict, TooManyAttempts},
    store::{
        self, Conn,
        bookings::{Booking, Change},
        holds::Hold,
        listings::Listing,
        quotes::Quote,
    },
    types::{BookingId, BookingStatus, Stay, Timestamp},
};

/// What a new booking finds of its guest's unpaid holds.
pub(super) struct Admission {
    /// Those that it takes the place of: they are cancelled, and their nights are free. The events are for the caller to append.
    pub replaced: Vec<Booking>,
    /// Since when the guest holds nights of this listing without having paid.
    pub held_since: Timestamp,
}

/// Lets the guest of `quote` book, or says how long to wait. A booking that holds unpaid nights counts and so waits for others of the same
/// guest, on whichever server they are; one that is paid for by nothing, or asks the host, holds none.
pub(super) async fn admit(
    app: &App,
    tx: &mut Conn,
    quote: &Quote,
    listing: &Listing,
    now: Timestamp,
) -> Result<Admission> {
    let counts = quote.instant_book && quote.total > 0;
    if counts {
        store::holds::lock(tx, quote.guest_id).await?;
    }
    let known = store::holds::of_guest(tx, quote.guest_id, now - app.terms.holds.cooldown).await?;
    let around = Days::new(listing.rules.preparation_nights.into());
    let is_replaced = |hold: &&Hold| {
        hold.listing_id == listing.id
            && !is_over(hold, now)
            && reaches(hold.stay(), around).overlaps(reaches(quote.stay(), around))
    };
    let (own, others): (Vec<_>, Vec<_>) = known.iter().partition(is_replaced);
    if counts {
        within_limits(app, &own, &others, listing, now)?;
    }
    let held_since = own.iter().filter_map(|hold| hold.held_since).min().unwrap_or(now);
    let mut ids: Vec<_> = own.iter().map(|hold| hold.id).collect();
    // Ascending, so that racers lock bookings in one order.
    ids.sort_unstable();
    let mut replaced = Vec::new();
    for id in ids {
        replaced.extend(replace(tx, id, now).await?);
    }
    Ok(Admission { replaced, held_since })
}

/// A stay and the nights that are kept free after it.
fn reaches(stay: Stay, preparation: Days) -> Stay {
    Stay::stored(stay.check_in(), stay.check_out() + preparation)
}

fn is_over(hold: &Hold, now: Timestamp) -> bool {
    hold.held_until.is_none_or(|end| end <= now)
}

fn within_limits(app: &App, own: &[&Hold], others: &[&Hold], listing: &Listing, now: Timestamp) -> Result<()> {
    let limits = app.terms.holds;
    let ends = |hold: &Hold| hold.held_until.unwrap_or(now);
    let open = |hold: &&Hold| !is_over(hold, now);
    let is_here = |hold: &&Hold| hold.listing_id == listing.id;
    let all: Vec<_> = others.iter().copied().filter(open).map(ends).collect();
    if all.len() >= limits.per_guest as usize {
        return Err(wait(all.into_iter().min().unwrap_or(now), now));
    }
    let here: Vec<_> = others.iter().copied().filter(is_here).filter(open).map(ends).collect();
    if here.len() >= limits.per_listing as usize {
        return Err(wait(here.into_iter().min().unwrap_or(now) + limits.cooldown, now));
    }
    let ended = others.iter().copied().filter(is_here).filter(|hold| !open(hold)).map(ends).max();
    match ended {
        Some(ended) if own.is_empty() => Err(wait(ended + limits.cooldown, now)),
        _ => Ok(()),
    }
}

fn wait(until: Timestamp, now: Timestamp) -> Error {
    let seconds = (until - now + Duration::milliseconds(999)).num_seconds().max(1);
    let retry_after_seconds = i32::try_from(seconds).unwrap_or(i32::MAX);
    Refusal::TooManyAttempts(TooManyAttempts { retry_after_seconds }).into()
}

/// Ends an unpaid hold for another of the same guest. None when it is no such hold any more.
async fn replace(tx: &mut Conn, id: BookingId, now: Timestamp) -> Result<Option<Booking>> {
    let Some(booking) = store::bookings::lock(tx, id).await? else { return Ok(None) };
    if status_at(&booking, now) != BookingStatus::PendingPayment {
        return Ok(None);
    }
    if payments::is_in_flight(tx, id).await? {
        let message = "Your earlier booking of these nights is being paid for. Try again in a moment.".to_owned();
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
