//! The catalog of changes, for consumers that have a copy of public data.

use crate::app::App;
use types::error::Result;

pub use store::events::{
    NightRange, NightsChange, Payload,
    catalog::{CatalogEvent, SHARDS},
};

/// The most events of a shard that are read at once.
pub(crate) const BATCH: i64 = 500;

/// A consumer's position in the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position([u64; SHARDS as usize]);

/// The sum of the last positions of all shards. It is greater after every event, so whoever has seen it has missed none.
///
/// # Errors
/// When the database fails.
pub(crate) async fn total(app: &App) -> Result<u64> {
    Ok(store::events::catalog::total(&mut app.conn().await?).await?)
}

/// The result of a read.
#[derive(Debug, Clone, PartialEq)]
pub enum Changes {
    /// New events: of each shard in the order of their commits.
    Events(Vec<CatalogEvent>),
    /// Events were deleted before they were read: the copy must be made again.
    Expired,
}

impl Position {
    /// The end of the catalog. A copy that is made after this call, and updated from this position on, misses no change.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn latest(app: &App) -> Result<Self> {
        Ok(Self(store::events::catalog::positions(&mut app.conn().await?).await?))
    }

    /// The sum of the positions of all shards: see [`total`].
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Reads the next events, in one statement if there are none, and advances the position past them.
    ///
    /// # Errors
    /// When the database fails; the position does not change.
    pub async fn read(&mut self, app: &App) -> Result<Changes> {
        let conn = &mut app.conn().await?;
        let latest = store::events::catalog::positions(conn).await?;
        let shards = (0..SHARDS).zip(self.0).zip(latest);
        let behind: Vec<_> = shards.filter(|((_, own), latest)| own < latest).map(|(shard, _)| shard).collect();
        let events = store::events::catalog::after(conn, &behind, BATCH).await?;
        let mut reached = self.clone();
        for event in &events {
            let last = &mut reached.0[event.shard()];
            if event.position != *last + 1 {
                return Ok(Changes::Expired);
            }
            *last = event.position;
        }
        if behind.iter().any(|(shard, position)| reached.0[usize::from(*shard)] == *position) {
            return Ok(Changes::Expired);
        }
        *self = reached;
        Ok(Changes::Events(events))
    }
}
