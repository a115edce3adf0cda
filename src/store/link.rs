//! A connection that watches its own statements: whether they end, how, and whether the database lives meanwhile.

use super::conflict::Conflict;
use super::pulse::{Pulse, Silent};
use super::statements::Statements;
use diesel::connection::{CacheSize, Instrumentation, InstrumentationEvent};
use diesel::query_builder::{AsQuery, QueryFragment, QueryId};
use diesel::result::{ConnectionError, DatabaseErrorKind, Error};
use diesel::{ConnectionResult, QueryResult, mysql::Mysql};
use diesel_async::{
    AnsiTransactionManager, AsyncConnection, AsyncConnectionCore, AsyncMysqlConnection, SimpleAsyncConnection,
    TransactionManager,
};
use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// A connection and what is known about it.
pub struct Link {
    conn: AsyncMysqlConnection,
    health: Arc<Health>,
    pulse: Arc<Pulse>,
}

impl Link {
    /// `conn`, whose statements are counted by `statements` from now on, and whose loss is counted by `era`.
    pub(super) fn new(
        mut conn: AsyncMysqlConnection,
        pulse: &Arc<Pulse>,
        statements: &Arc<Statements>,
        era: &Arc<AtomicU64>,
    ) -> Self {
        let health = Arc::new(Health::of(era));
        let (watched, pulse, statements) = (Arc::clone(&health), Arc::clone(pulse), Arc::clone(statements));
        conn.set_instrumentation(Watch { health: watched, pulse: Arc::clone(&pulse), statements });
        Self { conn, health, pulse }
    }

    /// Whether the other side works on a statement whose answer nobody reads.
    pub(super) fn is_abandoned(&self) -> bool {
        self.health.in_flight.load(Ordering::Relaxed) && !self.is_lost()
    }

    /// Whether the last use leaves it in a state that nobody knows.
    pub(super) fn is_broken(&mut self) -> bool {
        self.health.in_flight.load(Ordering::Relaxed)
            || self.is_lost()
            || AnsiTransactionManager::is_broken_transaction_manager(&mut self.conn)
    }

    /// Whether the other side is gone, or does not answer.
    pub(super) fn is_lost(&self) -> bool {
        self.health.lost.load(Ordering::Relaxed)
    }

    /// Whether an error may mean that the connection is of no use.
    pub(super) fn is_suspect(&self) -> bool {
        self.health.suspect.load(Ordering::Relaxed)
    }

    /// Asks the other side for an answer, which is not counted as a statement.
    pub(super) async fn ping(&mut self) -> QueryResult<()> {
        self.health.probing.store(true, Ordering::Relaxed);
        self.batch_execute("DO 1").await?;
        self.health.probing.store(false, Ordering::Relaxed);
        self.health.suspect.store(false, Ordering::Relaxed);
        Ok(())
    }
}

/// Written by the connection's [`Watch`], read by the pool.
struct Health {
    /// A statement was started and has not finished.
    in_flight: AtomicBool,
    /// The other side is gone, or does not answer.
    lost: AtomicBool,
    /// An error that may or may not mean that the connection is of no use.
    suspect: AtomicBool,
    /// The pool's own statement is under way, which is not counted.
    probing: AtomicBool,
    /// The losses of all connections.
    era: Arc<AtomicU64>,
}

impl Health {
    fn of(era: &Arc<AtomicU64>) -> Self {
        let new = AtomicBool::default;
        Self { in_flight: new(), lost: new(), suspect: new(), probing: new(), era: Arc::clone(era) }
    }

    fn lose(&self) {
        self.lost.store(true, Ordering::Relaxed);
        self.era.fetch_add(1, Ordering::Relaxed);
    }

