//! Keys of people.

use std::sync::Arc;

use super::{Batch, Private, Public};
use auth::Member;
use domain::{
    accounts,
    app::App,
    users::{self, User},
};
use types::{Email, UserId};

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

/// The viewer's own address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OwnEmail;

impl Private for OwnEmail {
    type Row = Email;

    async fn load(app: &App, viewer: &Member, _: Vec<Self>) -> Batch<Self, Self::Row> {
        let email = accounts::email_of(app, viewer.id()).await?;
        Ok(email.into_iter().map(|email| (Self, email)).collect())
    }
}
