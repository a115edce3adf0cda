//! Sign-ins with identity providers, and links with them, that were begun and not completed.

use diesel::{mysql::Mysql, prelude::*, sql_types};
use diesel_async::RunQueryDsl;

use super::schema::provider_attempts;
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{Timestamp, UserId};

/// An attempt.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = provider_attempts, check_for_backend(Mysql))]
pub struct ProviderAttempt {
    /// Hash of its handle.
    pub handle_hash: Vec<u8>,
    /// The key of the provider in the settings.
    pub provider: String,
    /// The page to which the provider sends the person back.
    pub redirect_uri: String,
    /// The member who links; None: a sign-in.
    pub user_id: Option<UserId>,
    /// When it was begun.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// Since when it is being completed.
    pub claimed_at: Option<Timestamp>,
}

/// Writes an attempt.
pub async fn insert(conn: &mut Conn, attempt: &ProviderAttempt) -> QueryResult<usize> {
    diesel::insert_into(provider_attempts::table).values(attempt).prepared().execute(conn).await
}

/// The attempt with this handle.
pub async fn find(conn: &mut Conn, handle_hash: &[u8; 32]) -> QueryResult<Option<ProviderAttempt>> {
    let found = provider_attempts::table.find(handle_hash.as_slice()).select(ProviderAttempt::as_select());
    found.first(conn).await.optional()
}

/// Claims an attempt; false when it was claimed before: of two requests with one handle, the second fails.
pub async fn claim(conn: &mut Conn, handle_hash: &[u8; 32], now: Timestamp) -> QueryResult<bool> {
    let unclaimed =
        provider_attempts::table.find(handle_hash.as_slice()).filter(provider_attempts::claimed_at.is_null());
    Ok(diesel::update(unclaimed).set(provider_attempts::claimed_at.eq(now)).prepared().execute(conn).await? > 0)
}

/// Releases a claimed attempt, so that it can be completed once more.
pub async fn release(conn: &mut Conn, handle_hash: &[u8; 32]) -> QueryResult<usize> {
    diesel::update(provider_attempts::table.find(handle_hash.as_slice()))
        .set(provider_attempts::claimed_at.eq(None::<Timestamp>))
        .prepared()
        .execute(conn)
        .await
}

/// Deletes an attempt.
pub async fn delete(conn: &mut Conn, handle_hash: &[u8; 32]) -> QueryResult<usize> {
    diesel::delete(provider_attempts::table.find(handle_hash.as_slice())).prepared().execute(conn).await
}

/// Deletes the attempts of a member.
pub async fn delete_all(tx: &mut Conn, user: UserId) -> QueryResult<usize> {
    diesel::delete(provider_attempts::table.filter(provider_attempts::user_id.eq(user))).prepared().execute(tx).await
}

/// Deletes at most `limit` attempts that expired before `before`, the oldest first.
pub async fn delete_expired(conn: &mut Conn, before: Timestamp, limit: u32) -> QueryResult<usize> {
    diesel::sql_query("DELETE FROM provider_attempts WHERE expires_at < ? ORDER BY expires_at LIMIT ?")
        .bind::<sql_types::Datetime, _>(before)
        .bind::<sql_types::Unsigned<sql_types::Integer>, _>(limit)
        .prepared()
        .execute(conn)
        .await
}
