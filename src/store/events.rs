//! What happened to bookings, in the order in which it was committed.
//!
//! A sequence is taken under a row lock, never from AUTO_INCREMENT: that counts up when a row is written, not when it is committed, so
//! a reader could step over a row that is committed later.

use std::collections::BTreeMap;

use diesel::{prelude::*, sql_types};
use diesel_async::RunQueryDsl;

use super::{
    Conn,
    schema::{booking_events, bookings, feed_entries, feeds},
};
use crate::types::{BookingEventKind, BookingId, Side, Timestamp, UserId};

/// Something that happened to a booking.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
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

/// An event as it stands in the feed of one side of its booking.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct FeedEntry {
    /// Its place in the feed, from 1.
    pub sequence: u64,
    /// The event.
    pub event: Event,
}

/// Whom an event concerns.
#[derive(Debug, Clone, Copy)]
pub struct Parties {
    /// The booking, which the transaction has locked or made.
    pub booking: BookingId,
    /// Its guest.
    pub guest: UserId,
    /// Its host.
    pub host: UserId,
}

/// Appends what happened to one booking or more to their events and to the feeds of both sides. The last thing that a transaction does:
/// the lock of a feed is held until the commit. Feeds are locked in one order, so that two transactions do not embrace.
pub async fn append(tx: &mut Conn, happened: &[(Parties, Vec<BookingEventKind>)], now: Timestamp) -> QueryResult<()> {
    let mut feeds = BTreeMap::<(Side, UserId), Vec<Event>>::new();
    for (parties, kinds) in happened.iter().filter(|(_, kinds)| !kinds.is_empty()) {
        let events = record(tx, parties.booking, kinds, now).await?;
        feeds.entry((Side::Host, parties.host)).or_default().extend(events.iter().cloned());
        feeds.entry((Side::Guest, parties.guest)).or_default().extend(events);
    }
    for ((side, user), events) in feeds {
        enter(tx, user, side, &events).await?;
    }
    Ok(())
}

async fn record(
    tx: &mut Conn,
    booking: BookingId,
    kinds: &[BookingEventKind],
    now: Timestamp,
) -> QueryResult<Vec<Event>> {
    let count = u32::try_from(kinds.len()).unwrap_or(u32::MAX);
    diesel::update(bookings::table.find(booking))
        .set(bookings::event_sequence.eq(bookings::event_sequence + count))
        .execute(tx)
        .await?;
    let last: u32 = bookings::table.find(booking).select(bookings::event_sequence).first(tx).await?;
    let events: Vec<Event> = (last - count + 1..=last)
        .zip(kinds)
        .map(|(sequence, &kind)| Event { booking_id: booking, sequence, kind, happened_at: now })
        .collect();
    diesel::insert_into(booking_events::table).values(&events).execute(tx).await?;
    Ok(events)
}

async fn enter(tx: &mut Conn, user: UserId, side: Side, events: &[Event]) -> QueryResult<()> {
    let count = events.len() as u64;
    diesel::sql_query(
        "INSERT INTO feeds (user_id, role, last_sequence) VALUES (?, ?, ?) \
         ON DUPLICATE KEY UPDATE last_sequence = last_sequence + ?",
    )
    .bind::<sql_types::Binary, _>(user)
    .bind::<sql_types::Text, _>(side)
    .bind::<sql_types::Unsigned<sql_types::BigInt>, _>(count)
    .bind::<sql_types::Unsigned<sql_types::BigInt>, _>(count)
    .execute(tx)
    .await?;
    let last: u64 = feeds::table.find((user, side)).select(feeds::last_sequence).first(tx).await?;
    let entries: Vec<_> = (last - count + 1..=last)
        .zip(events)
        .map(|(sequence, event)| {
            (
                feed_entries::user_id.eq(user),
                feed_entries::role.eq(side),
                feed_entries::sequence.eq(sequence),
                feed_entries::booking_id.eq(event.booking_id),
                feed_entries::booking_sequence.eq(event.sequence),
            )
        })
        .collect();
    diesel::insert_into(feed_entries::table).values(entries).execute(tx).await?;
    Ok(())
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

/// The sequence of the booking's latest event.
pub async fn latest_of_booking(conn: &mut Conn, booking: BookingId) -> QueryResult<u32> {
    bookings::table.find(booking).select(bookings::event_sequence).first(conn).await
}

/// The entries of a feed after `after`, oldest first.
pub async fn of_feed(conn: &mut Conn, user: UserId, side: Side, after: u64, limit: i64) -> QueryResult<Vec<FeedEntry>> {
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

/// The sequence of the feed's latest entry; 0 when it is empty.
pub async fn latest_of_feed(conn: &mut Conn, user: UserId, side: Side) -> QueryResult<u64> {
    let last = feeds::table.find((user, side)).select(feeds::last_sequence).first(conn).await.optional()?;
    Ok(last.unwrap_or(0))
}

/// The bookings whose events were entered into feeds in the last `seconds` by the database's clock, on whichever server.
pub async fn recent(conn: &mut Conn, seconds: u32) -> QueryResult<Vec<Parties>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = sql_types::Binary)]
        id: BookingId,
        #[diesel(sql_type = sql_types::Binary)]
        guest_id: UserId,
        #[diesel(sql_type = sql_types::Binary)]
        host_id: UserId,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT DISTINCT b.id, b.guest_id, b.host_id FROM feed_entries f JOIN bookings b ON b.id = f.booking_id \
         WHERE f.appended_at >= CURRENT_TIMESTAMP(6) - INTERVAL ? SECOND",
    )
    .bind::<sql_types::Unsigned<sql_types::Integer>, _>(seconds)
    .load(conn)
    .await?;
    Ok(rows.into_iter().map(|row| Parties { booking: row.id, guest: row.guest_id, host: row.host_id }).collect())
}
