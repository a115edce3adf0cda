//! The lowest price of each day on which a stay can begin.

use chrono::{Days, NaiveDate};
use search_index::LowestPrice;

use super::{Filter, ListingSource, PriceRange, Search, zones};
use crate::app::App;
use types::{
    Currency, Guests, ListingOrder, Stay,
    error::{Error, Result},
};

/// The most nights of the stays.
pub const MAX_NIGHTS: i32 = 30;
/// The most days of arrival.
pub const MAX_DAYS: i64 = 62;

/// The stays to compare: one for each day of arrival, with as many nights.
#[derive(Debug, Clone)]
pub struct LowestPrices {
    filter: Filter,
    stays: Vec<Stay>,
    guests: Guests,
}

impl LowestPrices {
    /// Those of `nights` nights that begin from `from` until the day before `to`, at prices in `currency`.
    ///
    /// # Errors
    /// [`types::error::Refusal::BadUserInput`] with the argument and its limit.
    pub fn new(
        mut filter: Filter,
        guests: Guests,
        nights: i32,
        (from, to): (NaiveDate, NaiveDate),
        currency: Currency,
    ) -> Result<Self> {
        let refused = |message: String| Err(Error::bad_user_input(message));
        let Some(nights) = u32::try_from(nights).ok().filter(|_| (1..=MAX_NIGHTS).contains(&nights)) else {
            return refused(format!("`nights`: must be from 1 to {MAX_NIGHTS}."));
        };
        if !(1..=MAX_DAYS).contains(&to.signed_duration_since(from).num_days()) {
            return refused(format!("`to`: must be 1 to {MAX_DAYS} days after `from`."));
        }
        let range = filter.price.unwrap_or(PriceRange { currency, min: None, max: None });
        if range.currency != currency {
            return refused("`where.price.currency`: must be the same as `currency`.".to_owned());
        }
        filter.price = Some(range);
        let stay = |day: NaiveDate| Stay::new(day, day.checked_add_days(Days::new(nights.into()))?, nights).ok();
        let days = from.iter_days().take_while(|day| *day < to);
        Ok(Self { filter, stays: days.filter_map(stay).collect(), guests })
    }
}

/// The lowest price of each day; `None`: without the search index nobody knows.
///
/// # Errors
/// [`types::error::Refusal::BadUserInput`] when the filter is wrong; those of the database.
pub async fn lowest_prices<S: ListingSource>(
    app: &App,
    prices: LowestPrices,
    source: &S,
) -> Result<Option<Vec<LowestPrice>>, S::Error> {
    let LowestPrices { filter, stays, guests } = prices;
    if stays.last().is_none_or(|stay| stay.check_in() < zones::earliest_today(app.now())) {
        let message = "`to`: All days have ended in every time zone. Choose a later day.";
        return Err(Error::bad_user_input(message).into());
    }
    let none = |stay: &Stay| LowestPrice { stay: *stay, total: None, listings: 0 };
    let mut all: Vec<_> = stays.iter().map(none).collect();
    let search = Search { flexible: Some((stays, guests)), ..Search::new(filter, None, ListingOrder::Rating)? };
    let prepared = search.prepare(app, source).await?;
    let asked = prepared.ask_index(app, |index| index.lowest_prices(&prepared.criteria()));
    let Some(found) = asked else { return Ok(None) };
    for price in found {
        if let Some(day) = all.iter_mut().find(|day| day.stay == price.stay) {
            *day = price;
        }
    }
    Ok(Some(all))
}
