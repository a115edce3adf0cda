//! A second import of changed files: what it updates, and what stays.

use diesel_async::SimpleAsyncConnection;
use import::{CalendarFrom, ImportError, Part, PartSummary, Progress, Silent, Stop, inside_airbnb};
use mysql_engine::Conn;
use store::imports::{self, Batch, Day, Days};
use types::ListingId;

use super::{City, at, checksums, counts, now, number, words};
use crate::harness::database::TestDatabase;

/// The id of a booking.
const HELD: &str = "X'11111111111111111111111111111111'";
const FIRST: &str = "(SELECT id FROM listings WHERE source_id = 71609)";

async fn rate(conn: &mut Conn, night: &str) -> String {
    let all =
        "GROUP_CONCAT(CONCAT_WS(',', COALESCE(price, '-'), COALESCE(min_nights, '-'), COALESCE(max_nights, '-')))";
    words(
        conn,
        &format!("SELECT COALESCE({all}, '') FROM night_rates WHERE listing_id = {FIRST} AND night = '{night}'"),
    )
    .await
}

async fn holder(conn: &mut Conn, night: &str) -> String {
    let kind = format!("SELECT kind FROM nights WHERE listing_id = {FIRST} AND night = '{night}'");
    words(conn, &format!("SELECT COALESCE(({kind}), '')")).await
}

#[tokio::test]
async fn a_small_city_equals_its_files() {
    let test = TestDatabase::new().await;
    let conn = &mut test.conn().await;
    let summary = City::new().import(conn).await;
    assert_eq!(counts(&summary, Part::Listings), (2, 0, 0, 0));
    assert_eq!(counts(&summary, Part::Reviews), (3, 0, 0, 0));
    assert_eq!(counts(&summary, Part::Calendar), (3, 0, 2, 0), "two days are as their listing: {summary}");
    assert_eq!(rate(conn, "2023-09-23").await, "", "the adjusted price does not count");
    assert_eq!(rate(conn, "2023-09-25").await, "120000,3,1125");
    assert_eq!(words(conn, "SELECT text FROM reviews WHERE source_id = 9007199254740993").await, "Good\nstay");
    let host = "SELECT CONCAT_WS('|', display_name, member_since, COALESCE(about, '-')) FROM users WHERE source_id";
    assert_eq!(words(conn, &format!("{host} = 11")).await, "Ivo|2013-05-09|-", "a reviewer does not overwrite a host");
    assert_eq!(words(conn, &format!("{host} = 20")).await, "Gus|2022-01-02|-", "since the earliest review");
    assert_eq!(words(conn, &format!("{host} = 10")).await, "Hana|2012-05-09|Host of\nmany");
    assert_eq!(words(conn, "SELECT GROUP_CONCAT(review_count ORDER BY source_id) FROM listings").await, "2,1");
}

#[tokio::test]
async fn packed_files_with_a_bom_and_crlf_are_the_same_city() {
    let test = TestDatabase::new().await;
    let conn = &mut test.conn().await;
    let city = City::new();
    for part in [Part::Listings, Part::Reviews, Part::Calendar] {
        let text = std::fs::read_to_string(city.path(part)).unwrap().replace(",\n", ",\r\n").replace("30\n", "30\r\n");
        let file = std::fs::File::create(city.path(part)).unwrap();
        let mut packer = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        std::io::Write::write_all(&mut packer, format!("\u{feff}{text}").as_bytes()).unwrap();
        packer.finish().unwrap();
    }
    city.import(conn).await;
    let plain = TestDatabase::new().await;
    let other = &mut plain.conn().await;
    City::new().import(other).await;
    assert_eq!(checksums(conn).await, checksums(other).await);
}

#[tokio::test]
async fn importing_the_same_files_again_changes_nothing() {
    let test = TestDatabase::new().await;
    let conn = &mut test.conn().await;
    let mut city = City::new();
    city.import(conn).await;
    let before = checksums(conn).await;
    let summary = city.import(conn).await;
    assert!(summary.parts.iter().all(|part| part.already_done && part.read == 0), "{summary}");
    city.options.force = true;
    let summary = city.import_at(conn, at("2026-12-01T00:00:00Z")).await;
    for (part, records) in [(Part::Listings, 2), (Part::Reviews, 3), (Part::Calendar, 5)] {
        assert_eq!(counts(&summary, part), (0, 0, records, 0), "{summary}");
    }
    assert_eq!(checksums(conn).await, before, "not even the time of the last change");
}

