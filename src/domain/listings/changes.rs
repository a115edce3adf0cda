//! What a host says about a listing, not yet checked.

use chrono::NaiveTime;

use crate::types::{CancellationPolicy, Currency, PropertyType, RoomType};

/// Changes to a listing: None leaves a field as it is, `Some(None)` clears it. A new listing needs title, kinds, guests, place and pricing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    /// Headline, 1 to 120 characters.
    pub title: Option<String>,
    /// Description, at most 10,000 characters.
    pub description: Option<Option<String>>,
    /// On the neighbourhood, at most 5,000 characters.
    pub neighborhood_overview: Option<Option<String>>,
    /// How much of the place the guest has.
    pub room_type: Option<RoomType>,
    /// What kind of building it is.
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
    /// Names of what the place offers, at most 100.
    pub amenities: Option<Vec<String>>,
    /// Pictures in order, at most 100.
    pub photos: Option<Vec<NewPhoto>>,
    /// Where it is.
    pub place: Option<NewPlace>,
    /// Earliest arrival.
    pub check_in_from: Option<NaiveTime>,
    /// Latest departure.
    pub check_out_by: Option<NaiveTime>,
    /// What it costs.
    pub pricing: Option<NewPricing>,
    /// Which stays are allowed.
    pub rules: Option<NewRules>,
    /// Whether a booking needs no answer of the host.
    pub instant_book: Option<bool>,
    /// What a guest gets back on cancellation.
    pub cancellation_policy: Option<CancellationPolicy>,
}

/// A picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPhoto {
    /// Web address, at most 2,048 characters.
    pub url: String,
    /// What it shows, at most 200 characters.
    pub caption: Option<String>,
}

/// Where a listing is.
#[derive(Debug, Clone, PartialEq)]
pub struct NewPlace {
    /// City, 1 to 100 characters.
    pub city: String,
    /// Neighbourhood, at most 100 characters.
    pub neighborhood: Option<String>,
    /// Region of the city, at most 100 characters.
    pub region: Option<String>,
    /// Country, ISO 3166-1 alpha-2.
    pub country_code: Option<String>,
    /// Street address, at most 300 characters.
    pub address: Option<String>,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
}

/// What a listing costs, in minor units of the currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewPricing {
    /// Currency of all amounts.
    pub currency: Currency,
    /// A night, at least 1.
    pub base_price: i64,
    /// A night that begins on Friday or Saturday, at least 1.
    pub weekend_price: Option<i64>,
    /// Once per stay.
    pub cleaning_fee: Option<i64>,
    /// Per guest above `guests_included` and night.
    pub extra_guest_fee: Option<i64>,
    /// Guests that the nightly price includes; None: all of them.
    pub guests_included: Option<i32>,
    /// Once per stay with pets.
    pub pet_fee: Option<i64>,
    /// Percent off the nights of stays from 7 nights, 0 to 99.
    pub weekly_discount: i32,
    /// Percent off the nights of stays from 28 nights, 0 to 99.
    pub monthly_discount: i32,
}

/// Which stays a listing allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewRules {
    /// Fewest nights, 1 to 1,000.
    pub min_nights: i32,
    /// Most nights, up to 1,125.
    pub max_nights: i32,
    /// Hours from booking to check-in at the least, 0 to 8,760.
    pub advance_notice_hours: i32,
    /// Nights kept free before and after each stay, 0 to 30.
    pub preparation_nights: i32,
    /// How many days ahead check-in may be at the most, 1 to 730.
    pub booking_window_days: i32,
    /// Whether pets may come.
    pub pets_allowed: bool,
}
