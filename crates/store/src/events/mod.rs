//! Events of bookings, in the order in which it was committed.
//!
//! A sequence is taken under a row lock, never from AUTO_INCREMENT: that counts up when a row is written, not when it is committed, so
//! a reader could step over a row that is committed later.

mod append;

pub use append::{Happened, append};

use std::{collections::BTreeMap, sync::Arc};

use diesel::{mysql::Mysql, prelude::*, sql_types};
use diesel_async::RunQueryDsl;

use crate::{
    each::{Each, among},
    schema::{booking_events, bookings, feed_entries, feeds},
};
use mysql_engine::Conn;
use types::{BookingEventKind, BookingId, Page, PaymentId, RefundId, Side, Timestamp, UserId};

/// Who caused an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Actor {
    /// The guest of a booking.
    Guest(UserId),
    /// The host of a booking, or of a listing.
    Host(UserId),
    /// The payment provider.
    PaymentProvider,
    /// Staygate itself: a deadline passed, rules changed, or a dataset was imported.
    Platform,
}

impl Actor {
    /// The person on one side of a booking.
    pub fn on_side(side: Side, person: UserId) -> Self {
        match side {
            Side::Guest => Self::Guest(person),
            Side::Host => Self::Host(person),
        }
    }

    /// An event of this kind that it caused.
    pub fn event(self, kind: BookingEventKind) -> NewEvent {
        NewEvent { kind, actor: self, payment: None, refund: None }
    }
}

/// What made the program write an event.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Cause {
    /// A request of a client, by its id.
    Request(Arc<str>),
    /// Scheduled work, by its name.
    Job(&'static str),
    /// A message of the payment provider, by the provider's id of it.
    ProviderEvent(Arc<str>),
    /// The import of a dataset, by its name.
    Import(Arc<str>),
}

/// An event that is not written yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewEvent {
    /// What happened.
    pub kind: BookingEventKind,
    /// Who caused it.
    pub actor: Actor,
    /// The payment that it concerns.
    pub payment: Option<PaymentId>,
    /// The refund that it concerns.
    pub refund: Option<RefundId>,
}

impl NewEvent {
    /// The event, which concerns a payment.
    #[must_use]
    pub fn of_payment(self, id: PaymentId) -> Self {
        Self { payment: Some(id), ..self }
    }

    /// The event, which concerns a refund of a payment.
    #[must_use]
    pub fn of_refund(self, id: RefundId, payment: PaymentId) -> Self {
        Self { payment: Some(payment), refund: Some(id), ..self }
    }
}

/// Something that happened to a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = booking_events, check_for_backend(diesel::mysql::Mysql))]
pub struct Event {
    /// The booking.
    pub booking_id: BookingId,
    /// Its place among the booking's events, from 1.
    pub sequence: u32,
    /// What.
    pub kind: BookingEventKind,
    /// When.
    pub happened_at: Timestamp,
}

/// An ordered list of events, numbered from 1 without holes until old ones are deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Topic {
    /// Those of one booking.
    Booking(BookingId),
    /// Those of all bookings on one side of a person.
    Feed(UserId, Side),
}

/// Which events of one booking to read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OfBooking {
    /// The booking.
    pub booking: BookingId,
    /// How much of them, oldest first, after a sequence.
    pub page: Page<u32>,
}

/// The events that each part asks for, and one more of each, in no order and in one statement, of bookings whose guest or host
/// `viewer` is, as far as the host may know of them.
pub async fn visible(conn: &mut Conn, viewer: UserId, parts: &[OfBooking]) -> QueryResult<Vec<Event>> {
    if parts.is_empty() {
        return Ok(Vec::new());
    }
    let part = |part: &OfBooking| {
        booking_events::table
            .inner_join(bookings::table.on(bookings::id.eq(booking_events::booking_id)))
            .filter(booking_events::booking_id.eq(part.booking))
            .filter(booking_events::sequence.gt(part.page.after.unwrap_or(0)))
            .filter(
                bookings::guest_id
                    .eq(viewer)
                    .or(bookings::host_id.eq(viewer).and(bookings::hidden_from_host.eq(false))),
            )
            .order(booking_events::sequence)
            .limit(part.page.limit())
            .select(Event::as_select())
    };
    Each::of(parts.iter().map(part).collect(), true).load(conn).await
}

/// The events of a booking after `after`, oldest first.
pub async fn of_booking(conn: &mut Conn, booking: BookingId, after: u32, limit: i64) -> QueryResult<Vec<Event>> {
    booking_events::table
        .filter(booking_events::booking_id.eq(booking))
        .filter(booking_events::sequence.gt(after))
        .order(booking_events::sequence)
        .limit(limit)
        .select(Event::as_select())
        .load(conn)
        .await
}

/// The events of `topic` after position `after`, oldest first, with their positions.
pub async fn of_topic(conn: &mut Conn, topic: Topic, after: u64, limit: i64) -> QueryResult<Vec<(u64, Event)>> {
    match topic {
        Topic::Booking(id) => {
            // Nothing is behind the greatest sequence.
            let after = u32::try_from(after).unwrap_or(u32::MAX);
            let events = of_booking(conn, id, after, limit).await?;
            Ok(events.into_iter().map(|event| (event.sequence.into(), event)).collect())
        }
        Topic::Feed(user, side) => of_feed(conn, user, side, after, limit).await,
    }
}

async fn of_feed(conn: &mut Conn, user: UserId, side: Side, after: u64, limit: i64) -> QueryResult<Vec<(u64, Event)>> {
    feed_entries::table
        .inner_join(
            booking_events::table.on(booking_events::booking_id
                .eq(feed_entries::booking_id)
                .and(booking_events::sequence.eq(feed_entries::booking_sequence))),
        )
        .filter(feed_entries::user_id.eq(user))
        .filter(feed_entries::role.eq(side))
        .filter(feed_entries::sequence.gt(after))
        .order(feed_entries::sequence)
        .limit(limit)
        .select((feed_entries::sequence, Event::as_select()))
        .load(conn)
        .await
}

