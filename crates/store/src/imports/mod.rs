//! Bulk writes of public datasets.
//!
//! Each batch is one transaction together with its checkpoint, so that an interrupted import continues after the last complete batch. A
//! batch compares its records with the tables and writes the differences: a second run of the same data writes nothing.

mod calendar;
mod known_nights;
mod listings;
mod merge;
mod night_prices;
mod night_rates;
mod offers;
mod people;
mod provenance;
mod ratings;
mod reviews;
mod vanished;

use diesel::prelude::*;
use diesel_async::{AnsiTransactionManager, RunQueryDsl, TransactionManager};

use super::{
    bookings,
    events::{self, Actor, BookingEvents, Cause, catalog::NewChange},
    schema::{self, imports},
};
use mysql_engine::{Conflict, Conn};
use types::{BookingEventKind, BookingId, ListingId, Timestamp};

pub use calendar::{Day, Days};
pub use listings::{Amenity, Charges, Listing, ListingFacts, Listings, Origin};
pub use people::{Host, HostFacts};
pub use provenance::{KnownPlace, mark_seen, middle_of, places_of};
pub use ratings::Ratings;
pub use reviews::{Review, Reviews};
pub use vanished::{unlist, vanished};

/// The `source` of imported rows.
pub const SOURCE: &str = "inside-airbnb";

/// How many attempts a batch has that collides with other transactions. It waits up to a second for each of them.
const ATTEMPTS: u32 = 30;
/// Rows of one statement: it stays far below 65,535 placeholders and the server's packets.
const ROWS: usize = 2_000;

/// Listings whose shortest stays are counted in one statement.
const MEASURED: usize = 100;

/// The progress of the import of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// The dataset; each city has its own.
    pub dataset: String,
    /// The file.
    pub part: &'static str,
    /// Digest of the file and of all options.
    pub fingerprint: [u8; 32],
    /// Records done, including skipped ones.
    pub records: u64,
    /// Whether the file is complete.
    pub finished: bool,
}

/// The result of a batch. Every record is one of `created`, `updated`, `unchanged` or in `refused`.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Records that created rows.
    pub created: u64,
    /// Records that changed rows.
    pub updated: u64,
    /// Records that equaled the tables.
    pub unchanged: u64,
    /// Records that could not be written: their index in the batch, and why.
    pub refused: Vec<(usize, &'static str)>,
    /// Records of nights that are held by a booking or block: these stay.
    pub held: u64,
    /// Listings or nights with a change of their host that stays.
    pub kept: u64,
    /// People whose profile has changed, besides the records.
    pub people: u64,
}

/// Rows that are written together.
pub trait Batch: Sync {
    /// The listings whose nights it writes: their expired holds must be ended before ([`end_holds`]).
    fn listings(&self) -> Vec<ListingId> {
        Vec::new()
    }

    /// The listings whose public data it can change, each once.
    fn concerned(&self) -> Vec<ListingId> {
        self.listings()
    }

    /// Writes them in the transaction of `tx`. Can run again after a rollback.
    fn write(&self, tx: &mut Conn, now: Timestamp) -> impl Future<Output = QueryResult<Outcome>> + Send;
}

/// An expired hold, to be ended under the lock of its booking.
struct ExpiredHold(BookingId);

impl Batch for ExpiredHold {
    async fn write(&self, tx: &mut Conn, now: Timestamp) -> QueryResult<Outcome> {
        if let Some(booking) = bookings::expire(tx, self.0, now).await? {
            let expired = BookingEvents::new(&booking, [Actor::Platform.event(BookingEventKind::Expired)]);
            events::append(tx, (&Cause::Import(SOURCE.into()), None), (&[expired], &[]), now).await?;
        }
        Ok(Outcome::default())
    }
}

