//! Limits how many connections each caller holds at a time.
//!
//! A pool alone serves whoever comes first, so ten writers that wait for one row lock, or one query
//! with twenty searches, would block all other callers. Three rules prevent that. Reads, writes and
//! the worker have separate shares, sized so that each has some connections that the others cannot
//! use. One operation holds only a few connections at a time; its further requests wait for its own
//! earlier ones and delay no one else. Within a share, callers are served in order of arrival.

use std::sync::Arc;
use std::time::Duration;
use tokio::sync::futures::Notified;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// What a connection is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Statements that wait for no lock.
    Read,
    /// Statements that may wait for a row lock.
    Write,
}

/// The caller that a handle belongs to.
#[derive(Clone, Default)]
pub(super) enum Caller {
    /// The process as a whole.
    #[default]
    Process,
    /// Scheduled work.
    Worker,
    /// One operation of one client.
    Operation(Arc<OperationShare>),
}

/// The sizes of the shares of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ShareSizes {
    /// Maximum for reads.
    pub reads: usize,
    /// Maximum for writes.
    pub writes: usize,
    /// Maximum for the worker; `None`: it uses the share of writes, because the pool is too small
    /// for a share of its own.
    pub worker: Option<usize>,
    /// Maximum for one operation.
    pub operation: usize,
}

impl ShareSizes {
    /// The sizes for a pool of `connections`.
    pub fn of(connections: usize) -> Self {
        let quarter = (connections / 4).max(1);
        let worker = (connections >= 3).then_some((connections / 8).max(1));
        Self {
            // The rest is reserved for writes and the worker, and the other way round.
            reads: connections.saturating_sub(quarter + worker.unwrap_or(0)).max(1),
            writes: (connections / 2).max(1),
            worker,
            operation: quarter.min(4),
        }
    }
}

/// The shares of one pool.
pub(super) struct Shares {
    sizes: ShareSizes,
    reads: Arc<Semaphore>,
    writes: Arc<Semaphore>,
    worker: Arc<Semaphore>,
}

impl Shares {
    pub fn of(connections: usize) -> Self {
        let sizes = ShareSizes::of(connections);
        let writes = Arc::new(Semaphore::new(sizes.writes));
        let worker = sizes.worker.map_or_else(|| Arc::clone(&writes), |worker| Arc::new(Semaphore::new(worker)));
        Self { sizes, reads: Arc::new(Semaphore::new(sizes.reads)), writes, worker }
    }

    /// The number of connections in use, by share.
    pub fn used(&self) -> [(&'static str, usize); 3] {
        let used = |size: usize, share: &Semaphore| size.saturating_sub(share.available_permits());
        let worker = self.sizes.worker.map_or(0, |size| used(size, &self.worker));
        [
            ("reads", used(self.sizes.reads, &self.reads)),
            ("writes", used(self.sizes.writes, &self.writes)),
            ("worker", worker),
        ]
    }

    /// A caller for a new operation.
    pub fn operation(&self) -> Caller {
        Caller::Operation(Arc::new(OperationShare::of(self.sizes.operation)))
    }

    /// A permit for one connection, after at most `timeout`; `None`: the whole share stayed in use.
    /// The time that an operation waits for its own connections does not count.
    pub async fn acquire(&self, caller: &Caller, purpose: Purpose, timeout: Duration) -> Option<ConnectionPermit> {
        let operation = match caller {
            Caller::Operation(share) => Some(share.permit().await?),
            Caller::Process | Caller::Worker => None,
        };
        let share = match (caller, purpose) {
            (Caller::Worker, _) => &self.worker,
            (_, Purpose::Read) => &self.reads,
            (_, Purpose::Write) => &self.writes,
        };
        // A permit that is free needs no timer.
        let share = match Arc::clone(share).try_acquire_owned() {
            Ok(share) => share,
            Err(_) => tokio::time::timeout(timeout, Arc::clone(share).acquire_owned()).await.ok()?.ok()?,
        };
        Some(ConnectionPermit { _share: share, _operation: operation })
    }
}

/// A permit for one connection, released when dropped.
pub(super) struct ConnectionPermit {
    _share: OwnedSemaphorePermit,
    _operation: Option<OperationPermit>,
}

/// The limit of one operation.
pub(super) struct OperationShare {
    permits: Arc<Semaphore>,
    released: Notify,
}

impl OperationShare {
    fn of(connections: usize) -> Self {
        Self { permits: Arc::new(Semaphore::new(connections)), released: Notify::new() }
    }

