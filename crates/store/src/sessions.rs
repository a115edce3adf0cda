//! Sessions and their refresh tokens.

mod live;

pub use live::{
    LockedSession, RecentEnd, Session, authenticated_at, end, forget_other_authentications, lock, lock_all, of_user,
    recent_ends, record_authentication, record_use, visible,
};

use std::collections::BTreeSet;

use diesel::{mysql::Mysql, prelude::*};
use diesel_async::RunQueryDsl;

use super::{
    query_parts::among,
    schema::{refresh_tokens, sessions},
};
use crate::prepared::Prepare as _;
use client_limits::AddressPrefix;
use mysql_engine::Conn;
use types::{SessionId, Timestamp, UserId};

/// A refresh token and its session.
#[derive(Debug, Clone, Queryable)]
pub struct Ticket {
    /// The session.
    pub session: SessionId,
    /// Its account.
    pub user: UserId,
    /// When the token was used.
    pub used_at: Option<Timestamp>,
    /// When the token expires.
    pub expires_at: Timestamp,
    /// When the session was ended.
    pub revoked_at: Option<Timestamp>,
    /// Hash of the token that replaced it.
    pub child_hash: Option<Vec<u8>>,
    /// The address prefix that used it.
    pub used_from: Option<Vec<u8>>,
    /// Hash of the token of the device that signed in.
    pub device_hash: Option<Vec<u8>>,
    /// When the session began.
    pub signed_in_at: Timestamp,
}

/// A session with its first refresh token.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// The session.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// Hash of the token of the device that signs in.
    pub device_hash: [u8; 32],
    /// Hash of the refresh token.
    pub token_hash: [u8; 32],
    /// When the refresh token expires.
    pub expires_at: Timestamp,
    /// What the client says of itself, at most 200 characters.
    pub user_agent: Option<String>,
    /// The network that it signs in from, at most 20 ASCII characters.
    pub network: Option<String>,
}

/// Opens a session with its first refresh token. Its owner has just proved who they are.
pub async fn open(tx: &mut Conn, new: &NewSession, now: Timestamp) -> QueryResult<()> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(new.id),
            sessions::user_id.eq(new.user),
            sessions::device_hash.eq(new.device_hash.as_slice()),
            sessions::created_at.eq(now),
            sessions::expires_at.eq(new.expires_at),
            sessions::user_agent.eq(&new.user_agent),
            sessions::network.eq(&new.network),
            sessions::last_used_at.eq(now),
            sessions::authenticated_at.eq(now),
        ))
        .prepared()
        .execute(tx)
        .await?;
    issue(tx, new.id, &new.token_hash, now, new.expires_at).await
}

/// Whether the account has a session, open or not, from the same network by a client that said the same of itself.
pub async fn is_familiar(
    tx: &mut Conn,
    user: UserId,
    (network, user_agent): (Option<&str>, Option<&str>),
) -> QueryResult<bool> {
    let own = sessions::table.filter(sessions::user_id.eq(user)).select(sessions::id).into_boxed::<Mysql>();
    let there = match network {
        Some(network) => own.filter(sessions::network.eq(network)),
        None => own.filter(sessions::network.is_null()),
    };
    let same = match user_agent {
        Some(user_agent) => there.filter(sessions::user_agent.eq(user_agent)),
        None => there.filter(sessions::user_agent.is_null()),
    };
    Ok(same.first::<SessionId>(tx).await.optional()?.is_some())
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
        .prepared()
        .execute(tx)
        .await?;
    Ok(())
}

/// The token with its session, locked until the transaction ends: of two requests with one token, the second sees that it was used.
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
            refresh_tokens::child_hash,
            refresh_tokens::used_from,
            sessions::device_hash,
            sessions::created_at,
        ))
        .for_update()
        .first(tx)
        .await
        .optional()
}

/// Marks a token as used and records the token that replaces it.
pub async fn mark_used(
    tx: &mut Conn,
    token_hash: &[u8],
    child_hash: &[u8],
    from: AddressPrefix,
    now: Timestamp,
) -> QueryResult<usize> {
    diesel::update(refresh_tokens::table.find(token_hash))
        .set((
            refresh_tokens::used_at.eq(now),
            refresh_tokens::child_hash.eq(child_hash),
            refresh_tokens::used_from.eq(from.as_bytes().as_slice()),
        ))
        .prepared()
        .execute(tx)
        .await
}

/// When a token expires, if it was not used yet.
pub async fn unused(tx: &mut Conn, token_hash: &[u8]) -> QueryResult<Option<Timestamp>> {
    refresh_tokens::table
        .find(token_hash)
        .filter(refresh_tokens::used_at.is_null())
        .select(refresh_tokens::expires_at)
        .first(tx)
        .await
        .optional()
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
