//! Search of listings.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use graphql_direct::{Direct, WriteDirect};
use tokio::sync::OnceCell;

use super::{
    context::ContextExt,
    error::{Fault, Result},
    facets::{self, ListingFacets},
    flexible_stays::{FlexibleStayInput, StayDates},
    listings::Listing,
    map::ListingClusters,
    money::Money,
    pages::{Cursored, PageInfo},
    prices::Price,
    stays::StayInput,
};
use domain::{
    listings::amenities,
    search::{Filter, Hit, MAX_AMENITIES, Prepared, PriceRange, Search},
};
use types::scalars::{Cursor, MinorUnits};
use types::{
    CancellationPolicy, Currency, GeoBox, ListingOrder, Page, PropertyType, RoomType,
    error::{self, Error},
    search_words,
};

/// The most bedrooms, beds and guests of a filter.
const MAX_COUNT: u16 = 100;
/// The most bathrooms.
const MAX_BATHROOMS: f64 = 50.0;
/// The longest text to search for, in characters.
const MAX_TEXT: usize = 100;

/// Which listings to find. All given conditions must match.
#[derive(Debug, Clone, InputObject)]
pub struct ListingFilter {
    /// Only inside this box.
    #[graphql(name = "box")]
    area: Option<GeoBoxInput>,
    /// Only where city, region, neighborhood or country has this name, or begins with it: `Giessen` finds Gießen. With commas, as in `Bedok, Singapore`, every part must match.
    place: Option<String>,
    /// Only these room types; must not be empty.
    room_types: Option<Vec<RoomType>>,
    /// Only these types of building; must not be empty.
    property_types: Option<Vec<PropertyType>>,
    /// Only with all of these amenities, by slug or by any spelling of the name; at most 20. An amenity that no listing has is an error that suggests similar ones; see `Query.amenities`.
    amenities: Option<Vec<String>>,
    /// Only with (or without) instant book.
    instant_book: Option<bool>,
    /// Only with at least this average rating, 1 to 5.
    min_rating: Option<f64>,
    /// Only with at least this many bedrooms.
    min_bedrooms: Option<i32>,
    /// Only with at least this many beds.
    min_beds: Option<i32>,
    /// Only with at least this many bathrooms, 0 to 50, in steps of 0.5.
    min_bathrooms: Option<f64>,
    /// Only where this many guests can stay, 1 to 100: adults and children. The guests of `stay` must be allowed in any case.
    guests: Option<i32>,
    /// Only where pets are allowed (or not allowed).
    pets_allowed: Option<bool>,
    /// Only listings of hosts who are superhosts (or are not).
    superhost: Option<bool>,
    /// Only with one of these cancellation policies, as in `Listing.cancellationPolicy`; must not be empty.
    cancellation_policies: Option<Vec<CancellationPolicy>>,
    /// Only where title, type of place, city, region and neighborhood contain all of these words, in any spelling and order; at most 10 words in 100 characters.
    text: Option<String>,
    /// Only within this price range: of the whole stay when `stay` or `flexible` is given, else of a night.
    price: Option<PriceRangeInput>,
}

/// A box on the map. When west is greater than east the box crosses the 180° meridian. Longitudes beyond 180° are wrapped, because a map that was moved around the globe sends them.
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
    /// Minimum; no lower bound when omitted.
    min: Option<MinorUnits>,
    /// Maximum; no upper bound when omitted.
    max: Option<MinorUnits>,
}

impl TryFrom<ListingFilter> for Filter {
    type Error = Error;

    fn try_from(input: ListingFilter) -> error::Result<Self> {
        Ok(Self {
            area: input.area.map(GeoBox::try_from).transpose()?,
            place: input.place,
            room_types: some_of(input.room_types, "roomTypes")?,
            property_types: some_of(input.property_types, "propertyTypes")?,
            amenities: at_most(input.amenities.unwrap_or_default())?,
            instant_book: input.instant_book,
            min_rating: input.min_rating.map(hundredths).transpose()?,
            min_bedrooms: input.min_bedrooms.map(|number| within("minBedrooms", number, 0)).transpose()?,
            min_beds: input.min_beds.map(|number| within("minBeds", number, 0)).transpose()?,
            min_bathroom_halves: input.min_bathrooms.map(halves).transpose()?,
            guests: input.guests.map(|number| within("guests", number, 1)).transpose()?,
            pets_allowed: input.pets_allowed,
            superhost: input.superhost,
            cancellation_policies: some_of(input.cancellation_policies, "cancellationPolicies")?,
            words: input.text.as_deref().map(words).transpose()?.unwrap_or_default(),
            price: input.price.map(Into::into),
        })
    }
}

impl TryFrom<GeoBoxInput> for GeoBox {
    type Error = Error;

