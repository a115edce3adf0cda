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
//! Rows that were not read to their end are no reason for distrust: the driver skips them before the next statement.

use super::conflict::Conflict;
use super::statements::Statements;
use super::{DatabaseError, Options};
use deadpool::managed::{self, Metrics, RecycleError, RecycleResult};
use diesel::connection::{Instrumentation, InstrumentationEvent};
use diesel::result::{DatabaseErrorKind, Error};
use diesel_async::{
    AnsiTransactionManager, AsyncConnection, AsyncMysqlConnection, SimpleAsyncConnection, TransactionManager,
};
use mysql_async::{Opts, OptsBuilder};
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The collation of every session and of databases made by Staygate. Both MariaDB ≥ 10.6 and MySQL ≥ 8.0 have it.
pub(super) const COLLATION: &str = "utf8mb4_unicode_520_ci";

/// A connection on loan from the pool; dropping it gives it back. Every function of the store takes `&mut Conn`.
pub struct Conn(Option<managed::Object<Manager>>);

impl From<managed::Object<Manager>> for Conn {
    fn from(object: managed::Object<Manager>) -> Self {
        Self(Some(object))
    }
}

impl Conn {
    #[expect(clippy::expect_used, reason = "only `drop` takes the object out")]
    fn link(&self) -> &Link {
        self.0.as_ref().expect("a connection that was not dropped")
    }

    #[expect(clippy::expect_used, reason = "only `drop` takes the object out")]
    fn link_mut(&mut self) -> &mut Link {
        self.0.as_mut().expect("a connection that was not dropped")
    }

    /// Whether the last statement found that the other side is gone.
    pub(super) fn is_lost(&self) -> bool {
        self.link().health.lost.load(Ordering::Relaxed)
    }
}

impl Deref for Conn {
    type Target = AsyncMysqlConnection;

    fn deref(&self) -> &Self::Target {
        &self.link().conn
    }
}

impl DerefMut for Conn {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.link_mut().conn
    }
}

impl Drop for Conn {
    fn drop(&mut self) {
        let Some(mut object) = self.0.take() else { return };
        if object.is_broken() {
            // Out of the pool at once: idle there it would hold the locks of its transaction.
            drop(managed::Object::take(object));
        } else {
            object.last_used = Instant::now();
        }
    }
}

/// What the pool holds: a connection and what is known about it.
pub(super) struct Link {
    conn: AsyncMysqlConnection,
    health: Arc<Health>,
    last_used: Instant,
    trusted_in: u64,
}

impl Link {
    fn is_broken(&mut self) -> bool {
        self.health.in_flight.load(Ordering::Relaxed)
            || self.health.lost.load(Ordering::Relaxed)
            || AnsiTransactionManager::is_broken_transaction_manager(&mut self.conn)
    }
}

/// Written by the connection's [`Watch`], read by the pool.
#[derive(Default)]
struct Health {
    /// A statement was started and has not finished.
    in_flight: AtomicBool,
    /// The other side is gone.
    lost: AtomicBool,
    /// An error that may or may not mean that the connection is of no use.
    suspect: AtomicBool,
    /// The pool's own statement is under way, which is not counted.
    probing: AtomicBool,
}

/// Follows the statements of one connection.
struct Watch {
    health: Arc<Health>,
    statements: Arc<Statements>,
    era: Arc<AtomicU64>,
}

impl Instrumentation for Watch {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartQuery { query, .. } => {
                self.health.in_flight.store(true, Ordering::Relaxed);
                if !self.health.probing.load(Ordering::Relaxed) {
                    self.statements.note(query);
                }
            }
            InstrumentationEvent::FinishQuery { error, .. } => {
                self.health.in_flight.store(false, Ordering::Relaxed);
                if let Some(error) = error {
                    self.judge(error);
                }
            }
            _ => {}
        }
    }
}

impl Watch {
    fn judge(&self, error: &Error) {
        if Conflict::of(error) == Some(Conflict::Lost) {
            self.health.lost.store(true, Ordering::Relaxed);
            self.era.fetch_add(1, Ordering::Relaxed);
        } else if !matches!(error, Error::DatabaseError(kind, _) if !matches!(kind, DatabaseErrorKind::Unknown)) {
            self.health.suspect.store(true, Ordering::Relaxed);
        }
    }
}

