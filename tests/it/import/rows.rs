//! Files of other cities and years, newer ones after older ones, and files of other kinds.

use std::fs;

use import::{ImportError, Part, Silent, Vanished, inside_airbnb};
use mysql_engine::Conn;

use super::{City, counts, now, number, words};
use crate::harness::database::TestDatabase;

/// A column of the first listing, or of the second.
async fn listing(conn: &mut Conn, id: u64, column: &str) -> String {
    words(conn, &format!("SELECT COALESCE({column}, 'NULL') FROM listings WHERE source_id = {id}")).await
}

const FIRST: u64 = 71_609;
const SECOND: u64 = 985_940_069_189_910_173;

/// The error of the import.
async fn refused(conn: &mut Conn, city: &City) -> String {
    let error = inside_airbnb(conn, &city.options, now(), &mut Silent).await.unwrap_err();
    assert!(matches!(error, ImportError::Contradiction(_)), "{error}");
    error.to_string()
}

/// I1: without options, city and currency follow from the coordinates of the listings.
#[tokio::test]
async fn coordinates_determine_city_and_currency() {
    let test = TestDatabase::new().await;
    let conn = &mut test.conn().await;
    let mut city = City::new();
    (city.options.city, city.options.currency) = (None, None);
    for (position, name, money) in [("1.3,103.8", "Singapore", "SGD"), ("-33.87,151.2", "Sydney", "AUD")] {
        if name == "Sydney" {
            city.edit(Part::Listings, "71609,", "81609,");
            city.edit(Part::Listings, &SECOND.to_string(), "985940069189910174");
            city.edit(Part::Listings, "1.3,103.8", position);
            city.edit(Part::Listings, "1.31,103.81", position);
            (city.options.reviews, city.options.calendar) = (None, None);
        }
        city.import(conn).await;
        let count = format!("SELECT COUNT(*) FROM listings WHERE city = '{name}' AND currency = '{money}'");
        assert_eq!(number(conn, &count).await, 2, "{name}");
    }
}

/// I1: hundreds of listings were assigned to another city and currency without a warning.
#[tokio::test]
async fn a_city_or_currency_that_contradicts_is_refused_unless_forced() {
    let test = TestDatabase::new().await;
    let conn = &mut test.conn().await;
    let mut city = City::new();
    city.options.currency = Some("USD".parse().unwrap());
    assert!(refused(conn, &city).await.contains("listings are in SGD, not in USD"));
    (city.options.currency, city.options.city) = (None, Some("Sydney".to_owned()));
    assert!(refused(conn, &city).await.contains("not in Sydney: they are around 1.3"));
    assert_eq!(number(conn, "SELECT COUNT(*) FROM listings").await, 0, "nothing was written");
    city.options.city = None;
    city.import(conn).await;
    city.options.city = Some("Johor Bahru".to_owned());
    let said = refused(conn, &city).await;
    assert!(
        said.contains("2 of these listings are in the database already, in Singapore with prices in SGD"),
        "{said}"
    );
    assert!(said.contains("Johor Bahru") && said.contains("--force"), "{said}");
    city.options.force = true;
    city.import(conn).await;
    assert_eq!(listing(conn, FIRST, "city").await, "Johor Bahru");
}

/// I2: a listing without a price was left out, although its calendar has prices.
#[tokio::test]
async fn a_listing_without_a_price_has_that_of_its_calendar() {
    let test = TestDatabase::new().await;
    let conn = &mut test.conn().await;
    let city = City::new();
    city.edit(Part::Listings, ",$100.00,", ",,");
    let summary = city.import(conn).await;
    assert_eq!(counts(&summary, Part::Listings), (2, 0, 0, 0), "{summary}");
    // Two days at 100.00, one at 1,200.00.
    assert_eq!(listing(conn, FIRST, "base_price").await, "10000");
    let own = "SELECT GROUP_CONCAT(price) FROM night_rates JOIN listings ON id = listing_id WHERE source_id = 71609";
    assert_eq!(words(conn, own).await, "120000");
}

