use super::address::Address;
use super::conflict::{Conflict, MayConflict};
use super::pool::{Conn, Manager};
use super::pulse::Silent;
use super::shares::{Party, Purpose, Shares, Turn};
use super::statements::Statements;
use deadpool::managed::{Pool, PoolConfig, PoolError, QueueMode, TimeoutType, Timeouts};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use telemetry::Durations;

/// How the pool and the transactions of a [`Database`] behave.
#[derive(Debug, Clone)]
pub struct Options {
    /// The most connections that are open at a time.
    pub pool_size: usize,
    /// How long a caller waits for a connection while all are in use.
    pub wait: Duration,
    /// How long a new connection, or a ping, may take.
    pub connect: Duration,
    /// A connection that was not used for this long is pinged before it is used again.
    pub idle_before_ping: Duration,
    /// How long the database may be silent before it is asked for a sign of life.
    pub silence: Duration,
    /// How long it may take to give one. Then nobody waits for it until it does.
    pub sign_of_life: Duration,
    /// How long a statement may take before the database ends it. Longer than any caller waits.
    pub statement: Duration,
    /// How long a statement waits for a row lock. Whole seconds, at least one. Then its transaction runs again, and has given up its
    /// connection in between: who wants other rows comes to their turn.
    pub lock_wait: Duration,
    /// How often a transaction that collides with others is run in all.
    pub attempts: u32,
    /// No new attempt is started when a transaction has taken this long.
    pub patience: Duration,
    /// Seeds the random pauses between attempts. Different for every process that shares a database.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            pool_size: 8,
            wait: Duration::from_secs(5),
            connect: Duration::from_secs(5),
            idle_before_ping: Duration::from_secs(1),
            silence: Duration::from_millis(250),
            sign_of_life: Duration::from_millis(400),
            statement: Duration::from_secs(40),
            lock_wait: Duration::from_secs(1),
            attempts: 12,
            patience: Duration::from_secs(10),
            seed: 0,
        }
    }
}

/// The server's error 1040.
const TOO_MANY_CONNECTIONS: u16 = 1040;

/// What can go wrong between a caller and an answer of the database.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// All connections stayed in use for as long as a caller waits.
    #[error("all database connections are busy")]
    Busy,
    /// The URL makes no sense. It is not shown: it may hold a password.
    #[error("the database's URL makes no sense: {0}")]
    Url(String),
    /// The connection cannot be protected as it is asked for.
    #[error("no secure connection to the database: {0}")]
    Insecure(String),
    /// No connection could be made, or it did not answer in time.
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    /// The server answered, and refused the connection: a wrong password, an unknown database.
    #[error("the database refused the connection: {message} (error {code})")]
    Denied {
        /// The server's number for the error.
        code: u16,
        /// The server's words.
        message: String,
    },
    /// A transaction collided with others on every attempt.
    #[error("the transaction collided with others {attempts} times ({last:?})")]
    Collided {
        /// How often it was run.
        attempts: u32,
        /// The last collision.
        last: Conflict,
    },
    /// A statement failed.
    #[error(transparent)]
    Failed(#[from] diesel::result::Error),
}

impl DatabaseError {
    /// The transaction that returns this runs again from its start: it met a change that it can cope with.
    pub fn again(why: &str) -> Self {
        let kind = diesel::result::DatabaseErrorKind::SerializationFailure;
        Self::Failed(diesel::result::Error::DatabaseError(kind, Box::new(why.to_owned())))
    }

    /// Whether the same call may succeed a moment later.
    pub fn is_retryable(&self) -> bool {
        self.is_away() || self.is_busy()
    }

    /// Whether the database is there and has too much to do.
    pub fn is_busy(&self) -> bool {
        match self {
            Self::Busy | Self::Collided { .. } => true,
            Self::Failed(error) => !matches!(Conflict::of(error), None | Some(Conflict::Lost | Conflict::NodeNotReady)),
            Self::Denied { code, .. } => *code == TOO_MANY_CONNECTIONS,
            Self::Url(_) | Self::Insecure(_) | Self::Unreachable(_) => false,
        }
    }

