//! What follows from other columns and is kept beside them, because the database cannot compute it. A server makes it for rows that a
//! server wrote which knew nothing of it, before it answers requests, and for those of a server that made it in another way, afterwards.

use super::{amenities, listings};
use mysql_engine::Database;
use types::error::Result;

/// Makes what is missing. Takes as long as there are rows without it.
///
/// # Errors
/// When the database fails.
pub async fn missing(database: &Database) -> Result<()> {
    listings::keys::refresh_missing(database).await?;
    amenities::refresh(database).await
}

/// Makes everything of the kind that is missing or wrong, for which it looks at every listing. Can be stopped and run again at any time, and on many servers at once.
///
/// # Errors
/// When the database fails.
pub async fn all(database: &Database) -> Result<()> {
    listings::keys::refresh(database).await?;
    amenities::refresh(database).await
}
