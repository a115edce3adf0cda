//! What follows from other columns and is kept beside them, because the database cannot compute it. A server makes it when it starts, for
//! all rows that a server wrote which knew nothing of it, or made it in another way.

use super::{Database, amenities, listings};
use crate::error::Result;

/// Makes everything of the kind that is missing or wrong. Can be stopped and run again at any time, and on many servers at once.
///
/// # Errors
/// When the database fails.
pub async fn all(database: &Database) -> Result<()> {
    listings::keys::refresh(database).await?;
    amenities::refresh(database).await
}
