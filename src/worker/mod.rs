//! Scheduled jobs: apply elapsed transitions, and perform due effects. Every step locks its row and checks it again, so that any number of
//! servers can run at once; readers do not depend on it.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures_util::{FutureExt as _, future::join_all};

use domain::{accounts, app::App, bookings, events, outbox, payments, retention::Sweeper, reviews, sessions};
use types::{EffectKind, error::Result};

/// The interval of ticks.
const TICK: Duration = Duration::from_secs(2);
/// How often changes of other servers are checked.
const WAKE: Duration = Duration::from_millis(500);
/// How often the system is checked for newer time zone rules.
const TZDATA: Duration = Duration::from_secs(60);
/// How often all followed topics are checked, in case an announcement was lost.
const CHECK_ALL: Duration = Duration::from_secs(20);
/// Rows of one kind that one tick processes.
const BATCH: i64 = 100;

/// How often pending effects are counted, for metrics.
const COUNT: Duration = Duration::from_secs(15);
/// How often old data is deleted.
const SWEEP: Duration = Duration::from_secs(5);

/// Runs all jobs until it is dropped.
pub async fn run(app: App) {
    // Reads for streams use the share of reads.
    let (worker, sweeper) = (app.for_worker(), Sweeper::default());
    let due = repeat(&app, TICK, "due work", || apply_due(&worker));
    // Each kind separately, so that a hanging provider delays no other kind.
    let effects = EffectKind::ALL.iter().map(|kind| {
        let worker = &worker;
        repeat_after(&app, || until_due(worker, *kind), kind.as_str(), move || outbox::run_due(worker, *kind))
    });
    let inbox = repeat(&app, TICK, "statements of providers", || payments::apply_received(&worker));
    // At once, because missing metrics check like a failure.
    let measured = async {
        until_done(&app, "counts", || outbox::measure(&worker)).await;
        repeat(&app, COUNT, "counts", || outbox::measure(&worker)).await;
    };
    let sweep = repeat(&app, SWEEP, "old data", || sweeper.sweep(&worker));
    let wake = repeat(&app, WAKE, "changes of other servers", || events::wake_for_other_servers(&app));
    let check = repeat(&app, CHECK_ALL, "followed topics", || events::check_all_topics(&app));
    let ends = repeat(&app, TICK, "ended sessions", || sessions::notice_ends(&worker));
    let rules = repeat(&app, TZDATA, "time zone rules", || follow_tzdata(&app));
    let derived = until_done(&app, "derived columns", || store::refresh::all(&worker.database));
    tokio::join!(due, join_all(effects), inbox, measured, wake, check, sweep, ends, rules, derived);
}

/// Runs a job once. If it fails or panics, it is retried a tick later.
async fn until_done<F: Future<Output = Result<()>>>(app: &App, what: &'static str, work: impl Fn() -> F) {
    let mut fails = false;
    while !is_done(app, what, &mut fails, work()).await {
        tokio::time::sleep(TICK).await;
    }
}

/// Runs a job at an interval. If it fails or panics, it runs again the next time; only the first of consecutive failures is logged.
async fn repeat<F: Future<Output = Result<()>>>(app: &App, every: Duration, what: &'static str, work: impl Fn() -> F) {
    repeat_after(app, || tokio::time::sleep(every), what, work).await;
}

/// As [`repeat`], each time after `pause`.
async fn repeat_after<P: Future<Output = ()>, F: Future<Output = Result<()>>>(
    app: &App,
    pause: impl Fn() -> P,
    what: &'static str,
    work: impl Fn() -> F,
) {
    let mut fails = false;
    loop {
        pause().await;
        is_done(app, what, &mut fails, work()).await;
    }
}

/// Waits until effects of a kind may be due: a tick, or for a mail until this server has ordered one.
async fn until_due(app: &App, kind: EffectKind) {
    let ordered = async {
        match kind {
            EffectKind::SendMail => app.mails.ordered.notified().await,
            _ => std::future::pending().await,
        }
    };
    tokio::select! { () = tokio::time::sleep(TICK) => {}, () = ordered => {} }
}

/// Whether `work` succeeded. Logs the first of consecutive failures, and records it in `fails`.
async fn is_done(app: &App, what: &'static str, fails: &mut bool, work: impl Future<Output = Result<()>>) -> bool {
    let failure = match AssertUnwindSafe(work).catch_unwind().await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(format!("{error:#}")),
        Err(_) => Some("panicked".to_owned()),
    };
    if let Some(error) = failure.as_deref().filter(|_| !*fails) {
        tracing::warn!(error, "{what}: failed; it is retried");
    }
    *fails = failure.is_some();
    app.jobs.record(what, !*fails, app.now());
    !*fails
}

/// Processes everything that is due, once. A failure is logged and does not stop the rest.
///
/// # Errors
/// When the database is unavailable.
pub async fn work_once(app: &App) -> Result<()> {
    // First, because elapsed transitions have effects.
    let done = [apply_due(app).await, payments::apply_received(app).await];
    let effects = join_all(EffectKind::ALL.iter().map(|kind| outbox::run_due(app, *kind))).await;
    done.into_iter().chain(effects).collect()
}

/// Applies elapsed transitions, once.
async fn apply_due(app: &App) -> Result<()> {
    for id in bookings::due(app, BATCH).await? {
        if let Err(error) = bookings::apply_elapsed_to(app, id).await {
            tracing::warn!(booking = %id, error = format!("{error:#}"), "elapsed transitions of the booking were not applied");
        }
    }
    for id in bookings::with_older_rules(app, BATCH).await? {
        if let Err(error) = bookings::follow_time_zone(app, id).await {
            tracing::warn!(booking = %id, error = format!("{error:#}"), "the instants of the booking were not updated");
        }
    }
    let done = [reviews::reveal_due(app).await.map(|_| ()), accounts::sweep(app).await];
    // All were attempted; returns the first failure.
    done.into_iter().collect()
}

/// Puts newer time zone rules of the system in force.
async fn follow_tzdata(app: &App) -> Result<()> {
    let reader = app.clone();
    let found = tokio::task::spawn_blocking(move || reader.tzdata.refresh()).await.map_err(anyhow::Error::from)?;
    if let Some(zones) = found {
        tracing::info!(version = %zones.version(), source = %zones.source(), "new time zone rules are in force");
    }
    Ok(())
}
