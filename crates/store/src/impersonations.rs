//! When staff acted as a person.

use diesel::{mysql::Mysql, prelude::*, sql_types};
use diesel_async::RunQueryDsl;

use super::{
    query_parts::{UnionAll, among, newest_first},
    schema::impersonations,
};
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{ImpersonationId, Newest, Page, SessionId, StaffRole, Timestamp, UserId};

/// An impersonation: in force until it expires or ends.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = impersonations, check_for_backend(Mysql))]
pub struct Impersonation {
    /// The impersonation.
    pub id: ImpersonationId,
    /// As whom staff acted.
    pub person_id: UserId,
    /// Who acted.
    pub staff_id: UserId,
    /// In which session: it ends with that.
    pub staff_session_id: SessionId,
    /// As which staff.
    pub role: StaffRole,
    /// Why, at most 500 characters.
    pub reason: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// When it ended before it expired.
    pub ended_at: Option<Timestamp>,
    /// When its end is to be written to the audit log; None: it is there.
    pub audit_due_at: Option<Timestamp>,
}

impl Impersonation {
    /// Whether it is in force at `now`.
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && self.expires_at > now
    }
}

/// Which impersonations end together.
#[derive(Debug, Clone, Copy)]
pub enum Which<'a> {
    /// Those of these sessions of staff.
    OfSessions(&'a [SessionId]),
    /// Those by this member of staff.
    By(UserId),
    /// Those of this person.
    Of(UserId),
}

/// Writes a new impersonation.
pub async fn insert(tx: &mut Conn, new: &Impersonation) -> QueryResult<usize> {
    diesel::insert_into(impersonations::table).values(new).prepared().execute(tx).await
}

/// The impersonation with this id.
pub async fn find(conn: &mut Conn, id: ImpersonationId) -> QueryResult<Option<Impersonation>> {
    impersonations::table.find(id).select(Impersonation::as_select()).first(conn).await.optional()
}

/// The impersonation, locked until the transaction ends.
pub async fn lock(tx: &mut Conn, id: ImpersonationId) -> QueryResult<Option<Impersonation>> {
    impersonations::table.find(id).select(Impersonation::as_select()).for_update().first(tx).await.optional()
}

/// Those that are in force, locked until the transaction ends.
pub async fn lock_live(tx: &mut Conn, which: Which<'_>, now: Timestamp) -> QueryResult<Vec<ImpersonationId>> {
    macro_rules! live {
        ($of:expr) => {
            impersonations::table
                .filter($of)
                .filter(impersonations::ended_at.is_null())
                .filter(impersonations::expires_at.gt(now))
                .select(impersonations::id)
                .for_update()
                .load(tx)
                .await
        };
    }
    match which {
        Which::OfSessions(ids) => live!(among(impersonations::staff_session_id, ids.iter().copied())),
        Which::By(staff) => live!(impersonations::staff_id.eq(staff)),
        Which::Of(person) => live!(impersonations::person_id.eq(person)),
    }
}

/// Ends impersonations, which are locked. The database records the time by its own clock too, because several servers compare it.
pub async fn end(
    tx: &mut Conn,
    ids: &[ImpersonationId],
    now: Timestamp,
    audit_due_at: Option<Timestamp>,
) -> QueryResult<usize> {
    if ids.is_empty() {
        return Ok(0);
    }
    let recorded_at = diesel::dsl::sql::<sql_types::Nullable<sql_types::Datetime>>("CURRENT_TIMESTAMP(6)");
    diesel::update(impersonations::table.filter(among(impersonations::id, ids.iter().copied())))
        .set((
            impersonations::ended_at.eq(now),
            impersonations::end_recorded_at.eq(recorded_at),
            impersonations::audit_due_at.eq(audit_due_at),
        ))
        .prepared_if(ids.len() == 1)
        .execute(tx)
        .await
}

/// The impersonations of `person` for each page, and one more of each, in no order and in one statement.
pub async fn of_person(
    conn: &mut Conn,
    person: UserId,
    pages: &[Page<Newest<ImpersonationId>>],
) -> QueryResult<Vec<Impersonation>> {
    if pages.is_empty() {
        return Ok(Vec::new());
    }
    let part = |page: &Page<Newest<ImpersonationId>>| {
        let own = impersonations::table.filter(impersonations::person_id.eq(person));
        let own = own.select(Impersonation::as_select());
        newest_first!(own, page, impersonations::started_at, impersonations::id)
    };
    let are_alike = pages.iter().all(|page| page.after.is_none());
    UnionAll::of(pages.iter().map(part).collect(), are_alike).load(conn).await
}

/// At most `limit` that have ended or expired, and whose end is not in the audit log.
pub async fn audit_due(conn: &mut Conn, now: Timestamp, limit: i64) -> QueryResult<Vec<ImpersonationId>> {
    impersonations::table
        .filter(impersonations::audit_due_at.le(now))
        .order(impersonations::audit_due_at)
        .limit(limit)
        .select(impersonations::id)
        .load(conn)
        .await
}

/// Records that the end of an impersonation, which is locked, is in the audit log.
pub async fn mark_audited(tx: &mut Conn, id: ImpersonationId) -> QueryResult<usize> {
    let done = impersonations::audit_due_at.eq(None::<Timestamp>);
    diesel::update(impersonations::table.find(id)).set(done).prepared().execute(tx).await
}

/// Deletes at most `limit` that expired before `before`, the oldest first.
pub async fn delete_expired(conn: &mut Conn, before: Timestamp, limit: u32) -> QueryResult<usize> {
    diesel::sql_query("DELETE FROM impersonations WHERE expires_at < ? ORDER BY expires_at LIMIT ?")
        .bind::<sql_types::Datetime, _>(before)
        .bind::<sql_types::Unsigned<sql_types::Integer>, _>(limit)
        .prepared()
        .execute(conn)
        .await
}
