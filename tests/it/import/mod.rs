//! The import of the public dataset, from files into the tables.

mod catalog;
mod changes;
mod crashes;
mod edits;
mod fixture;
mod full;
mod last_step;
mod rows;

use std::{fs, path::PathBuf};

use diesel::sql_types::{BigInt, Text};
use diesel_async::RunQueryDsl;
use import::{CalendarFrom, ImportError, Options, Part, Progress, Silent, Source, Summary, Vanished, inside_airbnb};
use mysql_engine::Conn;
use types::Timestamp;

#[derive(diesel::QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

#[derive(diesel::QueryableByName)]
struct Words {
    #[diesel(sql_type = Text)]
    text: String,
}

/// The number that `SELECT {what}` yields.
async fn number(conn: &mut Conn, what: &str) -> i64 {
    let sql = format!("SELECT CAST(({what}) AS SIGNED) AS n");
    let row: Number = diesel::sql_query(sql).get_result(conn).await.expect("a number");
    row.n
}

/// The text that `SELECT {what}` yields.
async fn words(conn: &mut Conn, what: &str) -> String {
    let sql = format!("SELECT CAST(({what}) AS CHAR) AS text");
    let row: Words = diesel::sql_query(sql).get_result(conn).await.expect("a text");
    row.text
}

/// Noon of a Tuesday in 2026.
fn now() -> Timestamp {
    at("2026-11-24T12:00:00Z")
}

fn at(text: &str) -> Timestamp {
    chrono::DateTime::parse_from_rfc3339(text).unwrap().to_utc().into()
}

const TABLES: &[&str] =
    &["users", "listings", "photos", "amenities", "listing_amenities", "reviews", "nights", "night_rates"];

#[derive(diesel::QueryableByName)]
struct Checksum {
    #[diesel(sql_type = BigInt, column_name = "Checksum")]
    checksum: i64,
}

/// A number for each table that changes with any of its rows.
async fn checksums(conn: &mut Conn) -> Vec<i64> {
    let sql = format!("CHECKSUM TABLE {}", TABLES.join(", "));
    let rows: Vec<Checksum> = diesel::sql_query(sql).load(conn).await.expect("checksums");
    rows.into_iter().map(|row| row.checksum).collect()
}

/// A city of two listings in files of a folder of its own.
struct City {
    folder: tempfile::TempDir,
    options: Options,
}

const LISTINGS: &str = "\
id,name,description,host_id,host_name,host_since,host_about,latitude,longitude,property_type,room_type,accommodates,amenities,price,\
minimum_nights,maximum_nights,number_of_reviews,review_scores_rating,last_scraped,picture_url
71609,First,A<br />B,10,Hana,2012-05-09,\"Host of\nmany\",1.3,103.8,Entire condo,Entire home/apt,4,\"[\"\"Wifi\"\", \"\"TV\"\"]\",\
$100.00,2,30,2,4.5,2023-09-23,https://example.org/1.jpg
985940069189910173,Second,,11,Ivo,2013-05-09,,1.31,103.81,Entire loft,Entire home/apt,2,[],\"$1,000.00\",1,30,0,,2023-09-23,
";

const REVIEWS: &str = "\
listing_id,id,date,reviewer_id,reviewer_name,comments
71609,9007199254740993,2023-01-02,20,Gus,\"Good\r<br/>stay\"
985940069189910173,2,2022-01-02,20,Gus,Fine
71609,3,2022-03-04,11,Someone,A host as a guest
";

const CALENDAR: &str = "\
listing_id,date,available,price,adjusted_price,minimum_nights,maximum_nights
71609,2023-09-23,t,$100.00,$90.00,2,30
71609,2023-09-24,f,$100.00,$90.00,2,30
71609,2023-09-25,t,\"$1,200.00\",,3,100000
985940069189910173,2023-09-23,f,\"$1,000.00\",,1,30
985940069189910173,2023-09-24,t,\"$1,000.00\",,9,3
";

impl City {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).expect("a file");
            Source::File(path)
        };
        let options = Options {
            dataset: "inside-airbnb/Test".to_owned(),
            listings: file("listings.csv", LISTINGS),
            reviews: Some(file("reviews.csv", REVIEWS)),
            calendar: Some(file("calendar.csv", CALENDAR)),
            city: None,
            currency: Some("SGD".parse().unwrap()),
            vanished: Vanished::Keep,
            calendar_from: CalendarFrom::AsIs,
            report: None,
            force: false,
            batch: None,
        };
        Self { folder, options }
    }

    fn path(&self, part: Part) -> PathBuf {
        self.folder.path().join(format!("{part}.csv"))
    }

    /// Replaces `old` in a file, where it must be, with `new`.
    fn edit(&self, part: Part, old: &str, new: &str) {
        let text = fs::read_to_string(self.path(part)).unwrap();
        assert!(text.contains(old), "{old:?} is not in {text:?}");
        fs::write(self.path(part), text.replace(old, new)).unwrap();
    }

    fn append(&self, part: Part, bytes: &[u8]) {
        let mut text = fs::read(self.path(part)).unwrap();
        text.extend_from_slice(bytes);
        fs::write(self.path(part), text).unwrap();
    }

    async fn import(&self, conn: &mut Conn) -> Summary {
        self.import_at(conn, now()).await
    }

    async fn import_at(&self, conn: &mut Conn, now: Timestamp) -> Summary {
        let summary = inside_airbnb(conn, &self.options, now, &mut Silent).await.expect("the import succeeds");
        reconciles(&summary);
        summary
    }

    async fn import_with(&self, conn: &mut Conn, progress: &mut dyn Progress) -> Result<Summary, ImportError> {
        inside_airbnb(conn, &self.options, now(), progress).await
    }
}

/// Every record has exactly one outcome.
fn reconciles(summary: &Summary) {
    for part in &summary.parts {
        let fates = part.created + part.updated + part.unchanged + part.skipped;
        assert_eq!(part.read, fates, "{part}");
    }
}

/// New, updated, unchanged and skipped records of a file.
fn counts(summary: &Summary, part: Part) -> (u64, u64, u64, u64) {
    let part = summary.part(part).expect("the file was given");
    (part.created, part.updated, part.unchanged, part.skipped)
}
