//! The migrations in `migrations/`, embedded in the program.
//!
//! They run on a connection of their own, since MySQL's DDL commits whatever is open, and under a named lock of the
//! server, so that many instances may start at once: one works, the others wait and find nothing to do. A crash half way
//! frees the lock with its connection; each migration is written so that it can be run again.

use super::DatabaseError;
use super::pool::{self, connect_once};
use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel::mysql::Mysql;
use diesel::sql_types::{BigInt, Nullable};
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_async::{AsyncMysqlConnection, RunQueryDsl, SimpleAsyncConnection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// The lock's name is the server's, so it carries the database's, hashed to fit into 64 characters.
const LOCK: &str = "CONCAT('staygate-migrate-', LEFT(SHA2(DATABASE(), 256), 40))";
/// How long one instance waits for another to finish. Seconds.
const LOCK_PATIENCE: u32 = 600;

/// What can go wrong while the schema changes.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The URL names no database.
    #[error("the database URL names no database: write mysql://user:password@host/NAME")]
    NoName,
    /// The database does not exist, and may not be created.
    #[error(
        "the database {name} does not exist and cannot be created: {reason}. Create it (CREATE DATABASE {name} CHARACTER \
         SET utf8mb4), or give the user the right to"
    )]
    Missing {
        /// The database.
        name: String,
        /// The server's words.
        reason: String,
    },
    /// Another instance has been migrating for very long.
    #[error("another instance has held the migration lock for {LOCK_PATIENCE} s")]
    Locked,
    /// A migration failed; the ones before it are done.
    #[error("migration {name} failed: {reason}")]
    Failed {
        /// The migration.
        name: String,
        /// What the server says.
        reason: String,
    },
    /// The database has a migration that this program does not know, so it cannot undo it.
    #[error("the database has migration {0}, which this program does not know: use the newer program to go down")]
    Unknown(String),
    /// The connection or a statement of the bookkeeping failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// Which migrations a database has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// Applied, oldest first.
    pub applied: Vec<String>,
    /// Known to this program and not applied, in the order in which they will be.
    pub pending: Vec<String>,
    /// Applied by a newer program. It is up to the newer program that they do not disturb an older one.
    pub unknown: Vec<String>,
}

/// Applies what is pending and returns the names; creates the database itself when it is missing and that is permitted.
///
/// # Errors
/// [`MigrateError`].
pub async fn up(url: &str) -> Result<Vec<String>, MigrateError> {
    ensure_database(url).await?;
    locked(url, apply_pending).await
}

/// Undoes the newest `count` migrations and returns their names, newest first. Data in what they drop is lost.
///
/// # Errors
/// [`MigrateError`].
pub async fn down(url: &str, count: usize) -> Result<Vec<String>, MigrateError> {
    locked(url, move |conn| revert_newest(conn, count)).await
}

/// Compares the database with this program. Takes no lock.
///
/// # Errors
/// [`MigrateError`].
pub async fn status(url: &str) -> Result<Status, MigrateError> {
    blocking(connect_once(url).await?, status_of).await.map(|(status, _)| status)
}

