//! Keys of users.

use std::sync::Arc;

use super::{Batch, Private, keys::keys};
use auth::Member;
use domain::{
    accounts::{self, EmailChange, OwnAccount},
    app::App,
    users::{self, User},
};
use types::UserId;

keys! {
    /// The user with this id.
    cached UserById(UserId) => Arc<User>, by_id users::by_ids;
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

/// The change of the viewer's email that waits for codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PendingEmailChange;

impl Private for PendingEmailChange {
    type Row = EmailChange;

    async fn load(app: &App, viewer: &Member, _: Vec<Self>) -> Batch<Self, Self::Row> {
        let change = accounts::pending_email_change(app, viewer.id()).await?;
        Ok(change.into_iter().map(|change| (Self, change)).collect())
    }
}
