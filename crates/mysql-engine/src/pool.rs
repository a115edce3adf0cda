//! A pool whose connections are checked according to their last use.
//!
//! Neither of the usual strategies is good enough: a ping before each use costs a quarter of the
//! CPU, and without a check a dead connection is used again and again. Here each connection
//! monitors its own statements:
//!
//! - A statement did not finish (its future was dropped), or a transaction was left open: the state
//!   of the connection is unknown, so it is closed as soon as it is returned, which also releases
//!   its locks.
//! - An error that only a lost connection causes: it is closed too, and all others are pinged
//!   before their next use, because the cause (a restart of the database) probably affects all of
//!   them.
//! - Any other unclear error, or some time without use: it is pinged before its next use.
//! - Otherwise it is used without a check.
//!
//! Calls do not wait for a database that has stopped responding: see [`super::health_probe`]. Rows
//! that were not read are harmless: the driver skips them before the next statement.

use super::address::Address;
use super::health_probe::HealthProbe;
use super::monitored_connection::MonitoredConnection;
use super::shares::ConnectionPermit;
use super::statement_killer::StatementKiller;
use super::statements::Statements;
use super::{DatabaseError, Options};
use deadpool::managed::{self, Metrics, RecycleError, RecycleResult};
use diesel_async::{AsyncMysqlConnection, SimpleAsyncConnection};
use mysql_async::prelude::Queryable as _;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The collation of every session and of the databases that are created here. Both MariaDB ≥ 10.6
/// and MySQL ≥ 8.0 have it.
pub(super) const COLLATION: &str = "utf8mb4_unicode_520_ci";

/// A connection of the pool, returned to it when dropped.
pub struct Conn {
    object: Option<managed::Object<Manager>>,
    /// Released after the connection is back in the pool, so that the next caller finds it there.
    permit: Option<ConnectionPermit>,
}

impl Conn {
    pub(super) fn new(object: managed::Object<Manager>, permit: ConnectionPermit) -> Self {
        Self { object: Some(object), permit: Some(permit) }
    }

    #[expect(clippy::expect_used, reason = "only `drop` takes the object out")]
    fn connection(&self) -> &MonitoredConnection {
        &self.object.as_ref().expect("a connection that was not dropped").connection
    }

    #[expect(clippy::expect_used, reason = "only `drop` takes the object out")]
    fn connection_mut(&mut self) -> &mut MonitoredConnection {
        &mut self.object.as_mut().expect("a connection that was not dropped").connection
    }

    /// Whether the last statement found the connection lost.
    pub(super) fn is_lost(&self) -> bool {
        self.connection().is_lost()
    }
}

impl Deref for Conn {
    type Target = MonitoredConnection;

    fn deref(&self) -> &Self::Target {
        self.connection()
    }
}

impl DerefMut for Conn {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.connection_mut()
    }
}

impl Drop for Conn {
    fn drop(&mut self) {
        let Some(mut object) = self.object.take() else { return };
        if object.connection.is_broken() {
            // Closed at once: in the pool it would keep the locks of its transaction.
            let Pooled { connection, id, killer, .. } = managed::Object::take(object);
            let is_abandoned = connection.is_abandoned();
            drop(connection);
            if let Some(permit) = self.permit.take().filter(|_| is_abandoned) {
                killer.kill_in_background(id, permit);
            }
        } else {
            object.last_used = Instant::now();
        }
    }
}

/// A connection of the pool, and when it was last known to be good.
pub(super) struct Pooled {
    connection: MonitoredConnection,
    last_used: Instant,
    trusted_generation: u64,
    /// The server's ID of the connection.
    id: u32,
    killer: Arc<StatementKiller>,
}

/// Creates connections and decides which may be used again.
pub(super) struct Manager {
    address: Address,
    /// The statement that sets up a session.
    session: String,
    idle_before_ping: Duration,
    statements: Arc<Statements>,
    health_probe: Arc<HealthProbe>,
    killer: Arc<StatementKiller>,
    /// The number of lost connections: a connection of an earlier generation is pinged before it is
    /// used again.
    generation: Arc<AtomicU64>,
}

