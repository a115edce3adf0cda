//! Passkeys: at most [`MAX_PASSKEYS`] of an account.

use diesel::{
    mysql::Mysql,
    prelude::*,
    result::{DatabaseErrorKind, Error::DatabaseError},
};
use diesel_async::RunQueryDsl;

use super::schema::passkeys;
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{PasskeyId, Timestamp, UserId};

/// The most passkeys of an account.
pub const MAX_PASSKEYS: usize = 20;

/// A passkey.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = passkeys, check_for_backend(Mysql))]
pub struct Passkey {
    /// The passkey.
    pub id: PasskeyId,
    /// Whose it is.
    pub user_id: UserId,
    /// The hash of `credential_id`.
    pub credential_hash: Vec<u8>,
    /// The ID that its authenticator gave it.
    pub credential_id: Vec<u8>,
    /// The public key, a COSE key.
    pub public_key: Vec<u8>,
    /// How often it had signed when it was last used; 0: its authenticator does not count.
    pub sign_count: u32,
    /// Whether it may be copied to other devices.
    pub is_backup_eligible: bool,
    /// How browsers reach its authenticator, separated by commas.
    pub transports: String,
    /// The name that its owner gave it.
    pub name: String,
    /// When it was added.
    pub created_at: Timestamp,
    /// When somebody last signed in, or proved who they are, with it.
    pub last_used_at: Option<Timestamp>,
}

/// The passkeys of an account, the earliest first.
pub async fn of_user(conn: &mut Conn, user: UserId) -> QueryResult<Vec<Passkey>> {
    passkeys::table
        .filter(passkeys::user_id.eq(user))
        .order((passkeys::created_at, passkeys::id))
        .select(Passkey::as_select())
        .load(conn)
        .await
}

/// Whether the account has a passkey.
pub async fn exist(conn: &mut Conn, user: UserId) -> QueryResult<bool> {
    let one = passkeys::table.filter(passkeys::user_id.eq(user)).select(passkeys::id).limit(1);
    Ok(one.first::<PasskeyId>(conn).await.optional()?.is_some())
}

/// The passkey with this credential.
pub async fn by_credential(conn: &mut Conn, credential_hash: &[u8; 32]) -> QueryResult<Option<Passkey>> {
    let found = passkeys::table.filter(passkeys::credential_hash.eq(credential_hash.as_slice()));
    found.select(Passkey::as_select()).first(conn).await.optional()
}

/// The passkey with this ID, if it is the account's, locked until the transaction ends.
pub async fn lock(tx: &mut Conn, user: UserId, id: PasskeyId) -> QueryResult<Option<Passkey>> {
    let own = passkeys::table.find(id).filter(passkeys::user_id.eq(user));
    own.select(Passkey::as_select()).for_update().first(tx).await.optional()
}

/// Writes a passkey; false when there is one with its credential, of whatever account.
pub async fn insert(tx: &mut Conn, passkey: &Passkey) -> QueryResult<bool> {
    match diesel::insert_into(passkeys::table).values(passkey).prepared().execute(tx).await {
        Ok(_) => Ok(true),
        Err(DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => Ok(false),
        Err(other) => Err(other),
    }
}

/// Records that a passkey, which is locked, was used.
pub async fn record_use(tx: &mut Conn, id: PasskeyId, sign_count: u32, now: Timestamp) -> QueryResult<usize> {
    diesel::update(passkeys::table.find(id))
        .set((passkeys::sign_count.eq(sign_count), passkeys::last_used_at.eq(now)))
        .prepared()
        .execute(tx)
        .await
}

/// Renames a passkey, which is locked.
pub async fn rename(tx: &mut Conn, id: PasskeyId, name: &str) -> QueryResult<usize> {
    diesel::update(passkeys::table.find(id)).set(passkeys::name.eq(name)).prepared().execute(tx).await
}

/// Deletes a passkey.
pub async fn delete(tx: &mut Conn, id: PasskeyId) -> QueryResult<usize> {
    diesel::delete(passkeys::table.find(id)).prepared().execute(tx).await
}

/// Deletes the passkeys of an account.
pub async fn delete_all(tx: &mut Conn, user: UserId) -> QueryResult<usize> {
    diesel::delete(passkeys::table.filter(passkeys::user_id.eq(user))).prepared().execute(tx).await
}
