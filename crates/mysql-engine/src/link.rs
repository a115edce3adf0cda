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
use std::time::Instant;
use tracing::Span;
use tracing::field::Empty;

use telemetry::logs;

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
        conn.set_instrumentation(Watch {
            health: watched,
            pulse: Arc::clone(&pulse),
            statements,
            begun: None,
            span: None,
        });
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
    /// When the statement that is under way was sent, if it counts.
    begun: Option<Instant>,
    /// Its span, if it is traced.
    span: Option<Span>,
}

impl Instrumentation for Watch {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartQuery { query, .. } => {
                self.health.in_flight.store(true, Ordering::Relaxed);
                if !self.health.probing.load(Ordering::Relaxed) {
                    self.statements.note(query);
                    self.begun = Some(Instant::now());
                    self.span = logs::is_traced().then(|| span(query));
                }
            }
            InstrumentationEvent::FinishQuery { error, .. } => {
                self.health.in_flight.store(false, Ordering::Relaxed);
                if let Some(begun) = self.begun.take() {
                    self.statements.times().note(begun.elapsed());
                }
                if let Some(span) = self.span.take().filter(|_| error.is_some()) {
                    span.record("otel.status_code", "ERROR");
                }
                match error {
                    Some(error) => self.judge(error),
                    None => self.pulse.note_answer(),
                }
            }
            _ => {}
        }
    }
}

/// The span of a statement: what it does to which table, and no value.
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

/// `SELECT users` for a statement that begins so, and only its first word where no table is named.
fn summary(statement: &str) -> String {
    let mut words = statement.split_ascii_whitespace();
    let verb = words.next().unwrap_or_default().to_ascii_uppercase();
    let names_table = |word: &&str| ["FROM", "INTO", "UPDATE"].iter().any(|known| word.eq_ignore_ascii_case(known));
    let table = match verb.as_str() {
        "UPDATE" => words.next(),
        _ => std::iter::from_fn(|| words.by_ref().find(names_table).and_then(|_| words.next()))
            // The table is that of the innermost select.
            .find(|word| !word.starts_with('(')),
    };
    let is_name = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '_';
    let table: String = table.unwrap_or_default().chars().skip_while(|c| !is_name(c)).take_while(is_name).collect();
    if table.is_empty() { verb } else { format!("{verb} {table}") }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_has_names_and_no_values() {
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
