//! The handle to the database: its options, errors, pool and callers.

use super::address::Address;
use super::conflict::{Conflict, MayConflict};
use super::health_probe::Unresponsive;
use super::last_step::LastStep;
use super::pool::{Conn, Manager};
use super::shares::{Caller, OperationPermit, Purpose, Shares};
use super::statements::Statements;
use deadpool::managed::{Pool, PoolConfig, PoolError, QueueMode, TimeoutType, Timeouts};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use telemetry::Histogram;

/// How the pool and the transactions of a [`Database`] behave.
#[derive(Debug, Clone)]
pub struct Options {
    /// Prefix of the names of this program's locks, at most 20 letters.
    pub name: &'static str,
    /// Maximum number of open connections.
    pub pool_size: usize,
    /// How long a caller waits for a connection while all are in use.
    pub acquire_timeout: Duration,
    /// Timeout of a new connection, and of a ping.
    pub connect_timeout: Duration,
    /// A connection that was not used for this long is pinged before it is used again.
    pub idle_before_ping: Duration,
    /// A call that has had no response for this long starts a health probe.
    pub probe_after: Duration,
    /// Timeout of a health probe. While probes fail, calls fail fast.
    pub probe_timeout: Duration,
    /// How long a statement may take before the database kills it. Longer than any caller waits.
    pub statement_timeout: Duration,
    /// How long a statement waits for a row lock. Whole seconds, at least one. Then its transaction
    /// is retried, and releases its connection in between, so that transactions on other rows
    /// proceed.
    pub lock_wait_timeout: Duration,
    /// Maximum number of attempts of a transaction that conflicts with others.
    pub max_attempts: u32,
    /// No new attempt is started when a transaction has taken this long.
    pub max_retry_time: Duration,
    /// Seed of the random pauses between attempts. Different for every process that shares a
    /// database.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            name: "mysql-engine",
            pool_size: 8,
            acquire_timeout: Duration::from_secs(5),
            connect_timeout: Duration::from_secs(5),
            idle_before_ping: Duration::from_secs(1),
            probe_after: Duration::from_millis(250),
            probe_timeout: Duration::from_millis(400),
            statement_timeout: Duration::from_secs(40),
            lock_wait_timeout: Duration::from_secs(1),
            max_attempts: 12,
            max_retry_time: Duration::from_secs(10),
            seed: 0,
        }
    }
}

/// The server's error 1040.
const TOO_MANY_CONNECTIONS: u16 = 1040;

/// Why a call to the database failed.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// All connections stayed in use for [`Options::acquire_timeout`].
    #[error("all database connections are busy")]
    Busy,
    /// The URL is invalid. It is not shown, because it may contain a password.
    #[error("the database URL is invalid: {0}")]
    Url(String),
    /// The connection cannot be encrypted or verified as the URL requires.
    #[error("no secure connection to the database: {0}")]
    Insecure(String),
    /// No connection could be made, or the database did not respond in time.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// The server refused the connection: a wrong password, an unknown database.
    #[error("the database refused the connection: {message} (error {code})")]
    Denied {
        /// The server's error number.
        code: u16,
        /// The server's error message.
        message: String,
    },
    /// A transaction conflicted with others on every attempt.
    #[error("the transaction conflicted with others {attempts} times ({last:?})")]
    TooManyConflicts {
        /// The number of attempts.
        attempts: u32,
        /// The last conflict.
        last: Conflict,
    },
    /// A statement failed.
    #[error(transparent)]
    Failed(#[from] diesel::result::Error),
}

impl DatabaseError {
    /// A transaction that returns this error is retried from its start, because it found data that
    /// another one has changed.
    pub fn retry_transaction(why: &str) -> Self {
        let kind = diesel::result::DatabaseErrorKind::SerializationFailure;
        Self::Failed(diesel::result::Error::DatabaseError(kind, Box::new(why.to_owned())))
    }

    /// Whether the same call may succeed a moment later.
    pub fn is_retryable(&self) -> bool {
        self.is_unavailable() || self.is_busy()
    }

    /// Whether the database responds but is overloaded.
    pub fn is_busy(&self) -> bool {
        match self {
            Self::Busy | Self::TooManyConflicts { .. } => true,
            Self::Failed(error) => {
                !matches!(Conflict::of(error), None | Some(Conflict::ConnectionLost | Conflict::NodeNotReady))
            }
            Self::Denied { code, .. } => *code == TOO_MANY_CONNECTIONS,
            Self::Url(_) | Self::Insecure(_) | Self::Unreachable(_) => false,
        }
    }

    /// Whether the reason may be a server that is still starting, so that waiting may help.
    pub fn may_be_starting(&self) -> bool {
        !matches!(self, Self::Insecure(_)) && self.is_unavailable()
            || matches!(self, Self::Denied { code, .. } if *code == TOO_MANY_CONNECTIONS)
    }

