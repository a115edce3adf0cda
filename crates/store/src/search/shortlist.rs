//! The first listings, in the order of a search, that fit the conditions on the listing's own columns.

use std::sync::atomic::{AtomicI64, Ordering};

use super::{Criteria, Filter, Key, conditions, order, sql_text::SqlText, stays};
use types::ListingOrder;

/// How many listings searches check first. It adapts: with too few, all listings must be checked; with too many, every search is slower.
#[derive(Debug)]
pub struct Reach {
    /// In units of 1/1,024.
    parts: AtomicI64,
    least: i64,
}

impl Default for Reach {
    fn default() -> Self {
        Self::new(128)
    }
}

impl Reach {
    const PARTS: i64 = 1_024;
    /// The maximum is so many times the minimum.
    const MOST: i64 = 16;

    /// From `least` to 16 times `least` listings, at first twice `least`.
    pub fn new(least: i64) -> Self {
        Self { parts: AtomicI64::new(least * 2 * Self::PARTS), least }
    }

    /// The current number.
    pub fn length(&self) -> i64 {
        self.parts.load(Ordering::Relaxed) / Self::PARTS
    }

    /// The maximum.
    pub fn longest(&self) -> i64 {
        self.least * Self::MOST
    }

    /// Adapts to whether the last search had enough listings. One search with too few outweighs a thousand with enough, because it costs as
    /// much more.
    pub(super) fn adapt(&self, sufficed: bool) {
        let parts = self.parts.load(Ordering::Relaxed);
        let parts = if sufficed { parts - parts / Self::PARTS } else { parts * 2 };
        // A race loses one adaptation at worst.
        self.parts.store(parts.clamp(self.least * Self::PARTS, self.longest() * Self::PARTS), Ordering::Relaxed);
    }
}

/// Selects the ids of listings after `after` that fit the filter, except for amenities, and take the guests, with their limits of nights:
/// the first `length`, or all, in no order.
pub(super) fn of(criteria: Criteria<'_>, after: Option<&Key>, length: Option<i64>) -> SqlText {
    let mut text = SqlText::default();
    text.sql("SELECT c.id, c.min_nights, c.max_nights FROM (SELECT l.id, l.min_nights, l.max_nights, ");
    // Only the columns that the order needs: another one may not be in the index.
    match criteria.order {
        ListingOrder::Rating | ListingOrder::PriceAsc | ListingOrder::PriceDesc => drop(text.sql("l.rating")),
        ListingOrder::Recommended => drop(text.sql("l.recommendation")),
        ListingOrder::Newest => drop(text.sql("l.published_at")),
        ListingOrder::Distance => {
            conditions::distance(&mut text, criteria.filter);
            text.sql(" AS distance");
        }
    }
    let index = length.map_or("", |_| index(criteria));
    text.sql(" FROM listings l").sql(index).sql(" WHERE l.status = 'PUBLISHED'");
    conditions::own(&mut text, criteria);
    if let Some(terms) = criteria.stay {
        stays::guests(&mut text, terms);
    }
    text.sql(") c WHERE 1 = 1");
    order::after(&mut text, criteria.order, after);
    if let Some(length) = length {
        order::by(&mut text, criteria.order);
        text.sql(" LIMIT ").bind(length);
    }
    text
}

/// The index that has the order of the search, where it is the best one: filters that match many listings are checked along the way. The
/// optimizer would start every page at the first listing. For searches by place, its own choice is better.
pub(super) fn index(criteria: Criteria<'_>) -> &'static str {
    let Filter { area: None, place: None, .. } = criteria.filter else { return "" };
    let filters_amenities = criteria.stay.is_none() && !criteria.filter.amenities.is_empty();
    if filters_amenities || criteria.rare_word.is_some() || !criteria.is_ordered_early() {
        return "";
    }
    match criteria.order {
        ListingOrder::Rating => " FORCE INDEX (listings_by_rating)",
        ListingOrder::Recommended => " FORCE INDEX (listings_by_recommendation)",
        ListingOrder::Newest => " FORCE INDEX (listings_by_age)",
        ListingOrder::PriceAsc | ListingOrder::PriceDesc => " FORCE INDEX (listings_by_price)",
        ListingOrder::Distance => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reach_grows_fast_and_shrinks_slowly() {
        let reach = Reach::new(100);
        assert_eq!(reach.length(), 200);
        reach.adapt(false);
        assert_eq!(reach.length(), 400);
        (0..500).for_each(|_| reach.adapt(true));
        assert!((200..300).contains(&reach.length()), "{}", reach.length());
        (0..5_000).for_each(|_| reach.adapt(true));
        assert_eq!(reach.length(), 100);
        (0..20).for_each(|_| reach.adapt(false));
        assert_eq!(reach.length(), reach.longest());
    }
}
