//! Whether the database responds at all.
//!
//! A database that is down refuses connections, so callers fail at once. One that is frozen, or
//! behind a network that drops packets, sends nothing, and a caller would wait forever. Therefore
//! a call that has had no response for a while starts a health probe on a connection of its own. If
//! the probe fails too, all waiting calls fail, and new calls fail fast until the database responds
//! again. A statement that is only slow, or waits for a lock, is not affected: its database
//! responds.

use super::address::Address;
use super::{DatabaseError, Options};
use mysql_async::prelude::Queryable as _;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// The pause between two probes.
const PAUSE: Duration = Duration::from_millis(100);
/// The number of steps that the timeout of a probe is divided into.
const STEPS: u32 = 8;
/// After this number of consecutive failed probes the database counts as unresponsive.
const FAILED_PROBES: u32 = 2;

/// Whether one database responds. Shared by a pool and its connections.
pub(super) struct HealthProbe {
    address: Address,
    probe_after: Duration,
    probe_timeout: Duration,
    unresponsive: watch::Sender<bool>,
    /// The number of calls that wait longer than `probe_after`.
    waiting: AtomicUsize,
    is_probing: AtomicBool,
    /// The number of responses to statements of the pool.
    responses: AtomicU64,
}

/// The database does not respond.
#[derive(Debug)]
pub(super) struct Unresponsive;

impl HealthProbe {
    pub fn new(address: Address, options: &Options) -> Arc<Self> {
        Arc::new(Self {
            address,
            probe_after: options.probe_after,
            probe_timeout: options.probe_timeout,
            unresponsive: watch::Sender::new(false),
            waiting: AtomicUsize::new(0),
            is_probing: AtomicBool::new(false),
            responses: AtomicU64::new(0),
        })
    }

    /// Whether the database is known to be unresponsive.
    pub fn is_unresponsive(&self) -> bool {
        *self.unresponsive.borrow()
    }

    /// Records that a statement got a response.
    pub fn record_response(&self) {
        self.responses.fetch_add(1, Ordering::Relaxed);
    }

    /// The result of `work`, however long it takes, as long as the database responds to probes.
    ///
    /// # Errors
    /// [`Unresponsive`] as soon as the database is known to be unresponsive; `work` is dropped.
    pub async fn run<T>(self: &Arc<Self>, work: impl Future<Output = T>) -> Result<T, Unresponsive> {
        if self.is_unresponsive() {
            self.start_probing();
            return Err(Unresponsive);
        }
        let mut work = pin!(work);
        if let Ok(done) = timeout(self.probe_after, work.as_mut()).await {
            return Ok(done);
        }
        let mut unresponsive = self.unresponsive.subscribe();
        let _waiting = WaitingCall::new(self);
        tokio::select! {
            biased;
            done = work => Ok(done),
            _ = unresponsive.wait_for(|unresponsive| *unresponsive) => Err(Unresponsive),
        }
    }

    /// Starts the probe task unless it is running.
    fn start_probing(self: &Arc<Self>) {
        if !self.is_probing.swap(true, Ordering::SeqCst) {
            tokio::spawn(probe(ProbeTask(Arc::downgrade(self))));
        }
    }

    fn set_responsive(&self, is_responsive: bool) {
        let changed = self.unresponsive.send_if_modified(|old| std::mem::replace(old, !is_responsive) == is_responsive);
        match (changed, is_responsive) {
            (true, true) => tracing::info!("the database responds again"),
            (true, false) => tracing::error!("the database does not respond; calls fail fast until it does"),
            (false, _) => {}
        }
    }
}

/// Counts one waiting call until it is dropped.
struct WaitingCall(Arc<HealthProbe>);

impl WaitingCall {
    fn new(health_probe: &Arc<HealthProbe>) -> Self {
        health_probe.waiting.fetch_add(1, Ordering::SeqCst);
        health_probe.start_probing();
        Self(Arc::clone(health_probe))
    }
}