/// Ends the holds at `listings` that have expired at `now`, each in a transaction of its own, so that the nights are free for a batch: a
/// batch itself locks no booking.
///
/// # Errors
/// As [`commit`].
pub async fn end_holds(
    conn: &mut Conn,
    listings: &[ListingId],
    at: &Checkpoint,
    now: Timestamp,
) -> Result<(), CommitError> {
    if listings.is_empty() {
        return Ok(());
    }
    for id in bookings::due_to_expire_of_listings(conn, listings, now).await? {
        commit(conn, &ExpiredHold(id), at, at, now).await?;
    }
    Ok(())
}

/// No rows: for a checkpoint alone.
pub struct Nothing;

impl Batch for Nothing {
    async fn write(&self, _: &mut Conn, _: Timestamp) -> QueryResult<Outcome> {
        Ok(Outcome::default())
    }
}

/// Why a batch was not committed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Another import of the same dataset moved the checkpoint.
    #[error("another import of this dataset is running")]
    Interfered,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

/// The progress of an earlier import of this file.
///
/// # Errors
/// When the database fails.
pub async fn checkpoint(conn: &mut Conn, dataset: &str, part: &'static str) -> QueryResult<Option<Checkpoint>> {
    let row: Option<(Vec<u8>, u64, bool)> = imports::table
        .find((dataset, part))
        .select((imports::fingerprint, imports::records, imports::finished))
        .first(conn)
        .await
        .optional()?;
    Ok(row.and_then(|(fingerprint, records, finished)| {
        let fingerprint = fingerprint.try_into().ok()?;
        Some(Checkpoint { dataset: dataset.to_owned(), part, fingerprint, records, finished })
    }))
}

/// Sets the checkpoint of a file, replacing any earlier one.
///
/// # Errors
/// When the database fails.
pub async fn start(conn: &mut Conn, at: &Checkpoint, now: Timestamp) -> QueryResult<()> {
    let values = (
        imports::fingerprint.eq(at.fingerprint.as_slice()),
        imports::records.eq(at.records),
        imports::finished.eq(at.finished),
        imports::updated_at.eq(now),
    );
    diesel::insert_into(imports::table)
        .values((imports::dataset.eq(&at.dataset), imports::file.eq(at.part), values))
        .on_conflict(diesel::dsl::DuplicatedKeys)
        .do_update()
        .set(values)
        .execute(conn)
        .await?;
    Ok(())
}

/// Writes a batch and moves the checkpoint from `from` to `to`, in one transaction, which is retried after collisions with others.
///
/// # Errors
/// [`CommitError::Interfered`] when the checkpoint is not at `from`; when the database fails.
pub async fn commit<B: Batch>(
    conn: &mut Conn,
    batch: &B,
    from: &Checkpoint,
    to: &Checkpoint,
    now: Timestamp,
) -> Result<Outcome, CommitError> {
    let mut attempt = 1;
    loop {
        AnsiTransactionManager::begin_transaction(&mut **conn).await?;
        let done = match write(conn, batch, from, to, now).await {
            Ok(outcome) => {
                AnsiTransactionManager::commit_transaction(&mut **conn).await.map(|()| outcome).map_err(Into::into)
            }
            Err(error) => {
                // Report the first error, not that of a rollback on a lost connection.
                let rolled_back = AnsiTransactionManager::rollback_transaction(&mut **conn).await;
                if rolled_back.is_ok() && attempt < ATTEMPTS && is_conflict(&error) {
                    attempt += 1;
                    continue;
                }
                Err(error)
            }
        };
        return done;
    }
}

fn is_conflict(error: &CommitError) -> bool {
    match error {
        CommitError::Interfered => false,
        CommitError::Database(error) => is_collision(error),
    }
}

