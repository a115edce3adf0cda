//! Token buckets of one kind, by key, in bounded memory.

use std::hash::Hash;
use std::num::NonZeroU32;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use governor::clock::Clock;
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use super::BudgetExhausted;
use client_limits::Budget;

/// Maximum number of buckets in memory, of about 60 bytes each.
const MAX_BUCKETS: usize = 50_000;

/// A clock that shows the time since it was created.
#[derive(Clone, Debug)]
pub(in super::super) struct UptimeClock(Instant);

impl Default for UptimeClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for UptimeClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

type Limiter<K, C> = RateLimiter<K, HashMapStateStore<K>, C, StateInformationMiddleware>;

/// A bucket for each key, created at its first use.
pub(super) struct Buckets<K: Hash + Eq + Clone, C: Clock> {
    quota: Option<Quota>,
    max: usize,
    clock: C,
    limiter: RwLock<Option<Limiter<K, C>>>,
}

impl<K: Hash + Eq + Clone, C: Clock + Clone> Buckets<K, C> {
    pub fn new(budget: Budget, clock: C) -> Self {
        Self::bounded(budget, clock, MAX_BUCKETS)
    }

    fn bounded(budget: Budget, clock: C, max: usize) -> Self {
        let (rate, burst) = (NonZeroU32::new(budget.per_second), NonZeroU32::new(budget.burst));
        let quota = rate.zip(burst).map(|(rate, burst)| Quota::per_second(rate).allow_burst(burst));
        let limiter = quota.map(|quota| limiter(quota, &clock));
        Self { quota, max, clock, limiter: RwLock::new(limiter) }
    }

    /// Takes units from the bucket of `key`, at most its whole capacity. Returns the rest; none
    /// without a limit.
    ///
    /// # Errors
    ///
    /// When the bucket has too few units.
    pub fn take(&self, key: &K, units: u64) -> Result<Option<u64>, BudgetExhausted> {
        let Some(quota) = self.quota else { return Ok(None) };
        let units = u32::try_from(units).unwrap_or(u32::MAX).min(quota.burst_size().get());
        let Some(units) = NonZeroU32::new(units) else { return Ok(None) };
        let (taken, is_full) = {
            let limiter = self.limiter.read().unwrap_or_else(PoisonError::into_inner);
            let Some(limiter) = limiter.as_ref() else { return Ok(None) };
            (limiter.check_key_n(key, units), limiter.len() >= self.max)
        };
        if is_full {
            self.evict(quota);
        }
        match taken {
            Ok(Ok(state)) => Ok(Some(state.remaining_burst_capacity().into())),
            Ok(Err(until)) => Err(BudgetExhausted { after: until.wait_time_from(self.clock.now()) }),
            // Not possible: no more units are requested than a bucket can hold.
            Err(_) => Ok(None),
        }
    }

    /// Removes the buckets that are full. If these are too few, removes all, which only allows some
    /// more bursts.
    fn evict(&self, quota: Quota) {
        let mut limiter = self.limiter.write().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = limiter.as_ref().filter(|known| known.len() >= self.max) else { return };
        known.retain_recent();
        if known.len() > self.max / 2 {
            *limiter = Some(self::limiter(quota, &self.clock));
        }
    }
}

fn limiter<K: Hash + Eq + Clone, C: Clock + Clone>(quota: Quota, clock: &C) -> Limiter<K, C> {
    RateLimiter::hashmap_with_clock(quota, clock.clone()).with_middleware()
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    #[test]
    fn without_a_rate_there_is_no_limit() {
        let buckets = Buckets::new(Budget::NONE, UptimeClock::default());
        assert_eq!(buckets.take(&1, u64::MAX), Ok(None));
    }

    #[test]
    fn the_number_of_buckets_is_bounded_even_if_all_are_in_use() {
        let clock = FakeRelativeClock::default();
        let buckets = Buckets::bounded(Budget { per_second: 10, burst: 10 }, clock.clone(), 100);
        let known = || buckets.limiter.read().unwrap().as_ref().unwrap().len();
        for key in 0..1_000 {
            buckets.take(&key, 5).unwrap();
            assert!(known() <= 102, "{}", known());
        }
    }

    #[test]
    fn full_buckets_are_removed_first() {
        let clock = FakeRelativeClock::default();
        let buckets = Buckets::bounded(Budget { per_second: 10, burst: 10 }, clock.clone(), 100);
        for key in 0..99 {
            buckets.take(&key, 5).unwrap();
        }
        clock.advance(Duration::from_secs(10));
        for key in 100..110 {
            buckets.take(&key, 5).unwrap();
        }
        assert_eq!(buckets.limiter.read().unwrap().as_ref().unwrap().len(), 10);
        assert!(buckets.take(&109, 6).is_err());
    }
}
