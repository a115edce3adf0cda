//! Permissions to read all data of a person.

use diesel::{mysql::Mysql, prelude::*, sql_types};
use diesel_async::RunQueryDsl;

use super::{
    query_parts::{UnionAll, among, newest_first},
    schema::data_exports,
};
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{DataExportId, Newest, Page, SessionId, Timestamp, UserId};

/// A permission to read all data of a person, in one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = data_exports, check_for_backend(Mysql))]
pub struct DataExport {
    /// The export.
    pub id: DataExportId,
    /// Whose data.
    pub user_id: UserId,
    /// The session that requested it.
    pub session_id: SessionId,
    /// When it was requested.
    pub created_at: Timestamp,
    /// Until when it can be read.
    pub expires_at: Timestamp,
}

/// Writes a permission.
pub async fn insert(tx: &mut Conn, export: &DataExport) -> QueryResult<usize> {
    diesel::insert_into(data_exports::table).values(export).prepared().execute(tx).await
}

/// Those of `ids` that are `viewer`'s, in no order.
pub async fn visible(conn: &mut Conn, viewer: UserId, ids: &[DataExportId]) -> QueryResult<Vec<DataExport>> {
    let own = data_exports::table
        .filter(among(data_exports::id, ids.iter().copied()))
        .filter(data_exports::user_id.eq(viewer));
    own.select(DataExport::as_select()).load(conn).await
}

/// The exports of `viewer` for each page, and one more of each, in no order and in one statement.
pub async fn of_user(
    conn: &mut Conn,
    viewer: UserId,
    pages: &[Page<Newest<DataExportId>>],
) -> QueryResult<Vec<DataExport>> {
    if pages.is_empty() {
        return Ok(Vec::new());
    }
    let part = |page: &Page<Newest<DataExportId>>| {
        let own = data_exports::table.filter(data_exports::user_id.eq(viewer)).select(DataExport::as_select());
        newest_first!(own, page, data_exports::created_at, data_exports::id)
    };
    let are_alike = pages.iter().all(|page| page.after.is_none());
    UnionAll::of(pages.iter().map(part).collect(), are_alike).load(conn).await
}

/// Deletes all exports of a person.
pub async fn delete_all(tx: &mut Conn, user: UserId) -> QueryResult<usize> {
    diesel::delete(data_exports::table.filter(data_exports::user_id.eq(user))).execute(tx).await
}

/// Deletes at most `limit` exports that expired before `before`, the oldest first.
pub async fn delete_expired(conn: &mut Conn, before: Timestamp, limit: u32) -> QueryResult<usize> {
    diesel::sql_query("DELETE FROM data_exports WHERE expires_at < ? ORDER BY expires_at LIMIT ?")
        .bind::<sql_types::Datetime, _>(before)
        .bind::<sql_types::Unsigned<sql_types::Integer>, _>(limit)
        .prepared()
        .execute(conn)
        .await
}
