//! Events of imports in the catalog.

use std::collections::BTreeSet;

use import::{Part, Vanished};
use mysql_engine::Conn;
use store::events::{
    Payload,
    catalog::{self, SHARDS},
};
use types::ListingId;

use super::{City, number, words};
use crate::harness::database::TestDatabase;

/// The file and the listings of each batch in the catalog.
async fn batches(conn: &mut Conn) -> BTreeSet<(String, usize)> {
    let start: Vec<_> = (0..SHARDS).map(|shard| (shard, 0)).collect();
    let of_import = |payload| match payload {
        Payload::Import { file, listings, .. } => (file, listings.len()),
        other => panic!("{other:?}"),
    };
    let events = catalog::after(conn, &start, 100).await.unwrap();
    events.into_iter().map(|event| of_import(event.payload)).collect()
}

/// The listings of the newest event.
async fn newest(conn: &mut Conn) -> Vec<ListingId> {
    let payload = words(conn, "SELECT payload FROM events ORDER BY happened_at DESC, sequence DESC LIMIT 1").await;
    match serde_json::from_str(&payload).unwrap() {
        Payload::Import { listings, .. } => listings,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_batch_is_one_event_with_its_listings_and_one_without_changes_is_none() {
    let test = TestDatabase::new().await;
    let conn = &mut test.conn().await;
    let mut city = City::new();
    city.import(conn).await;
    let expected = [("calendar", 2), ("listings", 2), ("reviews", 2)].map(|(file, count)| (file.to_owned(), count));
    assert_eq!(batches(conn).await, BTreeSet::from(expected));
    assert_eq!(number(conn, "SELECT COUNT(*) FROM events").await, 3);
    city.options.force = true;
    city.import(conn).await;
    assert_eq!(number(conn, "SELECT COUNT(*) FROM events").await, 3, "a second run changes nothing");
    city.edit(Part::Calendar, "71609,2023-09-24,f", "71609,2023-09-24,t");
    city.import(conn).await;
    assert_eq!(number(conn, "SELECT COUNT(*) FROM events").await, 4);
    city.edit(Part::Listings, ",Hana,", ",Hanna,");
    city.import(conn).await;
    assert_eq!(number(conn, "SELECT COUNT(*) FROM events").await, 5, "a host has changed, and no listing");
    assert_eq!(newest(conn).await.len(), 2);
    let of_calendar = "SELECT MAX(sequence) FROM events WHERE payload LIKE '%calendar%'";
    assert_eq!(number(conn, of_calendar).await, 2, "events of a file are numbered");
    assert_eq!(words(conn, "SELECT MIN(CONCAT(cause, ' ', cause_id)) FROM events").await, "IMPORT inside-airbnb/Test");
}

#[tokio::test]
async fn listings_that_vanished_are_named_when_they_are_unlisted() {
    let test = TestDatabase::new().await;
    let conn = &mut test.conn().await;
    let mut city = City::new();
    (city.options.reviews, city.options.calendar) = (None, None);
    city.import(conn).await;
    city.options.vanished = Vanished::Unlist;
    let second = ListingId::of_bytes(
        hex(&words(conn, "SELECT HEX(id) FROM listings WHERE title = 'Second'").await).try_into().unwrap(),
    );
    let text = std::fs::read_to_string(city.path(Part::Listings)).unwrap();
    let kept: Vec<_> = text.lines().filter(|line| !line.contains(",Second,")).collect();
    std::fs::write(city.path(Part::Listings), kept.join("\n") + "\n").unwrap();
    city.import(conn).await;
    assert_eq!(number(conn, "SELECT COUNT(*) FROM listings WHERE status = 'UNLISTED'").await, 1);
    assert_eq!(newest(conn).await, [second]);
}

fn hex(text: &str) -> Vec<u8> {
    let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(byte).collect()
}
