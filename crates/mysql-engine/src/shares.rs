//! Who may hold how many connections at a time.
//!
//! A pool alone serves whoever comes first, so ten writers that wait for one row lock, or one query with twenty searches, would keep
//! everybody waiting. Three rules prevent that. Reads, writes and the worker have shares of their own, which together leave each of
//! them some connections that the others cannot take. One operation holds a small number at a time, whatever it asks for; what it
//! asks for beyond waits for itself and stands in nobody's way. And within a share the first who came is the first served.

use std::sync::Arc;
use std::time::Duration;
use tokio::sync::futures::Notified;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// What a connection is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Statements that wait for nobody's lock.
    Read,
    /// Statements that may wait for a row lock.
    Write,
}

/// On whose behalf a handle works.
#[derive(Clone, Default)]
pub(super) enum Party {
    /// Everybody's.
    #[default]
    Process,
    /// Timed work.
    Worker,
    /// One operation of one client.
    Operation(Arc<Share>),
}

/// How the connections of a pool are shared out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sizes {
    /// The most that read at a time.
    pub reads: usize,
    /// The most that write at a time.
    pub writes: usize,
    /// The most that the worker holds; `None`: it takes those of the writes, because the pool is too small for a share of its own.
    pub worker: Option<usize>,
    /// The most that one operation holds.
    pub operation: usize,
}

impl Sizes {
    /// Of a pool of `connections`.
    pub fn of(connections: usize) -> Self {
        let quarter = (connections / 4).max(1);
        let worker = (connections >= 3).then_some((connections / 8).max(1));
        Self {
            // What reads leave over is kept for writes and the worker, and the other way round.
            reads: connections.saturating_sub(quarter + worker.unwrap_or(0)).max(1),
            writes: (connections / 2).max(1),
            worker,
            operation: quarter.min(4),
        }
    }
}

/// The shares of one pool.
pub(super) struct Shares {
    sizes: Sizes,
    reads: Arc<Semaphore>,
    writes: Arc<Semaphore>,
    worker: Arc<Semaphore>,
}

impl Shares {
    pub fn of(connections: usize) -> Self {
        let sizes = Sizes::of(connections);
        let writes = Arc::new(Semaphore::new(sizes.writes));
        let worker = sizes.worker.map_or_else(|| Arc::clone(&writes), |worker| Arc::new(Semaphore::new(worker)));
        Self { sizes, reads: Arc::new(Semaphore::new(sizes.reads)), writes, worker }
    }

    /// How many connections of each share are in use.
    pub fn used(&self) -> [(&'static str, usize); 3] {
        let used = |size: usize, share: &Semaphore| size.saturating_sub(share.available_permits());
        let worker = self.sizes.worker.map_or(0, |size| used(size, &self.worker));
        [
            ("reads", used(self.sizes.reads, &self.reads)),
            ("writes", used(self.sizes.writes, &self.writes)),
            ("worker", worker),
        ]
    }

    /// The share of a new operation.
    pub fn operation(&self) -> Party {
        Party::Operation(Arc::new(Share::of(self.sizes.operation)))
    }

    /// The right to one connection, after at most `wait`; `None`: all of the share stayed in use. What an operation waits for its own
    /// connections does not count: others are not to blame for it.
    pub async fn seat(&self, party: &Party, purpose: Purpose, wait: Duration) -> Option<Seat> {
        let turn = match party {
            Party::Operation(share) => Some(share.turn().await?),
            Party::Process | Party::Worker => None,
        };
        let share = match (party, purpose) {
            (Party::Worker, _) => &self.worker,
            (_, Purpose::Read) => &self.reads,
            (_, Purpose::Write) => &self.writes,
        };
        // No timer when there is room.
        let class = match Arc::clone(share).try_acquire_owned() {
            Ok(class) => class,
            Err(_) => tokio::time::timeout(wait, Arc::clone(share).acquire_owned()).await.ok()?.ok()?,
        };
        Some(Seat { _class: class, _turn: turn })
    }
}

/// The right to hold one connection.
pub(super) struct Seat {
    _class: OwnedSemaphorePermit,
    _turn: Option<Turn>,
}

/// What one operation may hold at a time.
pub(super) struct Share {
    permits: Arc<Semaphore>,
    freed: Notify,
}

impl Share {
    fn of(connections: usize) -> Self {
        Self { permits: Arc::new(Semaphore::new(connections)), freed: Notify::new() }
    }

    /// A turn, as soon as the operation holds few enough connections.
    async fn turn(self: &Arc<Self>) -> Option<Turn> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.ok()?;
        Some(self.given(permit))
    }

    /// A turn, if the operation holds few enough connections now.
    pub fn try_turn(self: &Arc<Self>) -> Option<Turn> {
        let permit = Arc::clone(&self.permits).try_acquire_owned().ok()?;
        Some(self.given(permit))
    }

    /// Comes when a turn is over.
    pub fn freed(&self) -> Notified<'_> {
        self.freed.notified()
    }

    fn given(self: &Arc<Self>, permit: OwnedSemaphorePermit) -> Turn {
        Turn(Some((permit, Arc::clone(self))))
    }
}

/// An operation's right to hold one connection, until this is dropped.
#[must_use = "the turn is over when it is dropped"]
pub struct Turn(Option<(OwnedSemaphorePermit, Arc<Share>)>);

impl Turn {
    /// One that no operation has to account for.
    pub(super) fn of_process() -> Self {
        Self(None)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some((permit, share)) = self.0.take() {
            drop(permit);
            share.freed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_leave_each_other_some_connections() {
        for connections in 3..200 {
            let sizes = Sizes::of(connections);
            let worker = sizes.worker.unwrap();
            assert!(sizes.writes + worker < connections, "{connections}: reads have some of their own");
            assert!(sizes.reads + worker < connections, "{connections}: writes have some of their own");
            assert!((1..=4).contains(&sizes.operation) && sizes.operation <= sizes.reads, "{connections}: {sizes:?}");
        }
        assert_eq!(Sizes::of(8), Sizes { reads: 5, writes: 4, worker: Some(1), operation: 2 });
        assert_eq!(Sizes::of(2), Sizes { reads: 1, writes: 1, worker: None, operation: 1 });
        assert_eq!(Sizes::of(1), Sizes { reads: 1, writes: 1, worker: None, operation: 1 });
    }

    #[tokio::test]
    async fn an_operation_waits_for_itself_alone() {
        let shares = Shares::of(8);
        let (greedy, modest) = (shares.operation(), shares.operation());
        let seat = async |party: &Party| shares.seat(party, Purpose::Read, Duration::ZERO).await;
        let held = (seat(&greedy).await.unwrap(), seat(&greedy).await.unwrap());
        assert!(futures_util::poll!(std::pin::pin!(seat(&greedy))).is_pending());
        let others = seat(&modest).await.unwrap();
        drop(held);
        assert!(seat(&greedy).await.is_some());
        drop(others);
    }

    #[tokio::test]
    async fn writes_that_wait_leave_reads_and_the_worker_alone() {
        let shares = Shares::of(8);
        let mut writes = Vec::new();
        while let Some(seat) = shares.seat(&Party::Process, Purpose::Write, Duration::ZERO).await {
            writes.push(seat);
        }
        assert_eq!(writes.len(), 4);
        assert!(shares.seat(&Party::Process, Purpose::Read, Duration::ZERO).await.is_some());
        assert!(shares.seat(&Party::Worker, Purpose::Write, Duration::ZERO).await.is_some());
    }
}
