//! What hosts send.

use async_graphql::{ID, InputObject, MaybeUndefined};

use crate::{
    domain::listings::{Changes, NewPhoto, NewPlace, NewPricing, NewRules, NightPrices},
    error::{Error, Result},
    graphql::{
        ids,
        scalars::{Date, LocalTime, MinorUnits, Url},
    },
    types::{CancellationPolicy, Currency, ListingId, PropertyType, RoomType},
};

/// The listing that a mutation names. One that is not ours is as unknown as one that does not exist.
pub(super) fn listing_id(id: &ID) -> Result<ListingId> {
    ids::input(id, "listingId", "listing")
}

/// A picture.
#[derive(Debug, InputObject)]
pub struct PhotoInput {
    /// Where the picture is.
    url: Url,
    /// What it shows, at most 200 characters.
    caption: Option<String>,
}

/// Where a listing is.
#[derive(Debug, InputObject)]
pub struct PlaceInput {
    /// City, 1 to 100 characters.
    city: String,
    /// Neighbourhood.
    neighborhood: Option<String>,
    /// Region of the city.
    region: Option<String>,
    /// Country, ISO 3166-1 alpha-2.
    country_code: Option<String>,
    /// Street address; only confirmed guests see it.
    address: Option<String>,
    /// Degrees north; only confirmed guests see the exact point.
    latitude: f64,
    /// Degrees east.
    longitude: f64,
}

/// What a listing costs. The currency cannot change once there are bookings.
#[derive(Debug, InputObject)]
pub struct PricingInput {
    /// Currency of all amounts.
    currency: Currency,
    /// Price of a night, at least 1.
    base_price: MinorUnits,
    /// Price of a night that begins on Friday or Saturday.
    weekend_price: Option<MinorUnits>,
    /// Once per stay.
    cleaning_fee: Option<MinorUnits>,
    /// Per guest above `guestsIncluded` and night.
    extra_guest_fee: Option<MinorUnits>,
    /// Guests that the nightly price includes; all of them when left out.
    guests_included: Option<i32>,
    /// Once per stay with pets.
    pet_fee: Option<MinorUnits>,
    /// Discount on the nights of stays from 7 nights, 0 to 99 percent.
    #[graphql(default = 0)]
    weekly_discount_percent: i32,
    /// Discount on the nights of stays from 28 nights, 0 to 99 percent.
    #[graphql(default = 0)]
    monthly_discount_percent: i32,
}

/// Which stays a listing allows.
#[derive(Debug, InputObject)]
pub struct StayRulesInput {
    /// Fewest nights, 1 to 1,000.
    #[graphql(default = 1)]
    min_nights: i32,
    /// Most nights, up to 1,125.
    #[graphql(default = 365)]
    max_nights: i32,
    /// Hours between booking and check-in at the least, 0 to 8,760.
    #[graphql(default = 0)]
    advance_notice_hours: i32,
    /// Nights kept free before and after each stay, 0 to 30.
    #[graphql(default = 0)]
    preparation_nights: i32,
    /// How many days ahead check-in may be at the most, 1 to 730.
    #[graphql(default = 365)]
    booking_window_days: i32,
    /// Whether pets may come.
    #[graphql(default = false)]
    pets_allowed: bool,
}

/// Input of `createListing`.
#[derive(Debug, InputObject)]
pub struct CreateListingInput {
    /// Headline, 1 to 120 characters of plain text.
    title: String,
    /// Description, at most 10,000 characters of plain text.
    description: Option<String>,
    /// The host's words on the neighbourhood, at most 5,000 characters.
    neighborhood_overview: Option<String>,
    /// How much of the place the guest has.
    room_type: RoomType,
    /// What kind of building it is.
    property_type: PropertyType,
    /// Most guests, 1 to 50.
    max_guests: i32,
    /// Bedrooms, 0 to 50.
    bedrooms: Option<i32>,
    /// Beds, 0 to 100.
    beds: Option<i32>,
    /// Bathrooms in steps of a half, 0 to 50.
    bathrooms: Option<f64>,
    /// Whether bathrooms are shared with others.
    bathrooms_shared: Option<bool>,
    /// What the place offers, by name, at most 100; the same set again replaces the old one.
    amenities: Option<Vec<String>>,
    /// Pictures in order, the cover first, at most 100; the list replaces the old one.
    photos: Option<Vec<PhotoInput>>,
    /// Where it is.
    place: PlaceInput,
    /// Earliest arrival; 15:00 when left out.
    check_in_from: Option<LocalTime>,
    /// Latest departure; 11:00 when left out.
    check_out_by: Option<LocalTime>,
    /// What it costs.
    pricing: PricingInput,
    /// Which stays are allowed.
    rules: Option<StayRulesInput>,
    /// Whether a booking needs no answer of the host.
    instant_book: Option<bool>,
    /// What a guest gets back on cancellation; not one of the long-term policies, which follow from it.
    cancellation_policy: Option<CancellationPolicy>,
}

