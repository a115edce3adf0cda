//! An interrupted import continues after the last committed batch.

use std::sync::{
    Mutex,
    atomic::{AtomicU32, Ordering},
};

use diesel_async::SimpleAsyncConnection;
use import::{ImportError, Part, PartSummary, Progress, Silent, Stop};
use mysql_engine::Conn;
use store::imports::{self, Batch, Checkpoint, Outcome};
use types::Timestamp;

use super::{City, checksums, now, number, words};
use crate::harness::database::TestDatabase;

/// Stops after a number of batches.
struct StopAfter(usize);

impl Progress for StopAfter {
    fn start(&mut self, _: Part, _: u64, _: u64) {}

    fn advance(&mut self, _: Part, _: u64, _: u64) -> Result<(), Stop> {
        self.0 -= 1;
        if self.0 == 0 { Err(Stop) } else { Ok(()) }
    }

    fn finish(&mut self, _: &PartSummary) {}
}

#[tokio::test]
async fn an_import_that_stops_anywhere_ends_as_if_it_had_not() {
    let whole = TestDatabase::new().await;
    let expected = {
        let conn = &mut whole.conn().await;
        City::new().import(conn).await;
        checksums(conn).await
    };
    let mut city = City::new();
    city.options.batch = Some(1);
    for batches in 1..=12 {
        let test = TestDatabase::new().await;
        let conn = &mut test.conn().await;
        let error = city.import_with(conn, &mut StopAfter(batches)).await.unwrap_err();
        assert!(matches!(error, ImportError::Stopped), "{error}");
        let summary = city.import(conn).await;
        let resumed: u64 = summary.parts.iter().map(|part| part.resumed_after + part.read).sum();
        let done: u64 = summary.parts.iter().filter(|part| part.already_done).map(|part| records(part.part)).sum();
        assert_eq!(resumed + done, 10, "every record was read once: {summary}");
        assert_eq!(checksums(conn).await, expected, "stopped after {batches} batches");
    }
}

fn records(part: Part) -> u64 {
    match part {
        Part::Listings => 2,
        Part::Reviews => 3,
        Part::Calendar => 5,
    }
}

#[tokio::test]
async fn a_future_that_is_dropped_half_way_has_no_effect_on_others() {
    let test = TestDatabase::new().await;
    let mut city = City::new();
    city.options.batch = Some(1);
    for polls in [1, 3, 10, 40, 120] {
        let mut conn = test.conn().await;
        let mut silent = Silent;
        let mut import = std::pin::pin!(city.import_with(&mut conn, &mut silent));
        for _ in 0..polls {
            if futures_util::poll!(&mut import).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    let conn = &mut test.conn().await;
    city.import(conn).await;
    let whole = TestDatabase::new().await;
    let other = &mut whole.conn().await;
    City::new().import(other).await;
    assert_eq!(checksums(conn).await, checksums(other).await);
}

#[tokio::test]
async fn the_future_moves_between_threads() {
    fn is_send<T: Send>(future: T) -> T {
        future
    }
    let test = TestDatabase::new().await;
    let mut conn = test.conn().await;
    let mut silent = Silent;
    is_send(import::fixture(&mut conn, now(), &mut silent)).await.unwrap();
}

/// Locks two rows in the opposite order of another transaction, the first time.
struct Colliding {
    other: Mutex<Option<Conn>>,
    attempts: AtomicU32,
}

fn touch(user: u64) -> String {
    format!(
        "UPDATE users SET about = CONCAT(COALESCE(about, ''), '!') WHERE source = 'inside-airbnb' AND source_id = {user}"
    )
}

impl Batch for Colliding {
    async fn write(&self, tx: &mut Conn, _: Timestamp) -> diesel::QueryResult<Outcome> {
        self.attempts.fetch_add(1, Ordering::Relaxed);
        tx.batch_execute(&touch(20)).await?;
        let other = self.other.lock().unwrap().take();
        let rival = other
            .map(|mut conn| tokio::spawn(async move { conn.batch_execute(&format!("{}; COMMIT", touch(20))).await }));
        let mine = tx.batch_execute(&touch(11)).await;
        if let Some(rival) = rival {
            rival.await.unwrap().expect("the greater transaction survives");
        }
        mine.map(|()| Outcome { created: 1, ..Outcome::default() })
    }
}

#[tokio::test]
async fn a_batch_that_dies_in_a_deadlock_is_written_again() {
    let test = TestDatabase::new().await;
    let conn = &mut test.conn().await;
    City::new().import(conn).await;
    conn.batch_execute("UPDATE users SET about = NULL").await.unwrap();
    let mut other = test.conn().await;
    // The database rolls back the transaction that has written less.
    let weight = "INSERT INTO amenities (slug, name) VALUES ('a', 'a'), ('b', 'b'), ('c', 'c'), ('d', 'd'), ('e', 'e')";
    other.batch_execute(&format!("BEGIN; {weight}; {}", touch(11))).await.unwrap();
    let colliding = Colliding { other: Mutex::new(Some(other)), attempts: AtomicU32::new(0) };
    let at = |records| Checkpoint {
        dataset: "x".to_owned(),
        part: "reviews",
        fingerprint: [0; 32],
        records,
        finished: false,
    };
    imports::start(conn, &at(0), now()).await.unwrap();
    let outcome = imports::commit(conn, &colliding, &at(0), &at(1), now()).await.unwrap();
    assert_eq!((outcome.created, colliding.attempts.load(Ordering::Relaxed)), (1, 2));
    assert_eq!(
        words(conn, "SELECT GROUP_CONCAT(about ORDER BY source_id) FROM users WHERE about IS NOT NULL").await,
        "!!,!!"
    );
    assert_eq!(number(conn, "SELECT records FROM imports WHERE dataset = 'x'").await, 1);
}