/// S5: every batch of days locked its listings, for which bookings had to wait.
#[tokio::test]
async fn days_without_rate_changes_lock_no_listing() {
    let test = TestDatabase::new().await;
    let conn = &mut test.conn().await;
    City::new().import(conn).await;
    let listing = ListingId::derived(chrono::DateTime::UNIX_EPOCH.into(), imports::SOURCE, 71609);
    let known = number(conn, &format!("SELECT COUNT(*) FROM nights WHERE listing_id = {FIRST}")).await;
    let day = |night: &str, available| Day {
        listing,
        night: night.parse().unwrap(),
        available,
        price: None,
        min_nights: None,
        max_nights: None,
    };
    conn.batch_execute("BEGIN").await.unwrap();
    // One night as it is, one that is taken from now on.
    let outcome = Days(vec![day("2023-09-24", false), day("2023-10-24", false)]).write(conn, now()).await.unwrap();
    assert_eq!((outcome.unchanged, outcome.created, outcome.refused.len()), (1, 1, 0), "{outcome:?}");
    let others = &mut test.conn().await;
    // As a booking does, which refers to the listing.
    others.batch_execute(&format!("SELECT id FROM listings WHERE id = {FIRST} LOCK IN SHARE MODE")).await.unwrap();
    conn.batch_execute("COMMIT").await.unwrap();
    assert_eq!(number(conn, &format!("SELECT COUNT(*) FROM nights WHERE listing_id = {FIRST}")).await, known + 1);
}

#[tokio::test]
async fn changed_files_change_the_rows() {
    let test = TestDatabase::new().await;
    let conn = &mut test.conn().await;
    let city = City::new();
    city.import(conn).await;
    city.edit(Part::Listings, "$100.00,2,30", "$120.00,2,30");
    city.edit(Part::Listings, "\"\"Wifi\"\", \"\"TV\"\"", "\"\"TV\"\", \"\"Pool\"\"");
    city.edit(Part::Listings, "1.jpg", "2.jpg");
    city.edit(Part::Listings, "Hana", "Hanna");
    city.edit(Part::Reviews, "985940069189910173,2,2022-01-02", "71609,2,2022-01-03");
    city.edit(Part::Calendar, "2023-09-24,f,$100.00", "2023-09-24,t,$120.00");
    city.edit(Part::Calendar, "2023-09-25,t,\"$1,200.00\",,3,100000", "2023-09-25,f,$120.00,,2,30");
    let summary = city.import(conn).await;
    assert_eq!(counts(&summary, Part::Listings), (0, 1, 1, 0), "{summary}");
    assert_eq!(counts(&summary, Part::Reviews), (0, 1, 2, 0), "{summary}");
    // The first day has the old price of the listing, which it kept when the listing changed.
    assert_eq!(counts(&summary, Part::Calendar), (0, 2, 3, 0), "{summary}");
    assert_eq!(rate(conn, "2023-09-23").await, "10000,-,-");
    assert_eq!((rate(conn, "2023-09-24").await, holder(conn, "2023-09-24").await), (String::new(), String::new()));
    assert_eq!((rate(conn, "2023-09-25").await, holder(conn, "2023-09-25").await), (String::new(), "EXTERNAL".into()));
    let slugs =
        format!("SELECT GROUP_CONCAT(amenity_slug ORDER BY 1) FROM listing_amenities WHERE listing_id = {FIRST}");
    assert_eq!(words(conn, &slugs).await, "pool,tv");
    assert_eq!(words(conn, "SELECT url FROM photos").await, "https://example.org/2.jpg");
    assert_eq!(words(conn, "SELECT display_name FROM users WHERE source_id = 10").await, "Hanna");
    assert_eq!(words(conn, "SELECT GROUP_CONCAT(review_count ORDER BY source_id) FROM listings").await, "3,0");
    assert_eq!(number(conn, "SELECT COUNT(*) FROM reviews").await, 3);
}

