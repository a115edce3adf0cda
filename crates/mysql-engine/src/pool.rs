//! Connections that are trusted only as far as their last use deserves.
//!
//! Neither stock way of reusing a connection will do. A ping on every check-out costs a quarter of the CPU; no check at
//! all hands a dead connection out for ever. Here each connection watches its own statements:
//!
//! - A statement that was started but never finished (its future was dropped) or a transaction left open: the state of
//!   the connection is unknown, so it is closed the moment it is given back, which also frees its locks.
//! - An error that only a lost connection produces: closed as well, and all others are pinged before their next use,
//!   because what broke one (a restart of the database) has probably broken all.
//! - An error of unknown nature, or a while without use: pinged before the next use.
//! - Otherwise it is handed out as it is.
//!
//! And nobody waits for a database that has stopped to answer: see [`super::pulse`].
//!
//! Rows that were not read to their end are no reason for distrust: the driver skips them before the next statement.

use super::abandoned::Abandoned;
use super::address::Address;
use super::link::Link;
use super::pulse::Pulse;
use super::shares::Seat;
use super::statements::Statements;
use super::{DatabaseError, Options};
use deadpool::managed::{self, Metrics, RecycleError, RecycleResult};
use diesel_async::{AsyncMysqlConnection, SimpleAsyncConnection};
use mysql_async::prelude::Queryable as _;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The collation of every session and of databases made by Staygate. Both MariaDB ≥ 10.6 and MySQL ≥ 8.0 have it.
pub(super) const COLLATION: &str = "utf8mb4_unicode_520_ci";

/// A connection on loan from the pool; dropping it gives it back. Every function of the store takes `&mut Conn`.
pub struct Conn {
    object: Option<managed::Object<Manager>>,
    /// Given up after the connection is back in the pool, where the next one finds it.
    seat: Option<Seat>,
}

impl Conn {
    pub(super) fn new(object: managed::Object<Manager>, seat: Seat) -> Self {
        Self { object: Some(object), seat: Some(seat) }
    }

    #[expect(clippy::expect_used, reason = "only `drop` takes the object out")]
    fn link(&self) -> &Link {
        &self.object.as_ref().expect("a connection that was not dropped").link
    }

    #[expect(clippy::expect_used, reason = "only `drop` takes the object out")]
    fn link_mut(&mut self) -> &mut Link {
        &mut self.object.as_mut().expect("a connection that was not dropped").link
    }

    /// Whether the last statement found that the other side is gone.
    pub(super) fn is_lost(&self) -> bool {
        self.link().is_lost()
    }
}

impl Deref for Conn {
    type Target = Link;

    fn deref(&self) -> &Self::Target {
        self.link()
    }
}

impl DerefMut for Conn {
    fn deref_mut(&mut self) -> &mut Self::Target {
        self.link_mut()
    }
}

impl Drop for Conn {
    fn drop(&mut self) {
        let Some(mut object) = self.object.take() else { return };
        if object.link.is_broken() {
            // Out of the pool at once: idle there it would hold the locks of its transaction.
            let Pooled { link, id, abandoned, .. } = managed::Object::take(object);
            let is_abandoned = link.is_abandoned();
            drop(link);
            if let Some(seat) = self.seat.take().filter(|_| is_abandoned) {
                abandoned.end(id, seat);
            }
        } else {
            object.last_used = Instant::now();
        }
    }
}

/// What the pool holds: a connection, and when it was last known to be good.
pub(super) struct Pooled {
    link: Link,
    last_used: Instant,
    trusted_in: u64,
    /// The server's number of the connection.
    id: u32,
    abandoned: Arc<Abandoned>,
}

/// Makes connections and decides which may be used again.
pub(super) struct Manager {
    address: Address,
    session: String,
    idle_before_ping: Duration,
    statements: Arc<Statements>,
    pulse: Arc<Pulse>,
    abandoned: Arc<Abandoned>,
    /// Counts the losses of connections: one made or pinged in an earlier era is pinged before it is trusted.
    era: Arc<AtomicU64>,
}

