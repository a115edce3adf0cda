//! Sessions that have not ended, and those that ended a moment ago.

use diesel::{mysql::Mysql, prelude::*, sql_types};
use diesel_async::RunQueryDsl;

use crate::{
    prepared::Prepare as _,
    query_parts::{UnionAll, among, newest_first},
    schema::sessions,
};
use mysql_engine::Conn;
use types::{Newest, Page, SessionId, Timestamp, UserId};

/// A session that has neither ended nor expired, as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = sessions, check_for_backend(Mysql))]
pub struct Session {
    /// The session.
    pub id: SessionId,
    /// What the client said of itself when it signed in.
    pub user_agent: Option<String>,
    /// The network from which it signed in.
    pub network: Option<String>,
    /// When it signed in.
    pub created_at: Timestamp,
    /// When its tokens were last refreshed, or when it signed in.
    pub last_used_at: Timestamp,
}

/// A session that has not ended, locked by a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct LockedSession {
    /// The session.
    pub id: SessionId,
    /// When it expires.
    pub expires_at: Timestamp,
    /// Hash of the token of the device that signed in.
    pub device_hash: Option<Vec<u8>>,
}

/// A session that ended a moment ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct RecentEnd {
    /// The session.
    #[diesel(sql_type = sql_types::Binary)]
    pub id: SessionId,
    /// How long ago it ended by the clock of the database, in whole seconds.
    #[diesel(sql_type = sql_types::BigInt)]
    pub seconds_ago: i64,
}

/// Those of `ids` that are `viewer`'s and have neither ended nor expired, in no order.
pub async fn visible(conn: &mut Conn, viewer: UserId, ids: &[SessionId], now: Timestamp) -> QueryResult<Vec<Session>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    sessions::table
        .filter(among(sessions::id, ids.iter().copied()))
        .filter(sessions::user_id.eq(viewer))
        .filter(sessions::revoked_at.is_null())
        .filter(sessions::expires_at.gt(now))
        .select(Session::as_select())
        .load(conn)
        .await
}

/// The sessions of `viewer` that have neither ended nor expired, for each page and one more of
/// each, in no order and in one statement. Each page reads its own range of the key
/// `sessions_live`.
pub async fn of_user(
    conn: &mut Conn,
    viewer: UserId,
    pages: &[Page<Newest<SessionId>>],
    now: Timestamp,
) -> QueryResult<Vec<Session>> {
    if pages.is_empty() {
        return Ok(Vec::new());
    }
    let part = |page: &Page<Newest<SessionId>>| {
        let live = sessions::table
            .select(Session::as_select())
            .filter(sessions::user_id.eq(viewer))
            .filter(sessions::revoked_at.is_null())
            .filter(sessions::expires_at.gt(now));
        newest_first!(live, page, sessions::last_used_at, sessions::id)
    };
    let are_alike = pages.iter().all(|page| page.after.is_none());
    UnionAll::of(pages.iter().map(part).collect(), are_alike).load(conn).await
}

/// Those of `ids` that are `owner`'s and have not ended, locked until the transaction ends.
pub async fn lock(tx: &mut Conn, owner: UserId, ids: &[SessionId]) -> QueryResult<Vec<LockedSession>> {
    sessions::table
        .filter(among(sessions::id, ids.iter().copied()))
        .filter(sessions::user_id.eq(owner))
        .filter(sessions::revoked_at.is_null())
        .select((sessions::id, sessions::expires_at, sessions::device_hash))
        .for_update()
        .load(tx)
        .await
}

/// All sessions of `owner` that have not ended, locked until the transaction ends.
pub async fn lock_all(tx: &mut Conn, owner: UserId) -> QueryResult<Vec<LockedSession>> {
    sessions::table
        .filter(sessions::user_id.eq(owner))
        .filter(sessions::revoked_at.is_null())
        .select((sessions::id, sessions::expires_at, sessions::device_hash))
        .for_update()
        .load(tx)
        .await
}

/// Ends sessions, which are locked. The database records the time by its own clock too, because
/// several servers compare it.
pub async fn end(tx: &mut Conn, ids: &[SessionId], now: Timestamp) -> QueryResult<usize> {
    if ids.is_empty() {
        return Ok(0);
    }
    let recorded_at = diesel::dsl::sql::<sql_types::Nullable<sql_types::Datetime>>("CURRENT_TIMESTAMP(6)");
    diesel::update(sessions::table.filter(among(sessions::id, ids.iter().copied())))
        .filter(sessions::revoked_at.is_null())
        .set((sessions::revoked_at.eq(now), sessions::end_recorded_at.eq(recorded_at)))
        .prepared_if(ids.len() == 1)
        .execute(tx)
        .await
}

/// Records that the tokens of a session were refreshed, which extends it to `expires_at`.
pub async fn record_use(
    tx: &mut Conn,
    session: SessionId,
    now: Timestamp,
    expires_at: Timestamp,
) -> QueryResult<usize> {
    diesel::update(sessions::table.find(session))
        .set((sessions::last_used_at.eq(now), sessions::expires_at.eq(expires_at)))
        .prepared()
        .execute(tx)
        .await
}

/// When the owner of a session last proved who they are, if that is known; None when the session is
/// not `owner`'s or has ended.
pub async fn authenticated_at(
    conn: &mut Conn,
    owner: UserId,
    session: SessionId,
) -> QueryResult<Option<Option<Timestamp>>> {
    sessions::table
        .find(session)
        .filter(sessions::user_id.eq(owner))
        .filter(sessions::revoked_at.is_null())
        .select(sessions::authenticated_at)
        .first(conn)
        .await
        .optional()
}

/// Records that the owner of a session, which is locked, has proved who they are.
pub async fn record_authentication(tx: &mut Conn, session: SessionId, now: Timestamp) -> QueryResult<usize> {
    diesel::update(sessions::table.find(session)).set(sessions::authenticated_at.eq(now)).prepared().execute(tx).await
}

/// Forgets when the owner of the account last proved who they are, in all sessions except `current`.
pub async fn forget_other_authentications(tx: &mut Conn, owner: UserId, current: SessionId) -> QueryResult<usize> {
    let live = sessions::table.filter(sessions::user_id.eq(owner)).filter(sessions::revoked_at.is_null());
    diesel::update(live.filter(sessions::id.ne(current)))
        .set(sessions::authenticated_at.eq(None::<Timestamp>))
        .prepared()
        .execute(tx)
        .await
}

/// At most `limit` sessions, and as many impersonations, that ended in the last `seconds` by the
/// clock of the database, on any server. An impersonation has the id of the session in its tokens.
pub async fn recent_ends(conn: &mut Conn, seconds: u32, limit: u32) -> QueryResult<Vec<RecentEnd>> {
    let of = |table: &str| {
        format!(
            "(SELECT id, TIMESTAMPDIFF(SECOND, end_recorded_at, CURRENT_TIMESTAMP(6)) AS seconds_ago FROM {table} \
             WHERE end_recorded_at >= CURRENT_TIMESTAMP(6) - INTERVAL ? SECOND ORDER BY end_recorded_at DESC LIMIT ?)"
        )
    };
    diesel::sql_query(format!("{} UNION ALL {}", of("sessions"), of("impersonations")))
        .bind::<sql_types::Unsigned<sql_types::Integer>, _>(seconds)
        .bind::<sql_types::Unsigned<sql_types::Integer>, _>(limit)
        .bind::<sql_types::Unsigned<sql_types::Integer>, _>(seconds)
        .bind::<sql_types::Unsigned<sql_types::Integer>, _>(limit)
        .load(conn)
        .await
}
