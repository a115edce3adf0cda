//! Operations by name, by root field and by what came of them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use telemetry::{Durations, Labels, Measure, Readings};

/// The names of operations that are counted apart. Clients choose them, so there has to be an end; more share [`OTHER`].
const MAX_NAMES: usize = 200;
/// The name of operations beyond [`MAX_NAMES`].
const OTHER: &str = "(other)";
/// The name of operations without one.
const UNNAMED: &str = "(unnamed)";
/// What did not become an operation.
const NONE: &str = "(none)";

/// An operation that is over.
pub(crate) struct Done<'a> {
    pub kind: Option<&'static str>,
    pub name: Option<&'a str>,
    /// The names of its root fields: the contract bounds how many there are.
    pub fields: &'a [String],
    pub code: &'a str,
    pub cost: u64,
    pub took: Duration,
}

/// Counts operations.
#[derive(Default)]
pub(crate) struct Operations {
    begun: AtomicU64,
    ended: AtomicU64,
    events: AtomicU64,
    cost: AtomicU64,
    ledgers: Mutex<Ledgers>,
}

#[derive(Default)]
struct Ledgers {
    by_name: HashMap<(String, &'static str), Ledger>,
    by_field: HashMap<String, HashMap<String, u64>>,
}

#[derive(Default)]
struct Ledger {
    codes: HashMap<String, u64>,
    times: Durations,
}

/// Adds one, without a new text for a key that is there.
fn count(counts: &mut HashMap<String, u64>, key: &str) {
    match counts.get_mut(key) {
        Some(count) => *count += 1,
        None => {
            counts.insert(key.to_owned(), 1);
        }
    }
}

impl Operations {
    /// One more runs.
    pub fn begin(&self) {
        self.begun.fetch_add(1, Ordering::Relaxed);
    }

    /// An event was given to a client.
    pub fn gave_event(&self) {
        self.events.fetch_add(1, Ordering::Relaxed);
    }

    /// One is over.
    pub fn end(&self, done: &Done<'_>) {
        self.ended.fetch_add(1, Ordering::Relaxed);
        self.cost.fetch_add(done.cost, Ordering::Relaxed);
        let kind = done.kind.unwrap_or(NONE);
        let name = if done.kind.is_none() { NONE } else { done.name.unwrap_or(UNNAMED) };
        let mut ledgers = self.ledgers();
        let is_counted = ledgers.by_name.len() < MAX_NAMES || ledgers.by_name.contains_key(&(name.to_owned(), kind));
        let name = if is_counted { name } else { OTHER };
        let ledger = ledgers.by_name.entry((name.to_owned(), kind)).or_default();
        count(&mut ledger.codes, done.code);
        if kind != "subscription" {
            ledger.times.note(done.took);
        }
        for field in done.fields {
            match ledgers.by_field.get_mut(field) {
                Some(codes) => count(codes, done.code),
                None => {
                    ledgers.by_field.insert(field.clone(), HashMap::from([(done.code.to_owned(), 1)]));
                }
            }
        }
    }

    fn ledgers(&self) -> MutexGuard<'_, Ledgers> {
        self.ledgers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was counted so far.
    pub fn measures(&self) -> Vec<Measure> {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let (ended, begun) = (read(&self.ended), read(&self.begun));
        let running = usize::try_from(begun.saturating_sub(ended)).unwrap_or(usize::MAX);
        let ledgers = self.ledgers();
        let (mut operations, mut times, mut fields) = (Vec::new(), Vec::new(), Vec::new());
        for ((name, kind), ledger) in &ledgers.by_name {
            let labels: Labels = vec![("operation", name.clone()), ("kind", (*kind).to_owned())];
            operations.extend(ledger.codes.iter().map(|(code, count)| (with(&labels, "code", code), *count)));
            times.push((labels, ledger.times.read()));
        }
        for (field, codes) in &ledgers.by_field {
            let labels: Labels = vec![("field", field.clone())];
            fields.extend(codes.iter().map(|(code, count)| (with(&labels, "code", code), *count)));
        }
        let counts = |name, help, readings| Measure { name, help, readings: Readings::Counts(readings) };
        vec![
            counts("operations", "Finished operations, by name, kind and first code", operations),
            counts("root_fields", "Finished operations, once for each root field, by first code", fields),
            Measure {
                name: "operation_duration_seconds",
                help: "Duration of queries and mutations, from arrival to the end of the response",
                readings: Readings::Times(times),
            },
            Measure::number("operations_running", "Running operations, including subscriptions", running),
            Measure::count("events_sent", "Events of subscriptions that were sent to clients", read(&self.events)),
            Measure::count("operation_cost", "Cost of all operations, in the units of the contract", read(&self.cost)),
        ]
    }
}

fn with(labels: &Labels, name: &'static str, value: &str) -> Labels {
    labels.iter().cloned().chain([(name, value.to_owned())]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(operations: &Operations, name: Option<&str>, code: &str) {
        let fields = ["me".to_owned()];
        let took = Duration::from_millis(3);
        operations.end(&Done { kind: Some("query"), name, fields: &fields, code, cost: 2, took });
    }

    fn counts(operations: &Operations, measure: &str) -> Vec<(Labels, u64)> {
        let measures = operations.measures();
        match &measures.iter().find(|found| found.name == measure).unwrap().readings {
            Readings::Counts(counts) => counts.clone(),
            other => panic!("{other:?}"),
        }
    }

    /// Names are clients' own: a stranger who invents a million makes no more than so many series.
    #[test]
    fn names_are_bounded_and_nothing_goes_uncounted() {
        let operations = Operations::default();
        for number in 0..1_000 {
            end(&operations, Some(&format!("Op{number}")), "OK");
        }
        end(&operations, Some("Op0"), "TIMEOUT");
        let counted = counts(&operations, "operations");
        assert_eq!(counted.len(), MAX_NAMES + 2, "the names, one more code, and the rest");
        assert_eq!(counted.iter().map(|(_, count)| count).sum::<u64>(), 1_001);
        let rest = counted.iter().find(|(labels, _)| labels[0].1 == OTHER).unwrap();
        assert_eq!(rest.1, 1_000 - MAX_NAMES as u64);
        let by_field = counts(&operations, "root_fields");
        assert_eq!(by_field.iter().map(|(_, count)| *count).max(), Some(1_000));
    }

    #[test]
    fn what_never_became_an_operation_counts_as_well() {
        let operations = Operations::default();
        operations.begin();
        let took = Duration::ZERO;
        operations.end(&Done { kind: None, name: None, fields: &[], code: "BAD_REQUEST", cost: 0, took });
        let labels = vec![("operation", NONE.into()), ("kind", NONE.into()), ("code", "BAD_REQUEST".to_owned())];
        assert_eq!(counts(&operations, "operations"), [(labels, 1)]);
    }
}
