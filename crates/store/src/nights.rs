//! What holds each night. The primary key (listing, night) makes double bookings impossible, whoever writes.

use chrono::NaiveDate;
use diesel::{prelude::*, result::DatabaseErrorKind};
use diesel_async::RunQueryDsl;

use super::{
    query_parts::{EXACT, UnionAll, among},
    schema::nights,
};
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{BookingId, ListingId, NightHold, NightKind, Stay, Timestamp};

/// One night of a listing and what holds it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = nights, check_for_backend(diesel::mysql::Mysql))]
pub struct Night {
    /// The listing.
    pub listing_id: ListingId,
    /// The night, by the day on which it begins.
    pub night: NaiveDate,
    /// What holds it.
    pub kind: NightKind,
    /// The booking, unless it is a block.
    pub booking_id: Option<BookingId>,
    /// When the hold expires; None: never.
    pub expires_at: Option<Timestamp>,
}

impl Night {
    /// Whether it still holds the night: an expired hold blocks no guest, even if no worker runs.
    pub fn holds_at(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|end| end > now)
    }
}

impl Night {
    /// What the host sees; None: kept free after a stay.
    pub fn hold(&self) -> Option<NightHold> {
        match self.kind {
            NightKind::Hold => Some(NightHold::Hold),
            NightKind::Request => Some(NightHold::Request),
            NightKind::Booking => Some(NightHold::Booking),
            NightKind::Block => Some(NightHold::Block),
            NightKind::External => Some(NightHold::External),
            NightKind::Preparation => None,
        }
    }
}

/// The result of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The booking or block has all nights.
    Held,
    /// A night is taken: nothing was written.
    Taken,
}

/// The nights of `listing` in `stay` that have a row, in order, expired holds included.
pub async fn of_listing(conn: &mut Conn, listing: ListingId, stay: Stay) -> QueryResult<Vec<Night>> {
    nights::table
        .filter(nights::listing_id.eq(listing))
        .filter(nights::night.ge(stay.check_in()))
        .filter(nights::night.lt(stay.check_out()))
        .order(nights::night)
        .select(Night::as_select())
        .load(conn)
        .await
}

/// Some nights of some listings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The first night.
    pub first: NaiveDate,
    /// The last night.
    pub last: NaiveDate,
    /// The listings; at least one.
    pub listings: Vec<ListingId>,
}

/// The nights of `spans` that something holds at `now`, in no order and in one statement.
pub async fn of_spans(conn: &mut Conn, spans: &[Span], now: Timestamp) -> QueryResult<Vec<Night>> {
    if spans.is_empty() {
        return Ok(Vec::new());
    }
    let part = |span: &Span| {
        nights::table
            .select(Night::as_select())
            .filter(among(nights::listing_id, span.listings.iter().copied()))
            .filter(nights::night.between(span.first, span.last))
            .filter(nights::expires_at.is_null().or(nights::expires_at.gt(now)))
    };
    UnionAll::of(spans.iter().map(part).collect(), spans.len() == 1).load(conn).await
}

/// Claims `rows`, all of them or, when the key refuses one, none. They must be in ascending order, so that concurrent claims wait rather
/// than deadlock.
pub async fn claim(tx: &mut Conn, rows: &[Night]) -> QueryResult<Claim> {
    match diesel::insert_into(nights::table).values(rows).prepared_if(rows.len() <= EXACT).execute(tx).await {
        Ok(_) => Ok(Claim::Held),
        Err(diesel::result::Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(Claim::Taken),
        Err(error) => Err(error),
    }
}

/// Confirms the nights of `stay` that `booking` holds; its preparation nights no longer expire either. Returns how many nights of the stay
/// it held: the caller, who has locked the booking, checks that these are all.
pub async fn confirm(tx: &mut Conn, booking: BookingId, stay: Stay) -> QueryResult<usize> {
    let confirmed = diesel::update(nights::table)
        .filter(nights::booking_id.eq(booking))
        .filter(nights::night.ge(stay.check_in()))
        .filter(nights::night.lt(stay.check_out()))
        .filter(among(nights::kind, [NightKind::Hold, NightKind::Request]))
        .set((nights::kind.eq(NightKind::Booking), nights::expires_at.eq(None::<Timestamp>)))
        .prepared()
        .execute(tx)
        .await?;
    diesel::update(nights::table)
        .filter(nights::booking_id.eq(booking))
        .filter(nights::kind.eq(NightKind::Preparation))
        .set(nights::expires_at.eq(None::<Timestamp>))
        .prepared()
        .execute(tx)
        .await?;
    Ok(confirmed)
}

/// Changes when the nights of a hold or a request expire.
pub async fn expire_at(tx: &mut Conn, booking: BookingId, at: Timestamp) -> QueryResult<usize> {
    diesel::update(nights::table)
        .filter(nights::booking_id.eq(booking))
        .filter(nights::expires_at.is_not_null())
        .set(nights::expires_at.eq(at))
        .prepared()
        .execute(tx)
        .await
}

/// Releases the nights of a booking from `from` on; earlier ones stay for the record.
pub async fn release(tx: &mut Conn, booking: BookingId, from: Option<NaiveDate>) -> QueryResult<usize> {
    let all = diesel::delete(nights::table).filter(nights::booking_id.eq(booking));
    match from {
        None => all.execute(tx).await,
        Some(from) => all.filter(nights::night.ge(from)).execute(tx).await,
    }
}

/// Deletes the blocks of `listing` in `stay`: the host's and external ones.
pub async fn unblock(tx: &mut Conn, listing: ListingId, stay: Stay) -> QueryResult<usize> {
    diesel::delete(nights::table)
        .filter(nights::listing_id.eq(listing))
        .filter(nights::night.ge(stay.check_in()))
        .filter(nights::night.lt(stay.check_out()))
        .filter(among(nights::kind, [NightKind::Block, NightKind::External]))
        .execute(tx)
        .await
}

/// Turns the external nights of `listing` in `stay` into the host's own blocks.
pub async fn block_external(tx: &mut Conn, listing: ListingId, stay: Stay) -> QueryResult<usize> {
    diesel::update(nights::table)
        .filter(nights::listing_id.eq(listing))
        .filter(nights::night.ge(stay.check_in()))
        .filter(nights::night.lt(stay.check_out()))
        .filter(nights::kind.eq(NightKind::External))
        .set(nights::kind.eq(NightKind::Block))
        .prepared()
        .execute(tx)
        .await
}

/// Releases the nights of `listing` in `stay` that are preparation after another stay.
pub async fn release_preparation(tx: &mut Conn, listing: ListingId, stay: Stay) -> QueryResult<usize> {
    diesel::delete(nights::table)
        .filter(nights::listing_id.eq(listing))
        .filter(nights::night.ge(stay.check_in()))
        .filter(nights::night.lt(stay.check_out()))
        .filter(nights::kind.eq(NightKind::Preparation))
        .execute(tx)
        .await
}
