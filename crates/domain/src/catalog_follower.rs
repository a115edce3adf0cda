//! Keeps what this process has in memory of public data, rows and the search index, coherent with the database.
//!
//! A query that uses them first asks the catalog for changes ([`CatalogFollower::catch_up`]), once. So it sees every change that was committed
//! before it arrived, on whatever server. Queries that arrive at the same time ask together.

use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};

use crate::{
    app::App,
    events::catalog::{self, BATCH, Changes, Position},
    search_index,
};
use types::error::Result;

/// How often a server follows the catalog without a query, so that the first query after a quiet hour need not.
const FOLLOW: Duration = Duration::from_secs(2);

/// How far this process has followed the catalog.
#[derive(Default)]
pub struct CatalogFollower {
    /// None: nothing in memory can be used.
    seen: Mutex<Option<Position>>,
}

impl CatalogFollower {
    /// Applies everything that was committed before this call. One statement if nothing was.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn catch_up(&self, app: &App) -> Result<()> {
        let mut seen = self.seen.lock().await;
        if let Some(seen) = &mut *seen {
            if catalog::total(app).await? == seen.total() {
                return Ok(());
            }
            if follow(app, seen).await? {
                return Ok(());
            }
            tracing::info!("changes were deleted before this server has read them: what is in memory is read again");
        }
        // If this fails, the next query begins anew too.
        *seen = None;
        app.search_index.forget();
        *seen = Some(Position::latest(app).await?);
        app.rows.forget_all();
        Ok(())
    }

    /// Nothing is applied while the guard lives.
    pub(crate) async fn pause(&self) -> MutexGuard<'_, Option<Position>> {
        self.seen.lock().await
    }
}

/// Applies all events after `seen`; false: some were deleted before.
async fn follow(app: &App, seen: &mut Position) -> Result<bool> {
    loop {
        let mut reached = seen.clone();
        let Changes::Events(events) = reached.read(app).await? else { return Ok(false) };
        app.search_index.apply(app, &events).await?;
        events.iter().for_each(|event| app.rows.forget_changed(event));
        *seen = reached;
        // A shard with more events than one read has them in a batch as long as this.
        if events.len() < usize::try_from(BATCH).unwrap_or(usize::MAX) {
            return Ok(true);
        }
    }
}

/// Fills the search index, and follows the catalog, until it is dropped. Does nothing if nothing is kept in memory.
pub async fn run(app: &App) {
    if !app.rows.is_on() && !app.search_index.is_on() {
        return std::future::pending().await;
    }
    loop {
        if let Err(error) = step(app).await {
            tracing::warn!(%error, "the search index is not up to date: searches use the database until it is");
        }
        tokio::time::sleep(FOLLOW).await;
    }
}

async fn step(app: &App) -> Result<()> {
    app.follower.catch_up(app).await?;
    search_index::fill_if_needed(app).await
}
