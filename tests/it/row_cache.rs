//! Public rows in memory: fewer statements, and never an answer that is older than the question.

use chrono::Duration;
use diesel_async::SimpleAsyncConnection as _;
use domain::reviews::reveal_due;
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};

use crate::harness::{actors::Actor, app::TestApp};

const PAGE: &str = "query Page($id: ID!) { listing(id: $id) { id title description rating { average count }
    amenities { slug } photos(first: 5) { url } host { displayName about }
    reviews(first: 3) { nodes { text author { displayName } } pageInfo { hasNextPage } } } }";
const SEARCH: &str = "query Search($stay: StayInput, $order: ListingOrder!) {
    searchListings(stay: $stay, first: 5, orderBy: $order) { nodes { listing { title host { displayName } coverPhoto { url } }
        nightlyPrice { minorUnits } price { total { minorUnits } } } } }";
const TRIPS: &str = "query Trips { me { trips(first: 5) { nodes { listing { title } host { displayName } } } } }";
const UPDATE: &str = "mutation ($input: UpdateListingInput!) { updateListing(input: $input) { __typename
    ... on UpdateListingSuccess { listing { title photos { url } } } ... on UserError { message } } }";
const PROFILE: &str = "mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { __typename } }";
const PUBLISH: &str = "mutation ($input: PublishListingInput!) { publishListing(input: $input) { __typename } }";
const UNLIST: &str = "mutation ($input: UnlistListingInput!) { unlistListing(input: $input) { __typename } }";
const PRICES: &str = "mutation ($input: SetNightPricesInput!) { setNightPrices(input: $input) { __typename } }";
const REVIEW: &str = "mutation ($input: WriteReviewInput!) { writeReview(input: $input) { __typename } }";

/// A server with public rows in memory.
async fn in_memory(app: &TestApp) -> TestApp {
    app.with_settings(|builder| builder.row_cache(16 << 20)).await
}

/// A host with a listing, and two servers with rows in memory beside one that has none.
struct World {
    without: TestApp,
    servers: [TestApp; 2],
    host: Actor,
    listing: String,
}

impl World {
    async fn new() -> Self {
        let without = TestApp::new().await;
        let servers = [in_memory(&without).await, in_memory(&without).await];
        let host = without.host().await;
        let listing = host.listing(|_| {}).await;
        Self { without, servers, host, listing }
    }

    /// The page of the listing at a server.
    async fn page(&self, at: &TestApp) -> Value {
        let id = json!({ "id": self.listing });
        crate::harness::actors::data(at.run(None, PAGE, id).await)["listing"].clone()
    }

    /// Asserts that both servers show what the database has; returns it.
    async fn agreed(&self) -> Value {
        let expected = self.page(&self.without).await;
        for server in &self.servers {
            assert_eq!(self.page(server).await, expected);
        }
        expected
    }
}

/// The statements of the page at a server.
async fn statements_of_page(world: &World, at: &TestApp) -> usize {
    let statements = at.app.database.statements().record();
    world.page(at).await;
    statements.texts().len()
}

#[tokio::test]
async fn a_page_whose_rows_are_in_memory_asks_only_for_changes() {
    let world = World::new().await;
    let [server, _] = &world.servers;
    world.page(server).await;
    assert_eq!(statements_of_page(&world, server).await, 1);
    assert_eq!(statements_of_page(&world, server).await, 1);
    assert!(statements_of_page(&world, &world.without).await > 4, "without rows in memory");
}

#[tokio::test]
async fn every_change_is_in_the_next_answer_of_every_server() {
    let world = World::new().await;
    let (host, [here, _], id) = (&world.host, &world.servers, &world.listing);
    let host = host.at(here);
    world.agreed().await;
    let changed = host.mutate(UPDATE, json!({ "listingId": id, "title": "Another title" })).await;
    assert_eq!(changed["listing"]["title"], "Another title", "in the answer of the mutation itself");
    assert_eq!(world.agreed().await["title"], "Another title");
    let photos = json!([{ "url": "https://photos.example.org/new.jpg" }]);
    host.mutate(UPDATE, json!({ "listingId": id, "photos": photos })).await;
    assert_eq!(world.agreed().await["photos"], photos);
    host.mutate(PROFILE, json!({ "displayName": "Another Name" })).await;
    assert_eq!(world.agreed().await["host"]["displayName"], "Another Name");
    host.mutate(UPDATE, json!({ "listingId": id, "amenities": ["Sauna"] })).await;
    assert_eq!(world.agreed().await["amenities"].as_array().unwrap().len(), 1);
    host.mutate(UNLIST, json!({ "listingId": id })).await;
    assert_eq!(world.agreed().await, Value::Null);
    host.mutate(PUBLISH, json!({ "listingId": id })).await;
    assert_eq!(world.agreed().await["title"], "Another title");
}

