//! Searches with flexible dates: several stays of one length, of which a hit is the cheapest one of its listing.
//!
//! Only the search index answers them: the database would search for each stay alone, and could not order by the cheapest.

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};

use super::{Filter, Search};
use types::{
    Guests, ListingOrder, Stay,
    error::{Error, Result},
};

/// The most days by which a stay can begin earlier or later.
pub const MAX_SHIFT: u64 = 7;
/// The most nights of a stay within a month.
pub const MAX_IN_MONTH: u32 = 28;

/// The stays to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlexibleDates {
    /// Those of the same length that begin at most so many days earlier or later.
    Around(Stay, u64),
    /// The nights of Friday and Saturday, both in the month of this day.
    WeekendIn(NaiveDate),
    /// Seven nights in the month of this day.
    WeekIn(NaiveDate),
    /// So many nights in the month of this day.
    NightsIn(NaiveDate, u32),
}

impl FlexibleDates {
    /// All of them, in the order of their days: at most 31.
    fn stays(self) -> Vec<Stay> {
        match self {
            Self::Around(stay, days) => {
                let first = stay.check_in().checked_sub_days(Days::new(days)).unwrap_or(stay.check_in());
                let begins = first.iter_days().take_while(|day| *day <= stay.check_in() + Days::new(days));
                begins.filter_map(|day| of_length(day, stay.len())).collect()
            }
            Self::WeekendIn(day) => {
                let weekends = in_month(day, 2).into_iter();
                weekends.filter(|stay| stay.check_in().weekday() == Weekday::Fri).collect()
            }
            Self::WeekIn(day) => in_month(day, 7),
            Self::NightsIn(day, nights) => in_month(day, nights),
        }
    }

    fn checked(self) -> Result<Self> {
        let refused = match self {
            Self::Around(_, days) if !(1..=MAX_SHIFT).contains(&days) => {
                Some(format!("`flexible.dates.around.days`: must be from 1 to {MAX_SHIFT}."))
            }
            Self::NightsIn(_, nights) if !(1..=MAX_IN_MONTH).contains(&nights) => {
                Some(format!("`flexible.dates.nightsIn.nights`: must be from 1 to {MAX_IN_MONTH}."))
            }
            _ => None,
        };
        refused.map_or(Ok(self), |message| Err(Error::bad_user_input(message)))
    }
}

fn of_length(check_in: NaiveDate, nights: u32) -> Option<Stay> {
    let check_out = check_in.checked_add_days(Days::new(nights.into()))?;
    Stay::new(check_in, check_out, nights).ok()
}

/// The stays of this length of which all nights are in the month of a day.
fn in_month(day: NaiveDate, nights: u32) -> Vec<Stay> {
    let Some(first) = day.with_day(1) else { return Vec::new() };
    let Some(end) = first.checked_add_months(Months::new(1)) else { return Vec::new() };
    let stays = first.iter_days().take_while(|day| *day < end).filter_map(|day| of_length(day, nights));
    stays.filter(|stay| stay.check_out() <= end).collect()
}

impl Search {
    /// A search as [`Search::new`], for the cheapest of several stays.
    ///
    /// # Errors
    /// [`types::error::Refusal::BadUserInput`] with the argument and its limit.
    pub fn flexible(filter: Filter, (dates, guests): (FlexibleDates, Guests), order: ListingOrder) -> Result<Self> {
        if !filter.words.is_empty() {
            return Err(Error::bad_user_input("`flexible`: cannot be combined with `where.text`."));
        }
        let stays = dates.checked()?.stays();
        Ok(Self { flexible: Some((stays, guests)), ..Self::new(filter, None, order)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn days(dates: FlexibleDates) -> Vec<String> {
        let stays = dates.stays();
        stays.iter().map(|stay| format!("{} {}", stay.check_in().format("%m-%d"), stay.len())).collect()
    }

    #[test]
    fn stays_are_tried_in_the_order_of_their_days() {
        let stay = Stay::new(day("2026-03-01"), day("2026-03-04"), 365).unwrap();
        assert_eq!(days(FlexibleDates::Around(stay, 1)), ["02-28 3", "03-01 3", "03-02 3"]);
        assert_eq!(days(FlexibleDates::Around(stay, 7)).len(), 15);
        // The last of October is a Saturday: its night is in October, and that of Friday too.
        let weekends = days(FlexibleDates::WeekendIn(day("2026-10-17")));
        assert_eq!(weekends, ["10-02 2", "10-09 2", "10-16 2", "10-23 2", "10-30 2"]);
        // The last of January is a Saturday, and the first of August one without its Friday.
        assert_eq!(days(FlexibleDates::WeekendIn(day("2026-08-01")))[0], "08-07 2");
        let weeks = days(FlexibleDates::WeekIn(day("2026-02-28")));
        assert_eq!((weeks.len(), &*weeks[0], &*weeks[21]), (22, "02-01 7", "02-22 7"));
        assert_eq!(days(FlexibleDates::NightsIn(day("2026-12-31"), 1)).len(), 31);
        assert_eq!(days(FlexibleDates::NightsIn(day("2026-02-01"), 28)), ["02-01 28"]);
    }

    #[test]
    fn limits_are_named() {
        let stay = Stay::new(day("2026-03-01"), day("2026-03-04"), 365).unwrap();
        for (dates, is_right) in [
            (FlexibleDates::Around(stay, 0), false),
            (FlexibleDates::Around(stay, 7), true),
            (FlexibleDates::Around(stay, 8), false),
            (FlexibleDates::NightsIn(day("2026-03-01"), 0), false),
            (FlexibleDates::NightsIn(day("2026-03-01"), 28), true),
            (FlexibleDates::NightsIn(day("2026-03-01"), 29), false),
        ] {
            assert_eq!(dates.checked().is_ok(), is_right, "{dates:?}");
        }
    }
}
