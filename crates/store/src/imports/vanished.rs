//! Unlists listings that a newer file of a dataset no longer has.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{Batch, Checkpoint, CommitError, Outcome, SOURCE, commit};
use crate::schema::{listing_imports, listings};
use mysql_engine::Conn;
use types::{ListingId, ListingStatus, Timestamp};

/// Listings that are locked at a time: bookings wait for them.
const LOCKED: usize = 50;

/// The published listings of `dataset`, in `city`, that the import `seen_in` did not have, and how many the dataset has in all.
///
/// # Errors
/// When the database fails.
pub async fn vanished(
    conn: &mut Conn,
    (dataset, seen_in): (&str, &[u8; 32]),
    city: Option<&str>,
) -> QueryResult<(Vec<ListingId>, usize)> {
    // Listings that an older version imported have no dataset, only a city.
    let untracked = listing_imports::dataset.eq("").and(listings::city.nullable().eq(city));
    let rows: Vec<(ListingId, Vec<u8>)> = listing_imports::table
        .inner_join(listings::table)
        .filter(listings::source.eq(SOURCE))
        .filter(listings::status.eq(ListingStatus::Published))
        .filter(listing_imports::dataset.eq(dataset).nullable().or(untracked))
        .select((listings::id, listing_imports::seen_in))
        .load(conn)
        .await?;
    let all = rows.len();
    Ok((rows.into_iter().filter(|(_, seen)| seen != seen_in).map(|(id, _)| id).collect(), all))
}

/// Unlists listings that the file of a checkpoint no longer has. Their bookings stay.
///
/// # Errors
/// As [`commit`].
pub async fn unlist(conn: &mut Conn, ids: &[ListingId], at: &Checkpoint, now: Timestamp) -> Result<(), CommitError> {
    for some in ids.chunks(LOCKED) {
        commit(conn, &Vanished(some), at, at, now).await?;
    }
    Ok(())
}

/// Listings to unlist.
struct Vanished<'a>(&'a [ListingId]);

impl Batch for Vanished<'_> {
    fn concerned(&self) -> Vec<ListingId> {
        self.0.to_vec()
    }

    async fn write(&self, tx: &mut Conn, now: Timestamp) -> QueryResult<Outcome> {
        // Provenance first: it does not affect a listing that is not unlisted after all.
        diesel::update(listing_imports::table.filter(listing_imports::listing_id.eq_any(self.0)))
            .set(listing_imports::unlisted_at.eq(now))
            .execute(tx)
            .await?;
        let updated = diesel::update(listings::table.filter(listings::id.eq_any(self.0)))
            .filter(listings::status.eq(ListingStatus::Published))
            .set((listings::status.eq(ListingStatus::Unlisted), listings::updated_at.eq(now)))
            .execute(tx)
            .await?;
        Ok(Outcome { updated: updated as u64, ..Outcome::default() })
    }
}