    /// The answer of `work`, or an error as soon as it is clear that none will come. Nothing is sent on a lost connection.
    async fn follow<T>(&self, pulse: &Arc<Pulse>, work: impl Future<Output = QueryResult<T>>) -> QueryResult<T> {
        if self.lost.load(Ordering::Relaxed) {
            return Err(silent());
        }
        pulse.follow(work).await.unwrap_or_else(|Silent| {
            self.lose();
            Err(silent())
        })
    }
}

fn silent() -> Error {
    Error::DatabaseError(DatabaseErrorKind::ClosedConnection, Box::new("the database does not answer".to_owned()))
}

/// Follows the statements of one connection.
struct Watch {
    health: Arc<Health>,
    pulse: Arc<Pulse>,
    statements: Arc<Statements>,
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
                match error {
                    Some(error) => self.judge(error),
                    None => self.pulse.note_answer(),
                }
            }
            _ => {}
        }
    }
}

impl Watch {
    fn judge(&self, error: &Error) {
        if Conflict::of(error) == Some(Conflict::Lost) {
            return self.health.lose();
        }
        self.pulse.note_answer();
        if !matches!(error, Error::DatabaseError(kind, _) if !matches!(kind, DatabaseErrorKind::Unknown)) {
            self.health.suspect.store(true, Ordering::Relaxed);
        }
    }
}

type Row<'conn, 'query> = <AsyncMysqlConnection as AsyncConnectionCore>::Row<'conn, 'query>;

impl SimpleAsyncConnection for Link {
    async fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        self.health.follow(&self.pulse, self.conn.batch_execute(query)).await
    }
}

impl AsyncConnectionCore for Link {
    type ExecuteFuture<'conn, 'query> = BoxFuture<'conn, QueryResult<usize>>;
    type LoadFuture<'conn, 'query> = BoxFuture<'conn, QueryResult<Self::Stream<'conn, 'query>>>;
    type Stream<'conn, 'query> = BoxStream<'conn, QueryResult<Self::Row<'conn, 'query>>>;
    type Row<'conn, 'query> = Row<'conn, 'query>;
    type Backend = Mysql;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> Self::LoadFuture<'conn, 'query>
    where
        T: AsQuery + 'query,
        T::Query: QueryFragment<Mysql> + QueryId + 'query,
    {
        let Self { conn, health, pulse } = self;
        let (health, pulse): (&'conn Arc<Health>, &'conn Arc<Pulse>) = (health, pulse);
        let answer = conn.load(source);
        async move {
            let rows = health.follow(pulse, answer).await?;
            Ok(stream::try_unfold(rows, move |mut rows| async move {
                let next = health.follow(pulse, rows.next().map(Option::transpose)).await?;
                Ok(next.map(|row| (row, rows)))
            })
            .boxed())
        }
        .boxed()
    }

    fn execute_returning_count<'conn, 'query, T>(&'conn mut self, source: T) -> Self::ExecuteFuture<'conn, 'query>
    where
        T: QueryFragment<Mysql> + QueryId + 'query,
    {
        let Self { conn, health, pulse } = self;
        let (health, pulse): (&'conn Arc<Health>, &'conn Arc<Pulse>) = (health, pulse);
        health.follow(pulse, conn.execute_returning_count(source)).boxed()
    }
}

impl AsyncConnection for Link {
    type TransactionManager = AnsiTransactionManager;

    async fn establish(_: &str) -> ConnectionResult<Self> {
        Err(ConnectionError::BadConnection("connections are made by the pool".to_owned()))
    }

    fn transaction_state(&mut self) -> &mut AnsiTransactionManager {
        self.conn.transaction_state()
    }

    fn instrumentation(&mut self) -> &mut dyn Instrumentation {
        self.conn.instrumentation()
    }

    fn set_instrumentation(&mut self, instrumentation: impl Instrumentation) {
        self.conn.set_instrumentation(instrumentation);
    }

    fn set_prepared_statement_cache_size(&mut self, size: CacheSize) {
        self.conn.set_prepared_statement_cache_size(size);
    }
}
