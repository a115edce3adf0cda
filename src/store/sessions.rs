//! Sessions, their refresh tokens, and the throttle of guessable mutations.

use std::collections::BTreeSet;

use diesel::{prelude::*, sql_types};
use diesel_async::RunQueryDsl;

use super::{
    Conn,
    each::among,
    schema::{attempts, refresh_tokens, sessions, users},
};
use crate::types::{SessionId, Timestamp, UserId};

/// What signing in needs of an account.
#[derive(Debug, Clone, Queryable)]
pub struct Credentials {
    /// The account.
    pub user: UserId,
    /// PHC string.
    pub password_hash: Option<String>,
}

/// A refresh token and its session.
#[derive(Debug, Clone, Queryable)]
pub struct Ticket {
    /// The session.
    pub session: SessionId,
    /// Its account.
    pub user: UserId,
    /// When the token was used.
    pub used_at: Option<Timestamp>,
    /// Until when the token is good.
    pub expires_at: Timestamp,
    /// When the session was ended.
    pub revoked_at: Option<Timestamp>,
}

/// The credentials of the account with this address.
pub async fn credentials(conn: &mut Conn, email: &str) -> QueryResult<Option<Credentials>> {
    users::table.filter(users::email.eq(email)).select((users::id, users::password_hash)).first(conn).await.optional()
}

/// Opens a session with its first refresh token.
pub async fn open(
    tx: &mut Conn,
    session: SessionId,
    user: UserId,
    token_hash: &[u8],
    now: Timestamp,
    expires_at: Timestamp,
) -> QueryResult<()> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(session),
            sessions::user_id.eq(user),
            sessions::created_at.eq(now),
            sessions::expires_at.eq(expires_at),
        ))
        .execute(tx)
        .await?;
    issue(tx, session, token_hash, now, expires_at).await
}

/// Writes a new refresh token of a session.
pub async fn issue(
    tx: &mut Conn,
    session: SessionId,
    token_hash: &[u8],
    now: Timestamp,
    expires_at: Timestamp,
) -> QueryResult<()> {
    diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::token_hash.eq(token_hash),
            refresh_tokens::session_id.eq(session),
            refresh_tokens::issued_at.eq(now),
            refresh_tokens::expires_at.eq(expires_at),
        ))
        .execute(tx)
        .await?;
    Ok(())
}

/// The token with its session, locked until the transaction ends: of two who bring one token, the second sees that it was used.
pub async fn lock_ticket(tx: &mut Conn, token_hash: &[u8]) -> QueryResult<Option<Ticket>> {
    refresh_tokens::table
        .inner_join(sessions::table)
        .filter(refresh_tokens::token_hash.eq(token_hash))
        .select((
            sessions::id,
            sessions::user_id,
            refresh_tokens::used_at,
            refresh_tokens::expires_at,
            sessions::revoked_at,
        ))
        .for_update()
        .first(tx)
        .await
        .optional()
}

/// A token works once.
pub async fn use_up(tx: &mut Conn, token_hash: &[u8], now: Timestamp) -> QueryResult<usize> {
    diesel::update(refresh_tokens::table.find(token_hash)).set(refresh_tokens::used_at.eq(now)).execute(tx).await
}

/// Ends a session.
pub async fn revoke(tx: &mut Conn, session: SessionId, now: Timestamp) -> QueryResult<usize> {
    diesel::update(sessions::table.find(session))
        .filter(sessions::revoked_at.is_null())
        .set(sessions::revoked_at.eq(now))
        .execute(tx)
        .await
}

/// Counts one more try in `bucket` and returns how many there were in its window, and when the window ends.
pub async fn count_attempt(
    conn: &mut Conn,
    bucket: &[u8],
    now: Timestamp,
    window_ends_at: Timestamp,
) -> QueryResult<(u32, Timestamp)> {
    diesel::sql_query(
        "INSERT INTO attempts (bucket, tries, window_ends_at) VALUES (?, 1, ?) ON DUPLICATE KEY UPDATE \
         tries = IF(window_ends_at <= ?, 1, tries + 1), \
         window_ends_at = IF(window_ends_at <= ?, VALUES(window_ends_at), window_ends_at)",
    )
    .bind::<sql_types::Binary, _>(bucket)
    .bind::<sql_types::Datetime, _>(window_ends_at)
    .bind::<sql_types::Datetime, _>(now)
    .bind::<sql_types::Datetime, _>(now)
    .execute(conn)
    .await?;
    attempts::table.find(bucket).select((attempts::tries, attempts::window_ends_at)).first(conn).await
}

/// Forgets the tries in `bucket`: the right password was given.
pub async fn forget_attempts(conn: &mut Conn, bucket: &[u8]) -> QueryResult<usize> {
    diesel::delete(attempts::table.find(bucket)).execute(conn).await
}

/// Forgets all tries whose window is over.
pub async fn sweep_attempts(conn: &mut Conn, now: Timestamp) -> QueryResult<usize> {
    diesel::delete(attempts::table.filter(attempts::window_ends_at.le(now))).execute(conn).await
}

/// The address of an account.
pub async fn email_of(conn: &mut Conn, user: UserId) -> QueryResult<Option<String>> {
    let email: Option<Option<String>> = users::table.find(user).select(users::email).first(conn).await.optional()?;
    Ok(email.flatten())
}

/// Deletes at most `limit` refresh tokens that expired before `before`, the oldest first, and the sessions that have none left.
pub async fn delete_expired(tx: &mut Conn, before: Timestamp, limit: i64) -> QueryResult<usize> {
    let expired: Vec<(Vec<u8>, SessionId)> = refresh_tokens::table
        .filter(refresh_tokens::expires_at.lt(before))
        .order(refresh_tokens::expires_at)
        .limit(limit)
        .select((refresh_tokens::token_hash, refresh_tokens::session_id))
        .load(tx)
        .await?;
    if expired.is_empty() {
        return Ok(0);
    }
    let hashes = expired.iter().map(|(hash, _)| hash.as_slice());
    let deleted =
        diesel::delete(refresh_tokens::table.filter(among(refresh_tokens::token_hash, hashes))).execute(tx).await?;
    let ids: BTreeSet<SessionId> = expired.iter().map(|(_, session)| *session).collect();
    let has_tokens = refresh_tokens::table.filter(refresh_tokens::session_id.eq(sessions::id));
    diesel::delete(
        sessions::table.filter(among(sessions::id, ids)).filter(diesel::dsl::not(diesel::dsl::exists(has_tokens))),
    )
    .execute(tx)
    .await?;
    Ok(deleted)
}
