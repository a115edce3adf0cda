//! Figures for finance: what was sold, how full the listings are, and how many quotes become bookings. By day, by city or by host.

use std::collections::{BTreeMap, HashMap};

use chrono::{Days, NaiveDate, NaiveTime};

use crate::app::App;
use auth::Finance;
use store::analytics::{Counted, Range, Sales, Stays};
use types::{
    AnalyticsBy, Currency, Timestamp, UserId,
    error::{Error, Result},
};

/// The most days of a range.
const MOST_DAYS: i64 = 366;

/// What to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The first day, UTC; None: 30 days before the end.
    pub from: Option<NaiveDate>,
    /// The day after the last one; None: tomorrow.
    pub to: Option<NaiveDate>,
    /// How to group.
    pub by: AnalyticsBy,
    /// In which currency.
    pub currency: Currency,
}

/// The figures of one day, city or host.
#[derive(Debug, Clone, PartialEq)]
pub struct Figures {
    /// The day.
    pub day: Option<NaiveDate>,
    /// The city.
    pub city: Option<String>,
    /// The host.
    pub host: Option<UserId>,
    /// Bookings that were confirmed.
    pub bookings: i64,
    /// What was captured for these, in minor units.
    pub captured: i64,
    /// What was refunded of that until now.
    pub refunded: i64,
    /// Nights that are sold in the range.
    pub nights: i64,
    /// Those nights, as a part of all nights of the listings that are published now; None without a listing.
    pub occupancy: Option<f64>,
    /// Quotes that were made.
    pub quotes: i64,
    /// The part of these that became confirmed bookings; None without a quote.
    pub conversion: Option<f64>,
}

/// The figures, one statement for each of sales, nights, listings and quotes. By day in order, with every day of the range; or of the 100
/// cities or hosts that sold most.
///
/// # Errors
/// [`types::error::Refusal::BadUserInput`] when the range is empty or too long.
pub async fn figures(app: &App, _finance: &Finance, wanted: &Wanted) -> Result<Vec<Figures>> {
    let (range, by) = (range(wanted, app.now()), wanted.by);
    let days = (range.to - range.from).num_days();
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(Error::bad_user_input(format!("`to` must be 1 to {MOST_DAYS} days after `from`.")));
    }
    let conn = &mut app.conn().await?;
    let sales = store::analytics::sales(conn, &range, by).await?;
    if by == AnalyticsBy::Day {
        let stays = store::analytics::stays(conn, &range).await?;
        let listings = store::analytics::listings(conn, by, &[]).await?;
        let quotes = store::analytics::quotes(conn, &range, by, &[]).await?;
        return Ok(by_day(&range, sales, &stays, number(&listings, ""), &quotes));
    }
    let groups: Vec<_> = sales.iter().map(|row| row.group.clone()).collect();
    if groups.is_empty() {
        return Ok(Vec::new());
    }
    let nights = store::analytics::nights(conn, &range, by, &groups).await?;
    let listings = store::analytics::listings(conn, by, &groups).await?;
    let quotes = store::analytics::quotes(conn, &range, by, &groups).await?;
    let row = |row: Sales| {
        let group = row.group.clone();
        let capacity = number(&listings, &group) * days;
        let mut figures = of(row, number(&nights, &group), capacity, find(&quotes, &group));
        match by {
            AnalyticsBy::Host => figures.host = host_of(&group),
            _ => figures.city = figures.city.or(Some(group)),
        }
        figures
    };
    Ok(sales.into_iter().map(row).collect())
}

fn range(wanted: &Wanted, now: Timestamp) -> Range {
    let start = |day: NaiveDate| Timestamp::from(day.and_time(NaiveTime::MIN).and_utc());
    let to = wanted.to.unwrap_or_else(|| now.utc().date_naive() + Days::new(1));
    let from = wanted.from.unwrap_or_else(|| to - Days::new(30));
    Range { from, to, begin: start(from), end: start(to), currency: wanted.currency }
}

fn find<'a>(counted: &'a [Counted], group: &str) -> Option<&'a Counted> {
    counted.iter().find(|row| row.group == group)
}

fn number(counted: &[Counted], group: &str) -> i64 {
    find(counted, group).map_or(0, |row| row.number)
}

/// The id in hexadecimal.
fn host_of(hex: &str) -> Option<UserId> {
    let bits = u128::from_str_radix(hex, 16).ok()?;
    Some(UserId::of_bytes(bits.to_be_bytes()))
}

// Numbers of nights and quotes are far below 2^52.
fn part(some: i64, all: i64) -> Option<f64> {
    (all > 0).then(|| some as f64 / all as f64)
}

fn of(row: Sales, nights: i64, capacity: i64, quotes: Option<&Counted>) -> Figures {
    Figures {
        day: None,
        city: row.name,
        host: None,
        bookings: row.bookings,
        captured: row.captured,
        refunded: row.refunded,
        nights,
        occupancy: part(nights, capacity),
        quotes: quotes.map_or(0, |row| row.number),
        conversion: quotes.and_then(|row| part(row.booked, row.number)),
    }
}

/// Every day of the range, also those without a sale.
fn by_day(range: &Range, sales: Vec<Sales>, stays: &[Stays], listings: i64, quotes: &[Counted]) -> Vec<Figures> {
    let nights = nights_by_day(range, stays);
    let mut sales: HashMap<_, _> = sales.into_iter().map(|row| (row.group.clone(), row)).collect();
    let none = |group: String| Sales { group, name: None, bookings: 0, captured: 0, refunded: 0 };
    nights
        .into_iter()
        .map(|(day, nights)| {
            let group = day.to_string();
            let row = sales.remove(&group).unwrap_or_else(|| none(group.clone()));
            Figures { day: Some(day), ..of(row, nights, listings, find(quotes, &group)) }
        })
        .collect()
}

/// How many nights of `stays` each day of the range has.
fn nights_by_day(range: &Range, stays: &[Stays]) -> BTreeMap<NaiveDate, i64> {
    let days = |from: NaiveDate, to: NaiveDate| from.iter_days().take_while(move |day| *day < to);
    let mut nights: BTreeMap<_, _> = days(range.from, range.to).map(|day| (day, 0)).collect();
    for stay in stays {
        for day in days(stay.check_in.max(range.from), stay.check_out.min(range.to)) {
            nights.entry(day).and_modify(|number| *number += stay.number);
        }
    }
    nights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nights_outside_of_the_range_do_not_count() {
        let day = |number: u64| NaiveDate::from_ymd_opt(2026, 3, 1).unwrap() + Days::new(number);
        let at = Timestamp::from(chrono::DateTime::UNIX_EPOCH);
        let range = Range { from: day(5), to: day(8), begin: at, end: at, currency: Currency::EUR };
        let stay = |from, to, number| Stays { check_in: day(from), check_out: day(to), number };
        let nights = nights_by_day(&range, &[stay(0, 5, 9), stay(4, 6, 1), stay(6, 20, 2), stay(8, 9, 9)]);
        assert_eq!(nights.into_values().collect::<Vec<_>>(), [1, 2, 2]);
    }
}
