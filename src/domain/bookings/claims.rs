//! Claims on nights: what stands against one, and the rows that make it.

use chrono::NaiveDate;

use super::lapse::lapse;
use crate::{
    error::{NightsUnavailable, Refusal, Result},
    store::{
        self, Conn, DatabaseError,
        bookings::Booking,
        nights::{Claim, Night},
    },
    types::{ListingId, NightKind, Stay, Timestamp},
};

/// Lets go the nights of `found` whose holds have expired, so that they block nobody even if no worker runs. Returns the bookings
/// that expired by it; their events are for the caller to append, last of all.
pub(crate) async fn lapse_expired(tx: &mut Conn, found: &[Night], now: Timestamp) -> Result<Vec<Booking>> {
    let mut ids: Vec<_> =
        found.iter().filter(|night| !night.holds_at(now)).filter_map(|night| night.booking_id).collect();
    // Ascending, so that racers lock bookings in one order.
    ids.sort_unstable();
    ids.dedup();
    let mut lapsed = Vec::new();
    for id in ids {
        lapsed.extend(lapse(tx, id, now).await?);
    }
    Ok(lapsed)
}

/// The nights of `stay` that somebody holds.
fn taken_by_others(found: &[Night], stay: Stay, now: Timestamp) -> Vec<NaiveDate> {
    let in_stay = |night: &&Night| night.night >= stay.check_in() && night.night < stay.check_out();
    found.iter().filter(in_stay).filter(|night| night.holds_at(now)).map(|night| night.night).collect()
}

/// A claim of `booking` on its nights, and on those that are kept free after it.
pub(super) struct Wanted<'a> {
    pub booking: &'a Booking,
    pub kind: NightKind,
    /// When an unpaid hold or an unanswered request ends.
    pub expires_at: Option<Timestamp>,
    /// Nights to keep free after the stay. Those before it are kept by the rows of the stay before.
    pub preparation: u16,
}

impl Wanted<'_> {
    fn span(&self) -> Stay {
        let after = chrono::Days::new(u64::from(self.preparation));
        Stay::stored(self.booking.check_in, self.booking.check_out + after)
    }

    /// The rows in ascending order. A night that is blocked anyway needs no row to keep it free.
    fn rows(&self, blocked: &[NaiveDate]) -> Vec<Night> {
        let row = |night: NaiveDate| Night {
            listing_id: self.booking.listing_id,
            night,
            kind: if night < self.booking.check_out { self.kind } else { NightKind::Preparation },
            booking_id: Some(self.booking.id),
            expires_at: self.expires_at,
        };
        let is_needed = |night: &NaiveDate| *night < self.booking.check_out || !blocked.contains(night);
        self.span().nights().filter(is_needed).map(row).collect()
    }
}

/// Takes the nights, or says which are taken. A plain read comes first and answers most losers; the key of the table has the last word.
/// Returns the bookings whose expired holds were in the way; their events are for the caller to append, last of all.
pub(super) async fn claim(tx: &mut Conn, wanted: &Wanted<'_>, now: Timestamp) -> Result<Vec<Booking>> {
    let listing = wanted.booking.listing_id;
    let found = store::nights::of_listing(tx, listing, wanted.span()).await?;
    let lapsed = lapse_expired(tx, &found, now).await?;
    refuse_taken(&found, wanted, now)?;
    let is_block = |kind| matches!(kind, NightKind::Block | NightKind::External);
    let blocked: Vec<_> = found.iter().filter(|night| is_block(night.kind)).map(|night| night.night).collect();
    match store::nights::claim(tx, &wanted.rows(&blocked)).await? {
        Claim::Held => Ok(lapsed),
        Claim::Taken => Err(lost(tx, listing, wanted, now).await),
    }
}

fn refuse_taken(found: &[Night], wanted: &Wanted<'_>, now: Timestamp) -> Result<()> {
    let mut nights = taken_by_others(found, wanted.booking.stay(), now);
    let is_stay = |kind| matches!(kind, NightKind::Hold | NightKind::Request | NightKind::Booking);
    let next_stay = found.iter().filter(|night| night.night >= wanted.booking.check_out);
    nights.extend(next_stay.filter(|night| night.holds_at(now) && is_stay(night.kind)).map(|night| night.night));
    if nights.is_empty() { Ok(()) } else { Err(Refusal::NightsUnavailable(NightsUnavailable { nights }).into()) }
}

/// A racer was faster. When its rows cannot be seen it has let them go again, and another run will tell.
async fn lost(tx: &mut Conn, listing: ListingId, wanted: &Wanted<'_>, now: Timestamp) -> crate::error::Error {
    let found = match store::nights::of_listing(tx, listing, wanted.span()).await {
        Ok(found) => found,
        Err(error) => return error.into(),
    };
    refuse_taken(&found, wanted, now)
        .err()
        .unwrap_or_else(|| DatabaseError::again("a night was taken and let go again").into())
}