    /// Whether the database cannot be used now, and may recover by itself.
    pub fn is_unavailable(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Insecure(_) => true,
            // Not ready (1047), shutting down (1053).
            Self::Denied { code, .. } => matches!(code, 1047 | 1053),
            Self::Failed(error) => {
                matches!(Conflict::of(error), Some(Conflict::ConnectionLost | Conflict::NodeNotReady))
            }
            Self::Url(_) | Self::Busy | Self::TooManyConflicts { .. } => false,
        }
    }
}

impl MayConflict for DatabaseError {
    fn conflict(&self) -> Option<Conflict> {
        match self {
            Self::Failed(error) => Conflict::of(error),
            _ => None,
        }
    }
}

/// The handle to the database; clones share everything. A handle belongs to a caller: the process,
/// the background worker, or one operation, which may hold only a few connections at a time.
#[derive(Clone)]
pub struct Database {
    shared: Arc<Shared>,
    caller: Caller,
    /// What each of its transactions does before its commit.
    last_step: Option<Arc<dyn LastStep>>,
}

struct Shared {
    pool: Pool<Manager>,
    shares: Shares,
    statements: Arc<Statements>,
    options: Options,
    retry_count: AtomicU64,
    jitter: Mutex<StdRng>,
    acquire_times: Histogram,
}

impl Database {
    /// A pool of connections to `url` (`mysql://user:password@host/database`). Opens the first one,
    /// so that a wrong URL is reported at once.
    ///
    /// # Errors
    /// See [`Self::conn`].
    pub async fn connect(url: &str, options: Options) -> Result<Self, DatabaseError> {
        let database = Self::lazy(url, options)?;
        drop(database.conn().await?);
        Ok(database)
    }

    /// Like [`Self::connect`], without opening a connection.
    ///
    /// # Errors
    /// [`DatabaseError::Url`] when the URL is invalid.
    pub fn lazy(url: &str, options: Options) -> Result<Self, DatabaseError> {
        let statements = Arc::<Statements>::default();
        let manager = Manager::new(url, &options, Arc::clone(&statements))?;
        let config = PoolConfig {
            max_size: options.pool_size,
            timeouts: Timeouts {
                wait: Some(options.acquire_timeout),
                create: Some(options.connect_timeout),
                recycle: Some(options.connect_timeout),
            },
            // The most recently used connection needs no ping.
            queue_mode: QueueMode::Lifo,
        };
        let pool = Pool::builder(manager)
            .config(config)
            .runtime(deadpool::Runtime::Tokio1)
            .build()
            .map_err(|error| DatabaseError::Unreachable(error.to_string()))?;
        let (shares, jitter) = (Shares::of(options.pool_size), Mutex::new(StdRng::seed_from_u64(options.seed)));
        let shared = Shared {
            pool,
            shares,
            statements,
            options,
            retry_count: AtomicU64::new(0),
            jitter,
            acquire_times: Histogram::default(),
        };
        Ok(Self { shared: Arc::new(shared), caller: Caller::Process, last_step: None })
    }

    /// Connects once to the server of `url` to check that it responds. The database need not exist.
    ///
    /// # Errors
    /// See [`Self::conn`].
    pub async fn ping(url: &str) -> Result<(), DatabaseError> {
        let (server, _) = Address::parse(url)?.without_database();
        let opened = tokio::time::timeout(Options::default().connect_timeout, server.open()).await;
        let conn = opened.map_err(|_| server.unreachable(&"it does not respond"))??;
        conn.disconnect().await.map_err(super::pool::driver_error)
    }

    /// A handle for one operation of a client, which may hold only a few connections at a time.
    #[must_use]
    pub fn for_operation(&self) -> Self {
        self.for_caller(self.shared.shares.operation())
    }

    /// A handle for scheduled work.
    #[must_use]
    pub fn for_worker(&self) -> Self {
        self.for_caller(Caller::Worker)
    }

    /// A handle for work that several operations share.
    #[must_use]
    pub fn for_process(&self) -> Self {
        self.for_caller(Caller::Process)
    }

    fn for_caller(&self, caller: Caller) -> Self {
        Self { shared: Arc::clone(&self.shared), caller, last_step: None }
    }

    /// The same handle, each of whose transactions ends with `step`. Handles for other callers do not
    /// have it.
    #[must_use]
    pub fn with_last_step(self, step: Arc<dyn LastStep>) -> Self {
        Self { last_step: Some(step), ..self }
    }

    /// The same handle without its last step, for what is no change of data, such as the count of attempts.
    #[must_use]
    pub fn without_last_step(&self) -> Self {
        Self { last_step: None, ..self.clone() }
    }

