//! Derived columns that the database cannot compute itself. A starting server adds missing ones, of rows that an older server wrote, before
//! it serves requests, and corrects those that another version derived differently afterwards.

use super::{amenities, listings};
use mysql_engine::Database;
use types::error::Result;

/// Adds what is missing. The time it takes grows with the number of such rows.
///
/// # Errors
/// When the database fails.
pub async fn missing(database: &Database) -> Result<()> {
    listings::keys::refresh_missing(database).await?;
    amenities::refresh(database).await
}

/// Adds what is missing and corrects what is wrong; reads every listing. Can be stopped and run again at any time, and on many servers at
/// once.
///
/// # Errors
/// When the database fails.
pub async fn all(database: &Database) -> Result<()> {
    listings::keys::refresh(database).await?;
    amenities::refresh(database).await
}
