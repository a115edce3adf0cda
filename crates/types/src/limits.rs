//! Rate limits as values.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::Duration;

/// What happens to an attempt above a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Penalty {
    /// It is refused.
    Refuse,
    /// It is delayed, at most this long.
    Delay(Duration),
}

/// A rate limit: `burst` attempts at once; each is available again after `window / burst`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The name of the limit. Attempts under different names are counted separately.
    pub name: &'static str,
    /// The maximum number of attempts at once.
    pub burst: u32,
    /// The time after which all attempts are available again.
    pub window: Duration,
    /// What happens to further attempts.
    pub penalty: Penalty,
}

impl Rule {
    /// Refuses attempts above `burst` in `window`.
    pub const fn refusing(name: &'static str, burst: u32, window: Duration) -> Self {
        Self { name, burst, window, penalty: Penalty::Refuse }
    }

    /// Delays attempts above `burst` in `window`, each by at most `most`.
    pub const fn delaying(name: &'static str, burst: u32, window: Duration, most: Duration) -> Self {
        Self { name, burst, window, penalty: Penalty::Delay(most) }
    }

    /// The same rule with another burst; with `u32::MAX` there is no limit.
    #[must_use]
    pub const fn with_burst(self, burst: u32) -> Self {
        Self { burst, ..self }
    }

    /// Whether there is no limit.
    pub const fn is_unlimited(&self) -> bool {
        self.burst == u32::MAX
    }

    /// The time after which one attempt is available again.
    pub fn step(&self) -> Duration {
        let micros = self.window.num_microseconds().unwrap_or(i64::MAX);
        Duration::microseconds((micros / i64::from(self.burst.max(1))).max(1))
    }

    /// The window in whole steps: exactly `burst` attempts fit into it.
    pub fn span(&self) -> Duration {
        let micros = self.step().num_microseconds().unwrap_or(i64::MAX);
        Duration::microseconds(micros.saturating_mul(i64::from(self.burst)))
    }
}

/// The attempts of this process that are being delayed: bounded by key and in all, so that delays
/// cannot be hoarded.
#[derive(Debug, Clone, Default)]
pub struct Delays(Arc<Mutex<HashMap<[u8; 32], usize>>>);

/// One delayed attempt. Dropping it makes room for another.
#[derive(Debug)]
pub struct Delayed {
    delays: Delays,
    key: [u8; 32],
}

impl Delays {
    /// The most delayed attempts of one key.
    pub const PER_KEY: usize = 500;
    /// The most delayed attempts in all.
    pub const IN_ALL: usize = 1_000;

    /// Room for one more delayed attempt of `key`, if there is any.
    pub fn enter(&self, key: [u8; 32]) -> Option<Delayed> {
        let mut delayed = self.lock();
        let in_all: usize = delayed.values().sum();
        let own = delayed.get(&key).copied().unwrap_or(0);
        if own >= Self::PER_KEY || in_all >= Self::IN_ALL {
            return None;
        }
        delayed.insert(key, own + 1);
        drop(delayed);
        Some(Delayed { delays: self.clone(), key })
    }

    /// How many are delayed now.
    pub fn number(&self) -> usize {
        self.lock().values().sum()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<[u8; 32], usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Delayed {
    fn drop(&mut self) {
        let mut delayed = self.delays.lock();
        if let Some(own) = delayed.get_mut(&self.key) {
            *own -= 1;
            if *own == 0 {
                delayed.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_burst_fits_into_the_span_exactly() {
        for (burst, seconds) in [(1, 60), (3, 900), (7, 900), (200, 900), (1_000, 1)] {
            let rule = Rule::refusing("test", burst, Duration::seconds(seconds));
            assert_eq!(rule.span(), rule.step() * i32::try_from(burst).unwrap());
            assert!(rule.span() <= rule.window);
        }
    }

    #[test]
    fn delays_are_bounded_by_key_and_make_room_when_they_end() {
        let delays = Delays::default();
        let mut held: Vec<_> = (0..Delays::PER_KEY).map(|_| delays.enter([1; 32]).unwrap()).collect();
        assert!(delays.enter([1; 32]).is_none());
        let other = delays.enter([2; 32]).unwrap();
        held.pop();
        assert!(delays.enter([1; 32]).is_some());
        drop((held, other));
        assert!(delays.lock().is_empty());
    }
}