    fn try_from(input: GeoBoxInput) -> error::Result<Self> {
        Self::new(input.south, input.west, input.north, input.east).ok_or_else(|| {
            let most = Self::MAX_TURNED;
            Error::bad_user_input(format!(
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

/// The items of the list `field` of the filter; none when it was omitted. An empty list is an error, because nothing would match it.
fn some_of<T>(list: Option<Vec<T>>, field: &str) -> error::Result<Vec<T>> {
    if list.as_ref().is_some_and(Vec::is_empty) {
        return Err(Error::bad_user_input(format!("`where.{field}`: must not be empty. Omit it to find all.")));
    }
    Ok(list.unwrap_or_default())
}

/// A rating in hundredths, rounded up, so that nothing below it is found.
fn hundredths(rating: f64) -> error::Result<u16> {
    if !(1.0..=5.0).contains(&rating) {
        return Err(Error::bad_user_input("`where.minRating`: must be from 1 to 5.".to_owned()));
    }
    // 4.1 has no exact double: a value slightly above a whole number counts as that number.
    Ok((rating * 100.0 - 1e-6).ceil() as u16)
}

/// The filter's amenities, unchecked except for their number.
fn at_most(amenities: Vec<String>) -> error::Result<Vec<String>> {
    if amenities.len() > MAX_AMENITIES {
        return Err(Error::bad_user_input(format!("`where.amenities`: must have at most {MAX_AMENITIES} items.")));
    }
    Ok(amenities)
}

/// Half bathrooms, rounded up, so that nothing below is found.
fn halves(bathrooms: f64) -> error::Result<u16> {
    if !(0.0..=MAX_BATHROOMS).contains(&bathrooms) {
        return Err(Error::bad_user_input(format!("`where.minBathrooms`: must be from 0 to {MAX_BATHROOMS}.")));
    }
    Ok((bathrooms * 2.0).ceil() as u16)
}

/// The words of the filter's text.
fn words(text: &str) -> error::Result<Vec<String>> {
    let is_short = text.chars().count() <= MAX_TEXT;
    let words = if is_short { search_words(text) } else { Vec::new() };
    if words.is_empty() {
        return Err(Error::bad_user_input(format!(
            "`where.text`: must have at least one word, and at most {MAX_TEXT} characters."
        )));
    }
    Ok(words)
}

/// A number of the filter's field `field`, from `least` to the maximum.
fn within(field: &str, number: i32, least: u16) -> error::Result<u16> {
    u16::try_from(number)
        .ok()
        .filter(|number| (least..=MAX_COUNT).contains(number))
        .ok_or_else(|| Error::bad_user_input(format!("`where.{field}`: must be from {least} to {MAX_COUNT}.")))
}

/// Search queries.
#[derive(Debug, Default)]
pub struct SearchQuery;

#[Object]
impl SearchQuery {
    /// Published listings that match.
    #[expect(clippy::too_many_arguments, reason = "the arguments of the contract")]
    async fn search_listings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Conditions; all listings when omitted.")] r#where: Option<ListingFilter>,
        #[graphql(desc = "The stay to book; without it prices are per night and availability is not checked.")]
        stay: Option<StayInput>,
        #[graphql(
            desc = "Flexible dates instead of `stay`: each stay that fits is tried, up to 31 of them, and a hit is the cheapest one of its listing within the range of prices. Only the search index in memory can do this: an error with the code SEARCH_INDEX_REQUIRED while the server has none, and not together with `where.text`."
        )]
        flexible: Option<FlexibleStayInput>,
        #[graphql(desc = "The order.", default_with = "Some(ListingOrder::Rating)")] order_by: Option<ListingOrder>,
        #[graphql(desc = "Maximum number of items, 1 to 100.", default_with = "Some(20)")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor, which is valid only with the same filter, stay and order.")]
        after: Option<Cursor>,
    ) -> Option<Result<ListingSearchConnection>> {
        let dates = (stay, flexible);
        Some(Box::pin(find(ctx, r#where, dates, order_by.unwrap_or(ListingOrder::Rating), first, after)).await)
    }
}

async fn find(
    ctx: &Context<'_>,
    filter: Option<ListingFilter>,
    dates: (Option<StayInput>, Option<FlexibleStayInput>),
    order: ListingOrder,
    first: Option<i32>,
    after: Option<Cursor>,
) -> Result<ListingSearchConnection> {
    let filter = parsed(ctx, filter).await?;
    let search = match dates {
        (None, Some(flexible)) => Search::flexible(filter, flexible.parse()?, order)?,
        (stay, None) => {
            let stay = stay.map(|stay| stay.parse().map_err(|wrong| wrong.in_argument(&["stay"]))).transpose()?;
            Search::new(filter, stay, order)?
        }
        (Some(_), Some(_)) => {
            return Err(Error::bad_user_input("`flexible`: cannot be combined with `stay`.").into());
        }
    };
    let after = after.map(|cursor| search.key(&cursor.0)).transpose().map_err(Error::from)?;
    let page = Page::new(first, after).map_err(Error::from)?;
    let rows = ctx.public_rows();
    let prepared = search.clone().prepare(ctx.app(), &rows).await?;
    let hits = prepared.page(ctx.app(), &page, &rows).await?;
    Ok(ListingSearchConnection { page: Cursored::new(hits, search.cursors()), prepared, count: OnceCell::new() })
}

/// The filter, with the amenities that it names.
pub async fn parsed(ctx: &Context<'_>, filter: Option<ListingFilter>) -> Result<Filter> {
    let mut filter = filter.map(Filter::try_from).transpose()?.unwrap_or_default();
    filter.amenities = amenities::slugs(ctx.app(), filter.amenities).await?;
    Ok(filter)
}

/// A page of hits, and the search that can count them.
pub struct ListingSearchConnection {
    page: Cursored<Hit>,
    prepared: Prepared,
    /// The count, computed once for all aliases.
    count: OnceCell<Result<Option<i64>>>,
}

/// A page of search hits.
#[Object]
impl ListingSearchConnection {
    /// The hits with their cursors.
    async fn edges(&self) -> Direct<Vec<ListingSearchEdge>> {
        let edge =
            |(cursor, hit): &(Cursor, Hit)| ListingSearchEdge { cursor: cursor.clone(), node: hit.clone().into() };
        Direct(self.page.items.iter().map(edge).collect())
    }

    /// The hits.
    async fn nodes(&self) -> Direct<Vec<ListingHit>> {
        Direct(self.page.items.iter().map(|(_, hit)| hit.clone().into()).collect())
    }

    /// Position of the page in the list.
    async fn page_info(&self) -> Direct<PageInfo> {
        Direct(self.page.page_info.clone())
    }

    /// Number of matching listings: exact, however many there are, if the server's search index can answer the search. Otherwise (see `facets`) counted up to 1,000, and null when there are more.
    async fn total_count(&self, ctx: &Context<'_>) -> Option<Result<i32>> {
        let count = async { self.prepared.count(ctx.app()).await.map_err(Fault::from) };
        let count = Box::pin(self.count.get_or_init(|| count)).await.clone().transpose()?;
        Some(count.map(types::int))
    }

    /// How many listings there are by what a client can filter. Null when the server has no search index, or has not filled it yet, and for a search that the index cannot answer: one with `where.text`, or for a stay in a distant future.
    async fn facets(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of amenities, 1 to 100.", default_with = "Some(20)")] first: Option<i32>,
        #[graphql(desc = "Maximum number of buckets of each histogram, 1 to 50.", default_with = "Some(20)")]
        buckets: Option<i32>,
    ) -> Option<Result<ListingFacets>> {
        Box::pin(facets::find(ctx, &self.prepared, first, buckets)).await.transpose()
    }

    /// What a map shows: all matching listings, not only those of the page, by the cells of a fixed grid. Null while the server has no search index, and with `where.text`.
    async fn clusters(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The zoom of the map, 0 to 20, as web maps count it.")] zoom: i32,
    ) -> Option<Result<ListingClusters>> {
        let clusters = self.prepared.clusters(ctx.app(), zoom).map_err(Fault::from).transpose()?;
        Some(clusters.map(Into::into))
    }
}

/// One hit of a page.
#[derive(Debug, Clone, SimpleObject, WriteDirect)]
pub struct ListingSearchEdge {
    /// Position in the list.
    cursor: Cursor,
    /// The hit.
    node: ListingHit,
}

/// A listing that matches the search.
#[derive(Debug, Clone, SimpleObject, WriteDirect)]
pub struct ListingHit {
    /// The listing.
    listing: Listing,
    /// The stay that can be booked at this price: with flexible dates the cheapest one within the range of prices, and of equally cheap ones the earliest. Null when no stay was given.
    stay: Option<StayDates>,
    /// Price of the whole stay, fees included; null when no stay was given.
    price: Option<Price>,
    /// The nightly price that determines the order: the stay's average when a stay was given, else the base price.
    nightly_price: Money,
    /// Straight-line distance in meters from the approximate location to the center of the box; null without a box.
    distance_meters: Option<i32>,
}

impl From<Hit> for ListingHit {
    fn from(hit: Hit) -> Self {
        Self {
            listing: Listing(hit.listing),
            stay: hit.stay.map(StayDates),
            price: hit.price.map(Into::into),
            nightly_price: Money(hit.nightly),
            distance_meters: hit.distance.map(types::int),
        }
    }
}
