//! Keys of people, encrypted.

use diesel::{mysql::Mysql, prelude::*};
use diesel_async::RunQueryDsl;

use super::{
    query_parts::{Shared, among},
    schema::{person_keys, users},
};
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{Timestamp, UserId};

/// The key of a person.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = person_keys, check_for_backend(Mysql))]
pub struct StoredKey {
    /// Whose.
    pub user_id: UserId,
    /// The signing key from which the key that encrypts it is derived.
    pub key_id: String,
    /// The key, encrypted.
    pub sealed_key: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// The keys of these people that exist, in no order.
pub async fn of(conn: &mut Conn, people: &[UserId]) -> QueryResult<Vec<StoredKey>> {
    if people.is_empty() {
        return Ok(Vec::new());
    }
    let found = person_keys::table.filter(among(person_keys::user_id, people.iter().copied()));
    found.select(StoredKey::as_select()).load(conn).await
}

/// The key of a person, locked until the transaction ends.
pub async fn lock(tx: &mut Conn, person: UserId) -> QueryResult<Option<StoredKey>> {
    person_keys::table.find(person).select(StoredKey::as_select()).for_update().first(tx).await.optional()
}

/// Whether the account of a person is open: it exists and was not deleted. It is shared until the transaction ends, so that it cannot be
/// erased meanwhile.
pub async fn share_open(tx: &mut Conn, person: UserId) -> QueryResult<bool> {
    let query = users::table.find(person).select(users::deleted_at.is_null());
    let is_open: Option<bool> = Shared { query, locks: true }.get_result(tx).await.optional()?;
    Ok(is_open.unwrap_or_default())
}

/// Writes the key of a person, unless there is one.
pub async fn insert(tx: &mut Conn, key: &StoredKey) -> QueryResult<usize> {
    diesel::insert_or_ignore_into(person_keys::table).values(key).prepared().execute(tx).await
}

/// Replaces the encrypted key of a person, which is locked.
pub async fn replace(tx: &mut Conn, person: UserId, key_id: &str, sealed_key: &[u8]) -> QueryResult<usize> {
    diesel::update(person_keys::table.find(person))
        .set((person_keys::key_id.eq(key_id), person_keys::sealed_key.eq(sealed_key)))
        .prepared()
        .execute(tx)
        .await
}

/// Deletes the key of a person: everything that it encrypts is erased.
pub async fn delete(tx: &mut Conn, person: UserId) -> QueryResult<usize> {
    diesel::delete(person_keys::table.find(person)).prepared().execute(tx).await
}

/// At most `limit` people on each side whose key was encrypted with another key than `key_id`.
pub async fn of_other_keys(conn: &mut Conn, key_id: &str, limit: i64) -> QueryResult<Vec<UserId>> {
    let people = || person_keys::table.select(person_keys::user_id).order(person_keys::key_id).limit(limit);
    let mut found: Vec<UserId> = people().filter(person_keys::key_id.lt(key_id)).load(conn).await?;
    found.extend(people().filter(person_keys::key_id.gt(key_id)).load::<UserId>(conn).await?);
    Ok(found)
}
