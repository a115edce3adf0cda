//! Timed work: what has become true by the clock is written down, and what the provider has not been told is told. Every step locks
//! its row and looks again, so any number of servers may do it at once; and readers do not depend on it.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures_util::{FutureExt as _, future::join_all};

use domain::{accounts, app::App, bookings, events, outbox, payments, retention::Sweeper, reviews};
use types::{EffectKind, error::Result};

/// How often the clock is looked at.
const TICK: Duration = Duration::from_secs(2);
/// How often changes made on other servers are looked for.
const PULSE: Duration = Duration::from_millis(500);
/// How often the system is asked for newer time zone rules.
const TZDATA: Duration = Duration::from_secs(60);
/// How often all followed topics are looked at, whatever was announced.
const LOOK_AT_ALL: Duration = Duration::from_secs(20);
/// Rows of one kind that a tick works on.
const BATCH: i64 = 100;

/// How often what is to be done is counted, for metrics.
const COUNT: Duration = Duration::from_secs(15);
/// How often old data is deleted.
const SWEEP: Duration = Duration::from_secs(5);

/// Works until it is dropped.
pub async fn run(app: App) {
    // What streams wait for is read as they read.
    let (worker, sweeper) = (app.for_worker(), Sweeper::default());
    let due = repeat(&app, TICK, "due work", || move_on(&worker));
    // Each kind by itself: one whose provider hangs delays no other.
    let effects = EffectKind::ALL.iter().map(|kind| {
        let worker = &worker;
        repeat(&app, TICK, kind.as_str(), move || outbox::run_due(worker, *kind))
    });
    let inbox = repeat(&app, TICK, "statements of providers", || payments::apply_received(&worker));
    // At once: metrics that come later look like a fault.
    let measured = async {
        until_done(&app, "counts", || outbox::measure(&worker)).await;
        repeat(&app, COUNT, "counts", || outbox::measure(&worker)).await;
    };
    let sweep = repeat(&app, SWEEP, "old data", || sweeper.sweep(&worker));
    let pulse = repeat(&app, PULSE, "changes of other servers", || events::wake_for_other_servers(&app));
    let look = repeat(&app, LOOK_AT_ALL, "followed topics", || events::check_all_topics(&app));
    let rules = repeat(&app, TZDATA, "time zone rules", || follow_tzdata(&app));
    let derived = until_done(&app, "derived columns", || store::refresh::all(&worker.database));
    tokio::join!(due, join_all(effects), inbox, measured, pulse, look, sweep, rules, derived);
}

/// Does something once. What fails, or even panics, is done again a tick later.
async fn until_done<F: Future<Output = Result<()>>>(app: &App, what: &'static str, work: impl Fn() -> F) {
    let mut fails = false;
    while !is_done(app, what, &mut fails, work()).await {
        tokio::time::sleep(TICK).await;
    }
}

/// Does something again and again. What fails, or even panics, is done again the next time; the log has the first of several failures.
async fn repeat<F: Future<Output = Result<()>>>(app: &App, every: Duration, what: &'static str, work: impl Fn() -> F) {
    let mut fails = false;
    loop {
        tokio::time::sleep(every).await;
        is_done(app, what, &mut fails, work()).await;
    }
}

/// Whether `work` was done. Logs the first of several failures, and remembers that there was one.
async fn is_done(app: &App, what: &'static str, fails: &mut bool, work: impl Future<Output = Result<()>>) -> bool {
    let failure = match AssertUnwindSafe(work).catch_unwind().await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(format!("{error:#}")),
        Err(_) => Some("panicked".to_owned()),
    };
    if let Some(error) = failure.as_deref().filter(|_| !*fails) {
        tracing::warn!(error, "{what}: failed, and is tried again");
    }
    *fails = failure.is_some();
    app.chores.note(what, !*fails, app.now());
    !*fails
}

/// Everything that is due now, once. What fails is logged and does not keep the rest from being done.
///
/// # Errors
/// When the database is away.
pub async fn work_once(app: &App) -> Result<()> {
    // First: what ends by the clock has effects.
    let done = [move_on(app).await, payments::apply_received(app).await];
    let effects = join_all(EffectKind::ALL.iter().map(|kind| outbox::run_due(app, *kind))).await;
    done.into_iter().chain(effects).collect()
}

/// Writes down what has become true by the clock, once.
async fn move_on(app: &App) -> Result<()> {
    for id in bookings::due(app, BATCH).await? {
        if let Err(error) = bookings::move_on(app, id).await {
            tracing::warn!(booking = %id, error = format!("{error:#}"), "the booking stays as it is for now");
        }
    }
    for id in bookings::with_older_rules(app, BATCH).await? {
        if let Err(error) = bookings::follow_time_zone(app, id).await {
            tracing::warn!(booking = %id, error = format!("{error:#}"), "the booking keeps its instants for now");
        }
    }
    let done = [reviews::reveal_due(app).await.map(|_| ()), accounts::sweep(app).await];
    // Each was tried; the first that failed is told.
    done.into_iter().collect()
}

/// Puts newer time zone rules in force when the system has got some.
async fn follow_tzdata(app: &App) -> Result<()> {
    let reader = app.clone();
    let found = tokio::task::spawn_blocking(move || reader.tzdata.refresh()).await.map_err(anyhow::Error::from)?;
    if let Some(zones) = found {
        tracing::info!(version = %zones.version(), source = %zones.source(), "new time zone rules are in force");
    }
    Ok(())
}
