//! Strangers who do their worst while an honest client goes on: a server process with the budgets that it has by default.

mod stranger;

use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};
use staygate::types::{Clock, SystemClock};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::{
    costs::{deep, wide},
    harness::{
        city::City,
        database::TestDatabase,
        server::{PATIENCE, Server},
        wire,
    },
    operations::of_screen,
};
use stranger::{Generator, ask};

/// The most memory of the server.
const MEMORY: u64 = 250 << 20;
/// How long `/healthz` may take.
const HEALTH: Duration = Duration::from_millis(100);
/// How much slower the honest client's slowest answers may become.
const SLOWER: u32 = 3;

struct Siege {
    server: Arc<Server>,
    listings: Vec<String>,
    stay: Value,
    stop: Arc<AtomicBool>,
}

/// How an attack is measured.
struct Force {
    /// Random documents.
    random: usize,
    /// Different documents that are prepared and kept.
    different: usize,
    /// How often the documents of the reports are sent.
    reported: usize,
    listings: u64,
    honest: usize,
    /// Whether times are judged: only where nothing else runs on the machine.
    is_timed: bool,
}

impl Siege {
    async fn new(test: &TestDatabase, listings: u64) -> Self {
        let from = today();
        let folder = tempfile::tempdir().unwrap();
        let files = City { listings, from, days: 90 }.write(folder.path()).unwrap();
        let budgets = ["--address-budget", "20000/200000", "--viewer-budget", "10000/100000"];
        let server = Server::with(&test.url, "off", &budgets).await;
        let mut import = Command::new(env!("CARGO_BIN_EXE_staygate"));
        import.args(["import", "inside-airbnb", "--calendar-from", "today", "--city", "Singapore", "--listings"]);
        import.arg(files.listings).arg("--reviews").arg(files.reviews).arg("--calendar").arg(files.calendar);
        import.env("DATABASE_URL", &test.url).stdout(Stdio::null()).stderr(Stdio::null());
        let imported = tokio::task::spawn_blocking(move || import.status().unwrap()).await.unwrap();
        assert!(imported.success());
        let query = "{ searchListings(first: 50) { nodes { listing { id rating { count } } } } }";
        let found = wire::post(server.address(), "", query, &json!({})).await.unwrap();
        let nodes = found.field()["nodes"].as_array().unwrap().iter();
        let mut listings: Vec<_> = nodes.map(|hit| hit["listing"].clone()).collect();
        listings.sort_by_key(|listing| std::cmp::Reverse(listing["rating"]["count"].as_u64()));
        let listings = listings.iter().map(|listing| listing["id"].as_str().unwrap().to_owned()).collect();
        let (check_in, check_out) = (today() + Days::new(20), today() + Days::new(34));
        let stay = json!({ "checkIn": check_in, "checkOut": check_out });
        Self { server: Arc::new(server), listings, stay, stop: Arc::default() }
    }

    /// The honest client's times, in order of size.
    async fn honest(&self, requests: usize, until: Option<&AtomicUsize>) -> Vec<Duration> {
        let (search, listing) = (of_screen("searchPage"), of_screen("listingPage"));
        let mut times = Vec::new();
        while times.len() < requests || until.is_some_and(|left| left.load(Ordering::Relaxed) > 0) {
            let number = times.len();
            let (query, variables) = if number.is_multiple_of(2) {
                (&search.text, json!({ "orderBy": "RATING" }))
            } else {
                let id = &self.listings[number % self.listings.len()];
                (&listing.text, json!({ "id": id, "from": today(), "to": today() + Days::new(31) }))
            };
            let begun = Instant::now();
            let reply = ask([127, 1, 0, 1], self.server.address(), query, &variables).await.unwrap();
            times.push(begun.elapsed());
            assert!(reply["errors"].is_null() && reply["data"].is_object(), "{reply}");
        }
        times.sort();
        times
    }

