//! Accounts that an identity provider opens.

use diesel::{mysql::Mysql, prelude::*};
use diesel_async::RunQueryDsl;

use super::schema::provider_links;
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{Timestamp, UserId};

/// A person at a provider, and their account.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = provider_links, check_for_backend(Mysql))]
pub struct ProviderLink {
    /// Hash of issuer and subject.
    pub identity: Vec<u8>,
    /// The account.
    pub user_id: UserId,
    /// The key of the provider in the settings.
    pub provider: String,
    /// Since when.
    pub linked_at: Timestamp,
}

/// Writes a link.
///
/// # Errors
/// A unique violation when the person has an account, or the account a link with this provider.
pub async fn insert(tx: &mut Conn, link: &ProviderLink) -> QueryResult<usize> {
    diesel::insert_into(provider_links::table).values(link).prepared().execute(tx).await
}

/// The account of a person at a provider.
pub async fn user_of(conn: &mut Conn, identity: &[u8; 32]) -> QueryResult<Option<UserId>> {
    provider_links::table.find(identity.as_slice()).select(provider_links::user_id).first(conn).await.optional()
}

/// The links of an account, in the order of their providers.
pub async fn of_user(conn: &mut Conn, user: UserId) -> QueryResult<Vec<ProviderLink>> {
    let own = provider_links::table.filter(provider_links::user_id.eq(user)).order(provider_links::provider);
    own.select(ProviderLink::as_select()).load(conn).await
}

/// Deletes the link of an account with a provider.
pub async fn delete(tx: &mut Conn, user: UserId, provider: &str) -> QueryResult<usize> {
    let own = provider_links::table.filter(provider_links::user_id.eq(user));
    diesel::delete(own.filter(provider_links::provider.eq(provider))).prepared().execute(tx).await
}

/// Deletes all links of an account.
pub async fn delete_all(tx: &mut Conn, user: UserId) -> QueryResult<usize> {
    diesel::delete(provider_links::table.filter(provider_links::user_id.eq(user))).prepared().execute(tx).await
}
