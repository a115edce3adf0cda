//! The first listings, in the order of a search, that fit what stands in the listing itself.

use super::{Filter, Key, Question, conditions, order, stays, text::Text};
use crate::types::ListingOrder;

/// Selects the ids of the first `length` listings after `after` that fit the filter, but for amenities, and take the guests.
pub(super) fn of(question: Question<'_>, after: Option<&Key>, length: i64) -> Text {
    let mut text = Text::default();
    text.sql("SELECT c.id FROM (SELECT l.id, l.rating, l.published_at, ");
    conditions::distance(&mut text, question.filter);
    text.sql(" AS distance FROM listings l").sql(index(question)).sql(" WHERE l.status = 'PUBLISHED'");
    conditions::own(&mut text, question.filter);
    if let Some(terms) = question.stay {
        stays::guests(&mut text, terms);
    }
    text.sql(") c WHERE 1 = 1");
    order::after(&mut text, question.order, after);
    order::by(&mut text, question.order);
    text.sql(" LIMIT ").bind(length);
    text
}

/// The index that has the order of the search, when it is better than any other: a filter that leaves many listings is checked on the
/// way. The optimizer alone would start every page at the first listing. Where a place is named it knows better.
pub(super) fn index(question: Question<'_>) -> &'static str {
    let Filter { area: None, place: None, .. } = question.filter else { return "" };
    let looks_for_amenities = question.stay.is_none() && !question.filter.amenities.is_empty();
    if looks_for_amenities || !question.is_ordered_early() {
        return "";
    }
    match question.order {
        ListingOrder::Rating => " FORCE INDEX (listings_by_rating)",
        ListingOrder::Newest => " FORCE INDEX (listings_by_age)",
        ListingOrder::PriceAsc | ListingOrder::PriceDesc => " FORCE INDEX (listings_by_price)",
        ListingOrder::Distance => "",
    }
}
