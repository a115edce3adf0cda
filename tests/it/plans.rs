//! Query plans of all statements of clients and the worker, on the data of a city: every table is read through an index, never scanned.
//! MariaDB itself logs the plan of each statement, and how many rows it read.

mod co_hosts;
mod desk;
mod fill;
mod log;
mod offers;
mod privacy;
mod passkeys;
mod providers;
mod second_factors;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use chrono::{Days, NaiveDate};
use diesel_async::SimpleAsyncConnection as _;
use import::{CalendarFrom, Silent, Source};
use mysql_engine::{
    Conn, Database, Options,
    embedded::{Durability, Embedded},
};
use serde_json::{Value, json};
use store::{
    events::{self, Topic},
    migrate,
    search::source::{self, Wanted},
};
use types::{Clock as _, ListingId, MeId, Side, SystemClock, UserId};

use log::{Step, plans};
use offers::Offers;

use crate::{
    harness::{
        actors::{BOOK, CANCEL, PAY, QUOTE, REGISTER},
        city::City,
        remote,
        server::Server,
        wire,
    },
    operations::{of_field, of_screen},
};

/// Tables that always have few rows.
const SMALL: [&str; 3] = ["__diesel_schema_migrations", "feature_switches", "imports"];

/// A city in its own database, which logs the plans of all statements from now on.
struct World {
    database: Embedded,
    server: Server,
    today: NaiveDate,
    folder: tempfile::TempDir,
}

impl World {
    async fn new(listings: u64, days: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database =
            Embedded::start(&folder.path().join("data"), staygate::config::DATABASE_NAME, Durability::Throwaway)
                .await
                .unwrap();
        migrate::ensure_database(database.url()).await.unwrap();
        migrate::up(database.url()).await.unwrap();
        let today = SystemClock.now().utc().date_naive();
        let pool = Database::connect(database.url(), Options::default()).await.unwrap();
        let mut conn = pool.conn().await.unwrap();
        import_city(&mut conn, City { listings, from: today, days }, folder.path()).await;
        let log = folder.path().join("plans.log");
        let settings = format!(
            "SET GLOBAL slow_query_log_file = '{}', GLOBAL log_output = 'FILE', GLOBAL long_query_time = 0, \
             GLOBAL log_slow_verbosity = 'explain', GLOBAL slow_query_log = ON",
            log.display()
        );
        conn.batch_execute(&settings).await.expect("a MariaDB server");
        drop(conn);
        pool.close();
        // Searches and pages in memory send no statements.
        let flags = ["--search-index", "off", "--row-cache", "0"];
        let server = Server::with_flags(database.url(), "off", &flags).await;
        Self { database, server, today, folder }
    }

    fn day(&self, ahead: u64) -> String {
        (self.today + Days::new(ahead)).to_string()
    }

    /// The data of an operation that has no errors.
    async fn run(&self, token: &str, query: &str, variables: Value) -> Value {
        let reply = wire::post(self.server.address(), token, query, &variables).await.unwrap();
        assert_eq!(reply.body["errors"], Value::Null, "{query}");
        reply.body["data"].clone()
    }

    /// The same; None if the operation is too expensive.
    async fn run_if_cheap(&self, token: &str, query: &str) -> Option<Value> {
        let reply = wire::post(self.server.address(), token, query, &json!({})).await.unwrap();
        if reply.code() == Some("OPERATION_TOO_EXPENSIVE") {
            return None;
        }
        assert_eq!(reply.body["errors"], Value::Null, "{query}");
        Some(reply.body["data"].clone())
    }

    async fn register(&self, name: &str) -> String {
        let email = format!("{name}@example.org");
        let input = json!({ "email": email, "password": "correct horse", "displayName": name });
        let answer = self.run("", REGISTER, json!({ "input": input })).await;
        let token = answer["registerUser"]["tokens"]["accessToken"].as_str().unwrap_or_else(|| panic!("{answer}"));
        remote::verified(self.server.address(), token).await;
        // Another session, so that the first one can be ended.
        let input = json!({ "email": email, "password": "correct horse" });
        let answer = self.run("", &of_field("signIn").text, json!({ "input": input })).await;
        answer["signIn"]["tokens"]["accessToken"].as_str().unwrap().to_owned()
    }

