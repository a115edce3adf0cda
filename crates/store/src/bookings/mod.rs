//! Bookings.

mod change;
mod of_listing;
mod places;

use std::{cmp::Reverse, collections::HashSet};

use chrono::NaiveDate;
use diesel::{mysql::Mysql, prelude::*};
use diesel_async::RunQueryDsl;

pub use change::Change;
pub use of_listing::{PartOfListing, of_listings};
pub use places::{BookedPlace, fill_in_address, fill_in_places, time_zone};

use super::{
    co_hosts::helped_by,
    query_parts::{UnionAll, among, by_part, numbered},
    schema::{bookings, quotes},
};
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{
    BookingId, BookingStatus, CancellationPolicy, ConfirmationCode, Currency, Guests, Json, ListingId, Page,
    Permission, PriceLine, QuoteId, RefundTier, RuleSetVersion, Side, Stay, Timestamp, UserId,
};

/// A booking.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = bookings, check_for_backend(diesel::mysql::Mysql))]
#[expect(missing_docs, reason = "the columns, described in the migration")]
pub struct Booking {
    pub id: BookingId,
    pub listing_id: ListingId,
    pub guest_id: UserId,
    pub host_id: UserId,
    pub quote_id: QuoteId,
    /// As stored: the domain's `status_at` gives the status at a time, which honors deadlines.
    pub status: BookingStatus,
    pub check_in: NaiveDate,
    pub check_out: NaiveDate,
    pub check_in_at: Timestamp,
    pub check_out_at: Timestamp,
    pub adults: u8,
    pub children: u8,
    pub infants: u8,
    pub pets: u8,
    pub currency: Currency,
    pub price_lines: Json<Vec<PriceLine>>,
    pub total: i64,
    pub host_payout: i64,
    pub rules: RuleSetVersion,
    pub cancellation_policy: CancellationPolicy,
    pub cancellation_timeline: Option<Json<Vec<RefundTier>>>,
    pub deadline_at: Option<Timestamp>,
    pub decline_message: Option<String>,
    pub event_sequence: u32,
    pub created_at: Timestamp,
    pub confirmed_at: Option<Timestamp>,
    pub cancelled_at: Option<Timestamp>,
    pub updated_at: Timestamp,
    /// The version of the time zone rules behind the instants; empty: not known.
    pub time_zone_rules: String,
    #[diesel(embed)]
    pub place: BookedPlace,
    /// Since when the guest holds these nights unpaid, including replaced holds; None: it is a request.
    pub held_since: Option<Timestamp>,
    /// Until when it is or was unpaid: its deadline, or check-in if it costs nothing. None: paid, replaced, or ended by its host.
    pub held_until: Option<Timestamp>,
    /// A request for which no money was authorized: it has no nights, and its host cannot see it.
    pub hidden_from_host: bool,
    /// What staff have refunded apart from a cancellation, in minor units.
    pub staff_refunded: i64,
}

impl Booking {
    /// The nights.
    pub fn stay(&self) -> Stay {
        Stay::stored(self.check_in, self.check_out)
    }

    /// The guests.
    pub fn guests(&self) -> Guests {
        Guests { adults: self.adults, children: self.children, infants: self.infants, pets: self.pets }
    }

    /// The side of `user`, if `user` can see the booking.
    pub fn side_of(&self, user: UserId) -> Option<Side> {
        if self.guest_id == user {
            return Some(Side::Guest);
        }
        (self.host_id == user && !self.hidden_from_host).then_some(Side::Host)
    }
}

/// Writes a booking.
pub async fn insert(tx: &mut Conn, booking: &Booking) -> QueryResult<usize> {
    diesel::insert_into(bookings::table).values(booking).prepared().execute(tx).await
}

/// The booking, locked until the transaction ends. Locks are taken in the order bookings, nights, payments, feeds.
pub async fn lock(tx: &mut Conn, id: BookingId) -> QueryResult<Option<Booking>> {
    bookings::table.find(id).select(Booking::as_select()).for_update().first(tx).await.optional()
}

/// The booking, without any check of access: for the domain's own use.
pub async fn find(conn: &mut Conn, id: BookingId) -> QueryResult<Option<Booking>> {
    bookings::table.find(id).select(Booking::as_select()).first(conn).await.optional()
}

