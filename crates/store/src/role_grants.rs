//! Grants of roles to staff.

use diesel::{mysql::Mysql, prelude::*};
use diesel_async::RunQueryDsl;

use super::{
    query_parts::newest_first,
    schema::{role_grants, users},
};
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{Newest, Page, RoleGrantId, StaffRole, Timestamp, UserId};

/// A grant of a role: in force until it expires or is ended.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = role_grants, check_for_backend(Mysql))]
pub struct RoleGrant {
    /// The grant.
    pub id: RoleGrantId,
    /// Who has the role.
    pub user_id: UserId,
    /// The role.
    pub role: StaffRole,
    /// Why it was granted, at most 500 characters.
    pub reason: String,
    /// Who granted it; None: the command line.
    pub granted_by: Option<UserId>,
    /// When it was granted.
    pub granted_at: Timestamp,
    /// When it expires; None: never.
    pub expires_at: Option<Timestamp>,
    /// When it was ended before it expired.
    pub ended_at: Option<Timestamp>,
    /// Who ended it.
    pub ended_by: Option<UserId>,
}

impl RoleGrant {
    /// Whether it is in force at `now`.
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && self.expires_at.is_none_or(|end| end > now)
    }
}

/// The roles of `user` that are in force at `now`: none while they are suspended.
pub async fn roles(conn: &mut Conn, user: UserId, now: Timestamp) -> QueryResult<Vec<StaffRole>> {
    role_grants::table
        .inner_join(users::table.on(users::id.eq(role_grants::user_id)))
        .filter(users::suspended_at.is_null())
        .filter(role_grants::user_id.eq(user))
        .filter(role_grants::ended_at.is_null())
        .filter(role_grants::expires_at.is_null().or(role_grants::expires_at.gt(now)))
        .select(role_grants::role)
        .load(conn)
        .await
}

/// The grants to `user` that are in force at `now`, locked until the transaction ends, so that none is ended meanwhile.
pub async fn lock_in_force(tx: &mut Conn, user: UserId, now: Timestamp) -> QueryResult<Vec<RoleGrant>> {
    role_grants::table
        .filter(role_grants::user_id.eq(user))
        .filter(role_grants::ended_at.is_null())
        .filter(role_grants::expires_at.is_null().or(role_grants::expires_at.gt(now)))
        .select(RoleGrant::as_select())
        .for_update()
        .load(tx)
        .await
}

/// A page of all grants and one more, newest first.
pub async fn page(conn: &mut Conn, page: &Page<Newest<RoleGrantId>>) -> QueryResult<Vec<RoleGrant>> {
    let grants = role_grants::table.select(RoleGrant::as_select());
    newest_first!(grants, page, role_grants::granted_at, role_grants::id).load(conn).await
}

/// The grant with this id.
pub async fn find(conn: &mut Conn, id: RoleGrantId) -> QueryResult<Option<RoleGrant>> {
    role_grants::table.find(id).select(RoleGrant::as_select()).first(conn).await.optional()
}

/// All grants of `role` that were not ended, locked until the transaction ends.
pub async fn lock_all(tx: &mut Conn, role: StaffRole) -> QueryResult<Vec<RoleGrant>> {
    role_grants::table
        .filter(role_grants::role.eq(role))
        .filter(role_grants::ended_at.is_null())
        .select(RoleGrant::as_select())
        .for_update()
        .load(tx)
        .await
}

/// Writes a new grant.
pub async fn insert(tx: &mut Conn, grant: &RoleGrant) -> QueryResult<usize> {
    diesel::insert_into(role_grants::table).values(grant).prepared().execute(tx).await
}

/// Ends a grant, which is locked.
pub async fn end(tx: &mut Conn, id: RoleGrantId, by: UserId, now: Timestamp) -> QueryResult<usize> {
    diesel::update(role_grants::table.find(id))
        .set((role_grants::ended_at.eq(now), role_grants::ended_by.eq(by)))
        .prepared()
        .execute(tx)
        .await
}
