//! Keys of people.

use std::sync::Arc;

use super::{Batch, Public};
use crate::{
    app::App,
    domain::users::{self, User},
    types::UserId,
};

/// The person with this id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UserById(pub UserId);

impl Public for UserById {
    type Row = Arc<User>;

    async fn load(app: &App, keys: Vec<Self>) -> Batch<Self, Self::Row> {
        let ids: Vec<_> = keys.into_iter().map(|Self(id)| id).collect();
        Ok(users::by_ids(app, &ids).await?.into_iter().map(|user| (Self(user.id), user)).collect())
    }
}
