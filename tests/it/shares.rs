//! One operation, or many that wait for one row, do not use up the connections of others.

use std::time::Duration;

use diesel::{QueryableByName, sql_types::BigInt};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use futures_util::future::join_all;
use mysql_engine::{Conn, Database, Options};
use serde_json::{Value, json};

use tokio::{task::JoinHandle, time::timeout};

use crate::harness::{
    actors::{Actor, data},
    app::TestApp,
    database::processes,
    server::TIMEOUT,
};

const FOR_EVER: Duration = Duration::from_secs(3_600);
const SEARCH: &str = "{ searchListings(first: 5) { totalCount nodes { listing { title host { displayName } } } } }";

/// No timeouts.
fn patient() -> Options {
    Options { acquire_timeout: FOR_EVER, max_retry_time: FOR_EVER, max_attempts: u32::MAX, ..Options::default() }
}

/// A separate connection, to hold locks.
async fn others(app: &TestApp) -> Conn {
    let database = Database::connect(app.url(), Options { pool_size: 1, ..Options::default() }).await.unwrap();
    database.conn().await.unwrap()
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// Statements on this database that wait for the lock, which is always one of listings. A statement that has just finished can still be
/// listed.
async fn waiting(conn: &mut Conn) -> i64 {
    let processes = processes(conn).await;
    let sql = format!(
        "SELECT COUNT(*) AS n FROM {processes} WHERE DB = DATABASE() AND ID <> CONNECTION_ID() AND \
         COMMAND IN ('Query', 'Execute') AND INFO LIKE '%listings%'"
    );
    diesel::sql_query(sql).get_result::<Count>(conn).await.unwrap().n
}

async fn until_waiting(conn: &mut Conn, number: i64) {
    while waiting(conn).await < number {
        tokio::task::yield_now().await;
    }
}

/// A listing whose row is locked, and ten bookings that wait for it.
struct Crowd {
    app: TestApp,
    locks: Conn,
    bookings: Vec<JoinHandle<Value>>,
    /// A guest who wants another listing, with their quote.
    other: (Actor, String),
}

impl Crowd {
    async fn waits(options: Options) -> Self {
        let app = TestApp::pooled(options).await;
        let host = app.host().await;
        let wanted = host.listing(|home| home["title"] = json!("Wanted")).await;
        let elsewhere = host.listing(|_| {}).await;
        let guests = app.guests(11).await;
        let mut stays = Vec::new();
        for (number, guest) in guests.iter().take(10).enumerate() {
            let [from, to] = [1, 3].map(|day| format!("2026-04-{:02}", number * 2 + day));
            stays.push((guest.clone(), guest.quote(&wanted, &from, &to).await));
        }
        let other = (guests[10].clone(), guests[10].quote(&elsewhere, "2026-04-01", "2026-04-03").await);
        let mut locks = others(&app).await;
        let lock = "SELECT id FROM listings WHERE title = 'Wanted' FOR UPDATE";
        locks.batch_execute(&format!("BEGIN; {lock}")).await.unwrap();
        let book = |(guest, quote): (Actor, String)| {
            let key = app.key();
            tokio::spawn(async move { guest.try_book(&quote, &key).await })
        };
        let bookings = stays.into_iter().map(book).collect();
        until_waiting(&mut locks, 4).await;
        Self { app, locks, bookings, other }
    }

    /// Releases the lock, so that they book.
    async fn ends(mut self) {
        assert!(self.bookings.iter().all(|booking| !booking.is_finished()), "the row was locked all the while");
        self.locks.batch_execute("ROLLBACK").await.unwrap();
        for booking in self.bookings {
            let booked = booking.await.unwrap();
            assert!(booked["booking"]["id"].is_string(), "{booked}");
        }
    }
}

/// S5: ten bookings that waited for one row lock made strangers' reads wait for 5 s.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bookings_that_wait_for_a_locked_row_do_not_delay_searches_or_the_worker() {
    let crowd = Crowd::waits(Options { lock_wait_timeout: FOR_EVER, statement_timeout: FOR_EVER, ..patient() }).await;
    let meanwhile = async {
        for search in join_all((0..40).map(|_| crowd.app.run(None, SEARCH, json!({})))).await {
            assert_eq!(data(search)["searchListings"]["totalCount"], 2);
        }
        crowd.app.work().await;
    };
    timeout(TIMEOUT, meanwhile).await.expect("bookings of other rows do not wait");
    // Callers with a connection would hold it forever.
    crowd.ends().await;
}

/// S5: a booking of another row gets its turn.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bookings_that_wait_for_a_locked_row_do_not_block_other_bookings() {
    let crowd = Crowd::waits(patient()).await;
    let (guest, quote) = &crowd.other;
    let booked = timeout(TIMEOUT, guest.try_book(quote, &crowd.app.key())).await.expect("a turn");
    assert!(booked["booking"]["id"].is_string(), "{booked}");
    crowd.ends().await;
}

/// S4: clients that disconnected from expensive searches left the database with more work than the pool has connections.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_is_killed_in_the_database_when_its_client_disconnects() {
    let app = TestApp::pooled(Options { statement_timeout: FOR_EVER, ..patient() }).await;
    let mut locks = others(&app).await;
    locks.batch_execute("LOCK TABLES listings WRITE").await.unwrap();
    for _ in 0..10 {
        tokio::select! {
            _ = app.run(None, SEARCH, json!({})) => panic!("listings cannot be read"),
            () = until_waiting(&mut locks, 1) => {}
        }
        let ended = async {
            while waiting(&mut locks).await > 0 {
                tokio::task::yield_now().await;
            }
        };
        timeout(TIMEOUT, ended).await.expect("no request waits for it");
    }
    locks.batch_execute("UNLOCK TABLES").await.unwrap();
    assert_eq!(data(app.run(None, SEARCH, json!({})).await)["searchListings"]["totalCount"], 0);
}

/// S4: one anonymous operation with aliases of a search held all connections for seconds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_operation_with_twelve_slow_searches_holds_two_connections() {
    let app = TestApp::pooled(patient()).await;
    let host = app.host().await;
    host.listing(|_| {}).await;
    let mut locks = others(&app).await;
    // Reads of listings wait.
    locks.batch_execute("LOCK TABLES listings WRITE").await.unwrap();
    let aliases: String =
        (0..12).map(|n| format!("a{n}: searchListings(where: {{ place: \"{n}\" }}) {{ totalCount }} ")).collect();
    let greedy = {
        let app = app.clone();
        tokio::spawn(async move { app.run(None, &format!("{{ {aliases} }}"), json!({})).await })
    };
    until_waiting(&mut locks, 2).await;
    for _ in 0..20 {
        let me = timeout(TIMEOUT, host.run("{ me { user { displayName } } }", json!({}))).await.expect("an answer");
        assert_eq!(me["me"]["user"]["displayName"], "Hugo Host");
        assert_eq!(waiting(&mut locks).await, 2);
    }
    assert!(!greedy.is_finished());
    locks.batch_execute("UNLOCK TABLES").await.unwrap();
    let answer = data(greedy.await.unwrap());
    assert_eq!(answer["a11"]["totalCount"], 0);
}
