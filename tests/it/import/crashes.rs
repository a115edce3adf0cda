//! An import that dies goes on behind the last batch that was written.

use staygate::import::{ImportError, Part, PartSummary, Progress, Silent, Stop};

use super::{City, checksums, now};
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
async fn a_future_that_is_dropped_half_way_does_no_harm() {
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
    is_send(staygate::import::fixture(&mut conn, now(), &mut silent)).await.unwrap();
}
