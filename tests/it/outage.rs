//! A database that is unavailable or hangs under load: each request fails fast, none waits, and afterwards everything recovers.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use mysql_engine::embedded::{Durability, Embedded};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::harness::{
    Frozen,
    actors::{CREATE_LISTING, PUBLISH_LISTING, QUOTE, REGISTER, home},
    remote,
    server::{Server, TIMEOUT},
    wire,
};

/// The interval of requests, independent of earlier responses.
const PACE: Duration = Duration::from_millis(10);
/// The longest response time, counted while this process had a processor: less than half of what a request waits for a connection of a busy
/// pool. It is that long because tests run in parallel in a debug build; the server's own limit is 1.1 s.
const SOON: Duration = Duration::from_millis(2_400);

/// A server, a listing, and a client.
struct World {
    server: Server,
    token: String,
    listing: String,
}

/// Results of requests.
#[derive(Default)]
struct Fates {
    right: AtomicUsize,
    unavailable: AtomicUsize,
    open: AtomicUsize,
    most_open: AtomicUsize,
    slowest: Mutex<Duration>,
    time: OwnTime,
}

/// Time as far as this process had a processor: a step that ends late is one step all the same.
#[derive(Default)]
struct OwnTime(AtomicU32);

impl OwnTime {
    const STEP: Duration = Duration::from_millis(5);

    fn now(&self) -> Duration {
        Self::STEP * self.0.load(Ordering::Relaxed)
    }

