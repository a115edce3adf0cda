//! Writing events: the last thing that a transaction does.
//!
//! The database itself increments and uses sequences and positions, because each round trip would hold the locks longer.

use std::collections::{BTreeMap, BTreeSet};

use diesel::{mysql::Mysql, prelude::*, query_builder::BoxedSqlQuery, sql_types};
use diesel_async::RunQueryDsl;

use super::{
    Actor, Cause, Impersonator, NewEvent, Payload,
    catalog::{NewChange, shard_of},
    feeds::Feed,
    payload::BookingDetails,
    streams::of_booking,
};
use crate::{bookings::Booking, prepared::Prepare as _, query_parts::EXACT, schema::bookings};
use mysql_engine::Conn;
use types::{EventSubject, ObjectId, Timestamp, UserId};

/// Events of a booking that the transaction has locked or created.
#[derive(Debug)]
pub struct BookingEvents<'a> {
    /// The booking.
    pub booking: &'a Booking,
    /// The events, in order.
    pub events: Vec<NewEvent>,
    /// Whether the booking becomes visible to the host now: the host then also gets its earlier events.
    pub host_joins: bool,
    /// Whether the booking was inserted with the sequence of the last of these events.
    pub is_new: bool,
}

impl<'a> BookingEvents<'a> {
    /// Events of `booking`.
    pub fn new(booking: &'a Booking, events: impl IntoIterator<Item = NewEvent>) -> Self {
        Self { booking, events: events.into_iter().collect(), host_joins: false, is_new: false }
    }

    /// All events of `booking`, which this transaction has inserted with as many as its `event_sequence`.
    pub fn of_new(booking: &'a Booking, events: impl IntoIterator<Item = NewEvent>) -> Self {
        Self { is_new: true, ..Self::new(booking, events) }
    }

    fn is_seen_by_host(&self) -> bool {
        self.host_joins || !self.booking.hidden_from_host
    }
}

/// The most rows of a statement that counts sequences: the database reads each as a query of its own.
const AT_ONCE: usize = 100;

