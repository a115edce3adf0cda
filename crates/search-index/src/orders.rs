//! The listings in each order that does not depend on a stay.

use std::{
    collections::BTreeSet,
    ops::Bound::{Excluded, Included, Unbounded},
};

use crate::{Slot, entry::Entry};
use store::search::{Key, PriceRange};
use types::{Currency, ListingId, ListingOrder, Timestamp};

/// Sorted sets of listings.
#[derive(Debug, Default)]
pub struct Orders {
    by_rating: BTreeSet<(u16, ListingId, Slot)>,
    by_recommendation: BTreeSet<(u16, ListingId, Slot)>,
    by_age: BTreeSet<(Timestamp, ListingId, Slot)>,
    by_price: BTreeSet<(Currency, i64, ListingId, Slot)>,
}

impl Orders {
    /// Adds a listing.
    pub fn insert(&mut self, slot: Slot, entry: &Entry) {
        self.by_rating.insert((entry.rating, entry.id, slot));
        self.by_recommendation.insert((entry.recommendation, entry.id, slot));
        self.by_age.insert((age(entry), entry.id, slot));
        self.by_price.insert((entry.currency, entry.base_price, entry.id, slot));
    }

    /// Removes a listing.
    pub fn remove(&mut self, slot: Slot, entry: &Entry) {
        self.by_rating.remove(&(entry.rating, entry.id, slot));
        self.by_recommendation.remove(&(entry.recommendation, entry.id, slot));
        self.by_age.remove(&(age(entry), entry.id, slot));
        self.by_price.remove(&(entry.currency, entry.base_price, entry.id, slot));
    }

    /// All listings in an order, after a key, within a range of base prices; None: the order depends on the search.
    pub fn walk<'a>(
        &'a self,
        order: ListingOrder,
        after: Option<&Key>,
        prices: Option<PriceRange>,
    ) -> Option<Box<dyn Iterator<Item = Slot> + 'a>> {
        Some(match order {
            ListingOrder::Rating => {
                let key = match after {
                    Some(&Key::Rating(rating, id)) => Some((rating, id)),
                    _ => None,
                };
                Box::new(below(&self.by_rating, key))
            }
            ListingOrder::Recommended => {
                let key = match after {
                    Some(&Key::Recommended(score, id)) => Some((score, id)),
                    _ => None,
                };
                Box::new(below(&self.by_recommendation, key))
            }
            ListingOrder::Newest => {
                let end = match after {
                    Some(&Key::Newest(at, id)) => Excluded((at, id, 0)),
                    _ => Unbounded,
                };
                Box::new(self.by_age.range((Unbounded, end)).rev().map(|(.., slot)| *slot))
            }
            ListingOrder::PriceAsc => Box::new(self.of_prices(after, None, prices)),
            ListingOrder::PriceDesc => Box::new(self.of_prices(None, after, prices).rev()),
            ListingOrder::Distance => return None,
        })
    }

    /// Those after one key, before another, and within the range.
    fn of_prices(
        &self,
        after: Option<&Key>,
        before: Option<&Key>,
        range: Option<PriceRange>,
    ) -> impl DoubleEndedIterator<Item = Slot> + use<'_> {
        let (least, most) = (ListingId::of_bytes([0; 16]), ListingId::of_bytes([u8::MAX; 16]));
        let mut from = range.map(|range| (range.currency, range.min.unwrap_or(0), least, 0));
        let mut to = range.map(|range| (range.currency, range.max.unwrap_or(i64::MAX), most, Slot::MAX));
        if let Some(&Key::Price(currency, amount, id)) = after {
            from = from.max(Some((currency, amount, id, Slot::MAX)));
        }
        if let Some(&Key::Price(currency, amount, id)) = before {
            let key = (currency, amount, id, 0);
            to = Some(to.map_or(key, |to| to.min(key)));
        }
        // A range that ends before it begins would panic.
        let is_empty = matches!((&from, &to), (Some(from), Some(to)) if from > to);
        let (from, to) = if is_empty { (None, None) } else { (from, to) };
        let rows = self.by_price.range((from.map_or(Unbounded, Included), to.map_or(Unbounded, Excluded)));
        rows.filter(move |_| !is_empty).map(|(.., slot)| *slot)
    }
}

/// Those below a key, from the greatest on.
fn below(order: &BTreeSet<(u16, ListingId, Slot)>, key: Option<(i64, ListingId)>) -> impl Iterator<Item = Slot> {
    let end = key.map_or(Unbounded, |(score, id)| Excluded((u16::try_from(score).unwrap_or(u16::MAX), id, 0)));
    order.range((Unbounded, end)).rev().map(|(.., slot)| *slot)
}

/// A published listing has the instant: the database ensures it.
fn age(entry: &Entry) -> Timestamp {
    entry.published_at.unwrap_or(chrono::DateTime::UNIX_EPOCH.into())
}
