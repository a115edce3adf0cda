//! The demo listings of the program, including odd ones.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use import::{Part, Silent, fixture};
use mysql_engine::Conn;

use super::{checksums, counts, now, number, reconciles, words};
use crate::harness::database::TestDatabase;

/// The rows of a file of the fixture, read the simple way.
fn rows(file: &str) -> Vec<HashMap<String, String>> {
    let path = format!("{}/fixtures/{file}.csv", env!("CARGO_MANIFEST_DIR"));
    csv::Reader::from_path(path).unwrap().deserialize().map(Result::unwrap).collect()
}

#[tokio::test]
async fn every_count_reconciles_with_the_files() {
    let test = TestDatabase::new().await;
    let conn = &mut test.conn().await;
    let summary = fixture(conn, now(), &mut Silent).await.unwrap();
    reconciles(&summary);
    let (listings, reviews, days) = (rows("listings"), rows("reviews"), rows("calendar"));
    assert_eq!(counts(&summary, Part::Listings), (65, 0, 0, 0), "{summary}");
    assert_eq!(counts(&summary, Part::Reviews), (513, 0, 0, 0), "{summary}");
    assert_eq!(number(conn, "SELECT COUNT(*) FROM listings WHERE status = 'PUBLISHED'").await, 65);
    assert_eq!(number(conn, "SELECT COUNT(*) FROM photos").await, 65);
    assert_eq!(number(conn, "SELECT COUNT(*) FROM reviews WHERE revealed").await, 513);
    assert_eq!(number(conn, "SELECT SUM(review_count) FROM listings").await, 513);
    let people: BTreeSet<&str> = listings
        .iter()
        .map(|row| row["host_id"].as_str())
        .chain(reviews.iter().map(|row| row["reviewer_id"].as_str()))
        .collect();
    assert_eq!(number(conn, "SELECT COUNT(*) FROM users").await, people.len() as i64);
    assert_eq!(number(conn, "SELECT COUNT(*) FROM users WHERE email IS NOT NULL").await, 0);
    let taken = days.iter().filter(|day| day["available"] == "f").count();
    assert_eq!(number(conn, "SELECT COUNT(*) FROM nights WHERE kind = 'EXTERNAL'").await, taken as i64);
    assert_eq!(number(conn, "SELECT COUNT(*) FROM night_rates").await, differing(&listings, &days));
    assert_eq!(number(conn, "SELECT SUM(rating_total) FROM listings").await, rating_total(&listings));
}

/// How many days of the calendar differ from their listing.
fn differing(listings: &[HashMap<String, String>], days: &[HashMap<String, String>]) -> i64 {
    let nights = |text: &str| text.parse::<u32>().unwrap().min(1_125);
    let listings: BTreeMap<&str, _> = listings.iter().map(|row| (row["id"].as_str(), row)).collect();
    let differs = |day: &&HashMap<String, String>| {
        let listing = listings[day["listing_id"].as_str()];
        let stay = |row: &HashMap<String, String>| (nights(&row["minimum_nights"]), nights(&row["maximum_nights"]));
        let sensible = stay(day).0 <= stay(day).1;
        day["price"] != listing["price"] || (sensible && stay(day) != stay(listing))
    };
    days.iter().filter(differs).count() as i64
}

fn rating_total(listings: &[HashMap<String, String>]) -> i64 {
    let hundredths = |row: &HashMap<String, String>| {
        let rating: f64 = row["review_scores_rating"].parse().unwrap_or(0.0);
        (rating * 100.0).round() as i64 * row["number_of_reviews"].parse::<i64>().unwrap()
    };
    listings.iter().map(hundredths).sum()
}

async fn listing(conn: &mut Conn, id: u64, column: &str) -> String {
    words(conn, &format!("SELECT COALESCE({column}, 'NULL') FROM listings WHERE source_id = {id}")).await
}

async fn review(conn: &mut Conn, condition: &str) -> String {
    words(conn, &format!("SELECT text FROM reviews WHERE {condition} LIMIT 1")).await
}