/// Whether the booking was made with instant book, as its quote says.
pub async fn is_instant(conn: &mut Conn, id: BookingId) -> QueryResult<Option<bool>> {
    let quoted = bookings::table.inner_join(quotes::table).filter(bookings::id.eq(id));
    quoted.select(quotes::instant_book).first(conn).await.optional()
}

/// Expires the booking and releases its nights, if its deadline has passed at `now` and it still waits for payment or an answer. Takes the
/// booking's lock: nothing else ends a hold. The caller appends the event, as the last step of the transaction.
pub async fn expire(tx: &mut Conn, id: BookingId, now: Timestamp) -> QueryResult<Option<Booking>> {
    let Some(booking) = lock(tx, id).await? else { return Ok(None) };
    let is_due = WAITING.contains(&booking.status) && booking.deadline_at.is_some_and(|deadline| deadline <= now);
    if !is_due {
        return Ok(None);
    }
    let change = Change::to(&booking, BookingStatus::Expired, now);
    update(tx, id, &change).await?;
    super::nights::release(tx, id, None).await?;
    Ok(Some(change.applied_to(booking)))
}

/// Bookings of `listings` that wait for payment or an answer and whose deadline has passed at `now`.
pub async fn due_to_expire_of_listings(
    conn: &mut Conn,
    listings: &[ListingId],
    now: Timestamp,
) -> QueryResult<Vec<BookingId>> {
    bookings::table
        .filter(among(bookings::listing_id, listings.iter().copied()))
        .filter(among(bookings::status, WAITING.iter().copied()))
        .filter(bookings::deadline_at.le(now))
        .order(bookings::id)
        .select(bookings::id)
        .load(conn)
        .await
}

/// Writes a change of state. Voids payments that the booking no longer needs in the new state.
pub async fn update(tx: &mut Conn, id: BookingId, change: &Change) -> QueryResult<usize> {
    diesel::update(bookings::table.find(id)).set(change).prepared().execute(tx).await?;
    let needs_none = PAID_OR_OVER.contains(&change.status);
    if needs_none { super::payments::void_open(tx, id, change.updated_at).await } else { Ok(0) }
}

/// Adds to what staff have refunded of a booking, which the transaction has locked.
pub async fn add_staff_refund(tx: &mut Conn, id: BookingId, amount: i64, now: Timestamp) -> QueryResult<usize> {
    diesel::update(bookings::table.find(id))
        .set((bookings::staff_refunded.eq(bookings::staff_refunded + amount), bookings::updated_at.eq(now)))
        .prepared()
        .execute(tx)
        .await
}

/// Whether bookings of `listing` fix its currency: waiting ones, and any that was ever confirmed.
pub async fn binds_currency(conn: &mut Conn, listing: ListingId, now: Timestamp) -> QueryResult<bool> {
    let deadline = bookings::deadline_at.assume_not_null();
    let waits = among(bookings::status, WAITING.iter().copied()).and(deadline.gt(now));
    let found: Option<BookingId> = bookings::table
        .filter(bookings::listing_id.eq(listing))
        .filter(bookings::confirmed_at.is_not_null().or(waits))
        .select(bookings::id)
        .first(conn)
        .await
        .optional()?;
    Ok(found.is_some())
}

/// Those of `listings` whose currency is fixed by bookings, see [`binds_currency`].
pub async fn with_bound_currency(
    conn: &mut Conn,
    listings: &[ListingId],
    now: Timestamp,
) -> QueryResult<HashSet<ListingId>> {
    let mut bound = HashSet::new();
    for listing in listings {
        if binds_currency(conn, *listing, now).await? {
            bound.insert(*listing);
        }
    }
    Ok(bound)
}

/// The booking made from a quote.
pub async fn of_quote(conn: &mut Conn, quote: QuoteId) -> QueryResult<Option<Booking>> {
    bookings::table.filter(bookings::quote_id.eq(quote)).select(Booking::as_select()).first(conn).await.optional()
}

/// Whether `$viewer` can see a booking, as its guest, its host or on the host's behalf. A macro because the type of the condition cannot be
/// written down.
macro_rules! is_seen_by {
    ($viewer:expr) => {{
        let helps = helped_by!(bookings::listing_id, $viewer, Permission::SeeBookings);
        let as_host = bookings::host_id.eq($viewer).or(helps).and(bookings::hidden_from_host.eq(false));
        bookings::guest_id.eq($viewer).or(as_host)
    }};
}
pub(super) use is_seen_by;

