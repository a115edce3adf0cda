//! Claims on nights: their rows, and their conflicts.

use chrono::{Days, NaiveDate};

use crate::app::App;
use mysql_engine::{Conn, DatabaseError};
use store::{
    bookings::Booking,
    nights::{Claim, Night},
};
use types::{
    ListingId, NightKind, Stay, Timestamp, UnavailableReason,
    error::{NightConflict, Result},
};

/// Expires the bookings behind expired holds in `found` and releases their nights, so that they block no guest even if no worker runs.
/// Returns these bookings; the caller appends their events, as the last step of the transaction.
pub(crate) async fn expire_due_holds(tx: &mut Conn, found: &[Night], now: Timestamp) -> Result<Vec<Booking>> {
    let mut ids: Vec<_> =
        found.iter().filter(|night| !night.holds_at(now)).filter_map(|night| night.booking_id).collect();
    // Ascending, so that concurrent transactions lock bookings in one order.
    ids.sort_unstable();
    ids.dedup();
    let mut expired = Vec::new();
    for id in ids {
        expired.extend(store::bookings::expire(tx, id, now).await?);
    }
    Ok(expired)
}

/// A claim of `booking` on its nights, and on the preparation nights after it.
pub(super) struct NightClaim<'a> {
    pub booking: &'a Booking,
    pub kind: NightKind,
    /// When an unpaid hold or an unanswered request expires.
    pub expires_at: Option<Timestamp>,
    /// Preparation nights after the stay. Those before it belong to the previous stay.
    pub preparation: u16,
}

impl NightClaim<'_> {
    fn preparation(&self) -> Days {
        Days::new(u64::from(self.preparation))
    }

    fn span(&self) -> Stay {
        Stay::stored(self.booking.check_in, self.booking.check_out + self.preparation())
    }

    /// The rows in ascending order. A blocked night needs no row for preparation.
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

/// The result of a claim.
pub(super) struct Claimed {
    /// Bookings that expired because of the claim; the caller appends their events, as the last step of the transaction.
    pub expired: Vec<Booking>,
    /// Conflicts with other nights. Empty: the booking has the nights.
    pub conflicts: Vec<NightConflict>,
}

/// Claims the nights, or returns the conflicts. A plain read first finds most conflicts; the primary key decides the rest. Nights that
/// memory thinks free are claimed without that read.
pub(super) async fn claim(app: &App, tx: &mut Conn, wanted: &NightClaim<'_>, now: Timestamp) -> Result<Claimed> {
    let listing = wanted.booking.listing_id;
    let seems_free = app.search_index.seems_free(listing, wanted.span(), now);
    if seems_free && store::nights::claim(tx, &wanted.rows(&[])).await? == Claim::Held {
        return Ok(Claimed { expired: Vec::new(), conflicts: Vec::new() });
    }
    let found = store::nights::of_listing(tx, listing, wanted.span()).await?;
    let expired = expire_due_holds(tx, &found, now).await?;
    let conflicts = conflicts(&found, wanted, now);
    if !conflicts.is_empty() {
        return Ok(Claimed { expired, conflicts });
    }
    let is_block = |kind| matches!(kind, NightKind::Block | NightKind::External);
    let blocked: Vec<_> = found.iter().filter(|night| is_block(night.kind)).map(|night| night.night).collect();
    let conflicts = match store::nights::claim(tx, &wanted.rows(&blocked)).await? {
        Claim::Held => Vec::new(),
        Claim::Taken => conflicts_after_race(tx, listing, wanted, now).await?,
    };
    Ok(Claimed { expired, conflicts })
}

/// The conflicts now, without claiming the nights.
pub(super) async fn find_conflicts(
    tx: &mut Conn,
    wanted: &NightClaim<'_>,
    now: Timestamp,
) -> Result<Vec<NightConflict>> {
    let found = store::nights::of_listing(tx, wanted.booking.listing_id, wanted.span()).await?;
    Ok(conflicts(&found, wanted, now))
}

/// The nights of the stay with a conflict: with what holds them or, for nights too close to the next stay, with that stay.
fn conflicts(found: &[Night], wanted: &NightClaim<'_>, now: Timestamp) -> Vec<NightConflict> {
    let holding: Vec<_> = found.iter().filter(|night| night.holds_at(now)).collect();
    let is_close = |night: NaiveDate| {
        let near = |held: &NaiveDate| *held > night && *held <= night + wanted.preparation();
        holding.iter().filter(|held| is_stay(held.kind)).map(|held| held.night).any(|held| near(&held))
    };
    let reason = |night: NaiveDate| match holding.iter().find(|held| held.night == night) {
        Some(held) => Some(reason_of(held.kind)),
        None => is_close(night).then_some(UnavailableReason::Preparation),
    };
    let nights = wanted.booking.stay().nights();
    nights.filter_map(|night| Some(NightConflict { night, reason: reason(night)? })).collect()
}

fn is_stay(kind: NightKind) -> bool {
    matches!(kind, NightKind::Hold | NightKind::Request | NightKind::Booking)
}

fn reason_of(kind: NightKind) -> UnavailableReason {
    match kind {
        NightKind::Hold | NightKind::Request | NightKind::Booking => UnavailableReason::Booked,
        NightKind::Block | NightKind::External => UnavailableReason::Blocked,
        NightKind::Preparation => UnavailableReason::Preparation,
    }
}

/// A concurrent claim was faster. If its rows are no longer there, they were released again, and the transaction is retried.
async fn conflicts_after_race(
    tx: &mut Conn,
    listing: ListingId,
    wanted: &NightClaim<'_>,
    now: Timestamp,
) -> Result<Vec<NightConflict>> {
    let found = store::nights::of_listing(tx, listing, wanted.span()).await?;
    let conflicts = conflicts(&found, wanted, now);
    if conflicts.is_empty() {
        return Err(DatabaseError::retry_transaction("a night was taken and released again").into());
    }
    Ok(conflicts)
}
