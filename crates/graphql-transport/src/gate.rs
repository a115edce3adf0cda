//! Bounds the memory in use at a time: requests, operations by the size of their responses, and
//! responses that clients have not read yet.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::memory_pool::{MemoryPool, MemoryShare, PoolExhausted};
use client_limits::{AddressPrefix, Bounds, FairQueue, Lane, Slot};
use graphql_contract::documents::Prepared;

/// An operation of at most this size does not wait.
const FREE_SIZE: u32 = 50;
/// An operation above this size is large: it waits only for other large ones.
pub(super) const LARGE_SIZE: u32 = 600;
/// An operation above this cost is expensive, mostly for the database.
const EXPENSIVE_COST: u64 = 2_000;
/// Maximum number of waiting expensive operations: of one address, and in total.
const MAX_WAITING: (usize, usize) = (20, 500);
/// Maximum total size of the running operations of one kind: small and large ones have separate
/// lanes.
const LANE_SIZE: u32 = 20_000;
/// Bytes of text that count as one unit of size.
const TEXT_BYTES_PER_UNIT: usize = 1024;
/// Cost of introspection that counts as one unit of size.
const INTROSPECTION_COST_PER_UNIT: u64 = 20;
/// A response or body of at most this many bytes is small, and does not wait for large ones.
const SMALL_BYTES: usize = 256 * 1024;
/// A response of at most this many bytes is not counted while it is sent: it fits into the buffer
/// of its connection.
const SHORT_BYTES: usize = 16 * 1024;
/// KiB of small responses that clients have not read yet: in total, and for one address.
const UNSENT_SMALL_KIB: (u32, u32) = (32 * 1024, 8 * 1024);
/// KiB of larger ones. The share has room for the longest response.
const UNSENT_KIB: (u32, u32) = (48 * 1024, 12 * 1024);
/// A request of at most this many bytes is short, and has room apart from long ones.
const SHORT_REQUEST_BYTES: usize = 8 * 1024;
/// KiB of short requests being read or processed: in total, and for one address.
const INCOMING_SHORT_KIB: (u32, u32) = (32 * 1024, 4 * 1024);
/// KiB of long ones.
const INCOMING_KIB: (u32, u32) = (48 * 1024, 8 * 1024);
/// Maximum time of any wait.
const MAX_WAIT: Duration = Duration::from_secs(5);

/// Waiting took too long.
#[derive(Debug)]
pub(super) struct Overloaded;

/// A permit for memory, if one was needed.
pub(super) type MemoryPermit = Option<OwnedSemaphorePermit>;

pub(super) struct Gate {
    small: Arc<Semaphore>,
    large: Arc<Semaphore>,
    /// Responses that clients have not read yet: small ones, and others.
    unsent: [MemoryPool; 2],
    /// Bodies of requests: short ones, and others.
    incoming: Arc<[MemoryPool; 2]>,
    preparing: Arc<Semaphore>,
    /// The queue for expensive operations, in which addresses take turns.
    expensive: FairQueue,
    /// Maximum time of any wait.
    max_wait: Duration,
}

impl Default for Gate {
    fn default() -> Self {
        let [small, large] = [LANE_SIZE, LANE_SIZE].map(|permits| Arc::new(Semaphore::new(permits as usize)));
        let pool = |(size, share)| MemoryPool::new(size, share);
        let (unsent, incoming) =
            ([UNSENT_SMALL_KIB, UNSENT_KIB].map(pool), Arc::new([INCOMING_SHORT_KIB, INCOMING_KIB].map(pool)));
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        let preparing = Arc::new(Semaphore::new(processors.div_ceil(2)));
        // Some processors of the database remain free for cheap operations.
        let slots = processors.div_ceil(2);
        let expensive = FairQueue::new(Bounds { slots, per_lane: MAX_WAITING.0, waiting: MAX_WAITING.1 });
        Self { small, large, unsent, incoming, preparing, expensive, max_wait: MAX_WAIT }
    }
}

