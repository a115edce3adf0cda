//! Search of listings: valid filters, pages of hits with prices, and counts.
//!
//! A search sees only public data; hosts find their own listings too. Prices in several currencies are ordered by currency first, then by
//! amount, unless the price range has one currency.

mod cursors;
mod facets;
mod flexible;
mod lowest_prices;
mod map;
mod suggestions;
mod terms;
mod unpriced;
mod zones;

use std::{collections::HashMap, sync::Arc};

use crate::{
    app::App,
    listings::{self, Listing, ListingWithCover},
    money::half_even,
    pricing::{self, PricedStay},
    rule_sets::RuleSet,
};
pub use facets::{AmenityFacet, Bucket, Facets, Histogram, WantedFacets};
pub use flexible::FlexibleDates;
pub use lowest_prices::{LowestPrices, MAX_DAYS, MAX_NIGHTS, lowest_prices};
pub use search_index::{Cluster, Clusters, LowestPrice, MAX_ZOOM, Suggestion};
use search_index::{Index, StayHit};
pub use store::search::{Filter, Key, PriceRange, Reach};
use store::{
    search as rows,
    search::{
        Criteria, StayTerms,
        places::{MAX_PARTS, count_parts},
    },
};
pub use suggestions::{MAX_SUGGESTIONS, suggest_places};
use types::{
    Guests, ListingId, ListingOrder, Money, Page, PageOf, Stay,
    error::{Error, Result, SearchIndexRequired},
};

/// The most listings that the database counts.
pub const COUNTED: i64 = 1_000;
/// The most amenities of one filter.
pub const MAX_AMENITIES: usize = 20;
/// The most statements for a page with skipped hits.
const MAX_ROUNDS: usize = 8;
/// The most words to search for.
pub const MAX_WORDS: usize = 10;
/// The longest name of a place, in characters.
pub const MAX_PLACE: usize = 100;

/// A checked search.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    filter: Filter,
    stay: Option<(Stay, Guests)>,
    /// Stays to try instead, in the order of their days.
    flexible: Option<(Vec<Stay>, Guests)>,
    order: ListingOrder,
}

/// A listing that was found.
#[derive(Debug, Clone)]
pub struct Hit {
    /// The listing.
    pub listing: Arc<ListingWithCover>,
    /// The stay; of flexible ones the cheapest, and of these the first.
    pub stay: Option<Stay>,
    /// Price of the whole stay; `None` when no stay was given.
    pub price: Option<PricedStay>,
    /// The price of a night, for the order: the stay's average, rounded half-even, or the base price.
    pub nightly: Money,
    /// Whole meters from the coarse point to the middle of the box, if there is one.
    pub distance: Option<i64>,
    key: Key,
}

/// A search at one instant: page and count see the same deadlines.
#[derive(Debug, Clone)]
pub struct Prepared {
    search: Search,
    terms: Option<StayTerms>,
    /// Those of flexible stays that can still be booked somewhere.
    flexible: Vec<StayTerms>,
    is_large: bool,
    /// Whether the index has everything that was committed before the search arrived.
    in_memory: bool,
}

impl Search {
    /// A search for listings that fit `filter` and can be booked for all of `stay`, by `order`. Lists of the filter are sorted and
    /// deduplicated.
    ///
    /// # Errors
    /// [`types::error::Refusal::BadUserInput`] with the argument and its limit.
    pub fn new(filter: Filter, stay: Option<(Stay, Guests)>, order: ListingOrder) -> Result<Self> {
        let filter = checked(filter)?;
        if order == ListingOrder::Distance && filter.area.is_none() {
            return Err(Error::bad_user_input("`orderBy`: DISTANCE requires `where.box`."));
        }
        Ok(Self { filter, stay, flexible: None, order })
    }

    /// Prepares the search for an instant. Reads nothing without a stay; with one, occasionally the time zones of listings.
    ///
    /// # Errors
    /// [`types::error::Refusal::BadUserInput`] when the stay begins in the past; those of the database.
    pub async fn prepare<S: ListingSource>(self, app: &App, source: &S) -> Result<Prepared, S::Error> {
        let in_memory = source.catch_up().await?;
        Ok(self.at_now(app, in_memory).await?)
    }
}

