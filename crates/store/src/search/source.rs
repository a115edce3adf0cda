//! What the search index holds of listings. One function for each table, for a range of listings by id, or for some.

use chrono::{NaiveDate, NaiveTime};
use diesel::{mysql::Mysql, prelude::*};
use diesel_async::RunQueryDsl;

use crate::{
    night_rates::NightRate,
    query_parts::among,
    schema::{listing_amenities, listings, night_rates, nights, users},
};
use mysql_engine::Conn;
use types::{
    CancellationPolicy, Currency, ListingId, ListingStatus, NightKind, PropertyType, RoomType, Timestamp, UserId,
};

/// The columns of a published listing that a search needs.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = listings, check_for_backend(Mysql))]
pub struct SearchedListing {
    /// The listing.
    pub id: ListingId,
    /// Whose it is.
    pub host_id: UserId,
    /// Hundredths; 0: none.
    pub rating: Option<u16>,
    /// Ten-thousandths of a star; the database computes it for every listing.
    pub recommendation: Option<u16>,
    /// When it was first published.
    pub published_at: Option<Timestamp>,
    /// The type of room.
    pub room_type: RoomType,
    /// The type of building.
    pub property_type: PropertyType,
    /// Adults and children.
    pub max_guests: u16,
    /// Bedrooms, if known.
    pub bedrooms: Option<u16>,
    /// Beds, if known.
    pub beds: Option<u16>,
    /// Half bathrooms, if known.
    pub bathroom_halves: Option<u16>,
    /// The country of ISO 3166-1, if known.
    pub country_code: Option<String>,
    /// City.
    pub city: String,
    /// Region of the city.
    pub region: Option<String>,
    /// Neighborhood.
    pub neighborhood: Option<String>,
    /// The key of the city.
    pub city_key: Option<String>,
    /// The key of the region.
    pub region_key: Option<String>,
    /// The key of the neighborhood.
    pub neighborhood_key: Option<String>,
    /// Latitude of the middle of the coarse square.
    pub area_latitude: f64,
    /// Its longitude.
    pub area_longitude: f64,
    /// Name in the IANA database.
    pub time_zone: String,
    /// The earliest time of arrival.
    pub check_in_from: NaiveTime,
    /// The currency of all prices.
    pub currency: Currency,
    /// Minor units of a night.
    pub base_price: i64,
    /// Of Friday and Saturday nights, if it differs.
    pub weekend_price: Option<i64>,
    /// Once for a stay.
    pub cleaning_fee: i64,
    /// For each guest above the included ones and each night.
    pub extra_guest_fee: i64,
    /// Guests that the price includes.
    pub guests_included: u16,
    /// Once for a stay with pets.
    pub pet_fee: i64,
    /// Percent off from a week on.
    pub weekly_discount: u16,
    /// Percent off from a month on.
    pub monthly_discount: u16,
    /// Fewest nights.
    pub min_nights: u16,
    /// Most nights.
    pub max_nights: u16,
    /// The fewest nights that any day allows.
    pub shortest_stay: u16,
    /// Hours before check-in in which nobody can book.
    pub advance_notice_hours: u16,
    /// Nights that stay free between two stays.
    pub preparation_nights: u16,
    /// Days ahead that can be booked.
    pub booking_window_days: u16,
    /// Whether pets are allowed.
    pub pets_allowed: bool,
    /// Whether no answer of the host is needed.
    pub instant_book: bool,
    /// How much is refunded when a guest cancels.
    pub cancellation_policy: CancellationPolicy,
}

/// A night that is held.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = nights, check_for_backend(Mysql))]
pub struct HeldNight {
    /// The listing.
    pub listing_id: ListingId,
    /// The night, by the day on which it begins.
    pub night: NaiveDate,
    /// What holds it.
    pub kind: NightKind,
    /// When the hold expires; None: never.
    pub expires_at: Option<Timestamp>,
}

