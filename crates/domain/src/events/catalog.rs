//! The catalog of changes, for whoever keeps a copy of what everybody can see or search.

use crate::app::App;
use types::error::Result;

pub use store::events::{
    NightRange, NightsChange, Payload,
    catalog::{CatalogEvent, SHARDS},
};

/// The most events of a shard that are read at once.
const BATCH: i64 = 500;

/// How far somebody has read the catalog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position([u64; SHARDS as usize]);

/// What a read found.
#[derive(Debug, Clone, PartialEq)]
pub enum Changes {
    /// New events: of each shard in the order of their commits.
    Events(Vec<CatalogEvent>),
    /// Events were deleted before they were read: what was copied must be read anew.
    Expired,
}

impl Position {
    /// The end of the catalog. What is copied after this was read misses no change, if the catalog is read from here on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn latest(app: &App) -> Result<Self> {
        Ok(Self(store::events::catalog::positions(&mut app.conn().await?).await?))
    }

    /// Reads on, in one statement if nothing is new. The position is then that of the last event read.
    ///
    /// # Errors
    /// When the database fails: the position stays.
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
