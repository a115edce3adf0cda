//! Searches listings: one statement finds a page, with prices, order and distance. It finds ids; the listings themselves are read like all
//! others, or are in memory.
//!
//! The statement is built from the inside out, each level a derived table of the next:
//!
//! 1. *candidates* (`conditions`, `stays`): published listings that fit the filter and can be booked for the stay, with the columns for
//!    order and price; for a stay whose order does not depend on its price, at first only those of a *shortlist* (`shortlist`), the first
//!    listings that fit the filter, because checking calendars costs ten times as much;
//! 2. *priced* (`stays`): the same with `amount`, the total of the stay, or the base price when there is no stay;
//! 3. *hits* (`order`): those within the price range and after the cursor, in order, up to the page size;
//! 4. for a stay, the prices that some of its nights have of their own, for these few.
//!
//! Prices are computed in exact integers and rounded half-even, as in `pricing`, so that order, price range and cursors agree with quotes.

mod conditions;
mod order;
pub mod places;
mod query;
mod shapes;
mod shortlist;
pub mod source;
mod sql_text;
mod stays;
mod words;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use diesel::{
    deserialize::{self, FromSql, FromSqlRow},
    mysql::{Mysql, MysqlValue},
    prelude::*,
    sql_types::{Nullable, Text},
};
use diesel_async::RunQueryDsl;
pub use order::Key;
pub use shortlist::Reach;
pub use stays::{Arrival, Fees, StayTerms, ZoneTerms};

use self::{
    query::{Count, Hits},
    sql_text::SqlText,
};
use super::schema::listings;
use mysql_engine::Conn;
use types::{
    CancellationPolicy, Currency, GeoBox, ListingId, ListingOrder, ListingStatus, PropertyType, RoomType, Timestamp,
};

/// The conditions on listings; empty or `None` fields are no condition.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filter {
    /// The middle of its coarse square is inside.
    pub area: Option<GeoBox>,
    /// City, region or neighborhood begins with this, in any spelling; with commas, every part must match.
    pub place: Option<String>,
    /// All of these words, as `search_words` makes them.
    pub words: Vec<String>,
    /// One of these.
    pub room_types: Vec<RoomType>,
    /// One of these.
    pub property_types: Vec<PropertyType>,
    /// All of these, by slug.
    pub amenities: Vec<String>,
    /// With or without instant book.
    pub instant_book: Option<bool>,
    /// At least this average rating, in hundredths.
    pub min_rating: Option<u16>,
    /// At least so many bedrooms.
    pub min_bedrooms: Option<u16>,
    /// At least so many beds.
    pub min_beds: Option<u16>,
    /// At least so many half bathrooms.
    pub min_bathroom_halves: Option<u16>,
    /// Takes at least so many adults and children.
    pub guests: Option<u16>,
    /// Whether pets are allowed.
    pub pets_allowed: Option<bool>,
    /// Whether the host is a superhost.
    pub superhost: Option<bool>,
    /// One of these, as the listing itself has it.
    pub cancellation_policies: Vec<CancellationPolicy>,
    /// Within this range: of the whole stay, or of a night.
    pub price: Option<PriceRange>,
}

/// A range of prices, both ends included, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceRange {
    /// Only listings priced in it.
    pub currency: Currency,
    /// Minimum.
    pub min: Option<i64>,
    /// Maximum.
    pub max: Option<i64>,
}

/// A search: filter, stay and order.
#[derive(Debug, Clone, Copy)]
pub struct Criteria<'a> {
    /// Conditions on listings.
    pub filter: &'a Filter,
    /// The stay for which they must be bookable, and its fees; `None`: prices are per night.
    pub stay: Option<&'a StayTerms>,
    /// Several stays instead of one, which the search index alone can try: the cheapest one of each listing is found. Empty: none.
    pub flexible: &'a [StayTerms],
    /// The order. [`ListingOrder::Distance`] needs [`Filter::area`].
    pub order: ListingOrder,
    /// A word that few listings have, if one was found.
    rare_word: Option<&'a str>,
}

impl<'a> Criteria<'a> {
    /// A search for a stay, or at prices per night.
    pub fn new(filter: &'a Filter, stay: Option<&'a StayTerms>, order: ListingOrder) -> Self {
        Self { filter, stay, flexible: &[], order, rare_word: None }
    }

    /// A search for the cheapest of several stays, in the order of their days.
    pub fn flexible(filter: &'a Filter, stays: &'a [StayTerms], order: ListingOrder) -> Self {
        Self { filter, stay: None, flexible: stays, order, rare_word: None }
    }

    /// The same, with a rare word to start from, if there is one. Without words this reads nothing.
    async fn planned(self, conn: &mut Conn) -> QueryResult<Self> {
        Ok(Self { rare_word: words::rare(conn, &self.filter.words).await?, ..self })
    }

    /// Whether the order of listings is known before the stay is priced.
    fn is_ordered_early(self) -> bool {
        self.stay.is_none() || !matches!(self.order, ListingOrder::PriceAsc | ListingOrder::PriceDesc)
    }
}

/// A listing that was found.
#[derive(Debug, Clone, Queryable)]
pub struct Hit {
    /// The listing.
    pub listing: ListingId,
    /// Total of the stay, or the base price when there is no stay. Minor units.
    pub amount: i64,
    /// Whole meters to the middle of the box, if there is one.
    pub distance: Option<i64>,
    /// Hundredths; 0: none.
    pub rating: i64,
    /// Ten-thousandths of a star.
    pub recommendation: i64,
    /// The currency of the amount.
    pub currency: Currency,
    /// When it was first published. A constraint of the database ensures that a published listing has the instant.
    pub published_at: Option<Timestamp>,
    /// The nights of the stay that have their own price.
    pub own_prices: OwnPrices,
}

