//! How timed work goes, for whoever watches the server.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Timestamp;
use telemetry::{Metric, Samples};

/// What became of timed work so far, by its name.
#[derive(Debug, Default)]
pub struct Chores {
    chores: Mutex<BTreeMap<&'static str, Chore>>,
    levels: Mutex<BTreeMap<&'static str, usize>>,
}

#[derive(Debug, Default)]
struct Chore {
    done: u64,
    failed: u64,
    last: Option<Timestamp>,
}

impl Chores {
    /// Something was done at `now`, or failed.
    pub fn note(&self, name: &'static str, is_done: bool, now: Timestamp) {
        let mut chores = self.chores();
        let chore = chores.entry(name).or_default();
        if is_done {
            chore.done += 1;
            chore.last = Some(now);
        } else {
            chore.failed += 1;
        }
    }

    fn chores(&self) -> MutexGuard<'_, BTreeMap<&'static str, Chore>> {
        self.chores.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How much of something there is now.
    pub fn level(&self, name: &'static str, level: usize) {
        self.levels.lock().unwrap_or_else(PoisonError::into_inner).insert(name, level);
    }

    /// What [`Self::level`] was last told; None: nothing yet.
    pub fn level_of(&self, name: &str) -> Option<usize> {
        self.levels.lock().unwrap_or_else(PoisonError::into_inner).get(name).copied()
    }

    /// What was noted so far.
    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 have far fewer than 52 bits")]
    pub fn metrics(&self) -> Vec<Metric> {
        let (mut runs, mut last) = (Vec::new(), Vec::new());
        for (name, chore) in &*self.chores() {
            let work = ("work", (*name).to_owned());
            for (outcome, count) in [("done", chore.done), ("failed", chore.failed)] {
                runs.push((vec![work.clone(), ("outcome", outcome.to_owned())], count));
            }
            last.extend(chore.last.map(|at| (vec![work], at.utc().timestamp() as f64)));
        }
        vec![
            Metric {
                name: "worker_runs",
                help: "How often timed work was done or has failed",
                samples: Samples::Counters(runs),
            },
            Metric {
                name: "worker_last_done_timestamp_seconds",
                help: "When timed work was last done, in seconds since 1970",
                samples: Samples::Gauges(last),
            },
        ]
    }
}
