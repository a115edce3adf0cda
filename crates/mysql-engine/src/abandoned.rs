//! Statements that nobody waits for any more.
//!
//! When a client goes away in the middle of a query, its connection is closed, but the database would notice only when it has the answer.
//! Whoever asks for much and leaves would have it work on more than the pool has connections. So the statement is ended, and until then its
//! connection counts for whoever held it.

use super::DatabaseError;
use super::address::Address;
use super::pool::refused;
use super::pulse::Pulse;
use super::shares::Seat;
use mysql_async::prelude::Queryable as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// How long the database may take to end a statement. Then it counts no more.
const PATIENCE: Duration = Duration::from_secs(2);

/// Ends the statements of one pool, one at a time.
pub(super) struct Abandoned {
    address: Address,
    pulse: Arc<Pulse>,
    /// Tells this process from others.
    seed: u64,
    turn: Mutex<()>,
}

impl Abandoned {
    pub fn of(address: Address, pulse: Arc<Pulse>, seed: u64) -> Arc<Self> {
        Arc::new(Self { address, pulse, seed, turn: Mutex::new(()) })
    }

    /// The statement by which connection `id` can be found again. Another server behind the same address has its own connection `id`.
    pub fn mark(&self, id: u32) -> String {
        format!("DO GET_LOCK('{}', 0)", self.name(id))
    }

    fn name(&self, id: u32) -> String {
        format!("staygate-{:016x}-{id}", self.seed)
    }

    /// Ends what connection `id` is doing, and gives up `seat` when that is done.
    pub fn end(self: &Arc<Self>, id: u32, seat: Seat) {
        // Without a runtime the process is ending.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let ending = Arc::clone(self);
        runtime.spawn(async move {
            let _turn = ending.turn.lock().await;
            let killed = tokio::time::timeout(PATIENCE, ending.pulse.follow(ending.kill(id))).await;
            if !matches!(killed, Ok(Ok(Ok(())))) {
                tracing::debug!(id, "a statement that nobody waits for could not be ended");
            }
            drop(seat);
        });
    }

    async fn kill(&self, id: u32) -> Result<(), DatabaseError> {
        const NO_SUCH_THREAD: u16 = 1094;
        let mut conn = self.address.open().await?;
        let marked = conn.query_first(format!("SELECT IS_USED_LOCK('{}')", self.name(id))).await.map_err(refused)?;
        if marked != Some(Some(id)) {
            return Ok(());
        }
        match conn.query_drop(format!("KILL {id}")).await.map_err(refused) {
            // It has just ended.
            Ok(()) | Err(DatabaseError::Denied { code: NO_SUCH_THREAD, .. }) => {}
            Err(error) => return Err(error),
        }
        conn.disconnect().await.map_err(refused)
    }
}
