//! The complete dataset of Singapore, if the files are available.

use std::{path::Path, time::Instant};

use import::{CalendarFrom, Lines, Options, Part, Source, inside_airbnb};
use mysql_engine::Conn;
use store::imports::SOURCE;

use super::{counts, now, number, reconciles};
use crate::harness::database::TestDatabase;

/// Needs `STAYGATE_SINGAPORE`, a folder with `listings.csv.gz`, `reviews.csv.gz` and `calendar.csv.gz` of 23 September 2023.
/// With `TEST_DATABASE_URL` it says how long a server of one's own takes.
#[tokio::test]
#[ignore = "needs the files of the whole city"]
async fn the_whole_city_reconciles() {
    let folder = std::env::var("STAYGATE_SINGAPORE").expect("STAYGATE_SINGAPORE names the folder");
    let file = |part: Part| Source::File(Path::new(&folder).join(format!("{part}.csv.gz")));
    let mut options = Options {
        dataset: format!("{SOURCE}/Singapore"),
        listings: file(Part::Listings),
        reviews: Some(file(Part::Reviews)),
        calendar: Some(file(Part::Calendar)),
        city: Some("Singapore".to_owned()),
        currency: Some("SGD".parse().unwrap()),
        vanished: import::Vanished::Keep,
        calendar_from: CalendarFrom::AsIs,
        report: None,
        force: false,
        batch: None,
    };
    let test = TestDatabase::new().await;
    let conn = &mut test.conn().await;
    let began = Instant::now();
    let summary = inside_airbnb(conn, &options, now(), &mut Lines::new(std::io::stderr())).await.unwrap();
    eprintln!("{summary}{:.1} s, {}", began.elapsed().as_secs_f64(), peak());
    reconciles(&summary);
    assert_eq!(counts(&summary, Part::Listings), (3_483, 0, 0, 0));
    assert_eq!(counts(&summary, Part::Reviews), (35_698, 0, 0, 0));
    assert_eq!(summary.part(Part::Calendar).unwrap().read, 1_271_274);
    counted(conn).await;
    options.force = true;
    let began = Instant::now();
    let again = inside_airbnb(conn, &options, now(), &mut Lines::new(std::io::stderr())).await.unwrap();
    eprintln!("again: {:.1} s, {}", began.elapsed().as_secs_f64(), peak());
    reconciles(&again);
    for (part, records) in [(Part::Listings, 3_483), (Part::Reviews, 35_698), (Part::Calendar, 1_271_274)] {
        assert_eq!(counts(&again, part), (0, 0, records, 0), "{again}");
    }
}

/// The counts in the README of the data, from the tables.
async fn counted(conn: &mut Conn) {
    for (what, n) in [
        ("SELECT COUNT(*) FROM listings", 3_483),
        ("SELECT COUNT(*) FROM listings WHERE source_id > 9007199254740992", 1_134),
        ("SELECT COUNT(*) FROM listings WHERE time_zone <> 'Asia/Singapore'", 0),
        ("SELECT MAX(base_price) FROM listings", 10_999_900),
        ("SELECT COUNT(*) FROM listings WHERE rating = 0", 1_565 + 33),
        ("SELECT COUNT(DISTINCT host_id) FROM listings", 915),
        ("SELECT COUNT(*) FROM users", 915 + 32_992 - 17),
        ("SELECT COUNT(*) FROM reviews", 35_698),
        ("SELECT SUM(review_count) FROM listings", 35_698),
        ("SELECT COUNT(*) FROM listings WHERE review_count > 0", 1_918),
        ("SELECT COUNT(*) FROM nights", 449_296),
        // 579,423 days differ from their listing; 707 of them only in a stay that contradicts itself.
        ("SELECT COUNT(*) FROM night_rates", 579_423 - 707),
    ] {
        assert_eq!(number(conn, what).await, n, "{what}");
    }
}

/// The peak memory of this process, if the system reports it.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("memory unknown").to_owned()
}
