//! Accounts that are to be erased, and what legal holds keep of closed ones.

use diesel::{mysql::Mysql, prelude::*};
use diesel_async::RunQueryDsl;

use super::{
    query_parts::newest_first,
    schema::{erasures, held_data},
};
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{ErasureState, Newest, Page, Timestamp, UserId};

/// An account that is to be erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = erasures, check_for_backend(Mysql))]
pub struct Erasure {
    /// Whose account.
    pub user_id: UserId,
    /// Why it is not erased yet.
    pub state: ErasureState,
    /// When its owner requested it.
    pub requested_at: Timestamp,
    /// When the worker attempts it next.
    pub due_at: Timestamp,
}

/// The erasure of a person's account.
pub async fn find(conn: &mut Conn, person: UserId) -> QueryResult<Option<Erasure>> {
    erasures::table.find(person).select(Erasure::as_select()).first(conn).await.optional()
}

/// Writes an erasure in place of an earlier one.
pub async fn replace(tx: &mut Conn, erasure: &Erasure) -> QueryResult<usize> {
    diesel::replace_into(erasures::table).values(erasure).prepared().execute(tx).await
}

/// When the worker attempts it next.
pub async fn postpone(tx: &mut Conn, person: UserId, due_at: Timestamp) -> QueryResult<usize> {
    diesel::update(erasures::table.find(person)).set(erasures::due_at.eq(due_at)).prepared().execute(tx).await
}

/// Deletes an erasure: it is canceled, or done.
pub async fn delete(tx: &mut Conn, person: UserId) -> QueryResult<usize> {
    diesel::delete(erasures::table.find(person)).prepared().execute(tx).await
}

/// At most `limit` people whose erasure is due, the longest first.
pub async fn due(conn: &mut Conn, now: Timestamp, limit: i64) -> QueryResult<Vec<UserId>> {
    erasures::table
        .filter(erasures::due_at.le(now))
        .order(erasures::due_at)
        .limit(limit)
        .select(erasures::user_id)
        .load(conn)
        .await
}

/// A page of all erasures and one more, newest first.
pub async fn page(conn: &mut Conn, page: &Page<Newest<UserId>>) -> QueryResult<Vec<Erasure>> {
    let all = erasures::table.select(Erasure::as_select());
    newest_first!(all, page, erasures::requested_at, erasures::user_id).load(conn).await
}

/// Writes an encrypted part of what a legal hold keeps.
pub async fn hold_part(tx: &mut Conn, person: UserId, number: u32, sealed_part: &[u8]) -> QueryResult<usize> {
    let row = (held_data::user_id.eq(person), held_data::number.eq(number), held_data::sealed_part.eq(sealed_part));
    diesel::insert_into(held_data::table).values(row).prepared().execute(tx).await
}

/// At most `limit` encrypted parts after a number, in order.
pub async fn held_parts(conn: &mut Conn, person: UserId, after: u32, limit: i64) -> QueryResult<Vec<(u32, Vec<u8>)>> {
    held_data::table
        .filter(held_data::user_id.eq(person))
        .filter(held_data::number.gt(after))
        .order(held_data::number)
        .limit(limit)
        .select((held_data::number, held_data::sealed_part))
        .load(conn)
        .await
}

/// Deletes everything that a legal hold has kept of a person.
pub async fn delete_held(tx: &mut Conn, person: UserId) -> QueryResult<usize> {
    diesel::delete(held_data::table.filter(held_data::user_id.eq(person))).execute(tx).await
}
