//! The demo listings, embedded in the program.

use super::{
    CalendarFrom, ImportError, Options, Part, PartSummary, Progress, Report, Source, Summary, Vanished, inside_airbnb,
};
use mysql_engine::Conn;
use store::imports;
use types::Timestamp;

static LISTINGS: &[u8] = include_bytes!("../../../fixtures/listings.csv");
static REVIEWS: &[u8] = include_bytes!("../../../fixtures/reviews.csv");
static CALENDAR: &[u8] = include_bytes!("../../../fixtures/calendar.csv");

/// The name of the dataset of the demo listings in the table of checkpoints.
pub(super) const DATASET: &str = "fixture";

/// Loads 65 listings in Singapore with reviews and 90 days of calendar that start in the week of
/// `now`. `fixtures/README.md` has their source. Once they are loaded, later calls do nothing,
/// whatever `now` is: days on which someone may have booked do not move.
///
/// # Errors
/// See [`inside_airbnb`].
pub async fn fixture(conn: &mut Conn, now: Timestamp, progress: &mut dyn Progress) -> Result<Summary, ImportError> {
    let options = options();
    let mut done = Vec::new();
    for part in [Part::Listings, Part::Reviews, Part::Calendar] {
        if imports::checkpoint(conn, &options.dataset, part.as_str()).await?.is_some_and(|earlier| earlier.finished) {
            done.push(PartSummary { already_done: true, ..PartSummary::new(part) });
        }
    }
    if done.len() == 3 {
        super::measure(conn, &options.dataset, now).await?;
        return Ok(Summary { parts: done, ..Summary::new(Report::default()) });
    }
    inside_airbnb(conn, &options, now, progress).await
}

#[expect(clippy::expect_used, reason = "SGD is in the list of currencies, and a test loads the fixture")]
fn options() -> Options {
    Options {
        dataset: DATASET.to_owned(),
        listings: Source::Bytes("fixtures/listings.csv", LISTINGS),
        reviews: Some(Source::Bytes("fixtures/reviews.csv", REVIEWS)),
        calendar: Some(Source::Bytes("fixtures/calendar.csv", CALENDAR)),
        city: Some("Singapore".to_owned()),
        currency: Some("SGD".parse().expect("an active currency")),
        vanished: Vanished::Keep,
        calendar_from: CalendarFrom::Today,
        report: None,
        force: false,
        batch: None,
    }
}
