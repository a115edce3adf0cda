//! The catalog of changes: consumers get each public change once and in order.

use std::collections::{BTreeMap, HashSet};

use chrono::Duration;
use domain::{
    events::catalog::{CatalogEvent, Changes, Payload, Position},
    retention::Sweeper,
};
use serde_json::json;
use types::{Clock as _, EventActor, EventSubject, ListingId, SystemClock};

use crate::harness::{
    actors::Actor,
    app::{TestApp, instant},
};

async fn read(app: &TestApp, position: &mut Position) -> Vec<CatalogEvent> {
    match position.read(&app.app).await.unwrap() {
        Changes::Events(events) => events,
        Changes::Expired => panic!("nothing was deleted"),
    }
}

/// The kinds of new events, in order of time.
async fn kinds(app: &TestApp, position: &mut Position) -> Vec<String> {
    let mut events = read(app, position).await;
    events.sort_by_key(|event| event.happened_at);
    events.into_iter().map(|event| event.kind).collect()
}

/// Whether each new event takes nights, and of which listing.
async fn nights(app: &TestApp, position: &mut Position) -> Vec<(ListingId, bool)> {
    let of_booking = |event: CatalogEvent| match event.payload {
        Payload::Booking(details) => details.nights.map(|nights| (nights.listing, nights.taken)),
        _ => None,
    };
    read(app, position).await.into_iter().filter_map(of_booking).collect()
}

const UPDATE: &str = "mutation ($input: UpdateListingInput!) { updateListing(input: $input) { __typename } }";

const BLOCK: &str = "mutation ($input: BlockNightsInput!) { blockNights(input: $input) { __typename } }";
const REVIEW: &str = "mutation ($input: WriteReviewInput!) { writeReview(input: $input) { __typename } }";

async fn update(host: &Actor, input: serde_json::Value) {
    assert_eq!(host.mutate(UPDATE, input).await["__typename"], "UpdateListingSuccess");
}

async fn block(host: &Actor, listing: &str, from: &str, to: &str) {
    let input = json!({ "listingId": listing, "from": from, "to": to, "idempotencyKey": host.app.key() });
    assert_eq!(host.mutate(BLOCK, input).await["__typename"], "BlockNightsSuccess");
}

#[tokio::test]
async fn each_change_of_a_listing_and_of_people_is_in_the_catalog() {
    let app = TestApp::new().await;
    let mut position = Position::latest(&app.app).await.unwrap();
    let (host, guest) = (app.host().await, app.guest().await);
    assert_eq!(kinds(&app, &mut position).await, ["JOINED", "JOINED"]);
    let listing = host.listing(|_| {}).await;
    let mut created = kinds(&app, &mut position).await;
    created.sort_unstable();
    assert_eq!(created, ["CREATED", "PUBLISHED"]);
    update(&host, json!({ "listingId": listing, "title": "Another title" })).await;
    assert_eq!(kinds(&app, &mut position).await, ["UPDATED"]);
    update(&host, json!({ "listingId": listing, "photos": [{ "url": "https://photos.example/1.jpg" }] })).await;
    assert_eq!(kinds(&app, &mut position).await, ["UPDATED", "PHOTOS_REPLACED"]);
    block(&host, &listing, "2026-06-01", "2026-06-03").await;
    let blocked = read(&app, &mut position).await.pop().unwrap();
    assert_eq!((blocked.kind.as_str(), blocked.actor), ("NIGHTS_BLOCKED", EventActor::Host));
    assert_eq!(
        serde_json::to_value(&blocked.payload).unwrap(),
        json!({ "format": "nights/1", "from": "2026-06-01", "to": "2026-06-03" })
    );
    // No night is blocked twice.
    block(&host, &listing, "2026-06-01", "2026-06-03").await;
    assert!(read(&app, &mut position).await.is_empty());
    let booking = guest.book_and_pay(&listing, "2026-04-01", "2026-04-07").await;
    read(&app, &mut position).await;
    app.clock.set(instant("2026-04-07T03:00:00Z"));
    app.work().await;
    let ratings = ["cleanliness", "accuracy", "checkIn", "communication", "location", "value"];
    let ratings: serde_json::Map<_, _> = ratings.map(|name| (name.to_owned(), json!(5))).into_iter().collect();
    let review = json!({ "bookingId": booking, "rating": 5, "ratings": ratings, "text": "Fine." });
    assert_eq!(guest.mutate(REVIEW, review).await["__typename"], "WriteReviewSuccess");
    app.pass(Duration::days(15));
    app.work().await;
    assert_eq!(kinds(&app, &mut position).await, ["REVEALED"], "and private data is not");
}

