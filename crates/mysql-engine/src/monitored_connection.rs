//! A connection that monitors its own statements: whether they finish, how, and whether the
//! database responds meanwhile.

use super::conflict::Conflict;
use super::health_probe::{HealthProbe, Unresponsive};
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
use std::time::Instant;
use tracing::Span;
use tracing::field::Empty;

use telemetry::logs;

/// A connection and its health.
pub struct MonitoredConnection {
    conn: AsyncMysqlConnection,
    health: Arc<ConnectionHealth>,
    health_probe: Arc<HealthProbe>,
}

impl MonitoredConnection {
    /// Wraps `conn`: `statements` counts its statements, and `generation` is increased when it is
    /// lost.
    pub(super) fn new(
        mut conn: AsyncMysqlConnection,
        health_probe: &Arc<HealthProbe>,
        statements: &Arc<Statements>,
        generation: &Arc<AtomicU64>,
    ) -> Self {
        let health = Arc::new(ConnectionHealth::of(generation));
        let (observed, health_probe, statements) =
            (Arc::clone(&health), Arc::clone(health_probe), Arc::clone(statements));
        conn.set_instrumentation(StatementObserver {
            health: observed,
            health_probe: Arc::clone(&health_probe),
            statements,
            started: None,
            span: None,
        });
        Self { conn, health, health_probe }
    }

    /// Whether the server works on a statement whose result is no longer read.
    pub(super) fn is_abandoned(&self) -> bool {
        self.health.in_flight.load(Ordering::Relaxed) && !self.is_lost()
    }

    /// Whether its state is unknown after the last use.
    pub(super) fn is_broken(&mut self) -> bool {
        self.health.in_flight.load(Ordering::Relaxed)
            || self.is_lost()
            || AnsiTransactionManager::is_broken_transaction_manager(&mut self.conn)
    }

    /// Whether the server is gone or does not respond.
    pub(super) fn is_lost(&self) -> bool {
        self.health.lost.load(Ordering::Relaxed)
    }

    /// Whether an error may mean that the connection is unusable.
    pub(super) fn is_suspect(&self) -> bool {
        self.health.suspect.load(Ordering::Relaxed)
    }

    /// Sends a statement that is not counted, and waits for the response.
    pub(super) async fn ping(&mut self) -> QueryResult<()> {
        self.health.pinging.store(true, Ordering::Relaxed);
        self.batch_execute("DO 1").await?;
        self.health.pinging.store(false, Ordering::Relaxed);
        self.health.suspect.store(false, Ordering::Relaxed);
        Ok(())
    }
}

/// Written by the connection's [`StatementObserver`], read by the pool.
struct ConnectionHealth {
    /// A statement was started and has not finished.
    in_flight: AtomicBool,
    /// The server is gone or does not respond.
    lost: AtomicBool,
    /// An error may mean that the connection is unusable.
    suspect: AtomicBool,
    /// A ping of the pool is under way, which is not counted.
    pinging: AtomicBool,
    /// The number of lost connections of the pool.
    generation: Arc<AtomicU64>,
}

impl ConnectionHealth {
    fn of(generation: &Arc<AtomicU64>) -> Self {
        let new = AtomicBool::default;
        Self { in_flight: new(), lost: new(), suspect: new(), pinging: new(), generation: Arc::clone(generation) }
    }

    fn mark_lost(&self) {
        if !self.lost.swap(true, Ordering::Relaxed) {
            self.generation.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The result of `work`, or an error as soon as the database is known to be unresponsive.
    /// Nothing is sent on a lost connection. The driver does not report each loss to the
    /// [`StatementObserver`]: not while it closes the previous statement, and not while rows are
    /// read.
    async fn run<T>(&self, probe: &Arc<HealthProbe>, work: impl Future<Output = QueryResult<T>>) -> QueryResult<T> {
        if self.lost.load(Ordering::Relaxed) {
            return Err(unresponsive());
        }
        let result = probe.run(work).await.unwrap_or_else(|Unresponsive| Err(unresponsive()));
        if result.as_ref().is_err_and(|error| Conflict::of(error) == Some(Conflict::ConnectionLost)) {
            self.mark_lost();
        }
        result
    }
}

fn unresponsive() -> Error {
    Error::DatabaseError(DatabaseErrorKind::ClosedConnection, Box::new("the database does not respond".to_owned()))
}

/// Observes the statements of one connection.
struct StatementObserver {
    health: Arc<ConnectionHealth>,
    health_probe: Arc<HealthProbe>,
    statements: Arc<Statements>,
    /// When the current statement was sent, if it is counted.
    started: Option<Instant>,
    /// Its span, if it is traced.
    span: Option<Span>,
}

impl Instrumentation for StatementObserver {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartQuery { query, .. } => {
                self.health.in_flight.store(true, Ordering::Relaxed);
                if !self.health.pinging.load(Ordering::Relaxed) {
                    self.statements.count(query);
                    self.started = Some(Instant::now());
                    self.span = logs::is_traced().then(|| span(query));
                }
            }
            InstrumentationEvent::FinishQuery { error, .. } => {
                self.health.in_flight.store(false, Ordering::Relaxed);
                if let Some(started) = self.started.take() {
                    self.statements.times().record(started.elapsed());
                }
                if let Some(span) = self.span.take().filter(|_| error.is_some()) {
                    span.record("otel.status_code", "ERROR");
                }
                match error {
                    Some(error) => self.record_error(error),
                    None => self.health_probe.record_response(),
                }
            }
            _ => {}
        }
    }
}

