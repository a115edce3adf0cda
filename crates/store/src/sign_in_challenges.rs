//! Sign-ins whose password was right, and whose second step is missing.

use diesel::{mysql::Mysql, prelude::*, sql_types};
use diesel_async::RunQueryDsl;

use super::schema::sign_in_challenges;
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{Timestamp, UserId};

/// A challenge.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = sign_in_challenges, check_for_backend(Mysql))]
pub struct SignInChallenge {
    /// Hash of its token.
    pub token_hash: Vec<u8>,
    /// The account.
    pub user_id: UserId,
    /// Hash of the password hash that was checked.
    pub password_epoch: Vec<u8>,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Writes a challenge.
pub async fn insert(tx: &mut Conn, challenge: &SignInChallenge) -> QueryResult<usize> {
    diesel::insert_into(sign_in_challenges::table).values(challenge).prepared().execute(tx).await
}

/// The challenge with this token.
pub async fn find(conn: &mut Conn, token_hash: &[u8; 32]) -> QueryResult<Option<SignInChallenge>> {
    let found = sign_in_challenges::table.find(token_hash.as_slice()).select(SignInChallenge::as_select());
    found.first(conn).await.optional()
}

/// Deletes the challenge with this token; false when there is none: of two requests with one token, the second finds none.
pub async fn delete(tx: &mut Conn, token_hash: &[u8; 32]) -> QueryResult<bool> {
    let deleted = diesel::delete(sign_in_challenges::table.find(token_hash.as_slice())).prepared().execute(tx).await?;
    Ok(deleted > 0)
}

/// Deletes the challenges of an account.
pub async fn delete_all(tx: &mut Conn, user: UserId) -> QueryResult<usize> {
    diesel::delete(sign_in_challenges::table.filter(sign_in_challenges::user_id.eq(user))).prepared().execute(tx).await
}

/// Deletes at most `limit` challenges that expired before `before`, the oldest first.
pub async fn delete_expired(conn: &mut Conn, before: Timestamp, limit: u32) -> QueryResult<usize> {
    diesel::sql_query("DELETE FROM sign_in_challenges WHERE expires_at < ? ORDER BY expires_at LIMIT ?")
        .bind::<sql_types::Datetime, _>(before)
        .bind::<sql_types::Unsigned<sql_types::Integer>, _>(limit)
        .prepared()
        .execute(conn)
        .await
}
