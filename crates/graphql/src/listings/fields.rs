//! Parts of listings.

use async_graphql::{Object, SimpleObject};
use graphql_direct::{WriteDirect, direct};

use crate::money::Money;
use domain::listings::{
    Amenity as AmenityRow, Listing as Row, Photo as PhotoRow, Place as PlaceRow, Pricing, Ratings, Rules,
};
use types::scalars::Url;
use types::{Currency, Point};

/// An amenity.
#[derive(Debug, Clone, SimpleObject, WriteDirect)]
pub struct Amenity {
    /// Stable name for programs, for `ListingFilter.amenities`: `free-parking-on-premises`.
    slug: String,
    /// Name for people.
    name: String,
}

impl From<AmenityRow> for Amenity {
    fn from(row: AmenityRow) -> Self {
        Self { slug: row.slug, name: row.name }
    }
}

/// A photo.
#[derive(Debug, Clone, SimpleObject, WriteDirect)]
pub struct Photo {
    /// URL of the photo.
    url: Url,
    /// Caption; null when there is none.
    caption: Option<String>,
}

impl From<PhotoRow> for Photo {
    fn from(row: PhotoRow) -> Self {
        Self { url: Url(row.url), caption: row.caption }
    }
}

/// A point on earth, WGS 84.
#[derive(Debug, Clone, Copy, SimpleObject, WriteDirect)]
pub struct GeoPoint {
    /// Degrees north, -90 to 90.
    latitude: f64,
    /// Degrees east, -180 to 180.
    longitude: f64,
}

impl From<Point> for GeoPoint {
    fn from(point: Point) -> Self {
        Self { latitude: point.latitude, longitude: point.longitude }
    }
}

/// Approximate location of a listing.
#[derive(Debug, Clone, SimpleObject, WriteDirect)]
pub struct Place {
    /// City.
    city: String,
    /// Neighborhood; null when unknown.
    neighborhood: Option<String>,
    /// Region of the city; null when unknown.
    region: Option<String>,
    /// Country, ISO 3166-1 alpha-2; null when unknown.
    country_code: Option<String>,
    /// The center of a square of about 550 m that contains the place; constant for a listing.
    point: GeoPoint,
}

impl From<&PlaceRow> for Place {
    fn from(row: &PlaceRow) -> Self {
        Self {
            city: row.city.clone(),
            neighborhood: row.neighborhood.clone(),
            region: row.region.clone(),
            country_code: row.country_code.clone(),
            point: row.area().0.into(),
        }
    }
}

/// Prices.
#[derive(Debug, Clone, Copy)]
pub struct ListingPricing(Pricing);

impl From<Pricing> for ListingPricing {
    fn from(pricing: Pricing) -> Self {
        Self(pricing)
    }
}

impl ListingPricing {
    fn money(&self, minor: i64) -> Money {
        Money(self.0.money(minor))
    }

    /// A fee; none when it is 0.
    fn fee(&self, minor: i64) -> Option<Money> {
        (minor > 0).then(|| self.money(minor))
    }
}

/// Prices and fees. The price of a stay is in `Listing.price`; `quoteStay` locks it.
#[direct]
#[Object]
impl ListingPricing {
    /// Currency of all amounts of this listing.
    async fn currency(&self) -> Currency {
        self.0.currency
    }

    /// Price of a night.
    async fn base_price(&self) -> Money {
        self.money(self.0.base_price)
    }

    /// Price of a night that begins on Friday or Saturday; null when it equals the base price.
    async fn weekend_price(&self) -> Option<Money> {
        self.0.weekend_price.map(|minor| self.money(minor))
    }

    /// Once per stay; null when there is none.
    async fn cleaning_fee(&self) -> Option<Money> {
        self.fee(self.0.cleaning_fee)
    }

    /// Per guest above `guestsIncluded` and night; null when there is none.
    async fn extra_guest_fee(&self) -> Option<Money> {
        self.fee(self.0.extra_guest_fee)
    }

    /// Number of guests that the nightly price includes.
    async fn guests_included(&self) -> u16 {
        self.0.guests_included
    }

    /// Once per stay with pets; null when there is none.
    async fn pet_fee(&self) -> Option<Money> {
        self.fee(self.0.pet_fee)
    }

    /// Discount on the nights of stays from 7 nights, in percent; 0 when there is none.
    async fn weekly_discount_percent(&self) -> u16 {
        self.0.weekly_discount
    }

    /// Discount on the nights of stays from 28 nights, in percent; 0 when there is none.
    async fn monthly_discount_percent(&self) -> u16 {
        self.0.monthly_discount
    }
}

/// Which stays a listing allows. Single nights can have other limits: see `NightAvailability`.
#[derive(Debug, Clone, Copy, SimpleObject, WriteDirect)]
pub struct StayRules {
    /// Minimum nights.
    min_nights: u16,
    /// Maximum nights.
    max_nights: u16,
    /// Minimum hours between booking and check-in.
    advance_notice_hours: u16,
    /// Nights blocked before and after each stay.
    preparation_nights: u16,
    /// Maximum number of days between booking and check-in.
    booking_window_days: u16,
    /// Whether pets are allowed.
    pets_allowed: bool,
}

impl From<Rules> for StayRules {
    fn from(rules: Rules) -> Self {
        Self {
            min_nights: rules.min_nights,
            max_nights: rules.max_nights,
            advance_notice_hours: rules.advance_notice_hours,
            preparation_nights: rules.preparation_nights,
            booking_window_days: rules.booking_window_days,
            pets_allowed: rules.pets_allowed,
        }
    }
}

/// Average ratings by guests. Reviews that are not published yet are not included.
#[derive(Debug, Clone, Copy, SimpleObject, WriteDirect)]
pub struct RatingSummary {
    /// Overall, 1 to 5; null without ratings.
    average: Option<f64>,
    /// Number of published reviews.
    count: u32,
    /// Cleanliness, 1 to 5; null without ratings.
    cleanliness: Option<f64>,
    /// Accuracy of the description, 1 to 5; null without ratings.
    accuracy: Option<f64>,
    /// Check-in, 1 to 5; null without ratings.
    check_in: Option<f64>,
    /// Communication, 1 to 5; null without ratings.
    communication: Option<f64>,
    /// Location, 1 to 5; null without ratings.
    location: Option<f64>,
    /// Value for money, 1 to 5; null without ratings.
    value: Option<f64>,
}

impl RatingSummary {
    /// The ratings of `listing`.
    pub fn of(listing: &Row) -> Self {
        let ratings = &listing.ratings;
        let category = |total| Ratings::average(total, ratings.category_count);
        Self {
            average: Ratings::average(ratings.rating_total, ratings.rating_count),
            count: ratings.review_count,
            cleanliness: category(ratings.cleanliness_total),
            accuracy: category(ratings.accuracy_total),
            check_in: category(ratings.check_in_total),
            communication: category(ratings.communication_total),
            location: category(ratings.location_total),
            value: category(ratings.value_total),
        }
    }
}
