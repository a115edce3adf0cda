//! The options of `staygate import inside-airbnb`.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::Args;

use super::{CalendarFrom, Options, Source, Vanished};
use store::imports::SOURCE;
use types::{Currency, UnknownCurrency};

/// Reads the public dataset of a city from Inside Airbnb: listings, hosts, reviews and calendars.
///
/// Files may be plain or compressed with gzip. The import can be repeated: rows are updated, never
/// duplicated, and a file that was imported before is skipped. After a crash it continues after the
/// last batch that was written. Records that cannot be used are reported and skipped. Hosts and
/// reviewers become accounts that cannot sign in. The dataset has no check-in and check-out times,
/// and files since 2020 have no fees and no cancellation policy: the defaults are 15:00 and 11:00,
/// no fees, MODERATE.
#[derive(Debug, Clone, Args)]
pub struct InsideAirbnb {
    /// The detailed `listings.csv` or `listings.csv.gz`.
    #[arg(long, value_name = "FILE")]
    pub listings: PathBuf,
    /// The detailed `reviews.csv` or `reviews.csv.gz`.
    #[arg(long, value_name = "FILE")]
    pub reviews: Option<PathBuf>,
    /// `calendar.csv` or `calendar.csv.gz`.
    #[arg(long, value_name = "FILE")]
    pub calendar: Option<PathBuf>,
    /// Name of the city. Default: from the coordinates of the listings, else from the file.
    #[arg(long, value_name = "NAME")]
    pub city: Option<String>,
    /// Currency of the prices, ISO 4217: the `$` of the dataset stands for the local one. Default:
    /// the currency of the country where the listings are.
    #[arg(long, value_name = "CODE", value_parser = currency)]
    pub currency: Option<Currency>,
    /// What to do with published listings that an earlier file of the city had and this one does
    /// not.
    #[arg(long, value_name = "WHAT", default_value = "keep")]
    pub vanished: Vanished,
    /// `as-is`, `today` or a day: moves the calendar by whole weeks, so that weekdays stay, to
    /// cover that day and the time after it.
    #[arg(long, value_name = "WHEN", default_value = "as-is", value_parser = calendar_from)]
    pub calendar_from: CalendarFrom,
    /// Write the rejected records to this CSV file: file, line, record, id, outcome, reason.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Import files again that were imported before, and ignore contradictions: a city or currency
    /// that differs from the coordinates or the database.
    #[arg(long)]
    pub force: bool,
}

fn currency(text: &str) -> Result<Currency, String> {
    text.parse().map_err(|error: UnknownCurrency| match text.to_uppercase().parse::<Currency>() {
        Ok(meant) => format!("{error}: write it in capital letters, {meant}"),
        Err(_) => error.to_string(),
    })
}

fn calendar_from(text: &str) -> Result<CalendarFrom, String> {
    match text {
        "as-is" => Ok(CalendarFrom::AsIs),
        "today" => Ok(CalendarFrom::Today),
        day => {
            let day = day.parse::<NaiveDate>().map_err(|_| "write `as-is`, `today` or a day as 2026-12-24")?;
            Ok(CalendarFrom::Date(day))
        }
    }
}

impl From<InsideAirbnb> for Options {
    fn from(args: InsideAirbnb) -> Self {
        Self {
            // The city is added when it is known.
            dataset: SOURCE.to_owned(),
            listings: Source::File(args.listings),
            reviews: args.reviews.map(Source::File),
            calendar: args.calendar.map(Source::File),
            city: args.city,
            currency: args.currency,
            vanished: args.vanished,
            calendar_from: args.calendar_from,
            report: args.report,
            force: args.force,
            batch: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        args: InsideAirbnb,
    }

    fn options(extra: &[&str]) -> Result<Options, String> {
        let args = ["import", "--listings", "l.csv"].iter().chain(extra);
        Command::try_parse_from(args).map(|command| command.args.into()).map_err(|error| error.to_string())
    }

    #[test]
    fn only_the_listings_must_be_given() {
        let options = options(&[]).unwrap();
        assert_eq!(options.dataset, "inside-airbnb");
        assert_eq!(options.calendar_from, CalendarFrom::AsIs);
        assert!(options.reviews.is_none() && options.calendar.is_none() && !options.force);
        assert!(Command::try_parse_from(["import"]).is_err());
    }

    #[test]
    fn invalid_values_are_rejected_with_a_suggestion() {
        assert!(options(&["--calendar-from", "tomorrow"]).unwrap_err().contains("as-is"));
        assert!(options(&["--currency", "dollars"]).unwrap_err().contains("ISO 4217"));
        assert!(options(&["--currency", "usd"]).unwrap_err().contains("capital letters, USD"), "I10");
        let day = options(&["--calendar-from", "2026-12-24", "--city", "New York"]).unwrap();
        assert_eq!(day.calendar_from, CalendarFrom::Date("2026-12-24".parse().unwrap()));
        assert_eq!(day.dataset_of(Some("New York")), "inside-airbnb/New York");
    }
}