#[tokio::test]
async fn nights_with_holds_are_not_changed() {
    let test = TestDatabase::new().await;
    let conn = &mut test.conn().await;
    let mut city = City::new();
    city.options.calendar = None;
    city.import(conn).await;
    let held = format!(
        "SET foreign_key_checks = 0; INSERT INTO bookings (id, listing_id, guest_id, host_id, quote_id, status, check_in, check_out, \
         check_in_at, check_out_at, adults, children, infants, pets, currency, price_lines, total, host_payout, rules, \
         cancellation_policy, deadline_at, created_at, updated_at) SELECT {HELD}, id, host_id, host_id, {HELD}, 'PENDING_PAYMENT', \
         '2023-09-26', '2023-09-27', '2023-09-26 07:00', '2023-09-27 03:00', 1, 0, 0, 0, 'SGD', '[]', 1, 1, '2026-11', 'FLEXIBLE', \
         '2026-11-24 11:59:59', '2026-11-24', '2026-11-24' FROM listings WHERE source_id = 71609; INSERT INTO nights (listing_id, night, kind, booking_id, expires_at) VALUES \
         ({FIRST}, '2023-09-23', 'BOOKING', X'0102030405060708090a0b0c0d0e0f10', NULL), ({FIRST}, '2023-09-24', 'BLOCK', NULL, NULL), \
         ({FIRST}, '2023-09-26', 'HOLD', {HELD}, '2026-11-24 11:59:59'); \
         INSERT INTO night_rates (listing_id, night, price, closed_to_arrival) VALUES ({FIRST}, '2023-09-23', 777, TRUE); \
         SET foreign_key_checks = 1"
    );
    conn.batch_execute(&held).await.unwrap();
    city.options.calendar = City::new().options.calendar;
    city.append(Part::Calendar, b"71609,2023-09-26,f,$100.00,,2,30\n");
    city.options.calendar = Some(import::Source::File(city.path(Part::Calendar)));
    let summary = city.import(conn).await;
    assert_eq!(summary.part(Part::Calendar).unwrap().held, 2, "{summary}");
    assert_eq!(holder(conn, "2023-09-23").await, "BOOKING");
    assert_eq!(holder(conn, "2023-09-24").await, "BLOCK");
    assert_eq!(holder(conn, "2023-09-26").await, "EXTERNAL", "a hold that is over holds nothing");
    assert_eq!(rate(conn, "2023-09-23").await, "777,-,-", "I11: the host's price stays");
    let closed =
        format!("SELECT closed_to_arrival FROM night_rates WHERE listing_id = {FIRST} AND night = '2023-09-23'");
    assert_eq!(number(conn, &closed).await, 1, "nights that the host closed stay closed");
}

#[tokio::test]
async fn ratings_of_guests_are_added_to_those_of_the_dataset() {
    let test = TestDatabase::new().await;
    let conn = &mut test.conn().await;
    let city = City::new();
    city.import(conn).await;
    let totals = "SELECT CONCAT_WS(',', rating_count, rating_total, category_count, value_total, review_count) FROM listings WHERE \
                  source_id = 71609";
    assert_eq!(words(conn, totals).await, "2,900,0,0,2");
    let own = |id, revealed| {
        format!(
            "INSERT INTO reviews (id, listing_id, author_id, booking_id, rating, value, text, created_at, publish_at, revealed) \
             SELECT X'{id}', {FIRST}, id, X'{id}', 5, 4, 'x', NOW(), NOW(), {revealed} FROM users WHERE source_id = 20;"
        )
    };
    let (shown, hidden) = ("01".repeat(16), "02".repeat(16));
    let own =
        format!("SET foreign_key_checks = 0; {} {} SET foreign_key_checks = 1", own(shown, true), own(hidden, false));
    conn.batch_execute(&own).await.unwrap();
    city.edit(Part::Listings, ",2,4.5,", ",3,4.0,");
    city.append(Part::Reviews, b"71609,4,2023-01-03,21,Lea,Nice\n");
    city.import(conn).await;
    assert_eq!(words(conn, totals).await, "4,1700,1,400,4", "3 × 4.00 and 5; the hidden one does not count");
}

#[tokio::test]
async fn unusable_records_are_reported_and_the_import_continues() {
    let test = TestDatabase::new().await;
    let conn = &mut test.conn().await;
    let mut city = City::new();
    city.append(
        Part::Listings,
        b"5,No price,,10,Hana,2012-05-09,,1.3,103.8,Loft,Private room,4,[],,1,2,0,,2023-09-23,\n",
    );
    city.append(
        Part::Reviews,
        b"71609,5,2023-01-02,20,Gus,\xff\xfe\n71609,6,2023-01-02\n5,7,2023-01-02,20,Gus,Orphan\n",
    );
    city.append(Part::Reviews, b"71609,8,2023-02-30,20,Gus,No day\n71609,9,2023-01-02,20,Gus,\"  <br/> \"\n");
    city.append(
        Part::Calendar,
        b"5,2023-09-23,t,,,1,1\n71609,2023-09-27,maybe,$1.00,,1,1\n71609,2023-09-28,t,$-1.00,,2,30\n",
    );
    city.append(Part::Calendar, b"71609,2023-09-23,f,$100.00,,2,30\n");
    let path = city.folder.path().join("report.csv");
    city.options.report = Some(path.clone());
    let summary = city.import(conn).await;
    assert_eq!(counts(&summary, Part::Listings), (2, 0, 0, 1), "{summary}");
    assert_eq!(counts(&summary, Part::Reviews), (3, 0, 0, 5), "{summary}");
    assert_eq!(counts(&summary, Part::Calendar).3, 3, "{summary}");
    assert_eq!(holder(conn, "2023-09-23").await, "EXTERNAL", "of two records for a night the later counts");
    let mut rows: Vec<String> = std::fs::read_to_string(path).unwrap().lines().map(ToOwned::to_owned).collect();
    assert_eq!(rows.remove(0), "file,line,record,id,outcome,reason");
    rows.sort();
    assert_eq!(
        rows,
        [
            "calendar,2,1,71609,skipped,a later record is about the same night",
            "calendar,6,5,985940069189910173,repaired,\"minimum_nights 9 is more than maximum_nights 3: the listing's own apply, here \
         and on all such days of it\"",
            "calendar,7,6,5,skipped,its listing was not imported",
            "calendar,8,7,71609,skipped,available `maybe` is neither t nor f",
            "calendar,9,8,71609,repaired,the price `$-1.00` is negative",
            "listings,5,3,5,skipped,\"it has no price, and its calendar has none\"",
            "reviews,5,4,5,skipped,the text in `comments` is not UTF-8",
            "reviews,6,5,6,skipped,\"3 fields instead of 6, over 1 line(s)\"",
            "reviews,7,6,7,skipped,its listing was not imported",
            "reviews,8,7,8,skipped,date `2023-02-30` is not a date",
            "reviews,9,8,9,skipped,the text is missing",
        ]
    );
}