/// The bookings that `$viewer` can see.
macro_rules! seen_by {
    ($viewer:expr) => {
        bookings::table.filter(is_seen_by!($viewer)).select(Booking::as_select())
    };
}

/// Those of `ids` that `viewer` can see.
pub async fn visible(conn: &mut Conn, viewer: UserId, ids: &[BookingId]) -> QueryResult<Vec<Booking>> {
    seen_by!(viewer).filter(among(bookings::id, ids.iter().copied())).load(conn).await
}

/// Those with these confirmation codes that `viewer` can see.
pub async fn visible_by_code(conn: &mut Conn, viewer: UserId, codes: &[ConfirmationCode]) -> QueryResult<Vec<Booking>> {
    let codes = codes.iter().copied();
    seen_by!(viewer).filter(among(bookings::confirmation_number.assume_not_null(), codes)).load(conn).await
}

/// A position in a list of bookings, the latest check-in first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ByCheckIn {
    /// The check-in day.
    pub day: NaiveDate,
    /// Orders bookings with the same day.
    pub id: BookingId,
}

/// Which of one person's bookings to list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Part {
    /// On which side.
    pub side: Side,
    /// Only in these states, each once and in order; None: any.
    pub statuses: Option<Vec<BookingStatus>>,
    /// How much of them, the latest check-in first.
    pub page: Page<ByCheckIn>,
}

/// Whether the status at `now`, deadlines honored, is one of `statuses`: the SQL twin of the domain's `status_at`. A macro because the type
/// of the condition cannot be written down. An unselected state is an empty list, which matches nothing.
macro_rules! in_status {
    ($statuses:expr, $now:expr) => {{
        let stored = |effective: BookingStatus, stored: &'static [BookingStatus]| {
            stored.iter().copied().filter(move |_| $statuses.contains(&effective)).collect::<Vec<_>>()
        };
        let waits: Vec<_> = WAITING.iter().copied().filter(|status| $statuses.contains(status)).collect();
        let ends: Vec<_> = ENDED.iter().copied().filter(|status| $statuses.contains(status)).collect();
        let late = stored(BookingStatus::Expired, WAITING);
        let ahead = stored(BookingStatus::Confirmed, &[BookingStatus::Confirmed]);
        let stays = stored(BookingStatus::CheckedIn, STANDING);
        let over = stored(BookingStatus::Completed, STANDING);
        let deadline = bookings::deadline_at.assume_not_null();
        let stored = |statuses: Vec<BookingStatus>| among(bookings::status, statuses);
        stored(ends)
            .or(stored(waits).and(deadline.gt($now)))
            .or(stored(late).and(deadline.le($now)))
            .or(stored(ahead).and(bookings::check_in_at.gt($now)))
            .or(stored(stays).and(bookings::check_in_at.le($now)).and(bookings::check_out_at.gt($now)))
            .or(stored(over).and(bookings::check_out_at.le($now)))
    }};
}
use in_status;

/// States of bookings that have not ended, as stored.
pub(super) const OPEN_STATES: &[BookingStatus] = OPEN;
const OPEN: &[BookingStatus] =
    &[BookingStatus::PendingPayment, BookingStatus::Requested, BookingStatus::Confirmed, BookingStatus::CheckedIn];
const WAITING: &[BookingStatus] = &[BookingStatus::PendingPayment, BookingStatus::Requested];
const STANDING: &[BookingStatus] = &[BookingStatus::Confirmed, BookingStatus::CheckedIn];
/// States in which a booking no longer needs a payment.
const PAID_OR_OVER: &[BookingStatus] =
    &[BookingStatus::Confirmed, BookingStatus::Declined, BookingStatus::Expired, BookingStatus::Cancelled];
const ENDED: &[BookingStatus] =
    &[BookingStatus::Completed, BookingStatus::Declined, BookingStatus::Expired, BookingStatus::Cancelled];

