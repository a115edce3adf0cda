//! Where booked stays take place.

use chrono::NaiveTime;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::Booking;
use crate::prepared::Prepare as _;
use crate::{
    listings::Listing,
    schema::{bookings, listings},
};
use mysql_engine::Conn;
use types::Point;

/// The place and clock of a stay, copied from the listing when the booking was made: a listing that moves does not take its bookings along.
/// All fields are empty in a booking that an older server made, until the listing is changed ([`fill_in_places`]).
#[derive(Clone, Default, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = bookings, check_for_backend(diesel::mysql::Mysql))]
pub struct BookedPlace {
    /// Time zone of the IANA database; None: use the listing's place.
    pub time_zone: Option<String>,
    /// Earliest arrival on the check-in day, on the wall clock.
    pub check_in_from: Option<NaiveTime>,
    /// Latest departure on the check-out day, on the wall clock.
    pub check_out_by: Option<NaiveTime>,
    /// Street address. Private.
    pub address: Option<String>,
    latitude: Option<f64>,
    longitude: Option<f64>,
}

impl BookedPlace {
    /// The current place of `listing`.
    pub fn of(listing: &Listing) -> Self {
        let point = listing.place.exact();
        Self {
            time_zone: Some(listing.place.time_zone.clone()),
            check_in_from: Some(listing.rules.check_in_from),
            check_out_by: Some(listing.rules.check_out_by),
            address: listing.place.address.clone(),
            latitude: Some(point.latitude),
            longitude: Some(point.longitude),
        }
    }

    /// The exact point. Private: only the host and guests with a confirmed booking can see it.
    pub fn exact(&self) -> Option<Point> {
        Some(Point { latitude: self.latitude?, longitude: self.longitude? })
    }
}

/// Keeps the exact place out of logs.
impl std::fmt::Debug for BookedPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BookedPlace").field("time_zone", &self.time_zone).finish_non_exhaustive()
    }
}

/// Copies the current place of `listing` to its bookings that have none. To be called before the place of the listing changes.
pub async fn fill_in_places(tx: &mut Conn, listing: &Listing) -> QueryResult<usize> {
    let place = BookedPlace::of(listing);
    diesel::update(bookings::table)
        .filter(bookings::listing_id.eq(listing.id))
        .filter(bookings::time_zone.is_null())
        .set((
            bookings::time_zone.eq(place.time_zone),
            bookings::check_in_from.eq(place.check_in_from),
            bookings::check_out_by.eq(place.check_out_by),
            bookings::address.eq(place.address),
            bookings::latitude.eq(place.latitude),
            bookings::longitude.eq(place.longitude),
        ))
        .prepared()
        .execute(tx)
        .await
}

/// Copies the address of `listing` to its bookings at the same point that have none.
pub async fn fill_in_address(tx: &mut Conn, listing: &Listing) -> QueryResult<usize> {
    let place = BookedPlace::of(listing);
    diesel::update(bookings::table)
        .filter(bookings::listing_id.eq(listing.id))
        .filter(bookings::address.is_null())
        .filter(bookings::latitude.eq(place.latitude))
        .filter(bookings::longitude.eq(place.longitude))
        .set(bookings::address.eq(place.address))
        .prepared()
        .execute(tx)
        .await
}

/// The time zone of a booking: its own or, if it has none, its listing's.
pub async fn time_zone(conn: &mut Conn, booking: &Booking) -> QueryResult<String> {
    match &booking.place.time_zone {
        Some(zone) => Ok(zone.clone()),
        None => listings::table.find(booking.listing_id).select(listings::time_zone).first(conn).await,
    }
}
