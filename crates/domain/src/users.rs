//! Public profiles of users.

use std::sync::Arc;

use crate::app::App;
pub use store::users::User;
use types::{UserId, error::Result};

/// The users with these ids, in no order.
///
/// # Errors
/// When the database fails.
pub async fn by_ids(app: &App, ids: &[UserId]) -> Result<Vec<Arc<User>>> {
    let people = store::users::by_ids(&mut app.conn().await?, ids).await?;
    Ok(people.into_iter().map(Arc::new).collect())
}
