//! What places offer.

use diesel::{mysql::Mysql, prelude::*};
use diesel_async::RunQueryDsl;

use super::{
    Conn,
    each::among,
    schema::{amenities, listing_amenities},
};
use crate::{error::Result, types::ListingId};

/// A thing that a place offers.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = amenities, check_for_backend(Mysql))]
pub struct Amenity {
    /// Stable name for programs.
    pub slug: String,
    /// Name for people.
    pub name: String,
}

/// What each listing offers, by name within a listing.
pub async fn of_listings(conn: &mut Conn, ids: &[ListingId]) -> Result<Vec<(ListingId, Amenity)>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let offers = listing_amenities::table
        .inner_join(amenities::table)
        .select((listing_amenities::listing_id, Amenity::as_select()))
        .filter(among(listing_amenities::listing_id, ids.iter().copied()))
        .order((listing_amenities::listing_id, amenities::name, amenities::slug));
    Ok(offers.load(conn).await?)
}

/// Gives `listing` these amenities and no others. A slug that is known keeps the name it has.
pub async fn replace(tx: &mut Conn, listing: ListingId, offers: &[Amenity]) -> Result<()> {
    let old = listing_amenities::table.filter(listing_amenities::listing_id.eq(listing));
    diesel::delete(old).execute(tx).await?;
    if offers.is_empty() {
        return Ok(());
    }
    // In the order of the key, so that two hosts who name new amenities at once wait rather than deadlock.
    let mut sorted: Vec<&Amenity> = offers.iter().collect();
    sorted.sort_by(|a, b| a.slug.cmp(&b.slug));
    diesel::insert_or_ignore_into(amenities::table).values(sorted.clone()).execute(tx).await?;
    let links: Vec<_> = sorted
        .iter()
        .map(|amenity| {
            (listing_amenities::listing_id.eq(listing), listing_amenities::amenity_slug.eq(amenity.slug.as_str()))
        })
        .collect();
    diesel::insert_into(listing_amenities::table).values(links).execute(tx).await?;
    Ok(())
}
