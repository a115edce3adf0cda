//! The options of `staygate import inside-airbnb`.

use std::path::PathBuf;

use chrono::NaiveDate;
use clap::Args;

use super::{CalendarFrom, Options, Source};
use crate::{store::imports::SOURCE, types::Currency};

/// Reads the public dataset of a city from Inside Airbnb: listings, hosts, reviews and calendars.
///
/// Files may be plain or packed with gzip. The import can be run again: rows are updated, never doubled, and a file that was
/// imported before is left alone. After a crash it goes on behind the last batch that was written. Records that cannot be
/// used are listed and do not stop it. Hosts and reviewers become accounts that nobody can sign in to. The dataset has no
/// cancellation policy, fees or times of arrival: MODERATE, none, 15:00 and 11:00.
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
    /// Name of the city. Without it, each listing's own location tells, else its time zone.
    #[arg(long, value_name = "NAME")]
    pub city: Option<String>,
    /// What the `$` of the prices stands for: the dataset has local money. ISO 4217.
    #[arg(long, value_name = "CODE", default_value = "SGD")]
    pub currency: Currency,
    /// `as-is`, `today` or a day: moves the calendar by whole weeks, so that weekdays stay, to cover that day and the time
    /// after it.
    #[arg(long, value_name = "WHEN", default_value = "as-is", value_parser = calendar_from)]
    pub calendar_from: CalendarFrom,
    /// Write the records that could not be used to this CSV file: file, line, record, id, outcome, reason.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Read files again that were imported before.
    #[arg(long)]
    pub force: bool,
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
        // Each city is a dataset with checkpoints of its own. Their names fit into 100 characters.
        let city = args.city.iter().flat_map(|city| city.trim().chars()).take(80).collect::<String>();
        Self {
            dataset: if city.is_empty() { SOURCE.to_owned() } else { format!("{SOURCE}/{city}") },
            listings: Source::File(args.listings),
            reviews: args.reviews.map(Source::File),
            calendar: args.calendar.map(Source::File),
            city: args.city,
            currency: args.currency,
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
    fn wrong_values_are_refused_with_what_would_be_right() {
        assert!(options(&["--calendar-from", "tomorrow"]).unwrap_err().contains("as-is"));
        assert!(options(&["--currency", "dollars"]).unwrap_err().contains("ISO 4217"));
        let day = options(&["--calendar-from", "2026-12-24", "--city", "New York"]).unwrap();
        assert_eq!(day.calendar_from, CalendarFrom::Date("2026-12-24".parse().unwrap()));
        assert_eq!(day.dataset, "inside-airbnb/New York");
    }
}