/// Input of `updateListing`.
#[derive(Debug, InputObject)]
pub struct UpdateListingInput {
    /// The listing.
    pub(super) listing_id: ID,
    /// Headline, 1 to 120 characters of plain text.
    title: MaybeUndefined<String>,
    /// Description, at most 10,000 characters of plain text.
    description: MaybeUndefined<String>,
    /// The host's words on the neighbourhood, at most 5,000 characters.
    neighborhood_overview: MaybeUndefined<String>,
    /// How much of the place the guest has.
    room_type: MaybeUndefined<RoomType>,
    /// What kind of building it is.
    property_type: MaybeUndefined<PropertyType>,
    /// Most guests, 1 to 50.
    max_guests: MaybeUndefined<i32>,
    /// Bedrooms, 0 to 50.
    bedrooms: MaybeUndefined<i32>,
    /// Beds, 0 to 100.
    beds: MaybeUndefined<i32>,
    /// Bathrooms in steps of a half, 0 to 50.
    bathrooms: MaybeUndefined<f64>,
    /// Whether bathrooms are shared with others.
    bathrooms_shared: MaybeUndefined<bool>,
    /// What the place offers, by name, at most 100; the same set again replaces the old one.
    amenities: MaybeUndefined<Vec<String>>,
    /// Pictures in order, the cover first, at most 100; the list replaces the old one.
    photos: MaybeUndefined<Vec<PhotoInput>>,
    /// Where it is.
    place: MaybeUndefined<PlaceInput>,
    /// Earliest arrival; 15:00 when left out.
    check_in_from: MaybeUndefined<LocalTime>,
    /// Latest departure; 11:00 when left out.
    check_out_by: MaybeUndefined<LocalTime>,
    /// What it costs.
    pricing: MaybeUndefined<PricingInput>,
    /// Which stays are allowed.
    rules: MaybeUndefined<StayRulesInput>,
    /// Whether a booking needs no answer of the host.
    instant_book: MaybeUndefined<bool>,
    /// What a guest gets back on cancellation; not one of the long-term policies, which follow from it.
    cancellation_policy: MaybeUndefined<CancellationPolicy>,
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

/// Input of `setNightPrices`.
#[derive(Debug, InputObject)]
pub struct SetNightPricesInput {
    /// The listing.
    pub(super) listing_id: ID,
    /// First night.
    from: Date,
    /// Day after the last night, at most 366 nights later.
    to: Date,
    /// Price of a night in minor units of the listing's currency; null goes back to the listing's price.
    price: Option<MinorUnits>,
    /// Fewest nights of a stay that begins on one of these days; null goes back to the listing's rule.
    min_nights: Option<i32>,
    /// Most nights of a stay that begins on one of these days; null goes back to the listing's rule.
    max_nights: Option<i32>,
    /// Whether stays may begin on these days.
    #[graphql(default = true)]
    check_in_allowed: bool,
    /// Whether stays may end on these days.
    #[graphql(default = true)]
    check_out_allowed: bool,
}

impl From<PhotoInput> for NewPhoto {
    fn from(input: PhotoInput) -> Self {
        Self { url: input.url.0, caption: input.caption }
    }
}

impl From<PlaceInput> for NewPlace {
    fn from(input: PlaceInput) -> Self {
        Self {
            city: input.city,
            neighborhood: input.neighborhood,
            region: input.region,
            country_code: input.country_code,
            address: input.address,
            latitude: input.latitude,
            longitude: input.longitude,
        }
    }
}

impl From<PricingInput> for NewPricing {
    fn from(input: PricingInput) -> Self {
        let minor = |amount: Option<MinorUnits>| amount.map(|MinorUnits(minor)| minor);
        Self {
            currency: input.currency,
            base_price: input.base_price.0,
            weekend_price: minor(input.weekend_price),
            cleaning_fee: minor(input.cleaning_fee),
            extra_guest_fee: minor(input.extra_guest_fee),
            guests_included: input.guests_included,
            pet_fee: minor(input.pet_fee),
            weekly_discount: input.weekly_discount_percent,
            monthly_discount: input.monthly_discount_percent,
        }
    }
}

impl From<StayRulesInput> for NewRules {
    fn from(input: StayRulesInput) -> Self {
        Self {
            min_nights: input.min_nights,
            max_nights: input.max_nights,
            advance_notice_hours: input.advance_notice_hours,
            preparation_nights: input.preparation_nights,
            booking_window_days: input.booking_window_days,
            pets_allowed: input.pets_allowed,
        }
    }
}

fn photos(input: Vec<PhotoInput>) -> Vec<NewPhoto> {
    input.into_iter().map(Into::into).collect()
}

impl From<CreateListingInput> for Changes {
    fn from(input: CreateListingInput) -> Self {
        Self {
            title: Some(input.title),
            description: Some(input.description),
            neighborhood_overview: Some(input.neighborhood_overview),
            room_type: Some(input.room_type),
            property_type: Some(input.property_type),
            max_guests: Some(input.max_guests),
            bedrooms: Some(input.bedrooms),
            beds: Some(input.beds),
            bathrooms: Some(input.bathrooms),
            bathrooms_shared: input.bathrooms_shared,
            amenities: input.amenities,
            photos: input.photos.map(photos),
            place: Some(input.place.into()),
            check_in_from: input.check_in_from.map(|LocalTime(time)| time),
            check_out_by: input.check_out_by.map(|LocalTime(time)| time),
            pricing: Some(input.pricing.into()),
            rules: input.rules.map(Into::into),
            instant_book: input.instant_book,
            cancellation_policy: input.cancellation_policy,
        }
    }
}

/// A field that a listing cannot be without: null is no value for it.
fn kept<T>(name: &str, value: MaybeUndefined<T>) -> Result<Option<T>> {
    match value {
        MaybeUndefined::Undefined => Ok(None),
        MaybeUndefined::Value(value) => Ok(Some(value)),
        MaybeUndefined::Null => {
            let message = format!("`{name}` cannot be null; leave it out to keep it as it is.");
            Err(Error::invalid(&[name], message))
        }
    }
}

/// A field that null clears.
fn clearable<T>(value: MaybeUndefined<T>) -> Option<Option<T>> {
    match value {
        MaybeUndefined::Undefined => None,
        MaybeUndefined::Null => Some(None),
        MaybeUndefined::Value(value) => Some(Some(value)),
    }
}

impl TryFrom<UpdateListingInput> for Changes {
    type Error = Error;

