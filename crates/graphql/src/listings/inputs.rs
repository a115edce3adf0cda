//! What hosts send. [`super::reading`] turns it into values of the domain.

use async_graphql::{ID, InputObject, MaybeUndefined};

use crate::{given::Given, ids};
use types::scalars::{Date, LocalTime, MinorUnits, Url};
use types::{CancellationPolicy, Currency, IdempotencyKey, ListingId, PropertyType, RoomType, error::Result};

/// The listing that a mutation names. One that is not ours is as unknown as one that does not exist.
pub(super) fn listing_id(id: &ID) -> Result<ListingId> {
    ids::input(id, "listingId", "listing")
}

/// A picture.
#[derive(Debug, InputObject)]
pub struct PhotoInput {
    /// Where the picture is.
    pub(super) url: Given<Url>,
    /// What it shows, at most 200 characters.
    pub(super) caption: Option<String>,
}

/// Where a listing is. A new listing needs `city`, `latitude` and `longitude`. In an update, what is left out stays as it is and null clears what can be empty.
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
    /// Street address; only confirmed guests see it.
    pub(super) address: MaybeUndefined<String>,
    /// Degrees north; only confirmed guests see the exact point.
    pub(super) latitude: MaybeUndefined<f64>,
    /// Degrees east.
    pub(super) longitude: MaybeUndefined<f64>,
}

/// What a listing costs. A new listing needs `currency` and `basePrice`. In an update, what is left out stays as it is and null clears what can be empty. The currency cannot change once there are bookings that are open or were confirmed. Amounts that are left out keep their figures in a new currency; all have to be sent again when it has another number of decimals. No amount may be over 100,000,000,000 minor units, or 10,000,000,000 in a currency without decimals.
#[derive(Debug, InputObject)]
pub struct PricingInput {
    /// Currency of all amounts.
    pub(super) currency: MaybeUndefined<Given<Currency>>,
    /// Price of a night, at least 1.
    pub(super) base_price: MaybeUndefined<Given<MinorUnits>>,
    /// Price of a night that begins on Friday or Saturday; null: as any other night.
    pub(super) weekend_price: MaybeUndefined<Given<MinorUnits>>,
    /// Once per stay; null: none.
    pub(super) cleaning_fee: MaybeUndefined<Given<MinorUnits>>,
    /// Per guest above `guestsIncluded` and night; null: none.
    pub(super) extra_guest_fee: MaybeUndefined<Given<MinorUnits>>,
    /// Guests that the nightly price includes; null: all of them, as in a new listing that does not say.
    pub(super) guests_included: MaybeUndefined<i32>,
    /// Once per stay with pets; null: none.
    pub(super) pet_fee: MaybeUndefined<Given<MinorUnits>>,
    /// Discount on the nights of stays from 7 nights, 0 to 99 percent; null: none, as in a new listing that does not say.
    pub(super) weekly_discount_percent: MaybeUndefined<i32>,
    /// Discount on the nights of stays from 28 nights, 0 to 99 percent; null: none, as in a new listing that does not say.
    pub(super) monthly_discount_percent: MaybeUndefined<i32>,
}

/// Which stays a listing allows. In an update, what is left out stays as it is.
#[derive(Debug, InputObject)]
pub struct StayRulesInput {
    /// Fewest nights, 1 to 365; 1 in a new listing that does not say.
    pub(super) min_nights: MaybeUndefined<i32>,
    /// Most nights, 1 to 365; 365 in a new listing that does not say.
    pub(super) max_nights: MaybeUndefined<i32>,
    /// Hours between booking and check-in at the least, 0 to 8,760; 0 in a new listing that does not say.
    pub(super) advance_notice_hours: MaybeUndefined<i32>,
    /// Nights kept free before and after each stay, 0 to 30; 0 in a new listing that does not say.
    pub(super) preparation_nights: MaybeUndefined<i32>,
    /// How many days ahead check-in may be at the most, 1 to 730; 365 in a new listing that does not say.
    pub(super) booking_window_days: MaybeUndefined<i32>,
    /// Whether pets may come; false in a new listing that does not say.
    pub(super) pets_allowed: MaybeUndefined<bool>,
}

