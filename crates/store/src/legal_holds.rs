//! Legal holds: reasons in law to keep the data of a person.

use diesel::{mysql::Mysql, prelude::*};
use diesel_async::RunQueryDsl;

use super::{query_parts::newest_first, schema::legal_holds};
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{LegalHoldId, Newest, Page, Timestamp, UserId};

/// A legal hold: in force until it expires or is ended.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = legal_holds, check_for_backend(Mysql))]
pub struct LegalHold {
    /// The hold.
    pub id: LegalHoldId,
    /// On whose data.
    pub user_id: UserId,
    /// Why, at most 500 characters.
    pub reason: String,
    /// Who placed it.
    pub placed_by: UserId,
    /// When.
    pub placed_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// When it was ended before it expired.
    pub ended_at: Option<Timestamp>,
    /// Who ended it.
    pub ended_by: Option<UserId>,
}

/// Until when holds keep the data of a person; None: no hold is in force.
pub async fn held_until(conn: &mut Conn, person: UserId, now: Timestamp) -> QueryResult<Option<Timestamp>> {
    legal_holds::table
        .filter(legal_holds::user_id.eq(person))
        .filter(legal_holds::ended_at.is_null())
        .filter(legal_holds::expires_at.gt(now))
        .order(legal_holds::expires_at.desc())
        .select(legal_holds::expires_at)
        .first(conn)
        .await
        .optional()
}

/// A page of all holds and one more, newest first.
pub async fn page(conn: &mut Conn, page: &Page<Newest<LegalHoldId>>) -> QueryResult<Vec<LegalHold>> {
    let holds = legal_holds::table.select(LegalHold::as_select());
    newest_first!(holds, page, legal_holds::placed_at, legal_holds::id).load(conn).await
}

/// The hold with this id.
pub async fn find(conn: &mut Conn, id: LegalHoldId) -> QueryResult<Option<LegalHold>> {
    legal_holds::table.find(id).select(LegalHold::as_select()).first(conn).await.optional()
}

/// Writes a new hold.
pub async fn insert(tx: &mut Conn, hold: &LegalHold) -> QueryResult<usize> {
    diesel::insert_into(legal_holds::table).values(hold).prepared().execute(tx).await
}

/// Ends a hold.
pub async fn end(tx: &mut Conn, id: LegalHoldId, by: UserId, now: Timestamp) -> QueryResult<usize> {
    diesel::update(legal_holds::table.find(id))
        .set((legal_holds::ended_at.eq(now), legal_holds::ended_by.eq(by)))
        .prepared()
        .execute(tx)
        .await
}

/// Deletes all holds on the data of a person, with their data.
pub async fn delete_all(tx: &mut Conn, person: UserId) -> QueryResult<usize> {
    diesel::delete(legal_holds::table.filter(legal_holds::user_id.eq(person))).execute(tx).await
}
