//! One-time codes: an account has at most one for each purpose.

use diesel::{mysql::Mysql, prelude::*};
use diesel_async::RunQueryDsl;

use super::{query_parts::among, schema::one_time_codes};
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{CodeId, CodePurpose, Timestamp, UserId};

/// A code.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = one_time_codes, check_for_backend(Mysql))]
pub struct OneTimeCode {
    /// Its id, from which the code is derived.
    pub id: CodeId,
    /// Whose it is.
    pub user_id: UserId,
    /// What it is for.
    pub purpose: CodePurpose,
    /// Where it was sent, in lower case.
    pub email: String,
    /// How many wrong codes were typed.
    pub attempts: u8,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
}

/// Writes a code in place of the account's earlier one for the same purpose.
pub async fn replace(tx: &mut Conn, code: &OneTimeCode) -> QueryResult<()> {
    diesel::replace_into(one_time_codes::table).values(code).prepared().execute(tx).await?;
    Ok(())
}

/// The account's code for this purpose, locked until the transaction ends: of two requests with one code, the second finds none.
pub async fn lock(tx: &mut Conn, user: UserId, purpose: CodePurpose) -> QueryResult<Option<OneTimeCode>> {
    one_time_codes::table
        .filter(one_time_codes::user_id.eq(user))
        .filter(one_time_codes::purpose.eq(purpose))
        .select(OneTimeCode::as_select())
        .for_update()
        .first(tx)
        .await
        .optional()
}

/// The code with this id.
pub async fn find(conn: &mut Conn, id: CodeId) -> QueryResult<Option<OneTimeCode>> {
    one_time_codes::table.find(id).select(OneTimeCode::as_select()).first(conn).await.optional()
}

/// The codes of an account for these purposes, used ones too.
pub async fn of_user(conn: &mut Conn, user: UserId, purposes: &[CodePurpose]) -> QueryResult<Vec<OneTimeCode>> {
    one_time_codes::table
        .filter(one_time_codes::user_id.eq(user))
        .filter(among(one_time_codes::purpose, purposes.iter().copied()))
        .select(OneTimeCode::as_select())
        .load(conn)
        .await
}

/// Deletes the codes of an account for these purposes. Only for codes that no mail makes again when it is repeated.
pub async fn delete(tx: &mut Conn, user: UserId, purposes: &[CodePurpose]) -> QueryResult<usize> {
    let codes = one_time_codes::table.filter(one_time_codes::user_id.eq(user));
    diesel::delete(codes.filter(among(one_time_codes::purpose, purposes.iter().copied()))).execute(tx).await
}

/// Deletes all codes of an account.
pub async fn delete_all(tx: &mut Conn, user: UserId) -> QueryResult<usize> {
    diesel::delete(one_time_codes::table.filter(one_time_codes::user_id.eq(user))).execute(tx).await
}

/// Counts a wrong code.
pub async fn count_attempt(tx: &mut Conn, id: CodeId) -> QueryResult<usize> {
    diesel::sql_query("UPDATE one_time_codes SET attempts = attempts + 1 WHERE id = ?")
        .bind::<diesel::sql_types::Binary, _>(id)
        .prepared()
        .execute(tx)
        .await
}

/// Marks a code as used. The row stays, so that a mail that is sent again does not make the code valid again.
pub async fn mark_used(tx: &mut Conn, id: CodeId, now: Timestamp) -> QueryResult<usize> {
    diesel::update(one_time_codes::table.find(id)).set(one_time_codes::used_at.eq(now)).prepared().execute(tx).await
}

/// Ends the codes of an account for these purposes.
pub async fn end_all(tx: &mut Conn, user: UserId, purposes: &[CodePurpose], now: Timestamp) -> QueryResult<usize> {
    let codes = one_time_codes::table.filter(one_time_codes::user_id.eq(user));
    diesel::update(codes.filter(among(one_time_codes::purpose, purposes.iter().copied())))
        .set(one_time_codes::used_at.eq(now))
        .execute(tx)
        .await
}

/// Deletes at most `limit` codes that expired before `before`, the oldest first.
pub async fn delete_expired(conn: &mut Conn, before: Timestamp, limit: u32) -> QueryResult<usize> {
    diesel::sql_query("DELETE FROM one_time_codes WHERE expires_at < ? ORDER BY expires_at LIMIT ?")
        .bind::<diesel::sql_types::Datetime, _>(before)
        .bind::<diesel::sql_types::Unsigned<diesel::sql_types::Integer>, _>(limit)
        .prepared()
        .execute(conn)
        .await
}
