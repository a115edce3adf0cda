//! Keys of users.

use std::sync::Arc;

use super::{Batch, Private, keys::keys};
use auth::Member;
use domain::{
    accounts::{self, OwnAccount},
    app::App,
    users::{self, User},
};
use types::UserId;

keys! {
    /// The user with this id.
    public UserById(UserId) => Arc<User>, by_id users::by_ids;
}

/// The private part of the viewer's account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Account;

impl Private for Account {
    type Row = OwnAccount;

    async fn load(app: &App, viewer: &Member, _: Vec<Self>) -> Batch<Self, Self::Row> {
        let account = accounts::own(app, viewer.id()).await?;
        Ok(account.into_iter().map(|account| (Self, account)).collect())
    }
}
