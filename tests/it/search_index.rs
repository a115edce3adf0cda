//! The search index: the answers of the database from memory, and never one that is older than the question.

mod walk;

use chrono::{Days, Duration, NaiveDate};
use diesel_async::SimpleAsyncConnection as _;
use domain::{catalog_follower, search_index::fill_if_needed};
use serde_json::{Value, json};
use types::CoHostAccess;

use crate::harness::{
    actors::{Actor, data},
    app::{TestApp, instant},
};

const SEARCH: &str =
    "query Search($where: ListingFilter, $stay: StayInput, $order: ListingOrder!, $first: Int!, $after: Cursor) {
    searchListings(where: $where, stay: $stay, orderBy: $order, first: $first, after: $after) { totalCount
        edges { cursor node { listing { id } nightlyPrice { minorUnits currency } distanceMeters
            price { total { minorUnits } lines { kind amount { minorUnits } } } } }
        pageInfo { hasNextPage hasPreviousPage } } }";
const UPDATE: &str = "mutation ($input: UpdateListingInput!) { updateListing(input: $input) { __typename } }";
const PUBLISH: &str = "mutation ($input: PublishListingInput!) { publishListing(input: $input) { __typename } }";
const UNLIST: &str = "mutation ($input: UnlistListingInput!) { unlistListing(input: $input) { __typename } }";
const PRICES: &str = "mutation ($input: SetNightPricesInput!) { setNightPrices(input: $input) { __typename } }";
const BLOCK: &str = "mutation ($input: BlockNightsInput!) { blockNights(input: $input) { __typename } }";
const OPEN: &str = "mutation ($input: OpenNightsInput!) { openNights(input: $input) { __typename } }";
const QUOTE: &str = "mutation ($input: QuoteStayInput!) { quoteStay(input: $input) { __typename
    ... on QuoteStaySuccess { quote { price { total { minorUnits currency } lines { kind amount { minorUnits } } }
        instantBook cancellationPolicy expiresAt } }
    ... on StayNotAllowedProblem { violations { reason message night } }
    ... on NightsUnavailableProblem { conflicts { night reason } }
    ... on UserError { message } } }";
const PROFILE: &str = "mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) { __typename } }";
const POLICIES: [&str; 3] = ["FLEXIBLE", "MODERATE", "STRICT"];
const AMENITIES: [&str; 3] = ["Wifi", "Pool", "Kitchen"];

/// A server that searches in memory.
async fn indexed(app: &TestApp) -> TestApp {
    let server = app.with_settings(|builder| builder.search_index(true)).await;
    fill_if_needed(&server.app).await.unwrap();
    assert!(server.app.search_index.is_ready());
    server
}

/// Two servers that search in memory, beside one that searches in the database.
struct World {
    database: TestApp,
    servers: [TestApp; 2],
    hosts: Vec<Actor>,
    guests: Vec<Actor>,
    listings: Vec<(usize, String)>,
}

impl World {
    async fn new(listings: usize) -> Self {
        let database = TestApp::without_hold_limits(mysql_engine::Options::default()).await;
        let hosts = vec![database.host().await, database.host().await];
        let mut made = Vec::new();
        for number in 0..listings {
            let change = |home: &mut Value| {
                home["title"] = json!(format!("Home {number}"));
                home["place"]["latitude"] = json!(1.30 + number as f64 * 0.004);
                home["amenities"] = json!(AMENITIES[..number % 4]);
                home["pricing"]["basePrice"] = json!(10_000 + number * 137);
                home["cancellationPolicy"] = json!(POLICIES[number % 3]);
                home["instantBook"] = json!(number % 3 != 0);
                home["rules"] = json!({ "preparationNights": number % 2 });
            };
            made.push((number % 2, hosts[number % 2].listing(change).await));
        }
        let servers = [indexed(&database).await, indexed(&database).await];
        let guests = database.guests(2).await;
        Self { database, servers, hosts, guests, listings: made }
    }

    /// Asserts that both servers answer a search as the database does; returns the answer.
    async fn agreed(&self, variables: &Value) -> Value {
        let expected = data(self.database.run(None, SEARCH, variables.clone()).await);
        for server in &self.servers {
            assert_eq!(data(server.run(None, SEARCH, variables.clone()).await), expected, "{variables}");
        }
        expected["searchListings"].clone()
    }

    async fn ids(&self, variables: &Value) -> Vec<String> {
        let answer = self.agreed(variables).await;
        let edges = answer["edges"].as_array().unwrap();
        edges.iter().map(|edge| edge["node"]["listing"]["id"].as_str().unwrap().to_owned()).collect()
    }
}

