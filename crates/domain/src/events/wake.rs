//! Looking for events that other servers wrote.

use std::{sync::PoisonError, time::Instant};

use crate::app::App;
use types::error::Result;

/// How much longer than the time since the last look back is looked, in seconds: longer than a transaction takes to commit.
const OVERLAP: u64 = 3;
/// Looking back further than this is not worth it, in seconds.
const LONG_AGO: u64 = 60;
/// Entries that one look reads at the most.
const MOST: u32 = 10_000;
/// Topics whose last positions are read at once.
const CHUNK: usize = 500;

/// Has the topics read in which something was written since the last call, on whichever server. What was read already is not read again.
///
/// # Errors
/// When the database fails.
pub async fn wake_for_others(app: &App) -> Result<()> {
    let begun = Instant::now();
    if app.streams.hub.is_followed() {
        let since = looked(app).map_or(0, |looked| looked.elapsed().as_secs() + 1);
        match u32::try_from(since + OVERLAP) {
            Ok(seconds) if since < LONG_AGO => look_back(app, seconds).await?,
            _ => look_at_all(app).await?,
        }
    }
    // Whoever begins to follow later reads the table first.
    *app.streams.looked.lock().unwrap_or_else(PoisonError::into_inner) = Some(begun);
    Ok(())
}

fn looked(app: &App) -> Option<Instant> {
    *app.streams.looked.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn look_back(app: &App, seconds: u32) -> Result<()> {
    let recent = store::events::recent(&mut app.conn().await?, seconds, MOST).await?;
    if recent.len() >= MOST as usize {
        return look_at_all(app).await;
    }
    recent.iter().for_each(|(topic, position)| app.streams.hub.announce(topic, *position));
    Ok(())
}

/// Has all followed topics read that are not read to their end. Done now and then whatever was announced: nothing that can fail is
/// trusted with the last word.
///
/// # Errors
/// When the database fails.
pub async fn look_at_all(app: &App) -> Result<()> {
    let hub = &app.streams.hub;
    for topics in hub.topics().chunks(CHUNK) {
        let latest = store::events::latest(&mut app.conn().await?, topics).await?;
        latest.iter().for_each(|(topic, position)| hub.announce(topic, *position));
    }
    Ok(())
}
