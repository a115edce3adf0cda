//! A listing in the index.

use chrono::{NaiveDate, Timelike};

use crate::{Full, calendar::Calendar, gazetteer::SpelledPlace, names::Names};
use store::{
    night_rates::NightRate,
    search::{
        places::PlaceKeys,
        source::{HeldNight, SearchedListing},
    },
};
use types::{CancellationPolicy, Currency, ListingId, PropertyType, RoomType, Timestamp};

/// The rows of a published listing.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Its own row.
    pub listing: &'a SearchedListing,
    /// The slugs of its amenities.
    pub amenities: &'a [String],
    /// Nights that are held.
    pub held: &'a [HeldNight],
    /// Nights with a price or restrictions of their own.
    pub rates: &'a [NightRate],
}

/// A published listing; the fields are those of [`SearchedListing`], with numbers for names.
#[derive(Debug)]
pub struct Entry {
    pub id: ListingId,
    pub published_at: Option<Timestamp>,
    pub latitude: f64,
    pub longitude: f64,
    pub base_price: i64,
    /// The base price if there is no other.
    pub weekend_price: i64,
    pub cleaning_fee: i64,
    pub extra_guest_fee: i64,
    pub pet_fee: i64,
    pub place: u32,
    pub host: u32,
    /// Seconds from midnight.
    pub check_in_from: u32,
    pub zone: u16,
    pub rating: u16,
    /// Ten-thousandths of a star.
    pub recommendation: u16,
    pub max_guests: u16,
    pub bedrooms: u16,
    pub beds: u16,
    pub bathroom_halves: u16,
    pub guests_included: u16,
    pub weekly_discount: u16,
    pub monthly_discount: u16,
    pub min_nights: u16,
    pub max_nights: u16,
    pub shortest_stay: u16,
    pub advance_notice_hours: u16,
    pub preparation_nights: u16,
    pub booking_window_days: u16,
    pub currency: Currency,
    pub room_type: RoomType,
    pub property_type: PropertyType,
    pub pets_allowed: bool,
    pub instant_book: bool,
    pub cancellation_policy: CancellationPolicy,
    pub amenities: Box<[u16]>,
    pub calendar: Calendar,
}

impl Entry {
    /// The entry of a listing.
    pub fn new(source: &Source<'_>, first_day: NaiveDate, names: &mut Names) -> Result<Self, Full> {
        let row = source.listing;
        let amenities: Result<_, _> = source.amenities.iter().map(|slug| names.amenity(slug)).collect();
        Ok(Self {
            id: row.id,
            published_at: row.published_at,
            latitude: row.area_latitude,
            longitude: row.area_longitude,
            base_price: row.base_price,
            weekend_price: row.weekend_price.unwrap_or(row.base_price),
            cleaning_fee: row.cleaning_fee,
            extra_guest_fee: row.extra_guest_fee,
            pet_fee: row.pet_fee,
            place: names.place(&place(row))?,
            host: names.hosts.number(row.host_id)?,
            check_in_from: row.check_in_from.num_seconds_from_midnight(),
            zone: names.zone(&row.time_zone)?,
            rating: row.rating.unwrap_or(0),
            recommendation: row.recommendation.unwrap_or(0),
            max_guests: row.max_guests,
            bedrooms: row.bedrooms.unwrap_or(0),
            beds: row.beds.unwrap_or(0),
            bathroom_halves: row.bathroom_halves.unwrap_or(0),
            guests_included: row.guests_included,
            weekly_discount: row.weekly_discount,
            monthly_discount: row.monthly_discount,
            min_nights: row.min_nights,
            max_nights: row.max_nights,
            shortest_stay: row.shortest_stay,
            advance_notice_hours: row.advance_notice_hours,
            preparation_nights: row.preparation_nights,
            booking_window_days: row.booking_window_days,
            currency: row.currency,
            room_type: row.room_type,
            property_type: row.property_type,
            pets_allowed: row.pets_allowed,
            instant_book: row.instant_book,
            cancellation_policy: row.cancellation_policy,
            amenities: amenities?,
            calendar: Calendar::new(source.held, source.rates, first_day),
        })
    }

    /// Replaces the held nights.
    pub fn set_nights(&mut self, held: &[HeldNight], first_day: NaiveDate) {
        self.calendar.set_held(held, first_day);
    }

    /// Its memory besides itself.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.amenities) + self.calendar.bytes()
    }
}

fn place(row: &SearchedListing) -> SpelledPlace {
    SpelledPlace {
        keys: PlaceKeys {
            names: [row.city_key.clone(), row.region_key.clone(), row.neighborhood_key.clone()],
            country: row.country_code.clone(),
        },
        names: [Some(row.city.clone()), row.region.clone(), row.neighborhood.clone()],
    }
}
