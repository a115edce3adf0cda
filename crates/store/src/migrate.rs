//! The migrations in `migrations/`, which are part of the program.

use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use mysql_engine::migrate;
pub use mysql_engine::migrate::{MigrateError, Script, Status, ensure_database};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations");

/// Applies what is pending and returns the names; creates the database itself when it is missing and that is permitted.
///
/// # Errors
/// [`MigrateError`].
pub async fn up(url: &str) -> Result<Vec<String>, MigrateError> {
    migrate::up(url, &MIGRATIONS).await
}

/// Like [`up`], but applies no more than `most`.
///
/// # Errors
/// [`MigrateError`].
pub async fn up_by(url: &str, most: usize) -> Result<Vec<String>, MigrateError> {
    migrate::up_by(url, &MIGRATIONS, most).await
}

/// Undoes the newest `count` migrations and returns their names, newest first. Data in what they drop is lost.
///
/// # Errors
/// [`MigrateError`].
pub async fn down(url: &str, count: usize) -> Result<Vec<String>, MigrateError> {
    migrate::down(url, &MIGRATIONS, count).await
}

/// Compares the database with this program. Takes no lock.
///
/// # Errors
/// [`MigrateError`].
pub async fn status(url: &str) -> Result<Status, MigrateError> {
    migrate::status(url, &MIGRATIONS).await
}

/// The migrations, oldest first.
///
/// # Errors
/// [`MigrateError::Broken`] when one cannot be undone.
pub fn scripts() -> Result<Vec<Script>, MigrateError> {
    migrate::scripts(&MIGRATIONS)
}