/// The memory of a running operation: about one unit for each object or ten leaves, and its own
/// text.
pub(super) fn size(prepared: &Prepared) -> u32 {
    let cost = prepared.cost();
    let size = cost.response.saturating_add(cost.introspection / INTROSPECTION_COST_PER_UNIT);
    u32::try_from(size.saturating_add((prepared.bytes() / TEXT_BYTES_PER_UNIT) as u64)).unwrap_or(u32::MAX)
}

impl Gate {
    /// Waits until an operation of this cost may run. A cheap one does not wait.
    ///
    /// # Errors
    ///
    /// When waiting took too long, or too many operations wait.
    pub async fn admit_expensive(&self, cost: u64, address: Option<IpAddr>) -> Result<Option<Slot>, Overloaded> {
        if cost <= EXPENSIVE_COST {
            return Ok(None);
        }
        let turn = self.expensive.enter(Lane::Address(AddressPrefix::of(address)));
        timeout(self.max_wait, turn).await.map_err(|_| Overloaded)?.map(Some).ok_or(Overloaded)
    }

    /// The number of waiting expensive operations.
    pub fn waiting(&self) -> usize {
        self.expensive.waiting()
    }

    /// Waits until an operation of this size may run, in order of arrival.
    ///
    /// # Errors
    ///
    /// When waiting took too long.
    pub async fn admit(&self, size: u32) -> Result<MemoryPermit, Overloaded> {
        if size <= FREE_SIZE {
            return Ok(None);
        }
        let lane = if size <= LARGE_SIZE { &self.small } else { &self.large };
        self.wait(lane, size.min(LANE_SIZE)).await
    }

    /// Waits until a new document may be prepared: half of the processors are reserved for cached
    /// ones.
    ///
    /// # Errors
    ///
    /// When waiting took too long.
    pub async fn admit_preparation(&self) -> Result<MemoryPermit, Overloaded> {
        self.wait(&self.preparing, 1).await
    }

    /// Waits until a response of this many bytes may be sent to an address.
    ///
    /// # Errors
    ///
    /// When waiting took too long.
    pub async fn reserve_response(
        &self,
        bytes: usize,
        address: Option<IpAddr>,
    ) -> Result<Option<MemoryShare>, Overloaded> {
        if bytes <= SHORT_BYTES {
            return Ok(None);
        }
        let [small, large] = &self.unsent;
        let pool = if bytes <= SMALL_BYTES { small } else { large };
        timeout(self.max_wait, pool.acquire(address, bytes)).await.map_err(|_| Overloaded)?.map(Some).ok_or(Overloaded)
    }

    /// Reserves memory for a request of this many bytes from an address.
    ///
    /// # Errors
    ///
    /// When there is none left.
    pub fn reserve_request(&self, bytes: usize, address: Option<IpAddr>) -> Result<MemoryShare, PoolExhausted> {
        let [short, long] = &*self.incoming;
        if bytes <= SHORT_REQUEST_BYTES { short } else { long }.try_acquire(address, bytes)
    }

    /// The memory for requests, for connections that are read elsewhere.
    pub fn incoming(&self) -> Arc<[MemoryPool; 2]> {
        Arc::clone(&self.incoming)
    }

