//! Counts and records the statements that are sent.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use telemetry::Histogram;

/// Counts the statements that one [`super::Database`] sends: a metric in production, and in tests
/// evidence that a page of any size takes the same number of statements. Session setup and pings
/// of the pool are not counted.
#[derive(Debug, Default)]
pub struct Statements {
    sent: AtomicU64,
    times: Histogram,
    recording: AtomicBool,
    texts: Mutex<Vec<String>>,
}

impl Statements {
    /// The number of statements sent since the start, including `BEGIN` and `COMMIT`.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Their durations, until the response began.
    pub fn times(&self) -> &Histogram {
        &self.times
    }

    /// Records the text of every statement until the recording is dropped. Meant for tests: one
    /// recording at a time.
    #[must_use = "the recording ends when it is dropped"]
    pub fn record(self: &Arc<Self>) -> Recording {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.recording.store(true, Ordering::Release);
        Recording { statements: Arc::clone(self) }
    }

    pub(super) fn count(&self, query: &dyn std::fmt::Display) {
        self.sent.fetch_add(1, Ordering::Relaxed);
        if self.recording.load(Ordering::Acquire) {
            let mut text = query.to_string();
            // The query builder appends the bound values, which may be private.
            if let Some(binds) = text.rfind(" -- binds: ") {
                text.truncate(binds);
            }
            self.texts.lock().unwrap_or_else(PoisonError::into_inner).push(text);
        }
    }
}

/// The statements sent since [`Statements::record`].
#[derive(Debug)]
pub struct Recording {
    statements: Arc<Statements>,
}

impl Recording {
    /// The texts so far, in the order they were sent, without bound values.
    pub fn texts(&self) -> Vec<String> {
        self.statements.texts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.statements.recording.store(false, Ordering::Release);
    }
}