/// I3: listings that a newer file no longer has stayed bookable without a warning.
#[tokio::test]
async fn vanished_listings_are_reported_and_unlisted_if_requested() {
    let test = TestDatabase::new().await;
    let conn = &mut test.conn().await;
    let mut city = City::new();
    (city.options.reviews, city.options.calendar) = (None, None);
    let summary = city.import(conn).await;
    assert_eq!(summary.vanished.listings, 0);
    let text = fs::read_to_string(city.path(Part::Listings)).unwrap();
    let without: String = text.split_inclusive('\n').filter(|line| !line.starts_with(&SECOND.to_string())).collect();
    fs::write(city.path(Part::Listings), without).unwrap();
    let summary = city.import(conn).await;
    assert_eq!((summary.vanished.listings, summary.vanished.unlisted), (1, false));
    assert!(summary.to_string().contains("1 published listing is no longer in the file: kept"), "{summary}");
    assert_eq!(listing(conn, SECOND, "status").await, "PUBLISHED");
    city.options.vanished = Vanished::Unlist;
    assert!(city.import(conn).await.vanished.unlisted);
    assert_eq!(listing(conn, SECOND, "status").await, "UNLISTED");
    assert_eq!(listing(conn, FIRST, "status").await, "PUBLISHED");
    assert_eq!(city.import(conn).await.vanished.listings, 0, "it is reported once");
    fs::write(city.path(Part::Listings), text).unwrap();
    city.import(conn).await;
    assert_eq!(listing(conn, SECOND, "status").await, "PUBLISHED", "it is published again");
}

/// I3: a listing that the host has unlisted stays unlisted, even when it vanished and is back.
#[tokio::test]
async fn a_listing_that_its_host_unlisted_is_not_published_by_an_import() {
    let test = TestDatabase::new().await;
    let conn = &mut test.conn().await;
    let mut city = City::new();
    (city.options.reviews, city.options.calendar, city.options.vanished) = (None, None, Vanished::Unlist);
    city.import(conn).await;
    let text = fs::read_to_string(city.path(Part::Listings)).unwrap();
    fs::write(city.path(Part::Listings), text.lines().take(3).map(|line| format!("{line}\n")).collect::<String>())
        .unwrap();
    assert!(city.import(conn).await.vanished.unlisted);
    let host = "UPDATE listings SET updated_at = '2026-11-25' WHERE status = 'UNLISTED'";
    diesel_async::SimpleAsyncConnection::batch_execute(conn, host).await.unwrap();
    fs::write(city.path(Part::Listings), text).unwrap();
    city.import(conn).await;
    assert_eq!(listing(conn, SECOND, "status").await, "UNLISTED");
}

/// I3, I9: a file without usable records does not make listings vanish.
#[tokio::test]
async fn an_empty_file_unlists_nothing() {
    let test = TestDatabase::new().await;
    let conn = &mut test.conn().await;
    let mut city = City::new();
    (city.options.reviews, city.options.calendar, city.options.vanished) = (None, None, Vanished::Unlist);
    city.import(conn).await;
    let text = fs::read_to_string(city.path(Part::Listings)).unwrap();
    let header = text.lines().next().unwrap().to_owned() + "\n";
    for nothing in [header.clone(), format!("{header}{}\n", "x,".repeat(header.matches(',').count()))] {
        fs::write(city.path(Part::Listings), nothing).unwrap();
        assert_eq!(city.import(conn).await.vanished.listings, 0);
    }
    assert_eq!(number(conn, "SELECT COUNT(*) FROM listings WHERE status = 'PUBLISHED'").await, 2);
}

/// I3: a listing that the file has, but that cannot be used, has not vanished.
#[tokio::test]
async fn a_listing_that_cannot_be_used_has_not_vanished() {
    let test = TestDatabase::new().await;
    let conn = &mut test.conn().await;
    let mut city = City::new();
    (city.options.reviews, city.options.calendar) = (None, None);
    city.import(conn).await;
    city.edit(Part::Listings, "\"$1,000.00\"", "free");
    let summary = city.import(conn).await;
    assert_eq!((counts(&summary, Part::Listings).3, summary.vanished.listings), (1, 0), "{summary}");
}

/// I6: a placeholder of the source is not an amenity.
#[tokio::test]
async fn placeholders_are_no_amenities() {
    let test = TestDatabase::new().await;
    let conn = &mut test.conn().await;
    let city = City::new();
    city.edit(Part::Listings, "\"\"TV\"\"", "\"\"TV\"\", \"\"translation missing: en.hosting_amenity_49\"\"");
    let summary = city.import(conn).await;
    assert_eq!(words(conn, "SELECT GROUP_CONCAT(slug ORDER BY slug) FROM amenities").await, "tv,wifi");
    assert!(summary.to_string().contains("translation missing"), "{summary}");
}

