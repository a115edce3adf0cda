//! Unchecked input for a listing.

use chrono::NaiveTime;
use serde::Serialize;

use types::{CancellationPolicy, Currency, PropertyType, RoomType, error::InvalidField};

/// Changes to a listing: None leaves a field as it is, `Some(None)` clears it. A new listing needs title, kinds, guests, city, point,
/// currency and base price.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Changes {
    /// Headline, 1 to 120 characters.
    pub title: Option<String>,
    /// Description, at most 10,000 characters.
    pub description: Option<Option<String>>,
    /// About the neighborhood, at most 5,000 characters.
    pub neighborhood_overview: Option<Option<String>>,
    /// Entire place or room.
    pub room_type: Option<RoomType>,
    /// Kind of building.
    pub property_type: Option<PropertyType>,
    /// Most guests, 1 to 50.
    pub max_guests: Option<i32>,
    /// Bedrooms, 0 to 50.
    pub bedrooms: Option<Option<i32>>,
    /// Beds, 0 to 100.
    pub beds: Option<Option<i32>>,
    /// Bathrooms in steps of a half, 0 to 50.
    pub bathrooms: Option<Option<f64>>,
    /// Whether bathrooms are shared with others.
    pub bathrooms_shared: Option<bool>,
    /// Names of amenities, at most 100.
    pub amenities: Option<Vec<String>>,
    /// Pictures in order, at most 100.
    pub photos: Option<Vec<NewPhoto>>,
    /// Where it is.
    pub place: PlaceChanges,
    /// Earliest arrival.
    pub check_in_from: Option<NaiveTime>,
    /// Latest departure.
    pub check_out_by: Option<NaiveTime>,
    /// What it costs.
    pub pricing: PricingChanges,
    /// Which stays are allowed.
    pub rules: RulesChanges,
    /// Whether bookings are confirmed without the host.
    pub instant_book: Option<bool>,
    /// The cancellation policy.
    pub cancellation_policy: Option<CancellationPolicy>,
    /// Fields whose values could not be parsed. If there are any, nothing is changed.
    #[serde(skip)]
    pub malformed: Vec<InvalidField>,
}

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewPhoto {
    /// Web address, at most 2,048 characters.
    pub url: String,
    /// Caption, at most 200 characters.
    pub caption: Option<String>,
}

/// Changes to where a listing is.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PlaceChanges {
    /// City, 1 to 100 characters.
    pub city: Option<String>,
    /// Neighborhood, at most 100 characters.
    pub neighborhood: Option<Option<String>>,
    /// Region of the city, at most 100 characters.
    pub region: Option<Option<String>>,
    /// Country, ISO 3166-1 alpha-2.
    pub country_code: Option<Option<String>>,
    /// Street address, at most 300 characters.
    pub address: Option<Option<String>>,
    /// Degrees north.
    pub latitude: Option<f64>,
    /// Degrees east.
    pub longitude: Option<f64>,
}

/// Changes to what a listing costs, in minor units of its currency. No amount may be over [`Currency::max_amount`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct PricingChanges {
    /// Currency of all amounts.
    pub currency: Option<Currency>,
    /// A night, at least 1.
    pub base_price: Option<i64>,
    /// A night that begins on Friday or Saturday, at least 1.
    pub weekend_price: Option<Option<i64>>,
    /// Once per stay.
    pub cleaning_fee: Option<Option<i64>>,
    /// Per guest above `guests_included` and night.
    pub extra_guest_fee: Option<Option<i64>>,
    /// Guests that the nightly price includes; `Some(None)`: all of them.
    pub guests_included: Option<Option<i32>>,
    /// Once per stay with pets.
    pub pet_fee: Option<Option<i64>>,
    /// Percent off the nights of stays from 7 nights, 0 to 99.
    pub weekly_discount: Option<Option<i32>>,
    /// Percent off the nights of stays from 28 nights, 0 to 99.
    pub monthly_discount: Option<Option<i32>>,
}

/// Changes to which stays a listing allows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct RulesChanges {
    /// Fewest nights, 1 to 365.
    pub min_nights: Option<i32>,
    /// Most nights, up to 365.
    pub max_nights: Option<i32>,
    /// Fewest hours from booking to check-in, 0 to 8,760.
    pub advance_notice_hours: Option<i32>,
    /// Nights kept free before and after each stay, 0 to 30.
    pub preparation_nights: Option<i32>,
    /// How many days ahead check-in can be at most, 1 to 730.
    pub booking_window_days: Option<i32>,
    /// Whether pets are allowed.
    pub pets_allowed: Option<bool>,
}