fn today() -> NaiveDate {
    instant(crate::harness::app::NOW).utc().date_naive()
}

fn stay(check_in: u64, nights: u64) -> Value {
    let check_in = today() + Days::new(check_in);
    json!({ "checkIn": check_in, "checkOut": check_in + Days::new(nights) })
}

fn all(stay: &Value) -> Value {
    json!({ "stay": stay, "order": "RATING", "first": 100 })
}

#[tokio::test]
async fn a_search_in_memory_asks_only_for_changes_and_cards() {
    let world = World::new(4).await;
    let statements = async |server: &TestApp, variables: Value| {
        let recording = server.app.database.statements().record();
        data(server.run(None, SEARCH, variables).await);
        recording.texts().len()
    };
    // People have joined since the index was filled.
    world.agreed(&all(&Value::Null)).await;
    for variables in [all(&Value::Null), all(&stay(30, 3))] {
        assert_eq!(statements(&world.servers[0], variables.clone()).await, 2, "what changed, and the listings");
        assert!(statements(&world.database, variables).await > 2);
    }
}

#[tokio::test]
async fn every_change_is_in_the_next_search_of_every_server() {
    let world = World::new(3).await;
    let (host, id, nights) = (&world.hosts[0], &world.listings[0].1, stay(30, 3));
    let is_found = async |wanted: &str| world.ids(&all(&nights)).await.iter().any(|id| id == wanted);
    assert!(is_found(id).await);
    let range = json!({ "listingId": id, "from": nights["checkIn"], "to": nights["checkOut"] });
    let with = |field: &str, value: Value| {
        let mut input = range.clone();
        input[field] = value;
        input
    };
    host.mutate(BLOCK, with("idempotencyKey", json!(world.database.key()))).await;
    assert!(!is_found(id).await, "blocked");
    host.mutate(OPEN, with("idempotencyKey", json!(world.database.key()))).await;
    assert!(is_found(id).await, "open again");
    host.mutate(PRICES, with("minNights", json!(9))).await;
    assert!(!is_found(id).await, "too short");
    host.mutate(PRICES, with("minNights", Value::Null)).await;
    host.mutate(PRICES, with("price", json!(77_700))).await;
    assert!(is_found(id).await, "at another price");
    host.mutate(UNLIST, json!({ "listingId": id })).await;
    assert!(!is_found(id).await, "unlisted");
    host.mutate(PUBLISH, json!({ "listingId": id })).await;
    host.mutate(UPDATE, json!({ "listingId": id, "amenities": ["Sauna"] })).await;
    let mut sauna = all(&nights);
    sauna["where"] = json!({ "amenities": ["sauna"] });
    assert_eq!(world.ids(&sauna).await, std::slice::from_ref(id));
    let new = host.listing(|_| {}).await;
    assert!(is_found(&new).await, "new");
    let mut of_superhosts = all(&nights);
    of_superhosts["where"] = json!({ "superhost": true });
    assert_eq!(world.ids(&of_superhosts).await, [""; 0]);
    set_superhost(&world, host, true).await;
    assert!(world.ids(&of_superhosts).await.contains(&new), "all listings of the host");
    host.mutate(UPDATE, json!({ "listingId": new, "place": { "city": "Reykjavík" } })).await;
    let suggest = "{ suggestPlaces(text: \"reykj\") { name listings } }";
    for server in &world.servers {
        let suggested = data(server.run(None, suggest, json!({})).await);
        assert_eq!(suggested["suggestPlaces"], json!([{ "name": "Reykjavík", "listings": 1 }]));
    }
}

#[tokio::test]
async fn a_hold_takes_the_nights_until_it_expires_by_the_clock() {
    let world = World::new(2).await;
    let (id, nights) = (&world.listings[1].1, stay(30, 3));
    let guest = world.guests[0].at(&world.servers[0]);
    let [from, to] = ["checkIn", "checkOut"].map(|day| nights[day].as_str().unwrap().to_owned());
    guest.book(id, &from, &to).await;
    assert!(!world.ids(&all(&nights)).await.contains(id));
    world.database.pass(Duration::minutes(16));
    assert!(world.ids(&all(&nights)).await.contains(id), "expired, and no event says so");
    let booking = guest.book_and_pay(id, &from, &to).await;
    assert!(!world.ids(&all(&nights)).await.contains(id));
    guest.cancel(&booking).await;
    assert!(world.ids(&all(&nights)).await.contains(id));
}