impl Drop for WaitingCall {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Exists once, while the probe task runs. It is also dropped when the runtime ends, so that
/// another runtime can start a task.
struct ProbeTask(Weak<HealthProbe>);

impl Drop for ProbeTask {
    fn drop(&mut self) {
        if let Some(health_probe) = self.0.upgrade() {
            health_probe.is_probing.store(false, Ordering::SeqCst);
            // A call may have started to wait after the task's last check.
            if health_probe.waiting.load(Ordering::SeqCst) > 0 && tokio::runtime::Handle::try_current().is_ok() {
                health_probe.start_probing();
            }
        }
    }
}

/// Probes until the database responds and no call waits.
async fn probe(task: ProbeTask) {
    let (mut conn, mut failed) = (None, 0);
    while let Some(health_probe) = task.0.upgrade() {
        let before = health_probe.responses.load(Ordering::Relaxed);
        let probed = timeout_in_steps(health_probe.probe_timeout, responds(&mut conn, &health_probe.address)).await;
        let probed = probed.unwrap_or(false);
        if !probed {
            conn = None;
        }
        // On a busy machine the probe may be late; a response to any other statement is as good.
        let is_responsive = probed || health_probe.responses.load(Ordering::Relaxed) != before;
        failed = if is_responsive { 0 } else { failed + 1 };
        if is_responsive || failed >= FAILED_PROBES {
            health_probe.set_responsive(is_responsive);
        }
        if is_responsive && health_probe.waiting.load(Ordering::SeqCst) == 0 {
            break;
        }
        drop(health_probe);
        // After the first failed probe the second follows at once.
        if is_responsive || failed >= FAILED_PROBES {
            sleep(PAUSE).await;
        }
    }
}

/// The result of `work` within `limit`, else `None`. Time in which this process does not run is not
/// counted: the wait is divided into steps, and a step that ends late counts once, however late. So
/// on an overloaded machine the database gets as much more time as this process itself was delayed.
async fn timeout_in_steps<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    run_for_steps(|| sleep(limit / STEPS), work).await
}

async fn run_for_steps<T, S: Future<Output = ()>>(step: impl Fn() -> S, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    for _ in 0..STEPS {
        tokio::select! {
            // A response that came while this process did not run is read before the step counts.
            biased;
            done = work.as_mut() => return Some(done),
            () = step() => {}
        }
    }
    None
}

/// Whether the database responds on `conn`, which is opened first if there is none.
async fn responds(conn: &mut Option<mysql_async::Conn>, address: &Address) -> bool {
    match conn {
        Some(conn) => conn.ping().await.is_ok(),
        None => match address.open().await {
            Ok(opened) => {
                *conn = Some(opened);
                true
            }
            // A refusal is a response.
            Err(error) => matches!(error, DatabaseError::Denied { .. } | DatabaseError::Insecure(_)),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::future::poll_fn;
    use std::task::Poll;

    /// Whether a probe succeeds if the database responds after `responds_after`, on a machine where
    /// each step takes `step`.
    async fn probe_succeeds(responds_after: Duration, step: Duration) -> bool {
        let now = Cell::new(Duration::ZERO);
        let pass = || async {
            tokio::task::yield_now().await;
            now.set(now.get() + step);
        };
        let response = poll_fn(|_| if now.get() >= responds_after { Poll::Ready(()) } else { Poll::Pending });
        run_for_steps(pass, response).await.is_some()
    }

    /// O1: the probe reported UNAVAILABLE on a busy machine, although the database responded.
    #[tokio::test]
    async fn the_timeout_is_extended_by_delays_of_this_process() {
        let [short, long] = [50, 3_000].map(Duration::from_millis);
        assert!(probe_succeeds(short * (STEPS - 1), short).await);
        assert!(!probe_succeeds(short * (STEPS + 1), short).await, "a frozen database is detected");
        assert!(probe_succeeds(short * (STEPS + 1), long).await, "a late step counts once");
        assert!(probe_succeeds(long * (STEPS - 1), long).await);
        assert!(!probe_succeeds(long * (STEPS + 1), long).await);
    }
}
