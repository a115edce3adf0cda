//! What a provider says by itself. It is written down first and applied then, so that nothing that was acknowledged is lost.

use chrono::Duration;

use super::apply::{Source, apply, received};
use crate::{app::App, events::Cause, outbox::doubled};
use providers::payments::Notice;
use store::inbox::Received;
use types::error::{Error, Result};

/// Statements that one call applies at the most.
const BATCH: i64 = 100;
/// How long to wait before a statement is applied again that could not be.
const PAUSE: Duration = Duration::minutes(1);
/// The longest wait.
const LONGEST_PAUSE: Duration = Duration::hours(6);

/// Takes a provider's statement: it is safe when this returns, and applied soon. One that was received before changes nothing.
///
/// # Errors
/// When the database fails; the provider is then to say it again.
pub async fn receive(app: &App, notice: &Notice) -> Result<()> {
    let (row, now) = (received(app, notice)?, app.now());
    let is_new =
        app.database.write(async |conn| Ok::<_, Error>(store::inbox::record(conn, &row, None, now).await?)).await?;
    if is_new && let Err(error) = apply_one(app, &row).await {
        tracing::warn!(event = row.event_id, error = format!("{error:#}"), "a statement is left to the worker");
    }
    Ok(())
}

/// Applies statements that were received and not applied.
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
