//! A row of `listings`. Its many columns are grouped; each group is read and written as a whole.

use std::ops::Deref;

use chrono::NaiveTime;
use diesel::{mysql::Mysql, prelude::*};

use crate::{photos::Photo, schema::listings};
use types::{
    Area, CancellationPolicy, Currency, ListingId, ListingStatus, Money, Point, PropertyType, RoomType, Timestamp,
    UserId,
};

/// A listing.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = listings, check_for_backend(Mysql), treat_none_as_default_value = false)]
pub struct Listing {
    /// The listing.
    pub id: ListingId,
    /// The host.
    pub host_id: UserId,
    /// Whether guests can find and book it.
    pub status: ListingStatus,
    /// Headline and description.
    #[diesel(embed)]
    pub words: Words,
    /// Type of place, capacity and rooms.
    #[diesel(embed)]
    pub home: Home,
    /// Where it is.
    #[diesel(embed)]
    pub place: Place,
    /// What it costs.
    #[diesel(embed)]
    pub pricing: Pricing,
    /// Which stays are allowed.
    #[diesel(embed)]
    pub rules: Rules,
    /// Its ratings.
    #[diesel(embed)]
    pub ratings: Ratings,
    /// Where the row came from.
    #[diesel(embed)]
    pub origin: Origin,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it was first published.
    pub published_at: Option<Timestamp>,
}

/// A listing with its cover.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = listings, check_for_backend(Mysql))]
pub struct ListingWithCover {
    /// The listing.
    #[diesel(embed)]
    pub listing: Listing,
    /// Its first picture, if it has one.
    #[diesel(embed)]
    pub cover: Option<Photo>,
}

impl Deref for ListingWithCover {
    type Target = Listing;

    fn deref(&self) -> &Listing {
        &self.listing
    }
}

/// The texts of a listing. Plain text.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = listings, check_for_backend(Mysql), treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct Words {
    /// Headline.
    pub title: String,
    /// Description; empty: none.
    pub description: String,
    /// About the neighborhood.
    pub neighborhood_overview: Option<String>,
}

/// Type of place, capacity and rooms.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = listings, check_for_backend(Mysql), treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct Home {
    /// How much of the place.
    pub room_type: RoomType,
    /// What kind of building.
    pub property_type: PropertyType,
    /// The host's own words for the kind of place.
    pub property_label: String,
    /// Most adults and children.
    pub max_guests: u16,
    /// Bedrooms.
    pub bedrooms: Option<u16>,
    /// Beds.
    pub beds: Option<u16>,
    /// Half bathrooms: 3 means one and a half.
    pub bathroom_halves: Option<u16>,
    /// Whether bathrooms are shared with others.
    pub bathrooms_shared: bool,
}

/// Where a listing is. The address and the exact point are private.
#[derive(Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = listings, check_for_backend(Mysql), treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct Place {
    /// City.
    pub city: String,
    /// Neighborhood.
    pub neighborhood: Option<String>,
    /// Region of the city.
    pub region: Option<String>,
    /// Country, ISO 3166-1 alpha-2.
    pub country_code: Option<String>,
    /// Street address. Private.
    pub address: Option<String>,
    /// Degrees north, exact. Private.
    latitude: f64,
    /// Degrees east, exact. Private.
    longitude: f64,
    /// Middle of the coarse square.
    area_latitude: f64,
    /// Middle of the coarse square.
    area_longitude: f64,
    /// Time zone of the IANA database.
    pub time_zone: String,
}

/// What a listing charges, in minor units of its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = listings, check_for_backend(Mysql), treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct Pricing {
    /// Currency of all amounts.
    pub currency: Currency,
    /// A night.
    pub base_price: i64,
    /// A night that begins on Friday or Saturday; None: the nightly price.
    pub weekend_price: Option<i64>,
    /// Once per stay; 0: none.
    pub cleaning_fee: i64,
    /// Per guest above `guests_included` and night; 0: none.
    pub extra_guest_fee: i64,
    /// Guests that the nightly price includes.
    pub guests_included: u16,
    /// Once per stay with pets; 0: none.
    pub pet_fee: i64,
    /// Percent off the nights of stays from 7 nights.
    pub weekly_discount: u16,
    /// Percent off the nights of stays from 28 nights.
    pub monthly_discount: u16,
}