impl Prepared {
    /// A page of hits: the index finds them, or one statement, two when most of the first listings are taken for the stay; then `listings` reads
    /// the listings.
    /// A hit without a price is logged and skipped, so that one listing never fails whole pages, and so is one that is no longer published; only
    /// then more statements fill the page.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn page<S: ListingSource>(
        &self,
        app: &App,
        page: &Page<Key>,
        listings: &S,
    ) -> Result<PageOf<Hit>, S::Error> {
        if self.is_impossible() {
            return Ok(page.cut(Vec::new()));
        }
        let (mut hits, mut after, mut is_end) = (Vec::new(), page.after, false);
        for _ in 0..MAX_ROUNDS {
            let rows = self.rows(app, after.as_ref(), page.limit()).await?;
            is_end = rows.len() <= page.first;
            after = rows.last().map(|row| self.search.key_of(&row.hit)).or(after);
            hits.extend(self.hits(app, rows, listings).await?);
            if is_end || hits.len() > page.first {
                break;
            }
        }
        let mut page = page.cut(hits);
        page.has_next |= !is_end && !page.items.is_empty();
        Ok(page)
    }

    async fn rows(&self, app: &App, after: Option<&Key>, limit: i64) -> Result<Vec<StayHit>> {
        let most = usize::try_from(limit).unwrap_or(0);
        let found = self.ask_index(app, |index| index.page(&self.criteria(), after, most));
        if let Some(found) = found {
            return Ok(found);
        }
        self.require_fixed_dates()?;
        let reach = Some(&app.reach).filter(|_| self.is_large);
        let found = rows::page(&mut app.conn().await?, self.criteria(), after, limit, reach).await?;
        let stay = self.search.stay.map(|(stay, _)| stay);
        Ok(found.into_iter().map(|hit| StayHit { hit, stay }).collect())
    }

    /// The hits of these rows, in their order.
    async fn hits<S: ListingSource>(&self, app: &App, rows: Vec<StayHit>, listings: &S) -> Result<Vec<Hit>, S::Error> {
        let ids = rows.iter().map(|row| row.hit.listing).collect();
        let mut known = by_id(listings.published(ids).await?);
        let mut priced: Vec<_> =
            rows.iter().map(|row| known.get(&row.hit.listing).map(|listing| self.priced(row, listing))).collect();
        // Between the two reads a host can have changed a price. A listing that has none stays without.
        let is_outdated = |price: &Option<anyhow::Result<_>>| price.as_ref().is_some_and(Result::is_err);
        let outdated: Vec<_> = (0..rows.len()).filter(|&index| is_outdated(&priced[index])).collect();
        if !outdated.is_empty() {
            let ids: Vec<_> = outdated.iter().map(|&index| rows[index].hit.listing).collect();
            known.extend(by_id(listings::by_ids(app, &ids).await?));
            for index in outdated {
                let listing = known.get(&rows[index].hit.listing);
                priced[index] = listing.map(|listing| self.priced(&rows[index], listing));
            }
        }
        let hit = |(row, price): (&StayHit, Option<anyhow::Result<_>>)| {
            self.hit(row, known.remove(&row.hit.listing)?, price?)
        };
        Ok(rows.iter().zip(priced).filter_map(hit).collect())
    }

    /// How many listings fit; `None`: more than [`COUNTED`], and the index cannot answer.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn count(&self, app: &App) -> Result<Option<i64>> {
        if self.is_impossible() {
            return Ok(Some(0));
        }
        if let Some(found) = self.ask_index(app, |index| index.count(&self.criteria())) {
            return Ok(i64::try_from(found).ok());
        }
        self.require_fixed_dates()?;
        let found = rows::count(&mut app.conn().await?, self.criteria(), COUNTED + 1).await?;
        Ok((found <= COUNTED).then_some(found))
    }

    fn ask_index<T>(&self, app: &App, ask: impl FnOnce(&Index) -> Option<T>) -> Option<T> {
        if self.in_memory { app.search_index.answer(ask) } else { None }
    }

    /// Whether the stay is over, too near or too far everywhere.
    fn is_impossible(&self) -> bool {
        self.terms.as_ref().is_some_and(|terms| terms.zones.is_empty())
            || (self.search.flexible.is_some() && self.flexible.is_empty())
    }

    /// The database searches for one stay only.
    fn require_fixed_dates(&self) -> Result<()> {
        if self.search.flexible.is_some() { Err(SearchIndexRequired {}.into()) } else { Ok(()) }
    }

    fn criteria(&self) -> Criteria<'_> {
        if !self.flexible.is_empty() {
            return Criteria::flexible(&self.search.filter, &self.flexible, self.search.order);
        }
        Criteria::new(&self.search.filter, self.terms.as_ref(), self.search.order)
    }

    /// `None`: the hit has no price.
    fn hit(
        &self,
        StayHit { hit: row, stay }: &StayHit,
        listing: Arc<ListingWithCover>,
        price: anyhow::Result<Option<PricedStay>>,
    ) -> Option<Hit> {
        let key = self.search.key_of(row);
        let price = price.inspect_err(|error| unpriced::report(row.listing, error)).ok()?;
        let nightly = match (&price, stay) {
            (Some(price), Some(stay)) => {
                let average = half_even(i128::from(price.total), i128::from(stay.len()));
                i64::try_from(average).unwrap_or(i64::MAX)
            }
            _ => row.amount,
        };
        let nightly = Money::new(nightly, row.currency);
        Some(Hit { listing, stay: *stay, price, nightly, distance: row.distance, key })
    }

    /// The price of a hit with its lines, if there is a stay. The database has computed the same total for filter and order.
    fn priced(&self, StayHit { hit: row, stay }: &StayHit, listing: &Listing) -> anyhow::Result<Option<PricedStay>> {
        let guests = self.search.stay.map(|(_, guests)| guests);
        let guests = guests.or_else(|| self.search.flexible.as_ref().map(|(_, guests)| *guests));
        let Some((stay, guests)) = stay.zip(guests) else { return Ok(None) };
        let price = pricing::price(&listings::rates(listing), &row.own_prices.0, stay, guests, RuleSet::current())?;
        let (total, amount) = (price.total, row.amount);
        anyhow::ensure!(total == amount, "it costs {total}, but the search has {amount}");
        Ok(Some(price))
    }
}

