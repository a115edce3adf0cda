//! Responses stored by idempotency key, written in the transaction of the change itself.

use diesel::{prelude::*, result::DatabaseErrorKind, sql_types};
use diesel_async::RunQueryDsl;

use super::schema::idempotency_keys;
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{IdempotencyKey, Timestamp, UserId};

/// One request of one viewer.
#[derive(Debug, Clone, Copy)]
pub struct IdempotentRequest<'a> {
    /// Whose.
    pub user: UserId,
    /// Which mutation.
    pub operation: &'static str,
    /// The idempotency key, chosen by the client.
    pub key: &'a IdempotencyKey,
    /// SHA-256 of the input.
    pub input_hash: [u8; 32],
}

/// A stored response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredResponse {
    /// SHA-256 of the input of the request.
    pub input_hash: Vec<u8>,
    /// JSON.
    pub answer: String,
}

/// The stored response to this request, if any.
pub async fn find(
    conn: &mut Conn,
    user: UserId,
    operation: &str,
    key: &IdempotencyKey,
) -> QueryResult<Option<StoredResponse>> {
    let row: Option<(Vec<u8>, String)> = idempotency_keys::table
        .find((user, operation, key.as_str()))
        .select((idempotency_keys::input_hash, idempotency_keys::answer))
        .first(conn)
        .await
        .optional()?;
    Ok(row.map(|(input_hash, answer)| StoredResponse { input_hash, answer }))
}

/// Claims the key, with its response. Of two concurrent requests with one key, the second waits here for the first, and gets `false`.
pub async fn claim(tx: &mut Conn, request: &IdempotentRequest<'_>, answer: &str, now: Timestamp) -> QueryResult<bool> {
    let row = (
        idempotency_keys::user_id.eq(request.user),
        idempotency_keys::operation.eq(request.operation),
        idempotency_keys::idempotency_key.eq(request.key.as_str()),
        idempotency_keys::input_hash.eq(request.input_hash.as_slice()),
        idempotency_keys::answer.eq(answer),
        idempotency_keys::created_at.eq(now),
    );
    match diesel::insert_into(idempotency_keys::table).values(row).prepared().execute(tx).await {
        Ok(_) => Ok(true),
        Err(diesel::result::Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Stores the response under a key that this transaction has claimed.
pub async fn store(tx: &mut Conn, request: &IdempotentRequest<'_>, answer: &str) -> QueryResult<usize> {
    diesel::update(idempotency_keys::table.find((request.user, request.operation, request.key.as_str())))
        .set(idempotency_keys::answer.eq(answer))
        .prepared()
        .execute(tx)
        .await
}

/// Deletes at most `limit` responses that were stored before `before`, the oldest first.
pub async fn delete_older(conn: &mut Conn, before: Timestamp, limit: u32) -> QueryResult<usize> {
    diesel::sql_query("DELETE FROM idempotency_keys WHERE created_at < ? ORDER BY created_at LIMIT ?")
        .bind::<sql_types::Datetime, _>(before)
        .bind::<sql_types::Unsigned<sql_types::Integer>, _>(limit)
        .prepared()
        .execute(conn)
        .await
}