    /// A permit, as soon as the operation is below its limit.
    async fn permit(self: &Arc<Self>) -> Option<OperationPermit> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.ok()?;
        Some(self.wrap(permit))
    }

    /// A permit, if the operation is below its limit now.
    pub fn try_permit(self: &Arc<Self>) -> Option<OperationPermit> {
        let permit = Arc::clone(&self.permits).try_acquire_owned().ok()?;
        Some(self.wrap(permit))
    }

    /// Notifies when a permit is released.
    pub fn released(&self) -> Notified<'_> {
        self.released.notified()
    }

    fn wrap(self: &Arc<Self>, permit: OwnedSemaphorePermit) -> OperationPermit {
        OperationPermit(Some((permit, Arc::clone(self))))
    }
}

/// A permit for one connection of an operation, released when dropped.
#[must_use = "the permit is released when it is dropped"]
pub struct OperationPermit(Option<(OwnedSemaphorePermit, Arc<OperationShare>)>);

impl OperationPermit {
    /// A permit that counts against no operation.
    pub(super) fn unlimited() -> Self {
        Self(None)
    }
}

impl Drop for OperationPermit {
    fn drop(&mut self) {
        if let Some((permit, share)) = self.0.take() {
            drop(permit);
            share.released.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_each_have_reserved_connections() {
        for connections in 3..200 {
            let sizes = ShareSizes::of(connections);
            let worker = sizes.worker.unwrap();
            assert!(sizes.writes + worker < connections, "{connections}: some are reserved for reads");
            assert!(sizes.reads + worker < connections, "{connections}: some are reserved for writes");
            assert!((1..=4).contains(&sizes.operation) && sizes.operation <= sizes.reads, "{connections}: {sizes:?}");
        }
        assert_eq!(ShareSizes::of(8), ShareSizes { reads: 5, writes: 4, worker: Some(1), operation: 2 });
        assert_eq!(ShareSizes::of(2), ShareSizes { reads: 1, writes: 1, worker: None, operation: 1 });
        assert_eq!(ShareSizes::of(1), ShareSizes { reads: 1, writes: 1, worker: None, operation: 1 });
    }

    #[tokio::test]
    async fn an_operation_at_its_limit_delays_no_other() {
        let shares = Shares::of(8);
        let (first, second) = (shares.operation(), shares.operation());
        let acquire = async |caller: &Caller| shares.acquire(caller, Purpose::Read, Duration::ZERO).await;
        let held = (acquire(&first).await.unwrap(), acquire(&first).await.unwrap());
        assert!(futures_util::poll!(std::pin::pin!(acquire(&first))).is_pending());
        let other = acquire(&second).await.unwrap();
        drop(held);
        assert!(acquire(&first).await.is_some());
        drop(other);
    }

    #[tokio::test]
    async fn waiting_writes_do_not_delay_reads_and_the_worker() {
        let shares = Shares::of(8);
        let mut writes = Vec::new();
        while let Some(permit) = shares.acquire(&Caller::Process, Purpose::Write, Duration::ZERO).await {
            writes.push(permit);
        }
        assert_eq!(writes.len(), 4);
        assert!(shares.acquire(&Caller::Process, Purpose::Read, Duration::ZERO).await.is_some());
        assert!(shares.acquire(&Caller::Worker, Purpose::Write, Duration::ZERO).await.is_some());
    }
}
