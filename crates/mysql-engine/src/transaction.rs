//! Runs transactions and single statements, and retries them after a conflict.

use super::conflict::{Conflict, MayConflict};
use super::last_step::LastStep;
use super::monitored_connection::MonitoredConnection;
use super::shares::Purpose;
use super::{Conn, Database, DatabaseError};
use diesel_async::{AnsiTransactionManager, TransactionManager};
use std::time::Instant;

/// An async closure that can be called more than once and whose future is `Send`.
///
/// `AsyncFnMut` alone cannot require a `Send` future; this trait names the future so that a bound
/// can. Every `async |tx| …` that captures by shared reference satisfies it. A closure that moves
/// or mutates what it captured does not, because it could not be retried.
pub trait Attempt<C, R>: AsyncFnMut(C) -> R + FnMut(C) -> <Self as Attempt<C, R>>::Fut {
    /// The future of one attempt.
    type Fut: Future<Output = R>;
}

impl<F, C, R, Fut> Attempt<C, R> for F
where
    F: AsyncFnMut(C) -> R + FnMut(C) -> Fut,
    Fut: Future<Output = R>,
{
    type Fut = Fut;
}

/// How one attempt ended.
enum Outcome<T, E> {
    Committed(T),
    Failed(E),
    Conflicted(Conflict, Option<E>),
}

impl Database {
    /// Runs `work` in a transaction: commits when it returns `Ok`, rolls back otherwise.
    ///
    /// **`work` may run more than once**: when it conflicts with other transactions (deadlock, lock
    /// wait timeout, failed certification on Galera) or the connection is lost before `COMMIT` was
    /// sent, it is rolled back and retried after a short random pause, a bounded number of times.
    /// So it must have no effect outside the database. When the response to `COMMIT` itself is
    /// lost, the outcome is unknown and the error is returned: use an idempotency key to find out.
    /// When the future is dropped before it ends, the connection is closed, and the server rolls
    /// back.
    ///
    /// The last step of the handle, if it has one ([`LastStep`]), runs after `work`.
    ///
    /// The closure captures by shared reference (`async |tx|`, not `async move |tx|`; bind a
    /// reference first where needed).
    ///
    /// ```no_run
    /// use diesel_async::RunQueryDsl;
    /// use mysql_engine::{Database, DatabaseError};
    ///
    /// async fn rename(database: &Database, name: String) -> Result<usize, DatabaseError> {
    ///     database
    ///         .transaction(async |tx| {
    ///             let update = diesel::sql_query("UPDATE readers SET name = ? WHERE id = 1")
    ///                 .bind::<diesel::sql_types::Text, _>(&name);
    ///             let renamed = update.execute(tx).await?;
    ///             Ok(renamed)
    ///         })
    ///         .await
    /// }
    /// # fn is_send<T: Send>(_: T) {}
    /// # fn check(database: &'static Database) { is_send(rename(database, String::new())); }
    /// ```
    ///
    /// # Errors
    /// The error of `work`; [`DatabaseError::TooManyConflicts`] when every attempt conflicted; see
    /// also [`Self::conn`].
    pub async fn transaction<T, E, F>(&self, mut work: F) -> Result<T, E>
    where
        for<'c> F: AsyncFnMut(&'c mut Conn) -> Result<T, E> + Attempt<&'c mut Conn, Result<T, E>, Fut: Send> + Send,
        T: Send,
        E: From<DatabaseError> + MayConflict + Send,
    {
        self.retry(&mut work, Unit::Transaction).await
    }

    /// Runs `work`, which is one statement that commits by itself and may wait for a lock. It **may
    /// run more than once**, as in [`Self::transaction`], but not after a lost connection, because
    /// the statement may have taken effect. With a last step it is a transaction.
    ///
    /// # Errors
    /// See [`Self::transaction`].
    pub async fn write<T, E, F>(&self, mut work: F) -> Result<T, E>
    where
        for<'c> F: AsyncFnMut(&'c mut Conn) -> Result<T, E> + Attempt<&'c mut Conn, Result<T, E>, Fut: Send> + Send,
        T: Send,
        E: From<DatabaseError> + MayConflict + Send,
    {
        let unit = if self.last_step().is_some() { Unit::Transaction } else { Unit::Statement };
        self.retry(&mut work, unit).await
    }

    async fn retry<T, E, F>(&self, work: &mut F, unit: Unit) -> Result<T, E>
    where
        for<'c> F: AsyncFnMut(&'c mut Conn) -> Result<T, E> + Attempt<&'c mut Conn, Result<T, E>, Fut: Send> + Send,
        T: Send,
        E: From<DatabaseError> + MayConflict + Send,
    {
        let started = Instant::now();
        let mut attempt = 1;
        loop {
            let mut conn = self.acquire(Purpose::Write).await?;
            let outcome = match unit {
                Unit::Transaction => run_in_transaction(&mut conn, work, self.last_step()).await,
                Unit::Statement => run_statement(&mut conn, work).await,
            };
            // Other callers may use the connection during the pause.
            drop(conn);
            let (conflict, error) = match outcome {
                Outcome::Committed(value) => return Ok(value),
                Outcome::Failed(error) => return Err(error),
                Outcome::Conflicted(conflict, error) => (conflict, error),
            };
            let options = self.options();
            if attempt >= options.max_attempts || started.elapsed() >= options.max_retry_time {
                tracing::warn!(?conflict, attempt, "a transaction conflicted on every attempt");
                return Err(match (conflict, error) {
                    (Conflict::ConnectionLost, Some(error)) => error,
                    (last, _) => DatabaseError::TooManyConflicts { attempts: attempt, last }.into(),
                });
            }
            self.count_retry();
            tracing::debug!(?conflict, attempt, "retrying a transaction that conflicted");
            tokio::time::sleep(self.pause(attempt)).await;
            attempt += 1;
        }
    }
}