    pub(super) fn last_step(&self) -> Option<&dyn LastStep> {
        self.last_step.as_deref()
    }

    /// A permit for shared work ([`Self::for_process`]) that counts against this handle's
    /// operation; `None` while the operation holds as many connections as it may.
    pub fn try_permit(&self) -> Option<OperationPermit> {
        match &self.caller {
            Caller::Operation(share) => share.try_permit(),
            Caller::Process | Caller::Worker => Some(OperationPermit::unlimited()),
        }
    }

    /// Calls `attempt` until it returns a value: at once, and again each time this operation
    /// releases a permit.
    pub async fn retry_on_release<T>(&self, mut attempt: impl FnMut() -> Option<T>) -> T {
        let Caller::Operation(share) = &self.caller else {
            // Other callers have no limit of their own, so an attempt never fails.
            return match attempt() {
                Some(done) => done,
                None => std::future::pending().await,
            };
        };
        loop {
            let mut released = std::pin::pin!(share.released());
            // From here on no release is missed.
            released.as_mut().enable();
            if let Some(done) = attempt() {
                return done;
            }
            released.await;
        }
    }

    /// A connection for reading, after a bounded wait. Use [`Self::write`] or [`Self::transaction`]
    /// for statements that may wait for a lock.
    ///
    /// # Errors
    /// [`DatabaseError::Busy`] when none was free in time, [`DatabaseError::Unreachable`] or
    /// [`DatabaseError::Denied`] when a new one could not be made, or the database does not
    /// respond.
    pub async fn conn(&self) -> Result<Conn, DatabaseError> {
        self.acquire(Purpose::Read).await
    }

    pub(super) async fn acquire(&self, purpose: Purpose) -> Result<Conn, DatabaseError> {
        let acquired = self.shared.pool.manager().health_probe().run(self.acquire_from_pool(purpose)).await;
        acquired.map_err(|Unresponsive| DatabaseError::Unreachable("it does not respond".to_owned()))?
    }

    async fn acquire_from_pool(&self, purpose: Purpose) -> Result<Conn, DatabaseError> {
        let Shared { pool, shares, options, acquire_times, .. } = &*self.shared;
        let started = Instant::now();
        let permit = shares.acquire(&self.caller, purpose, options.acquire_timeout).await.ok_or(DatabaseError::Busy)?;
        let wait = Some(options.acquire_timeout.saturating_sub(started.elapsed()));
        let object = pool.timeout_get(&Timeouts { wait, ..pool.timeouts() }).await.map_err(|error| match error {
            PoolError::Timeout(TimeoutType::Wait) => DatabaseError::Busy,
            PoolError::Backend(error) => error,
            PoolError::Timeout(_) => DatabaseError::Unreachable("it does not respond".to_owned()),
            error => DatabaseError::Unreachable(error.to_string()),
        })?;
        acquire_times.record(started.elapsed());
        Ok(Conn::new(object, permit))
    }

    /// The counter of statements.
    pub fn statements(&self) -> &Arc<Statements> {
        &self.shared.statements
    }

    /// The number of retries of transactions since the start.
    pub fn retry_count(&self) -> u64 {
        self.shared.retry_count.load(Ordering::Relaxed)
    }

    /// How long callers waited for a connection that they got.
    pub(super) fn acquire_times(&self) -> &Histogram {
        &self.shared.acquire_times
    }

    /// Whether the database does not respond.
    pub(super) fn is_unresponsive(&self) -> bool {
        self.shared.pool.manager().health_probe().is_unresponsive()
    }

    /// The number of connections in use, by share.
    pub(super) fn shares_used(&self) -> [(&'static str, usize); 3] {
        self.shared.shares.used()
    }

    /// The number of open connections, and how many of them are idle.
    pub fn connections(&self) -> (usize, usize) {
        let status = self.shared.pool.status();
        (status.size, status.available)
    }

    /// Closes idle connections and refuses new ones; those in use are closed when they are
    /// returned.
    pub fn close(&self) {
        self.shared.pool.close();
    }

    pub(super) fn options(&self) -> &Options {
        &self.shared.options
    }

    pub(super) fn count_retry(&self) {
        self.shared.retry_count.fetch_add(1, Ordering::Relaxed);
    }

    /// A random pause before attempt number `attempt + 1`, so that transactions that conflicted do
    /// not conflict again. It comes from a seeded generator instead of a retry library, because
    /// randomness is passed in.
    pub(super) fn pause(&self, attempt: u32) -> Duration {
        let longest = (2_000_u64 << attempt.min(6)).min(100_000);
        let mut jitter = self.shared.jitter.lock().unwrap_or_else(PoisonError::into_inner);
        Duration::from_micros(200 + jitter.random_range(0..longest))
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("connections", &self.connections()).finish_non_exhaustive()
    }
}