/// Makes connections and decides which may be used again.
pub(super) struct Manager {
    opts: Opts,
    session: String,
    idle_before_ping: Duration,
    statements: Arc<Statements>,
    /// Counts the losses of connections: one made or pinged in an earlier era is pinged before it is trusted.
    era: Arc<AtomicU64>,
}

impl Manager {
    pub(super) fn new(url: &str, options: &Options, statements: Arc<Statements>) -> Result<Self, DatabaseError> {
        let opts = driver_options(url)?;
        Ok(Self {
            opts,
            session: session_setup(options.lock_wait),
            idle_before_ping: options.idle_before_ping,
            statements,
            era: Arc::default(),
        })
    }
}

impl managed::Manager for Manager {
    type Type = Link;
    type Error = DatabaseError;

    async fn create(&self) -> Result<Link, DatabaseError> {
        let trusted_in = self.era.load(Ordering::Relaxed);
        let mut conn = connect_with(self.opts.clone(), &self.session).await?;
        let health = Arc::<Health>::default();
        conn.set_instrumentation(Watch {
            health: Arc::clone(&health),
            statements: Arc::clone(&self.statements),
            era: Arc::clone(&self.era),
        });
        Ok(Link { conn, health, last_used: Instant::now(), trusted_in })
    }

    async fn recycle(&self, link: &mut Link, _: &Metrics) -> RecycleResult<DatabaseError> {
        if link.is_broken() {
            return Err(RecycleError::message("the last use of the connection broke it"));
        }
        let era = self.era.load(Ordering::Relaxed);
        let trusted = link.trusted_in == era
            && !link.health.suspect.load(Ordering::Relaxed)
            && link.last_used.elapsed() < self.idle_before_ping;
        if !trusted {
            link.health.probing.store(true, Ordering::Relaxed);
            link.conn.batch_execute("DO 1").await.map_err(DatabaseError::from)?;
            link.health.probing.store(false, Ordering::Relaxed);
            link.health.suspect.store(false, Ordering::Relaxed);
            link.trusted_in = era;
        }
        Ok(())
    }
}

/// How the driver is to connect to `url`: no cache of statements beside the one of the query builder, and affected rows
/// are the matched ones, not only those that changed.
fn driver_options(url: &str) -> Result<Opts, DatabaseError> {
    let opts = Opts::from_url(url).map_err(|error| DatabaseError::Unreachable(error.to_string()))?;
    // Without `prefer_socket(false)` the driver would leave TCP for the socket path that the server names, which on this
    // machine may belong to another server.
    Ok(OptsBuilder::from_opts(opts).stmt_cache_size(0).client_found_rows(true).prefer_socket(false).into())
}

/// A single connection with the session's settings, outside any pool.
pub(super) async fn connect_once(url: &str) -> Result<AsyncMysqlConnection, DatabaseError> {
    connect(driver_options(url)?).await
}

/// A single connection with the session's settings.
pub(super) async fn connect(opts: Opts) -> Result<AsyncMysqlConnection, DatabaseError> {
    connect_with(opts, &session_setup(Options::default().lock_wait)).await
}

/// `url` split into the server and the name of the database on it.
pub(super) fn without_database(url: &str) -> Result<(Opts, Option<String>), DatabaseError> {
    let opts = driver_options(url)?;
    let name = opts.db_name().filter(|name| !name.is_empty()).map(str::to_owned);
    Ok((OptsBuilder::from_opts(opts).db_name(None::<String>).into(), name))
}

async fn connect_with(opts: Opts, session: &str) -> Result<AsyncMysqlConnection, DatabaseError> {
    let conn = mysql_async::Conn::new(opts).await.map_err(|error| match error {
        mysql_async::Error::Server(error) => DatabaseError::Denied { code: error.code, message: error.message },
        error => DatabaseError::Unreachable(error.to_string()),
    })?;
    let mut conn =
        AsyncMysqlConnection::try_from(conn).await.map_err(|error| DatabaseError::Unreachable(error.to_string()))?;
    conn.batch_execute(session).await?;
    Ok(conn)
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
