//! The migrations in `migrations/`, which are embedded in the program.

use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use mysql_engine::migrate::Migrator;
pub use mysql_engine::migrate::{MigrateError, Script, Status, ensure_database};

static MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations");

/// The name of the lock is the same in all versions of the program.
const MIGRATOR: Migrator<'_> = Migrator::new(&MIGRATIONS, "staygate");

/// Applies all pending migrations and returns their names; creates the database if it does not exist and the user may.
///
/// # Errors
/// [`MigrateError`].
pub async fn up(url: &str) -> Result<Vec<String>, MigrateError> {
    MIGRATOR.up(url).await
}

/// Like [`up`], but applies at most `max` migrations.
///
/// # Errors
/// [`MigrateError`].
pub async fn up_by(url: &str, max: usize) -> Result<Vec<String>, MigrateError> {
    MIGRATOR.up_by(url, max).await
}

/// Reverts the newest `count` migrations and returns their names, newest first. Data in what they drop is lost.
///
/// # Errors
/// [`MigrateError`].
pub async fn down(url: &str, count: usize) -> Result<Vec<String>, MigrateError> {
    MIGRATOR.down(url, count).await
}

/// Compares the database with this program. Takes no lock.
///
/// # Errors
/// [`MigrateError`].
pub async fn status(url: &str) -> Result<Status, MigrateError> {
    MIGRATOR.status(url).await
}

/// The migrations, oldest first.
///
/// # Errors
/// [`MigrateError::Broken`] when one cannot be reverted.
pub fn scripts() -> Result<Vec<Script>, MigrateError> {
    MIGRATOR.scripts()
}
