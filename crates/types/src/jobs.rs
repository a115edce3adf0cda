//! Health of scheduled jobs, for metrics.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Timestamp;
use telemetry::{Metric, Samples};

/// Results of scheduled jobs, by name.
#[derive(Debug, Default)]
pub struct Jobs {
    jobs: Mutex<BTreeMap<&'static str, Job>>,
    levels: Mutex<BTreeMap<&'static str, usize>>,
}

#[derive(Debug, Default)]
struct Job {
    done: u64,
    failed: u64,
    last: Option<Timestamp>,
}

impl Jobs {
    /// Records that a job succeeded at `now`, or failed.
    pub fn record(&self, name: &'static str, is_done: bool, now: Timestamp) {
        let mut jobs = self.jobs();
        let job = jobs.entry(name).or_default();
        if is_done {
            job.done += 1;
            job.last = Some(now);
        } else {
            job.failed += 1;
        }
    }

    fn jobs(&self) -> MutexGuard<'_, BTreeMap<&'static str, Job>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets a gauge.
    pub fn set_gauge(&self, name: &'static str, level: usize) {
        self.levels.lock().unwrap_or_else(PoisonError::into_inner).insert(name, level);
    }

    /// The latest value of [`Self::set_gauge`]; None: never set.
    pub fn gauge(&self, name: &str) -> Option<usize> {
        self.levels.lock().unwrap_or_else(PoisonError::into_inner).get(name).copied()
    }

    /// The metrics so far.
    #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 have far fewer than 52 bits")]
    pub fn metrics(&self) -> Vec<Metric> {
        let (mut runs, mut last) = (Vec::new(), Vec::new());
        for (name, job) in &*self.jobs() {
            let work = ("work", (*name).to_owned());
            for (outcome, count) in [("done", job.done), ("failed", job.failed)] {
                runs.push((vec![work.clone(), ("outcome", outcome.to_owned())], count));
            }
            last.extend(job.last.map(|at| (vec![work], at.utc().timestamp() as f64)));
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
