//! Public profiles of users.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use graphql_direct::{InMemory, direct};

use super::{
    context::ContextExt,
    error::Result,
    listings::{self, ListingConnection},
    loaders::UserById,
};
use domain::users;
use types::UserId;
use types::scalars::{Cursor, Date, Url};

/// A person.
#[derive(Debug, Clone)]
pub struct User(pub Arc<users::User>);

/// The public profile of a person.
#[direct]
#[Object]
impl User {
    /// Opaque id, `usr_…`.
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The name that others see.
    async fn display_name(&self) -> &str {
        &self.0.display_name
    }

    /// Self-description; null when there is none.
    async fn about(&self) -> Option<&str> {
        self.0.about.as_deref()
    }

    /// Where the person lives; null when not given.
    async fn location(&self) -> Option<&str> {
        self.0.location.as_deref()
    }

    /// Profile photo; null when there is none.
    async fn avatar_url(&self) -> Option<Url> {
        self.0.avatar_url.clone().map(Url)
    }

    /// The languages that the person speaks, as BCP 47 tags such as `de` or `pt-BR`; empty when not given.
    async fn languages(&self) -> Result<Vec<String>> {
        Ok(self.0.languages.read()?)
    }

    /// Day the account was created.
    async fn member_since(&self) -> Date {
        Date(self.0.member_since)
    }

    /// Whether the person is one of the platform's best hosts.
    async fn is_superhost(&self) -> bool {
        self.0.is_superhost
    }

    /// Published listings of this person, newest first.
    async fn listings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of items, 1 to 100.", default_with = "Some(20)")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<Cursor>,
    ) -> Option<Result<ListingConnection>> {
        Some(listings::published_of_host(ctx, self.0.id, first, after).await)
    }
}

/// The user with this id, if they are in memory.
///
/// # Errors
/// When they are not.
pub fn kept_user(ctx: &Context<'_>, id: UserId) -> InMemory<Option<User>> {
    ctx.kept(&UserById(id)).map(User).map(Some)
}

/// The user with this id.
///
/// # Errors
/// When the batch failed.
pub async fn find_user(ctx: &Context<'_>, id: UserId) -> Result<Option<User>> {
    Ok(ctx.load(UserById(id)).await?.map(User))
}
