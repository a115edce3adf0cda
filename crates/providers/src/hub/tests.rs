use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt as _;
use types::error::Refusal;

use super::*;

/// A paused read: the notification that it has started, and the one it waits for.
type Hold = (Arc<Notify>, Arc<Notify>);

/// A table of one topic, which counts how often it is read.
#[derive(Clone, Default)]
struct Table {
    rows: Arc<Mutex<Vec<Entry<u64>>>>,
    reads: Arc<AtomicUsize>,
    fails: Arc<Mutex<Option<Error>>>,
    holds: Arc<Mutex<Option<Hold>>>,
}

impl Table {
    fn append(&self, count: u64) {
        let mut rows = locked(&self.rows);
        let last = rows.last().map_or(0, |row| row.position);
        rows.extend((last + 1..=last + count).map(|position| Entry { position, value: position * 10 }));
    }

    /// Deletes the rows up to `position`.
    fn expire(&self, position: u64) {
        locked(&self.rows).retain(|row| row.position > position);
    }

    /// Pauses the next read after its rows are read: notifies the first, and waits for the second.
    fn hold(&self) -> (Arc<Notify>, Arc<Notify>) {
        let hold = (Arc::default(), Arc::default());
        *locked(&self.holds) = Some(hold.clone());
        hold
    }

    fn last(&self) -> u64 {
        locked(&self.rows).last().map_or(0, |row| row.position)
    }

    fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    fn read(&self) -> Arc<Read<u64>> {
        let table = self.clone();
        Arc::new(move |after| {
            table.reads.fetch_add(1, Ordering::SeqCst);
            let rows = locked(&table.rows).iter().filter(|row| row.position > after).take(BATCH).copied().collect();
            let failure = locked(&table.fails).take();
            let hold = locked(&table.holds).take();
            async move {
                if let Some((held, release)) = hold {
                    held.notify_one();
                    release.notified().await;
                }
                failure.map_or(Ok(rows), Err)
            }
            .boxed()
        })
    }

    fn follow(&self, hub: &Hub<u8, u64>, position: u64) -> Follower<u8, u64> {
        hub.follow(1, position, self.last(), self.read())
    }
}

async fn next(follower: &mut Follower<u8, u64>) -> Result<u64, Arc<Error>> {
    let next = tokio::time::timeout(Duration::from_secs(10), follower.next()).await.expect("an entry arrives");
    next.map(|entry| entry.position)
}

async fn positions(follower: &mut Follower<u8, u64>, count: u64) -> Vec<u64> {
    let mut positions = Vec::new();
    for _ in 0..count {
        positions.push(next(follower).await.unwrap());
    }
    positions
}

/// Lets the other tasks run until they all wait.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_entry_is_read_once_for_any_number_of_followers() {
    let (hub, table) = (Hub::default(), Table::default());
    table.append(3);
    let mut followers: Vec<_> = (0..200).map(|_| table.follow(&hub, 3)).collect();
    settle().await;
    let before = table.reads();
    table.append(1);
    hub.wake(&1);
    for follower in &mut followers {
        assert_eq!(next(follower).await.unwrap(), 4);
    }
    assert_eq!(table.reads() - before, 1);
    hub.announce(&1, 4);
    settle().await;
    assert_eq!(table.reads() - before, 1, "entries are not read again");
    assert!(
        followers.iter_mut().all(|follower| follower.next().now_or_never().is_none()),
        "and no follower is woken again"
    );
}

#[tokio::test]
async fn an_entry_that_a_read_in_progress_finds_is_not_read_again() {
    let (hub, table) = (Hub::default(), Table::default());
    let mut follower = table.follow(&hub, 0);
    settle().await;
    let before = table.reads();
    let (held, release) = table.hold();
    table.append(1);
    hub.wake(&1);
    held.notified().await;
    // Others find the same entry while it is being read.
    hub.announce(&1, 1);
    hub.announce(&1, 1);
    release.notify_one();
    assert_eq!(next(&mut follower).await.unwrap(), 1);
    settle().await;
    assert_eq!(table.reads() - before, 1);
    let (held, release) = table.hold();
    table.append(1);
    hub.wake(&1);
    held.notified().await;
    // It was written after the read in progress began, which may miss it.
    hub.wake(&1);
    release.notify_one();
    settle().await;
    assert_eq!(table.reads() - before, 3);
}

#[tokio::test]
async fn an_announcement_of_deleted_entries_is_read_once() {
    let (hub, table) = (Hub::default(), Table::default());
    let _follower = table.follow(&hub, 0);
    settle().await;
    let before = table.reads();
    hub.announce(&1, 7);
    settle().await;
    assert_eq!(table.reads() - before, 1);
}

