//! Facets of a search.

use async_graphql::{Context, SimpleObject};

use super::{context::ContextExt, error::Result};
use domain::search::{self, Bucket, Facets, Histogram, Prepared, WantedFacets};
use types::{
    Currency, Page, PropertyType, RoomType,
    error::{self, Error},
    scalars::MinorUnits,
};

/// The most buckets of a histogram.
const MAX_BUCKETS: usize = 50;
/// The default number of buckets.
const BUCKETS: i32 = 20;
/// The most histograms.
const MAX_HISTOGRAMS: usize = 5;

/// How many listings each choice of a filter would find. A facet counts the listings that fit all conditions of the search except for the facet's own condition: room types are counted without `where.roomTypes`, property types without `where.propertyTypes`, prices without `where.price`. Listings must have all of `where.amenities`, so amenities are counted with all conditions.
#[derive(Debug, SimpleObject)]
pub struct ListingFacets {
    /// By room type, most common first; room types without listings are missing.
    room_types: Vec<RoomTypeFacet>,
    /// By type of building, most common first; types without listings are missing.
    property_types: Vec<PropertyTypeFacet>,
    /// By amenity, most common first; amenities without listings are missing.
    amenities: Vec<AmenityFacet>,
    /// By price of the whole stay when `stay` or `flexible` is given (the cheapest), else of a night: a histogram for each of the currencies with the most listings, at most 5, most listings first.
    prices: Vec<PriceHistogram>,
}

/// How many listings have a room type.
#[derive(Debug, SimpleObject)]
pub struct RoomTypeFacet {
    /// The room type.
    room_type: RoomType,
    /// Number of listings.
    listings: i32,
}

/// How many listings are of a type of building.
#[derive(Debug, SimpleObject)]
pub struct PropertyTypeFacet {
    /// The type of building.
    property_type: PropertyType,
    /// Number of listings.
    listings: i32,
}

/// How many listings have an amenity.
#[derive(Debug, SimpleObject)]
pub struct AmenityFacet {
    /// Stable name for programs, for `ListingFilter.amenities`.
    slug: String,
    /// Name for people.
    name: String,
    /// Number of listings.
    listings: i32,
}

/// How many listings there are by price, in one currency.
#[derive(Debug, SimpleObject)]
pub struct PriceHistogram {
    /// The currency of all prices.
    currency: Currency,
    /// Number of listings in all buckets.
    listings: i32,
    /// Adjacent ranges of prices, from that of the lowest price to that of the highest, also those without listings. All have the same width, a round number (1, 2 or 5 and zeroes), except for the last one, which contains all higher prices too: the highest 2 % of prices do not make the others wider.
    buckets: Vec<PriceBucket>,
}

/// A range of prices with its listings. `min` and `max` can be those of `ListingFilter.price`.
#[derive(Debug, SimpleObject)]
pub struct PriceBucket {
    /// The lowest price of the range.
    min: MinorUnits,
    /// The highest price of the range.
    max: MinorUnits,
    /// Number of listings.
    listings: i32,
}

/// The facets that are selected, of the search; null: the index cannot answer.
pub async fn find(
    ctx: &Context<'_>,
    search: &Prepared,
    first: Option<i32>,
    buckets: Option<i32>,
) -> Result<Option<ListingFacets>> {
    let first = Page::<()>::new(first, None).map_err(Error::from)?.first;
    let buckets = number_of_buckets(buckets)?;
    let selected = |field: &str, most: usize| if ctx.look_ahead().field(field).exists() { most } else { 0 };
    let wanted = WantedFacets {
        amenities: selected("amenities", first),
        histograms: selected("prices", MAX_HISTOGRAMS),
        buckets,
    };
    Ok(search.facets(ctx.app(), wanted).await?.map(Into::into))
}

fn number_of_buckets(buckets: Option<i32>) -> error::Result<usize> {
    usize::try_from(buckets.unwrap_or(BUCKETS))
        .ok()
        .filter(|number| (1..=MAX_BUCKETS).contains(number))
        .ok_or_else(|| Error::bad_user_input(format!("`buckets`: must be from 1 to {MAX_BUCKETS}.")))
}

fn count(listings: usize) -> i32 {
    types::int(listings)
}

impl From<Facets> for ListingFacets {
    fn from(facets: Facets) -> Self {
        let room_type = |(room_type, listings)| RoomTypeFacet { room_type, listings: count(listings) };
        let property_type = |(property_type, listings)| PropertyTypeFacet { property_type, listings: count(listings) };
        Self {
            room_types: facets.room_types.into_iter().map(room_type).collect(),
            property_types: facets.property_types.into_iter().map(property_type).collect(),
            amenities: facets.amenities.into_iter().map(Into::into).collect(),
            prices: facets.prices.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<search::AmenityFacet> for AmenityFacet {
    fn from(facet: search::AmenityFacet) -> Self {
        Self { slug: facet.slug, name: facet.name, listings: count(facet.listings) }
    }
}

impl From<Histogram> for PriceHistogram {
    fn from(histogram: Histogram) -> Self {
        let buckets = histogram.buckets.into_iter().map(Into::into).collect();
        Self { currency: histogram.currency, listings: count(histogram.listings), buckets }
    }
}

impl From<Bucket> for PriceBucket {
    fn from(bucket: Bucket) -> Self {
        Self { min: MinorUnits(bucket.min), max: MinorUnits(bucket.max), listings: count(bucket.listings) }
    }
}
