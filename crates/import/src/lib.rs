//! Imports public datasets into the store.
//!
//! [`inside_airbnb`] reads the three files of a city: listings, reviews, calendar. A thread parses
//! and cleans records ([`Source`], `table`, `text`, and a module for each kind of record) while the
//! previous batch is written by [`store::imports`], so memory holds at most a few batches. Records
//! that cannot be used are added to a [`Report`], and the import continues.

mod amenities;
pub mod demo;
mod args;
mod calendar;
mod cities;
mod fixture;
mod foreign;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod gzip;
mod kinds;
mod listings;
mod places;
mod price;
mod progress;
mod report;
mod reviews;
mod source;
mod stage;
mod summary;
mod survey;
mod table;
mod text;

use std::{fmt, path::PathBuf};

use chrono::{Duration, NaiveDate};
use sha2::{Digest, Sha256};

use mysql_engine::Conn;
use store::imports::{self, CommitError, Origin, SOURCE};
use types::{Currency, Timestamp};

pub use args::InsideAirbnb;
pub use fixture::fixture;
pub use progress::{Lines, Progress, Silent, Stop, Terminal, progress};
pub use report::{Position, Problem, Report, Severity};
pub use source::Source;
pub use summary::{PartSummary, Summary, VanishedListings};

/// Part of every fingerprint: increased when the cleaning rules change, so that the same file is
/// read again.
const RULES: u8 = 3;

/// This number of listings, if they are most of a city, does not vanish at once without a reason.
const MANY: usize = 50;

/// A file of the dataset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// `listings.csv`: listings and hosts.
    Listings,
    /// `reviews.csv`: reviews and their authors.
    Reviews,
    /// `calendar.csv`: nights.
    Calendar,
}

impl Part {
    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Listings => "listings",
            Self::Reviews => "reviews",
            Self::Calendar => "calendar",
        }
    }

    /// The column that identifies records.
    fn id_column(self) -> &'static str {
        match self {
            Self::Listings | Self::Reviews => "id",
            Self::Calendar => "listing_id",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which days the calendar covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CalendarFrom {
    /// The days in the file.
    AsIs,
    /// Moved by whole weeks, so that weekdays are kept, to start on this day or up to six days
    /// before it: the calendar covers this day and the time after it.
    Date(NaiveDate),
    /// The same, with the day that starts now in the westernmost time zone, so that the calendar
    /// covers today everywhere.
    Today,
}

impl CalendarFrom {
    /// The number of days by which a calendar with the first day `first` moves.
    fn shift(self, first: NaiveDate, now: Timestamp) -> Duration {
        let day = match self {
            Self::AsIs => return Duration::zero(),
            Self::Date(day) => day,
            Self::Today => (now - Duration::hours(12)).utc().date_naive(),
        };
        Duration::weeks((day - first).num_days().div_euclid(7))
    }
}

/// What to do with listings that are no longer in the dataset.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Vanished {
    /// Do not change them.
    #[default]
    Keep,
    /// Unlist them. Their bookings stay, and a later file that contains them publishes them again.
    Unlist,
}

/// The options of an import.
#[derive(Debug, Clone)]
pub struct Options {
    /// The name of the dataset in the table of checkpoints.
    pub dataset: String,
    /// `listings.csv`.
    pub listings: Source,
    /// `reviews.csv`.
    pub reviews: Option<Source>,
    /// `calendar.csv`.
    pub calendar: Option<Source>,
    /// The name of the city. `None`: from the coordinates of the listings, else from the file.
    pub city: Option<String>,
    /// The currency of the prices. `None`: that of the country of the listings.
    pub currency: Option<Currency>,
    /// What to do with published listings that an earlier file contained and this one does not.
    pub vanished: Vanished,
    /// Which days the calendar covers.
    pub calendar_from: CalendarFrom,
    /// Where to write the rejected records.
    pub report: Option<PathBuf>,
    /// Import files again that were imported before, restart incomplete ones, and ignore
    /// contradictions.
    pub force: bool,
    /// Records per batch. `None`: the fastest number.
    pub batch: Option<usize>,
}

/// Why an import failed. Committed batches stay; the next run continues after them.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file cannot be opened, read or decompressed.
    #[error("cannot read the {part} file {file}: {error}")]
    Unreadable {
        /// Which file.
        part: Part,
        /// Its name.
        file: Source,
        /// Why.
        error: std::io::Error,
    },
    /// A file is not CSV.
    #[error("the {part} file {file} {what}")]
    Foreign {
        /// Which file.
        part: Part,
        /// Its name.
        file: Source,
        /// What it is, with advice.
        what: String,
    },
    /// Columns are missing.
    #[error(
        "the {part} file {file} has no column {}: the detailed files of the dataset are needed, with their header",
        missing.join(", ")
    )]
    Columns {
        /// Which file.
        part: Part,
        /// Its name.
        file: Source,
        /// The columns.
        missing: Vec<String>,
    },
    /// The currency of the prices is unknown.
    #[error("the currency of the prices in {file} is not known: name it with --currency")]
    Currency {
        /// The file of listings.
        file: Source,
    },
    /// The options contradict the files or the database.
    #[error("{}. To import anyway, use --force", .0.join("; "))]
    Contradiction(Vec<String>),
    /// The report cannot be written.
    #[error("cannot write the report: {0}")]
    Report(#[from] csv::Error),
    /// A batch was not committed.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The caller stopped the import.
    #[error("the import was stopped; the next run continues from there")]
    Stopped,
    /// The reading thread panicked.
    #[error("reading the {0} file ended in a panic: this is a bug")]
    Reader(Part),
}

impl From<diesel::result::Error> for ImportError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Commit(error.into())
    }
}

