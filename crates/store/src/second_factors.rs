//! Second factors: the secret that an account shares with an authenticator app, and its recovery codes.

use diesel::{mysql::Mysql, prelude::*, sql_types};
use diesel_async::RunQueryDsl;

use super::schema::{recovery_codes, second_factors};
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{Timestamp, UserId};

/// The second factor of an account.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = second_factors, check_for_backend(Mysql))]
pub struct SecondFactor {
    /// The account.
    pub user_id: UserId,
    /// The signing key from which the key of the secret is derived.
    pub key_id: String,
    /// The secret, encrypted.
    pub sealed_secret: Vec<u8>,
    /// The time step of the last code that was used; 0 before the first.
    pub last_step: u64,
    /// When the secret was made.
    pub created_at: Timestamp,
    /// When it was turned on; None before the first code is typed.
    pub enabled_at: Option<Timestamp>,
}

/// What its owner sees of a second factor that is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, QueryableByName)]
pub struct OwnSecondFactor {
    /// When it was turned on.
    #[diesel(sql_type = sql_types::Datetime)]
    pub enabled_at: Timestamp,
    /// How many recovery codes were not used yet.
    #[diesel(sql_type = sql_types::BigInt)]
    pub recovery_codes_left: i64,
}

/// Whether the account has a second factor that is on.
pub async fn is_on(conn: &mut Conn, user: UserId) -> QueryResult<bool> {
    let enabled_at = second_factors::table.find(user).select(second_factors::enabled_at.is_not_null());
    Ok(enabled_at.first(conn).await.optional()?.unwrap_or_default())
}

/// The second factor that is on, as its owner sees it.
pub async fn own(conn: &mut Conn, user: UserId) -> QueryResult<Option<OwnSecondFactor>> {
    diesel::sql_query(
        "SELECT enabled_at, (SELECT COUNT(*) FROM recovery_codes WHERE recovery_codes.user_id = second_factors.user_id \
         AND used_at IS NULL) AS recovery_codes_left FROM second_factors WHERE user_id = ? AND enabled_at IS NOT NULL",
    )
    .bind::<sql_types::Binary, _>(user)
    .get_result(conn)
    .await
    .optional()
}

/// The account's second factor, on or not, locked until the transaction ends.
pub async fn lock(tx: &mut Conn, user: UserId) -> QueryResult<Option<SecondFactor>> {
    second_factors::table.find(user).select(SecondFactor::as_select()).for_update().first(tx).await.optional()
}

/// Writes a second factor in place of one that was not turned on.
pub async fn replace(tx: &mut Conn, factor: &SecondFactor) -> QueryResult<()> {
    diesel::replace_into(second_factors::table).values(factor).prepared().execute(tx).await?;
    Ok(())
}

/// Turns a second factor on.
pub async fn enable(tx: &mut Conn, user: UserId, now: Timestamp) -> QueryResult<usize> {
    diesel::update(second_factors::table.find(user))
        .set(second_factors::enabled_at.eq(now))
        .prepared()
        .execute(tx)
        .await
}

/// Uses the code of a time step; false when it, or that of a later step, was used before.
pub async fn use_step(tx: &mut Conn, user: UserId, step: u64) -> QueryResult<bool> {
    let unused = second_factors::table.find(user).filter(second_factors::last_step.lt(step));
    Ok(diesel::update(unused).set(second_factors::last_step.eq(step)).prepared().execute(tx).await? > 0)
}

/// Removes the second factor of an account, with its recovery codes.
pub async fn delete(tx: &mut Conn, user: UserId) -> QueryResult<()> {
    diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(user))).prepared().execute(tx).await?;
    diesel::delete(second_factors::table.find(user)).prepared().execute(tx).await?;
    Ok(())
}

/// Writes recovery codes, by their hashes, in place of all earlier ones.
pub async fn replace_recovery_codes(tx: &mut Conn, user: UserId, hashes: &[[u8; 32]]) -> QueryResult<()> {
    diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(user))).prepared().execute(tx).await?;
    let row = |hash: &[u8; 32]| (recovery_codes::user_id.eq(user), recovery_codes::code_hash.eq(hash.to_vec()));
    let rows: Vec<_> = hashes.iter().map(row).collect();
    diesel::insert_into(recovery_codes::table).values(rows).execute(tx).await?;
    Ok(())
}

/// Uses a recovery code; false when there is none with this hash, or it was used before.
pub async fn use_recovery_code(tx: &mut Conn, user: UserId, hash: &[u8; 32], now: Timestamp) -> QueryResult<bool> {
    let unused = recovery_codes::table.find((user, hash.as_slice())).filter(recovery_codes::used_at.is_null());
    Ok(diesel::update(unused).set(recovery_codes::used_at.eq(now)).prepared().execute(tx).await? > 0)
}

/// Deletes at most `limit` second factors that were begun before `before` and never turned on.
pub async fn delete_abandoned(conn: &mut Conn, before: Timestamp, limit: u32) -> QueryResult<usize> {
    diesel::sql_query("DELETE FROM second_factors WHERE enabled_at IS NULL AND created_at < ? LIMIT ?")
        .bind::<sql_types::Datetime, _>(before)
        .bind::<sql_types::Unsigned<sql_types::Integer>, _>(limit)
        .prepared()
        .execute(conn)
        .await
}

/// At most `limit` accounts on each side whose secret was encrypted with another key than `key_id`.
pub async fn of_other_keys(conn: &mut Conn, key_id: &str, limit: i64) -> QueryResult<Vec<UserId>> {
    let users = || second_factors::table.select(second_factors::user_id).order(second_factors::key_id).limit(limit);
    let mut found: Vec<UserId> = users().filter(second_factors::key_id.lt(key_id)).load(conn).await?;
    found.extend(users().filter(second_factors::key_id.gt(key_id)).load::<UserId>(conn).await?);
    Ok(found)
}

/// Replaces the encrypted secret of an account, which is locked.
pub async fn set_secret(tx: &mut Conn, user: UserId, key_id: &str, sealed_secret: &[u8]) -> QueryResult<usize> {
    diesel::update(second_factors::table.find(user))
        .set((second_factors::key_id.eq(key_id), second_factors::sealed_secret.eq(sealed_secret)))
        .prepared()
        .execute(tx)
        .await
}
