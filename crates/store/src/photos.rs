//! Pictures of listings, in the host's order. The position is stored, so the first n of many listings are ranges of one key.

use diesel::{mysql::Mysql, prelude::*};
use diesel_async::RunQueryDsl;

use super::{query_parts::among, schema::photos};
use mysql_engine::Conn;
use types::ListingId;

/// The position of the cover.
pub(super) const COVER: u16 = 0;

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = photos, check_for_backend(Mysql), treat_none_as_default_value = false)]
pub struct Photo {
    /// The listing.
    pub listing_id: ListingId,
    /// 0 is the cover.
    pub position: u16,
    /// Web address.
    pub url: String,
    /// Caption.
    pub caption: Option<String>,
}

/// The first `limit` pictures of each listing, in order within a listing.
pub async fn of_listings(conn: &mut Conn, ids: &[ListingId], limit: u16) -> QueryResult<Vec<Photo>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let first = photos::table
        .select(Photo::as_select())
        .filter(among(photos::listing_id, ids.iter().copied()))
        .filter(photos::position.lt(limit))
        .order((photos::listing_id, photos::position));
    first.load(conn).await
}

/// The first picture of a listing, if it has one.
pub async fn cover(conn: &mut Conn, id: ListingId) -> QueryResult<Option<Photo>> {
    photos::table.find((id, COVER)).select(Photo::as_select()).first(conn).await.optional()
}

/// Gives `listing` these pictures and no others. Their positions must count from 0.
pub async fn replace(tx: &mut Conn, listing: ListingId, photos: &[Photo]) -> QueryResult<()> {
    diesel::delete(photos::table.filter(photos::listing_id.eq(listing))).execute(tx).await?;
    if !photos.is_empty() {
        diesel::insert_into(photos::table).values(photos).execute(tx).await?;
    }
    Ok(())
}