async fn write<B: Batch>(
    tx: &mut Conn,
    batch: &B,
    from: &Checkpoint,
    to: &Checkpoint,
    now: Timestamp,
) -> Result<Outcome, CommitError> {
    let row = imports::table.find((&from.dataset, from.part));
    let locked: Option<(Vec<u8>, u64)> =
        row.select((imports::fingerprint, imports::records)).for_update().first(tx).await.optional()?;
    if locked.is_none_or(|(fingerprint, records)| fingerprint != from.fingerprint || records != from.records) {
        return Err(CommitError::Interfered);
    }
    let outcome = batch.write(tx, now).await?;
    diesel::update(row)
        .set((imports::records.eq(to.records), imports::finished.eq(to.finished), imports::updated_at.eq(now)))
        .execute(tx)
        .await?;
    // One event for a batch: an event for each listing would cost more than the batch.
    if outcome.created + outcome.updated + outcome.people > 0 {
        let change = NewChange::import(&from.dataset, from.part, batch.concerned());
        events::append(tx, (&Cause::Import(from.dataset.as_str().into()), None), (&[], &[change]), now).await?;
    }
    Ok(outcome)
}

/// The name of the last step of an import, [`measure`], among the checkpoints.
const MEASURES: &str = "measures";

/// Whether the last step of the import of `dataset` was done after all that was imported.
///
/// # Errors
/// When the database fails.
pub async fn is_measured(conn: &mut Conn, dataset: &str) -> QueryResult<bool> {
    Ok(checkpoint(conn, dataset, MEASURES).await?.is_some_and(|step| step.finished))
}

/// Stores whether the last step of the import of `dataset` is done. To be set to `false` before any write.
///
/// # Errors
/// When the database fails.
pub async fn set_measured(conn: &mut Conn, dataset: &str, is_done: bool, now: Timestamp) -> QueryResult<()> {
    let dataset = dataset.to_owned();
    let step = Checkpoint { dataset, part: MEASURES, fingerprint: [0; 32], records: 0, finished: is_done };
    start(conn, &step, now).await
}

/// Recomputes what depends on many rows: the shortest stay that each listing allows on any day, and the database's table statistics; with
/// old statistics it would scan tables where it should use an index.
///
/// # Errors
/// When the database fails.
pub async fn measure(conn: &mut Conn) -> QueryResult<()> {
    let all: Vec<ListingId> =
        schema::listings::table.select(schema::listings::id).order(schema::listings::id).load(conn).await?;
    // In small batches that commit by themselves: bookings wait for a locked listing.
    for some in all.chunks(MEASURED) {
        let ids: Vec<_> = some.iter().map(|id| format!("X'{}'", night_rates::hex(*id))).collect();
        let shortest = "(SELECT MIN(rates.min_nights) FROM night_rates rates WHERE rates.listing_id = listings.id)";
        let count = format!(
            "UPDATE listings SET shortest_stay = LEAST(min_nights, COALESCE({shortest}, min_nights)) WHERE id IN ({})",
            ids.join(",")
        );
        run_with_retries(conn, &count).await?;
    }
    let tables = "users, listings, photos, amenities, listing_amenities, listing_words, night_rates, nights, reviews";
    diesel::sql_query(format!("ANALYZE NO_WRITE_TO_BINLOG TABLE {tables}")).execute(conn).await?;
    Ok(())
}

/// Executes a statement that commits by itself, with retries after collisions with others.
async fn run_with_retries(conn: &mut Conn, sql: &str) -> QueryResult<()> {
    let mut attempt = 1;
    loop {
        match diesel::sql_query(sql).execute(conn).await {
            Err(error) if attempt < ATTEMPTS && is_collision(&error) => attempt += 1,
            done => return done.map(|_| ()),
        }
    }
}

fn is_collision(error: &diesel::result::Error) -> bool {
    !matches!(Conflict::of(error), None | Some(Conflict::ConnectionLost))
}

/// Whether there are listings although `dataset` was never imported.
///
/// # Errors
/// When the database fails.
pub async fn is_foreign(conn: &mut Conn, dataset: &str) -> QueryResult<bool> {
    let begun: i64 = imports::table.filter(imports::dataset.eq(dataset)).count().get_result(conn).await?;
    let any: Option<ListingId> =
        schema::listings::table.select(schema::listings::id).limit(1).first(conn).await.optional()?;
    Ok(begun == 0 && any.is_some())
}
