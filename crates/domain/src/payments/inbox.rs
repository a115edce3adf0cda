//! The inbox: notifications of the provider are stored first and applied afterwards, so that no acknowledged one is lost.

use chrono::Duration;

use super::apply::{Source, apply, received};
use crate::{app::App, events::Cause, outbox::doubled};
use providers::payments::Notice;
use store::inbox::Received;
use types::error::{Error, Result};

/// The most notifications that one call applies.
const BATCH: i64 = 100;
/// The first pause before a failed notification is retried.
const PAUSE: Duration = Duration::minutes(1);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::hours(6);

/// Receives a notification of a provider: it is stored when this returns, and applied soon. One that was received before changes nothing.
///
/// # Errors
/// When the database fails; the provider must then send it again.
pub async fn receive(app: &App, notice: &Notice) -> Result<()> {
    let (row, now) = (received(app, notice)?, app.now());
    let is_new =
        app.database.write(async |conn| Ok::<_, Error>(store::inbox::record(conn, &row, None, now).await?)).await?;
    if is_new && let Err(error) = apply_one(app, &row).await {
        tracing::warn!(event = row.event_id, error = format!("{error:#}"), "a statement is left to the worker");
    }
    Ok(())
}

/// Applies notifications that were received and not applied.
///
/// # Errors
/// When the database fails.
pub async fn apply_received(app: &App) -> Result<()> {
    let open = store::inbox::open(&mut app.conn().await?, app.now(), BATCH).await?;
    for row in open {
        if let Err(error) = apply_one(app, &row).await {
            tracing::warn!(event = row.event_id, error = format!("{error:#}"), "a statement is not applied yet");
            postpone(app, &row).await?;
        }
    }
    Ok(())
}

async fn apply_one(app: &App, row: &Received) -> Result<()> {
    let app = &app.caused_by(Cause::ProviderEvent(row.event_id.as_str().into()));
    let notice: Notice = serde_json::from_str(&row.payload).map_err(anyhow::Error::from)?;
    if let Some(applied) = apply(app, &notice, Source::Inbox).await? {
        crate::outbox::run_group(app, applied.booking.id).await;
    }
    Ok(())
}

async fn postpone(app: &App, row: &Received) -> Result<()> {
    let due_at = app.now() + doubled(PAUSE, row.attempts, LONGEST_PAUSE);
    let later = async |conn: &mut mysql_engine::Conn| {
        store::inbox::postpone(conn, (&row.provider, &row.event_id), due_at).await?;
        Ok::<_, Error>(())
    };
    app.database.write(later).await
}
