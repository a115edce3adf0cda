//! Search of listings: valid filters, pages of hits with prices, and counts.
//!
//! A search sees only public data; hosts find their own listings too. Prices in several currencies are ordered by currency first, then by
//! amount, unless the price range has one currency.

mod cursors;
mod facets;
mod unpriced;
mod zones;

use std::{collections::HashMap, sync::Arc};

use crate::{
    app::App,
    listings::{self, Listing, ListingWithCover},
    money::half_even,
    pricing::{self, PricedStay},
    rule_sets::{RuleSet, TaxKind},
};
use chrono::{Datelike, NaiveDate, Weekday};
pub use facets::{AmenityFacet, Bucket, Facets, Histogram, WantedFacets};
use search_index::Index;
pub use store::search::{Filter, Key, PriceRange, Reach};
use store::{
    search as rows,
    search::{
        Criteria, Fees, StayTerms, ZoneTerms,
        places::{MAX_PARTS, count_parts},
    },
};
use types::{
    Guests, ListingId, ListingOrder, Money, Page, PageOf, Stay, Timestamp,
    error::{Error, Result},
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
    order: ListingOrder,
}

/// A listing that was found.
#[derive(Debug, Clone)]
pub struct Hit {
    /// The listing.
    pub listing: Arc<ListingWithCover>,
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
        Ok(Self { filter, stay, order })
    }

    /// Prepares the search for an instant. Reads nothing without a stay; with one, occasionally the time zones of listings.
    ///
    /// # Errors
    /// [`types::error::Refusal::BadUserInput`] when the stay begins in the past; those of the database.
    pub async fn prepare<S: ListingSource>(self, app: &App, source: &S) -> Result<Prepared, S::Error> {
        let in_memory = source.catch_up().await?;
        Ok(self.at_now(app, in_memory).await?)
    }

    async fn at_now(self, app: &App, in_memory: bool) -> Result<Prepared> {
        let Some((stay, guests)) = self.stay else {
            return Ok(Prepared { search: self, terms: None, is_large: false, in_memory });
        };
        let now = app.now();
        if stay.check_in() < zones::earliest_today(now) {
            return Err(Error::bad_user_input(
                "`stay.checkIn`: The day has ended in every time zone. Choose today or a later day.",
            ));
        }
        let known = zones::known(app, in_memory).await?;
        let rules = app.time_zones();
        let terms = |(name, _): &(String, i64)| zones::terms(&rules, name.clone(), stay.check_in(), now);
        let zones = known.iter().filter_map(terms).collect();
        // No shortlist is needed if all listings fit into it.
        let is_large = known.iter().map(|(_, listings)| listings).sum::<i64>() > app.reach.length();
        let terms = stay_terms((stay, guests), now, zones);
        Ok(Prepared { search: self, terms: Some(terms), is_large, in_memory })
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
            after = rows.last().map(|row| self.search.key_of(row)).or(after);
            hits.extend(self.hits(app, rows, listings).await?);
            if is_end || hits.len() > page.first {
                break;
            }
        }
        let mut page = page.cut(hits);
        page.has_next |= !is_end && !page.items.is_empty();
        Ok(page)
    }

    async fn rows(&self, app: &App, after: Option<&Key>, limit: i64) -> Result<Vec<rows::Hit>> {
        let most = usize::try_from(limit).unwrap_or(0);
        let found = self.ask_index(app, |index| index.page(&self.criteria(), after, most));
        if let Some(found) = found {
            return Ok(found);
        }
        let reach = Some(&app.reach).filter(|_| self.is_large);
        Ok(rows::page(&mut app.conn().await?, self.criteria(), after, limit, reach).await?)
    }

    /// The hits of these rows, in their order.
    async fn hits<S: ListingSource>(
        &self,
        app: &App,
        rows: Vec<rows::Hit>,
        listings: &S,
    ) -> Result<Vec<Hit>, S::Error> {
        let ids = rows.iter().map(|row| row.listing).collect();
        let mut known = by_id(listings.published(ids).await?);
        let mut priced: Vec<_> =
            rows.iter().map(|row| known.get(&row.listing).map(|listing| self.priced(row, listing))).collect();
        // Between the two reads a host can have changed a price. A listing that has none stays without.
        let is_outdated = |price: &Option<anyhow::Result<_>>| price.as_ref().is_some_and(Result::is_err);
        let outdated: Vec<_> = (0..rows.len()).filter(|&index| is_outdated(&priced[index])).collect();
        if !outdated.is_empty() {
            let ids: Vec<_> = outdated.iter().map(|&index| rows[index].listing).collect();
            known.extend(by_id(listings::by_ids(app, &ids).await?));
            for index in outdated {
                let listing = known.get(&rows[index].listing);
                priced[index] = listing.map(|listing| self.priced(&rows[index], listing));
            }
        }
        let hit =
            |(row, price): (&rows::Hit, Option<anyhow::Result<_>>)| self.hit(row, known.remove(&row.listing)?, price?);
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
        let found = rows::count(&mut app.conn().await?, self.criteria(), COUNTED + 1).await?;
        Ok((found <= COUNTED).then_some(found))
    }

    fn ask_index<T>(&self, app: &App, ask: impl FnOnce(&Index) -> Option<T>) -> Option<T> {
        if self.in_memory { app.search_index.answer(ask) } else { None }
    }

    /// Whether the stay is over, too near or too far everywhere.
    fn is_impossible(&self) -> bool {
        self.terms.as_ref().is_some_and(|terms| terms.zones.is_empty())
    }

    fn criteria(&self) -> Criteria<'_> {
        Criteria::new(&self.search.filter, self.terms.as_ref(), self.search.order)
    }

    /// `None`: the hit has no price.
    fn hit(
        &self,
        row: &rows::Hit,
        listing: Arc<ListingWithCover>,
        price: anyhow::Result<Option<PricedStay>>,
    ) -> Option<Hit> {
        let key = self.search.key_of(row);
        let price = price.inspect_err(|error| unpriced::report(row.listing, error)).ok()?;
        let nightly = match (&price, self.search.stay) {
            (Some(price), Some((stay, _))) => {
                let average = half_even(i128::from(price.total), i128::from(stay.len()));
                i64::try_from(average).unwrap_or(i64::MAX)
            }
            _ => row.amount,
        };
        Some(Hit { listing, price, nightly: Money::new(nightly, row.currency), distance: row.distance, key })
    }

    /// The price of a hit with its lines, if there is a stay. The database has computed the same total for filter and order.
    fn priced(&self, row: &rows::Hit, listing: &Listing) -> anyhow::Result<Option<PricedStay>> {
        let Some((stay, guests)) = self.search.stay else { return Ok(None) };
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
    let terms = stay_terms((stay, guests), now, vec![zone]);
    let search = Search { filter: Filter::default(), stay: Some((stay, guests)), order: ListingOrder::Rating };
    let prepared = Prepared { search, terms: Some(terms), is_large: false, in_memory: true };
    let row = prepared.ask_index(app, |index| index.hit_of(&prepared.criteria(), listing.id))?;
    let price = prepared.priced(&row, &listing).ok()??;
    Some((listing, price))
}

