//! Finds events that other servers wrote.

use std::{sync::PoisonError, time::Instant};

use crate::app::App;
use types::error::Result;

/// How far before the last check to look back, in seconds: longer than any transaction takes to commit.
const OVERLAP: u64 = 3;
/// If the last check is longer ago, in seconds, all topics are checked instead.
const LONG_AGO: u64 = 60;
/// The most entries that a check reads.
const MOST: u32 = 10_000;
/// Topics whose last positions are read in one statement.
const CHUNK: usize = 500;

/// Wakes the readers of topics with new events since the last call, from any server. Events that were read already are not read again.
///
/// # Errors
/// When the database fails.
pub async fn wake_for_other_servers(app: &App) -> Result<()> {
    let begun = Instant::now();
    if app.streams.hub.is_followed() {
        let since = checked(app).map_or(0, |checked| checked.elapsed().as_secs() + 1);
        match u32::try_from(since + OVERLAP) {
            Ok(seconds) if since < LONG_AGO => look_back(app, seconds).await?,
            _ => check_all_topics(app).await?,
        }
    }
    // Later followers read the table first.
    *app.streams.checked.lock().unwrap_or_else(PoisonError::into_inner) = Some(begun);
    Ok(())
}

fn checked(app: &App) -> Option<Instant> {
    *app.streams.checked.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn look_back(app: &App, seconds: u32) -> Result<()> {
    let recent = store::events::recent(&mut app.conn().await?, seconds, MOST).await?;
    if recent.len() >= MOST as usize {
        return check_all_topics(app).await;
    }
    recent.iter().for_each(|(topic, position)| app.streams.hub.announce(topic, *position));
    Ok(())
}

/// Wakes the readers of all followed topics that have not read to the end. Runs periodically, so that a lost announcement loses no event.
///
/// # Errors
/// When the database fails.
pub async fn check_all_topics(app: &App) -> Result<()> {
    let hub = &app.streams.hub;
    for topics in hub.topics().chunks(CHUNK) {
        let latest = store::events::latest(&mut app.conn().await?, topics).await?;
        latest.iter().for_each(|(topic, position)| hub.announce(topic, *position));
    }
    Ok(())
}