/// What a search that finds one listing for a stay says of it: the listing, and the price. From memory, so None can also mean that it is not
/// there, or that its source failed.
pub(crate) async fn one_in_memory<S: ListingSource>(
    app: &App,
    source: &S,
    listing: ListingId,
    (stay, guests): (Stay, Guests),
) -> Option<(Arc<ListingWithCover>, PricedStay)> {
    if !source.catch_up().await.ok()? {
        return None;
    }
    let listing = source.published(vec![listing]).await.ok()?.pop()?;
    let now = app.now();
    let zone = zones::terms(&app.time_zones(), listing.place.time_zone.clone(), stay.check_in(), now)?;
    let terms = terms::of_stay((stay, guests), now, vec![zone]);
    let search = Search::new(Filter::default(), Some((stay, guests)), ListingOrder::Rating).ok()?;
    let prepared = Prepared { search, terms: Some(terms), flexible: Vec::new(), is_large: false, in_memory: true };
    let hit = prepared.ask_index(app, |index| index.hit_of(&prepared.criteria(), listing.id))?;
    let row = StayHit { hit, stay: Some(stay) };
    let price = prepared.priced(&row, &listing).ok()??;
    Some((listing, price))
}

/// Where a search reads the listings that it has found.
pub trait ListingSource: Sync {
    /// Why they cannot be read.
    type Error: From<Error>;

    /// Applies all changes to what is in memory; false: nothing in memory may be used.
    ///
    /// # Errors
    /// Only those of the database.
    fn catch_up(&self) -> impl Future<Output = Result<bool, Self::Error>> + Send;

    /// Those of `ids` that are published, in no order.
    ///
    /// # Errors
    /// Only those of the database.
    fn published(
        &self,
        ids: Vec<ListingId>,
    ) -> impl Future<Output = Result<Vec<Arc<ListingWithCover>>, Self::Error>> + Send;
}

/// The database.
impl ListingSource for App {
    type Error = Error;

    async fn catch_up(&self) -> Result<bool> {
        Ok(false)
    }

    async fn published(&self, ids: Vec<ListingId>) -> Result<Vec<Arc<ListingWithCover>>> {
        listings::by_ids(self, &ids).await
    }
}

fn by_id(listings: Vec<Arc<ListingWithCover>>) -> HashMap<ListingId, Arc<ListingWithCover>> {
    listings.into_iter().map(|listing| (listing.id, listing)).collect()
}

/// `filter` in its normal form.
fn checked(mut filter: Filter) -> Result<Filter> {
    filter.room_types.sort_unstable();
    filter.room_types.dedup();
    filter.property_types.sort_unstable();
    filter.property_types.dedup();
    filter.cancellation_policies.sort_unstable();
    filter.cancellation_policies.dedup();
    filter.words.sort_unstable();
    filter.words.dedup();
    if filter.words.len() > MAX_WORDS {
        return Err(Error::bad_user_input(format!("`where.text`: must have 1 to {MAX_WORDS} words.")));
    }
    filter.amenities.sort_unstable();
    filter.amenities.dedup();
    if filter.amenities.len() > MAX_AMENITIES {
        return Err(Error::bad_user_input(format!("`where.amenities`: must have at most {MAX_AMENITIES} items.")));
    }
    if let Some(place) = &mut filter.place {
        *place = place.trim().to_owned();
        if !(1..=MAX_PLACE).contains(&place.chars().count()) {
            return Err(Error::bad_user_input(format!("`where.place`: must have 1 to {MAX_PLACE} characters.")));
        }
        if !(1..=MAX_PARTS).contains(&count_parts(place)) {
            return Err(Error::bad_user_input(format!(
                "`where.place`: must have 1 to {MAX_PARTS} names between commas."
            )));
        }
    }
    if let Some(range) = filter.price {
        let min = range.min.unwrap_or(0);
        if min < 0 || range.max.is_some_and(|max| max < min) {
            return Err(Error::bad_user_input("`where.price`: must have 0 ≤ `min` ≤ `max`."));
        }
    }
    Ok(filter)
}
