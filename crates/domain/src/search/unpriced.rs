//! Logs hits without a price.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use types::ListingId;

/// At most one line in this interval: popular searches find the same listing repeatedly.
const INTERVAL: Duration = Duration::from_secs(60);

/// Those of this process.
static LOG: Mutex<LogThrottle> = Mutex::new(LogThrottle { last: None, suppressed: 0 });

/// When the last line was written, and how many were suppressed since.
#[derive(Debug)]
struct LogThrottle {
    last: Option<Instant>,
    suppressed: u64,
}

impl LogThrottle {
    /// If a line may be written at `now`, the number of those suppressed before it.
    fn allow(&mut self, now: Instant) -> Option<u64> {
        if self.last.is_some_and(|last| now.saturating_duration_since(last) < INTERVAL) {
            self.suppressed += 1;
            return None;
        }
        self.last = Some(now);
        Some(std::mem::take(&mut self.suppressed))
    }
}

/// Logs that `listing` was skipped, unless another hit was reported a moment ago.
pub(super) fn report(listing: ListingId, reason: &anyhow::Error) {
    let allowed = LOG.lock().unwrap_or_else(PoisonError::into_inner).allow(Instant::now());
    if let Some(suppressed) = allowed {
        tracing::error!(%listing, suppressed, reason = format!("{reason:#}"), "a search skips a listing without a price");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_is_logged_per_interval_and_counts_the_rest() {
        let (mut log, start) = (LogThrottle { last: None, suppressed: 0 }, Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(
            [0, 1, 59, 60, 61, 200].map(|second| log.allow(at(second))),
            [Some(0), None, None, Some(2), None, Some(1)]
        );
    }
}