#[tokio::test]
async fn a_follower_that_lags_gets_everything_in_order() {
    let (hub, table) = (Hub::default(), Table::default());
    let mut follower = table.follow(&hub, 0);
    let rounds = 3 * BACKLOG as u64;
    for _ in 0..rounds {
        table.append(7);
        hub.wake(&1);
        settle().await;
    }
    assert_eq!(positions(&mut follower, rounds * 7).await, (1..=rounds * 7).collect::<Vec<_>>());
    table.append(1);
    hub.wake(&1);
    assert_eq!(next(&mut follower).await.unwrap(), rounds * 7 + 1, "and continues live");
}

#[tokio::test]
async fn a_follower_that_starts_before_or_after_the_reader_misses_nothing() {
    let (hub, table) = (Hub::default(), Table::default());
    table.append(250);
    let mut live = table.follow(&hub, 250);
    settle().await;
    table.append(5);
    // The reader does not know of it yet; this follower does.
    let mut ahead = table.follow(&hub, 255);
    let mut behind = table.follow(&hub, 0);
    table.append(5);
    hub.wake(&1);
    assert_eq!(positions(&mut behind, 260).await, (1..=260).collect::<Vec<_>>());
    assert_eq!(positions(&mut live, 10).await, (251..=260).collect::<Vec<_>>());
    assert_eq!(positions(&mut ahead, 5).await, (256..=260).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_write_between_the_check_and_the_first_read_is_not_lost() {
    let (hub, table) = (Hub::default(), Table::default());
    table.append(2);
    // The latest position was read; then another transaction committed, whose wake-up found no follower.
    let latest = table.last();
    table.append(1);
    hub.wake(&1);
    let mut follower = hub.follow(1, latest, latest, table.read());
    assert_eq!(next(&mut follower).await.unwrap(), 3);
}

#[tokio::test]
async fn followers_that_leave_free_their_topic() {
    let (hub, table) = (Hub::default(), Table::default());
    let (first, second) = (table.follow(&hub, 0), table.follow(&hub, 0));
    settle().await;
    drop(first);
    assert!(hub.is_followed());
    drop(second);
    assert!(!hub.is_followed());
    settle().await;
    assert_eq!(Arc::strong_count(&table.rows), 1, "the reader is gone too");
}

#[tokio::test]
async fn deleted_entries_are_an_error() {
    let (hub, table) = (Hub::default(), Table::default());
    table.append(10);
    table.expire(5);
    for position in [0, 4] {
        let error = next(&mut table.follow(&hub, position)).await.unwrap_err();
        assert!(matches!(*error, Error::Refused(Refusal::CursorExpired(_))), "{error}");
    }
    let mut follower = table.follow(&hub, 5);
    assert_eq!(positions(&mut follower, 5).await, [6, 7, 8, 9, 10]);
    locked(&table.rows).retain(|row| row.position != 8);
    let mut follower = table.follow(&hub, 5);
    assert_eq!(positions(&mut follower, 2).await, [6, 7]);
    assert!(next(&mut follower).await.is_err(), "a gap in the middle is reported too");
    let latest = table.last();
    table.expire(10);
    assert!(next(&mut hub.follow(1, 7, latest, table.read())).await.is_err(), "and so is the loss of all");
}

#[tokio::test]
async fn an_error_ends_the_streams_and_the_next_follower_restarts_the_reader() {
    let (hub, table) = (Hub::default(), Table::default());
    let mut followers = [table.follow(&hub, 0), table.follow(&hub, 0)];
    settle().await;
    *locked(&table.fails) = Some(Error::Internal(anyhow::anyhow!("a row of a newer server")));
    table.append(1);
    hub.wake(&1);
    for follower in &mut followers {
        assert!(matches!(*next(follower).await.unwrap_err(), Error::Internal(_)));
    }
    let mut again = table.follow(&hub, 0);
    drop(followers);
    assert_eq!(next(&mut again).await.unwrap(), 1);
    table.append(1);
    hub.wake(&1);
    assert_eq!(next(&mut again).await.unwrap(), 2);
}

#[tokio::test]
async fn streams_survive_an_unavailable_database() {
    let (hub, table) = (Hub::default(), Table::default());
    let mut follower = table.follow(&hub, 0);
    settle().await;
    *locked(&table.fails) = Some(Error::Unavailable(anyhow::anyhow!("away")));
    table.append(1);
    hub.wake(&1);
    assert_eq!(next(&mut follower).await.unwrap(), 1);
}
