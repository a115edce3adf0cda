//! The first listings, in the order of a search, that fit what stands in the listing itself.

use std::sync::atomic::{AtomicI64, Ordering};

use super::{Filter, Key, Question, conditions, order, stays, text::Text};
use types::ListingOrder;

/// How many listings searches look at first. It learns: too few, and all have to be looked at; too many, and all searches are slower.
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
    /// The longest is so many times the shortest.
    const MOST: i64 = 16;

    /// From `least` listings to 16 times as many, twice as many at first.
    pub fn new(least: i64) -> Self {
        Self { parts: AtomicI64::new(least * 2 * Self::PARTS), least }
    }

    /// How many at the moment.
    pub fn length(&self) -> i64 {
        self.parts.load(Ordering::Relaxed) / Self::PARTS
    }

    /// The most there can be.
    pub fn longest(&self) -> i64 {
        self.least * Self::MOST
    }

    /// Whether the last so many were enough, or more would have been. One search that had too few outweighs a thousand that had enough, because it costs as much
    /// more.
    pub(super) fn learn(&self, sufficed: bool) {
        let parts = self.parts.load(Ordering::Relaxed);
        let parts = if sufficed { parts - parts / Self::PARTS } else { parts * 2 };
        // A race loses a lesson at the worst.
        self.parts.store(parts.clamp(self.least * Self::PARTS, self.longest() * Self::PARTS), Ordering::Relaxed);
    }
}

/// Selects the ids of listings after `after` that fit the filter, but for amenities, and take the guests, with the number of nights that they
/// allow: the first `length`, or all, in no order.
pub(super) fn of(question: Question<'_>, after: Option<&Key>, length: Option<i64>) -> Text {
    let mut text = Text::default();
    text.sql("SELECT c.id, c.min_nights, c.max_nights FROM (SELECT l.id, l.min_nights, l.max_nights, ");
    // Besides only what the order needs: a column more may not be in the index.
    match question.order {
        ListingOrder::Rating | ListingOrder::PriceAsc | ListingOrder::PriceDesc => drop(text.sql("l.rating")),
        ListingOrder::Newest => drop(text.sql("l.published_at")),
        ListingOrder::Distance => {
            conditions::distance(&mut text, question.filter);
            text.sql(" AS distance");
        }
    }
    let index = length.map_or("", |_| index(question));
    text.sql(" FROM listings l").sql(index).sql(" WHERE l.status = 'PUBLISHED'");
    conditions::own(&mut text, question);
    if let Some(terms) = question.stay {
        stays::guests(&mut text, terms);
    }
    text.sql(") c WHERE 1 = 1");
    order::after(&mut text, question.order, after);
    if let Some(length) = length {
        order::by(&mut text, question.order);
        text.sql(" LIMIT ").bind(length);
    }
    text
}

/// The index that has the order of the search, when it is better than any other: a filter that leaves many listings is checked on the
/// way. The optimizer alone would start every page at the first listing. Where a place is named it knows better.
pub(super) fn index(question: Question<'_>) -> &'static str {
    let Filter { area: None, place: None, .. } = question.filter else { return "" };
    let looks_for_amenities = question.stay.is_none() && !question.filter.amenities.is_empty();
    if looks_for_amenities || question.rare_word.is_some() || !question.is_ordered_early() {
        return "";
    }
    match question.order {
        ListingOrder::Rating => " FORCE INDEX (listings_by_rating)",
        ListingOrder::Newest => " FORCE INDEX (listings_by_age)",
        ListingOrder::PriceAsc | ListingOrder::PriceDesc => " FORCE INDEX (listings_by_price)",
        ListingOrder::Distance => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_when_it_was_too_short_and_shrinks_slowly_when_it_was_not() {
        let reach = Reach::new(100);
        assert_eq!(reach.length(), 200);
        reach.learn(false);
        assert_eq!(reach.length(), 400);
        (0..500).for_each(|_| reach.learn(true));
        assert!((200..300).contains(&reach.length()), "{}", reach.length());
        (0..5_000).for_each(|_| reach.learn(true));
        assert_eq!(reach.length(), 100);
        (0..20).for_each(|_| reach.learn(false));
        assert_eq!(reach.length(), reach.longest());
    }
}