/// The span of a statement: the verb and the table, and no values.
fn span(query: &dyn std::fmt::Display) -> Span {
    let name = summary(&query.to_string());
    tracing::debug_span!(
        target: logs::TRACE,
        "statement",
        otel.name = name,
        otel.kind = "client",
        otel.status_code = Empty,
        db.system.name = "mysql"
    )
}

/// The verb and the table of a statement, such as `SELECT users`; only the verb when it names no
/// table.
fn summary(statement: &str) -> String {
    let mut words = statement.split_ascii_whitespace();
    let verb = words.next().unwrap_or_default().to_ascii_uppercase();
    let precedes_table = |word: &&str| ["FROM", "INTO", "UPDATE"].iter().any(|known| word.eq_ignore_ascii_case(known));
    let table = match verb.as_str() {
        "UPDATE" => words.next(),
        _ => std::iter::from_fn(|| words.by_ref().find(precedes_table).and_then(|_| words.next()))
            // The table is that of the innermost select.
            .find(|word| !word.starts_with('(')),
    };
    let is_name = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '_';
    let table: String = table.unwrap_or_default().chars().skip_while(|c| !is_name(c)).take_while(is_name).collect();
    if table.is_empty() { verb } else { format!("{verb} {table}") }
}

impl StatementObserver {
    fn record_error(&self, error: &Error) {
        // Whoever waits for the statement marks the connection as lost: `ConnectionHealth::run`.
        if Conflict::of(error) == Some(Conflict::ConnectionLost) {
            return;
        }
        self.health_probe.record_response();
        if !matches!(error, Error::DatabaseError(kind, _) if !matches!(kind, DatabaseErrorKind::Unknown)) {
            self.health.suspect.store(true, Ordering::Relaxed);
        }
    }
}

type Row<'conn, 'query> = <AsyncMysqlConnection as AsyncConnectionCore>::Row<'conn, 'query>;

impl SimpleAsyncConnection for MonitoredConnection {
    async fn batch_execute(&mut self, query: &str) -> QueryResult<()> {
        self.health.run(&self.health_probe, self.conn.batch_execute(query)).await
    }
}

impl AsyncConnectionCore for MonitoredConnection {
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
        let Self { conn, health, health_probe } = self;
        let (health, health_probe): (&'conn Arc<ConnectionHealth>, &'conn Arc<HealthProbe>) = (health, health_probe);
        let response = conn.load(source);
        async move {
            let rows = health.run(health_probe, response).await?;
            Ok(stream::try_unfold(rows, move |mut rows| async move {
                let next = health.run(health_probe, rows.next().map(Option::transpose)).await?;
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
        let Self { conn, health, health_probe } = self;
        let (health, health_probe): (&'conn Arc<ConnectionHealth>, &'conn Arc<HealthProbe>) = (health, health_probe);
        health.run(health_probe, conn.execute_returning_count(source)).boxed()
    }
}

impl AsyncConnection for MonitoredConnection {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_has_no_values() {
        for (statement, expected) in [
            ("SELECT `users`.`id` FROM `users` WHERE `email` = 'a@example.org' -- binds: []", "SELECT users"),
            ("INSERT INTO `night_rates` (`price`) VALUES (7)", "INSERT night_rates"),
            ("insert ignore into x(a) values (1)", "INSERT x"),
            ("UPDATE `bookings` SET `status` = 'x'", "UPDATE bookings"),
            ("DELETE FROM `nights`", "DELETE nights"),
            ("SELECT a FROM (SELECT b FROM c) t", "SELECT c"),
            ("BEGIN", "BEGIN"),
            ("", ""),
        ] {
            assert_eq!(summary(statement), expected);
        }
    }
}