/// Prices of nights in minor units: in the database a JSON object, or NULL for none.
#[derive(Debug, Clone, PartialEq, Eq, Default, FromSqlRow)]
pub struct OwnPrices(pub BTreeMap<NaiveDate, i64>);

impl FromSql<Nullable<Text>, Mysql> for OwnPrices {
    fn from_sql(value: MysqlValue<'_>) -> deserialize::Result<Self> {
        Ok(Self(serde_json::from_slice(value.as_bytes())?))
    }

    fn from_nullable_sql(value: Option<MysqlValue<'_>>) -> deserialize::Result<Self> {
        value.map_or_else(|| Ok(Self::default()), Self::from_sql)
    }
}

/// Up to `limit` hits after `after`, in order. For a stay, checks the first listings that fit the filter, as many as `shortlist` says, and
/// all others only if there are too few hits among them.
pub async fn page(
    conn: &mut Conn,
    criteria: Criteria<'_>,
    after: Option<&Key>,
    limit: i64,
    shortlist: Option<&Reach>,
) -> QueryResult<Vec<Hit>> {
    let criteria = criteria.planned(conn).await?;
    if criteria.stay.is_none() {
        return hits(conn, criteria, after, limit, None).await;
    }
    let is_full = |hits: &[Hit]| i64::try_from(hits.len()).is_ok_and(|found| found >= limit);
    let is_early = criteria.is_ordered_early();
    let (reach, early) = (shortlist.filter(|_| is_early), after.filter(|_| is_early));
    if let Some(reach) = reach {
        let first = shortlist::of(criteria, early, Some(reach.length()));
        let found = hits(conn, criteria, after, limit, Some(&first)).await?;
        if is_full(&found) {
            reach.adapt(true);
            return Ok(found);
        }
    }
    let found = hits(conn, criteria, after, limit, Some(&shortlist::of(criteria, early, None))).await?;
    if let Some(reach) = reach.filter(|_| is_full(&found)) {
        reach.adapt(false);
    }
    Ok(found)
}

async fn hits(
    conn: &mut Conn,
    criteria: Criteria<'_>,
    after: Option<&Key>,
    limit: i64,
    shortlist: Option<&SqlText>,
) -> QueryResult<Vec<Hit>> {
    let mut text = SqlText::default();
    text.sql("SELECT c.id, CAST(c.amount AS SIGNED) AS amount, c.distance, CAST(c.rating AS SIGNED) AS rating, ");
    text.sql(
        "CAST(c.recommendation AS SIGNED) AS recommendation, c.currency, c.published_at, NULL AS own_prices FROM (",
    )
    .text(&priced(criteria, shortlist));
    text.sql(") c WHERE 1 = 1");
    conditions::price(&mut text, criteria);
    order::after(&mut text, criteria.order, after);
    order::by(&mut text, criteria.order);
    text.sql(" LIMIT ").bind(limit);
    let text = match criteria.stay {
        Some(stay) => with_own_prices(&text, stay, criteria.order),
        None => text,
    };
    Hits::new(text).load(conn).await
}

/// Adds the prices of nights to the hits that `found` selects.
fn with_own_prices(found: &SqlText, stay: &StayTerms, order: ListingOrder) -> SqlText {
    let mut text = SqlText::default();
    text.sql("SELECT c.id, c.amount, c.distance, c.rating, c.recommendation, c.currency, c.published_at, ")
        .text(&stays::own_prices(stay));
    text.sql(" FROM (").text(found).sql(") c");
    order::by(&mut text, order);
    text
}

/// How many listings fit, counted up to `limit`.
pub async fn count(conn: &mut Conn, criteria: Criteria<'_>, limit: i64) -> QueryResult<i64> {
    let criteria = criteria.planned(conn).await?;
    let mut text = SqlText::default();
    text.sql("SELECT COUNT(*) FROM (SELECT 1 FROM (").text(&priced(criteria, None)).sql(") c WHERE 1 = 1");
    conditions::price(&mut text, criteria);
    text.sql(" LIMIT ").bind(limit).sql(") found");
    Count::new(text).get_result(conn).await
}

/// The time zones of published listings, and how many are in each.
pub async fn zones(conn: &mut Conn) -> QueryResult<Vec<(String, i64)>> {
    let zones = listings::table
        .filter(listings::status.eq(ListingStatus::Published))
        .group_by(listings::time_zone)
        .select((listings::time_zone, diesel::dsl::count_star()))
        .load(conn)
        .await?;
    Ok(zones)
}

/// Levels one and two: `id`, `rating`, `recommendation`, `currency`, `published_at`, `distance`, `amount`.
fn priced(criteria: Criteria<'_>, shortlist: Option<&SqlText>) -> SqlText {
    let mut text = SqlText::default();
    match criteria.stay {
        None => {
            text.sql("SELECT l.id, l.rating, l.recommendation, l.currency, l.published_at, l.base_price AS amount, ");
            conditions::distance(&mut text, criteria.filter);
            text.sql(" AS distance FROM listings l").sql(shortlist::index(criteria));
            text.sql(" WHERE l.status = 'PUBLISHED'");
            conditions::filter(&mut text, criteria);
        }
        Some(stay) => stays::priced(&mut text, criteria, stay, shortlist),
    }
    text
}