/// Creates the database of `url` when there is none.
///
/// # Errors
/// [`MigrateError::Missing`] when that is not permitted.
pub async fn ensure_database(url: &str) -> Result<(), MigrateError> {
    const UNKNOWN_DATABASE: u16 = 1049;
    let (server, name) = pool::without_database(url)?;
    let name = name.ok_or(MigrateError::NoName)?;
    match connect_once(url).await {
        Ok(_) => return Ok(()),
        Err(DatabaseError::Denied { code: UNKNOWN_DATABASE, .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let mut conn = pool::connect(server).await?;
    let create = format!(
        "CREATE DATABASE IF NOT EXISTS `{}` CHARACTER SET utf8mb4 COLLATE {}",
        name.replace('`', "``"),
        pool::COLLATION
    );
    conn.batch_execute(&create).await.map_err(|error| MigrateError::Missing { name, reason: error.to_string() })
}

type Sync = AsyncConnectionWrapper<AsyncMysqlConnection>;

/// Runs `work` while holding the lock, on one connection: the lock lives and dies with it.
async fn locked<T: Send + 'static>(
    url: &str,
    work: impl FnOnce(&mut Sync) -> Result<T, MigrateError> + Send + 'static,
) -> Result<T, MigrateError> {
    let mut conn = connect_once(url).await?;
    let take = format!("GET_LOCK({LOCK}, {LOCK_PATIENCE})");
    let got = diesel::select(diesel::dsl::sql::<Nullable<BigInt>>(&take))
        .get_result::<Option<i64>>(&mut conn)
        .await
        .map_err(DatabaseError::from)?;
    if got != Some(1) {
        return Err(MigrateError::Locked);
    }
    let (done, mut conn) = blocking(conn, work).await?;
    conn.batch_execute(&format!("DO RELEASE_LOCK({LOCK})")).await.map_err(DatabaseError::from)?;
    Ok(done)
}

/// diesel's migrations are not async: they get a thread of their own and the connection for as long as they run.
async fn blocking<T: Send + 'static>(
    conn: AsyncMysqlConnection,
    work: impl FnOnce(&mut Sync) -> Result<T, MigrateError> + Send + 'static,
) -> Result<(T, AsyncMysqlConnection), MigrateError> {
    let task = tokio::task::spawn_blocking(move || {
        let mut conn = Sync::from(conn);
        let done = work(&mut conn)?;
        Ok((done, conn.into_inner()))
    });
    task.await.unwrap_or_else(|error| Err(DatabaseError::Unreachable(error.to_string()).into()))
}

fn apply_pending(conn: &mut Sync) -> Result<Vec<String>, MigrateError> {
    let mut done = Vec::new();
    for migration in known()? {
        let version = migration.name().version().as_owned();
        if applied(conn)?.contains(&version) {
            continue;
        }
        let name = migration.name().to_string();
        if let Err(error) = conn.run_migration(&migration) {
            // On Galera the lock holds back only the instances of one node; another node may have just done the same.
            if !applied(conn)?.contains(&version) {
                return Err(MigrateError::Failed { name, reason: error.to_string() });
            }
        }
        done.push(name);
    }
    Ok(done)
}

fn revert_newest(conn: &mut Sync, count: usize) -> Result<Vec<String>, MigrateError> {
    let known = known()?;
    let mut done = Vec::new();
    for version in applied(conn)?.into_iter().take(count) {
        let migration = known
            .iter()
            .find(|migration| migration.name().version() == version)
            .ok_or_else(|| MigrateError::Unknown(version.to_string()))?;
        let name = migration.name().to_string();
        if let Err(error) = conn.revert_migration(migration) {
            return Err(MigrateError::Failed { name, reason: error.to_string() });
        }
        done.push(name);
    }
    Ok(done)
}

fn status_of(conn: &mut Sync) -> Result<Status, MigrateError> {
    let applied = applied(conn)?;
    let mut status = Status::default();
    let mut known_versions = Vec::new();
    for migration in known()? {
        let version = migration.name().version().as_owned();
        let list = if applied.contains(&version) { &mut status.applied } else { &mut status.pending };
        list.push(migration.name().to_string());
        known_versions.push(version);
    }
    status.unknown = applied.iter().rev().filter(|v| !known_versions.contains(v)).map(ToString::to_string).collect();
    Ok(status)
}

/// The program's migrations, oldest first.
fn known() -> Result<Vec<Box<dyn Migration<Mysql>>>, MigrateError> {
    let mut known: Vec<Box<dyn Migration<Mysql>>> =
        MIGRATIONS.migrations().map_err(|error| DatabaseError::Unreachable(error.to_string()))?;
    known.sort_unstable_by(|a, b| a.name().version().cmp(&b.name().version()));
    Ok(known)
}

/// The database's migrations, newest first.
fn applied(conn: &mut Sync) -> Result<Vec<MigrationVersion<'static>>, MigrateError> {
    conn.applied_migrations().map_err(|error| match error.downcast::<diesel::result::Error>() {
        Ok(error) => DatabaseError::from(*error).into(),
        Err(error) => DatabaseError::Unreachable(error.to_string()).into(),
    })
}