/// I7: fees and policies of files up to 2019 were ignored.
#[tokio::test]
async fn fees_and_policies_of_old_files_are_imported_and_stay() {
    let test = TestDatabase::new().await;
    let conn = &mut test.conn().await;
    let mut city = City::new();
    (city.options.reviews, city.options.calendar) = (None, None);
    let text = fs::read_to_string(city.path(Part::Listings)).unwrap();
    let old = text
        .replacen(",picture_url\n", ",picture_url,cleaning_fee,extra_people,guests_included,cancellation_policy\n", 1)
        .replacen(
            "https://example.org/1.jpg\n",
            "https://example.org/1.jpg,$25.00,$0.00,2,strict_14_with_grace_period\n",
            1,
        )
        .replacen("2023-09-23,\n", "2023-09-23,,,,,whatever\n", 1);
    fs::write(city.path(Part::Listings), old).unwrap();
    let summary = city.import(conn).await;
    let all = "CONCAT_WS(',', cleaning_fee, extra_guest_fee, guests_included, cancellation_policy)";
    assert_eq!(listing(conn, FIRST, all).await, "2500,0,2,STRICT", "{summary}");
    assert_eq!(listing(conn, SECOND, all).await, "0,0,2,MODERATE");
    assert!(summary.to_string().contains("`whatever` is unknown"), "{summary}");
    // A newer file does not have them.
    fs::write(city.path(Part::Listings), text.replace("First", "Newer")).unwrap();
    city.import(conn).await;
    assert_eq!(
        listing(conn, FIRST, "CONCAT_WS(',', title, cleaning_fee, cancellation_policy)").await,
        "Newer,2500,STRICT"
    );
}

/// I8: for every other kind of file the error was a missing column `id`.
#[tokio::test]
async fn the_error_for_another_kind_of_file_names_that_kind() {
    let test = TestDatabase::new().await;
    let conn = &mut test.conn().await;
    let city = City::new();
    let text = fs::read_to_string(city.path(Part::Listings)).unwrap();
    let utf_16: Vec<u8> = std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    for (bytes, expected) in [
        (b"PK\x03\x04rest".to_vec(), "is a zip archive"),
        (b"<!DOCTYPE html><html></html>".to_vec(), "is an HTML page"),
        (b"<?xml version=\"1.0\"?>\n<Error><Code>NoSuchKey</Code></Error>".to_vec(), "downloaded from: NoSuchKey"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n".to_vec(), "is a Git LFS pointer"),
        (text.replace(',', ";").into_bytes(), "columns separated by `;`"),
        (utf_16, "is UTF-16 text"),
        (Vec::new(), "is empty"),
    ] {
        fs::write(city.path(Part::Listings), &bytes).unwrap();
        let error = inside_airbnb(conn, &city.options, now(), &mut Silent).await.unwrap_err();
        assert!(matches!(error, ImportError::Foreign { part: Part::Listings, .. }), "{error}");
        assert!(error.to_string().contains(expected) && error.to_string().contains("listings.csv"), "{error}");
    }
    assert_eq!(number(conn, "SELECT COUNT(*) FROM imports").await, 0);
}

/// I9, I10: a file without usable records is not a success, and is reported once.
#[tokio::test]
async fn a_file_with_nothing_to_import_has_its_own_exit_code() {
    let test = TestDatabase::new().await;
    let city = City::new();
    let import = |listings: &str| {
        fs::write(city.path(Part::Listings), listings).unwrap();
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_staygate"));
        command.args(["import", "inside-airbnb", "--city", "Test", "--currency", "SGD", "--listings"]);
        let output = command.arg(city.path(Part::Listings)).env("DATABASE_URL", &test.url).output().unwrap();
        let said = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
        assert_eq!(said.matches("records read").count(), 1, "{said}");
        (output.status.code(), said)
    };
    let whole = fs::read_to_string(city.path(Part::Listings)).unwrap();
    let header = whole.lines().next().unwrap().to_owned() + "\n";
    for nothing in [header.clone(), format!("{header}{}\n", "x,".repeat(header.matches(',').count()))] {
        // Again: nothing is stored as done.
        for _ in 0..2 {
            let (code, said) = import(&nothing);
            assert_eq!(code, Some(3), "{said}");
            assert!(said.contains("nothing in these files could be used: listings"), "{said}");
        }
    }
    assert_eq!(import(&whole).0, Some(0));
}

/// I10: t and f as changed by spreadsheets.
#[tokio::test]
async fn flags_of_spreadsheets_are_understood() {
    let test = TestDatabase::new().await;
    let conn = &mut test.conn().await;
    let city = City::new();
    city.edit(Part::Calendar, ",t,", ",TRUE,");
    city.edit(Part::Calendar, ",f,", ",FALSE,");
    let summary = city.import(conn).await;
    assert_eq!(counts(&summary, Part::Calendar).3, 0, "{summary}");
    assert_eq!(number(conn, "SELECT COUNT(*) FROM nights").await, 2);
}