impl Manager {
    pub(super) fn new(url: &str, options: &Options, statements: Arc<Statements>) -> Result<Self, DatabaseError> {
        let address = Address::of(url)?;
        let pulse = Pulse::new(address.clone(), options);
        Ok(Self {
            abandoned: Abandoned::of(address.clone(), Arc::clone(&pulse), options.seed),
            address,
            session: format!("{}; {}", session_setup(options.lock_wait), longest(options.statement)),
            idle_before_ping: options.idle_before_ping,
            statements,
            pulse,
            era: Arc::default(),
        })
    }
}

impl Manager {
    /// Whether the database lives.
    pub(super) fn pulse(&self) -> &Arc<Pulse> {
        &self.pulse
    }
}

impl managed::Manager for Manager {
    type Type = Pooled;
    type Error = DatabaseError;

    async fn create(&self) -> Result<Pooled, DatabaseError> {
        let trusted_in = self.era.load(Ordering::Relaxed);
        let conn = self.address.open().await?;
        let id = conn.id();
        let mut conn = AsyncMysqlConnection::try_from(conn)
            .await
            .map_err(|error| DatabaseError::Unreachable(error.to_string()))?;
        conn.batch_execute(&format!("{}; {}", self.session, self.abandoned.mark(id))).await?;
        let link = Link::new(conn, &self.pulse, &self.statements, &self.era);
        Ok(Pooled { link, last_used: Instant::now(), trusted_in, id, abandoned: Arc::clone(&self.abandoned) })
    }

    async fn recycle(&self, pooled: &mut Pooled, _: &Metrics) -> RecycleResult<DatabaseError> {
        if pooled.link.is_broken() {
            return Err(RecycleError::message("the last use of the connection broke it"));
        }
        let era = self.era.load(Ordering::Relaxed);
        let trusted =
            pooled.trusted_in == era && !pooled.link.is_suspect() && pooled.last_used.elapsed() < self.idle_before_ping;
        if !trusted {
            pooled.link.ping().await.map_err(DatabaseError::from)?;
            pooled.trusted_in = era;
        }
        Ok(())
    }
}

/// How long a migration's statement waits for a row lock: it runs beside servers that are in use, and nobody tries it again.
const PATIENT: Duration = Duration::from_secs(60);

/// A connection of the driver's own with the session's settings, outside any pool.
pub(super) async fn connect_plainly(address: &Address) -> Result<mysql_async::Conn, DatabaseError> {
    let mut conn = address.open().await?;
    conn.query_drop(session_setup(PATIENT)).await.map_err(refused)?;
    Ok(conn)
}

/// What a statement of the driver's own connection fails with.
pub(super) fn refused(error: mysql_async::Error) -> DatabaseError {
    match error {
        mysql_async::Error::Server(error) => DatabaseError::Denied { code: error.code, message: error.message },
        error => DatabaseError::Unreachable(error.to_string()),
    }
}

/// Ends a statement that nobody waits for any more: the caller gave up, and the database would not notice before it has an answer.
/// MariaDB and MySQL have different names for it, and each takes the other's line for a comment.
fn longest(statement: Duration) -> String {
    let (seconds, millis) = (statement.as_secs_f64(), statement.as_millis());
    format!(
        "SET lock_wait_timeout = 60 /*M!100100 , max_statement_time = {seconds} */ /*!50799 , max_execution_time = {millis} */"
    )
}

/// The settings of a session, whatever the server's own defaults are. READ COMMITTED, because InnoDB's REPEATABLE READ
/// answers plain reads from a snapshot that is older than the locks taken after it.
fn session_setup(lock_wait: Duration) -> String {
    let lock_wait = lock_wait.as_secs().max(1);
    format!(
        "SET NAMES utf8mb4 COLLATE {COLLATION}, time_zone = '+00:00', lc_messages = 'en_US', \
         innodb_lock_wait_timeout = {lock_wait}, \
         sql_mode = 'STRICT_TRANS_TABLES,ONLY_FULL_GROUP_BY,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,\
NO_ENGINE_SUBSTITUTION'; \
         SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"
    )
}