    /// Searches in each order, with a second page.
    async fn search(&self) -> Vec<String> {
        let area = json!({ "south": 1.30, "west": 103.80, "north": 1.36, "east": 103.86 });
        let stay = json!({ "checkIn": self.day(10), "checkOut": self.day(13) });
        let price = json!({ "currency": "SGD", "max": 100_000 });
        let all = json!({ "box": area, "amenities": ["wifi"], "price": price });
        let searches = [
            json!({}),
            json!({ "orderBy": "NEWEST" }),
            json!({ "orderBy": "PRICE_ASC" }),
            json!({ "orderBy": "PRICE_DESC" }),
            json!({ "where": { "box": area } }),
            json!({ "where": { "box": area }, "orderBy": "DISTANCE" }),
            json!({ "orderBy": "RECOMMENDED", "where": { "superhost": true } }),
            json!({ "where": { "box": area, "superhost": false, "cancellationPolicies": ["FLEXIBLE", "MODERATE"] } }),
            json!({ "where": { "box": area, "superhost": true }, "orderBy": "RECOMMENDED", "stay": stay }),
            json!({ "where": { "cancellationPolicies": ["FLEXIBLE", "MODERATE"] }, "orderBy": "RECOMMENDED", "stay": stay }),
            json!({ "where": { "place": "Lighthouse" } }),
            json!({ "where": { "place": "light house, Singapore" } }),
            json!({ "where": { "text": "lighthouse quiet" } }),
            json!({ "where": { "text": "home" } }),
            json!({ "where": { "text": "home large" }, "orderBy": "PRICE_ASC", "stay": stay }),
            json!({ "where": { "text": "home" }, "stay": stay }),
            json!({ "where": { "guests": 4, "minBeds": 2, "minBathrooms": 1 }, "orderBy": "NEWEST" }),
            json!({ "where": { "amenities": ["pool", "crib"] } }),
            json!({ "stay": stay }),
            json!({ "stay": stay, "orderBy": "NEWEST" }),
            json!({ "stay": stay, "where": all }),
            json!({ "stay": stay, "where": all, "orderBy": "PRICE_ASC" }),
        ];
        let mut found = Vec::new();
        for mut search in searches {
            for _ in 0..2 {
                let page = self.run("", &of_screen("searchPage").text, search.clone()).await;
                let page = &page["searchListings"];
                let hits = page["nodes"].as_array().unwrap();
                assert!(!hits.is_empty(), "{search}");
                found.extend(hits.iter().map(|hit| hit["listing"]["id"].as_str().unwrap().to_owned()));
                if page["pageInfo"]["hasNextPage"] == false {
                    break;
                }
                search["after"] = page["pageInfo"]["endCursor"].clone();
            }
        }
        found
    }

