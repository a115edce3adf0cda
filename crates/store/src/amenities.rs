//! Amenities of listings.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use diesel::{
    dsl::{count_star, exists},
    mysql::Mysql,
    prelude::*,
};
use diesel_async::RunQueryDsl;

use super::{
    query_parts::{Shared, UnionAll, among},
    schema::{amenities, listing_amenities, listings},
};
use mysql_engine::{Conn, Database};
use types::{ListingId, ListingStatus, amenity_key, amenity_of, error};

/// Rows of one statement.
const ROWS: usize = 2_000;

/// An amenity that listings can have.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = amenities, check_for_backend(Mysql))]
pub struct Amenity {
    /// Stable name for programs.
    pub slug: String,
    /// Name for people.
    pub name: String,
}

/// The amenities of each listing, ordered by name within a listing.
pub async fn of_listings(conn: &mut Conn, ids: &[ListingId]) -> QueryResult<Vec<(ListingId, Amenity)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let offers = listing_amenities::table
        .inner_join(amenities::table)
        .select((listing_amenities::listing_id, Amenity::as_select()))
        .filter(among(listing_amenities::listing_id, ids.iter().copied()))
        .order((listing_amenities::listing_id, amenities::name, amenities::slug));
    offers.load(conn).await
}

/// Those of the catalog with these slugs, in no order.
pub async fn by_slugs(conn: &mut Conn, slugs: &[&str]) -> QueryResult<Vec<Amenity>> {
    let rows = amenities::table.select(Amenity::as_select());
    rows.filter(among(amenities::slug, slugs.iter().copied())).load(conn).await
}

/// How many published listings offer an amenity.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Usage {
    /// Stable name for programs.
    pub slug: String,
    /// Name for people.
    pub name: String,
    /// Published listings.
    pub listings: i64,
}

/// Gives `listing` these amenities and no others. An amenity that the catalog already has in another spelling keeps its slug and name.
pub async fn replace(tx: &mut Conn, listing: ListingId, offers: &[Amenity]) -> QueryResult<()> {
    let old = listing_amenities::table.filter(listing_amenities::listing_id.eq(listing));
    diesel::delete(old).execute(tx).await?;
    if offers.is_empty() {
        return Ok(());
    }
    let known = enter(tx, offers.iter().map(|offer| (offer.slug.as_str(), offer.name.as_str()))).await?;
    let slugs: BTreeSet<&str> = known.values().map(String::as_str).collect();
    let links: Vec<_> = slugs
        .into_iter()
        .map(|slug| (listing_amenities::listing_id.eq(listing), listing_amenities::amenity_slug.eq(slug)))
        .collect();
    diesel::insert_into(listing_amenities::table).values(links).execute(tx).await?;
    Ok(())
}

/// Adds amenities, given by slug and name, to the catalog, unless it has them in some spelling. Returns the slug in the catalog for each
/// slug given.
pub(super) async fn enter<'a>(
    tx: &mut Conn,
    offers: impl Iterator<Item = (&'a str, &'a str)>,
) -> QueryResult<HashMap<&'a str, String>> {
    // In the order of the key, so that two hosts who add the same amenities at once wait rather than deadlock.
    let offers: BTreeMap<&str, (&str, String)> = offers.map(|(slug, name)| (slug, (name, amenity_key(name)))).collect();
    let keyed = || offers.iter().map(|(slug, (_, key))| (*slug, key.as_str()));
    // Locked, so that the worker does not delete one that no listing has yet.
    let mut known = find(tx, keyed(), true).await?;
    let new: Vec<_> = offers
        .iter()
        .filter(|(slug, _)| !known.contains_key(*slug))
        .map(|(slug, (name, key))| {
            (amenities::slug.eq(*slug), amenities::name.eq(*name), amenities::name_key.eq(key.as_str()))
        })
        .collect();
    if !new.is_empty() {
        for rows in new.chunks(ROWS) {
            // Duplicates are ignored: another writer may have added the same amenity, under this slug or another one.
            diesel::insert_or_ignore_into(amenities::table).values(rows).execute(tx).await?;
        }
        known = find(tx, keyed(), true).await?;
    }
    Ok(known)
}

/// The slugs in the catalog for slugs and keys: the same slug, else the one with the key. Missing ones are left out. With `locks`, the rows
/// found cannot be deleted until the transaction ends.
async fn find<'a, 'k>(
    conn: &mut Conn,
    wanted: impl Iterator<Item = (&'a str, &'k str)>,
    locks: bool,
) -> QueryResult<HashMap<&'a str, String>> {
    let wanted: Vec<(&'a str, &'k str)> = wanted.collect();
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let part = || amenities::table.select((amenities::slug, amenities::name_key)).into_boxed::<Mysql>();
    let (slugs, keys): (Vec<&str>, Vec<&str>) = wanted.iter().copied().unzip();
    // The column of slugs is ASCII; nothing else can be in it.
    let slugs = slugs.into_iter().filter(|slug| slug.is_ascii());
    let parts = [part().filter(among(amenities::slug, slugs)), part().filter(among(amenities::name_key, keys))];
    let parts = parts.into_iter().map(|query| Shared { query, locks }).collect();
    let rows: Vec<(String, Option<String>)> = UnionAll::of(parts, true).load(conn).await?;
    let slugs: HashSet<&str> = rows.iter().map(|(slug, _)| slug.as_str()).collect();
    let by_key: HashMap<&str, &str> =
        rows.iter().filter_map(|(slug, key)| Some((key.as_deref()?, slug.as_str()))).collect();
    let known = |&(slug, key): &(&'a str, &str)| {
        let known = slugs.get(slug).or_else(|| by_key.get(key))?;
        Some((slug, (*known).to_owned()))
    };
    Ok(wanted.iter().filter_map(known).collect())
}

