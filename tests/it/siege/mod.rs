//! Attacks by strangers next to an honest client, on a server process with default budgets.

mod crowd;
mod documents;
mod figures;
mod stranger;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{Days, NaiveDate};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use types::{Clock, SystemClock};

use crate::{
    harness::{
        city::City,
        database::TestDatabase,
        remote::local_address,
        server::{Server, TIMEOUT, program},
        wire,
    },
    operations::of_screen,
};
use crowd::Crowd;
use documents::{Attack, Numbers};
use stranger::execute;

/// The most memory of the server.
const MEMORY: u64 = 250 << 20;
/// The limit of the response time of `/healthz`.
const HEALTH: Duration = Duration::from_millis(100);
/// How much slower the honest client's slowest responses can become.
const SLOWER: u32 = 3;
/// How long the honest client looks at a page: without a pause it would use up its own budget.
const PAUSE: Duration = Duration::from_millis(100);
/// Strangers who send documents at the same time, as in the reports: two (S1), one (S4), one (S10). Each sends the next one as soon as it
/// has a response.
const STRANGERS: usize = 4;

/// How an attack is measured.
struct Force {
    documents: Numbers,
    crowd: Crowd,
    listings: u64,
    /// How many requests the honest client sends before the attack, and at least during it.
    honest: usize,
    /// Whether times are checked: only where nothing else runs on the machine.
    is_timed: bool,
}

struct Siege {
    server: Arc<Server>,
    listings: Vec<String>,
    stay: Value,
    /// How many attackers are not done yet.
    attackers: Arc<AtomicUsize>,
}

impl Siege {
    async fn new(test: &TestDatabase, listings: u64) -> Self {
        let from = today();
        let folder = tempfile::tempdir().unwrap();
        let files = City { listings, from, days: 90 }.write(folder.path()).unwrap();
        // The defaults, not the settings for many servers on the database of the tests.
        let usual = ["--address-budget", "20000/200000", "--viewer-budget", "10000/100000", "--pool-size", "8"];
        let server = Server::with_flags(&test.url, "off", &usual).await;
        let mut import = Command::new(program());
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
        Self { server: Arc::new(server), listings, stay, attackers: Arc::default() }
    }

    fn is_attacked(&self) -> bool {
        self.attackers.load(Ordering::Relaxed) > 0
    }

    /// The honest client's times, in order of size: so many at least, and as long as there is an attack.
    async fn honest(&self, requests: usize) -> Vec<Duration> {
        let (search, listing) = (of_screen("searchPage"), of_screen("listingPage"));
        let mut times = Vec::new();
        while times.len() < requests || self.is_attacked() {
            let number = times.len();
            let (query, variables) = if number.is_multiple_of(2) {
                (&search.text, json!({ "orderBy": "RATING" }))
            } else {
                let id = &self.listings[number % self.listings.len()];
                (&listing.text, json!({ "id": id, "from": today(), "to": today() + Days::new(31) }))
            };
            let begun = Instant::now();
            let reply = execute(local_address(50_000), "", self.server.address(), query, &variables).await.unwrap();
            times.push(begun.elapsed());
            assert!(reply["errors"].is_null() && reply["data"].is_object(), "{reply}");
            tokio::time::sleep(PAUSE).await;
        }
        times.sort();
        times
    }