#[tokio::test]
async fn odd_listings_are_imported_correctly() {
    let test = TestDatabase::new().await;
    let conn = &mut test.conn().await;
    fixture(conn, now(), &mut Silent).await.unwrap();
    for (id, column, value) in [
        (468782, "title", "Home in Singapore · 1 bedroom"),
        (468782, "bathroom_halves", "3"),
        (468782, "time_zone", "Asia/Singapore"),
        (468782, "city", "Singapore"),
        (468782, "neighborhood", "Serangoon"),
        (468782, "region", "North-East Region"),
        (468782, "rating", "469"),
        (823571, "bathroom_halves", "NULL"),
        (6607671, "category_count", "0"),
        (6837947, "status", "PUBLISHED"),
        (19847774, "base_price", "10999900"),
        (24849782, "base_price", "1300"),
        (15001844, "max_nights", "1125"),
        // C17: 1,000 in the file, which no stay could reach.
        (40113996, "min_nights", "365"),
        (19774868, "rating_count", "0"),
        (33678136, "rating", "0"),
        (33678136, "description", ""),
        (33029085, "bathroom_halves", "42"),
        (33029085, "bathrooms_shared", "1"),
        (33029085, "room_type", "SHARED_ROOM"),
        (40849480, "beds", "46"),
        (40849480, "max_guests", "16"),
        (571352760576491118, "instant_book", "1"),
        (932325448513127523, "beds", "NULL"),
        (691524766697791781, "country_code", "SG"),
    ] {
        assert_eq!(listing(conn, id, column).await, value, "{column} of {id}");
    }
    let about = "SELECT about FROM users u JOIN listings l ON l.host_id = u.id WHERE l.source_id =";
    assert!(words(conn, &format!("{about} 864099010095266648")).await.contains("<Please be informed of"));
    assert!(!listing(conn, 933097055241827931, "description").await.contains("<b>"));
    assert!(listing(conn, 960134466413289333, "CONCAT(title, description)").await.chars().any(|c| c as u32 > 0xffff));
    let amenities = "SELECT COUNT(*) FROM listing_amenities JOIN listings ON id = listing_id WHERE source_id";
    assert_eq!(number(conn, &format!("{amenities} = 8727077")).await, 0);
    assert!(number(conn, &format!("{amenities} = 36214603")).await > 3);
    let odd =
        "SELECT COUNT(*) FROM listings WHERE CONCAT(title, description, COALESCE(neighborhood_overview, '')) REGEXP";
    assert_eq!(number(conn, &format!("{odd} '<br|</?b>|\\\\r|\\\\t|\\\\x{{a0}}|\\\\x{{200b}}'")).await, 0);
    assert_eq!(
        number(conn, "SELECT COUNT(*) FROM amenities WHERE slug NOT REGEXP '^[a-z0-9]+(-[a-z0-9]+)*$'").await,
        0
    );
    assert_eq!(number(conn, "SELECT COUNT(*) FROM listings WHERE latitude = area_latitude").await, 0);
    let about = words(conn, &format!("{about} 748899639556288988")).await;
    assert!(about.contains('\n') && !about.contains('\r'), "{about:?}");
}

