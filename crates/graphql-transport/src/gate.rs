//! How much may be in memory at the same time: requests, operations by the size of their answers, and answers that clients have not
//! taken yet.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::rooms::{Full, Part, Pool};
use client_limits::{AddressPrefix, Bounds, FairQueue, Lane, Slot};
use graphql_contract::documents::Prepared;

/// What need not wait: it is small.
const FREE: u32 = 50;
/// What is large: it waits for other large ones only.
pub(super) const LARGE: u32 = 600;
/// What is expensive: it costs more than this, mostly in the database.
const EXPENSIVE: u64 = 2_000;
/// Expensive operations that wait: of one address, and in all.
const WAITING: (usize, usize) = (20, 500);
/// The size of all operations of one kind that may run at the same time. Small ones have one such lane, large ones another.
const LANE: u32 = 20_000;
/// The bytes of text that count as one.
const TEXT: usize = 1024;
/// Introspection that counts as one.
const INTROSPECTION: u64 = 20;
/// An answer or a body of at most so many bytes is small; large ones do not keep it waiting.
const SMALL: usize = 256 * 1024;
/// An answer of at most so many bytes is not counted while it is sent: its connection has room for it.
const SHORT: usize = 16 * 1024;
/// The KiB of small answers that clients have not taken yet: in all, and of one address.
const UNSENT_SMALL: (u32, u32) = (32 * 1024, 8 * 1024);
/// The KiB of larger ones. The share has room for the longest answer.
const UNSENT: (u32, u32) = (48 * 1024, 12 * 1024);
/// A request of at most so many bytes is short; long ones do not crowd it out.
const SHORT_REQUEST: usize = 8 * 1024;
/// The KiB of short requests that are being read or answered: in all, and of one address.
const INCOMING_SHORT: (u32, u32) = (32 * 1024, 4 * 1024);
/// The KiB of long ones.
const INCOMING: (u32, u32) = (48 * 1024, 8 * 1024);
/// How long anything waits.
const PATIENCE: Duration = Duration::from_secs(5);

/// It took too long until there was room.
#[derive(Debug)]
pub(super) struct Crowded;

/// The room for something.
pub(super) type Room = Option<OwnedSemaphorePermit>;

pub(super) struct Gate {
    small: Arc<Semaphore>,
    large: Arc<Semaphore>,
    /// Answers that clients have not taken yet: small ones, and others.
    unsent: [Pool; 2],
    /// Bodies of requests: short ones, and others.
    incoming: Arc<[Pool; 2]>,
    preparing: Arc<Semaphore>,
    /// Expensive operations take turns, by address: whoever sends many waits for themselves.
    expensive: FairQueue,
    /// How long anything waits.
    patience: Duration,
}

impl Default for Gate {
    fn default() -> Self {
        let [small, large] = [LANE, LANE].map(|permits| Arc::new(Semaphore::new(permits as usize)));
        let pool = |(size, share)| Pool::new(size, share);
        let (unsent, incoming) = ([UNSENT_SMALL, UNSENT].map(pool), Arc::new([INCOMING_SHORT, INCOMING].map(pool)));
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
        let preparing = Arc::new(Semaphore::new(processors.div_ceil(2)));
        // What is cheap finds a processor of the database free, however many expensive operations come.
        let slots = processors.div_ceil(2);
        let expensive = FairQueue::new(Bounds { slots, per_lane: WAITING.0, waiting: WAITING.1 });
        Self { small, large, unsent, incoming, preparing, expensive, patience: PATIENCE }
    }
}

/// How much an operation may hold while it runs: about a unit for each object or ten leaves, and its own text.
pub(super) fn size(prepared: &Prepared) -> u32 {
    let cost = prepared.cost();
    let size = cost.answer.saturating_add(cost.introspection / INTROSPECTION);
    u32::try_from(size.saturating_add((prepared.bytes() / TEXT) as u64)).unwrap_or(u32::MAX)
}

impl Gate {
    /// Waits until an operation of this cost may work; one that is cheap may at once.
    ///
    /// # Errors
    ///
    /// It took too long, or too many wait.
    pub async fn work(&self, cost: u64, address: Option<IpAddr>) -> Result<Option<Slot>, Crowded> {
        if cost <= EXPENSIVE {
            return Ok(None);
        }
        let turn = self.expensive.enter(Lane::Address(AddressPrefix::of(address)));
        timeout(self.patience, turn).await.map_err(|_| Crowded)?.map(Some).ok_or(Crowded)
    }

    /// How many expensive operations wait.
    pub fn waiting(&self) -> usize {
        self.expensive.waiting()
    }

    /// Waits until an operation of this size may run. The order is that of arrival.
    ///
    /// # Errors
    ///
    /// It took too long.
    pub async fn enter(&self, size: u32) -> Result<Room, Crowded> {
        if size <= FREE {
            return Ok(None);
        }
        let lane = if size <= LARGE { &self.small } else { &self.large };
        self.wait(lane, size.min(LANE)).await
    }

    /// Waits until a new document may be prepared: half of the processors are for those that are known.
    ///
    /// # Errors
    ///
    /// It took too long.
    pub async fn prepare(&self) -> Result<Room, Crowded> {
        self.wait(&self.preparing, 1).await
    }

