//! Deleting old events and feed entries, in small batches.

use std::collections::BTreeMap;

use diesel::{mysql::Mysql, prelude::*, sql_types};
use diesel_async::RunQueryDsl;

use crate::{
    query_parts::among,
    schema::{bookings, events, feeds},
};
use mysql_engine::Conn;
use types::{BookingStatus, ChangeKind, EventSubject, FeedTopic, ObjectId, Timestamp};

/// Old events, of one batch.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Expired {
    /// How many there are.
    pub events: usize,
    /// The greatest sequence of each subject: its earlier events are old too.
    pub last: BTreeMap<ObjectId, u32>,
    /// Subjects that no longer exist.
    pub gone: Vec<ObjectId>,
}

/// At most `limit` events, the oldest first, that happened before `before`; of bookings, only of those that have ended.
///
/// # Errors
/// When the database fails.
pub async fn expired(conn: &mut Conn, before: Timestamp, limit: i64) -> QueryResult<Expired> {
    use BookingStatus::{Cancelled, Completed, Declined};
    let rows: Vec<(ObjectId, u32, EventSubject, String)> =
        events::table
            .left_join(bookings::table.on(bookings::id.eq(events::subject_id)))
            .filter(events::happened_at.lt(before))
            .filter(events::subject.ne(EventSubject::Booking).or(among(
                bookings::status.assume_not_null(),
                [Completed, Declined, BookingStatus::Expired, Cancelled],
            )))
            .order(events::happened_at)
            .limit(limit)
            .select((events::subject_id, events::sequence, events::subject, events::kind))
            .load(conn)
            .await?;
    let mut found = Expired { events: rows.len(), ..Expired::default() };
    for (id, sequence, subject, kind) in rows {
        let last = found.last.entry(id).or_insert(sequence);
        *last = sequence.max(*last);
        if (subject, kind.as_str()) == (EventSubject::Listing, ChangeKind::ListingDeleted.as_str()) {
            found.gone.push(id);
        }
    }
    Ok(found)
}

/// Deletes old events, with their feed entries.
///
/// # Errors
/// When the database fails.
pub async fn delete(tx: &mut Conn, expired: &Expired) -> QueryResult<()> {
    for (table, sequence) in [("feed_entries", "event_sequence"), ("events", "sequence")] {
        let one = format!("(subject_id = ? AND {sequence} <= ?)");
        let all = vec![one; expired.last.len()].join(" OR ");
        let mut query = diesel::sql_query(format!("DELETE FROM {table} WHERE {all}")).into_boxed::<Mysql>();
        for (subject, sequence) in &expired.last {
            query = query
                .bind::<sql_types::Binary, _>(*subject)
                .bind::<sql_types::Unsigned<sql_types::Integer>, _>(*sequence);
        }
        query.execute(tx).await?;
    }
    if !expired.gone.is_empty() {
        let counters = feeds::table.filter(among(feeds::owner_id, expired.gone.iter().copied()));
        diesel::delete(counters.filter(feeds::topic.eq(FeedTopic::Own))).execute(tx).await?;
    }
    Ok(())
}

/// Deletes at most `limit` entries of the catalog, the oldest first, that were appended before `before`; their events stay. Returns how
/// many there were.
///
/// # Errors
/// When the database fails.
pub async fn delete_entries(conn: &mut Conn, before: Timestamp, limit: u32) -> QueryResult<usize> {
    diesel::sql_query(
        "DELETE FROM feed_entries WHERE topic = 'CATALOG' AND appended_at < ? ORDER BY appended_at LIMIT ?",
    )
    .bind::<sql_types::Datetime, _>(before)
    .bind::<sql_types::Unsigned<sql_types::Integer>, _>(limit)
    .execute(conn)
    .await
}