    async fn pass(&self) {
        loop {
            tokio::time::sleep(Self::STEP).await;
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl World {
    async fn new(database: &Embedded) -> Self {
        let server = Server::on(database.url(), "off").await;
        let mut world = Self { server, token: String::new(), listing: String::new() };
        world.token = world.register("host").await;
        let made = world.run_query(CREATE_LISTING, &json!({ "input": home() })).await.unwrap();
        world.listing = made["listing"]["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
        world.run_query(PUBLISH_LISTING, &json!({ "input": { "listingId": world.listing } })).await.unwrap();
        world.token = world.register("guest").await;
        world
    }

    async fn register(&self, name: &str) -> String {
        let input = json!({ "email": format!("{name}@example.org"), "password": "correct horse", "displayName": name });
        let made = self.run_query(REGISTER, &json!({ "input": input })).await.unwrap();
        let token = made["tokens"]["accessToken"].as_str().unwrap_or_else(|| panic!("{made}"));
        remote::verified(self.server.address(), token).await
    }

    /// The right response; None if the server correctly reports that it is unavailable.
    async fn run_query(&self, query: &str, variables: &Value) -> Option<Value> {
        let reply = wire::post(self.server.address(), &self.token, query, variables).await.unwrap();
        if reply.body.get("errors").is_none() {
            return Some(reply.field().clone());
        }
        assert_eq!((reply.code(), reply.is_retryable()), (Some("UNAVAILABLE"), true), "{reply:?}");
        None
    }

    /// One of three requests: public, of a member, a mutation.
    async fn execute_something(&self, number: usize) -> bool {
        let id = json!({ "id": self.listing });
        let answer = match number % 3 {
            0 => self.run_query("query ($id: ID!) { listing(id: $id) { title host { displayName } } }", &id).await,
            1 => {
                self.run_query(
                    "query ($id: ID!) { listing(id: $id) { title photos(first: 3) { url } } me { user { displayName } } }",
                    &id,
                )
                .await
            }
            _ => {
                #[expect(clippy::disallowed_methods, reason = "the server uses the real clock")]
                let from = chrono::Utc::now().date_naive() + chrono::Days::new(30);
                let stay = json!({ "checkIn": from, "checkOut": from + chrono::Days::new(2) });
                self.run_query(QUOTE, &json!({ "input": { "listingId": self.listing, "stay": stay } })).await
            }
        };
        let Some(answer) = answer else { return false };
        let right = answer["title"] == "Quiet flat by the river" || answer["quote"]["id"].is_string();
        assert!(right, "{answer}");
        true
    }

    /// Sends requests at their pace until `over` is done, and waits for all responses.
    async fn load(self: &Arc<Self>, over: impl Future<Output = ()>) -> Arc<Fates> {
        let fates = Arc::<Fates>::default();
        let time = Arc::clone(&fates);
        let time = tokio::spawn(async move { time.time.pass().await });
        let mut requests = JoinSet::new();
        let mut pace = tokio::time::interval(PACE);
        pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        let mut over = std::pin::pin!(over);
        for number in 0.. {
            tokio::select! {
                () = &mut over => break,
                _ = pace.tick() => {
                    let (world, fates) = (Arc::clone(self), Arc::clone(&fates));
                    requests.spawn(async move { fates.follow(world.execute_something(number)).await });
                }
            }
        }
        while let Some(request) = requests.join_next().await {
            request.unwrap();
        }
        time.abort();
        fates
    }

    /// Waits until requests of each kind succeed ten times in a row.
    async fn recover(&self) {
        let well = async {
            let mut right = 0;
            for number in 0.. {
                right = if self.execute_something(number).await { right + 1 } else { 0 };
                if right == 30 {
                    break;
                }
            }
        };
        tokio::time::timeout(TIMEOUT, well).await.expect("the server recovers by itself");
    }
}

impl Fates {
    async fn follow(&self, request: impl Future<Output = bool>) {
        let begun = self.time.now();
        self.most_open.fetch_max(self.open.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
        let right = request.await;
        self.open.fetch_sub(1, Ordering::Relaxed);
        if right { &self.right } else { &self.unavailable }.fetch_add(1, Ordering::Relaxed);
        let mut slowest = self.slowest.lock().unwrap();
        *slowest = (self.time.now() - begun).max(*slowest);
    }

    /// Checks that every request got a fast response, and that few waited at a time.
    fn check(&self, what: &str) {
        let [right, unavailable, most] =
            [&self.right, &self.unavailable, &self.most_open].map(|count| count.load(Ordering::Relaxed));
        let slowest = *self.slowest.lock().unwrap();
        println!("{what}: {right} right and {unavailable} unavailable, slowest {slowest:?}, at most {most} at a time");
        assert!(unavailable > 20, "{what}: requests came while the database was away");
        assert!(slowest < SOON, "{what}: {slowest:?}");
        let bound = usize::try_from(SOON.as_millis() / PACE.as_millis()).unwrap();
        assert!(most < bound, "{what}: {most} waited");
    }
}

/// A server on its own database, and the outages.
async fn outages(length: Duration) {
    let folder = tempfile::tempdir().unwrap();
    let database = Embedded::start(folder.path(), staygate::config::DATABASE_NAME, Durability::Full).await.unwrap();
    let world = Arc::new(World::new(&database).await);
    world.recover().await;
    let before = world.server.memory();

    let frozen = Frozen::new(database.pid().unwrap());
    let hanging = world.load(tokio::time::sleep(length)).await;
    drop(frozen);
    let begun = Instant::now();
    world.recover().await;
    println!("recovered {:?} after the database continues", begun.elapsed());

    let stopped = world.load(async { database.stop(TIMEOUT).await.unwrap() });
    stopped.await;
    let away = world.load(tokio::time::sleep(length)).await;
    let database = Embedded::start(folder.path(), staygate::config::DATABASE_NAME, Durability::Full).await.unwrap();
    let begun = Instant::now();
    world.recover().await;
    println!("recovered {:?} after the database is up", begun.elapsed());

    let grown = world.server.memory().saturating_sub(before) / 1024;
    println!("the server has {} KiB and grew by {grown} KiB", before / 1024);
    hanging.check("the database hangs");
    away.check("the database is away");
    assert!(grown < 64 * 1024, "the server grew by {grown} KiB");
    let world = Arc::into_inner(world).unwrap();
    world.server.stop().await;
    database.stop(TIMEOUT).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_hangs_or_is_unavailable_requests_fail_fast() {
    outages(Duration::from_secs(2)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "30 s; make prove"]
async fn while_the_database_hangs_or_is_unavailable_for_thirty_seconds_requests_fail_fast() {
    outages(Duration::from_secs(30)).await;
}