    /// Waits until an answer of so many bytes may be sent to an address.
    ///
    /// # Errors
    ///
    /// It took too long.
    pub async fn send(&self, bytes: usize, address: Option<IpAddr>) -> Result<Option<Part>, Crowded> {
        if bytes <= SHORT {
            return Ok(None);
        }
        let [small, large] = &self.unsent;
        let pool = if bytes <= SMALL { small } else { large };
        timeout(self.patience, pool.take(address, bytes)).await.map_err(|_| Crowded)?.map(Some).ok_or(Crowded)
    }

    /// Room for a request of so many bytes from an address.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn receive(&self, bytes: usize, address: Option<IpAddr>) -> Result<Part, Full> {
        let [short, long] = &*self.incoming;
        if bytes <= SHORT_REQUEST { short } else { long }.try_take(address, bytes)
    }

    /// The room for requests, for connections that are read elsewhere.
    pub fn incoming(&self) -> Arc<[Pool; 2]> {
        Arc::clone(&self.incoming)
    }

    /// How much of each lane is in use.
    pub fn used(&self) -> [(&'static str, usize); 4] {
        let used = |lane: &Semaphore| (LANE as usize).saturating_sub(lane.available_permits());
        let pools = |pools: &[Pool]| pools.iter().map(Pool::used).sum();
        let (unsent, incoming) = (pools(&self.unsent), pools(&*self.incoming));
        [("small", used(&self.small)), ("large", used(&self.large)), ("unsent", unsent), ("incoming", incoming)]
    }

    async fn wait(&self, lane: &Arc<Semaphore>, size: u32) -> Result<Room, Crowded> {
        match timeout(self.patience, Arc::clone(lane).acquire_many_owned(size)).await {
            Ok(Ok(room)) => Ok(Some(room)),
            _ => Err(Crowded),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn large_operations_wait_for_large_ones_and_small_ones_do_not() {
        let gate = Gate { patience: Duration::ZERO, ..Gate::default() };
        let first = gate.enter(10_000).await.unwrap();
        let second = gate.enter(u32::MAX).await;
        assert!(second.is_err(), "it waits for the first");
        let second = gate.enter(10_000).await.unwrap();
        assert!(gate.enter(10_000).await.is_err());
        assert!(gate.enter(LARGE).await.unwrap().is_some() && gate.enter(FREE).await.unwrap().is_none());
        drop(first);
        assert!(gate.enter(10_000).await.is_ok());
        drop(second);
    }

    #[tokio::test]
    async fn expensive_operations_take_turns_by_address_and_cheap_ones_do_not_wait() {
        let gate = Gate { expensive: FairQueue::new(Bounds { slots: 1, per_lane: 3, waiting: 9 }), ..Gate::default() };
        let [greedy, modest] = ["192.0.2.1", "192.0.2.2"].map(|address| Some(address.parse().unwrap()));
        let running = gate.work(10_000, greedy).await.unwrap();
        let (second, third) = (gate.work(10_000, greedy), gate.work(10_000, greedy));
        let (mut second, mut third) = (std::pin::pin!(second), std::pin::pin!(third));
        assert!(futures_util::poll!(&mut second).is_pending() && futures_util::poll!(&mut third).is_pending());
        let mut other = std::pin::pin!(gate.work(10_000, modest));
        assert!(futures_util::poll!(&mut other).is_pending() && gate.waiting() == 3);
        assert!(gate.work(EXPENSIVE, greedy).await.unwrap().is_none(), "it is cheap");
        drop(running);
        drop(second.await.unwrap());
        assert!(futures_util::poll!(&mut third).is_pending(), "the other address comes first");
        drop(other.await.unwrap());
        assert!(third.await.is_ok());
        assert_eq!(gate.waiting(), 0);
    }

    #[tokio::test]
    async fn long_answers_wait_until_others_were_taken() {
        let gate = Gate { patience: Duration::ZERO, ..Gate::default() };
        let readers: Vec<Option<IpAddr>> = (1..=5).map(|n| Some(IpAddr::from([192, 0, 2, n]))).collect();
        let share = UNSENT.1 as usize * 1024;
        let mut held = Vec::new();
        for reader in &readers[..4] {
            held.push(gate.send(share, *reader).await.unwrap());
            assert!(gate.send(SMALL + 1, *reader).await.is_err(), "its share is used up");
        }
        assert!(gate.send(SMALL + 1, readers[4]).await.is_err(), "and so is everything");
        assert!(gate.send(SMALL, readers[4]).await.unwrap().is_some(), "small answers have room of their own");
        assert!(gate.send(SHORT, readers[0]).await.unwrap().is_none());
        held.pop();
        assert!(gate.send(SMALL + 1, readers[4]).await.unwrap().is_some());
    }

    /// Six slow readers at one address held the room of everybody.
    #[tokio::test]
    async fn slow_readers_at_one_address_leave_room_to_others() {
        let gate = Gate { patience: Duration::ZERO, ..Gate::default() };
        let [slow, other] = ["192.0.2.1", "192.0.2.2"].map(|address| address.parse().ok());
        let longest = 8 * 1024 * 1024;
        let mut held = Vec::new();
        for bytes in [longest, SMALL, longest, SMALL, longest, longest, longest] {
            held.extend(gate.send(bytes, slow).await);
        }
        assert!(gate.send(longest, other).await.is_ok() && gate.send(SMALL, other).await.is_ok());
    }
}
