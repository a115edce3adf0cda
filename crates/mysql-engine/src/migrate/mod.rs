//! Applies and reverts the migrations that are embedded in a program, and compares them with a
//! database.
//!
//! They run on a separate connection, because DDL commits an open transaction, and under a named
//! lock of the server, so that many instances may start at the same time: one applies the
//! migrations, the others wait and then find nothing to do. A crash releases the lock with its
//! connection, and may leave a migration partly applied and not recorded: the next run starts that
//! migration from its first statement, and skips definitions that exist already ([`Script`]).

mod script;

use super::DatabaseError;
use super::address::Address;
use super::named_lock::NamedLock;
use super::pool::{self, driver_error};
use diesel::migration::{CREATE_MIGRATIONS_TABLE, Migration, MigrationSource};
use diesel::mysql::Mysql;
use diesel_migrations::EmbeddedMigrations;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;
pub use script::Script;

/// How long one instance waits for another to finish. Seconds.
const LOCK_TIMEOUT: u32 = 600;

/// Why a migration failed.
#[derive(Debug, thiserror::Error)]
pub enum MigrateError {
    /// The URL names no database.
    #[error("the database URL names no database: write mysql://user:password@host/NAME")]
    NoName,
    /// The database does not exist, and may not be created.
    #[error(
        "the database {name} does not exist and cannot be created: {reason}. Create it (CREATE DATABASE {name} CHARACTER \
         SET utf8mb4), or grant the user the privilege to create it"
    )]
    Missing {
        /// The database.
        name: String,
        /// The server's error message.
        reason: String,
    },
    /// Another instance has held the lock for too long.
    #[error("another instance has held the migration lock for {LOCK_TIMEOUT} s")]
    Locked,
    /// A migration failed; the previous ones are applied.
    #[error("migration {name} failed: {reason}")]
    Failed {
        /// The migration.
        name: String,
        /// The server's error message.
        reason: String,
    },
    /// The database has a migration that this program does not know and so cannot revert.
    #[error("the database has migration {0}, which this program does not know: revert it with the newer program")]
    Unknown(String),
    /// An embedded migration cannot be read.
    #[error("the program's migrations cannot be read: {0}")]
    Broken(String),
    /// The connection, or a statement on the table of applied migrations, failed.
    #[error(transparent)]
    Database(#[from] DatabaseError),
}

/// Which migrations a database has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// Applied, oldest first.
    pub applied: Vec<String>,
    /// Known to this program and not applied, in the order in which they will be applied.
    pub pending: Vec<String>,
    /// Applied by a newer program, which must keep them compatible with older ones.
    pub unknown: Vec<String>,
}

/// The migrations of a program.
pub struct Migrator<'a> {
    migrations: &'a EmbeddedMigrations,
    lock: &'a str,
}

impl<'a> Migrator<'a> {
    /// `lock` is the prefix of the name of the lock: the same in all versions of a program, short,
    /// and without quotes.
    pub const fn new(migrations: &'a EmbeddedMigrations, lock: &'a str) -> Self {
        Self { migrations, lock }
    }

    /// Applies all pending migrations and returns their names; creates the database if it does not
    /// exist and the user has the privilege.
    ///
    /// # Errors
    /// [`MigrateError`].
    pub async fn up(&self, url: &str) -> Result<Vec<String>, MigrateError> {
        self.up_by(url, usize::MAX).await
    }

    /// Like [`Self::up`], but applies at most `max` migrations.
    ///
    /// # Errors
    /// [`MigrateError`].
    pub async fn up_by(&self, url: &str, max: usize) -> Result<Vec<String>, MigrateError> {
        ensure_database(url).await?;
        let mut lock = self.lock(url).await?;
        let done = apply_pending(lock.conn(), self.scripts()?, max).await?;
        lock.release().await?;
        Ok(done)
    }

    /// Reverts the newest `count` migrations and returns their names, newest first. Data in what
    /// they drop is lost.
    ///
    /// # Errors
    /// [`MigrateError`].
    pub async fn down(&self, url: &str, count: usize) -> Result<Vec<String>, MigrateError> {
        let mut lock = self.lock(url).await?;
        let done = revert_newest(lock.conn(), self.scripts()?, count).await?;
        lock.release().await?;
        Ok(done)
    }