    fn try_from(input: UpdateListingInput) -> Result<Self> {
        Ok(Self {
            title: kept("title", input.title)?,
            description: clearable(input.description),
            neighborhood_overview: clearable(input.neighborhood_overview),
            room_type: kept("roomType", input.room_type)?,
            property_type: kept("propertyType", input.property_type)?,
            max_guests: kept("maxGuests", input.max_guests)?,
            bedrooms: clearable(input.bedrooms),
            beds: clearable(input.beds),
            bathrooms: clearable(input.bathrooms),
            bathrooms_shared: kept("bathroomsShared", input.bathrooms_shared)?,
            amenities: clearable(input.amenities).map(Option::unwrap_or_default),
            photos: clearable(input.photos).map(|list| photos(list.unwrap_or_default())),
            place: kept("place", input.place)?.map(Into::into),
            check_in_from: kept("checkInFrom", input.check_in_from)?.map(|LocalTime(time)| time),
            check_out_by: kept("checkOutBy", input.check_out_by)?.map(|LocalTime(time)| time),
            pricing: kept("pricing", input.pricing)?.map(Into::into),
            rules: kept("rules", input.rules)?.map(Into::into),
            instant_book: kept("instantBook", input.instant_book)?,
            cancellation_policy: kept("cancellationPolicy", input.cancellation_policy)?,
        })
    }
}

impl From<SetNightPricesInput> for NightPrices {
    fn from(input: SetNightPricesInput) -> Self {
        Self {
            from: input.from.0,
            to: input.to.0,
            price: input.price.map(|MinorUnits(minor)| minor),
            min_nights: input.min_nights,
            max_nights: input.max_nights,
            check_in_allowed: input.check_in_allowed,
            check_out_allowed: input.check_out_allowed,
        }
    }
}
