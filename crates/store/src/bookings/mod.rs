//! Bookings.

mod places;

use std::{cmp::Reverse, collections::HashSet};

use chrono::NaiveDate;
use diesel::{mysql::Mysql, prelude::*};
use diesel_async::RunQueryDsl;
pub use places::{BookedPlace, add_address, keep_places, time_zone};

use super::{
    each::{Each, among, by_part, numbered},
    schema::{bookings, quotes},
};
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{
    BookingId, BookingStatus, CancellationPolicy, Currency, Guests, Json, ListingId, Page, PriceLine, QuoteId,
    RefundTier, RuleSetVersion, Side, Stay, Timestamp, UserId,
};

/// A stay that somebody booked.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = bookings, check_for_backend(diesel::mysql::Mysql))]
#[expect(missing_docs, reason = "the columns, described in the migration")]
pub struct Booking {
    pub id: BookingId,
    pub listing_id: ListingId,
    pub guest_id: UserId,
    pub host_id: UserId,
    pub quote_id: QuoteId,
    /// As stored: ask the domain for the status at a time, which honors deadlines.
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
    /// Since when the guest holds these nights without having paid, replaced holds included; None: it is a request.
    pub held_since: Option<Timestamp>,
    /// Until when nobody pays for it, or paid for it: the deadline of a hold or request, or check-in when it costs nothing. None: it was
    /// paid for or replaced, or its host has answered or let it end.
    pub held_until: Option<Timestamp>,
    /// A request for which no money was authorized: it has no nights, and its host does not know of it.
    pub hidden_from_host: bool,
}

impl Booking {
    /// The nights.
    pub fn stay(&self) -> Stay {
        Stay::stored(self.check_in, self.check_out)
    }

    /// Who comes.
    pub fn guests(&self) -> Guests {
        Guests { adults: self.adults, children: self.children, infants: self.infants, pets: self.pets }
    }

    /// Which side `user` is on, as far as `user` may know of it.
    pub fn side_of(&self, user: UserId) -> Option<Side> {
        if self.guest_id == user {
            return Some(Side::Guest);
        }
        (self.host_id == user && !self.hidden_from_host).then_some(Side::Host)
    }
}

/// What a change of state writes.
#[derive(Debug, Clone, PartialEq, Eq, AsChangeset)]
#[diesel(table_name = bookings, treat_none_as_null = true)]
#[expect(missing_docs, reason = "the columns, described in the migration")]
pub struct Change {
    pub status: BookingStatus,
    pub deadline_at: Option<Timestamp>,
    pub cancellation_timeline: Option<Json<Vec<RefundTier>>>,
    pub decline_message: Option<String>,
    pub host_payout: i64,
    pub confirmed_at: Option<Timestamp>,
    pub cancelled_at: Option<Timestamp>,
    pub held_until: Option<Timestamp>,
    pub hidden_from_host: bool,
    pub updated_at: Timestamp,
    pub time_zone_rules: String,
}

impl Change {
    /// `booking` in state `to`, all else as it is; only states that wait keep their deadline. What is confirmed is no unpaid hold, unless it
    /// costs nothing and its host was not asked; and no guest is to blame for what a host declines or does not answer.
    pub fn to(booking: &Booking, to: BookingStatus, now: Timestamp) -> Self {
        let waits = matches!(to, BookingStatus::PendingPayment | BookingStatus::Requested);
        let is_held = match to {
            BookingStatus::Confirmed => booking.total == 0 && booking.held_since.is_some(),
            BookingStatus::Expired => booking.held_since.is_some() || booking.hidden_from_host,
            BookingStatus::Declined => false,
            _ => true,
        };
        Self {
            status: to,
            deadline_at: booking.deadline_at.filter(|_| waits),
            cancellation_timeline: booking.cancellation_timeline.clone(),
            decline_message: booking.decline_message.clone(),
            host_payout: booking.host_payout,
            confirmed_at: booking.confirmed_at,
            cancelled_at: booking.cancelled_at,
            held_until: booking.held_until.filter(|_| is_held),
            hidden_from_host: booking.hidden_from_host,
            updated_at: now,
            time_zone_rules: booking.time_zone_rules.clone(),
        }
    }

