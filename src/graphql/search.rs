//! Finding listings.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::{
    context::ContextExt,
    error::{Fault, Result},
    listings::Listing,
    money::Money,
    pages::{Cursored, PageInfo},
    prices::Price,
    scalars::{Cursor, MinorUnits},
    stays::StayInput,
};
use crate::{
    domain::search::{Filter, Hit, Prepared, PriceRange, Search},
    error::{self, Error, Refusal},
    types::{Currency, GeoBox, ListingOrder, Page, PropertyType, RoomType},
};

/// The most bedrooms that can be asked for.
const MAX_BEDROOMS: u16 = 100;

/// Which listings to find. Everything given must hold.
#[derive(Debug, Clone, InputObject)]
pub struct ListingFilter {
    /// Only inside this box.
    #[graphql(name = "box")]
    area: Option<GeoBoxInput>,
    /// Only where city, region or neighbourhood has this name, or begins with it.
    place: Option<String>,
    /// Only these room types; not an empty list.
    room_types: Option<Vec<RoomType>>,
    /// Only these kinds of building; not an empty list.
    property_types: Option<Vec<PropertyType>>,
    /// Only with all of these amenities, by slug; at most 20.
    amenities: Option<Vec<String>>,
    /// Only with (or without) instant book.
    instant_book: Option<bool>,
    /// Only with at least this average rating, 1 to 5.
    min_rating: Option<f64>,
    /// Only with at least this many bedrooms.
    min_bedrooms: Option<i32>,
    /// Only within this price: of the whole stay when `stay` is given, else of a night.
    price: Option<PriceRangeInput>,
}

/// A box on the map. When west is greater than east the box crosses the 180° meridian. Longitudes beyond 180° are wrapped, as a map that was turned around the earth sends them.
#[derive(Debug, Clone, Copy, InputObject)]
pub struct GeoBoxInput {
    /// Southern edge, degrees north, -90 to 90.
    south: f64,
    /// Western edge, degrees east.
    west: f64,
    /// Northern edge, degrees north, not below `south`, up to 90.
    north: f64,
    /// Eastern edge, degrees east.
    east: f64,
}

/// A range of prices, both ends included.
#[derive(Debug, Clone, Copy, InputObject)]
pub struct PriceRangeInput {
    /// Currency of the range; only listings priced in it are found.
    currency: Currency,
    /// At least this; no lower end when left out.
    min: Option<MinorUnits>,
    /// At most this; no upper end when left out.
    max: Option<MinorUnits>,
}

fn bad(message: String) -> Error {
    Refusal::BadUserInput(message).into()
}

impl TryFrom<ListingFilter> for Filter {
    type Error = Error;

    fn try_from(input: ListingFilter) -> error::Result<Self> {
        Ok(Self {
            area: input.area.map(GeoBox::try_from).transpose()?,
            place: input.place,
            room_types: some_of(input.room_types, "roomTypes")?,
            property_types: some_of(input.property_types, "propertyTypes")?,
            amenities: input.amenities.unwrap_or_default(),
            instant_book: input.instant_book,
            min_rating: input.min_rating.map(hundredths).transpose()?,
            min_bedrooms: input.min_bedrooms.map(bedrooms).transpose()?,
            price: input.price.map(Into::into),
        })
    }
}

impl TryFrom<GeoBoxInput> for GeoBox {
    type Error = Error;

    fn try_from(input: GeoBoxInput) -> error::Result<Self> {
        Self::new(input.south, input.west, input.north, input.east).ok_or_else(|| {
            let most = Self::MAX_TURNED;
            bad(format!(
                "`where.box`: latitudes must be from -90 to 90 with `south` ≤ `north`, longitudes from -{most} to {most}."
            ))
        })
    }
}

impl From<PriceRangeInput> for PriceRange {
    fn from(input: PriceRangeInput) -> Self {
        let minor = |units: Option<MinorUnits>| units.map(|units| units.0);
        Self { currency: input.currency, min: minor(input.min), max: minor(input.max) }
    }
}

/// The items of the list `field` of the filter; none when it was left out. Nothing is one of none, which nobody means to ask.
fn some_of<T>(list: Option<Vec<T>>, field: &str) -> error::Result<Vec<T>> {
    if list.as_ref().is_some_and(Vec::is_empty) {
        return Err(bad(format!("`where.{field}`: must not be empty. Leave it out to find all.")));
    }
    Ok(list.unwrap_or_default())
}

/// A rating in hundredths, rounded up, so that nothing below it is found.
fn hundredths(rating: f64) -> error::Result<u16> {
    if !(1.0..=5.0).contains(&rating) {
        return Err(bad("`where.minRating`: must be from 1 to 5.".to_owned()));
    }
    // 4.1 has no exact double: what is a hair above a whole number is that number.
    Ok((rating * 100.0 - 1e-6).ceil() as u16)
}