/// The bookings of `user` for each part, deadlines honored at `now`, and one more each: part by part, the latest check-in first, in one
/// statement.
pub async fn lists(conn: &mut Conn, user: UserId, parts: &[Part], now: Timestamp) -> QueryResult<Vec<Vec<Booking>>> {
    if parts.is_empty() {
        return Ok(Vec::new());
    }
    let part = |(number, part): (usize, &Part)| {
        let mut query = bookings::table.select((numbered(number), Booking::as_select())).into_boxed::<Mysql>();
        query = match part.side {
            Side::Guest => query.filter(bookings::guest_id.eq(user)),
            Side::Host => query.filter(bookings::host_id.eq(user)).filter(bookings::hidden_from_host.eq(false)),
        };
        if let Some(ByCheckIn { day, id }) = part.page.after {
            query = query
                .filter(bookings::check_in.lt(day).or(bookings::check_in.eq(day).and(bookings::id.lt(id))))
                // A redundant condition that lets the index start there.
                .filter(bookings::check_in.le(day));
        }
        if let Some(statuses) = &part.statuses {
            query = query.filter(in_status!(statuses, now));
        }
        query.order((bookings::check_in.desc(), bookings::id.desc())).limit(part.page.limit())
    };
    let mut rows: Vec<(i64, Booking)> =
        UnionAll::of(parts.iter().enumerate().map(part).collect(), parts.len() == 1).load(conn).await?;
    rows.sort_by_key(|(_, row)| Reverse((row.check_in, row.id)));
    Ok(by_part(parts.len(), rows))
}

/// The open bookings at `now` of a listing that `editor` may change, locked in ascending order until the transaction ends.
pub async fn lock_open_of_listing(
    tx: &mut Conn,
    editor: UserId,
    listing: ListingId,
    now: Timestamp,
) -> QueryResult<Vec<Booking>> {
    bookings::table
        .filter(bookings::listing_id.eq(listing))
        .filter(bookings::host_id.eq(editor).or(helped_by!(bookings::listing_id, editor, Permission::EditListing)))
        .filter(in_status!(OPEN, now))
        .order(bookings::id)
        .select(Booking::as_select())
        .for_update()
        .load(tx)
        .await
}

/// Up to `limit` bookings of `user`, as guest and as host each, that are open at `now`.
pub async fn open_of_user(conn: &mut Conn, user: UserId, now: Timestamp, limit: i64) -> QueryResult<Vec<BookingId>> {
    let open = || bookings::table.filter(in_status!(OPEN, now)).select(bookings::id).limit(limit);
    let mut found: Vec<BookingId> = open().filter(bookings::guest_id.eq(user)).load(conn).await?;
    found.extend(
        open()
            .filter(bookings::host_id.eq(user))
            .filter(bookings::hidden_from_host.eq(false))
            .load::<BookingId>(conn)
            .await?,
    );
    Ok(found)
}

/// Those of `listings` that have bookings which are open at `now`.
pub async fn with_open_bookings(
    conn: &mut Conn,
    listings: &[ListingId],
    now: Timestamp,
) -> QueryResult<HashSet<ListingId>> {
    if listings.is_empty() {
        return Ok(HashSet::new());
    }
    let found: Vec<ListingId> = bookings::table
        .filter(among(bookings::listing_id, listings.iter().copied()))
        .filter(in_status!(OPEN, now))
        .select(bookings::listing_id)
        .load(conn)
        .await?;
    Ok(found.into_iter().collect())
}

/// Bookings that wait for payment or an answer and whose deadline has passed, for the worker.
pub async fn due_to_expire(conn: &mut Conn, now: Timestamp, limit: i64) -> QueryResult<Vec<BookingId>> {
    bookings::table
        .filter(among(bookings::status, WAITING.iter().copied()))
        .filter(bookings::deadline_at.le(now))
        .order(bookings::deadline_at)
        .select(bookings::id)
        .limit(limit)
        .load(conn)
        .await
}

/// Bookings whose stay has begun or ended since their state was written, for the worker to apply.
pub async fn due_to_start_or_end(conn: &mut Conn, now: Timestamp, limit: i64) -> QueryResult<Vec<BookingId>> {
    let begun = bookings::status.eq(BookingStatus::Confirmed).and(bookings::check_in_at.le(now));
    let ended = bookings::status.eq(BookingStatus::CheckedIn).and(bookings::check_out_at.le(now));
    bookings::table
        .filter(begun.or(ended))
        .order(bookings::check_in_at)
        .select(bookings::id)
        .limit(limit)
        .load(conn)
        .await
}
