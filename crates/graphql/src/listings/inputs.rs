//! Inputs of hosts. [`super::input_parser`] turns them into values of the domain.

use async_graphql::{ID, InputObject, MaybeUndefined};

use crate::{checked::Checked, ids};
use types::scalars::{Date, LocalTime, MinorUnits, Url};
use types::{CancellationPolicy, Currency, IdempotencyKey, ListingId, PropertyType, RoomType, error::Result};

/// The id of the listing in a mutation. A malformed one is treated as not found.
pub(super) fn listing_id(id: &ID) -> Result<ListingId> {
    ids::input(id, "listingId", "listing")
}

/// A photo.
#[derive(Debug, InputObject)]
pub struct PhotoInput {
    /// URL of the photo.
    pub(super) url: Checked<Url>,
    /// Caption, at most 200 characters.
    pub(super) caption: Option<String>,
}

/// The location of a listing. A new listing requires `city`, `latitude` and `longitude`. In an update, omitted fields stay unchanged and null clears optional fields.
#[derive(Debug, InputObject)]
pub struct PlaceInput {
    /// City, 1 to 100 characters.
    pub(super) city: MaybeUndefined<String>,
    /// Neighborhood.
    pub(super) neighborhood: MaybeUndefined<String>,
    /// Region of the city.
    pub(super) region: MaybeUndefined<String>,
    /// Country, ISO 3166-1 alpha-2.
    pub(super) country_code: MaybeUndefined<String>,
    /// Street address; visible to guests with a confirmed booking only.
    pub(super) address: MaybeUndefined<String>,
    /// Degrees north; the exact point is visible to guests with a confirmed booking only.
    pub(super) latitude: MaybeUndefined<f64>,
    /// Degrees east.
    pub(super) longitude: MaybeUndefined<f64>,
}

/// Prices and fees of a listing. A new listing requires `currency` and `basePrice`. In an update, omitted fields stay unchanged and null clears optional fields. The currency cannot change once there are bookings that are open or were confirmed. When the currency changes, omitted amounts keep their numbers; all amounts are required if the new currency has another number of decimals. The maximum of each amount is 100,000,000,000 minor units, or 10,000,000,000 in a currency without decimals.
#[derive(Debug, InputObject)]
pub struct PricingInput {
    /// Currency of all amounts.
    pub(super) currency: MaybeUndefined<Checked<Currency>>,
    /// Price of a night, at least 1.
    pub(super) base_price: MaybeUndefined<Checked<MinorUnits>>,
    /// Price of a night that begins on Friday or Saturday; null: the base price.
    pub(super) weekend_price: MaybeUndefined<Checked<MinorUnits>>,
    /// Once per stay; null: none.
    pub(super) cleaning_fee: MaybeUndefined<Checked<MinorUnits>>,
    /// Per guest above `guestsIncluded` and night; null: none.
    pub(super) extra_guest_fee: MaybeUndefined<Checked<MinorUnits>>,
    /// Number of guests that the nightly price includes; null: all (default).
    pub(super) guests_included: MaybeUndefined<i32>,
    /// Once per stay with pets; null: none.
    pub(super) pet_fee: MaybeUndefined<Checked<MinorUnits>>,
    /// Discount on the nights of stays from 7 nights, 0 to 99 percent; null: none (default).
    pub(super) weekly_discount_percent: MaybeUndefined<i32>,
    /// Discount on the nights of stays from 28 nights, 0 to 99 percent; null: none (default).
    pub(super) monthly_discount_percent: MaybeUndefined<i32>,
}

/// Which stays a listing allows. In an update, omitted fields stay unchanged.
#[derive(Debug, InputObject)]
pub struct StayRulesInput {
    /// Minimum nights, 1 to 365; default in a new listing: 1.
    pub(super) min_nights: MaybeUndefined<i32>,
    /// Maximum nights, 1 to 365; default in a new listing: 365.
    pub(super) max_nights: MaybeUndefined<i32>,
    /// Minimum hours between booking and check-in, 0 to 8,760; default in a new listing: 0.
    pub(super) advance_notice_hours: MaybeUndefined<i32>,
    /// Nights blocked before and after each stay, 0 to 30; default in a new listing: 0.
    pub(super) preparation_nights: MaybeUndefined<i32>,
    /// Maximum number of days between booking and check-in, 1 to 730; default in a new listing: 365.
    pub(super) booking_window_days: MaybeUndefined<i32>,
    /// Whether pets are allowed; default in a new listing: false.
    pub(super) pets_allowed: MaybeUndefined<bool>,
}

