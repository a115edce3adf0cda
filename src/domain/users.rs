//! People, as others see them.

use std::sync::Arc;

pub use crate::store::users::User;
use crate::{app::App, error::Result, store, types::UserId};

/// The people with these ids, in no order.
///
/// # Errors
/// When the database fails.
pub async fn by_ids(app: &App, ids: &[UserId]) -> Result<Vec<Arc<User>>> {
    let people = store::users::by_ids(&mut app.conn().await?, ids).await?;
    Ok(people.into_iter().map(Arc::new).collect())
}
