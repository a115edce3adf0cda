//! Counts operations by name, by root field and by result.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use telemetry::{Histogram, Labels, Metric, Samples};

/// Maximum number of operation names that are counted separately. Clients choose them, so it is
/// bounded; the rest is [`OTHER`].
const MAX_NAMES: usize = 200;
/// The name of operations beyond [`MAX_NAMES`].
const OTHER: &str = "(other)";
/// The name of operations without a name.
const UNNAMED: &str = "(unnamed)";
/// The name and kind of requests that did not become an operation.
const NONE: &str = "(none)";

/// A finished operation.
pub(crate) struct FinishedOperation<'a> {
    pub kind: Option<&'static str>,
    pub name: Option<&'a str>,
    /// The names of its root fields, whose number is bounded by the contract.
    pub fields: &'a [String],
    pub code: &'a str,
    pub cost: u64,
    pub duration: Duration,
}

/// Counts operations.
#[derive(Default)]
pub(crate) struct Operations {
    started: AtomicU64,
    ended: AtomicU64,
    events: AtomicU64,
    cost: AtomicU64,
    statistics: Mutex<Statistics>,
}

#[derive(Default)]
struct Statistics {
    by_name: HashMap<(String, &'static str), OperationStatistics>,
    by_field: HashMap<String, HashMap<String, u64>>,
}

#[derive(Default)]
struct OperationStatistics {
    codes: HashMap<String, u64>,
    times: Histogram,
}

/// Adds one to a count; allocates only for a new key.
fn count(counts: &mut HashMap<String, u64>, key: &str) {
    match counts.get_mut(key) {
        Some(count) => *count += 1,
        None => {
            counts.insert(key.to_owned(), 1);
        }
    }
}

impl Operations {
    /// Counts the start of an operation.
    pub fn start(&self) {
        self.started.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts an event sent to a client.
    pub fn count_event(&self) {
        self.events.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a finished operation.
    pub fn finish(&self, done: &FinishedOperation<'_>) {
        self.ended.fetch_add(1, Ordering::Relaxed);
        self.cost.fetch_add(done.cost, Ordering::Relaxed);
        let kind = done.kind.unwrap_or(NONE);
        let name = if done.kind.is_none() { NONE } else { done.name.unwrap_or(UNNAMED) };
        let mut statistics = self.statistics();
        let is_counted =
            statistics.by_name.len() < MAX_NAMES || statistics.by_name.contains_key(&(name.to_owned(), kind));
        let name = if is_counted { name } else { OTHER };
        let entry = statistics.by_name.entry((name.to_owned(), kind)).or_default();
        count(&mut entry.codes, done.code);
        if kind != "subscription" {
            entry.times.record(done.duration);
        }
        for field in done.fields {
            match statistics.by_field.get_mut(field) {
                Some(codes) => count(codes, done.code),
                None => {
                    statistics.by_field.insert(field.clone(), HashMap::from([(done.code.to_owned(), 1)]));
                }
            }
        }
    }

    fn statistics(&self) -> MutexGuard<'_, Statistics> {
        self.statistics.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The current values.
    pub fn metrics(&self) -> Vec<Metric> {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let (ended, started) = (read(&self.ended), read(&self.started));
        let running = usize::try_from(started.saturating_sub(ended)).unwrap_or(usize::MAX);
        let statistics = self.statistics();
        let (mut operations, mut times, mut fields) = (Vec::new(), Vec::new(), Vec::new());
        for ((name, kind), entry) in &statistics.by_name {
            let labels: Labels = vec![("operation", name.clone()), ("kind", (*kind).to_owned())];
            operations.extend(entry.codes.iter().map(|(code, count)| (with_label(&labels, "code", code), *count)));
            times.push((labels, entry.times.snapshot()));
        }
        for (field, codes) in &statistics.by_field {
            let labels: Labels = vec![("field", field.clone())];
            fields.extend(codes.iter().map(|(code, count)| (with_label(&labels, "code", code), *count)));
        }
        let counts = |name, help, samples| Metric { name, help, samples: Samples::Counters(samples) };
        vec![
            counts("operations", "Finished operations, by name, kind and first code", operations),
            counts("root_fields", "Finished operations, once for each root field, by first code", fields),
            Metric {
                name: "operation_duration_seconds",
                help: "Duration of queries and mutations, from arrival to the end of the response",
                samples: Samples::Histograms(times),
            },
            Metric::count_gauge("operations_running", "Running operations, including subscriptions", running),
            Metric::counter("events_sent", "Events of subscriptions that were sent to clients", read(&self.events)),
            Metric::counter("operation_cost", "Cost of all operations, in the units of the contract", read(&self.cost)),
        ]
    }
}

fn with_label(labels: &Labels, name: &'static str, value: &str) -> Labels {
    labels.iter().cloned().chain([(name, value.to_owned())]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finish(operations: &Operations, name: Option<&str>, code: &str) {
        let fields = ["me".to_owned()];
        let duration = Duration::from_millis(3);
        operations.finish(&FinishedOperation { kind: Some("query"), name, fields: &fields, code, cost: 2, duration });
    }

    fn counts(operations: &Operations, metric: &str) -> Vec<(Labels, u64)> {
        let metrics = operations.metrics();
        match &metrics.iter().find(|found| found.name == metric).unwrap().samples {
            Samples::Counters(counts) => counts.clone(),
            other => panic!("{other:?}"),
        }
    }

    /// Clients choose the names: a million different ones must not create a million time series.
    #[test]
    fn names_are_bounded_and_every_operation_is_counted() {
        let operations = Operations::default();
        for number in 0..1_000 {
            finish(&operations, Some(&format!("Op{number}")), "OK");
        }
        finish(&operations, Some("Op0"), "TIMEOUT");
        let counted = counts(&operations, "operations");
        assert_eq!(counted.len(), MAX_NAMES + 2, "the names, one more code, and the rest");
        assert_eq!(counted.iter().map(|(_, count)| count).sum::<u64>(), 1_001);
        let rest = counted.iter().find(|(labels, _)| labels[0].1 == OTHER).unwrap();
        assert_eq!(rest.1, 1_000 - MAX_NAMES as u64);
        let by_field = counts(&operations, "root_fields");
        assert_eq!(by_field.iter().map(|(_, count)| *count).max(), Some(1_000));
    }

    #[test]
    fn rejected_requests_are_counted_too() {
        let operations = Operations::default();
        operations.start();
        let duration = Duration::ZERO;
        operations.finish(&FinishedOperation {
            kind: None,
            name: None,
            fields: &[],
            code: "BAD_REQUEST",
            cost: 0,
            duration,
        });
        let labels = vec![("operation", NONE.into()), ("kind", NONE.into()), ("code", "BAD_REQUEST".to_owned())];
        assert_eq!(counts(&operations, "operations"), [(labels, 1)]);
    }
}