    /// The used part of each lane and pool.
    pub fn used(&self) -> [(&'static str, usize); 4] {
        let used = |lane: &Semaphore| (LANE_SIZE as usize).saturating_sub(lane.available_permits());
        let pools = |pools: &[MemoryPool]| pools.iter().map(MemoryPool::used).sum();
        let (unsent, incoming) = (pools(&self.unsent), pools(&*self.incoming));
        [("small", used(&self.small)), ("large", used(&self.large)), ("unsent", unsent), ("incoming", incoming)]
    }

    async fn wait(&self, lane: &Arc<Semaphore>, size: u32) -> Result<MemoryPermit, Overloaded> {
        match timeout(self.max_wait, Arc::clone(lane).acquire_many_owned(size)).await {
            Ok(Ok(permit)) => Ok(Some(permit)),
            _ => Err(Overloaded),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn large_operations_wait_only_for_large_ones() {
        let gate = Gate { max_wait: Duration::ZERO, ..Gate::default() };
        let first = gate.admit(10_000).await.unwrap();
        let second = gate.admit(u32::MAX).await;
        assert!(second.is_err(), "it waits for the first");
        let second = gate.admit(10_000).await.unwrap();
        assert!(gate.admit(10_000).await.is_err());
        assert!(gate.admit(LARGE_SIZE).await.unwrap().is_some() && gate.admit(FREE_SIZE).await.unwrap().is_none());
        drop(first);
        assert!(gate.admit(10_000).await.is_ok());
        drop(second);
    }

    #[tokio::test]
    async fn expensive_operations_take_turns_by_address_and_cheap_ones_do_not_wait() {
        let gate = Gate { expensive: FairQueue::new(Bounds { slots: 1, per_lane: 3, waiting: 9 }), ..Gate::default() };
        let [first_address, second_address] = ["192.0.2.1", "192.0.2.2"].map(|address| Some(address.parse().unwrap()));
        let running = gate.admit_expensive(10_000, first_address).await.unwrap();
        let (second, third) =
            (gate.admit_expensive(10_000, first_address), gate.admit_expensive(10_000, first_address));
        let (mut second, mut third) = (std::pin::pin!(second), std::pin::pin!(third));
        assert!(futures_util::poll!(&mut second).is_pending() && futures_util::poll!(&mut third).is_pending());
        let mut other = std::pin::pin!(gate.admit_expensive(10_000, second_address));
        assert!(futures_util::poll!(&mut other).is_pending() && gate.waiting() == 3);
        assert!(gate.admit_expensive(EXPENSIVE_COST, first_address).await.unwrap().is_none(), "it is cheap");
        drop(running);
        drop(second.await.unwrap());
        assert!(futures_util::poll!(&mut third).is_pending(), "the other address comes first");
        drop(other.await.unwrap());
        assert!(third.await.is_ok());
        assert_eq!(gate.waiting(), 0);
    }

    #[tokio::test]
    async fn long_responses_wait_until_others_are_read() {
        let gate = Gate { max_wait: Duration::ZERO, ..Gate::default() };
        let readers: Vec<Option<IpAddr>> = (1..=5).map(|n| Some(IpAddr::from([192, 0, 2, n]))).collect();
        let share = UNSENT_KIB.1 as usize * 1024;
        let mut held = Vec::new();
        for reader in &readers[..4] {
            held.push(gate.reserve_response(share, *reader).await.unwrap());
            assert!(gate.reserve_response(SMALL_BYTES + 1, *reader).await.is_err(), "its share is used up");
        }
        assert!(gate.reserve_response(SMALL_BYTES + 1, readers[4]).await.is_err(), "and so is the total");
        assert!(
            gate.reserve_response(SMALL_BYTES, readers[4]).await.unwrap().is_some(),
            "small responses have a separate pool"
        );
        assert!(gate.reserve_response(SHORT_BYTES, readers[0]).await.unwrap().is_none());
        held.pop();
        assert!(gate.reserve_response(SMALL_BYTES + 1, readers[4]).await.unwrap().is_some());
    }

    /// Slow readers at one address must not occupy the memory for all clients.
    #[tokio::test]
    async fn slow_readers_at_one_address_leave_room_for_others() {
        let gate = Gate { max_wait: Duration::ZERO, ..Gate::default() };
        let [slow, other] = ["192.0.2.1", "192.0.2.2"].map(|address| address.parse().ok());
        let longest = 8 * 1024 * 1024;
        let mut held = Vec::new();
        for bytes in [longest, SMALL_BYTES, longest, SMALL_BYTES, longest, longest, longest] {
            held.extend(gate.reserve_response(bytes, slow).await);
        }
        assert!(
            gate.reserve_response(longest, other).await.is_ok()
                && gate.reserve_response(SMALL_BYTES, other).await.is_ok()
        );
    }
}
