//! Search keys and words of a listing, derived from its names and written together with it.

use std::collections::{BTreeSet, HashMap};

use diesel::{mysql::Mysql, prelude::*};
use diesel_async::RunQueryDsl;

use super::Listing;
use crate::{
    query_parts::among,
    schema::{listing_words, listings},
};
use mysql_engine::{Conn, Database};
use types::{
    ListingId,
    error::{Error, Result},
    search_key, search_words,
};

/// Listings of one batch.
const BATCH: i64 = 500;
/// The most words of a listing.
const MAX_WORDS: usize = 80;
/// Rows of one statement.
const ROWS: usize = 2_000;

type Row = (ListingId, Names, PlaceKeys);

/// The keys of a listing's place.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = listings, check_for_backend(Mysql), treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct PlaceKeys {
    city_key: Option<String>,
    region_key: Option<String>,
    neighborhood_key: Option<String>,
}

/// The names from which keys and words are derived.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = listings, check_for_backend(Mysql))]
pub struct Names {
    /// Headline.
    pub title: String,
    /// The host's own words for the kind of place.
    pub property_label: String,
    /// City.
    pub city: String,
    /// Region of the city.
    pub region: Option<String>,
    /// Neighborhood.
    pub neighborhood: Option<String>,
}

impl Names {
    /// Those of `listing`.
    pub fn of(listing: &Listing) -> Self {
        Self {
            title: listing.words.title.clone(),
            property_label: listing.home.property_label.clone(),
            city: listing.place.city.clone(),
            region: listing.place.region.clone(),
            neighborhood: listing.place.neighborhood.clone(),
        }
    }

    /// The keys of the place.
    pub fn keys(&self) -> PlaceKeys {
        PlaceKeys {
            city_key: Some(search_key(&self.city)),
            region_key: self.region.as_deref().map(search_key),
            neighborhood_key: self.neighborhood.as_deref().map(search_key),
        }
    }

    /// The words of all names, each once, sorted.
    pub fn words(&self) -> Vec<String> {
        let (region, neighborhood) = (self.region.as_deref(), self.neighborhood.as_deref());
        let names = [Some(&*self.title), Some(&*self.property_label), Some(&*self.city), region, neighborhood];
        let mut words = search_words(&names.into_iter().flatten().collect::<Vec<_>>().join(" "));
        words.truncate(MAX_WORDS);
        words
    }
}

/// Writes the words of these listings, of which the transaction holds the rows: only what differs.
///
/// # Errors
/// When the database fails.
pub async fn write_words(tx: &mut Conn, words: &[(ListingId, Vec<String>)]) -> QueryResult<()> {
    let mut known = words_of(tx, words.iter().map(|(id, _)| *id)).await?;
    let mut new = Vec::new();
    for (id, words) in words {
        let mut gone = known.remove(id).unwrap_or_default();
        new.extend(words.iter().filter(|word| !gone.remove(*word)).map(|word| (word, *id)));
        if !gone.is_empty() {
            let rows = listing_words::table.filter(listing_words::listing_id.eq(*id));
            diesel::delete(rows.filter(listing_words::word.eq_any(gone))).execute(tx).await?;
        }
    }
    // In the order of the key, so that two writers lock in the same order.
    new.sort_unstable();
    for rows in new.chunks(ROWS) {
        let rows: Vec<_> =
            rows.iter().map(|(word, id)| (listing_words::word.eq(*word), listing_words::listing_id.eq(*id))).collect();
        diesel::insert_into(listing_words::table).values(rows).execute(tx).await?;
    }
    Ok(())
}

async fn words_of(
    conn: &mut Conn,
    ids: impl IntoIterator<Item = ListingId>,
) -> QueryResult<HashMap<ListingId, BTreeSet<String>>> {
    let rows: Vec<(ListingId, String)> = listing_words::table
        .filter(among(listing_words::listing_id, ids))
        .select((listing_words::listing_id, listing_words::word))
        .load(conn)
        .await?;
    let mut words: HashMap<ListingId, BTreeSet<String>> = HashMap::new();
    for (id, word) in rows {
        words.entry(id).or_default().insert(word);
    }
    Ok(words)
}

/// Adds keys and words to listings without any, which an older server wrote. An index finds them.
///
/// # Errors
/// When the database fails.
pub async fn refresh_missing(database: &Database) -> Result<()> {
    loop {
        let without = listings::table.filter(listings::city_key.is_null()).select(listings::id).limit(BATCH);
        let ids: Vec<ListingId> = without.load(&mut database.conn().await?).await?;
        if ids.is_empty() {
            return Ok(());
        }
        database.transaction(async |tx| make(tx, &ids).await).await?;
    }
}

/// Corrects missing and wrong keys and words, of rows that another version wrote. Reads every listing once, in batches. Returns how many
/// were wrong.
///
/// # Errors
/// When the database fails.
pub async fn refresh(database: &Database) -> Result<usize> {
    let (mut changed, mut last) = (0, None::<ListingId>);
    loop {
        let (rows, known) = batch(&mut database.conn().await?, last).await?;
        let is_wrong = |(id, names, keys): &&Row| {
            let words: Vec<String> = known.get(id).map(|words| words.iter().cloned().collect()).unwrap_or_default();
            names.keys() != *keys || names.words() != words
        };
        let wrong: Vec<ListingId> = rows.iter().filter(is_wrong).map(|(id, ..)| *id).collect();
        if !wrong.is_empty() {
            database.transaction(async |tx| make(tx, &wrong).await).await?;
        }
        changed += wrong.len();
        match rows.last() {
            Some((id, ..)) if rows.len() as i64 == BATCH => last = Some(*id),
            _ => return Ok(changed),
        }
    }
}

/// The listings after `last`, in the order of their ids, and their words.
async fn batch(conn: &mut Conn, last: Option<ListingId>) -> Result<(Vec<Row>, HashMap<ListingId, BTreeSet<String>>)> {
    let mut query = listings::table
        .select((listings::id, Names::as_select(), PlaceKeys::as_select()))
        .order(listings::id)
        .limit(BATCH)
        .into_boxed::<Mysql>();
    if let Some(last) = last {
        query = query.filter(listings::id.gt(last));
    }
    let rows: Vec<Row> = query.load(conn).await?;
    let known = words_of(conn, rows.iter().map(|(id, ..)| *id)).await?;
    Ok((rows, known))
}

/// Derives keys and words of these listings again, from their current names.
async fn make(tx: &mut Conn, ids: &[ListingId]) -> Result<()> {
    let rows: Vec<(ListingId, Names)> = listings::table
        .filter(among(listings::id, ids.iter().copied()))
        .select((listings::id, Names::as_select()))
        .order(listings::id)
        .for_update()
        .load(tx)
        .await?;
    for (id, names) in &rows {
        diesel::update(listings::table.find(id)).set(names.keys()).execute(tx).await?;
    }
    let words: Vec<_> = rows.iter().map(|(id, names)| (*id, names.words())).collect();
    Ok::<_, Error>(write_words(tx, &words).await?)
}
