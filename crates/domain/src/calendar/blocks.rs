//! Hosts block and open nights.

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    bookings,
    events::{self, NewChange},
    idempotency::{self, Idempotent},
    listings::access,
};
use auth::Member;
use mysql_engine::Conn;
use store::{
    listings::Listing,
    nights::{Claim, Night},
};
use types::{
    ChangeKind, IdempotencyKey, ListingId, NightKind, Permission, Stay, Timestamp, UnavailableReason,
    error::{Error, NightConflict, NightsUnavailable, Result},
};

/// The stored response: the nights that were changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// In order.
    pub nights: Vec<NaiveDate>,
}

/// Blocks the free nights of `range`: all or, when guests hold one, none. Nights that are blocked already stay so.
///
/// # Errors
/// Problems of the contract's `blockNights`.
pub async fn block(
    app: &App,
    host: &Member,
    listing: ListingId,
    range: Stay,
    key: &IdempotencyKey,
) -> Result<Idempotent<Changed>> {
    let input = (listing, range.check_in(), range.check_out());
    let request = idempotency::request(host, "blockNights", key, &input)?;
    let now = app.now();
    let (changed, expired_bookings) = app
        .database
        .transaction(async |tx| {
            if let Some(stored) = idempotency::claim(tx, &request, now).await? {
                return Ok((stored, Vec::new()));
            }
            access::find(tx, host, listing, Permission::ManageCalendar).await?;
            let found = store::nights::of_listing(tx, listing, range).await?;
            let expired_bookings = bookings::expire_due_holds(tx, &found, now).await?;
            refuse_guests(&found, now)?;
            let held: Vec<_> = found.iter().filter(|night| night.holds_at(now)).collect();
            // A preparation night: no guest loses it, and the host's block also keeps it free, for longer.
            store::nights::release_preparation(tx, listing, range).await?;
            if held.iter().any(|night| night.kind == NightKind::External) {
                // Otherwise the external calendar that holds them could release them.
                store::nights::block_external(tx, listing, range).await?;
            }
            let is_blocked =
                |night: &NaiveDate| held.iter().any(|it| it.night == *night && it.kind != NightKind::Preparation);
            let nights: Vec<_> = range.nights().filter(|night| !is_blocked(night)).collect();
            claim(tx, listing, range, &nights, now).await?;
            let change = change(ChangeKind::NightsBlocked, host, listing, &nights);
            let changed = idempotency::store(tx, &request, Changed { nights }).await?;
            let expired: Vec<_> = events::expired(&expired_bookings).collect();
            events::append_with_changes(app, tx, (&expired, change.as_slice()), now).await?;
            Ok::<_, Error>((changed, expired_bookings))
        })
        .await?;
    expired_bookings.iter().for_each(|booking| events::announce(app, booking));
    Ok(changed)
}

/// The changes of the catalog for changed `nights`, which are in order; empty without any.
fn change(kind: ChangeKind, host: &Member, listing: ListingId, nights: &[NaiveDate]) -> Option<NewChange> {
    let (first, last) = (nights.first()?, nights.last()?);
    Some(NewChange::nights(kind, listing, (*first, *last + Days::new(1)), host.id()))
}

/// Refuses to block nights that guests hold.
fn refuse_guests(found: &[Night], now: Timestamp) -> Result<()> {
    let is_guest = |kind| matches!(kind, NightKind::Hold | NightKind::Request | NightKind::Booking);
    let held = found.iter().filter(|night| night.holds_at(now) && is_guest(night.kind));
    let conflict = |night: &Night| NightConflict { night: night.night, reason: UnavailableReason::Booked };
    NightsUnavailable::unless_free(held.map(conflict).collect())
}

async fn claim(tx: &mut Conn, listing: ListingId, range: Stay, nights: &[NaiveDate], now: Timestamp) -> Result<()> {
    let row = |&night| Night { listing_id: listing, night, kind: NightKind::Block, booking_id: None, expires_at: None };
    let rows: Vec<_> = nights.iter().map(row).collect();
    if rows.is_empty() || store::nights::claim(tx, &rows).await? == Claim::Held {
        return Ok(());
    }
    // A concurrent claim was faster. If it was not a guest's, the retry finds the nights already blocked.
    refuse_guests(&store::nights::of_listing(tx, listing, range).await?, now)?;
    Err(mysql_engine::DatabaseError::retry_transaction("a night was taken by no guest").into())
}

/// Opens the nights of `range` that the host or an external calendar blocked. Nights that guests hold stay.
///
/// # Errors
/// Problems of the contract's `openNights`.
pub async fn open(
    app: &App,
    host: &Member,
    listing: ListingId,
    range: Stay,
    key: &IdempotencyKey,
) -> Result<Idempotent<Changed>> {
    let input = (listing, range.check_in(), range.check_out());
    let request = idempotency::request(host, "openNights", key, &input)?;
    let now = app.now();
    app.database
        .transaction(async |tx| {
            if let Some(stored) = idempotency::claim(tx, &request, now).await? {
                return Ok(stored);
            }
            let host_of = access::find(tx, host, listing, Permission::ManageCalendar).await?;
            let found = store::nights::of_listing(tx, listing, range).await?;
            let is_block = |kind| matches!(kind, NightKind::Block | NightKind::External);
            let nights: Vec<_> = found.iter().filter(|night| is_block(night.kind)).map(|night| night.night).collect();
            store::nights::unblock(tx, listing, range).await?;
            prepare(tx, host_of.listing(), &nights, now).await?;
            let change = change(ChangeKind::NightsOpened, host, listing, &nights);
            let changed = idempotency::store(tx, &request, Changed { nights }).await?;
            events::append_changes(app, tx, change.as_slice(), now).await?;
            Ok(changed)
        })
        .await
}

/// Restores preparation nights among `opened`: under the block they had no row of their own.
async fn prepare(tx: &mut Conn, listing: &Listing, opened: &[NaiveDate], now: Timestamp) -> Result<()> {
    let days = Days::new(listing.rules.preparation_nights.into());
    let (Some(&first), Some(&last)) = (opened.first(), opened.last()) else { return Ok(()) };
    let stays = store::nights::of_listing(tx, listing.id, Stay::stored(first - days, last)).await?;
    let is_stay = |kind| matches!(kind, NightKind::Hold | NightKind::Request | NightKind::Booking);
    let stays: Vec<_> = stays.iter().filter(|night| night.holds_at(now) && is_stay(night.kind)).collect();
    let row = |&night: &NaiveDate| {
        let before = stays.iter().rfind(|stay| stay.night < night && stay.night + days >= night)?;
        Some(Night { night, kind: NightKind::Preparation, ..(*before).clone() })
    };
    let rows: Vec<_> = opened.iter().filter_map(row).collect();
    if rows.is_empty() || store::nights::claim(tx, &rows).await? == Claim::Held {
        return Ok(());
    }
    Err(mysql_engine::DatabaseError::retry_transaction("a night was taken as it was opened").into())
}
