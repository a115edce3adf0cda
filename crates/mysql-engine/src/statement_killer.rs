//! Kills statements whose caller no longer waits.
//!
//! When a client disconnects during a query, its connection is closed, but the database notices
//! only when it has the result. A client that repeatedly sends a query and disconnects could so
//! keep the database busy with more statements than the pool has connections. Therefore the
//! statement is killed, and until then its connection counts against its caller.

use super::DatabaseError;
use super::address::Address;
use super::health_probe::HealthProbe;
use super::pool::driver_error;
use super::shares::ConnectionPermit;
use mysql_async::prelude::Queryable as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// How long a kill may take. Then its connection no longer counts.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Kills the statements of one pool, one at a time.
pub(super) struct StatementKiller {
    address: Address,
    health_probe: Arc<HealthProbe>,
    /// Prefix of the names of locks.
    name: &'static str,
    /// Distinguishes this process from others.
    seed: u64,
    one_at_a_time: Mutex<()>,
}

impl StatementKiller {
    pub fn new(address: Address, health_probe: Arc<HealthProbe>, name: &'static str, seed: u64) -> Arc<Self> {
        Arc::new(Self { address, health_probe, name, seed, one_at_a_time: Mutex::new(()) })
    }

    /// A statement that marks connection `id` with a lock. Another server behind the same address
    /// has its own connection `id`, which must not be killed.
    pub fn marker(&self, id: u32) -> String {
        format!("DO GET_LOCK('{}', 0)", self.lock_name(id))
    }

    fn lock_name(&self, id: u32) -> String {
        format!("{}-{:016x}-{id}", self.name, self.seed)
    }

    /// Kills connection `id` in the background, then drops `permit`.
    pub fn kill_in_background(self: &Arc<Self>, id: u32, permit: ConnectionPermit) {
        // Without a runtime the process is exiting.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let killer = Arc::clone(self);
        runtime.spawn(async move {
            let _one_at_a_time = killer.one_at_a_time.lock().await;
            let killed = tokio::time::timeout(TIMEOUT, killer.health_probe.run(killer.kill(id))).await;
            if !matches!(killed, Ok(Ok(Ok(())))) {
                tracing::debug!(id, "an abandoned statement could not be killed");
            }
            drop(permit);
        });
    }

    async fn kill(&self, id: u32) -> Result<(), DatabaseError> {
        const NO_SUCH_THREAD: u16 = 1094;
        let mut conn = self.address.open().await?;
        let query = format!("SELECT IS_USED_LOCK('{}')", self.lock_name(id));
        let holder: Option<Option<u32>> = conn.query_first(query).await.map_err(driver_error)?;
        if holder != Some(Some(id)) {
            return Ok(());
        }
        match conn.query_drop(format!("KILL {id}")).await.map_err(driver_error) {
            // It has just ended.
            Ok(()) | Err(DatabaseError::Denied { code: NO_SUCH_THREAD, .. }) => {}
            Err(error) => return Err(error),
        }
        conn.disconnect().await.map_err(driver_error)
    }
}
