use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use telemetry::Durations;

/// Counts the statements that one [`super::Database`] sends: a metric in production, and in tests the proof that a page
/// of any size costs the same number of statements. Session set-up and pings of the pool do not count.
#[derive(Debug, Default)]
pub struct Statements {
    sent: AtomicU64,
    times: Durations,
    recording: AtomicBool,
    texts: Mutex<Vec<String>>,
}

impl Statements {
    /// How many statements were sent since the start, `BEGIN` and `COMMIT` included.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// How long they took, until their answers began.
    pub fn times(&self) -> &Durations {
        &self.times
    }

    /// Keeps the text of every statement until the recording is dropped. Meant for tests: one recording at a time.
    #[must_use = "the recording ends when it is dropped"]
    pub fn record(self: &Arc<Self>) -> Recording {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.recording.store(true, Ordering::Release);
        Recording { statements: Arc::clone(self) }
    }

    pub(super) fn note(&self, query: &dyn std::fmt::Display) {
        self.sent.fetch_add(1, Ordering::Relaxed);
        if self.recording.load(Ordering::Acquire) {
            let mut text = query.to_string();
            // The builder shows the bound values behind the text; they are nobody's business here.
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
    /// The texts so far, in the order in which they were sent, without bound values.
    pub fn texts(&self) -> Vec<String> {
        self.statements.texts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        self.statements.recording.store(false, Ordering::Release);
    }
}
