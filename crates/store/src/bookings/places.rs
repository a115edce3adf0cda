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

/// Where a stay takes place and by which clock, as the listing said when the booking was made: a listing that moves does not
/// take its bookings along. All is empty in a booking made by a server that did not know these columns, until somebody changes
/// the listing ([`keep_places`]).
#[derive(Clone, Default, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = bookings, check_for_backend(diesel::mysql::Mysql))]
pub struct BookedPlace {
    /// Time zone of the IANA database; None: nothing is known, ask the listing.
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
    /// As `listing` says now.
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

    /// The exact point. Private: only the host and confirmed guests may learn it.
    pub fn exact(&self) -> Option<Point> {
        Some(Point { latitude: self.latitude?, longitude: self.longitude? })
    }
}

/// Logs do not show where a stay is exactly.
impl std::fmt::Debug for BookedPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BookedPlace").field("time_zone", &self.time_zone).finish_non_exhaustive()
    }
}

/// Gives those bookings of `listing` that know no place of their own the one that the listing has now: for whoever is about to
/// change it.
pub async fn keep_places(tx: &mut Conn, listing: &Listing) -> QueryResult<usize> {
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

/// Gives the address of `listing` to those bookings that were made at the same point without one.
pub async fn add_address(tx: &mut Conn, listing: &Listing) -> QueryResult<usize> {
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

/// The time zone that a booking goes by: its own or, if it knows none, its listing's.
pub async fn time_zone(conn: &mut Conn, booking: &Booking) -> QueryResult<String> {
    match &booking.place.time_zone {
        Some(zone) => Ok(zone.clone()),
        None => listings::table.find(booking.listing_id).select(listings::time_zone).first(conn).await,
    }
}