    /// Asks for the server's health again and again; the times, in order of size.
    fn watch(&self) -> tokio::task::JoinHandle<Vec<Duration>> {
        let (server, stop) = (Arc::clone(&self.server), Arc::clone(&self.stop));
        tokio::spawn(async move {
            let mut times = Vec::new();
            while !stop.load(Ordering::Relaxed) {
                let begun = Instant::now();
                assert_eq!(wire::get(server.address(), "/healthz").await.unwrap().status, 200);
                times.push(begun.elapsed());
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            times.sort();
            times
        })
    }

    /// All documents of an attack.
    fn documents(&self, force: &Force) -> Vec<(String, Value)> {
        let id = &self.listings[0];
        let variables = json!({ "id": id, "stay": self.stay });
        let mut documents = Vec::new();
        for _ in 0..force.reported {
            documents.extend([(deep(), variables.clone()), (wide(), variables.clone())]);
            documents.push((near(), variables.clone()));
            let one = "query($stay: StayInput) { searchListings(stay: $stay, orderBy: PRICE_ASC, first: 100) { totalCount nodes { listing { description reviews(first: 5) { nodes { text } } } } } }";
            documents.push((one.to_owned(), variables.clone()));
        }
        documents.extend((0..force.different).map(|number| (different(number), json!({ "x": true }))));
        let mut generator = Generator::new(11, self.listings.clone(), today());
        documents.extend((0..force.random).map(|_| (generator.document(), json!({}))));
        generator.shuffle(&mut documents);
        documents
    }
}

fn today() -> NaiveDate {
    SystemClock.now().utc().date_naive()
}

/// What is just allowed: two levels of pages.
fn near() -> String {
    "query($id: ID!) { listing(id: $id) { reviews(first: 100) { nodes { id rating createdAt author { id displayName memberSince listings(first: 10) { nodes { id title maxGuests status place { city } } } } } } } }".to_owned()
}

/// S10: a text of 1.3 kB whose forms are much larger.
fn different(number: usize) -> String {
    let fields = "code message retryable path ";
    let spreads: String = (0..20).map(|n| format!("a{n}: node(id: \"n{number}\") {{ id ...F }} ")).collect();
    format!(
        "query Q{number}($x: Boolean!) {{ {spreads} }} fragment F on Node {{ __typename @include(if: $x) ... on Listing {{ title host {{ displayName }} reviews(first: 1) {{ nodes {{ id }} }} }} ... on Booking {{ status host {{ id }} }} ... on User {{ displayName }} }} # {fields}"
    )
}

async fn besiege(force: Force) {
    let test = TestDatabase::new().await;
    let siege = Siege::new(&test, force.listings).await;
    siege.honest(10, None).await;
    let calm = siege.honest(force.honest, None).await;
    let health = siege.watch();
    let documents = Arc::new(Mutex::new(siege.documents(&force)));
    let left = Arc::new(AtomicUsize::new(documents.lock().await.len()));
    let codes = Arc::new(Mutex::new(std::collections::BTreeMap::<String, usize>::new()));
    let mut strangers = JoinSet::new();
    for number in 0..16_u8 {
        let (server, documents) = (Arc::clone(&siege.server), Arc::clone(&documents));
        let (left, codes) = (Arc::clone(&left), Arc::clone(&codes));
        strangers.spawn(async move {
            loop {
                let Some((query, variables)) = documents.lock().await.pop() else { break };
                // Half of them come from one address.
                let from = [127, 0, 0, 2 + if number < 8 { 0 } else { number }];
                let asked = ask(from, server.address(), &query, &variables);
                let reply = tokio::time::timeout(PATIENCE, asked).await.expect("an answer");
                let reply = reply.unwrap_or_else(|failure| panic!("{failure}: {query}"));
                let code = reply["errors"][0]["extensions"]["code"].as_str().unwrap_or("fine").to_owned();
                assert_ne!(code, "INTERNAL", "{query}\n{reply}");
                *codes.lock().await.entry(code).or_default() += 1;
                left.fetch_sub(1, Ordering::Relaxed);
            }
        });
    }
    let besieged = siege.honest(force.honest, Some(&left)).await;
    while let Some(ended) = strangers.join_next().await {
        ended.unwrap();
    }
    siege.stop.store(true, Ordering::Relaxed);
    let health = health.await.unwrap();
    let (resident, peak) = (siege.server.memory(), siege.server.peak());
    let (calm, besieged, health) = (p99(&calm), p99(&besieged), p99(&health));
    println!("strangers got {:?}", codes.lock().await);
    println!("the honest client: {calm:?}, besieged {besieged:?}; health {health:?}");
    println!("memory {} MiB, at most {} MiB", resident >> 20, peak >> 20);
    assert!(peak < MEMORY, "{} MiB", peak >> 20);
    assert!(!force.is_timed || health < HEALTH, "{health:?}");
    assert!(!force.is_timed || besieged < calm * SLOWER, "{calm:?}, besieged {besieged:?}");
    Arc::into_inner(siege.server).unwrap().stop().await;
}

/// The time that one of a hundred takes or more.
fn p99(times: &[Duration]) -> Duration {
    times[(times.len() * 99 / 100).min(times.len() - 1)]
}

/// S1, S4, S10.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_do_not_disturb_an_honest_client() {
    besiege(Force { random: 150, different: 300, reported: 4, listings: 200, honest: 100, is_timed: false }).await;
}

/// S1, S4, S10, with a thousand random documents and eight thousand different ones.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "30 s; make prove"]
async fn a_thousand_strangers_do_not_disturb_an_honest_client() {
    besiege(Force { random: 1_000, different: 8_000, reported: 20, listings: 2_000, honest: 300, is_timed: true })
        .await;
}