fn bedrooms(number: i32) -> error::Result<u16> {
    u16::try_from(number)
        .ok()
        .filter(|number| *number <= MAX_BEDROOMS)
        .ok_or_else(|| bad(format!("`where.minBedrooms`: must be from 0 to {MAX_BEDROOMS}.")))
}

/// What can be searched.
#[derive(Debug, Default)]
pub struct SearchQuery;

#[Object]
impl SearchQuery {
    /// Published listings that fit.
    async fn search_listings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What must hold; everything when left out.")] r#where: Option<ListingFilter>,
        #[graphql(desc = "The stay to book; without it prices are per night and calendars do not count.")] stay: Option<
            StayInput,
        >,
        #[graphql(desc = "In which order.", default_with = "Some(ListingOrder::Rating)")] order_by: Option<
            ListingOrder,
        >,
        #[graphql(desc = "How many at the most, 1 to 100.", default_with = "Some(20)")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor; it works only with the filter, stay and order that it came from.")]
        after: Option<Cursor>,
    ) -> Option<Result<ListingSearchConnection>> {
        Some(
            Box::pin(find(ctx, r#where, stay, order_by.unwrap_or(ListingOrder::Rating), first, after))
                .await
                .map_err(Fault::from),
        )
    }
}

async fn find(
    ctx: &Context<'_>,
    filter: Option<ListingFilter>,
    stay: Option<StayInput>,
    order: ListingOrder,
    first: Option<i32>,
    after: Option<Cursor>,
) -> error::Result<ListingSearchConnection> {
    let filter = filter.map(Filter::try_from).transpose()?.unwrap_or_default();
    let stay = stay.map(|stay| stay.parse().map_err(|wrong| wrong.in_argument("stay"))).transpose()?;
    let search = Search::new(filter, stay, order)?;
    let after = after.map(|cursor| search.key(&cursor.0)).transpose()?;
    let page = Page::new(first, after)?;
    let prepared = search.clone().prepare(ctx.app()).await?;
    let hits = prepared.page(ctx.app(), &page).await?;
    Ok(ListingSearchConnection { page: Cursored::new(hits, |hit| search.cursor(hit)), prepared })
}

/// A page of hits, and the search that can count them.
pub struct ListingSearchConnection {
    page: Cursored<Hit>,
    prepared: Prepared,
}

/// A page of search hits.
#[Object]
impl ListingSearchConnection {
    /// The hits with their cursors.
    async fn edges(&self) -> Vec<ListingSearchEdge> {
        let edge =
            |(cursor, hit): &(Cursor, Hit)| ListingSearchEdge { cursor: cursor.clone(), node: hit.clone().into() };
        self.page.items.iter().map(edge).collect()
    }

    /// The hits.
    async fn nodes(&self) -> Vec<ListingHit> {
        self.page.items.iter().map(|(_, hit)| hit.clone().into()).collect()
    }

    /// Where the page stands.
    async fn page_info(&self) -> PageInfo {
        self.page.page_info.clone()
    }

    /// How many listings were found, counted up to 1,000; null when there are more.
    async fn total_count(&self, ctx: &Context<'_>) -> Option<Result<i32>> {
        match Box::pin(self.prepared.count(ctx.app())).await {
            Ok(count) => count.map(|count| Ok(i32::try_from(count).unwrap_or(i32::MAX))),
            Err(error) => Some(Err(error.into())),
        }
    }
}

/// One hit of a page.
#[derive(Debug, Clone, SimpleObject)]
pub struct ListingSearchEdge {
    /// Its place in the list.
    cursor: Cursor,
    /// The hit.
    node: ListingHit,
}

/// A listing that was found.
#[derive(Debug, Clone, SimpleObject)]
pub struct ListingHit {
    /// The listing.
    listing: Listing,
    /// Price of the whole stay, fees included; null when no stay was given.
    price: Option<Price>,
    /// Price of a night that decides the order: the stay's average when a stay was given, else the base price.
    nightly_price: Money,
    /// Metres to the middle of the box, as the crow flies from the rough point; null without a box.
    distance_meters: Option<i32>,
}

impl From<Hit> for ListingHit {
    fn from(hit: Hit) -> Self {
        Self {
            listing: Listing(hit.listing),
            price: hit.price.map(Into::into),
            nightly_price: Money(hit.nightly),
            distance_meters: hit.distance.map(|metres| i32::try_from(metres).unwrap_or(i32::MAX)),
        }
    }
}