/// The sequence of the latest event of a booking, if `viewer` is a side of it and may know of it.
pub async fn latest_of_booking(conn: &mut Conn, id: BookingId, viewer: UserId) -> QueryResult<Option<u32>> {
    bookings::table
        .find(id)
        .filter(
            bookings::guest_id.eq(viewer).or(bookings::host_id.eq(viewer).and(bookings::hidden_from_host.eq(false))),
        )
        .select(bookings::event_sequence)
        .first(conn)
        .await
        .optional()
}

/// The sequence of the feed's latest entry; 0 when it is empty.
pub async fn latest_of_feed(conn: &mut Conn, user: UserId, side: Side) -> QueryResult<u64> {
    let last = feeds::table.find((user, side)).select(feeds::last_sequence).first(conn).await.optional()?;
    Ok(last.unwrap_or(0))
}

/// The last positions of those of `topics` that have any: at most two statements, however many there are.
pub async fn latest(conn: &mut Conn, topics: &[Topic]) -> QueryResult<Vec<(Topic, u64)>> {
    let (mut of_bookings, mut of_people) = (Vec::new(), Vec::new());
    for topic in topics {
        match topic {
            Topic::Booking(id) => of_bookings.push(*id),
            Topic::Feed(user, _) => of_people.push(*user),
        }
    }
    let mut latest = Vec::new();
    if !of_bookings.is_empty() {
        let bookings = bookings::table.filter(among(bookings::id, of_bookings));
        let rows: Vec<(BookingId, u32)> = bookings.select((bookings::id, bookings::event_sequence)).load(conn).await?;
        latest.extend(rows.into_iter().map(|(id, last)| (Topic::Booking(id), last.into())));
    }
    if !of_people.is_empty() {
        let feeds = feeds::table.filter(among(feeds::user_id, of_people));
        let rows: Vec<(UserId, Side, u64)> =
            feeds.select((feeds::user_id, feeds::role, feeds::last_sequence)).load(conn).await?;
        latest.extend(rows.into_iter().map(|(user, side, last)| (Topic::Feed(user, side), last)));
    }
    Ok(latest)
}

/// The positions of at most `limit` entries that were appended in the last `seconds` by the database's clock, on whichever server: each
/// in the topic of its booking and in its feed.
pub async fn recent(conn: &mut Conn, seconds: u32, limit: u32) -> QueryResult<Vec<(Topic, u64)>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = sql_types::Binary)]
        user_id: UserId,
        #[diesel(sql_type = sql_types::Text)]
        role: Side,
        #[diesel(sql_type = sql_types::Unsigned<sql_types::BigInt>)]
        sequence: u64,
        #[diesel(sql_type = sql_types::Binary)]
        booking_id: BookingId,
        #[diesel(sql_type = sql_types::Unsigned<sql_types::Integer>)]
        booking_sequence: u32,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT user_id, role, sequence, booking_id, booking_sequence FROM feed_entries \
         WHERE appended_at >= CURRENT_TIMESTAMP(6) - INTERVAL ? SECOND LIMIT ?",
    )
    .bind::<sql_types::Unsigned<sql_types::Integer>, _>(seconds)
    .bind::<sql_types::Unsigned<sql_types::Integer>, _>(limit)
    .load(conn)
    .await?;
    let positions = |row: Row| {
        [
            (Topic::Feed(row.user_id, row.role), row.sequence),
            (Topic::Booking(row.booking_id), row.booking_sequence.into()),
        ]
    };
    Ok(rows.into_iter().flat_map(positions).collect())
}

/// At most `limit` feed entries, the oldest first, that were appended before `before` to bookings that have ended: how many there are, and
/// the greatest sequence of each booking.
pub async fn expired(conn: &mut Conn, before: Timestamp, limit: i64) -> QueryResult<(usize, BTreeMap<BookingId, u32>)> {
    use types::BookingStatus::{Cancelled, Completed, Declined, Expired};
    let rows: Vec<(BookingId, u32)> = feed_entries::table
        .inner_join(bookings::table.on(bookings::id.eq(feed_entries::booking_id)))
        .filter(feed_entries::appended_at.lt(before))
        .filter(among(bookings::status, [Completed, Declined, Expired, Cancelled]))
        .order(feed_entries::appended_at)
        .limit(limit)
        .select((feed_entries::booking_id, feed_entries::booking_sequence))
        .load(conn)
        .await?;
    let (found, mut last) = (rows.len(), BTreeMap::new());
    for (booking, sequence) in rows {
        let known = last.entry(booking).or_insert(sequence);
        *known = sequence.max(*known);
    }
    Ok((found, last))
}

/// Deletes the events of bookings up to a sequence of each, with their feed entries.
pub async fn delete(tx: &mut Conn, last: &BTreeMap<BookingId, u32>) -> QueryResult<usize> {
    for (table, sequence) in [("feed_entries", "booking_sequence"), ("booking_events", "sequence")] {
        let one = format!("(booking_id = ? AND {sequence} <= ?)");
        let all = vec![one; last.len()].join(" OR ");
        let mut query = diesel::sql_query(format!("DELETE FROM {table} WHERE {all}")).into_boxed::<Mysql>();
        for (booking, sequence) in last {
            query = query
                .bind::<sql_types::Binary, _>(*booking)
                .bind::<sql_types::Unsigned<sql_types::Integer>, _>(*sequence);
        }
        query.execute(tx).await?;
    }
    Ok(last.len())
}
