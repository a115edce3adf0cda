//! What is measured, for whoever watches the server. Counting takes no lock; reading may be a moment old.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The upper ends of the classes that durations are sorted into, in seconds. What is longer counts in all.
pub const CLASSES: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// How long something took, many times.
#[derive(Debug, Default)]
pub struct Durations {
    classes: [AtomicU64; CLASSES.len()],
    count: AtomicU64,
    micros: AtomicU64,
}

impl Durations {
    /// Counts one.
    pub fn note(&self, took: Duration) {
        let seconds = took.as_secs_f64();
        if let Some(class) = CLASSES.iter().position(|end| seconds <= *end).and_then(|class| self.classes.get(class)) {
            class.fetch_add(1, Ordering::Relaxed);
        }
        self.micros.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// What was counted so far.
    pub fn read(&self) -> Distribution {
        Distribution {
            seconds: Duration::from_micros(self.micros.load(Ordering::Relaxed)).as_secs_f64(),
            classes: self.classes.each_ref().map(|class| class.load(Ordering::Relaxed)),
            count: self.count.load(Ordering::Relaxed),
        }
    }
}

/// How often something took how long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Distribution {
    /// The sum of all, in seconds.
    pub seconds: f64,
    /// How many were in each of the [`CLASSES`].
    pub classes: [u64; CLASSES.len()],
    /// How many there were in all.
    pub count: u64,
}

/// Names and values that tell the readings of one measure apart.
pub type Labels = Vec<(&'static str, String)>;

/// What is measured of one thing.
#[derive(Clone, Debug)]
pub struct Measure {
    /// Its name, without the name of the program and without `_total`.
    pub name: &'static str,
    /// What it is, in a sentence without a full stop at its end.
    pub help: &'static str,
    /// The readings.
    pub readings: Readings,
}

/// Readings of one measure.
#[derive(Clone, Debug)]
pub enum Readings {
    /// How often something happened since the start.
    Counts(Vec<(Labels, u64)>),
    /// How much of something there was since the start.
    Sums(Vec<(Labels, f64)>),
    /// How much there is of something now.
    Levels(Vec<(Labels, f64)>),
    /// How long something took.
    Times(Vec<(Labels, Distribution)>),
}

impl Measure {
    /// How often something happened since the start.
    pub fn count(name: &'static str, help: &'static str, count: u64) -> Self {
        Self { name, help, readings: Readings::Counts(vec![(Vec::new(), count)]) }
    }

    /// How much there is of something now.
    pub fn level(name: &'static str, help: &'static str, level: f64) -> Self {
        Self { name, help, readings: Readings::Levels(vec![(Vec::new(), level)]) }
    }

    /// How many there are of something now.
    #[expect(clippy::cast_precision_loss, reason = "nothing here has more than 2^52 pieces")]
    pub fn number(name: &'static str, help: &'static str, number: usize) -> Self {
        Self::level(name, help, number as f64)
    }

    /// How many there are of several kinds of something now, by the value of one label.
    #[expect(clippy::cast_precision_loss, reason = "nothing here has more than 2^52 pieces")]
    pub fn numbers(name: &'static str, help: &'static str, label: &'static str, numbers: &[(&str, usize)]) -> Self {
        let reading = |(value, number): &(&str, usize)| (vec![(label, (*value).to_owned())], *number as f64);
        Self { name, help, readings: Readings::Levels(numbers.iter().map(reading).collect()) }
    }

    /// How long something took.
    pub fn times(name: &'static str, help: &'static str, times: Distribution) -> Self {
        Self { name, help, readings: Readings::Times(vec![(Vec::new(), times)]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_sorted_by_their_upper_end() {
        let durations = Durations::default();
        for millis in [0, 1, 2, 9_999, 10_000, 10_001] {
            durations.note(Duration::from_millis(millis));
        }
        let read = durations.read();
        assert_eq!((read.count, read.classes[0], read.classes[1], read.classes[12]), (6, 2, 1, 2));
        assert!((read.seconds - 30.003).abs() < 1e-9);
    }
}
