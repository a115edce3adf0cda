//! Listings that fit a search: one statement finds a page of them, with prices, order and distance.
//!
//! The statement is built from the inside out, each level a derived table of the next:
//!
//! 1. *candidates* (`conditions`, `stays`): published listings that fit the filter and can be booked for the stay, with what their
//!    order and price need; for a stay whose order does not hang on its price, at first only those of a *shortlist* (`shortlist`), the
//!    first so many that fit the filter, because what a stay asks of a calendar costs ten times as much;
//! 2. *priced* (`stays`): the same with `amount`, the total of the stay, or the base price when there is no stay;
//! 3. *hits* (`order`): those within the price range and after the cursor, in order, as many as the page takes;
//! 4. whole listings for these few.
//!
//! Prices are computed in exact integers, rounded half-even as the rules of pricing say, so that order, price range and cursors agree
//! with what a quote says.

mod conditions;
mod order;
pub mod places;
mod query;
mod shapes;
mod shortlist;
mod stays;
mod text;
mod words;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
pub use order::Key;
pub use shortlist::Reach;
pub use stays::{Arrival, Fees, StayTerms, ZoneTerms};

use self::{
    query::{Count, Hits},
    text::Text,
};
use super::{listings::ListingWithCover, schema::listings};
use mysql_engine::Conn;
use types::{Currency, GeoBox, ListingOrder, ListingStatus, PropertyType, RoomType};

/// What a listing must have to be found; what is empty or `None` does not count.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filter {
    /// Its coarse square's middle is inside.
    pub area: Option<GeoBox>,
    /// City, region or neighborhood begins with this, in any spelling; with every part of it when it has commas.
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
    /// Takes so many adults and children.
    pub guests: Option<u16>,
    /// Whether pets may come.
    pub pets_allowed: Option<bool>,
    /// Within this price: of the whole stay, or of a night.
    pub price: Option<PriceRange>,
}

/// A range of prices, both ends included, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PriceRange {
    /// Only listings priced in it.
    pub currency: Currency,
    /// At least this.
    pub min: Option<i64>,
    /// At most this.
    pub max: Option<i64>,
}

/// What to find, in which order.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// What listings must have.
    pub filter: &'a Filter,
    /// The stay that they must be free for, and what it costs; `None`: prices are per night.
    pub stay: Option<&'a StayTerms>,
    /// In which order. [`ListingOrder::Distance`] needs [`Filter::area`].
    pub order: ListingOrder,
    /// The word that few listings have, if one is known to be so rare.
    rare_word: Option<&'a str>,
}

impl<'a> Question<'a> {
    /// What to find, in which order; for a stay, or at prices per night.
    pub fn new(filter: &'a Filter, stay: Option<&'a StayTerms>, order: ListingOrder) -> Self {
        Self { filter, stay, order, rare_word: None }
    }

    /// The same, with what a look at the words tells about the best way to find it. Without words this asks nothing.
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
    pub listing: ListingWithCover,
    /// Total of the stay, or the base price when there is no stay. Minor units.
    pub amount: i64,
    /// Whole meters to the middle of the box, if there is one.
    pub distance: Option<i64>,
    /// Hundredths; 0: none.
    pub rating: i64,
    /// The nights of the stay that have their own price: a JSON object of minor units by night.
    pub own_prices: Option<String>,
}

/// Up to `limit` hits after `after`, in order. For a stay, the first listings that fit the filter are looked at, as many as `shortlist`
/// reaches, and all only if there are too few hits among them.
pub async fn page(
    conn: &mut Conn,
    question: Question<'_>,
    after: Option<&Key>,
    limit: i64,
    shortlist: Option<&Reach>,
) -> QueryResult<Vec<Hit>> {
    let question = question.planned(conn).await?;
    if question.stay.is_none() {
        return hits(conn, question, after, limit, None).await;
    }
    let is_full = |hits: &[Hit]| i64::try_from(hits.len()).is_ok_and(|found| found >= limit);
    let is_early = question.is_ordered_early();
    let (reach, early) = (shortlist.filter(|_| is_early), after.filter(|_| is_early));
    if let Some(reach) = reach {
        let first = shortlist::of(question, early, Some(reach.length()));
        let found = hits(conn, question, after, limit, Some(&first)).await?;
        if is_full(&found) {
            reach.learn(true);
            return Ok(found);
        }
    }
    let found = hits(conn, question, after, limit, Some(&shortlist::of(question, early, None))).await?;
    if let Some(reach) = reach.filter(|_| is_full(&found)) {
        reach.learn(false);
    }
    Ok(found)
}

async fn hits(
    conn: &mut Conn,
    question: Question<'_>,
    after: Option<&Key>,
    limit: i64,
    shortlist: Option<&Text>,
) -> QueryResult<Vec<Hit>> {
    let mut inner = Text::default();
    inner.sql("SELECT c.id, c.amount, c.distance, c.rating, c.currency, c.published_at FROM (");
    inner.text(&priced(question, shortlist)).sql(") c WHERE 1 = 1");
    conditions::price(&mut inner, question);
    order::after(&mut inner, question.order, after);
    order::by(&mut inner, question.order);
    inner.sql(" LIMIT ").bind(limit);
    let mut outer = Text::default();
    order::by(&mut outer, question.order);
    let own_prices = question.stay.map(stays::own_prices);
    Hits::new(own_prices, inner, outer).load(conn).await
}

/// How many listings fit, counted up to `limit`.
pub async fn count(conn: &mut Conn, question: Question<'_>, limit: i64) -> QueryResult<i64> {
    let question = question.planned(conn).await?;
    let mut text = Text::default();
    text.sql("SELECT COUNT(*) FROM (SELECT 1 FROM (").text(&priced(question, None)).sql(") c WHERE 1 = 1");
    conditions::price(&mut text, question);
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

/// Levels one and two: `id`, `rating`, `currency`, `published_at`, `distance`, `amount`.
fn priced(question: Question<'_>, shortlist: Option<&Text>) -> Text {
    let mut text = Text::default();
    match question.stay {
        None => {
            text.sql("SELECT l.id, l.rating, l.currency, l.published_at, l.base_price AS amount, ");
            conditions::distance(&mut text, question.filter);
            text.sql(" AS distance FROM listings l").sql(shortlist::index(question));
            text.sql(" WHERE l.status = 'PUBLISHED'");
            conditions::filter(&mut text, question);
        }
        Some(stay) => stays::priced(&mut text, question, stay, shortlist),
    }
    text
}