    /// `booking` as it is when this is written.
    pub fn applied_to(&self, booking: Booking) -> Booking {
        let Self { status, deadline_at, host_payout, confirmed_at, cancelled_at, held_until, hidden_from_host, .. } =
            *self;
        Booking {
            status,
            deadline_at,
            cancellation_timeline: self.cancellation_timeline.clone(),
            decline_message: self.decline_message.clone(),
            host_payout,
            confirmed_at,
            cancelled_at,
            held_until,
            hidden_from_host,
            updated_at: self.updated_at,
            time_zone_rules: self.time_zone_rules.clone(),
            ..booking
        }
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

/// The booking, whoever asks: for the domain's own use.
pub async fn find(conn: &mut Conn, id: BookingId) -> QueryResult<Option<Booking>> {
    bookings::table.find(id).select(Booking::as_select()).first(conn).await.optional()
}

/// Whether the booking was made with instant book: what its quote promised, whatever became of it.
pub async fn is_instant(conn: &mut Conn, id: BookingId) -> QueryResult<Option<bool>> {
    let quoted = bookings::table.inner_join(quotes::table).filter(bookings::id.eq(id));
    quoted.select(quotes::instant_book).first(conn).await.optional()
}

/// Writes that nobody paid or answered by `now`, if that is so and not written yet, and lets the nights go. Takes the booking's lock:
/// nothing else ends a hold. The event is for the caller to append, last of all.
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

/// Bookings of `listings` whose payment or answer did not come by `now`.
pub async fn overdue_of_listings(
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

/// Writes a change of state. Payments that a booking in the new state does not need any more are voided.
pub async fn update(tx: &mut Conn, id: BookingId, change: &Change) -> QueryResult<usize> {
    diesel::update(bookings::table.find(id)).set(change).prepared().execute(tx).await?;
    let needs_none = PAID_OR_OVER.contains(&change.status);
    if needs_none { super::payments::void_open(tx, id, change.updated_at).await } else { Ok(0) }
}

/// Whether bookings of `listing` keep its currency as it is: open ones, and any that was ever certain.
pub async fn bind_currency(conn: &mut Conn, listing: ListingId, now: Timestamp) -> QueryResult<bool> {
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

/// Those of `listings` whose currency bookings keep as it is, as [`bind_currency`].
pub async fn with_bound_currency(
    conn: &mut Conn,
    listings: &[ListingId],
    now: Timestamp,
) -> QueryResult<HashSet<ListingId>> {
    let mut bound = HashSet::new();
    for listing in listings {
        if bind_currency(conn, *listing, now).await? {
            bound.insert(*listing);
        }
    }
    Ok(bound)
}

/// The booking made from a quote.
pub async fn of_quote(conn: &mut Conn, quote: QuoteId) -> QueryResult<Option<Booking>> {
    bookings::table.filter(bookings::quote_id.eq(quote)).select(Booking::as_select()).first(conn).await.optional()
}

/// Those of `ids` that `viewer` is a side of.
pub async fn visible(conn: &mut Conn, viewer: UserId, ids: &[BookingId]) -> QueryResult<Vec<Booking>> {
    bookings::table
        .filter(among(bookings::id, ids.iter().copied()))
        .filter(
            bookings::guest_id.eq(viewer).or(bookings::host_id.eq(viewer).and(bookings::hidden_from_host.eq(false))),
        )
        .select(Booking::as_select())
        .load(conn)
        .await
}

/// A place in a list of bookings, the latest check-in first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ByCheckIn {
    /// The check-in day.
    pub day: NaiveDate,
    /// Decides between bookings of one day.
    pub id: BookingId,
}

/// Which of one person's bookings to list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Part {
    /// On which side.
    pub side: Side,
    /// Only in these states, each once and in order; None: in all.
    pub statuses: Option<Vec<BookingStatus>>,
    /// How much of them, the latest check-in first.
    pub page: Page<ByCheckIn>,
}

/// Whether the status at `now`, deadlines honored, is one of `statuses`: the SQL twin of the domain's `status_at`. A macro only
/// because the type of the condition cannot be written down. A state that is not wanted is an empty list, which holds nothing.
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

const OPEN: &[BookingStatus] =
    &[BookingStatus::PendingPayment, BookingStatus::Requested, BookingStatus::Confirmed, BookingStatus::CheckedIn];
const WAITING: &[BookingStatus] = &[BookingStatus::PendingPayment, BookingStatus::Requested];
const STANDING: &[BookingStatus] = &[BookingStatus::Confirmed, BookingStatus::CheckedIn];
/// States in which a booking begins to need no payment.
const PAID_OR_OVER: &[BookingStatus] =
    &[BookingStatus::Confirmed, BookingStatus::Declined, BookingStatus::Expired, BookingStatus::Cancelled];
const ENDED: &[BookingStatus] =
    &[BookingStatus::Completed, BookingStatus::Declined, BookingStatus::Expired, BookingStatus::Cancelled];

/// The bookings of `user` that each part asks for, deadlines honored at `now`, and one more of each: part by part, the latest check-in
/// first, in one statement.
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
                // Says the same less exactly, so that the index can start there.
                .filter(bookings::check_in.le(day));
        }
        if let Some(statuses) = &part.statuses {
            query = query.filter(in_status!(statuses, now));
        }
        query.order((bookings::check_in.desc(), bookings::id.desc())).limit(part.page.limit())
    };
    let mut rows: Vec<(i64, Booking)> =
        Each::of(parts.iter().enumerate().map(part).collect(), parts.len() == 1).load(conn).await?;
    rows.sort_by_key(|(_, row)| Reverse((row.check_in, row.id)));
    Ok(by_part(parts.len(), rows))
}

/// The bookings of a listing of `host` that are open at `now`, locked in ascending order until the transaction ends.
pub async fn lock_open_of_listing(
    tx: &mut Conn,
    host: UserId,
    listing: ListingId,
    now: Timestamp,
) -> QueryResult<Vec<Booking>> {
    bookings::table
        .filter(bookings::listing_id.eq(listing))
        .filter(bookings::host_id.eq(host))
        .filter(in_status!(OPEN, now))
        .order(bookings::id)
        .select(Booking::as_select())
        .for_update()
        .load(tx)
        .await
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

/// Bookings whose payment or answer did not come in time, for the worker.
pub async fn overdue(conn: &mut Conn, now: Timestamp, limit: i64) -> QueryResult<Vec<BookingId>> {
    bookings::table
        .filter(among(bookings::status, WAITING.iter().copied()))
        .filter(bookings::deadline_at.le(now))
        .order(bookings::deadline_at)
        .select(bookings::id)
        .limit(limit)
        .load(conn)
        .await
}

/// Bookings whose stay has begun or ended since their state was written, for the worker.
pub async fn moved_on(conn: &mut Conn, now: Timestamp, limit: i64) -> QueryResult<Vec<BookingId>> {
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