/// What one attempt consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// Several statements between `BEGIN` and `COMMIT`.
    Transaction,
    /// One statement that commits by itself.
    Statement,
}

async fn run_in_transaction<T, E, F>(conn: &mut Conn, work: &mut F, last_step: Option<&dyn LastStep>) -> Outcome<T, E>
where
    for<'c> F: AsyncFnMut(&'c mut Conn) -> Result<T, E> + Attempt<&'c mut Conn, Result<T, E>, Fut: Send> + Send,
    E: From<DatabaseError> + MayConflict + Send,
{
    if let Err(error) = Ansi::begin_transaction(&mut **conn).await {
        return failed_outcome(error);
    }
    let worked = match work(conn).await {
        Ok(value) => end(conn, last_step).await.map(|()| value),
        Err(error) => Err(error),
    };
    match worked {
        Ok(value) => match Ansi::commit_transaction(&mut **conn).await {
            Ok(()) => {
                if let Some(step) = last_step {
                    step.committed();
                }
                Outcome::Committed(value)
            }
            // Whether the server committed is not known, so a retry might apply the changes twice.
            Err(error) if conn.is_lost() => Outcome::Failed(DatabaseError::from(error).into()),
            Err(error) => {
                roll_back(conn).await;
                failed_outcome(error)
            }
        },
        Err(error) => {
            let conflict = if conn.is_lost() { Some(Conflict::ConnectionLost) } else { error.conflict() };
            roll_back(conn).await;
            match conflict {
                Some(conflict) => Outcome::Conflicted(conflict, Some(error)),
                None => Outcome::Failed(error),
            }
        }
    }
}

/// The last step, if there is one.
async fn end<E: From<DatabaseError>>(conn: &mut Conn, last_step: Option<&dyn LastStep>) -> Result<(), E> {
    match last_step {
        Some(step) => Ok(step.run(conn).await?),
        None => Ok(()),
    }
}

async fn run_statement<T, E, F>(conn: &mut Conn, work: &mut F) -> Outcome<T, E>
where
    for<'c> F: AsyncFnMut(&'c mut Conn) -> Result<T, E> + Attempt<&'c mut Conn, Result<T, E>, Fut: Send> + Send,
    E: From<DatabaseError> + MayConflict + Send,
{
    match work(conn).await {
        Ok(value) => Outcome::Committed(value),
        Err(error) => match error.conflict() {
            Some(conflict) if !conn.is_lost() => Outcome::Conflicted(conflict, Some(error)),
            _ => Outcome::Failed(error),
        },
    }
}

type Ansi = AnsiTransactionManager;

/// If the rollback fails, the connection counts as broken: the pool closes it, and the server rolls
/// back.
async fn roll_back(conn: &mut MonitoredConnection) {
    if let Err(error) = Ansi::rollback_transaction(conn).await {
        tracing::debug!(%error, "a rollback failed; its connection will be closed");
    }
}

fn failed_outcome<T, E: From<DatabaseError>>(error: diesel::result::Error) -> Outcome<T, E> {
    match Conflict::of(&error) {
        Some(conflict) => Outcome::Conflicted(conflict, Some(DatabaseError::from(error).into())),
        None => Outcome::Failed(DatabaseError::from(error).into()),
    }
}
