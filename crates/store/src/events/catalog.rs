//! The catalog: all committed changes of public data, for consumers that have a copy of it (a search index, a cache).
//!
//! It is split into [`SHARDS`] feeds, so that no lock is common to all transactions. All changes of one listing are in one shard, in the
//! order of their commits. A booking is in the catalog with its own events, which say which nights it takes or releases; this locks nothing
//! of its listing.

use chrono::NaiveDate;
use diesel::{
    dsl::sql,
    prelude::*,
    sql_types::{BigInt, Unsigned},
};
use diesel_async::RunQueryDsl;

use super::{Actor, NightRange, Payload, feeds::Feed};
use crate::{
    prepared::Prepare as _,
    query_parts::{UnionAll, among},
    schema::{events, feed_entries, feeds},
};
use mysql_engine::Conn;
use types::{ChangeKind, EventActor, EventSubject, FeedTopic, ListingId, ObjectId, ReviewId, Timestamp, UserId};

/// The number of feeds.
pub const SHARDS: u8 = 64;

/// The shard of an id: its last bits are random.
pub(super) fn shard_of(id: ObjectId) -> u8 {
    id.last_byte() % SHARDS
}

/// A change to append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChange {
    pub(super) kind: ChangeKind,
    pub(super) actor: Actor,
    pub(super) subject: ObjectId,
    pub(super) shard: u8,
    pub(super) payload: Payload,
}

impl NewChange {
    /// A change of a listing, made by its host.
    pub fn listing(kind: ChangeKind, id: ListingId, host: UserId) -> Self {
        let subject = id.into();
        Self { kind, actor: Actor::Host(host), subject, shard: shard_of(subject), payload: Payload::Subject {} }
    }

    /// A change of the nights of a listing from a day to the day before another, or of their prices and restrictions, made by its host.
    pub fn nights(kind: ChangeKind, id: ListingId, (from, to): (NaiveDate, NaiveDate), host: UserId) -> Self {
        Self { payload: Payload::Nights(NightRange { from, to }), ..Self::listing(kind, id, host) }
    }

    /// A change of a person.
    pub fn person(kind: ChangeKind, id: UserId) -> Self {
        let subject = id.into();
        Self { kind, actor: Actor::Platform, subject, shard: shard_of(subject), payload: Payload::Subject {} }
    }

    /// A review was revealed, because the time to write one has passed.
    pub fn review(id: ReviewId, listing: ListingId) -> Self {
        Self {
            kind: ChangeKind::ReviewRevealed,
            actor: Actor::Platform,
            subject: id.into(),
            shard: shard_of(listing.into()),
            payload: Payload::Review { listing },
        }
    }

    /// A review was hidden by staff. Others need not know by whom.
    pub fn hidden_review(id: ReviewId, listing: ListingId) -> Self {
        Self { kind: ChangeKind::ReviewHidden, ..Self::review(id, listing) }
    }

    /// The text of a review was removed, because its author has left.
    pub fn erased_review(id: ReviewId, listing: ListingId) -> Self {
        Self { kind: ChangeKind::ReviewErased, ..Self::review(id, listing) }
    }

    /// A batch of `file` of a dataset was imported. It is one event, in one shard, although it concerns many listings.
    pub fn import(dataset: &str, file: &str, listings: Vec<ListingId>) -> Self {
        let subject = subject_of_import(dataset, file);
        Self {
            kind: ChangeKind::BatchImported,
            actor: Actor::Platform,
            subject,
            shard: shard_of(subject),
            payload: Payload::Import { dataset: dataset.to_owned(), file: file.to_owned(), listings },
        }
    }

    /// Where the sequences of the subject are counted.
    pub(super) fn own_feed(&self) -> Feed {
        Feed { topic: FeedTopic::Own, owner: self.subject }
    }
}

/// A stable id for a file of a dataset, which has no id of its own.
fn subject_of_import(dataset: &str, file: &str) -> ObjectId {
    use sha2::{Digest as _, Sha256};
    let digest = Sha256::new().chain_update(dataset).chain_update([0]).chain_update(file).finalize();
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    ObjectId::of_bytes(id)
}

/// An event in the catalog.
#[derive(Debug, Clone, PartialEq, Queryable)]
pub struct CatalogEvent {
    owner: ObjectId,
    /// Its position in its shard.
    pub position: u64,
    /// The kind of its subject.
    pub subject: EventSubject,
    /// Its subject.
    pub subject_id: ObjectId,
    /// Its sequence among the subject's events.
    pub sequence: u32,
    /// What happened: a [`ChangeKind`], or a [`types::BookingEventKind`] of a booking.
    pub kind: String,
    /// Who caused it.
    pub actor: EventActor,
    /// Its details.
    pub payload: Payload,
    /// When it happened.
    pub happened_at: Timestamp,
}

impl CatalogEvent {
    /// Its shard.
    pub fn shard(&self) -> usize {
        usize::from(self.owner.last_byte())
    }
}

/// The last positions of all shards, in one statement; 0 of those that were never written.
///
/// # Errors
/// When the database fails.
pub async fn positions(conn: &mut Conn) -> QueryResult<[u64; SHARDS as usize]> {
    let shards = (0..SHARDS).map(|shard| Feed::of_shard(shard).owner);
    let rows: Vec<(ObjectId, u64)> = feeds::table
        .filter(among(feeds::owner_id, shards))
        .filter(feeds::topic.eq(FeedTopic::Catalog))
        .select((feeds::owner_id, feeds::last_position))
        .load(conn)
        .await?;
    let mut positions = [0; SHARDS as usize];
    for (shard, position) in rows {
        positions[usize::from(shard.last_byte())] = position;
    }
    Ok(positions)
}

/// The sum of the last positions of all shards, in one statement: it is greater after every event, so while it is the same there are no new
/// ones.
///
/// # Errors
/// When the database fails.
pub async fn total(conn: &mut Conn) -> QueryResult<u64> {
    let (first, last) = (Feed::of_shard(0).owner, Feed::of_shard(SHARDS - 1).owner);
    let shards = feeds::table
        .filter(feeds::owner_id.between(first, last))
        .filter(feeds::topic.eq(FeedTopic::Catalog))
        .select(sql::<Unsigned<BigInt>>("CAST(COALESCE(SUM(last_position), 0) AS UNSIGNED)"));
    shards.prepared().get_result(conn).await
}

/// At most `limit` events of each of these shards after a position, oldest first, in one statement.
///
/// # Errors
/// When the database fails.
pub async fn after(conn: &mut Conn, shards: &[(u8, u64)], limit: i64) -> QueryResult<Vec<CatalogEvent>> {
    if shards.is_empty() {
        return Ok(Vec::new());
    }
    let part = |&(shard, position): &(u8, u64)| {
        feed_entries::table
            .inner_join(events::table.on(
                events::subject_id.eq(feed_entries::subject_id).and(events::sequence.eq(feed_entries::event_sequence)),
            ))
            .filter(feed_entries::owner_id.eq(Feed::of_shard(shard).owner))
            .filter(feed_entries::topic.eq(FeedTopic::Catalog))
            .filter(feed_entries::position.gt(position))
            .order(feed_entries::position)
            .limit(limit)
            .select((
                feed_entries::owner_id,
                feed_entries::position,
                events::subject,
                events::subject_id,
                events::sequence,
                events::kind,
                events::actor,
                events::payload,
                events::happened_at,
            ))
    };
    UnionAll::of(shards.iter().map(part).collect(), true).load(conn).await
}