    /// Compares the database with this program. Takes no lock.
    ///
    /// # Errors
    /// [`MigrateError`].
    pub async fn status(&self, url: &str) -> Result<Status, MigrateError> {
        let applied = applied(&mut pool::connect_unpooled(&Address::parse(url)?).await?).await?;
        let scripts = self.scripts()?;
        let (mut status, is_known) =
            (Status::default(), |version| scripts.iter().any(|known| known.version == version));
        status.unknown = applied.iter().rev().filter(|version| !is_known(version.as_str())).cloned().collect();
        for script in &scripts {
            let list = if applied.contains(&script.version) { &mut status.applied } else { &mut status.pending };
            list.push(script.name.clone());
        }
        Ok(status)
    }

    /// The migrations, oldest first.
    ///
    /// # Errors
    /// When one cannot be reverted.
    pub fn scripts(&self) -> Result<Vec<Script>, MigrateError> {
        let broken = |error: Box<dyn std::error::Error + Send + Sync>| MigrateError::Broken(error.to_string());
        let known: Vec<Box<dyn Migration<Mysql>>> = self.migrations.migrations().map_err(broken)?;
        let mut scripts =
            known.iter().map(|migration| Script::of(&**migration)).collect::<Result<Vec<_>, _>>().map_err(broken)?;
        scripts.sort_unstable_by(|a, b| a.version.cmp(&b.version));
        Ok(scripts)
    }

    async fn lock(&self, url: &str) -> Result<NamedLock, MigrateError> {
        NamedLock::acquire(url, &format!("{}-migrate", self.lock), LOCK_TIMEOUT).await?.ok_or(MigrateError::Locked)
    }
}

/// Creates the database of `url` if it does not exist.
///
/// # Errors
/// [`MigrateError::Missing`] when the user may not create it.
pub async fn ensure_database(url: &str) -> Result<(), MigrateError> {
    const UNKNOWN_DATABASE: u16 = 1049;
    let address = Address::parse(url)?;
    let (server, name) = address.without_database();
    let name = name.ok_or(MigrateError::NoName)?;
    match pool::connect_unpooled(&address).await {
        Ok(_) => return Ok(()),
        Err(DatabaseError::Denied { code: UNKNOWN_DATABASE, .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let mut conn = pool::connect_unpooled(&server).await?;
    let create = format!(
        "CREATE DATABASE IF NOT EXISTS `{}` CHARACTER SET utf8mb4 COLLATE {}",
        name.replace('`', "``"),
        pool::COLLATION
    );
    conn.query_drop(create).await.map_err(|error| MigrateError::Missing { name, reason: message(&error) })
}

async fn apply_pending(conn: &mut Conn, scripts: Vec<Script>, max: usize) -> Result<Vec<String>, MigrateError> {
    let mut done = Vec::new();
    for script in scripts {
        if done.len() >= max {
            break;
        }
        if applied(conn).await?.contains(&script.version) {
            continue;
        }
        if let Err(error) = apply(conn, &script).await {
            // On Galera the lock is local to one node; an instance at another node may have just
            // done the same.
            if !applied(conn).await?.contains(&script.version) {
                return Err(MigrateError::Failed { name: script.name, reason: message(&error) });
            }
        }
        done.push(script.name);
    }
    Ok(done)
}

async fn apply(conn: &mut Conn, script: &Script) -> mysql_async::Result<()> {
    run(conn, &script.up).await?;
    conn.exec_drop("INSERT INTO __diesel_schema_migrations (version) VALUES (?)", (&script.version,)).await
}

async fn revert_newest(conn: &mut Conn, mut known: Vec<Script>, count: usize) -> Result<Vec<String>, MigrateError> {
    let mut done = Vec::new();
    for version in applied(conn).await?.into_iter().take(count) {
        let at = known.iter().position(|script| script.version == version);
        let script = known.swap_remove(at.ok_or(MigrateError::Unknown(version))?);
        if let Err(error) = revert(conn, &script).await {
            return Err(MigrateError::Failed { name: script.name, reason: message(&error) });
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
            Err(mysql_async::Error::Server(error)) if script::is_already_done(statement, error.code) => {
                tracing::warn!(%error, "skipped a statement of an interrupted migration: it was done already");
            }
            done => done?,
        }
    }
    Ok(())
}

/// The versions of the applied migrations, newest first.
async fn applied(conn: &mut Conn) -> Result<Vec<String>, MigrateError> {
    conn.query_drop(CREATE_MIGRATIONS_TABLE).await.map_err(driver_error)?;
    let list = "SELECT version FROM __diesel_schema_migrations ORDER BY version DESC";
    Ok(conn.query(list).await.map_err(driver_error)?)
}

/// The server's error message, if the error comes from it.
fn message(error: &mysql_async::Error) -> String {
    match error {
        mysql_async::Error::Server(error) => format!("{} (error {})", error.message, error.code),
        error => error.to_string(),
    }
}