#[tokio::test]
async fn a_review_that_is_revealed_is_in_the_next_answer() {
    let world = World::new().await;
    let guest = world.without.guest().await;
    let booking = guest.book_and_pay(&world.listing, "2026-04-06", "2026-04-08").await;
    world.without.pass(Duration::days(40));
    let ratings =
        json!({ "cleanliness": 5, "accuracy": 5, "checkIn": 5, "communication": 5, "location": 5, "value": 5 });
    guest.mutate(REVIEW, json!({ "bookingId": booking, "rating": 5, "ratings": ratings, "text": "Lovely." })).await;
    assert_eq!(world.agreed().await["reviews"]["nodes"], json!([]));
    world.without.pass(Duration::days(15));
    assert_eq!(reveal_due(&world.without.app).await.unwrap(), 1);
    let page = world.agreed().await;
    assert_eq!((&page["reviews"]["nodes"][0]["text"], &page["rating"]["count"]), (&json!("Lovely."), &json!(1)));
}

#[tokio::test]
async fn changes_that_were_deleted_before_they_were_read_are_not_missed() {
    let world = World::new().await;
    world.agreed().await;
    world.host.mutate(UPDATE, json!({ "listingId": world.listing, "title": "Changed long ago" })).await;
    let conn = &mut world.without.conn().await;
    conn.batch_execute("DELETE FROM feed_entries WHERE topic = 'CATALOG'").await.unwrap();
    assert_eq!(world.agreed().await["title"], "Changed long ago");
}

/// Random changes and pages at two servers: each answer is that of the database.
async fn walk(seed: u64, steps: usize) {
    let mut world = World::new().await;
    let rng = &mut StdRng::seed_from_u64(seed);
    let mut listings = vec![world.listing.clone()];
    let hosts = [world.host.clone(), world.without.host().await, world.without.host().await];
    for (host, _) in hosts.iter().zip(0..3) {
        listings.push(host.listing(|_| {}).await);
    }
    for step in 0..steps {
        let at = world.servers.choose(rng).unwrap();
        let (host, id) = (hosts.choose(rng).unwrap().at(at), listings.choose(rng).unwrap().clone());
        match rng.random_range(0..16) {
            0 => drop(host.mutate(UPDATE, json!({ "listingId": id, "title": format!("Title {step}") })).await),
            1 => drop(host.mutate(PROFILE, json!({ "displayName": format!("Name {step}") })).await),
            2 => drop(host.mutate(UNLIST, json!({ "listingId": id })).await),
            3 => drop(host.mutate(PUBLISH, json!({ "listingId": id })).await),
            4 => {
                let nights =
                    json!({ "listingId": id, "from": "2026-05-04", "to": "2026-05-06", "price": 10_000 + step });
                drop(host.mutate(PRICES, nights).await);
            }
            5 => {
                let photos = json!([{ "url": format!("https://photos.example.org/{step}.jpg") }]);
                drop(host.mutate(UPDATE, json!({ "listingId": id, "photos": photos })).await);
            }
            6..=8 => {
                let stay = json!({ "checkIn": "2026-05-04", "checkOut": "2026-05-07" });
                let order = ["RATING", "PRICE_ASC", "NEWEST"].choose(rng).unwrap();
                let stay = [json!(null), stay].choose(rng).unwrap().clone();
                let variables = json!({ "stay": stay, "order": order });
                let expected = hosts[0].run(SEARCH, variables.clone()).await;
                assert_eq!(hosts[0].at(at).run(SEARCH, variables).await, expected, "step {step}");
            }
            9 => assert_eq!(host.run(TRIPS, json!({})).await, host.at(&world.without).run(TRIPS, json!({})).await),
            _ => {
                world.listing = id;
                let expected = world.page(&world.without).await;
                let at = world.servers.choose(rng).unwrap();
                assert_eq!(world.page(at).await, expected, "step {step}");
            }
        }
    }
}

#[tokio::test]
async fn two_servers_agree_with_the_database_after_random_changes() {
    Box::pin(walk(7, 400)).await;
}

#[tokio::test]
#[ignore = "minutes; make prove"]
async fn two_servers_agree_with_the_database_after_many_random_changes() {
    for seed in 0..20 {
        Box::pin(walk(seed, 5_000)).await;
    }
}
