//! Writing events: the last thing that a transaction does.

use std::collections::{BTreeMap, BTreeSet};

use diesel::{mysql::Mysql, prelude::*, sql_types};
use diesel_async::RunQueryDsl;

use super::{Cause, NewEvent, of_booking};
use crate::{bookings::Booking, schema::bookings};
use mysql_engine::Conn;
use types::{BookingEventKind, BookingId, Side, Timestamp, UserId};

/// Events of a booking that the transaction has locked or created.
#[derive(Debug)]
pub struct Happened<'a> {
    /// The booking.
    pub booking: &'a Booking,
    /// The events, in order.
    pub events: Vec<NewEvent>,
    /// Whether the host sees the booking only from now on, and therefore also gets its earlier events.
    pub host_joins: bool,
}

impl<'a> Happened<'a> {
    /// Events of `booking`.
    pub fn new(booking: &'a Booking, events: impl IntoIterator<Item = NewEvent>) -> Self {
        Self { booking, events: events.into_iter().collect(), host_joins: false }
    }

    fn audience(&self) -> Audience {
        match (self.host_joins, self.booking.hidden_from_host) {
            (true, _) => Audience::HostJoins,
            (false, true) => Audience::Guest,
            (false, false) => Audience::Both,
        }
    }
}

/// Whose feeds events are entered in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Audience {
    /// Both sides.
    Both,
    /// The guest alone: the host does not know of the booking.
    Guest,
    /// Both sides, and the host also of all that happened before.
    HostJoins,
}

/// Appends events to those of their bookings and to the feeds of both sides. The last thing that a transaction does: the lock of a feed
/// is held until the commit. Feeds are locked in one order, so that two transactions do not deadlock. Sequences are incremented and used
/// by the database itself, because each round trip holds the locks longer.
///
/// # Errors
/// When the database fails.
pub async fn append(tx: &mut Conn, _cause: &Cause, happened: &[Happened<'_>], now: Timestamp) -> QueryResult<()> {
    let mut events = Vec::new();
    for it in happened.iter().filter(|it| !it.events.is_empty()) {
        let count = u32::try_from(it.events.len()).unwrap_or(u32::MAX);
        diesel::update(bookings::table.find(it.booking.id))
            .set(bookings::event_sequence.eq(bookings::event_sequence + count))
            .execute(tx)
            .await?;
        let behind = it.events.iter().zip((0..count).rev());
        let new = |(event, behind): (&NewEvent, u32)| New {
            booking: it.booking,
            audience: it.audience(),
            kind: event.kind,
            behind,
        };
        events.extend(behind.map(new));
    }
    if events.is_empty() {
        return Ok(());
    }
    record(tx, &events, now).await?;
    let entries = entries(tx, &events).await?;
    enter(tx, &entries).await
}

/// The most rows of a statement that counts sequences: the database reads each as a query of its own.
const AT_ONCE: usize = 100;

/// An event that is not written yet.
struct New<'a> {
    booking: &'a Booking,
    audience: Audience,
    kind: BookingEventKind,
    /// How far its sequence is behind the booking's last one.
    behind: u32,
}

/// A written event: its booking, and how far its sequence is behind the booking's last one.
type Entry = (BookingId, u32);

/// Which feeds written events belong into. A host who joins gets what happened to the booking before, in its order.
async fn entries(tx: &mut Conn, events: &[New<'_>]) -> QueryResult<BTreeMap<(Side, UserId), Vec<Entry>>> {
    let mut feeds = BTreeMap::<_, Vec<Entry>>::new();
    let mut joined = BTreeSet::new();
    for New { booking, audience, behind, .. } in events {
        feeds.entry((Side::Guest, booking.guest_id)).or_default().push((booking.id, *behind));
        let of_host = match audience {
            Audience::Both => vec![(booking.id, *behind)],
            Audience::HostJoins if joined.insert(booking.id) => whole(tx, booking.id).await?,
            Audience::HostJoins | Audience::Guest => Vec::new(),
        };
        if !of_host.is_empty() {
            feeds.entry((Side::Host, booking.host_id)).or_default().extend(of_host);
        }
    }
    Ok(feeds)
}

/// All events of a booking, oldest first.
async fn whole(tx: &mut Conn, booking: BookingId) -> QueryResult<Vec<Entry>> {
    let events = of_booking(tx, booking, 0, i64::MAX).await?;
    let last = events.last().map_or(0, |event| event.sequence);
    Ok(events.iter().map(|event| (booking, last - event.sequence)).collect())
}

/// Writes events of bookings whose sequences are counted up already.
async fn record(tx: &mut Conn, events: &[New<'_>], now: Timestamp) -> QueryResult<()> {
    let one = "SELECT id, event_sequence - ?, ?, ? FROM bookings WHERE id = ?";
    for events in events.chunks(AT_ONCE) {
        let all = vec![one; events.len()].join(" UNION ALL ");
        let text = format!("INSERT INTO booking_events (booking_id, sequence, kind, happened_at) {all}");
        let mut insert = diesel::sql_query(text).into_boxed::<Mysql>();
        for event in events {
            insert = insert
                .bind::<sql_types::Unsigned<sql_types::Integer>, _>(event.behind)
                .bind::<sql_types::Text, _>(event.kind)
                .bind::<sql_types::Datetime, _>(now)
                .bind::<sql_types::Binary, _>(event.booking.id);
        }
        insert.execute(tx).await?;
    }
    Ok(())
}

/// Enters written events into feeds.
async fn enter(tx: &mut Conn, feeds: &BTreeMap<(Side, UserId), Vec<Entry>>) -> QueryResult<()> {
    let rows = vec!["(?, ?, ?)"; feeds.len()].join(", ");
    let mut count = diesel::sql_query(format!(
        "INSERT INTO feeds (user_id, role, last_sequence) VALUES {rows} \
         ON DUPLICATE KEY UPDATE last_sequence = last_sequence + VALUES(last_sequence)"
    ))
    .into_boxed::<Mysql>();
    for ((side, user), events) in feeds {
        count = count.bind::<sql_types::Binary, _>(*user).bind::<sql_types::Text, _>(*side).bind::<sql_types::Unsigned<
            sql_types::BigInt,
        >, _>(
            events.len() as u64
        );
    }
    count.execute(tx).await?;
    let one = "SELECT f.user_id, f.role, f.last_sequence - ?, b.id, b.event_sequence - ? FROM feeds f JOIN bookings b \
               WHERE f.user_id = ? AND f.role = ? AND b.id = ?";
    let mut rows = Vec::new();
    for (feed, entries) in feeds {
        rows.extend(entries.iter().zip((0..entries.len() as u64).rev()).map(|(entry, behind)| (feed, entry, behind)));
    }
    for rows in rows.chunks(AT_ONCE) {
        let all = vec![one; rows.len()].join(" UNION ALL ");
        let text = format!("INSERT INTO feed_entries (user_id, role, sequence, booking_id, booking_sequence) {all}");
        let mut insert = diesel::sql_query(text).into_boxed::<Mysql>();
        for ((side, user), (booking, event_behind), behind) in rows {
            insert = insert
                .bind::<sql_types::Unsigned<sql_types::BigInt>, _>(*behind)
                .bind::<sql_types::Unsigned<sql_types::Integer>, _>(*event_behind)
                .bind::<sql_types::Binary, _>(*user)
                .bind::<sql_types::Text, _>(*side)
                .bind::<sql_types::Binary, _>(*booking);
        }
        insert.execute(tx).await?;
    }
    Ok(())
}
