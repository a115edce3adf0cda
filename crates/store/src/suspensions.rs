//! Suspended people and listings.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{
    bookings::OPEN_STATES,
    query_parts::{Shared, among},
    schema::{bookings, listing_suspensions, listings, users},
};
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{BookingId, ListingId, ListingStatus, Side, Timestamp, UserId};

/// The suspension of a listing, locked by a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable)]
pub struct LockedListing {
    /// The listing.
    pub id: ListingId,
    /// Its host.
    pub host_id: UserId,
    /// Its state.
    pub status: ListingStatus,
    /// The state before, while it is suspended.
    pub status_before: Option<ListingStatus>,
    /// Since when it is suspended itself, not only with its host.
    pub suspended_at: Option<Timestamp>,
}

/// Since when the account is suspended. It is shared until the transaction ends, so that it cannot be suspended meanwhile.
pub async fn share_of_person(tx: &mut Conn, person: UserId) -> QueryResult<Option<Timestamp>> {
    let query = users::table.find(person).select(users::suspended_at);
    Shared { query, locks: true }.get_result(tx).await.optional().map(Option::flatten)
}

/// Suspends a person, or restores them with None.
pub async fn set_person(tx: &mut Conn, person: UserId, at: Option<Timestamp>, now: Timestamp) -> QueryResult<usize> {
    diesel::update(users::table.find(person))
        .set((users::suspended_at.eq(at), users::updated_at.eq(now)))
        .prepared()
        .execute(tx)
        .await
}

/// A listing, and its suspension if it has one. A macro because the type of the query cannot be written down.
macro_rules! with_suspension {
    () => {
        listings::table.left_join(listing_suspensions::table).select((
            listings::id,
            listings::host_id,
            listings::status,
            listing_suspensions::status_before.nullable(),
            listing_suspensions::suspended_at.nullable(),
        ))
    };
}

/// The listing, locked until the transaction ends.
pub async fn lock_listing(tx: &mut Conn, id: ListingId) -> QueryResult<Option<LockedListing>> {
    with_suspension!().filter(listings::id.eq(id)).for_update().first(tx).await.optional()
}

/// The listings of `host` in this state, in order of their ids, locked until the transaction ends.
pub async fn lock_of_host(tx: &mut Conn, host: UserId, status: ListingStatus) -> QueryResult<Vec<LockedListing>> {
    with_suspension!()
        .filter(listings::host_id.eq(host))
        .filter(listings::status.eq(status))
        .order(listings::id)
        .for_update()
        .load(tx)
        .await
}

/// Hides listings, which are locked and not suspended yet.
pub async fn hide(tx: &mut Conn, hidden: &[LockedListing], now: Timestamp) -> QueryResult<()> {
    if hidden.is_empty() {
        return Ok(());
    }
    let before = |listing: &LockedListing| {
        (
            listing_suspensions::listing_id.eq(listing.id),
            listing_suspensions::status_before.eq(listing.status),
            listing_suspensions::suspended_at.eq(None::<Timestamp>),
        )
    };
    let rows: Vec<_> = hidden.iter().map(before).collect();
    diesel::insert_into(listing_suspensions::table).values(rows).execute(tx).await?;
    set_status(tx, hidden.iter().map(|listing| listing.id), ListingStatus::Suspended, now).await
}

/// Returns suspended listings, which are locked, to their states before.
pub async fn show(tx: &mut Conn, shown: &[LockedListing], now: Timestamp) -> QueryResult<()> {
    if shown.is_empty() {
        return Ok(());
    }
    for status in ListingStatus::ALL.iter().copied() {
        let back = shown.iter().filter(|listing| listing.status_before == Some(status)).map(|listing| listing.id);
        set_status(tx, back, status, now).await?;
    }
    let ids = shown.iter().map(|listing| listing.id);
    diesel::delete(listing_suspensions::table.filter(among(listing_suspensions::listing_id, ids))).execute(tx).await?;
    Ok(())
}

async fn set_status(
    tx: &mut Conn,
    ids: impl Iterator<Item = ListingId>,
    status: ListingStatus,
    now: Timestamp,
) -> QueryResult<()> {
    let ids: Vec<_> = ids.collect();
    if !ids.is_empty() {
        diesel::update(listings::table.filter(among(listings::id, ids)))
            .set((listings::status.eq(status), listings::updated_at.eq(now)))
            .execute(tx)
            .await?;
    }
    Ok(())
}

/// Records whether a listing, which is suspended, is suspended itself. Nothing if it is not suspended any more.
pub async fn mark_listing(tx: &mut Conn, id: ListingId, at: Option<Timestamp>) -> QueryResult<usize> {
    diesel::update(listing_suspensions::table.find(id))
        .set(listing_suspensions::suspended_at.eq(at))
        .prepared()
        .execute(tx)
        .await
}

/// The open bookings of a listing whose stay is not over, by check-in.
pub async fn open_of_listing(conn: &mut Conn, listing: ListingId, now: Timestamp) -> QueryResult<Vec<BookingId>> {
    bookings::table
        .filter(bookings::listing_id.eq(listing))
        .filter(among(bookings::status, OPEN_STATES.iter().copied()))
        .filter(bookings::check_out_at.gt(now))
        .order((bookings::check_in, bookings::id))
        .select(bookings::id)
        .load(conn)
        .await
}

/// The open bookings on one side of a person whose stay is not over, by check-in.
pub async fn open_of_person(
    conn: &mut Conn,
    person: UserId,
    side: Side,
    now: Timestamp,
) -> QueryResult<Vec<BookingId>> {
    let mut query = bookings::table.into_boxed::<diesel::mysql::Mysql>();
    query = match side {
        Side::Guest => query.filter(bookings::guest_id.eq(person)),
        Side::Host => query.filter(bookings::host_id.eq(person)),
    };
    query
        .filter(among(bookings::status, OPEN_STATES.iter().copied()))
        .filter(bookings::check_out_at.gt(now))
        .order((bookings::check_in, bookings::id))
        .select(bookings::id)
        .load(conn)
        .await
}