#[tokio::test]
async fn odd_reviews_are_imported_correctly() {
    let test = TestDatabase::new().await;
    let conn = &mut test.conn().await;
    fixture(conn, now(), &mut Silent).await.unwrap();
    assert_eq!(number(conn, "SELECT COUNT(*) FROM reviews WHERE text REGEXP '<br|\\\\r|\\\\x{08}'").await, 0);
    assert!(review(conn, "text LIKE '%<%'").await.contains('<'), "text that looks like a tag stays");
    assert_eq!(review(conn, "CHAR_LENGTH(text) = 1 AND text = '.'").await, ".");
    assert!(number(conn, "SELECT MAX(CHAR_LENGTH(text)) FROM reviews").await > 4_000);
    assert!(number(conn, "SELECT COUNT(*) FROM reviews WHERE source_id > 9007199254740992").await > 0);
    assert!(
        number(
            conn,
            "SELECT COUNT(*) FROM reviews WHERE text LIKE '=%' OR text LIKE '+%' OR text LIKE '-%' OR text LIKE '@%'"
        )
        .await
            > 0
    );
    assert_eq!(number(conn, "SELECT COUNT(*) FROM reviews WHERE text REGEXP '&(lt|gt|amp|quot|#39);'").await, 0);
    assert!(number(conn, "SELECT COUNT(*) FROM reviews WHERE text LIKE '%\\\\\\\\%'").await > 0, "a backslash stays");
    assert!(number(conn, "SELECT COUNT(*) FROM reviews WHERE text LIKE '%\"%'").await > 0, "quotes stay");
    let noon = "SELECT COUNT(*) FROM reviews WHERE HOUR(created_at) <> 12 OR MINUTE(created_at) <> 0 OR publish_at <> created_at OR booking_id IS \
                NOT NULL OR rating IS NOT NULL";
    assert_eq!(number(conn, noon).await, 0);
    assert_eq!(words(conn, "SELECT MAX(DATE(created_at)) FROM reviews").await[..4], *"2023", "reviews keep their days");
}

#[tokio::test]
async fn names_stay_as_typed() {
    let test = TestDatabase::new().await;
    let conn = &mut test.conn().await;
    fixture(conn, now(), &mut Silent).await.unwrap();
    let hosts: BTreeSet<String> = rows("listings").into_iter().map(|row| row["host_id"].clone()).collect();
    let (mut seen, mut foreign) = (BTreeSet::new(), 0);
    for row in rows("reviews") {
        let (id, name) = (&row["reviewer_id"], row["reviewer_name"].trim());
        if !hosts.contains(id) && seen.insert(id.clone()) {
            let stored = words(conn, &format!("SELECT display_name FROM users WHERE source_id = {id}")).await;
            assert_eq!(stored, name, "byte for byte, composed or not");
            foreign += u32::from(!name.is_ascii());
        }
    }
    assert!(foreign > 10, "names in many scripts: {foreign}");
    assert_eq!(number(conn, r"SELECT COUNT(*) FROM amenities WHERE name LIKE '%\\\\u%'").await, 0, "escapes are read");
    assert!(number(conn, "SELECT COUNT(*) FROM amenities WHERE name <> CONVERT(name USING ascii)").await > 0);
}

#[tokio::test]
async fn the_calendar_covers_today_and_keeps_its_weekdays() {
    let test = TestDatabase::new().await;
    let conn = &mut test.conn().await;
    let summary = fixture(conn, now(), &mut Silent).await.unwrap();
    let first = words(conn, "SELECT MIN(night) FROM nights").await;
    // 2023-09-23 was a Saturday.
    assert_eq!(first, "2026-11-21");
    assert_eq!(words(conn, "SELECT MAX(night) FROM nights").await, "2027-02-18");
    let odd = "SELECT COUNT(*) FROM night_rates r JOIN listings l ON l.id = r.listing_id WHERE l.source_id IN (1678744, 1678755) \
               AND COALESCE(r.min_nights, l.min_nights) > COALESCE(r.max_nights, l.max_nights)";
    assert_eq!(number(conn, odd).await, 0);
    let told = summary.report.first().iter().filter(|problem| problem.part == Part::Calendar);
    let told: Vec<Option<u64>> = told.map(|problem| problem.id).collect();
    assert_eq!(told, [Some(1678744), Some(1678755)], "once for each listing: {summary}");
}

#[tokio::test]
async fn a_second_start_changes_nothing() {
    let test = TestDatabase::new().await;
    let conn = &mut test.conn().await;
    fixture(conn, now(), &mut Silent).await.unwrap();
    let before = checksums(conn).await;
    let summary = fixture(conn, now() + chrono::Duration::days(8), &mut Silent).await.unwrap();
    assert!(summary.parts.iter().all(|part| part.already_done), "{summary}");
    assert_eq!(checksums(conn).await, before);
}
