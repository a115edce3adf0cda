//! What authenticators are asked to sign, once.

use diesel::{mysql::Mysql, prelude::*, sql_types};
use diesel_async::RunQueryDsl;

use super::schema::passkey_challenges;
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{PasskeyPurpose, Timestamp, UserId};

/// A challenge that was not used yet.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = passkey_challenges, check_for_backend(Mysql))]
pub struct PasskeyChallenge {
    /// Its hash.
    pub challenge_hash: Vec<u8>,
    /// What it is for.
    pub purpose: PasskeyPurpose,
    /// Who may use it; None: whoever signs in.
    pub user_id: Option<UserId>,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Writes a challenge.
pub async fn insert(tx: &mut Conn, challenge: &PasskeyChallenge) -> QueryResult<usize> {
    diesel::insert_into(passkey_challenges::table).values(challenge).prepared().execute(tx).await
}

/// The challenge with this hash.
pub async fn find(conn: &mut Conn, challenge_hash: &[u8; 32]) -> QueryResult<Option<PasskeyChallenge>> {
    let found = passkey_challenges::table.find(challenge_hash.as_slice()).select(PasskeyChallenge::as_select());
    found.first(conn).await.optional()
}

/// Deletes the challenge with this hash; false when there is none: of two responses to one challenge, the second finds none.
pub async fn delete(tx: &mut Conn, challenge_hash: &[u8; 32]) -> QueryResult<bool> {
    let one = passkey_challenges::table.find(challenge_hash.as_slice());
    Ok(diesel::delete(one).prepared().execute(tx).await? > 0)
}

/// Deletes the challenges of an account for one purpose.
pub async fn delete_of(tx: &mut Conn, user: UserId, purpose: PasskeyPurpose) -> QueryResult<usize> {
    let own = passkey_challenges::table.filter(passkey_challenges::user_id.eq(user));
    diesel::delete(own.filter(passkey_challenges::purpose.eq(purpose))).prepared().execute(tx).await
}

/// Deletes the challenges of an account.
pub async fn delete_all(tx: &mut Conn, user: UserId) -> QueryResult<usize> {
    diesel::delete(passkey_challenges::table.filter(passkey_challenges::user_id.eq(user))).prepared().execute(tx).await
}

/// Deletes at most `limit` challenges that expired before `before`, the oldest first.
pub async fn delete_expired(conn: &mut Conn, before: Timestamp, limit: u32) -> QueryResult<usize> {
    diesel::sql_query("DELETE FROM passkey_challenges WHERE expires_at < ? ORDER BY expires_at LIMIT ?")
        .bind::<sql_types::Datetime, _>(before)
        .bind::<sql_types::Unsigned<sql_types::Integer>, _>(limit)
        .prepared()
        .execute(conn)
        .await
}
