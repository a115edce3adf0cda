//! Timed work: what has become true by the clock is written down, and what the provider has not been told is told. Every step locks
//! its row and looks again, so any number of servers may do it at once; and readers do not depend on it.

use std::time::Duration;

use crate::{
    app::App,
    domain::{accounts, bookings, events, payments, reviews},
    error::Result,
};

/// How often the clock is looked at.
const TICK: Duration = Duration::from_secs(2);
/// How often changes made on other servers are looked for.
const PULSE: Duration = Duration::from_millis(500);
/// How often the system is asked for newer time zone rules.
const TZDATA: Duration = Duration::from_secs(60);
/// Rows of one kind that a tick works on.
const BATCH: i64 = 100;

/// Works until it is dropped.
pub async fn run(app: App) {
    // What streams wait for is read as they read.
    let worker = app.for_worker();
    tokio::join!(tick(&worker), pulse(&app), follow_tzdata(&app));
}

async fn tick(app: &App) {
    loop {
        tokio::time::sleep(TICK).await;
        if let Err(error) = work_once(app).await {
            tracing::warn!(error = format!("{error:#}"), "the worker tries again");
        }
    }
}

/// Everything that is due now, once. What fails is logged and does not keep the rest from being done.
///
/// # Errors
/// When the database is away.
pub async fn work_once(app: &App) -> Result<()> {
    for id in bookings::overdue_and_moved(app, BATCH).await? {
        if let Err(error) = bookings::move_on(app, id).await {
            tracing::warn!(booking = %id, error = format!("{error:#}"), "the booking stays as it is for now");
        }
    }
    for id in bookings::with_older_rules(app, BATCH).await? {
        if let Err(error) = bookings::follow_time_zone(app, id).await {
            tracing::warn!(booking = %id, error = format!("{error:#}"), "the booking keeps its instants for now");
        }
    }
    let done = [
        payments::resume_unanswered(app).await,
        payments::settle_open(app).await,
        reviews::reveal_due(app).await.map(|_| ()),
        accounts::sweep(app).await,
    ];
    // Each was tried; the first that failed is told.
    done.into_iter().collect()
}

/// Puts newer time zone rules in force when the system gets some.
async fn follow_tzdata(app: &App) {
    loop {
        tokio::time::sleep(TZDATA).await;
        let reader = app.clone();
        // A task that fails has panicked, and the next one may not.
        if let Ok(Some(zones)) = tokio::task::spawn_blocking(move || reader.tzdata.refresh()).await {
            tracing::info!(version = %zones.version(), source = %zones.source(), "new time zone rules are in force");
        }
    }
}

/// Wakes the streams of this server when another one has written.
async fn pulse(app: &App) {
    let mut was_away = false;
    loop {
        tokio::time::sleep(PULSE).await;
        match events::wake_for_others(app).await {
            Ok(()) => was_away = false,
            Err(error) if !was_away => {
                was_away = true;
                tracing::warn!(error = format!("{error:#}"), "changes of other servers are not seen for now");
            }
            Err(_) => {}
        }
    }
}
