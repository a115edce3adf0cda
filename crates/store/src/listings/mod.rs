//! Listings.

pub mod keys;
mod row;

use std::cmp::Reverse;

use diesel::{
    define_sql_function,
    prelude::*,
    sql_types::{SmallInt, Unsigned},
};
use diesel_async::RunQueryDsl;
use keys::Names;
pub use row::{Home, Listing, ListingWithCover, Origin, Place, Pricing, Ratings, Rules, Words};

use super::{
    co_hosts::helped_by,
    photos::COVER,
    query_parts::{UnionAll, among, by_part, newest_first, numbered},
    schema::{listing_amenities, listings, night_rates, nights, photos, quotes},
};
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{ListingId, ListingStatus, Newest, Page, Permission, UserId};

/// Listings with their covers: one key lookup in `photos` for each. A macro because the type of the query cannot be written down.
macro_rules! with_cover {
    () => {
        listings::table
            .left_join(photos::table.on(photos::listing_id.eq(listings::id).and(photos::position.eq(COVER))))
            .select(ListingWithCover::as_select())
    };
}

/// The listings with these ids, in every state and in no order. For other viewers than the host, use [`published`] or [`visible`].
pub async fn by_ids(conn: &mut Conn, ids: &[ListingId]) -> QueryResult<Vec<Listing>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found = listings::table.select(Listing::as_select()).filter(among(listings::id, ids.iter().copied()));
    found.load(conn).await
}

/// The listing with this id, in every state.
pub async fn find(conn: &mut Conn, id: ListingId) -> QueryResult<Option<Listing>> {
    listings::table.find(id).select(Listing::as_select()).first(conn).await.optional()
}

/// Those of `ids` that are published, in no order.
pub async fn published(conn: &mut Conn, ids: &[ListingId]) -> QueryResult<Vec<ListingWithCover>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found = with_cover!()
        .filter(among(listings::id, ids.iter().copied()))
        .filter(listings::status.eq(ListingStatus::Published));
    found.load(conn).await
}

/// Those of `ids` that are published, `viewer`'s own, or that `viewer` helps with, in no order.
pub async fn visible(conn: &mut Conn, viewer: UserId, ids: &[ListingId]) -> QueryResult<Vec<ListingWithCover>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let helps = helped_by!(listings::id, viewer, Permission::SeeListing);
    let found = with_cover!()
        .filter(among(listings::id, ids.iter().copied()))
        .filter(listings::status.eq(ListingStatus::Published).or(listings::host_id.eq(viewer)).or(helps));
    found.load(conn).await
}

/// The listing, if it is published, `viewer`'s own, or one that `viewer` helps with; and whether it is one of the latter two.
pub async fn visible_with_side(conn: &mut Conn, viewer: UserId, id: ListingId) -> QueryResult<Option<(Listing, bool)>> {
    let is_hosted = || listings::host_id.eq(viewer).or(helped_by!(listings::id, viewer, Permission::SeeListing));
    listings::table
        .find(id)
        .filter(listings::status.eq(ListingStatus::Published).or(is_hosted()))
        .select((Listing::as_select(), is_hosted()))
        .first(conn)
        .await
        .optional()
}

/// Those of `ids` that are published, `viewer`'s own, that `viewer` helps with, or that were once quoted to `viewer`: a guest still sees a
/// booked listing after it is unlisted. In no order.
pub async fn known(conn: &mut Conn, viewer: UserId, ids: &[ListingId]) -> QueryResult<Vec<ListingWithCover>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let quoted = quotes::table.filter(quotes::listing_id.eq(listings::id)).filter(quotes::guest_id.eq(viewer));
    let found = with_cover!().filter(among(listings::id, ids.iter().copied())).filter(
        listings::status
            .eq(ListingStatus::Published)
            .or(listings::host_id.eq(viewer))
            .or(helped_by!(listings::id, viewer, Permission::SeeListing))
            .or(diesel::dsl::exists(quoted.select(quotes::id))),
    );
    found.load(conn).await
}

/// Which listings of one host to read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OfHost {
    /// The host.
    pub host: UserId,
    /// Only in this state.
    pub status: ListingStatus,
    /// How much of them, newest first.
    pub page: Page<Newest<ListingId>>,
}

