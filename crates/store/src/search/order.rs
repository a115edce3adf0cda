//! Orders and cursors. Every order ends with the id, in the same direction as the rest, so that an index can be read backwards.
//!
//! Prices in different currencies cannot be compared: the currency comes first, then the amount.

use super::sql_text::SqlText;
use types::{Currency, ListingId, ListingOrder, Timestamp};

/// The position of a hit: the value it is ordered by, and its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    /// Hundredths; 0: none.
    Rating(i64, ListingId),
    /// Ten-thousandths of a star.
    Recommended(i64, ListingId),
    /// Minor units, of the stay or a night.
    Price(Currency, i64, ListingId),
    /// When it was published.
    Newest(Timestamp, ListingId),
    /// Whole meters.
    Distance(i64, ListingId),
}

/// Appends the `ORDER BY` of `order` over the columns of `c`.
pub(super) fn by(text: &mut SqlText, order: ListingOrder) {
    text.sql(match order {
        ListingOrder::Rating => " ORDER BY c.rating DESC, c.id DESC",
        ListingOrder::Recommended => " ORDER BY c.recommendation DESC, c.id DESC",
        ListingOrder::PriceAsc => " ORDER BY c.currency, c.amount, c.id",
        ListingOrder::PriceDesc => " ORDER BY c.currency DESC, c.amount DESC, c.id DESC",
        ListingOrder::Newest => " ORDER BY c.published_at DESC, c.id DESC",
        ListingOrder::Distance => " ORDER BY c.distance, c.id",
    });
}

/// Appends the condition that a hit comes after `key`, as ranges of the index: what is equal up to a column comes after it by the next.
/// A key of another order bounds nothing; cursors are checked before.
pub(super) fn after(text: &mut SqlText, order: ListingOrder, key: Option<&Key>) {
    match (order, key) {
        (ListingOrder::Rating, Some(&Key::Rating(rating, id))) => {
            text.sql(" AND (c.rating < ").bind(rating).sql(" OR (c.rating = ").bind(rating);
            text.sql(" AND c.id < ").bind(bytes(id)).sql("))");
        }
        (ListingOrder::Recommended, Some(&Key::Recommended(score, id))) => {
            text.sql(" AND (c.recommendation < ").bind(score).sql(" OR (c.recommendation = ").bind(score);
            text.sql(" AND c.id < ").bind(bytes(id)).sql("))");
        }
        (ListingOrder::PriceAsc, Some(&Key::Price(currency, amount, id))) => {
            let currency = currency.as_str();
            text.sql(" AND (c.currency > ").bind(currency);
            text.sql(" OR (c.currency = ").bind(currency).sql(" AND c.amount > ").bind(amount);
            text.sql(") OR (c.currency = ").bind(currency).sql(" AND c.amount = ").bind(amount);
            text.sql(" AND c.id > ").bind(bytes(id)).sql("))");
        }
        (ListingOrder::PriceDesc, Some(&Key::Price(currency, amount, id))) => {
            let currency = currency.as_str();
            text.sql(" AND (c.currency < ").bind(currency);
            text.sql(" OR (c.currency = ").bind(currency).sql(" AND c.amount < ").bind(amount);
            text.sql(") OR (c.currency = ").bind(currency).sql(" AND c.amount = ").bind(amount);
            text.sql(" AND c.id < ").bind(bytes(id)).sql("))");
        }
        (ListingOrder::Newest, Some(&Key::Newest(at, id))) => {
            text.sql(" AND (c.published_at < ").bind(at).sql(" OR (c.published_at = ").bind(at);
            text.sql(" AND c.id < ").bind(bytes(id)).sql("))");
        }
        (ListingOrder::Distance, Some(&Key::Distance(meters, id))) => {
            text.sql(" AND (c.distance > ").bind(meters).sql(" OR (c.distance = ").bind(meters);
            text.sql(" AND c.id > ").bind(bytes(id)).sql("))");
        }
        _ => {}
    }
}

fn bytes(id: ListingId) -> Vec<u8> {
    id.as_bytes().to_vec()
}