    /// Whether a server that is starting may be the reason, so that waiting may help.
    pub fn may_be_starting(&self) -> bool {
        !matches!(self, Self::Insecure(_)) && self.is_away()
            || matches!(self, Self::Denied { code, .. } if *code == TOO_MANY_CONNECTIONS)
    }

    /// Whether the database cannot be used now, and may come back by itself.
    pub fn is_away(&self) -> bool {
        match self {
            Self::Unreachable(_) | Self::Insecure(_) => true,
            // Not ready (1047), shutting down (1053).
            Self::Denied { code, .. } => matches!(code, 1047 | 1053),
            Self::Failed(error) => matches!(Conflict::of(error), Some(Conflict::Lost | Conflict::NodeNotReady)),
            Self::Url(_) | Self::Busy | Self::Collided { .. } => false,
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

/// The one handle to the database; clones share everything. It works on somebody's behalf: the process, the worker, or one operation,
/// which may hold few connections at a time.
#[derive(Clone)]
pub struct Database {
    shared: Arc<Shared>,
    party: Party,
}

struct Shared {
    pool: Pool<Manager>,
    shares: Shares,
    statements: Arc<Statements>,
    options: Options,
    retries: AtomicU64,
    pauses: AtomicU64,
    waits: Durations,
}

impl Database {
    /// A pool of connections to `url` (`mysql://user:password@host/database`). Opens the first one, so that a wrong URL
    /// is known at once.
    ///
    /// # Errors
    /// What [`Self::conn`] says.
    pub async fn connect(url: &str, options: Options) -> Result<Self, DatabaseError> {
        let database = Self::lazy(url, options)?;
        drop(database.conn().await?);
        Ok(database)
    }

    /// Like [`Self::connect`], without opening a connection.
    ///
    /// # Errors
    /// [`DatabaseError::Url`] when the URL makes no sense.
    pub fn lazy(url: &str, options: Options) -> Result<Self, DatabaseError> {
        let statements = Arc::<Statements>::default();
        let manager = Manager::new(url, &options, Arc::clone(&statements))?;
        let config = PoolConfig {
            max_size: options.pool_size,
            timeouts: Timeouts {
                wait: Some(options.wait),
                create: Some(options.connect),
                recycle: Some(options.connect),
            },
            // The connection used last is the one that needs no ping.
            queue_mode: QueueMode::Lifo,
        };
        let pool = Pool::builder(manager)
            .config(config)
            .runtime(deadpool::Runtime::Tokio1)
            .build()
            .map_err(|error| DatabaseError::Unreachable(error.to_string()))?;
        let (shares, pauses) = (Shares::of(options.pool_size), AtomicU64::new(options.seed));
        let shared = Shared {
            pool,
            shares,
            statements,
            options,
            retries: AtomicU64::new(0),
            pauses,
            waits: Durations::default(),
        };
        Ok(Self { shared: Arc::new(shared), party: Party::Process })
    }

    /// Connects once to the server of `url`, to see whether it is there; whether the database exists on it does not matter.
    ///
    /// # Errors
    /// What [`Self::conn`] says.
    pub async fn knock(url: &str) -> Result<(), DatabaseError> {
        let (server, _) = Address::of(url)?.without_database();
        let opened = tokio::time::timeout(Options::default().connect, server.open()).await;
        let conn = opened.map_err(|_| server.unreachable(&"it does not answer"))??;
        conn.disconnect().await.map_err(super::pool::refused)
    }

    /// A handle for one operation of a client, which may hold few connections at a time.
    #[must_use]
    pub fn for_operation(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), party: self.shared.shares.operation() }
    }

    /// A handle for timed work.
    #[must_use]
    pub fn for_worker(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), party: Party::Worker }
    }

    /// A handle for what is done for several operations together.
    #[must_use]
    pub fn for_process(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), party: Party::Process }
    }

    /// The right to have something read [for the process](Self::for_process) that this handle's operation has to account for; `None`
    /// while the operation holds as much as it may.
    pub fn try_turn(&self) -> Option<Turn> {
        match &self.party {
            Party::Operation(share) => share.try_turn(),
            Party::Process | Party::Worker => Some(Turn::of_process()),
        }
    }

    /// What `attempt` gives as soon as it succeeds, which it tries after each turn of this operation that ends.
    pub async fn turn<T>(&self, mut attempt: impl FnMut() -> Option<T>) -> T {
        let Party::Operation(share) = &self.party else {
            // Nobody else has to wait for turns.
            return match attempt() {
                Some(done) => done,
                None => std::future::pending().await,
            };
        };
        loop {
            let mut freed = std::pin::pin!(share.freed());
            // From here on no turn that ends is missed.
            freed.as_mut().enable();
            if let Some(done) = attempt() {
                return done;
            }
            freed.await;
        }
    }

    /// A connection to read with, after a bounded wait. What may wait for a lock is [`Self::write`] or [`Self::transaction`].
    ///
    /// # Errors
    /// [`DatabaseError::Busy`] when none was free in time, [`DatabaseError::Unreachable`] or [`DatabaseError::Denied`]
    /// when a new one could not be made, or the database gives no sign of life.
    pub async fn conn(&self) -> Result<Conn, DatabaseError> {
        self.lend(Purpose::Read).await
    }

    pub(super) async fn lend(&self, purpose: Purpose) -> Result<Conn, DatabaseError> {
        let lent = self.shared.pool.manager().pulse().follow(self.take(purpose)).await;
        lent.map_err(|Silent| DatabaseError::Unreachable("it does not answer".to_owned()))?
    }

    async fn take(&self, purpose: Purpose) -> Result<Conn, DatabaseError> {
        let Shared { pool, shares, options, waits, .. } = &*self.shared;
        let begun = Instant::now();
        let seat = shares.seat(&self.party, purpose, options.wait).await.ok_or(DatabaseError::Busy)?;
        let wait = Some(options.wait.saturating_sub(begun.elapsed()));
        let object = pool.timeout_get(&Timeouts { wait, ..pool.timeouts() }).await.map_err(|error| match error {
            PoolError::Timeout(TimeoutType::Wait) => DatabaseError::Busy,
            PoolError::Backend(error) => error,
            PoolError::Timeout(_) => DatabaseError::Unreachable("it does not answer".to_owned()),
            error => DatabaseError::Unreachable(error.to_string()),
        })?;
        waits.note(begun.elapsed());
        Ok(Conn::new(object, seat))
    }

    /// The counter of statements.
    pub fn statements(&self) -> &Arc<Statements> {
        &self.shared.statements
    }

    /// How often a transaction was run again since the start.
    pub fn retries(&self) -> u64 {
        self.shared.retries.load(Ordering::Relaxed)
    }

    /// How long callers waited for a connection that they got.
    pub(super) fn waits(&self) -> &Durations {
        &self.shared.waits
    }

    /// Whether the database gives no sign of life.
    pub(super) fn is_silent(&self) -> bool {
        self.shared.pool.manager().pulse().is_away()
    }

    /// How many connections of each share are in use.
    pub(super) fn shares_used(&self) -> [(&'static str, usize); 3] {
        self.shared.shares.used()
    }

    /// Connections that are open, and how many of them are idle.
    pub fn connections(&self) -> (usize, usize) {
        let status = self.shared.pool.status();
        (status.size, status.available)
    }

    /// Closes idle connections and refuses new ones; those on loan are closed when given back.
    pub fn close(&self) {
        self.shared.pool.close();
    }

    pub(super) fn options(&self) -> &Options {
        &self.shared.options
    }

    pub(super) fn count_retry(&self) {
        self.shared.retries.fetch_add(1, Ordering::Relaxed);
    }

    /// A random pause before attempt number `attempt + 1`, so that racers do not meet again in step.
    pub(super) fn pause(&self, attempt: u32) -> Duration {
        const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
        let mut mixed = self.shared.pauses.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^= mixed >> 31;
        let longest = (2_000_u64 << attempt.min(6)).min(100_000);
        Duration::from_micros(200 + mixed % longest)
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("connections", &self.connections()).finish_non_exhaustive()
    }
}
