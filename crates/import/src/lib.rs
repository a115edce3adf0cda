//! Public datasets, read into the store.
//!
//! [`inside_airbnb`] takes the three files of a city: listings, then reviews, then calendars. A thread reads and cleans
//! records ([`Source`], `table`, `text`, and a file for each kind of record) while the previous batch is being written by
//! [`store::imports`], so memory holds a few batches at the most. What cannot be used goes into a
//! [`Report`] and the rest goes on.

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
pub use report::{Place, Problem, Report, Severity};
pub use source::Source;
pub use summary::{Gone, PartSummary, Summary};

/// Part of every fingerprint: a change of the rules of cleaning raises it, and the same file is read again.
const RULES: u8 = 2;

/// So many listings do not vanish at once without a reason, if they are most of a city.
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

    /// The column that tells records apart best.
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

/// Which days the calendar is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CalendarFrom {
    /// Those in the file.
    AsIs,
    /// Moved by whole weeks, so that weekdays stay, to begin on this day or up to six days before it: the calendar covers
    /// the day, and as many days after it as it can.
    Date(NaiveDate),
    /// The same, with the day that begins now in the west of the world, so that it covers today everywhere.
    Today,
}

impl CalendarFrom {
    /// By how many days a calendar whose first day is `first` moves.
    fn shift(self, first: NaiveDate, now: Timestamp) -> Duration {
        let day = match self {
            Self::AsIs => return Duration::zero(),
            Self::Date(day) => day,
            Self::Today => (now - Duration::hours(12)).utc().date_naive(),
        };
        Duration::weeks((day - first).num_days().div_euclid(7))
    }
}

/// What to do with listings that have vanished from the dataset.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Vanished {
    /// Leave them as they are.
    #[default]
    Keep,
    /// Unlist them. Their bookings stay, and a later file that has them again publishes them.
    Unlist,
}

/// What to import, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// Names the dataset in the table of checkpoints.
    pub dataset: String,
    /// `listings.csv`.
    pub listings: Source,
    /// `reviews.csv`.
    pub reviews: Option<Source>,
    /// `calendar.csv`.
    pub calendar: Option<Source>,
    /// Name of the city. `None`: by the coordinates of the listings, else by what the file says.
    pub city: Option<String>,
    /// The currency of the prices. `None`: that of the country where the listings are.
    pub currency: Option<Currency>,
    /// What to do with published listings that an earlier file had and this one does not.
    pub vanished: Vanished,
    /// Which days the calendar is about.
    pub calendar_from: CalendarFrom,
    /// Where to list the records that could not be used.
    pub report: Option<PathBuf>,
    /// Read files again that were imported before, begin half-done ones anew, and import in spite of contradictions.
    pub force: bool,
    /// Records of a batch. `None`: as many as are fast.
    pub batch: Option<usize>,
}

/// Why an import ended before its end. What was committed stays; the next run goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file cannot be opened, read or unpacked.
    #[error("cannot read the {part} file {file}: {error}")]
    Unreadable {
        /// Which file.
        part: Part,
        /// Its name.
        file: Source,
        /// Why.
        error: std::io::Error,
    },
    /// A file is something else than CSV.
    #[error("the {part} file {file} {what}")]
    Foreign {
        /// Which file.
        part: Part,
        /// Its name.
        file: Source,
        /// What it is, and what to do about it.
        what: String,
    },
    /// A file lacks columns.
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
    /// The currency of the prices is not known.
    #[error("the currency of the prices in {file} is not known: name it with --currency")]
    Currency {
        /// The file of listings.
        file: Source,
    },
    /// What is asked for contradicts the files or the database.
    #[error("{}. If that is meant, say --force", .0.join("; "))]
    Contradiction(Vec<String>),
    /// The report cannot be written.
    #[error("cannot write the report: {0}")]
    Report(#[from] csv::Error),
    /// A batch was not committed.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The caller asked to stop.
    #[error("the import was stopped; the next run goes on from there")]
    Stopped,
    /// The thread that reads ended without a word.
    #[error("reading the {0} file ended in a panic: this is a bug")]
    Reader(Part),
}

impl From<diesel::result::Error> for ImportError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Commit(error.into())
    }
}

/// Imports a dataset of Inside Airbnb. Rows of an earlier import are updated, never doubled; a file that was imported before
/// with the same bytes and options is left alone; one that was left half-done is taken up behind the last committed batch.
/// Nights that somebody holds through Staygate are never touched.
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
    let mut found = survey::look(conn, options).await?;
    summary.contradictions = std::mem::take(&mut found.contradictions);
    let (currency, city) = (found.currency, found.city.clone());
    let dataset = options.dataset_of(city.as_deref());
    // What becomes of a review or a day depends on the listings, so their file is part of every fingerprint.
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

/// Finds the listings that this file no longer has, and unlists them if that is asked for.
async fn vanished(
    conn: &mut Conn,
    options: &Options,
    (dataset, fingerprint): (&str, [u8; 32]),
    city: Option<&str>,
    now: Timestamp,
) -> Result<Gone, ImportError> {
    let (ids, all) = imports::vanished(conn, (dataset, &fingerprint), city).await?;
    let is_asked = options.vanished == Vanished::Unlist && !ids.is_empty();
    // A file that was cut off must not unlist a city.
    let too_many = is_asked && ids.len() >= MANY && ids.len() * 2 > all && !options.force;
    let unlisted = is_asked && !too_many;
    if unlisted && let Some(at) = imports::checkpoint(conn, dataset, Part::Listings.as_str()).await? {
        imports::unlist(conn, &ids, &at, now).await?;
    }
    Ok(Gone { listings: ids.len(), unlisted, too_many })
}

impl Options {
    /// Each city is a dataset with checkpoints of its own. Their names fit into 100 characters.
    fn dataset_of(&self, city: Option<&str>) -> String {
        match city {
            Some(city) if self.dataset == SOURCE => {
                format!("{SOURCE}/{}", city.trim().chars().take(80).collect::<String>())
            }
            _ => self.dataset.clone(),
        }
    }
}

/// The last step, unless it was done after the last batch.
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
    fn today_is_covered_wherever_on_earth() {
        let now = Timestamp::from(date("2026-11-24").and_hms_opt(3, 0, 0).unwrap().and_utc());
        let first = date("2026-11-24");
        assert_eq!(
            first + CalendarFrom::Today.shift(first, now),
            date("2026-11-17"),
            "it is still the 23rd in Honolulu"
        );
    }
}
