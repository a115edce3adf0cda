//! Keys of users.

use std::sync::Arc;

use super::{Batch, Private, keys::keys};
use auth::Member;
use domain::{
    accounts,
    app::App,
    users::{self, User},
};
use types::{Email, UserId};

keys! {
    /// The user with this id.
    public UserById(UserId) => Arc<User>, by_id users::by_ids;
}

/// The viewer's own email address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OwnEmail;

impl Private for OwnEmail {
    type Row = Email;

    async fn load(app: &App, viewer: &Member, _: Vec<Self>) -> Batch<Self, Self::Row> {
        let email = accounts::email_of(app, viewer.id()).await?;
        Ok(email.into_iter().map(|email| (Self, email)).collect())
    }
}