fn stay_terms((stay, guests): (Stay, Guests), now: Timestamp, zones: Vec<ZoneTerms>) -> StayTerms {
    let rules = RuleSet::current();
    let weekend = |night: &NaiveDate| matches!(night.weekday(), Weekday::Fri | Weekday::Sat);
    StayTerms {
        stay,
        guests,
        now,
        weekend_nights: u32::try_from(stay.nights().filter(weekend).count()).unwrap_or(u32::MAX),
        weekly: stay.len() >= rules.weekly_from,
        monthly: stay.len() >= rules.monthly_from,
        fees: fees(rules, stay, guests),
        zones,
    }
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

/// The platform's fee and the taxes from which the stay is not exempt.
fn fees(rules: &RuleSet, stay: Stay, guests: Guests) -> Fees {
    let (nights, people) = (i64::from(stay.len()), i64::from(guests.count()));
    let mut fees = Fees { shares: vec![rules.service_fee], fixed: 0 };
    let applies = |exempt_from: Option<u32>| exempt_from.is_none_or(|from| stay.len() < from);
    for tax in rules.taxes.iter().filter(|tax| applies(tax.exempt_from_nights)) {
        match tax.kind {
            TaxKind::Percent(share) => fees.shares.push(share),
            TaxKind::PerGuest(fee) => fees.fixed += fee * people,
            TaxKind::PerNight(fee) => fees.fixed += fee * nights,
            TaxKind::PerGuestNight(fee) => fees.fixed += fee * people * nights,
        }
    }
    fees
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