    /// Mutations and queries of a guest.
    async fn book(&self, token: &str, listings: &[String]) {
        for (index, listing) in listings.iter().enumerate() {
            let stay = json!({ "checkIn": self.day(130), "checkOut": self.day(133) });
            let variables = json!({ "input": { "listingId": listing, "stay": stay } });
            let answer = self.run(token, QUOTE, variables).await;
            let quote = answer["quoteStay"]["quote"]["id"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
            let input = json!({ "quoteId": quote, "idempotencyKey": format!("booking-{listing}") });
            let answer = self.run(token, BOOK, json!({ "input": input })).await;
            let booking = answer["createBooking"]["booking"]["id"].as_str().unwrap().to_owned();
            let input = json!({
                "booking": { "id": booking }, "method": { "sandbox": "CARD_OK" }, "idempotencyKey": format!("payment-{listing}")
            });
            self.run(token, PAY, json!({ "input": input })).await;
            if index % 4 == 0 {
                let input = json!({ "bookingId": booking, "idempotencyKey": format!("cancel-{listing}") });
                self.run(token, CANCEL, json!({ "input": input })).await;
            }
            let timeline = "query($id: ID!) { booking(id: $id) { id status timeline { nodes { kind } } refunds { id } review { id } } }";
            self.run(token, timeline, json!({ "id": booking })).await;
            let page = json!({ "id": listing, "from": self.day(0), "to": self.day(60) });
            self.run("", &of_screen("listingPage").text, page).await;
        }
        self.run(token, &of_screen("myTrips").text, json!({})).await;
        self.run(token, &of_screen("myTrips").text, json!({ "status": ["CONFIRMED", "REQUESTED"] })).await;
        self.run(token, &of_screen("requestsToAnswer").text, json!({})).await;
        self.run(token, &of_screen("myListings").text, json!({})).await;
    }

    /// Puts a listing on the first of the guest's wishlists.
    async fn add_to_wishlist(&self, token: &str, listing: &str) {
        let page = self.run(token, "{ me { wishlists(first: 1) { nodes { id } } } }", json!({})).await;
        let input = json!({ "wishlistId": page["me"]["wishlists"]["nodes"][0]["id"], "listingId": listing });
        let add = "mutation($input: AddToWishlistInput!) { addToWishlist(input: $input) { __typename } }";
        let added = self.run(token, add, json!({ "input": input })).await;
        assert_eq!(added["addToWishlist"]["__typename"], "AddToWishlistSuccess", "{added}");
    }

    async fn fill(&self) {
        let pool = Database::connect(self.database.url(), Options::default()).await.unwrap();
        fill::fill(&mut pool.conn().await.unwrap()).await;
        second_factors::fill(&mut pool.conn().await.unwrap()).await;
        co_hosts::fill(&mut pool.conn().await.unwrap()).await;
        privacy::fill(&mut pool.conn().await.unwrap()).await;
        passkeys::fill(&mut pool.conn().await.unwrap()).await;
        providers::fill(&mut pool.conn().await.unwrap()).await;
        desk::fill(&mut pool.conn().await.unwrap()).await;
        desk::fill_the_log(&mut pool.conn().await.unwrap()).await;
        pool.close();
        // Plans for empty tables do not count.
        std::fs::File::options().write(true).open(self.log()).unwrap().set_len(0).unwrap();
    }

    /// Reads of events by streams and consumers of the catalog.
    async fn read_events(&self, token: &str) {
        let page = self.run(token, "{ me { id trips { nodes { id } } } }", json!({})).await;
        let booking = page["me"]["trips"]["nodes"][0]["id"].as_str().unwrap().parse().unwrap();
        let viewer: MeId = page["me"]["id"].as_str().unwrap().parse().unwrap();
        let guest = UserId::of_bytes(*viewer.as_bytes());
        let pool = Database::connect(self.database.url(), Options::default()).await.unwrap();
        let conn = &mut pool.conn().await.unwrap();
        let topics = [Topic::Booking(booking), Topic::Feed(guest, Side::Guest)];
        for topic in topics {
            assert!(!events::of_topic(conn, topic, 0, 100).await.unwrap().is_empty(), "{topic:?}");
        }
        assert_eq!(events::latest(conn, &topics).await.unwrap().len(), 2);
        assert!(!events::recent(conn, 60, 10_000).await.unwrap().is_empty());
        let shards: Vec<_> = (0..).zip(events::catalog::positions(conn).await.unwrap()).collect();
        let behind: Vec<_> = shards.iter().map(|(shard, position)| (*shard, position.saturating_sub(1))).collect();
        assert!(!events::catalog::after(conn, &behind, 100).await.unwrap().is_empty());
        self.fill_an_index(conn).await;
        pool.close();
    }

    /// What the search index reads: pages of listings, and those that have changed.
    async fn fill_an_index(&self, conn: &mut Conn) {
        // The first page of all begins where the table does.
        let least = ListingId::of_bytes([0; 16]);
        let page = source::next(conn, Some(least), 5).await.unwrap();
        let ids: Vec<_> = page.iter().map(|listing| listing.id).collect();
        assert_eq!(source::some(conn, &ids).await.unwrap().len(), 5);
        for wanted in [Wanted::Range(ids[0], ids[4]), Wanted::Some(&ids)] {
            assert!(!source::nights(conn, wanted, self.today).await.unwrap().is_empty());
            source::rates(conn, wanted, self.today).await.unwrap();
            let hosts = source::hosts(conn, wanted).await.unwrap();
            let hosts: Vec<_> = hosts.into_iter().map(|(host, _)| host).collect();
            assert!(!source::superhosts(conn, &hosts).await.unwrap().is_empty());
            assert!(!source::amenities(conn, wanted).await.unwrap().is_empty());
            assert_eq!(store::amenities::by_slugs(conn, &["wifi", "pool"]).await.unwrap().len(), 2);
        }
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("plans.log")
    }

    /// The plans so far, after a round of the worker.
    async fn plans(self) -> BTreeMap<String, Vec<Step>> {
        let log = self.log();
        let worked = async {
            loop {
                let plans = plans(&String::from_utf8_lossy(&std::fs::read(&log).unwrap()));
                if plans.keys().filter(|text| text.contains("`deadline_at` <=")).count() > 0 {
                    break plans;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        let plans = tokio::time::timeout(Duration::from_secs(60), worked).await.expect("the worker works");
        self.server.stop().await;
        self.database.stop(Duration::ZERO).await.unwrap();
        plans
    }
}

async fn import_city(conn: &mut Conn, city: City, folder: &Path) {
    let files = city.write(folder).unwrap();
    let options = import::Options {
        dataset: "city".to_owned(),
        listings: Source::File(files.listings),
        reviews: Some(Source::File(files.reviews)),
        calendar: Some(Source::File(files.calendar)),
        city: None,
        currency: Some("SGD".parse().unwrap()),
        vanished: import::Vanished::Keep,
        calendar_from: CalendarFrom::AsIs,
        report: None,
        force: false,
        batch: None,
    };
    let summary = import::inside_airbnb(conn, &options, SystemClock.now(), &mut Silent).await.unwrap();
    assert_eq!(summary.part(import::Part::Listings).unwrap().created, city.listings);
}

/// Runs everything on a city, and fails if a table was scanned, or more than `most` of its rows were read at a time.
async fn nothing_is_read_from_end_to_end(listings: u64, days: u64, most: f64) {
    let world = World::new(listings, days).await;
    let token = world.register("guest").await;
    let mut found = world.search().await;
    found.sort();
    found.dedup();
    world.book(&token, &found[..1]).await;
    Offers::default().run_query(&world, &token, false).await;
    world.add_to_wishlist(&token, &found[0]).await;
    world.fill().await;
    world.search().await;
    world.book(&token, &found[1..12]).await;
    world.read_events(&token).await;
    co_hosts::run_query(&world, &token, &found[0]).await;
    Offers::default().run_query(&world, &token, true).await;
    desk::run_desk(&world, &token, &found[0]).await;
    let plans = world.plans().await;
    assert!(plans.len() > 40, "{} statements were seen", plans.len());
    let mut wrong = String::new();
    for (text, steps) in &plans {
        for step in steps.iter().filter(|step| !SMALL.contains(&step.table.as_str())) {
            // An order by the price of a stay must price all matching listings.
            let orders = ["COUNT(*)", "count(*)", "ORDER BY c.currency", "ORDER BY c.distance"];
            let may_be_long = step.table == "l" && orders.iter().any(|order| text.contains(order));
            // Counted in an index, once in five seconds.
            let may_be_long = may_be_long || text.contains("GROUP BY `listings`.`time_zone`");
            let is_long = step.rows.is_some_and(|rows| rows > most);
            // An inserted row has no plan.
            let is_insert = ["INSERT", "REPLACE"].iter().any(|verb| text.starts_with(verb)) && step.rows.is_none();
            if !may_be_long && !is_insert && (step.is_scan() || is_long) {
                wrong.push_str(&format!("{step:?}\n    in {}\n", text.chars().take(2_000).collect::<String>()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_statement_reads_a_table_from_end_to_end() {
    nothing_is_read_from_end_to_end(1_200, 60, 600.0).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a minute; make prove"]
async fn no_statement_reads_a_table_of_a_city_from_end_to_end() {
    nothing_is_read_from_end_to_end(10_000, 120, 4_000.0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_looks_up_nights_even_when_statistics_say_there_are_none() {
    let world = World::new(600, 60).await;
    let pool = Database::connect(world.database.url(), Options::default()).await.unwrap();
    let mut conn = pool.conn().await.unwrap();
    // As after an import into new tables, if the database was stopped before it updated its statistics.
    conn.batch_execute(
        "UPDATE mysql.innodb_table_stats SET n_rows = 0, clustered_index_size = 1 WHERE table_name IN ('nights', 'night_rates'); \
         UPDATE mysql.innodb_index_stats SET stat_value = 0 WHERE table_name IN ('nights', 'night_rates'); \
         FLUSH TABLES nights, night_rates",
    )
    .await
    .unwrap();
    drop(conn);
    pool.close();
    world.search().await;
    let plans = world.plans().await;
    let of_stays: Vec<_> = plans.iter().filter(|(text, _)| text.contains("night_rates arrival")).collect();
    assert!(!of_stays.is_empty());
    for (text, steps) in of_stays {
        let calendar =
            steps.iter().filter(|step| ["n", "r", "p", "arrival", "departure"].contains(&step.table.as_str()));
        for step in calendar {
            assert!(!step.is_scan(), "{step:?} in {text}");
        }
    }
}