/// Input of `createListing`.
#[derive(Debug, InputObject)]
pub struct CreateListingInput {
    /// Title, 1 to 120 characters of plain text.
    pub(super) title: String,
    /// Description, at most 10,000 characters of plain text.
    pub(super) description: Option<String>,
    /// The host's description of the neighborhood, at most 5,000 characters.
    pub(super) neighborhood_overview: Option<String>,
    /// How much of the place the guest gets.
    pub(super) room_type: RoomType,
    /// Type of the building.
    pub(super) property_type: PropertyType,
    /// Maximum number of guests, 1 to 50.
    pub(super) max_guests: i32,
    /// Bedrooms, 0 to 50.
    pub(super) bedrooms: Option<i32>,
    /// Beds, 0 to 100.
    pub(super) beds: Option<i32>,
    /// Bathrooms, 0 to 50, in steps of 0.5.
    pub(super) bathrooms: Option<f64>,
    /// Whether bathrooms are shared with others.
    pub(super) bathrooms_shared: Option<bool>,
    /// Amenities by name, at most 100; the list replaces the previous one.
    pub(super) amenities: Option<Vec<String>>,
    /// Photos in order, cover photo first, at most 100; the list replaces the previous one.
    pub(super) photos: Option<Vec<PhotoInput>>,
    /// The location.
    pub(super) place: PlaceInput,
    /// Earliest arrival; 15:00 when omitted.
    pub(super) check_in_from: Option<Checked<LocalTime>>,
    /// Latest departure; 11:00 when omitted.
    pub(super) check_out_by: Option<Checked<LocalTime>>,
    /// Prices and fees.
    pub(super) pricing: PricingInput,
    /// Which stays are allowed.
    pub(super) rules: Option<StayRulesInput>,
    /// Whether guests can book without a response from the host.
    pub(super) instant_book: Option<bool>,
    /// The cancellation policy; not one of the long-term policies, which are derived from it.
    pub(super) cancellation_policy: Option<CancellationPolicy>,
    /// Makes the request idempotent: a repeated request returns the stored response. Without it, a repeated request creates a second draft.
    pub(super) idempotency_key: Option<Checked<IdempotencyKey>>,
}

/// Input of `updateListing`: omitted fields stay unchanged, at every depth.
#[derive(Debug, InputObject)]
pub struct UpdateListingInput {
    /// The listing.
    pub(super) listing_id: ID,
    /// Title, 1 to 120 characters of plain text.
    pub(super) title: MaybeUndefined<String>,
    /// Description, at most 10,000 characters of plain text.
    pub(super) description: MaybeUndefined<String>,
    /// The host's description of the neighborhood, at most 5,000 characters.
    pub(super) neighborhood_overview: MaybeUndefined<String>,
    /// How much of the place the guest gets.
    pub(super) room_type: MaybeUndefined<RoomType>,
    /// Type of the building.
    pub(super) property_type: MaybeUndefined<PropertyType>,
    /// Maximum number of guests, 1 to 50.
    pub(super) max_guests: MaybeUndefined<i32>,
    /// Bedrooms, 0 to 50.
    pub(super) bedrooms: MaybeUndefined<i32>,
    /// Beds, 0 to 100.
    pub(super) beds: MaybeUndefined<i32>,
    /// Bathrooms, 0 to 50, in steps of 0.5.
    pub(super) bathrooms: MaybeUndefined<f64>,
    /// Whether bathrooms are shared with others.
    pub(super) bathrooms_shared: MaybeUndefined<bool>,
    /// Amenities by name, at most 100; the list replaces the previous one.
    pub(super) amenities: MaybeUndefined<Vec<String>>,
    /// Photos in order, cover photo first, at most 100; the list replaces the previous one.
    pub(super) photos: MaybeUndefined<Vec<PhotoInput>>,
    /// The location.
    pub(super) place: MaybeUndefined<PlaceInput>,
    /// Earliest arrival.
    pub(super) check_in_from: MaybeUndefined<Checked<LocalTime>>,
    /// Latest departure.
    pub(super) check_out_by: MaybeUndefined<Checked<LocalTime>>,
    /// Prices and fees.
    pub(super) pricing: MaybeUndefined<PricingInput>,
    /// Which stays are allowed.
    pub(super) rules: MaybeUndefined<StayRulesInput>,
    /// Whether guests can book without a response from the host.
    pub(super) instant_book: MaybeUndefined<bool>,
    /// The cancellation policy; not one of the long-term policies, which are derived from it.
    pub(super) cancellation_policy: MaybeUndefined<CancellationPolicy>,
}

/// Input of `publishListing`.
#[derive(Debug, InputObject)]
pub struct PublishListingInput {
    /// The listing.
    pub(super) listing_id: ID,
}

/// Input of `unlistListing`.
#[derive(Debug, InputObject)]
pub struct UnlistListingInput {
    /// The listing.
    pub(super) listing_id: ID,
}

/// Input of `deleteListing`.
#[derive(Debug, InputObject)]
pub struct DeleteListingInput {
    /// The draft.
    pub(super) listing_id: ID,
}

/// Input of `setNightPrices`: omitted fields stay unchanged.
#[derive(Debug, InputObject)]
pub struct SetNightPricesInput {
    /// The listing.
    pub(super) listing_id: ID,
    /// First night.
    pub(super) from: Checked<Date>,
    /// Day after the last night, at most 366 nights later.
    pub(super) to: Checked<Date>,
    /// Price of a night in minor units of the listing's currency, at least 1; null resets it to the listing's price. The maximum is that of `PricingInput`.
    pub(super) price: MaybeUndefined<Checked<MinorUnits>>,
    /// Minimum nights of a stay that begins on one of these days, 1 to 365; null resets it to the listing's rule.
    pub(super) min_nights: MaybeUndefined<i32>,
    /// Maximum nights of a stay that begins on one of these days, 1 to 365; null resets it to the listing's rule.
    pub(super) max_nights: MaybeUndefined<i32>,
    /// Whether stays may begin on these days; null: allowed.
    pub(super) check_in_allowed: MaybeUndefined<bool>,
    /// Whether stays may end on these days; null: allowed.
    pub(super) check_out_allowed: MaybeUndefined<bool>,
}