/// Imports an Inside Airbnb dataset. Rows of an earlier import are updated, never duplicated; a
/// file that was imported before with the same content and options is skipped; an interrupted
/// import continues after the last committed batch. Nights with bookings or blocks in Staygate are
/// never changed.
///
/// # Errors
/// See [`ImportError`]. What was committed before the error stays.
pub async fn inside_airbnb(
    conn: &mut Conn,
    options: &Options,
    now: Timestamp,
    progress: &mut dyn Progress,
) -> Result<Summary, ImportError> {
    let mut summary = Summary::new(Report::new(options.report.as_deref())?);
    let result = run(conn, options, now, progress, &mut summary).await;
    summary.report.flush()?;
    result.map(|()| summary)
}

async fn run(
    conn: &mut Conn,
    options: &Options,
    now: Timestamp,
    progress: &mut dyn Progress,
    summary: &mut Summary,
) -> Result<(), ImportError> {
    let print = digest(Part::Listings, &options.listings).await?;
    let mut found = survey::run(conn, options).await?;
    summary.contradictions = std::mem::take(&mut found.contradictions);
    let (currency, city) = (found.currency, found.city.clone());
    let dataset = options.dataset_of(city.as_deref());
    // The result for a review or a day depends on the listings, so their file is part of every
    // fingerprint.
    let base: [u8; 32] = Sha256::new().chain_update(found.key(RULES)).chain_update(print).finalize().into();
    let origin = Origin { dataset: dataset.clone(), fingerprint: base, has_calendar: options.calendar.is_some() };
    let mut stage = stage::Stage { options, dataset: &dataset, now, progress, summary };
    stage.run(conn, listings::Reader::new(found, origin), &options.listings, base).await?;
    if !stage.summary.parts.iter().any(PartSummary::is_useless) {
        stage.summary.vanished = vanished(conn, options, (&dataset, base), city.as_deref(), now).await?;
    }
    if let Some(source) = &options.reviews {
        let print = digest(Part::Reviews, source).await?;
        let print = Sha256::new().chain_update(base).chain_update(print).finalize();
        stage.run(conn, reviews::Reader::default(), source, print.into()).await?;
    }
    if let Some(source) = &options.calendar {
        let print = digest(Part::Calendar, source).await?;
        let shift = match options.calendar_from {
            CalendarFrom::AsIs => Duration::zero(),
            from => from.shift(calendar::first_day(source.clone()).await?, now),
        };
        let days = shift.num_days().to_be_bytes();
        let print = Sha256::new().chain_update(base).chain_update(print).chain_update(days).finalize();
        stage.run(conn, calendar::Reader::new(currency, shift), source, print.into()).await?;
    }
    measure(conn, &dataset, now).await
}

/// Finds the listings that this file no longer contains, and unlists them if requested.
async fn vanished(
    conn: &mut Conn,
    options: &Options,
    (dataset, fingerprint): (&str, [u8; 32]),
    city: Option<&str>,
    now: Timestamp,
) -> Result<VanishedListings, ImportError> {
    let (ids, all) = imports::vanished(conn, (dataset, &fingerprint), city).await?;
    let is_asked = options.vanished == Vanished::Unlist && !ids.is_empty();
    // A truncated file must not unlist a city.
    let too_many = is_asked && ids.len() >= MANY && ids.len() * 2 > all && !options.force;
    let unlisted = is_asked && !too_many;
    if unlisted && let Some(at) = imports::checkpoint(conn, dataset, Part::Listings.as_str()).await? {
        imports::unlist(conn, &ids, &at, now).await?;
    }
    Ok(VanishedListings { listings: ids.len(), unlisted, too_many })
}

impl Options {
    /// Each city is a dataset with separate checkpoints. Their names fit into 100 characters.
    fn dataset_of(&self, city: Option<&str>) -> String {
        match city {
            Some(city) if self.dataset == SOURCE => {
                format!("{SOURCE}/{}", city.trim().chars().take(80).collect::<String>())
            }
            _ => self.dataset.clone(),
        }
    }
}

/// The final step, unless it was done after the last batch.
async fn measure(conn: &mut Conn, dataset: &str, now: Timestamp) -> Result<(), ImportError> {
    if !imports::is_measured(conn, dataset).await? {
        imports::measure(conn).await?;
        imports::set_measured(conn, dataset, true, now).await?;
    }
    Ok(())
}

async fn digest(part: Part, source: &Source) -> Result<[u8; 32], ImportError> {
    let read = source.clone();
    let digest = tokio::task::spawn_blocking(move || read.digest()).await.map_err(|_| ImportError::Reader(part))?;
    digest.map_err(|error| ImportError::Unreadable { part, file: source.clone(), error })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_moved_calendar_keeps_its_weekdays_and_covers_the_day() {
        let first = date("2023-09-23");
        let now = Timestamp::from(chrono::DateTime::UNIX_EPOCH);
        for day in ["2026-11-24", "2026-11-28", "2023-09-23", "2023-09-22", "2020-02-29"] {
            let shift = CalendarFrom::Date(date(day)).shift(first, now);
            let ahead = (date(day) - (first + shift)).num_days();
            assert_eq!(shift.num_days() % 7, 0);
            assert!((0..7).contains(&ahead), "{day}: begins {ahead} days before");
        }
        assert_eq!(CalendarFrom::AsIs.shift(first, now), Duration::zero());
    }

    #[test]
    fn today_is_covered_in_every_time_zone() {
        let now = Timestamp::from(date("2026-11-24").and_hms_opt(3, 0, 0).unwrap().and_utc());
        let first = date("2026-11-24");
        assert_eq!(
            first + CalendarFrom::Today.shift(first, now),
            date("2026-11-17"),
            "it is still the 23rd in Honolulu"
        );
    }
}
