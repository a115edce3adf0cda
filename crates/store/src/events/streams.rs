//! Reads events of bookings, for histories and streams.

use diesel::{prelude::*, sql_types};
use diesel_async::RunQueryDsl;

use super::payload::{BookingDetails, Payload};
use crate::{
    bookings::is_seen_by,
    co_hosts::helped_by,
    query_parts::{UnionAll, among},
    schema::{bookings, events, feed_entries, feeds},
};
use mysql_engine::Conn;
use types::{BookingEventKind, BookingId, EventActor, FeedTopic, Page, Permission, Side, Timestamp, UserId};

/// An event of a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = events, check_for_backend(diesel::mysql::Mysql))]
pub struct Event {
    /// The booking.
    #[diesel(column_name = subject_id)]
    pub booking_id: BookingId,
    /// Its number among the booking's events, from 1.
    pub sequence: u32,
    /// What happened.
    pub kind: BookingEventKind,
    /// Who caused it.
    pub actor: EventActor,
    /// Its details.
    #[diesel(column_name = payload, deserialize_as = Payload)]
    pub details: BookingDetails,
    /// When it happened.
    pub happened_at: Timestamp,
}

impl From<Payload> for BookingDetails {
    fn from(payload: Payload) -> Self {
        match payload {
            Payload::Booking(details) => details,
            _ => Self::default(),
        }
    }
}

/// An ordered list of events that streams follow, numbered from 1 without gaps until old ones are deleted.
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

/// The events of each part, and one more of each, in no order and in one statement; only of bookings that `viewer` can see.
pub async fn visible(conn: &mut Conn, viewer: UserId, parts: &[OfBooking]) -> QueryResult<Vec<Event>> {
    if parts.is_empty() {
        return Ok(Vec::new());
    }
    let part = |part: &OfBooking| {
        events::table
            .inner_join(bookings::table.on(bookings::id.eq(events::subject_id)))
            .filter(events::subject_id.eq(part.booking))
            .filter(events::sequence.gt(part.page.after.unwrap_or(0)))
            .filter(is_seen_by!(viewer))
            .order(events::sequence)
            .limit(part.page.limit())
            .select(Event::as_select())
    };
    UnionAll::of(parts.iter().map(part).collect(), true).load(conn).await
}

/// The events of a booking after `after`, oldest first.
pub async fn of_booking(conn: &mut Conn, booking: BookingId, after: u32, limit: i64) -> QueryResult<Vec<Event>> {
    events::table
        .filter(events::subject_id.eq(booking))
        .filter(events::sequence.gt(after))
        .order(events::sequence)
        .limit(limit)
        .select(Event::as_select())
        .load(conn)
        .await
}

/// The events of `topic` after position `after`, oldest first, with their positions.
pub async fn of_topic(conn: &mut Conn, topic: Topic, after: u64, limit: i64) -> QueryResult<Vec<(u64, Event)>> {
    match topic {
        Topic::Booking(id) => {
            // There are no events after the greatest sequence.
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
            events::table.on(events::subject_id
                .eq(feed_entries::subject_id)
                .and(events::sequence.eq(feed_entries::event_sequence))),
        )
        .filter(feed_entries::owner_id.eq(user))
        .filter(feed_entries::topic.eq(FeedTopic::from(side)))
        .filter(feed_entries::position.gt(after))
        .order(feed_entries::position)
        .limit(limit)
        .select((feed_entries::position, Event::as_select()))
        .load(conn)
        .await
}

/// The sequence of the latest event of a booking, if `viewer` can see it, and whether `viewer` is its guest or host.
pub async fn latest_of_booking(conn: &mut Conn, id: BookingId, viewer: UserId) -> QueryResult<Option<(u32, bool)>> {
    bookings::table
        .find(id)
        .filter(is_seen_by!(viewer))
        .select((bookings::event_sequence, bookings::guest_id.eq(viewer).or(bookings::host_id.eq(viewer))))
        .first(conn)
        .await
        .optional()
}

/// The sequence of the feed's latest entry; 0 when it is empty.
pub async fn latest_of_feed(conn: &mut Conn, user: UserId, side: Side) -> QueryResult<u64> {
    let last =
        feeds::table.find((user, FeedTopic::from(side))).select(feeds::last_position).first(conn).await.optional()?;
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
        let feeds = feeds::table
            .filter(among(feeds::owner_id, of_people))
            .filter(among(feeds::topic, [FeedTopic::Guest, FeedTopic::Host]));
        let rows: Vec<(UserId, Side, u64)> =
            feeds.select((feeds::owner_id, feeds::topic, feeds::last_position)).load(conn).await?;
        latest.extend(rows.into_iter().map(|(user, side, last)| (Topic::Feed(user, side), last)));
    }
    Ok(latest)
}

/// The positions of at most `limit` entries that were appended in the last `seconds` by the database's clock, on any server: each in the
/// topic of its booking and in its feed.
pub async fn recent(conn: &mut Conn, seconds: u32, limit: u32) -> QueryResult<Vec<(Topic, u64)>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = sql_types::Binary)]
        owner_id: UserId,
        #[diesel(sql_type = sql_types::Text)]
        topic: Side,
        #[diesel(sql_type = sql_types::Unsigned<sql_types::BigInt>)]
        position: u64,
        #[diesel(sql_type = sql_types::Binary)]
        subject_id: BookingId,
        #[diesel(sql_type = sql_types::Unsigned<sql_types::Integer>)]
        event_sequence: u32,
    }
    let rows: Vec<Row> = diesel::sql_query(
        "SELECT owner_id, topic, position, subject_id, event_sequence FROM feed_entries \
         WHERE topic IN ('GUEST', 'HOST') AND appended_at >= CURRENT_TIMESTAMP(6) - INTERVAL ? SECOND LIMIT ?",
    )
    .bind::<sql_types::Unsigned<sql_types::Integer>, _>(seconds)
    .bind::<sql_types::Unsigned<sql_types::Integer>, _>(limit)
    .load(conn)
    .await?;
    let positions = |row: Row| {
        [
            (Topic::Feed(row.owner_id, row.topic), row.position),
            (Topic::Booking(row.subject_id), row.event_sequence.into()),
        ]
    };
    Ok(rows.into_iter().flat_map(positions).collect())
}