/// Appends events to those of their bookings, to the feeds of both sides and, if they take or release nights, to the catalog; and changes
/// to the catalog. Must be the last step of a transaction, because the lock of a feed is held until the commit. Feeds are locked in one
/// order, so that transactions do not deadlock. What a person did whom an impersonator acts as, the impersonator did.
///
/// # Errors
/// When the database fails.
pub async fn append(
    tx: &mut Conn,
    (cause, impersonator): (&Cause, Option<Impersonator>),
    (booking_events, changes): (&[BookingEvents<'_>], &[NewChange]),
    now: Timestamp,
) -> QueryResult<()> {
    let mut rows = booking_rows(tx, booking_events).await?;
    rows.extend(change_rows(tx, changes).await?);
    if rows.is_empty() {
        return Ok(());
    }
    if let Some(impersonator) = impersonator {
        rows.iter_mut().for_each(|row| row.actor = impersonator.actor(row.actor));
    }
    record(tx, &rows, cause, now).await?;
    let mut feeds = BTreeMap::<Feed, Vec<Entry>>::new();
    let mut joined = BTreeSet::new();
    for row in &rows {
        for feed in &row.feeds {
            feeds.entry(*feed).or_default().push(row.entry);
        }
        if let Some(host) = row.host_joins
            && joined.insert(row.entry.id)
        {
            feeds.entry(host).or_default().extend(history(tx, row.entry).await?);
        }
    }
    enter(tx, &feeds).await
}

/// An event, and how far its sequence is behind the last one of its subject.
#[derive(Debug, Clone, Copy)]
struct Entry {
    subject: EventSubject,
    id: ObjectId,
    behind: u32,
}

/// An event to write.
struct Row {
    entry: Entry,
    kind: &'static str,
    actor: Actor,
    /// Whose payment it is, when the provider acts.
    payer: Option<UserId>,
    payload: Payload,
    feeds: Vec<Feed>,
    /// The feed of a host who gets all events of the booking.
    host_joins: Option<Feed>,
}

/// Increments the sequences of bookings. Returns their new events.
async fn booking_rows(tx: &mut Conn, booking_events: &[BookingEvents<'_>]) -> QueryResult<Vec<Row>> {
    let mut rows = Vec::new();
    for it in booking_events.iter().filter(|it| !it.events.is_empty()) {
        let count = u32::try_from(it.events.len()).unwrap_or(u32::MAX);
        let counted = if it.is_new { it.booking.event_sequence } else { 0 };
        if counted != count {
            diesel::update(bookings::table.find(it.booking.id))
                .set(bookings::event_sequence.eq(bookings::event_sequence + count - counted))
                .prepared()
                .execute(tx)
                .await?;
        }
        rows.extend(it.events.iter().zip((0..count).rev()).map(|(event, behind)| booking_row(it, event, behind)));
    }
    Ok(rows)
}

fn booking_row(it: &BookingEvents<'_>, event: &NewEvent, behind: u32) -> Row {
    let (booking, nights) = (it.booking, event.nights(it.booking));
    let (guest, host) = (Feed::of_guest(booking.guest_id), Feed::of_host(booking.host_id));
    let mut feeds = vec![guest];
    feeds.extend((it.is_seen_by_host() && !it.host_joins).then_some(host));
    feeds.extend(nights.map(|_| Feed::of_shard(shard_of(booking.listing_id.into()))));
    Row {
        entry: Entry { subject: EventSubject::Booking, id: booking.id.into(), behind },
        kind: event.kind.as_str(),
        actor: event.actor,
        payer: (event.actor == Actor::PaymentProvider).then_some(booking.guest_id),
        payload: Payload::Booking(BookingDetails {
            payment: event.payment,
            refund: event.refund,
            amount: event.amount,
            nights,
        }),
        feeds,
        host_joins: it.host_joins.then_some(host),
    }
}

/// Increments the sequences of other subjects, each once. Returns their new events.
async fn change_rows(tx: &mut Conn, changes: &[NewChange]) -> QueryResult<Vec<Row>> {
    let mut counts = BTreeMap::<Feed, u64>::new();
    for change in changes {
        *counts.entry(change.own_feed()).or_default() += 1;
    }
    count(tx, &counts).await?;
    let mut rows = Vec::new();
    for change in changes {
        let left = counts.entry(change.own_feed()).or_default();
        *left = left.saturating_sub(1);
        rows.push(Row {
            entry: Entry {
                subject: change.kind.subject(),
                id: change.subject,
                behind: u32::try_from(*left).unwrap_or(u32::MAX),
            },
            kind: change.kind.as_str(),
            actor: change.actor,
            payer: None,
            payload: change.payload.clone(),
            feeds: vec![Feed::of_shard(change.shard)],
            host_joins: None,
        });
    }
    Ok(rows)
}

/// All events of a booking, oldest first, of which `last` is one of the newest.
async fn history(tx: &mut Conn, last: Entry) -> QueryResult<Vec<Entry>> {
    let events = of_booking(tx, last.id.into(), 0, i64::MAX).await?;
    let sequence = events.last().map_or(0, |event| event.sequence);
    Ok(events.iter().map(|event| Entry { behind: sequence - event.sequence, ..last }).collect())
}

/// Where the last sequence of a subject is: in table `s`.
struct LastSequence {
    table: &'static str,
    sequence: &'static str,
    id: &'static str,
    /// Finds the row of one subject.
    row: &'static str,
}

impl LastSequence {
    fn of(subject: EventSubject) -> Self {
        match subject {
            EventSubject::Booking => {
                Self { table: "bookings s", sequence: "s.event_sequence", id: "s.id", row: "s.id = ?" }
            }
            _ => Self {
                table: "feeds s",
                sequence: "s.last_position",
                id: "s.owner_id",
                row: "s.owner_id = ? AND s.topic = 'OWN'",
            },
        }
    }
}

/// Writes events whose sequences are incremented already.
async fn record(tx: &mut Conn, rows: &[Row], cause: &Cause, now: Timestamp) -> QueryResult<()> {
    for rows in rows.chunks(AT_ONCE) {
        let one = |row: &Row| {
            let subject = row.entry.subject;
            let LastSequence { table, sequence, id, row } = LastSequence::of(subject);
            // Without the cast a union takes the ids for texts, and replaces their bytes.
            let person = "CAST(? AS BINARY(16))";
            format!(
                "SELECT '{subject}', {id}, {sequence} - ?, ?, ?, {person}, {person}, ?, ?, ?, ? FROM {table} WHERE {row}"
            )
        };
        let all = rows.iter().map(one).collect::<Vec<_>>().join(" UNION ALL ");
        let mut insert = diesel::sql_query(format!(
            "INSERT INTO events \
             (subject, subject_id, sequence, kind, actor, actor_id, on_behalf_of, cause, cause_id, payload, happened_at) {all}"
        ))
        .into_boxed::<Mysql>();
        for row in rows {
            insert = bind_row(insert, row, cause, now);
        }
        insert.prepared_if(rows.len() <= EXACT).execute(tx).await?;
    }
    Ok(())
}

type Statement<'a> = BoxedSqlQuery<'a, Mysql, diesel::query_builder::SqlQuery>;

fn bind_row<'a>(insert: Statement<'a>, row: &'a Row, cause: &'a Cause, now: Timestamp) -> Statement<'a> {
    insert
        .bind::<sql_types::Unsigned<sql_types::Integer>, _>(row.entry.behind)
        .bind::<sql_types::Text, _>(row.kind)
        .bind::<sql_types::Text, _>(row.actor.word())
        .bind::<sql_types::Nullable<sql_types::Binary>, _>(row.actor.person())
        .bind::<sql_types::Nullable<sql_types::Binary>, _>(row.actor.on_behalf_of().or(row.payer))
        .bind::<sql_types::Text, _>(cause.kind())
        .bind::<sql_types::Text, _>(cause.id())
        .bind::<sql_types::Text, _>(&row.payload)
        .bind::<sql_types::Datetime, _>(now)
        .bind::<sql_types::Binary, _>(row.entry.id)
}

/// Increments the last positions of feeds, in the order of the map.
async fn count(tx: &mut Conn, feeds: &BTreeMap<Feed, u64>) -> QueryResult<()> {
    if feeds.is_empty() {
        return Ok(());
    }
    let rows = vec!["(?, ?, ?)"; feeds.len()].join(", ");
    let mut count = diesel::sql_query(format!(
        "INSERT INTO feeds (owner_id, topic, last_position) VALUES {rows} \
         ON DUPLICATE KEY UPDATE last_position = last_position + VALUES(last_position)"
    ))
    .into_boxed::<Mysql>();
    for (feed, entries) in feeds {
        count = count
            .bind::<sql_types::Binary, _>(feed.owner)
            .bind::<sql_types::Text, _>(feed.topic)
            .bind::<sql_types::Unsigned<sql_types::BigInt>, _>(*entries);
    }
    count.prepared_if(feeds.len() <= EXACT).execute(tx).await?;
    Ok(())
}

/// Enters written events into feeds.
async fn enter(tx: &mut Conn, feeds: &BTreeMap<Feed, Vec<Entry>>) -> QueryResult<()> {
    count(tx, &feeds.iter().map(|(feed, entries)| (*feed, entries.len() as u64)).collect()).await?;
    let mut rows = Vec::new();
    for (feed, entries) in feeds {
        rows.extend(entries.iter().zip((0..entries.len() as u64).rev()).map(|(entry, behind)| (feed, entry, behind)));
    }
    for rows in rows.chunks(AT_ONCE) {
        let one = |(_, entry, _): &(&Feed, &Entry, u64)| {
            let LastSequence { table, sequence, id, row } = LastSequence::of(entry.subject);
            format!(
                "SELECT f.owner_id, f.topic, f.last_position - ?, {id}, {sequence} - ? FROM feeds f JOIN {table} \
                 WHERE f.owner_id = ? AND f.topic = ? AND {row}"
            )
        };
        let all = rows.iter().map(one).collect::<Vec<_>>().join(" UNION ALL ");
        let text = format!("INSERT INTO feed_entries (owner_id, topic, position, subject_id, event_sequence) {all}");
        let mut insert = diesel::sql_query(text).into_boxed::<Mysql>();
        for (feed, entry, behind) in rows {
            insert = insert
                .bind::<sql_types::Unsigned<sql_types::BigInt>, _>(*behind)
                .bind::<sql_types::Unsigned<sql_types::Integer>, _>(entry.behind)
                .bind::<sql_types::Binary, _>(feed.owner)
                .bind::<sql_types::Text, _>(feed.topic)
                .bind::<sql_types::Binary, _>(entry.id);
        }
        insert.prepared_if(rows.len() <= EXACT).execute(tx).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::FeedTopic;

    #[test]
    fn shared_feeds_are_locked_last() {
        let user = UserId::of_bytes([1; 16]);
        let mut feeds = [Feed::of_shard(3), Feed::of_host(user), Feed::of_guest(user), Feed::of_shard(1)];
        feeds.sort_unstable();
        let topics: Vec<_> = feeds.iter().map(|feed| feed.topic).collect();
        assert_eq!(topics, [FeedTopic::Guest, FeedTopic::Host, FeedTopic::Catalog, FeedTopic::Catalog]);
    }
}
