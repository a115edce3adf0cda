//! Metrics for the operators of the server. Recording takes no lock; a value that is read may be
//! slightly old.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The upper bounds of the buckets of a histogram, in seconds. A longer duration counts only in the
/// total.
pub const BUCKETS: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// A histogram of durations.
#[derive(Debug, Default)]
pub struct Histogram {
    buckets: [AtomicU64; BUCKETS.len()],
    count: AtomicU64,
    micros: AtomicU64,
}

impl Histogram {
    /// Records one duration.
    pub fn record(&self, duration: Duration) {
        let seconds = duration.as_secs_f64();
        if let Some(bucket) = BUCKETS.iter().position(|end| seconds <= *end).and_then(|index| self.buckets.get(index)) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        self.micros.fetch_add(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// The current values.
    pub fn snapshot(&self) -> HistogramSnapshot {
        HistogramSnapshot {
            seconds: Duration::from_micros(self.micros.load(Ordering::Relaxed)).as_secs_f64(),
            buckets: self.buckets.each_ref().map(|bucket| bucket.load(Ordering::Relaxed)),
            count: self.count.load(Ordering::Relaxed),
        }
    }
}

/// The values of a histogram at one time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HistogramSnapshot {
    /// The sum of all durations, in seconds.
    pub seconds: f64,
    /// The number of durations in each of the [`BUCKETS`].
    pub buckets: [u64; BUCKETS.len()],
    /// The number of all durations.
    pub count: u64,
}

/// Names and values that distinguish the samples of one metric.
pub type Labels = Vec<(&'static str, String)>;

/// A metric with its samples.
#[derive(Clone, Debug)]
pub struct Metric {
    /// Its name, without the name of the program and without `_total`.
    pub name: &'static str,
    /// A description, without a full stop at its end.
    pub help: &'static str,
    /// The samples.
    pub samples: Samples,
}

/// The samples of one metric.
#[derive(Clone, Debug)]
pub enum Samples {
    /// Numbers of occurrences since the start.
    Counters(Vec<(Labels, u64)>),
    /// Amounts since the start.
    Sums(Vec<(Labels, f64)>),
    /// Current values.
    Gauges(Vec<(Labels, f64)>),
    /// Durations.
    Histograms(Vec<(Labels, HistogramSnapshot)>),
}

impl Metric {
    /// A number of occurrences since the start.
    pub fn counter(name: &'static str, help: &'static str, count: u64) -> Self {
        Self { name, help, samples: Samples::Counters(vec![(Vec::new(), count)]) }
    }

    /// A current value.
    pub fn gauge(name: &'static str, help: &'static str, value: f64) -> Self {
        Self { name, help, samples: Samples::Gauges(vec![(Vec::new(), value)]) }
    }

    /// A current number.
    #[expect(clippy::cast_precision_loss, reason = "no number here exceeds 2^52")]
    pub fn count_gauge(name: &'static str, help: &'static str, count: usize) -> Self {
        Self::gauge(name, help, count as f64)
    }

    /// Current numbers by the values of one label.
    #[expect(clippy::cast_precision_loss, reason = "no number here exceeds 2^52")]
    pub fn count_gauges(name: &'static str, help: &'static str, label: &'static str, counts: &[(&str, usize)]) -> Self {
        let sample = |(value, count): &(&str, usize)| (vec![(label, (*value).to_owned())], *count as f64);
        Self { name, help, samples: Samples::Gauges(counts.iter().map(sample).collect()) }
    }

    /// Durations.
    pub fn histogram(name: &'static str, help: &'static str, durations: HistogramSnapshot) -> Self {
        Self { name, help, samples: Samples::Histograms(vec![(Vec::new(), durations)]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_upper_bound_of_a_bucket_is_inclusive() {
        let histogram = Histogram::default();
        for millis in [0, 1, 2, 9_999, 10_000, 10_001] {
            histogram.record(Duration::from_millis(millis));
        }
        let snapshot = histogram.snapshot();
        assert_eq!((snapshot.count, snapshot.buckets[0], snapshot.buckets[1], snapshot.buckets[12]), (6, 2, 1, 2));
        assert!((snapshot.seconds - 30.003).abs() < 1e-9);
    }
}
