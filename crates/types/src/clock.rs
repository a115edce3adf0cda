//! Time and randomness, passed in so that tests control them.

use std::sync::Mutex;

use chrono::Duration;
use futures_util::future::BoxFuture;
use rand::{Rng, SeedableRng, rngs::StdRng};
use tokio::sync::watch;

use super::Timestamp;

/// A source of the current time.
pub trait Clock: Send + Sync + 'static {
    /// The current instant, in whole microseconds.
    fn now(&self) -> Timestamp;

    /// Completes after `time`.
    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()>;
}

/// The clock of the system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    fn now(&self) -> Timestamp {
        chrono::Utc::now().into()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()> {
        Box::pin(tokio::time::sleep(time.to_std().unwrap_or_default()))
    }
}

/// A clock that advances only when told to, for tests.
#[derive(Debug)]
pub struct ManualClock {
    now: watch::Sender<Timestamp>,
    sleeping: watch::Sender<usize>,
}

impl ManualClock {
    /// A clock that starts at `at`.
    pub fn at(at: Timestamp) -> Self {
        Self { now: watch::Sender::new(at), sleeping: watch::Sender::new(0) }
    }

    /// Advances the clock by `by`.
    pub fn advance(&self, by: Duration) {
        self.now.send_modify(|now| *now = *now + by);
    }

    /// Sets the clock to `at`.
    pub fn set(&self, at: Timestamp) {
        self.now.send_replace(at);
    }

    /// Completes when exactly `number` tasks are sleeping.
    pub async fn until_asleep(&self, number: usize) {
        // It cannot fail: the clock, which is borrowed here, owns the sender.
        let _ = self.sleeping.subscribe().wait_for(|sleeping| *sleeping == number).await.is_ok();
    }
}

/// A sleeping task.
struct Sleeper<'a>(&'a watch::Sender<usize>);

impl Drop for Sleeper<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|sleeping| *sleeping -= 1);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    fn sleep(&self, time: Duration) -> BoxFuture<'_, ()> {
        let end = self.now() + time;
        Box::pin(async move {
            self.sleeping.send_modify(|sleeping| *sleeping += 1);
            let _asleep = Sleeper(&self.sleeping);
            // It cannot fail: the clock, which is borrowed here, owns the sender.
            let _ = self.now.subscribe().wait_for(|now| *now >= end).await.is_ok();
        })
    }
}

/// A source of random bytes.
pub trait Entropy: Send + Sync + 'static {
    /// Fills `bytes` with unpredictable random bytes.
    fn fill(&self, bytes: &mut [u8]);
}

impl dyn Entropy {
    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }
}

/// Randomness of the operating system, expanded by a cryptographic generator per thread.
#[derive(Debug, Clone, Copy, Default)]
pub struct OsEntropy;

impl Entropy for OsEntropy {
    #[expect(clippy::disallowed_methods, reason = "the one place that takes randomness from the system")]
    fn fill(&self, bytes: &mut [u8]) {
        rand::rng().fill_bytes(bytes);
    }
}

/// Reproducible randomness from a seed, for tests.
#[derive(Debug)]
pub struct SeededEntropy(Mutex<StdRng>);

impl SeededEntropy {
    /// The sequence for `seed`.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(StdRng::seed_from_u64(seed)))
    }
}

impl Entropy for SeededEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).fill_bytes(bytes);
    }
}