/// The listings of each part, and one more of each, in no order and in one statement.
pub async fn of_hosts(conn: &mut Conn, parts: &[OfHost]) -> QueryResult<Vec<ListingWithCover>> {
    if parts.is_empty() {
        return Ok(Vec::new());
    }
    let part = |part: &OfHost| {
        let listings = with_cover!().filter(listings::host_id.eq(part.host)).filter(listings::status.eq(part.status));
        newest_first!(listings, part.page, listings::created_at, listings::id)
    };
    let are_alike = parts.iter().all(|part| part.page.after.is_none());
    UnionAll::of(parts.iter().map(part).collect(), are_alike).load(conn).await
}

/// Which of one host's listings to read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OwnPart {
    /// Only in these states, each once and in order; None: any.
    pub statuses: Option<Vec<ListingStatus>>,
    /// How much of them, newest first.
    pub page: Page<Newest<ListingId>>,
}

/// The listings of one host for each part, and one more of each, part by part and newest first, in one statement.
pub async fn of_host(conn: &mut Conn, host: UserId, parts: &[OwnPart]) -> QueryResult<Vec<Vec<ListingWithCover>>> {
    if parts.is_empty() {
        return Ok(Vec::new());
    }
    let part = |(number, part): (usize, &OwnPart)| {
        let listings = listings::table
            .left_join(photos::table.on(photos::listing_id.eq(listings::id).and(photos::position.eq(COVER))))
            .select((numbered(number), ListingWithCover::as_select()))
            .filter(listings::host_id.eq(host));
        let page = newest_first!(listings, part.page, listings::created_at, listings::id);
        match &part.statuses {
            Some(statuses) => page.filter(among(listings::status, statuses.iter().copied())),
            None => page,
        }
    };
    let mut rows: Vec<(i64, ListingWithCover)> =
        UnionAll::of(parts.iter().enumerate().map(part).collect(), parts.len() == 1).load(conn).await?;
    rows.sort_by_key(|(_, row)| Reverse((row.created_at, row.id)));
    Ok(by_part(parts.len(), rows))
}

/// The ids of all listings of a host.
pub async fn ids_of_host(conn: &mut Conn, host: UserId) -> QueryResult<Vec<ListingId>> {
    listings::table.filter(listings::host_id.eq(host)).order(listings::id).select(listings::id).load(conn).await
}

/// The listing with this id, locked until the transaction ends.
pub async fn lock(tx: &mut Conn, id: ListingId) -> QueryResult<Option<Listing>> {
    listings::table.find(id).select(Listing::as_select()).for_update().first(tx).await.optional()
}

define_sql_function! {
    /// The lesser of two.
    #[sql_name = "LEAST"]
    fn least(one: Unsigned<SmallInt>, other: Unsigned<SmallInt>) -> Unsigned<SmallInt>;
}

/// Writes a new row.
pub async fn insert(tx: &mut Conn, listing: &Listing) -> QueryResult<()> {
    let names = Names::of(listing);
    diesel::insert_into(listings::table).values((listing, names.keys())).prepared().execute(tx).await?;
    keys::write_words(tx, &[(listing.id, names.words())]).await
}

/// Deletes a listing that was never published: it has no quotes, bookings or reviews.
pub async fn delete(tx: &mut Conn, id: ListingId) -> QueryResult<()> {
    diesel::delete(photos::table.filter(photos::listing_id.eq(id))).execute(tx).await?;
    diesel::delete(listing_amenities::table.filter(listing_amenities::listing_id.eq(id))).execute(tx).await?;
    diesel::delete(night_rates::table.filter(night_rates::listing_id.eq(id))).execute(tx).await?;
    diesel::delete(nights::table.filter(nights::listing_id.eq(id))).execute(tx).await?;
    super::co_hosts::delete_of_listing(tx, id).await?;
    diesel::delete(listings::table.find(id)).execute(tx).await?;
    Ok(())
}

/// Writes everything that a host can change: state, words, home, place, pricing, rules. Ratings are written elsewhere.
pub async fn update(tx: &mut Conn, listing: &Listing) -> QueryResult<()> {
    let names = Names::of(listing);
    let changes = (
        listings::status.eq(listing.status),
        listings::updated_at.eq(listing.updated_at),
        listings::published_at.eq(listing.published_at),
        &listing.words,
        &listing.home,
        (&listing.place, names.keys()),
        &listing.pricing,
        &listing.rules,
        listings::shortest_stay.eq(least(listings::shortest_stay, listing.rules.min_nights)),
    );
    diesel::update(listings::table.find(listing.id)).set(changes).prepared().execute(tx).await?;
    keys::write_words(tx, &[(listing.id, names.words())]).await
}