    /// Checks the server's health as long as there is an attack; returns the times, in ascending order.
    fn watch(&self) -> tokio::task::JoinHandle<Vec<Duration>> {
        let (server, attackers) = (Arc::clone(&self.server), Arc::clone(&self.attackers));
        tokio::spawn(async move {
            let mut times = Vec::new();
            while attackers.load(Ordering::Relaxed) > 0 {
                let begun = Instant::now();
                assert_eq!(wire::get(server.address(), "/healthz").await.unwrap().status, 200);
                times.push(begun.elapsed());
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            times.sort();
            times
        })
    }

    /// Starts an attack by strangers and a crowd. It ends when all attackers are done.
    fn attack(&self, force: &Force, codes: &Codes) -> JoinSet<()> {
        let documents = documents::documents(force.documents, &self.listings, &self.stay, today());
        let documents = Arc::new(Mutex::new(documents));
        let mut attackers = JoinSet::new();
        self.attackers.store(STRANGERS + 1, Ordering::Relaxed);
        for number in 0..STRANGERS {
            let (server, left) = (Arc::clone(&self.server), Arc::clone(&self.attackers));
            let (documents, codes) = (Arc::clone(&documents), Arc::clone(codes));
            // Half of them come from one address.
            let own = local_address(if number < STRANGERS / 2 { 0 } else { number });
            attackers.spawn(async move {
                while let Some(attack) = next(&documents) {
                    send(&server, own, attack, &codes).await;
                }
                left.fetch_sub(1, Ordering::Relaxed);
            });
        }
        let (server, left, crowd) = (Arc::clone(&self.server), Arc::clone(&self.attackers), force.crowd);
        attackers.spawn(async move {
            crowd.follow(server.address()).await;
            left.fetch_sub(1, Ordering::Relaxed);
        });
        attackers
    }
}

/// Responses by code.
type Codes = Arc<Mutex<BTreeMap<String, usize>>>;

fn next(documents: &Mutex<Vec<Attack>>) -> Option<Attack> {
    documents.lock().unwrap().pop()
}

async fn send(server: &Server, own: Ipv4Addr, Attack { query, variables, sender, is_fine }: Attack, codes: &Codes) {
    let from = sender.map_or(own, |sender| local_address(1_000 + sender));
    let asked = execute(from, "", server.address(), &query, &variables);
    let reply = tokio::time::timeout(TIMEOUT, asked).await.expect("an answer");
    let reply = reply.unwrap_or_else(|failure| panic!("{failure}: {query}"));
    let code = reply["errors"][0]["extensions"]["code"].as_str().unwrap_or("fine").to_owned();
    assert_ne!(code, "INTERNAL", "{query}\n{reply}");
    assert!(!is_fine || code == "fine", "{query}\n{reply}");
    *codes.lock().unwrap().entry(code).or_default() += 1;
}

fn today() -> NaiveDate {
    SystemClock.now().utc().date_naive()
}

async fn besiege(force: Force) {
    let test = TestDatabase::new().await;
    let siege = Siege::new(&test, force.listings).await;
    siege.honest(10).await;
    let calm = siege.honest(force.honest).await;
    let codes = Codes::default();
    let mut attackers = siege.attack(&force, &codes);
    let health = siege.watch();
    let besieged = tokio::spawn({
        let Siege { server, listings, stay, attackers } = &siege;
        let (server, attackers) = (Arc::clone(server), Arc::clone(attackers));
        let siege = Siege { server, listings: listings.clone(), stay: stay.clone(), attackers };
        async move { siege.honest(force.honest).await }
    });
    while let Some(ended) = attackers.join_next().await {
        ended.unwrap();
    }
    let (besieged, health) = (besieged.await.unwrap(), health.await.unwrap());
    let (resident, peak) = (siege.server.memory(), siege.server.peak());
    for of_hundred in [50, 90] {
        let [calm, besieged] = [&calm, &besieged].map(|times| of(times, of_hundred));
        println!("the honest client, {of_hundred} of 100 times: {calm:?}, besieged {besieged:?}");
    }
    let [calm, besieged, health] = [&calm, &besieged, &health].map(|times| of(times, 99));
    println!("strangers got {:?}", codes.lock().unwrap());
    println!("the honest client, 99 of 100 times: {calm:?}, besieged {besieged:?}; health {health:?}");
    println!("memory {} MiB, at most {} MiB", resident >> 20, peak >> 20);
    assert!(peak < MEMORY, "{} MiB", peak >> 20);
    assert!(!force.is_timed || health < HEALTH, "{health:?}");
    assert!(!force.is_timed || besieged < calm * SLOWER, "{calm:?}, besieged {besieged:?}");
    Arc::into_inner(siege.server).unwrap().stop().await;
}

/// The time within which so many of a hundred are.
fn of(times: &[Duration], of_hundred: usize) -> Duration {
    times[(times.len() * of_hundred / 100).min(times.len() - 1)]
}

/// S1, S4, S9, S10.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_do_not_disturb_an_honest_client() {
    let documents = Numbers { random: 150, different: 300, reported: 4 };
    let crowd = Crowd { sockets: 5, each: 40, cards: 10 };
    besiege(Force { documents, crowd, listings: 200, honest: 20, is_timed: false }).await;
}

/// S1, S4, S9, S10, with a thousand random documents, eight thousand different ones, and ten thousand subscriptions.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "two minutes; make prove"]
async fn a_thousand_strangers_do_not_disturb_an_honest_client() {
    let documents = Numbers { random: 1_000, different: 8_000, reported: 20 };
    let crowd = Crowd { sockets: 200, each: 50, cards: 300 };
    besiege(Force { documents, crowd, listings: 2_000, honest: 300, is_timed: true }).await;
}
