//! Whether the database gives signs of life.
//!
//! A database that is down refuses connections, and everybody knows at once. One that is frozen, or behind a network that
//! swallows packets, says nothing, and whoever waits for it would wait for ever. So nobody waits in silence: who has heard
//! nothing for a while has the database asked for a sign of life, over a connection of its own. When there is none, all who
//! wait are sent away, and all who come, until the database answers again. A statement that is only slow, or waits for a
//! lock, is left alone: its database answers.

use super::address::Address;
use super::{DatabaseError, Options};
use mysql_async::prelude::Queryable as _;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

/// The pause between two questions.
const PAUSE: Duration = Duration::from_millis(100);
/// The steps in which an answer is waited for.
const STEPS: u32 = 8;
/// Questions that have to be without an answer, one after the other, until the database counts as away.
const QUESTIONS: u32 = 2;

/// What is known of the life of one database. Shared by a pool and its connections.
pub(super) struct Pulse {
    address: Address,
    silence: Duration,
    sign_of_life: Duration,
    away: watch::Sender<bool>,
    waiting: AtomicUsize,
    asking: AtomicBool,
    answers: AtomicU64,
}

/// The database gave no sign of life.
#[derive(Debug)]
pub(super) struct Silent;

impl Pulse {
    pub fn new(address: Address, options: &Options) -> Arc<Self> {
        Arc::new(Self {
            address,
            silence: options.silence,
            sign_of_life: options.sign_of_life,
            away: watch::Sender::new(false),
            waiting: AtomicUsize::new(0),
            asking: AtomicBool::new(false),
            answers: AtomicU64::new(0),
        })
    }

    /// Whether the database is known to give no sign of life.
    pub fn is_away(&self) -> bool {
        *self.away.borrow()
    }

    /// Some statement was answered.
    pub fn note_answer(&self) {
        self.answers.fetch_add(1, Ordering::Relaxed);
    }

    /// What `work` gives, however long it takes, as long as the database lives.
    ///
    /// # Errors
    /// [`Silent`] as soon as the database is known to be away; `work` is dropped where it stands.
    pub async fn follow<T>(self: &Arc<Self>, work: impl Future<Output = T>) -> Result<T, Silent> {
        if *self.away.borrow() {
            self.ask();
            return Err(Silent);
        }
        let mut work = pin!(work);
        if let Ok(done) = timeout(self.silence, work.as_mut()).await {
            return Ok(done);
        }
        let mut away = self.away.subscribe();
        let _waiting = Waiting::of(self);
        tokio::select! {
            biased;
            done = work => Ok(done),
            _ = away.wait_for(|away| *away) => Err(Silent),
        }
    }

    /// Has the database asked, unless somebody does already.
    fn ask(self: &Arc<Self>) {
        if !self.asking.swap(true, Ordering::SeqCst) {
            tokio::spawn(ask(Asker(Arc::downgrade(self))));
        }
    }

    fn judge(&self, lives: bool) {
        let changed = self.away.send_if_modified(|away| std::mem::replace(away, !lives) == lives);
        match (changed, lives) {
            (true, true) => tracing::info!("the database answers again"),
            (true, false) => tracing::error!("the database gives no sign of life; nobody waits for it until it does"),
            (false, _) => {}
        }
    }
}

/// Counts those who wait.
struct Waiting(Arc<Pulse>);

impl Waiting {
    fn of(pulse: &Arc<Pulse>) -> Self {
        pulse.waiting.fetch_add(1, Ordering::SeqCst);
        pulse.ask();
        Self(Arc::clone(pulse))
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

/// There is one at a time. It ends with its runtime too, after which another may begin.
struct Asker(Weak<Pulse>);

impl Drop for Asker {
    fn drop(&mut self) {
        if let Some(pulse) = self.0.upgrade() {
            pulse.asking.store(false, Ordering::SeqCst);
            // Somebody may have begun to wait after the last look.
            if pulse.waiting.load(Ordering::SeqCst) > 0 && tokio::runtime::Handle::try_current().is_ok() {
                pulse.ask();
            }
        }
    }
}

/// Asks until the database lives and nobody waits.
async fn ask(asker: Asker) {
    let (mut line, mut unanswered) = (None, 0);
    while let Some(pulse) = asker.0.upgrade() {
        let before = pulse.answers.load(Ordering::Relaxed);
        let answered = within(pulse.sign_of_life, answers(&mut line, &pulse.address)).await.unwrap_or(false);
        if !answered {
            line = None;
        }
        // On a busy machine this answer may be late; that of anybody's statement is as good.
        let lives = answered || pulse.answers.load(Ordering::Relaxed) != before;
        unanswered = if lives { 0 } else { unanswered + 1 };
        if lives || unanswered >= QUESTIONS {
            pulse.judge(lives);
        }
        if lives && pulse.waiting.load(Ordering::SeqCst) == 0 {
            break;
        }
        drop(pulse);
        // One question is as good as none: the next follows at once.
        if lives || unanswered >= QUESTIONS {
            sleep(PAUSE).await;
        }
    }
}

/// What `work` gives within `limit`; `None`: nothing. Time in which this process had no processor does not count: the wait is cut into
/// steps, and one that ends late is one step, however late. On a machine that is starved the database has as much more time as this
/// process itself was kept waiting.
async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    within_steps(|| sleep(limit / STEPS), work).await
}

async fn within_steps<T, S: Future<Output = ()>>(step: impl Fn() -> S, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    for _ in 0..STEPS {
        tokio::select! {
            // What came while this process was away is heard before the step counts.
            biased;
            done = work.as_mut() => return Some(done),
            () = step() => {}
        }
    }
    None
}

/// Whether the database answers on `line`, which is opened first if there is none.
async fn answers(line: &mut Option<mysql_async::Conn>, address: &Address) -> bool {
    match line {
        Some(line) => line.ping().await.is_ok(),
        None => match address.open().await {
            Ok(opened) => {
                *line = Some(opened);
                true
            }
            // It refuses this connection: it lives.
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

    /// What is heard of a database that answers after `answers_at`, on a machine where each step takes `step`.
    async fn heard(answers_at: Duration, step: Duration) -> bool {
        let now = Cell::new(Duration::ZERO);
        let pass = || async {
            tokio::task::yield_now().await;
            now.set(now.get() + step);
        };
        let answer = poll_fn(|_| if now.get() >= answers_at { Poll::Ready(()) } else { Poll::Pending });
        within_steps(pass, answer).await.is_some()
    }

    /// O1: the probe said UNAVAILABLE on a machine under load, although the database lived.
    #[tokio::test]
    async fn the_database_has_as_much_more_time_as_this_process_is_kept_waiting() {
        let [short, long] = [50, 3_000].map(Duration::from_millis);
        assert!(heard(short * (STEPS - 1), short).await);
        assert!(!heard(short * (STEPS + 1), short).await, "a database that is frozen is found out");
        assert!(heard(short * (STEPS + 1), long).await, "one late step is one step");
        assert!(heard(long * (STEPS - 1), long).await);
        assert!(!heard(long * (STEPS + 1), long).await);
    }
}