/// Which stays a listing allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = listings, check_for_backend(Mysql), treat_none_as_null = true, treat_none_as_default_value = false)]
pub struct Rules {
    /// Earliest arrival on the check-in day, on the wall clock.
    pub check_in_from: NaiveTime,
    /// Latest departure on the check-out day, on the wall clock.
    pub check_out_by: NaiveTime,
    /// Fewest nights.
    pub min_nights: u16,
    /// Most nights.
    pub max_nights: u16,
    /// Fewest hours from booking to check-in.
    pub advance_notice_hours: u16,
    /// Nights kept free before and after each stay.
    pub preparation_nights: u16,
    /// How many days ahead check-in can be at most.
    pub booking_window_days: u16,
    /// Whether pets are allowed.
    pub pets_allowed: bool,
    /// Whether bookings are confirmed without the host.
    pub instant_book: bool,
    /// The cancellation policy.
    pub cancellation_policy: CancellationPolicy,
}

/// Counts and sums of published ratings; sums are in hundredths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Queryable, Selectable, Insertable)]
#[diesel(table_name = listings, check_for_backend(Mysql))]
pub struct Ratings {
    /// Published reviews.
    pub review_count: u32,
    /// Overall ratings in `rating_total`.
    pub rating_count: u32,
    /// Sum of overall ratings.
    pub rating_total: u64,
    /// Ratings by category in the totals below.
    pub category_count: u32,
    /// Cleanliness.
    pub cleanliness_total: u64,
    /// Accuracy of the description.
    pub accuracy_total: u64,
    /// Check-in.
    pub check_in_total: u64,
    /// Communication.
    pub communication_total: u64,
    /// Location.
    pub location_total: u64,
    /// Value for money.
    pub value_total: u64,
}

/// The dataset of an imported row; empty for rows made in Staygate.
#[derive(Debug, Clone, PartialEq, Eq, Default, Queryable, Selectable, Insertable)]
#[diesel(table_name = listings, check_for_backend(Mysql), treat_none_as_default_value = false)]
pub struct Origin {
    /// The dataset.
    pub source: Option<String>,
    /// The id there.
    pub source_id: Option<u64>,
}

impl Place {
    /// A place with only a city. Its coarse square follows from `point`.
    pub fn new(city: String, point: Point, time_zone: String) -> Self {
        let Area(area) = point.area();
        Self {
            city,
            neighborhood: None,
            region: None,
            country_code: None,
            address: None,
            latitude: point.latitude,
            longitude: point.longitude,
            area_latitude: area.latitude,
            area_longitude: area.longitude,
            time_zone,
        }
    }

    /// Moves the place; its coarse square follows.
    pub fn move_to(&mut self, point: Point, time_zone: String) {
        let Area(area) = point.area();
        (self.latitude, self.longitude) = (point.latitude, point.longitude);
        (self.area_latitude, self.area_longitude) = (area.latitude, area.longitude);
        self.time_zone = time_zone;
    }

    /// The exact point. Private: only the host and guests with a confirmed booking can see it.
    pub fn exact(&self) -> Point {
        Point { latitude: self.latitude, longitude: self.longitude }
    }

    /// The coarse square, for everyone.
    pub fn area(&self) -> Area {
        Area(Point { latitude: self.area_latitude, longitude: self.area_longitude })
    }
}

/// Keeps the exact place out of logs.
impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Place").field("city", &self.city).field("area", &self.area()).finish_non_exhaustive()
    }
}

impl Pricing {
    /// `minor` units of the listing's currency.
    pub fn money(&self, minor: i64) -> Money {
        Money::new(minor, self.currency)
    }
}

impl Ratings {
    /// The mean of `count` ratings whose sum is `total` hundredths, rounded to hundredths; None without ratings.
    pub fn average(total: u64, count: u32) -> Option<f64> {
        let count = u64::from(count);
        (count > 0).then(|| ((total + count / 2) / count) as f64 / 100.0)
    }
}