/// The slugs of amenities that published listings have, for the names that a client uses: a slug, or any spelling of the name.
pub async fn slugs_of(conn: &mut Conn, names: &[String]) -> QueryResult<HashMap<String, String>> {
    let keys: Vec<String> = names.iter().map(|name| amenity_key(name)).collect();
    let found = find(conn, names.iter().map(String::as_str).zip(keys.iter().map(String::as_str)), false).await?;
    let offered = offered(conn, found.values().map(String::as_str).collect()).await?;
    let found = found.into_iter().filter(|(_, slug)| offered.contains(slug));
    Ok(found.map(|(name, slug)| (name.to_owned(), slug)).collect())
}

/// Those of `slugs` that a published listing has. Stops at the first listing for each.
async fn offered(conn: &mut Conn, slugs: BTreeSet<&str>) -> QueryResult<HashSet<String>> {
    let part = |slug| {
        listing_amenities::table
            .inner_join(listings::table)
            .filter(listing_amenities::amenity_slug.eq(slug))
            .filter(listings::status.eq(ListingStatus::Published))
            .select(listing_amenities::amenity_slug)
            .limit(1)
    };
    if slugs.is_empty() {
        return Ok(HashSet::new());
    }
    let offered: Vec<String> = UnionAll::of(slugs.into_iter().map(part).collect(), true).load(conn).await?;
    Ok(offered.into_iter().collect())
}

/// The next `limit` amenities of the catalog after `after`, by slug, and whether any listing has each: published or not.
pub async fn linked(conn: &mut Conn, after: &str, limit: i64) -> QueryResult<Vec<(String, bool)>> {
    let links = listing_amenities::table.filter(listing_amenities::amenity_slug.eq(amenities::slug));
    amenities::table
        .filter(amenities::slug.gt(after))
        .order(amenities::slug)
        .limit(limit)
        .select((amenities::slug, exists(links)))
        .load(conn)
        .await
}

/// Deletes those of `slugs` that no listing has.
pub async fn delete_unused(tx: &mut Conn, slugs: &[&str]) -> QueryResult<usize> {
    // Locked, so that no listing gets one of them between this check and the commit.
    let rows = amenities::table.filter(among(amenities::slug, slugs.iter().copied())).select(amenities::slug);
    let there: Vec<String> = rows.order(amenities::slug).for_update().load(tx).await?;
    let links = listing_amenities::table
        .filter(among(listing_amenities::amenity_slug, there.iter().map(String::as_str)))
        .select(listing_amenities::amenity_slug)
        .distinct();
    let offered: HashSet<String> = links.load(tx).await?.into_iter().collect();
    let unused = there.iter().filter(|slug| !offered.contains(*slug)).map(String::as_str);
    diesel::delete(amenities::table.filter(among(amenities::slug, unused))).execute(tx).await
}

/// The whole catalog, the most common first. Expensive, because it counts every amenity of every published listing: cache the result.
pub async fn usage(conn: &mut Conn) -> QueryResult<Vec<Usage>> {
    let offered = listing_amenities::table
        .inner_join(amenities::table)
        .inner_join(listings::table)
        .filter(listings::status.eq(ListingStatus::Published))
        .group_by((amenities::slug, amenities::name))
        .select((amenities::slug, amenities::name, count_star()));
    let mut usage: Vec<Usage> = offered.load(conn).await?;
    usage.sort_by(|a, b| b.listings.cmp(&a.listings).then_with(|| a.slug.cmp(&b.slug)));
    Ok(usage)
}

/// Adds missing keys to rows that an older server wrote, and merges amenities that are two spellings of one: the listings of both get the
/// one that stays. Can be stopped and run again at any time.
///
/// # Errors
/// When the database fails.
pub(super) async fn refresh(database: &Database) -> error::Result<()> {
    let new: Vec<Amenity> = amenities::table
        .filter(amenities::name_key.is_null())
        .select(Amenity::as_select())
        .load(&mut database.conn().await?)
        .await?;
    let (usual, others): (Vec<_>, Vec<_>) =
        new.into_iter().partition(|amenity| amenity_of(&amenity.name).0 == amenity.slug);
    // Those with the usual slug first, so that it is the one that stays.
    for amenity in usual.iter().chain(&others) {
        database.transaction(async |tx| Ok::<_, error::Error>(settle(tx, amenity).await?)).await?;
    }
    Ok(())
}

/// Sets the key of one amenity, or merges it into the amenity that already has the key.
async fn settle(tx: &mut Conn, amenity: &Amenity) -> QueryResult<()> {
    let (slug, key) = (&amenity.slug, amenity_key(&amenity.name));
    let row = amenities::table.filter(amenities::name_key.eq(&key)).select(amenities::slug);
    let Some(kept) = row.for_update().first::<String>(tx).await.optional()? else {
        diesel::update(amenities::table.find(slug)).set(amenities::name_key.eq(&key)).execute(tx).await?;
        return Ok(());
    };
    if kept == *slug {
        return Ok(());
    }
    let links = listing_amenities::table.filter(listing_amenities::amenity_slug.eq(slug));
    let offering: Vec<ListingId> = links.select(listing_amenities::listing_id).load(tx).await?;
    for ids in offering.chunks(ROWS) {
        let links: Vec<_> = ids
            .iter()
            .map(|id| (listing_amenities::listing_id.eq(*id), listing_amenities::amenity_slug.eq(kept.as_str())))
            .collect();
        diesel::insert_or_ignore_into(listing_amenities::table).values(links).execute(tx).await?;
    }
    diesel::delete(links).execute(tx).await?;
    diesel::delete(amenities::table.find(slug)).execute(tx).await?;
    Ok(())
}
