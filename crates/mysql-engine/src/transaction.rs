use super::conflict::{Conflict, MayConflict};
use super::link::Link;
use super::shares::Purpose;
use super::{Conn, Database, DatabaseError};
use diesel_async::{AnsiTransactionManager, TransactionManager};
use std::time::Instant;

/// An async closure that can be called again and whose future can move between threads.
///
/// `AsyncFnMut` alone cannot say that its future is `Send`; this trait names the future so that a bound can. Every
/// `async |tx| …` that captures by shared reference satisfies it. A closure that moves or mutates what it captured does
/// not: it could not be run again.
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
enum Ending<T, E> {
    Committed(T),
    Failed(E),
    Collided(Conflict, Option<E>),
}

impl Database {
    /// Runs `work` in a transaction: commits when it returns `Ok`, rolls back otherwise.
    ///
    /// **`work` may run more than once**: when it collides with other transactions (deadlock, lock wait, a Galera node's
    /// veto) or the connection is lost before `COMMIT` was sent, everything is rolled back and it starts again after a
    /// short random pause, a bounded number of times. So it must have no effect outside the database. When the answer to
    /// `COMMIT` itself is lost, the outcome is unknown and the error is passed on: an idempotency key tells the caller.
    /// When the future is dropped half way, the connection is closed, and the server rolls back.
    ///
    /// The closure captures by shared reference (`async |tx|`, not `async move |tx|`; bind a reference first where needed).
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
    /// What `work` returns; [`DatabaseError::Collided`] when every attempt collided; what [`Self::conn`] says.
    pub async fn transaction<T, E, F>(&self, mut work: F) -> Result<T, E>
    where
        for<'c> F: AsyncFnMut(&'c mut Conn) -> Result<T, E> + Attempt<&'c mut Conn, Result<T, E>, Fut: Send> + Send,
        T: Send,
        E: From<DatabaseError> + MayConflict + Send,
    {
        self.until_done(&mut work, Frame::Transaction).await
    }

    /// Runs `work`, which is one statement that commits by itself and may wait for a lock, and **may run it again**, as
    /// [`Self::transaction`] does. What was sent when the connection was lost is not sent again: it may have been done.
    ///
    /// # Errors
    /// What [`Self::transaction`] says.
    pub async fn write<T, E, F>(&self, mut work: F) -> Result<T, E>
    where
        for<'c> F: AsyncFnMut(&'c mut Conn) -> Result<T, E> + Attempt<&'c mut Conn, Result<T, E>, Fut: Send> + Send,
        T: Send,
        E: From<DatabaseError> + MayConflict + Send,
    {
        self.until_done(&mut work, Frame::Statement).await
    }

    async fn until_done<T, E, F>(&self, work: &mut F, frame: Frame) -> Result<T, E>
    where
        for<'c> F: AsyncFnMut(&'c mut Conn) -> Result<T, E> + Attempt<&'c mut Conn, Result<T, E>, Fut: Send> + Send,
        T: Send,
        E: From<DatabaseError> + MayConflict + Send,
    {
        let started = Instant::now();
        let mut attempt = 1;
        loop {
            let mut conn = self.lend(Purpose::Write).await?;
            let ending = match frame {
                Frame::Transaction => transact(&mut conn, work).await,
                Frame::Statement => send(&mut conn, work).await,
            };
            // Others may use it during the pause.
            drop(conn);
            let (conflict, error) = match ending {
                Ending::Committed(value) => return Ok(value),
                Ending::Failed(error) => return Err(error),
                Ending::Collided(conflict, error) => (conflict, error),
            };
            let options = self.options();
            if attempt >= options.attempts || started.elapsed() >= options.patience {
                tracing::warn!(?conflict, attempt, "a transaction collided on every attempt");
                return Err(match (conflict, error) {
                    (Conflict::Lost, Some(error)) => error,
                    (last, _) => DatabaseError::Collided { attempts: attempt, last }.into(),
                });
            }
            self.count_retry();
            tracing::debug!(?conflict, attempt, "a transaction collided and runs again");
            tokio::time::sleep(self.pause(attempt)).await;
            attempt += 1;
        }
    }
}

/// What holds the statements of one attempt together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Frame {
    /// All or nothing.
    Transaction,
    /// There is one.
    Statement,
}

async fn transact<T, E, F>(conn: &mut Conn, work: &mut F) -> Ending<T, E>
where
    for<'c> F: AsyncFnMut(&'c mut Conn) -> Result<T, E> + Attempt<&'c mut Conn, Result<T, E>, Fut: Send> + Send,
    E: From<DatabaseError> + MayConflict + Send,
{
    if let Err(error) = Ansi::begin_transaction(&mut **conn).await {
        return ending(error);
    }
    match work(conn).await {
        Ok(value) => match Ansi::commit_transaction(&mut **conn).await {
            Ok(()) => Ending::Committed(value),
            // Whether the server committed is not known, so another run might do everything twice.
            Err(error) if conn.is_lost() => Ending::Failed(DatabaseError::from(error).into()),
            Err(error) => {
                roll_back(conn).await;
                ending(error)
            }
        },
        Err(error) => {
            let conflict = if conn.is_lost() { Some(Conflict::Lost) } else { error.conflict() };
            roll_back(conn).await;
            match conflict {
                Some(conflict) => Ending::Collided(conflict, Some(error)),
                None => Ending::Failed(error),
            }
        }
    }
}

async fn send<T, E, F>(conn: &mut Conn, work: &mut F) -> Ending<T, E>
where
    for<'c> F: AsyncFnMut(&'c mut Conn) -> Result<T, E> + Attempt<&'c mut Conn, Result<T, E>, Fut: Send> + Send,
    E: From<DatabaseError> + MayConflict + Send,
{
    match work(conn).await {
        Ok(value) => Ending::Committed(value),
        Err(error) => match error.conflict() {
            Some(conflict) if !conn.is_lost() => Ending::Collided(conflict, Some(error)),
            _ => Ending::Failed(error),
        },
    }
}

type Ansi = AnsiTransactionManager;

/// A transaction that cannot be rolled back leaves its connection broken: the pool closes it, and the server rolls back.
async fn roll_back(conn: &mut Link) {
    if let Err(error) = Ansi::rollback_transaction(conn).await {
        tracing::debug!(%error, "a rollback failed; its connection will be closed");
    }
}

fn ending<T, E: From<DatabaseError>>(error: diesel::result::Error) -> Ending<T, E> {
    match Conflict::of(&error) {
        Some(conflict) => Ending::Collided(conflict, Some(DatabaseError::from(error).into())),
        None => Ending::Failed(DatabaseError::from(error).into()),
    }
}