#[tokio::test]
async fn a_file_outside_the_dataset_is_reported_before_any_write() {
    let test = TestDatabase::new().await;
    let conn = &mut test.conn().await;
    let city = City::new();
    std::fs::copy(city.path(Part::Reviews), city.path(Part::Listings)).unwrap();
    let error = inside_airbnb(conn, &city.options, now(), &mut Silent).await.unwrap_err();
    assert!(matches!(&error, ImportError::Columns { part: Part::Listings, .. }));
    assert!(error.to_string().contains("host_id") && error.to_string().contains("listings.csv"), "{error}");
    assert_eq!(number(conn, "SELECT COUNT(*) FROM users").await, 0);
}

#[tokio::test]
async fn a_moved_calendar_moves_and_other_options_are_another_import() {
    let test = TestDatabase::new().await;
    let conn = &mut test.conn().await;
    let mut city = City::new();
    city.options.calendar_from = CalendarFrom::Date("2026-12-25".parse().unwrap());
    city.import(conn).await;
    assert_eq!(words(conn, "SELECT MIN(night) FROM nights").await, "2026-12-19");
    assert_eq!(holder(conn, "2026-12-20").await, "EXTERNAL");
    (city.options.currency, city.options.force) = (Some("JPY".parse().unwrap()), true);
    city.edit(Part::Calendar, ",,", ",$1.00,");
    let summary = city.import(conn).await;
    assert_eq!(counts(&summary, Part::Listings), (0, 2, 0, 0), "{summary}");
    assert_eq!(words(conn, "SELECT GROUP_CONCAT(base_price ORDER BY source_id) FROM listings").await, "100,1000");
}

#[tokio::test]
async fn of_two_concurrent_imports_one_fails() {
    let test = TestDatabase::new().await;
    let conn = &mut test.conn().await;
    let here = |records| imports::Checkpoint {
        dataset: "inside-airbnb/Test".to_owned(),
        part: "reviews",
        fingerprint: [7; 32],
        records,
        finished: false,
    };
    imports::start(conn, &here(0), now()).await.unwrap();
    imports::commit(conn, &imports::Nothing, &here(0), &here(10), now()).await.unwrap();
    let error = imports::commit(conn, &imports::Nothing, &here(0), &here(10), now()).await.unwrap_err();
    assert!(matches!(error, imports::CommitError::Interfered));
    let there = imports::checkpoint(conn, "inside-airbnb/Test", "reviews").await.unwrap();
    assert_eq!(there, Some(here(10)));
}

/// Records after how many listings each batch was committed.
struct Commits(Vec<u64>);

impl Progress for Commits {
    fn start(&mut self, _: Part, _: u64, _: u64) {}

    fn advance(&mut self, part: Part, records: u64, _: u64) -> Result<(), Stop> {
        self.0.extend((part == Part::Listings).then_some(records));
        Ok(())
    }

    fn finish(&mut self, _: &PartSummary) {}
}

/// S5: a batch locks its listings until it is committed, and bookings wait for them, so a batch is small.
#[tokio::test]
async fn no_batch_locks_many_listings() {
    let test = TestDatabase::new().await;
    let conn = &mut test.conn().await;
    let mut city = City::new();
    let first = std::fs::read_to_string(city.path(Part::Listings)).unwrap();
    let last = first.lines().last().unwrap().to_owned();
    for id in 1..=120 {
        city.append(Part::Listings, format!("{}\n", last.replace("985940069189910173", &id.to_string())).as_bytes());
    }
    (city.options.reviews, city.options.calendar) = (None, None);
    let mut commits = Commits(vec![0]);
    city.import_with(conn, &mut commits).await.unwrap();
    assert_eq!(commits.0.last(), Some(&122));
    let largest = commits.0.windows(2).map(|two| two[1] - two[0]).max().unwrap();
    assert!(largest <= 50, "{largest} listings were locked at once");
}