/// Input of `createListing`.
#[derive(Debug, InputObject)]
pub struct CreateListingInput {
    /// Headline, 1 to 120 characters of plain text.
    pub(super) title: String,
    /// Description, at most 10,000 characters of plain text.
    pub(super) description: Option<String>,
    /// The host's words on the neighborhood, at most 5,000 characters.
    pub(super) neighborhood_overview: Option<String>,
    /// How much of the place the guest has.
    pub(super) room_type: RoomType,
    /// What kind of building it is.
    pub(super) property_type: PropertyType,
    /// Most guests, 1 to 50.
    pub(super) max_guests: i32,
    /// Bedrooms, 0 to 50.
    pub(super) bedrooms: Option<i32>,
    /// Beds, 0 to 100.
    pub(super) beds: Option<i32>,
    /// Bathrooms in steps of a half, 0 to 50.
    pub(super) bathrooms: Option<f64>,
    /// Whether bathrooms are shared with others.
    pub(super) bathrooms_shared: Option<bool>,
    /// What the place offers, by name, at most 100; the same set again replaces the old one.
    pub(super) amenities: Option<Vec<String>>,
    /// Pictures in order, the cover first, at most 100; the list replaces the old one.
    pub(super) photos: Option<Vec<PhotoInput>>,
    /// Where it is.
    pub(super) place: PlaceInput,
    /// Earliest arrival; 15:00 when left out.
    pub(super) check_in_from: Option<Given<LocalTime>>,
    /// Latest departure; 11:00 when left out.
    pub(super) check_out_by: Option<Given<LocalTime>>,
    /// What it costs.
    pub(super) pricing: PricingInput,
    /// Which stays are allowed.
    pub(super) rules: Option<StayRulesInput>,
    /// Whether a booking needs no answer of the host.
    pub(super) instant_book: Option<bool>,
    /// What a guest gets back on cancellation; not one of the long-term policies, which follow from it.
    pub(super) cancellation_policy: Option<CancellationPolicy>,
    /// Names this intention; sent again with the same input it returns the first answer. Without it, the same input sent twice makes two drafts.
    pub(super) idempotency_key: Option<Given<IdempotencyKey>>,
}

/// Input of `updateListing`: what is left out stays as it is, at every depth.
#[derive(Debug, InputObject)]
pub struct UpdateListingInput {
    /// The listing.
    pub(super) listing_id: ID,
    /// Headline, 1 to 120 characters of plain text.
    pub(super) title: MaybeUndefined<String>,
    /// Description, at most 10,000 characters of plain text.
    pub(super) description: MaybeUndefined<String>,
    /// The host's words on the neighborhood, at most 5,000 characters.
    pub(super) neighborhood_overview: MaybeUndefined<String>,
    /// How much of the place the guest has.
    pub(super) room_type: MaybeUndefined<RoomType>,
    /// What kind of building it is.
    pub(super) property_type: MaybeUndefined<PropertyType>,
    /// Most guests, 1 to 50.
    pub(super) max_guests: MaybeUndefined<i32>,
    /// Bedrooms, 0 to 50.
    pub(super) bedrooms: MaybeUndefined<i32>,
    /// Beds, 0 to 100.
    pub(super) beds: MaybeUndefined<i32>,
    /// Bathrooms in steps of a half, 0 to 50.
    pub(super) bathrooms: MaybeUndefined<f64>,
    /// Whether bathrooms are shared with others.
    pub(super) bathrooms_shared: MaybeUndefined<bool>,
    /// What the place offers, by name, at most 100; the same set again replaces the old one.
    pub(super) amenities: MaybeUndefined<Vec<String>>,
    /// Pictures in order, the cover first, at most 100; the list replaces the old one.
    pub(super) photos: MaybeUndefined<Vec<PhotoInput>>,
    /// Where it is.
    pub(super) place: MaybeUndefined<PlaceInput>,
    /// Earliest arrival.
    pub(super) check_in_from: MaybeUndefined<Given<LocalTime>>,
    /// Latest departure.
    pub(super) check_out_by: MaybeUndefined<Given<LocalTime>>,
    /// What it costs.
    pub(super) pricing: MaybeUndefined<PricingInput>,
    /// Which stays are allowed.
    pub(super) rules: MaybeUndefined<StayRulesInput>,
    /// Whether a booking needs no answer of the host.
    pub(super) instant_book: MaybeUndefined<bool>,
    /// What a guest gets back on cancellation; not one of the long-term policies, which follow from it.
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

/// Input of `setNightPrices`: what is left out stays as it is.
#[derive(Debug, InputObject)]
pub struct SetNightPricesInput {
    /// The listing.
    pub(super) listing_id: ID,
    /// First night.
    pub(super) from: Given<Date>,
    /// Day after the last night, at most 366 nights later.
    pub(super) to: Given<Date>,
    /// Price of a night in minor units of the listing's currency, at least 1; null goes back to the listing's price. Bounded as prices of listings are.
    pub(super) price: MaybeUndefined<Given<MinorUnits>>,
    /// Fewest nights of a stay that begins on one of these days, 1 to 365; null goes back to the listing's rule.
    pub(super) min_nights: MaybeUndefined<i32>,
    /// Most nights of a stay that begins on one of these days, 1 to 365; null goes back to the listing's rule.
    pub(super) max_nights: MaybeUndefined<i32>,
    /// Whether stays may begin on these days; null: they may.
    pub(super) check_in_allowed: MaybeUndefined<bool>,
    /// Whether stays may end on these days; null: they may.
    pub(super) check_out_allowed: MaybeUndefined<bool>,
}
