//! The migrations that a program embeds: applied, undone, compared with a database.
//!
//! They run on a connection of their own, since MySQL's DDL commits whatever is open, and under a named lock of the
//! server, so that many instances may start at once: one works, the others wait and find nothing to do. A crash half way
//! frees the lock with its connection, and leaves statements done whose migration is not noted: the next run begins the
//! migration again, and passes over definitions that are there already ([`Script`]).

mod script;

use super::DatabaseError;
use super::address::Address;
use super::exclusive::Exclusive;
use super::pool::{self, refused};
use diesel::migration::{CREATE_MIGRATIONS_TABLE, Migration, MigrationSource};
use diesel::mysql::Mysql;
use diesel_migrations::EmbeddedMigrations;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
pub use script::Script;

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
    /// A migration of the program itself makes no sense.
    #[error("the program's migrations cannot be read: {0}")]
    Broken(String),
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
pub async fn up(url: &str, migrations: &EmbeddedMigrations) -> Result<Vec<String>, MigrateError> {
    up_by(url, migrations, usize::MAX).await
}

/// Like [`up`], but applies no more than `most`.
///
/// # Errors
/// [`MigrateError`].
pub async fn up_by(url: &str, migrations: &EmbeddedMigrations, most: usize) -> Result<Vec<String>, MigrateError> {
    ensure_database(url).await?;
    let mut lock = lock(url).await?;
    let done = apply_pending(lock.conn(), migrations, most).await?;
    lock.release().await?;
    Ok(done)
}

/// Undoes the newest `count` migrations and returns their names, newest first. Data in what they drop is lost.
///
/// # Errors
/// [`MigrateError`].
pub async fn down(url: &str, migrations: &EmbeddedMigrations, count: usize) -> Result<Vec<String>, MigrateError> {
    let mut lock = lock(url).await?;
    let done = revert_newest(lock.conn(), migrations, count).await?;
    lock.release().await?;
    Ok(done)
}

/// Compares the database with this program. Takes no lock.
///
/// # Errors
/// [`MigrateError`].
pub async fn status(url: &str, migrations: &EmbeddedMigrations) -> Result<Status, MigrateError> {
    let applied = applied(&mut pool::connect_plainly(&Address::of(url)?).await?).await?;
    let scripts = scripts(migrations)?;
    let (mut status, is_known) = (Status::default(), |version| scripts.iter().any(|known| known.version == version));
    status.unknown = applied.iter().rev().filter(|version| !is_known(version.as_str())).cloned().collect();
    for script in &scripts {
        let list = if applied.contains(&script.version) { &mut status.applied } else { &mut status.pending };
        list.push(script.name.clone());
    }
    Ok(status)
}

/// Creates the database of `url` when there is none.
///
/// # Errors
/// [`MigrateError::Missing`] when that is not permitted.
pub async fn ensure_database(url: &str) -> Result<(), MigrateError> {
    const UNKNOWN_DATABASE: u16 = 1049;
    let address = Address::of(url)?;
    let (server, name) = address.without_database();
    let name = name.ok_or(MigrateError::NoName)?;
    match pool::connect_plainly(&address).await {
        Ok(_) => return Ok(()),
        Err(DatabaseError::Denied { code: UNKNOWN_DATABASE, .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let mut conn = pool::connect_plainly(&server).await?;
    let create = format!(
        "CREATE DATABASE IF NOT EXISTS `{}` CHARACTER SET utf8mb4 COLLATE {}",
        name.replace('`', "``"),
        pool::COLLATION
    );
    conn.query_drop(create).await.map_err(|error| MigrateError::Missing { name, reason: words(&error) })
}

async fn lock(url: &str) -> Result<Exclusive, MigrateError> {
    Exclusive::take(url, "migrate", LOCK_PATIENCE).await?.ok_or(MigrateError::Locked)
}

async fn apply_pending(
    conn: &mut Conn,
    migrations: &EmbeddedMigrations,
    most: usize,
) -> Result<Vec<String>, MigrateError> {
    let mut done = Vec::new();
    for script in scripts(migrations)? {
        if done.len() >= most {
            break;
        }
        if applied(conn).await?.contains(&script.version) {
            continue;
        }
        if let Err(error) = apply(conn, &script).await {
            // On Galera the lock holds back only the instances of one node; another node may have just done the same.
            if !applied(conn).await?.contains(&script.version) {
                return Err(MigrateError::Failed { name: script.name, reason: words(&error) });
            }
        }
        done.push(script.name);
    }
    Ok(done)
}

async fn apply(conn: &mut Conn, script: &Script) -> mysql_async::Result<()> {
    run(conn, &script.up).await?;
    let note = "INSERT INTO __diesel_schema_migrations (version) VALUES (?)";
    conn.exec_drop(note, (&script.version,)).await
}

async fn revert_newest(
    conn: &mut Conn,
    migrations: &EmbeddedMigrations,
    count: usize,
) -> Result<Vec<String>, MigrateError> {
    let mut known = scripts(migrations)?;
    let mut done = Vec::new();
    for version in applied(conn).await?.into_iter().take(count) {
        let at = known.iter().position(|script| script.version == version);
        let script = known.swap_remove(at.ok_or(MigrateError::Unknown(version))?);
        if let Err(error) = revert(conn, &script).await {
            return Err(MigrateError::Failed { name: script.name, reason: words(&error) });
        }
        done.push(script.name);
    }
    Ok(done)
}

async fn revert(conn: &mut Conn, script: &Script) -> mysql_async::Result<()> {
    run(conn, &script.down).await?;
    conn.exec_drop("DELETE FROM __diesel_schema_migrations WHERE version = ?", (&script.version,)).await
}

async fn run(conn: &mut Conn, statements: &[String]) -> mysql_async::Result<()> {
    for statement in statements {
        match conn.query_drop(statement).await {
            Err(mysql_async::Error::Server(error)) if script::was_done(statement, error.code) => {
                tracing::warn!(%error, "a statement of an interrupted migration was done already");
            }
            done => done?,
        }
    }
    Ok(())
}

/// The program's migrations, oldest first.
///
/// # Errors
/// When one cannot be undone.
pub fn scripts(migrations: &EmbeddedMigrations) -> Result<Vec<Script>, MigrateError> {
    let broken = |error: Box<dyn std::error::Error + Send + Sync>| MigrateError::Broken(error.to_string());
    let known: Vec<Box<dyn Migration<Mysql>>> = migrations.migrations().map_err(broken)?;
    let mut scripts =
        known.iter().map(|migration| Script::of(&**migration)).collect::<Result<Vec<_>, _>>().map_err(broken)?;
    scripts.sort_unstable_by(|a, b| a.version.cmp(&b.version));
    Ok(scripts)
}

/// The versions of the database's migrations, newest first.
async fn applied(conn: &mut Conn) -> Result<Vec<String>, MigrateError> {
    conn.query_drop(CREATE_MIGRATIONS_TABLE).await.map_err(refused)?;
    let list = "SELECT version FROM __diesel_schema_migrations ORDER BY version DESC";
    Ok(conn.query(list).await.map_err(refused)?)
}

/// The server's own words, where there are some.
fn words(error: &mysql_async::Error) -> String {
    match error {
        mysql_async::Error::Server(error) => format!("{} (error {})", error.message, error.code),
        error => error.to_string(),
    }
}
