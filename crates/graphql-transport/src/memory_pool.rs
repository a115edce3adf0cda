//! Memory that clients share: a total, and a share for each address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use client_limits::AddressPrefix;

/// The number of addresses from which on unused ones are removed.
const MIN_SWEEP: usize = 1_024;

/// Memory that is shared by addresses, in KiB.
pub(super) struct MemoryPool {
    size: u32,
    share: u32,
    all: Arc<Semaphore>,
    shares: Mutex<Shares>,
}

#[derive(Default)]
struct Shares {
    by_address: HashMap<AddressPrefix, Weak<Semaphore>>,
    sweep_at: usize,
}

/// A part of a pool, released when dropped.
#[derive(Debug)]
pub(super) struct MemoryShare {
    _of_address: OwnedSemaphorePermit,
    _of_all: OwnedSemaphorePermit,
}

/// Why a pool has too little memory left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PoolExhausted {
    /// The share of the address is used up.
    AddressShare,
    /// The total is used up.
    Total,
}

impl MemoryPool {
    /// A pool of `size` KiB, of which one address gets at most `share`.
    pub fn new(size: u32, share: u32) -> Self {
        let all = Arc::new(Semaphore::new(size as usize));
        Self { size, share: share.min(size), all, shares: Mutex::default() }
    }

    /// Takes this many bytes, at most a whole share.
    ///
    /// # Errors
    ///
    /// When there is too little left.
    pub fn try_acquire(&self, address: Option<IpAddr>, bytes: usize) -> Result<MemoryShare, PoolExhausted> {
        let amount = self.amount(bytes);
        let share = self.share_of(address);
        let of_address = share.try_acquire_many_owned(amount).map_err(|_| PoolExhausted::AddressShare)?;
        let of_all = Arc::clone(&self.all).try_acquire_many_owned(amount).map_err(|_| PoolExhausted::Total)?;
        Ok(MemoryShare { _of_address: of_address, _of_all: of_all })
    }

    /// Waits for this many bytes, at most a whole share, in order of arrival.
    pub async fn acquire(&self, address: Option<IpAddr>, bytes: usize) -> Option<MemoryShare> {
        let amount = self.amount(bytes);
        // The share comes first: an address that has used up its share must not delay others.
        let of_address = self.share_of(address).acquire_many_owned(amount).await.ok()?;
        let of_all = Arc::clone(&self.all).acquire_many_owned(amount).await.ok()?;
        Some(MemoryShare { _of_address: of_address, _of_all: of_all })
    }

    /// The KiB in use.
    pub fn used(&self) -> usize {
        (self.size as usize).saturating_sub(self.all.available_permits())
    }

    fn amount(&self, bytes: usize) -> u32 {
        u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX).min(self.share)
    }

    fn share_of(&self, address: Option<IpAddr>) -> Arc<Semaphore> {
        let address = AddressPrefix::of(address);
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(share) = shares.by_address.get(&address).and_then(Weak::upgrade) {
            return share;
        }
        if shares.by_address.len() >= shares.sweep_at {
            shares.by_address.retain(|_, share| share.strong_count() > 0);
            shares.sweep_at = MIN_SWEEP.max(shares.by_address.len() * 2);
        }
        let share = Arc::new(Semaphore::new(self.share as usize));
        shares.by_address.insert(address, Arc::downgrade(&share));
        share
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: usize = 1024;

    fn address(number: u32) -> Option<IpAddr> {
        Some(IpAddr::from(number.to_be_bytes()))
    }

    #[test]
    fn an_address_gets_its_share_and_no_more() {
        let pool = MemoryPool::new(10, 4);
        let first = pool.try_acquire(address(1), 3 * KIB).unwrap();
        assert_eq!(pool.try_acquire(address(1), KIB + 1).unwrap_err(), PoolExhausted::AddressShare);
        let others = [2, 3].map(|other| pool.try_acquire(address(other), 3 * KIB).unwrap());
        assert_eq!(pool.try_acquire(address(4), 2 * KIB).unwrap_err(), PoolExhausted::Total);
        drop(first);
        assert!(pool.try_acquire(address(1), 4 * KIB).is_ok());
        drop(others);
        assert_eq!(pool.used(), 0);
        assert!(pool.try_acquire(address(1), 100 * KIB).is_ok(), "more than a share takes the whole share");
    }

    #[tokio::test]
    async fn an_address_that_waits_for_its_share_delays_no_other() {
        let pool = MemoryPool::new(10, 4);
        let held = pool.acquire(address(1), 4 * KIB).await.unwrap();
        let mut greedy = std::pin::pin!(pool.acquire(address(1), 4 * KIB));
        assert!(futures_util::poll!(&mut greedy).is_pending());
        assert!(pool.try_acquire(address(2), 4 * KIB).is_ok());
        drop(held);
        assert!(greedy.await.is_some());
    }

    #[test]
    fn unused_addresses_are_removed() {
        let pool = MemoryPool::new(10_000_000, 4);
        let held: Vec<_> = (0..100).map(|number| pool.try_acquire(address(number), KIB).unwrap()).collect();
        for number in 100..50_000 {
            assert!(pool.try_acquire(address(number), KIB).is_ok());
        }
        assert!(pool.shares.lock().unwrap().by_address.len() <= 2 * MIN_SWEEP);
        assert_eq!(pool.try_acquire(address(7), 4 * KIB).unwrap_err(), PoolExhausted::AddressShare);
        drop(held);
    }
}