/// Which listings to read.
#[derive(Debug, Clone, Copy)]
pub enum Wanted<'a> {
    /// All from one id to another.
    Range(ListingId, ListingId),
    /// These.
    Some(&'a [ListingId]),
}

/// The next published listings after an id, in the order of their ids.
///
/// # Errors
/// When the database fails.
pub async fn next(conn: &mut Conn, after: Option<ListingId>, limit: i64) -> QueryResult<Vec<SearchedListing>> {
    let published = listings::table.filter(listings::status.eq(ListingStatus::Published));
    let mut query = published.select(SearchedListing::as_select()).order(listings::id).limit(limit).into_boxed();
    if let Some(after) = after {
        query = query.filter(listings::id.gt(after));
    }
    query.load(conn).await
}

/// Those of these listings that are published.
///
/// # Errors
/// When the database fails.
pub async fn some(conn: &mut Conn, ids: &[ListingId]) -> QueryResult<Vec<SearchedListing>> {
    listings::table
        .filter(listings::status.eq(ListingStatus::Published))
        .filter(among(listings::id, ids.iter().copied()))
        .select(SearchedListing::as_select())
        .load(conn)
        .await
}

/// The hosts of listings, whether these are published or not: of each listing, its host, and whether they are a superhost.
///
/// # Errors
/// When the database fails.
pub async fn hosts(conn: &mut Conn, wanted: Wanted<'_>) -> QueryResult<Vec<(UserId, bool)>> {
    let rows = listings::table.inner_join(users::table).select((users::id, users::is_superhost));
    match wanted {
        Wanted::Range(first, last) => rows.filter(listings::id.between(first, last)).load(conn).await,
        Wanted::Some(ids) => rows.filter(among(listings::id, ids.iter().copied())).load(conn).await,
    }
}

/// Whether people are superhosts.
///
/// # Errors
/// When the database fails.
pub async fn superhosts(conn: &mut Conn, people: &[UserId]) -> QueryResult<Vec<(UserId, bool)>> {
    let rows = users::table.select((users::id, users::is_superhost));
    rows.filter(among(users::id, people.iter().copied())).load(conn).await
}

/// Their amenities, by slug.
///
/// # Errors
/// When the database fails.
pub async fn amenities(conn: &mut Conn, wanted: Wanted<'_>) -> QueryResult<Vec<(ListingId, String)>> {
    let columns = (listing_amenities::listing_id, listing_amenities::amenity_slug);
    match wanted {
        Wanted::Range(first, last) => {
            let range = listing_amenities::listing_id.between(first, last);
            listing_amenities::table.select(columns).filter(range).load(conn).await
        }
        Wanted::Some(ids) => {
            let some = among(listing_amenities::listing_id, ids.iter().copied());
            listing_amenities::table.select(columns).filter(some).load(conn).await
        }
    }
}

/// Their nights from a day on that are held.
///
/// # Errors
/// When the database fails.
pub async fn nights(conn: &mut Conn, wanted: Wanted<'_>, from: NaiveDate) -> QueryResult<Vec<HeldNight>> {
    let rows = nights::table.select(HeldNight::as_select()).filter(nights::night.ge(from));
    match wanted {
        Wanted::Range(first, last) => rows.filter(nights::listing_id.between(first, last)).load(conn).await,
        Wanted::Some(ids) => rows.filter(among(nights::listing_id, ids.iter().copied())).load(conn).await,
    }
}

/// Their nights from a day on that have a price or restrictions of their own.
///
/// # Errors
/// When the database fails.
pub async fn rates(conn: &mut Conn, wanted: Wanted<'_>, from: NaiveDate) -> QueryResult<Vec<NightRate>> {
    let rows = night_rates::table.select(NightRate::as_select()).filter(night_rates::night.ge(from));
    match wanted {
        Wanted::Range(first, last) => rows.filter(night_rates::listing_id.between(first, last)).load(conn).await,
        Wanted::Some(ids) => rows.filter(among(night_rates::listing_id, ids.iter().copied())).load(conn).await,
    }
}
