//! What imports store about each listing: its dataset, and the latest imported state of its fields.

use std::collections::{BTreeMap, HashMap};

use diesel::{
    dsl::sql,
    prelude::*,
    sql_types::{Binary, Nullable, Text},
};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{SOURCE, listings::Origin};
use crate::schema::{listing_imports, listings};
use mysql_engine::Conn;
use types::{Currency, ListingId, Timestamp};

/// Listings of one statement.
const LISTINGS: usize = 500;

/// The latest imported fields of a listing, by field name: a fingerprint of each, and the names of the amenities.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Fingerprints(BTreeMap<String, String>);

impl Fingerprints {
    pub(super) fn set(&mut self, field: &str, value: &impl Serialize) {
        self.set_text(field, fingerprint(value));
    }

    pub(super) fn set_text(&mut self, field: &str, text: String) {
        self.0.insert(field.to_owned(), text);
    }

    /// Resets a field to its value in `old`.
    pub(super) fn restore(&mut self, old: &Self, field: &str) {
        match old.text(field) {
            Some(text) => self.set_text(field, text.to_owned()),
            None => {
                self.0.remove(field);
            }
        }
    }

    pub(super) fn text(&self, field: &str) -> Option<&str> {
        self.0.get(field).map(String::as_str)
    }

    /// Whether `value`, the stored value of `field`, differs from the dataset's. A field without a fingerprint counts as equal.
    pub(super) fn differ(&self, field: &str, value: &impl Serialize) -> bool {
        self.text(field).is_some_and(|known| known != fingerprint(value))
    }
}

fn fingerprint(value: &impl Serialize) -> String {
    let text = serde_json::to_string(value).unwrap_or_default();
    Sha256::digest(text).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The provenance of a listing.
#[derive(Debug, Clone, Default)]
pub(super) struct Provenance {
    pub(super) fingerprints: Fingerprints,
    /// When an import unlisted it because the dataset no longer had it.
    pub(super) unlisted_at: Option<Timestamp>,
}

/// The provenance of `ids`.
pub(super) async fn of(tx: &mut Conn, ids: &[ListingId]) -> QueryResult<HashMap<ListingId, Provenance>> {
    let rows: Vec<(ListingId, String, Option<Timestamp>)> = listing_imports::table
        .filter(listing_imports::listing_id.eq_any(ids))
        .select((listing_imports::listing_id, listing_imports::fingerprints, listing_imports::unlisted_at))
        .load(tx)
        .await?;
    let provenance = |(id, json, unlisted_at): (ListingId, String, _)| {
        let fingerprints = Fingerprints(serde_json::from_str(&json).unwrap_or_default());
        (id, Provenance { fingerprints, unlisted_at })
    };
    Ok(rows.into_iter().map(provenance).collect())
}

/// Stores that an import had these listings, with their fingerprints.
pub(super) async fn record(
    tx: &mut Conn,
    origin: &Origin,
    fingerprints: &[(ListingId, Fingerprints)],
) -> QueryResult<()> {
    let row = |(id, Fingerprints(fingerprints)): &(ListingId, Fingerprints)| {
        (
            listing_imports::listing_id.eq(*id),
            listing_imports::dataset.eq(origin.dataset.clone()),
            listing_imports::seen_in.eq(origin.fingerprint.as_slice()),
            listing_imports::fingerprints.eq(serde_json::to_string(fingerprints).unwrap_or_default()),
        )
    };
    let rows: Vec<_> = fingerprints.iter().map(row).collect();
    if rows.is_empty() {
        return Ok(());
    }
    diesel::insert_into(listing_imports::table)
        .values(rows)
        .on_conflict(diesel::dsl::DuplicatedKeys)
        .do_update()
        .set((
            listing_imports::dataset.eq(sql::<Text>("VALUES(dataset)")),
            listing_imports::seen_in.eq(sql::<Binary>("VALUES(seen_in)")),
            listing_imports::fingerprints.eq(sql::<Text>("VALUES(fingerprints)")),
            listing_imports::unlisted_at.eq(sql::<Nullable<diesel::sql_types::Datetime>>("NULL")),
        ))
        .execute(tx)
        .await?;
    Ok(())
}

/// Stores that a file still has these listings, although their records cannot be used.
///
/// # Errors
/// When the database fails.
pub async fn mark_seen(conn: &mut Conn, source_ids: &[u64], seen_in: &[u8; 32]) -> QueryResult<()> {
    for some in source_ids.chunks(LISTINGS) {
        let ids: Vec<ListingId> = listings::table
            .filter(listings::source.eq(SOURCE))
            .filter(listings::source_id.eq_any(some))
            .select(listings::id)
            .load(conn)
            .await?;
        diesel::update(listing_imports::table.filter(listing_imports::listing_id.eq_any(ids)))
            .set(listing_imports::seen_in.eq(seen_in.as_slice()))
            .execute(conn)
            .await?;
    }
    Ok(())
}

/// A stored place of listings of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownPlace {
    /// The city.
    pub city: String,
    /// The currency of the prices.
    pub currency: Currency,
    /// How many of the file's listings are there.
    pub listings: usize,
}

/// The stored places of the listings with these dataset ids, the most frequent first.
///
/// # Errors
/// When the database fails.
pub async fn places_of(conn: &mut Conn, source_ids: &[u64]) -> QueryResult<Vec<KnownPlace>> {
    let mut counts: HashMap<(String, Currency), usize> = HashMap::new();
    for some in source_ids.chunks(LISTINGS) {
        let rows: Vec<(String, Currency)> = listings::table
            .filter(listings::source.eq(SOURCE))
            .filter(listings::source_id.eq_any(some))
            .select((listings::city, listings::currency))
            .load(conn)
            .await?;
        for place in rows {
            *counts.entry(place).or_default() += 1;
        }
    }
    let place = |((city, currency), listings)| KnownPlace { city, currency, listings };
    let mut places: Vec<KnownPlace> = counts.into_iter().map(place).collect();
    places.sort_by(|a, b| b.listings.cmp(&a.listings).then_with(|| a.city.cmp(&b.city)));
    Ok(places)
}

/// The middle of the imported listings in `city`: latitude and longitude.
///
/// # Errors
/// When the database fails.
pub async fn middle_of(conn: &mut Conn, city: &str) -> QueryResult<Option<(f64, f64)>> {
    let middle: (Option<f64>, Option<f64>) = listings::table
        .filter(listings::city.eq(city))
        .filter(listings::source.eq(SOURCE))
        .select((diesel::dsl::avg(listings::latitude), diesel::dsl::avg(listings::longitude)))
        .first(conn)
        .await?;
    Ok(middle.0.zip(middle.1))
}