#[tokio::test]
async fn a_booking_is_in_the_catalog_with_the_nights_that_it_takes_and_releases() {
    let app = TestApp::new().await;
    let (host, guest) = (app.host().await, app.guest().await);
    let listing = host.listing(|_| {}).await;
    let id: ListingId = listing.parse().unwrap();
    let mut position = Position::latest(&app.app).await.unwrap();
    let booking = guest.book(&listing, "2026-04-01", "2026-04-07").await;
    let held = read(&app, &mut position).await.pop().unwrap();
    assert_eq!((held.subject, held.kind.as_str(), held.sequence), (EventSubject::Booking, "CREATED", 1));
    let Payload::Booking(details) = &held.payload else { panic!("{held:?}") };
    let taken = details.nights.unwrap();
    assert_eq!((taken.listing, taken.taken), (id, true));
    assert_eq!((taken.range.from.to_string(), taken.range.to.to_string()), ("2026-04-01".into(), "2026-04-07".into()));
    assert_eq!(taken.until, Some(app.app.now() + Duration::minutes(15)), "readers let it expire by the clock");
    guest.pay(&booking).await;
    assert_eq!(nights(&app, &mut position).await, [(id, true)]);
    guest.cancel(&booking).await;
    assert_eq!(nights(&app, &mut position).await, [(id, false)]);
    guest.book(&listing, "2026-04-01", "2026-04-07").await;
    app.pass(Duration::hours(1));
    app.work().await;
    assert_eq!(nights(&app, &mut position).await, [(id, true), (id, false)], "a hold that expired");
}

/// A reader reads the positions of all shards in one statement, and new events in another.
#[tokio::test]
async fn reading_costs_two_statements_however_much_is_new() {
    let app = TestApp::new().await;
    let host = app.host().await;
    let mut position = Position::latest(&app.app).await.unwrap();
    let cost = async |position: &mut Position| {
        let recording = app.app.database.statements().record();
        read(&app, position).await;
        recording.texts().len()
    };
    assert_eq!(cost(&mut position).await, 1);
    for _ in 0..5 {
        host.listing(|_| {}).await;
    }
    assert_eq!(cost(&mut position).await, 2);
}

/// Writers at the same time, on two servers: every shard has its changes in order and without a gap, and none is missed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_change_is_missed_while_others_commit() {
    let app = TestApp::new().await;
    let other = app.second_instance().await;
    let mut position = Position::latest(&app.app).await.unwrap();
    let hosts = [app.host().await, app.host().await.at(&other)];
    let writing = hosts.map(|host| {
        tokio::spawn(async move {
            let mut listings = Vec::new();
            for _ in 0..10 {
                listings.push(host.listing(|_| {}).await);
            }
            listings
        })
    });
    let mut events = Vec::new();
    while writing.iter().any(|task| !task.is_finished()) {
        events.extend(read(&app, &mut position).await);
        tokio::task::yield_now().await;
    }
    events.extend(read(&app, &mut position).await);
    let mut of_listing = BTreeMap::<_, Vec<_>>::new();
    for event in events.iter().filter(|event| event.subject == EventSubject::Listing) {
        of_listing.entry(event.subject_id).or_default().push((event.sequence, event.kind.as_str()));
    }
    assert_eq!(of_listing.len(), 20);
    assert!(of_listing.values().all(|events| *events == [(1, "CREATED"), (2, "PUBLISHED")]), "{of_listing:?}");
    let shards: HashSet<_> = events.iter().map(CatalogEvent::shard).collect();
    assert!(shards.len() > 5, "listings are spread over shards");
}

#[tokio::test]
async fn entries_are_deleted_after_their_time_and_a_late_reader_gets_an_error() {
    let app = TestApp::new().await;
    let host = app.host().await;
    let listing = host.listing(|_| {}).await;
    let mut late = Position::latest(&app.app).await.unwrap();
    update(&host, json!({ "listingId": listing, "title": "Another title" })).await;
    let mut in_time = late.clone();
    // Entries have the clock of the database.
    app.clock.set(SystemClock.now() + Duration::days(6));
    Sweeper::default().sweep(&app.app).await.unwrap();
    assert_eq!(kinds(&app, &mut in_time).await, ["UPDATED"]);
    app.pass(Duration::days(2));
    Sweeper::default().sweep(&app.app).await.unwrap();
    assert_eq!(late.read(&app.app).await.unwrap(), Changes::Expired);
    assert!(read(&app, &mut in_time).await.is_empty(), "who has read them misses nothing");
    let mut anew = Position::latest(&app.app).await.unwrap();
    update(&host, json!({ "listingId": listing, "title": "A third title" })).await;
    assert_eq!(kinds(&app, &mut anew).await, ["UPDATED"]);
}
