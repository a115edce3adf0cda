//! Pages of hits, and their number.

use std::cmp::Ordering;

use crate::{
    Index, Slot,
    candidates::Candidates,
    entry::Entry,
    query::{Query, StayQuery},
};
use store::search::{Criteria, Hit, Key, OwnPrices};
use types::{ListingId, ListingOrder, Stay};

/// A listing that was found.
struct Found<'a> {
    entry: &'a Entry,
    amount: i64,
    /// The number of the stay, if there are stays.
    stay: usize,
    distance: Option<i64>,
}

/// A hit, with the stay for which it was found, if the search is for one of several.
#[derive(Debug, Clone)]
pub struct StayHit {
    /// The hit, at the price of the stay.
    pub hit: Hit,
    /// The stay; None: the search has none.
    pub stay: Option<Stay>,
}

impl Index {
    /// Up to `limit` hits after a key, in order: those of `store::search::page`. None: the index cannot answer.
    pub fn page(&self, criteria: &Criteria<'_>, after: Option<&Key>, limit: usize) -> Option<Vec<StayHit>> {
        let query = Query::new(self, criteria)?;
        // The price of a stay depends on the search.
        let is_late = query.stays.is_some() && is_by_price(criteria.order);
        let prices = criteria.filter.price.filter(|_| !is_late);
        let ordered = || self.orders.walk(criteria.order, after, prices).filter(|_| !is_late);
        let candidates = Candidates::of(self, &query, limit, !is_late && criteria.order != ListingOrder::Distance);
        let found = match (candidates, ordered()) {
            (Candidates::All, Some(slots)) => slots.filter_map(|slot| self.found(&query, slot)).take(limit).collect(),
            (Candidates::All, None) => self.sorted(&query, self.slots.values().copied(), after, limit),
            (Candidates::Some(slots), _) => self.sorted(&query, slots, after, limit),
        };
        Some(found.into_iter().map(|found| hit(&query, &found)).collect())
    }

    /// How many listings fit. None: the index cannot answer.
    pub fn count(&self, criteria: &Criteria<'_>) -> Option<usize> {
        let query = Query::new(self, criteria)?;
        if query.is_unconditional() {
            return Some(self.len());
        }
        Some(self.candidates(&query).filter(|(slot, entry)| query.is_found(*slot, entry)).count())
    }

    /// The hit of one listing; None: it does not fit, or the index cannot answer.
    pub fn hit_of(&self, criteria: &Criteria<'_>, listing: ListingId) -> Option<Hit> {
        let query = Query::new(self, criteria)?;
        self.found(&query, *self.slots.get(&listing)?).map(|found| hit(&query, &found).hit)
    }

    fn found(&self, query: &Query<'_>, slot: Slot) -> Option<Found<'_>> {
        let entry = self.entry(slot)?;
        let (amount, stay) = query.amount(slot, entry)?;
        Some(Found { entry, amount, stay, distance: query.distance(entry) })
    }

    /// The listings that fit the filter of a search, except for their prices, in no order.
    pub(crate) fn fitting<'a>(&'a self, query: &'a Query<'a>) -> impl Iterator<Item = (Slot, &'a Entry)> {
        self.candidates(query).filter(|(slot, entry)| query.fits(*slot, entry))
    }

    /// The first of these listings that are found.
    fn sorted(
        &self,
        query: &Query<'_>,
        slots: impl IntoIterator<Item = Slot>,
        after: Option<&Key>,
        limit: usize,
    ) -> Vec<Found<'_>> {
        let order = query.order;
        let is_after = |found: &Found<'_>| after.is_none_or(|key| compare(order, &rank(found), &of_key(key)).is_gt());
        let mut found: Vec<_> = slots.into_iter().filter_map(|slot| self.found(query, slot)).filter(is_after).collect();
        let by_rank = |a: &Found<'_>, b: &Found<'_>| compare(order, &rank(a), &rank(b));
        if found.len() > limit {
            found.select_nth_unstable_by(limit, by_rank);
            found.truncate(limit);
        }
        found.sort_unstable_by(by_rank);
        found
    }
}

fn is_by_price(order: ListingOrder) -> bool {
    matches!(order, ListingOrder::PriceAsc | ListingOrder::PriceDesc)
}

/// The keys of a hit in all orders.
#[derive(Debug, Default, Clone, Copy)]
struct Rank {
    rating: i64,
    recommendation: i64,
    age: Option<types::Timestamp>,
    currency: Option<types::Currency>,
    amount: i64,
    distance: Option<i64>,
    id: Option<ListingId>,
}

fn rank(found: &Found<'_>) -> Rank {
    Rank {
        rating: found.entry.rating.into(),
        recommendation: found.entry.recommendation.into(),
        age: found.entry.published_at,
        currency: Some(found.entry.currency),
        amount: found.amount,
        distance: found.distance,
        id: Some(found.entry.id),
    }
}

fn of_key(key: &Key) -> Rank {
    match *key {
        Key::Rating(rating, id) => Rank { rating, id: Some(id), ..Rank::default() },
        Key::Recommended(recommendation, id) => Rank { recommendation, id: Some(id), ..Rank::default() },
        Key::Price(currency, amount, id) => Rank { currency: Some(currency), amount, id: Some(id), ..Rank::default() },
        Key::Newest(at, id) => Rank { age: Some(at), id: Some(id), ..Rank::default() },
        Key::Distance(meters, id) => Rank { distance: Some(meters), id: Some(id), ..Rank::default() },
    }
}

/// The first of two hits in an order is less.
fn compare(order: ListingOrder, a: &Rank, b: &Rank) -> Ordering {
    let price = || (a.currency, a.amount, a.id).cmp(&(b.currency, b.amount, b.id));
    match order {
        ListingOrder::Rating => (b.rating, b.id).cmp(&(a.rating, a.id)),
        ListingOrder::Recommended => (b.recommendation, b.id).cmp(&(a.recommendation, a.id)),
        ListingOrder::PriceAsc => price(),
        ListingOrder::PriceDesc => price().reverse(),
        ListingOrder::Newest => (b.age, b.id).cmp(&(a.age, a.id)),
        ListingOrder::Distance => (a.distance, a.id).cmp(&(b.distance, b.id)),
    }
}

fn hit(query: &Query<'_>, found: &Found<'_>) -> StayHit {
    let Found { entry, amount, stay, distance } = found;
    let stay = query.stays.as_ref().and_then(|stays| stays.get(*stay));
    let hit = Hit {
        listing: entry.id,
        amount: *amount,
        distance: *distance,
        rating: entry.rating.into(),
        recommendation: entry.recommendation.into(),
        currency: entry.currency,
        published_at: entry.published_at,
        own_prices: stay.map_or_else(OwnPrices::default, |stay| stay.own_prices(entry)),
    };
    StayHit { hit, stay: stay.map(StayQuery::stay) }
}