#[tokio::test]
async fn words_are_searched_in_the_database() {
    let world = World::new(3).await;
    let mut search = all(&Value::Null);
    search["where"] = json!({ "text": "home 2" });
    assert_eq!(world.ids(&search).await, [world.listings[2].1.clone()]);
}

#[tokio::test]
async fn searches_use_the_database_until_the_index_is_filled_again() {
    let world = World::new(3).await;
    let [server, _] = &world.servers;
    world.hosts[0].mutate(UNLIST, json!({ "listingId": world.listings[0].1 })).await;
    let conn = &mut world.database.conn().await;
    conn.batch_execute("DELETE FROM feed_entries WHERE topic = 'CATALOG'").await.unwrap();
    assert_eq!(world.ids(&all(&Value::Null)).await.len(), 2, "the change was deleted before it was read");
    assert!(!server.app.search_index.is_ready());
    fill_if_needed(&server.app).await.unwrap();
    assert!(server.app.search_index.is_ready());
    assert_eq!(world.ids(&all(&Value::Null)).await.len(), 2);
}

#[tokio::test]
async fn the_index_of_a_server_is_filled_without_a_search() {
    let world = World::new(1).await;
    let server = world.database.with_settings(|builder| builder.search_index(true)).await;
    let ready = async {
        while !server.app.search_index.is_ready() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = catalog_follower::run(&server.app) => unreachable!("it runs for ever"),
        () = ready => {}
    }
}

/// A member asks every server for a quote, which must be that of the database, or refused for the same reasons.
async fn quote_and_compare(world: &World, member: &Actor, listing: &str, stay: &Value) -> Value {
    let mut input = json!({ "listingId": listing, "stay": stay });
    input["stay"]["guests"] = json!({ "adults": 2 });
    let expected = member.at(&world.database).mutate(QUOTE, input.clone()).await;
    for server in &world.servers {
        assert_eq!(member.at(server).mutate(QUOTE, input.clone()).await, expected, "{input}");
    }
    expected
}

#[tokio::test]
async fn a_quote_in_memory_reads_no_calendar() {
    let world = World::new(2).await;
    let (listing, guest, server) = (&world.listings[1].1, &world.guests[0], &world.servers[0]);
    let quoted = quote_and_compare(&world, guest, listing, &stay(30, 3)).await;
    assert_eq!(quoted["__typename"], "QuoteStaySuccess");
    let recording = server.app.database.statements().record();
    let input = json!({ "listingId": listing, "stay": stay(40, 2) });
    let quoted = guest.at(server).mutate(QUOTE, input).await;
    let texts = recording.texts();
    assert_eq!((&quoted["__typename"], texts.len()), (&json!("QuoteStaySuccess"), 5), "{texts:#?}");
}

#[tokio::test]
async fn a_quote_in_memory_is_refused_to_hosts_co_hosts_and_in_taken_nights() {
    let world = World::new(2).await;
    let (host, listing) = (&world.hosts[1], &world.listings[1].1);
    let [guest, helper] = &world.guests[..] else { unreachable!() };
    let reason = async |member: &Actor| {
        let refused = quote_and_compare(&world, member, listing, &stay(30, 3)).await;
        refused["violations"][0]["reason"].clone()
    };
    assert_eq!(reason(helper).await, Value::Null);
    assert_eq!(reason(host).await, "OWN_LISTING");
    host.helped_by(listing, helper, CoHostAccess::Calendar).await;
    assert_eq!(reason(helper).await, "OWN_LISTING", "who helps sets prices too");
    let [from, to] = ["checkIn", "checkOut"].map(|day| stay(30, 3)[day].as_str().unwrap().to_owned());
    guest.book(listing, &from, &to).await;
    assert_eq!(
        quote_and_compare(&world, guest, listing, &stay(30, 3)).await["__typename"],
        "QuoteStaySuccess",
        "their own"
    );
    assert_eq!(
        quote_and_compare(&world, &world.hosts[0], listing, &stay(30, 3)).await["__typename"],
        "NightsUnavailableProblem"
    );
    host.mutate(UNLIST, json!({ "listingId": listing })).await;
    assert_eq!(quote_and_compare(&world, guest, listing, &stay(40, 3)).await["__typename"], "NotFoundProblem");
}

/// The platform names a host a superhost, or no longer. The event is that of the profile, which changes afterwards.
async fn set_superhost(world: &World, host: &Actor, is_superhost: bool) {
    let id: String = host.member.id().as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let update = format!("UPDATE users SET is_superhost = {is_superhost} WHERE id = X'{id}'");
    world.database.conn().await.batch_execute(&update).await.unwrap();
    host.mutate(PROFILE, json!({ "about": world.database.key() })).await;
}