impl Manager {
    pub(super) fn new(url: &str, options: &Options, statements: Arc<Statements>) -> Result<Self, DatabaseError> {
        let address = Address::parse(url)?;
        let health_probe = HealthProbe::new(address.clone(), options);
        Ok(Self {
            killer: StatementKiller::new(address.clone(), Arc::clone(&health_probe), options.name, options.seed),
            address,
            session: format!(
                "{}; {}",
                session_setup(options.lock_wait_timeout),
                statement_timeout(options.statement_timeout)
            ),
            idle_before_ping: options.idle_before_ping,
            statements,
            health_probe,
            generation: Arc::default(),
        })
    }
}

impl Manager {
    /// The health probe of the database.
    pub(super) fn health_probe(&self) -> &Arc<HealthProbe> {
        &self.health_probe
    }
}

impl managed::Manager for Manager {
    type Type = Pooled;
    type Error = DatabaseError;

    async fn create(&self) -> Result<Pooled, DatabaseError> {
        let trusted_generation = self.generation.load(Ordering::Relaxed);
        let conn = self.address.open().await?;
        let id = conn.id();
        let mut conn = AsyncMysqlConnection::try_from(conn)
            .await
            .map_err(|error| DatabaseError::Unreachable(error.to_string()))?;
        conn.batch_execute(&format!("{}; {}", self.session, self.killer.marker(id))).await?;
        let connection = MonitoredConnection::new(conn, &self.health_probe, &self.statements, &self.generation);
        Ok(Pooled { connection, last_used: Instant::now(), trusted_generation, id, killer: Arc::clone(&self.killer) })
    }

    async fn recycle(&self, pooled: &mut Pooled, _: &Metrics) -> RecycleResult<DatabaseError> {
        if pooled.connection.is_broken() {
            return Err(RecycleError::message("the last use of the connection broke it"));
        }
        let generation = self.generation.load(Ordering::Relaxed);
        let trusted = pooled.trusted_generation == generation
            && !pooled.connection.is_suspect()
            && pooled.last_used.elapsed() < self.idle_before_ping;
        if !trusted {
            pooled.connection.ping().await.map_err(DatabaseError::from)?;
            pooled.trusted_generation = generation;
        }
        Ok(())
    }
}

/// How long a statement of a migration waits for a row lock. It runs while servers are in use, and
/// is not retried.
const MIGRATION_LOCK_WAIT: Duration = Duration::from_secs(60);

/// A connection of the driver with the session's settings, outside any pool.
pub(super) async fn connect_unpooled(address: &Address) -> Result<mysql_async::Conn, DatabaseError> {
    let mut conn = address.open().await?;
    conn.query_drop(session_setup(MIGRATION_LOCK_WAIT)).await.map_err(driver_error)?;
    Ok(conn)
}

/// The error of a statement on a connection of the driver.
pub(super) fn driver_error(error: mysql_async::Error) -> DatabaseError {
    match error {
        mysql_async::Error::Server(error) => DatabaseError::Denied { code: error.code, message: error.message },
        error => DatabaseError::Unreachable(error.to_string()),
    }
}

/// Sets the maximum duration of a statement. MariaDB and MySQL have different names for it, and
/// each reads the other's as a comment.
fn statement_timeout(timeout: Duration) -> String {
    let (seconds, millis) = (timeout.as_secs_f64(), timeout.as_millis());
    format!(
        "SET lock_wait_timeout = 60 /*M!100100 , max_statement_time = {seconds} */ /*!50799 , max_execution_time = {millis} */"
    )
}

/// The settings of a session, independent of the server's defaults. READ COMMITTED, because with
/// InnoDB's REPEATABLE READ a plain read sees a snapshot that is older than locks acquired after
/// it.
fn session_setup(lock_wait_timeout: Duration) -> String {
    let lock_wait_timeout = lock_wait_timeout.as_secs().max(1);
    format!(
        "SET NAMES utf8mb4 COLLATE {COLLATION}, time_zone = '+00:00', lc_messages = 'en_US', \
         innodb_lock_wait_timeout = {lock_wait_timeout}, \
         sql_mode = 'STRICT_TRANS_TABLES,ONLY_FULL_GROUP_BY,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,\
NO_ENGINE_SUBSTITUTION'; \
         SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"
    )
}
