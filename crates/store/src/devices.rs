//! Devices that have signed in to an account before.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{query_parts::among, schema::devices};
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{Timestamp, UserId};

/// Whether `user` has signed in from the device before, and not too long ago.
pub async fn is_known(conn: &mut Conn, token_hash: &[u8; 32], user: UserId, now: Timestamp) -> QueryResult<bool> {
    let known = devices::table
        .find(token_hash.as_slice())
        .filter(devices::user_id.eq(user))
        .filter(devices::expires_at.gt(now))
        .select(devices::user_id);
    Ok(known.first::<UserId>(conn).await.optional()?.is_some())
}

/// Records that `user` signs in from the device. Beyond `most` devices, the least recently used are forgotten.
pub async fn remember(
    tx: &mut Conn,
    token_hash: &[u8; 32],
    user: UserId,
    now: Timestamp,
    expires_at: Timestamp,
    most: i64,
) -> QueryResult<()> {
    let row = (
        devices::token_hash.eq(token_hash.as_slice()),
        devices::user_id.eq(user),
        devices::created_at.eq(now),
        devices::used_at.eq(now),
        devices::expires_at.eq(expires_at),
    );
    diesel::insert_into(devices::table)
        .values(row)
        .on_conflict(diesel::dsl::DuplicatedKeys)
        .do_update()
        .set((devices::used_at.eq(now), devices::expires_at.eq(expires_at)))
        .prepared()
        .execute(tx)
        .await?;
    let own = devices::table.filter(devices::user_id.eq(user));
    let surplus = own.order(devices::used_at.desc()).offset(most).select(devices::used_at);
    if let Some(used_at) = surplus.first::<Timestamp>(tx).await.optional()? {
        let others = own.filter(devices::used_at.le(used_at)).filter(devices::token_hash.ne(token_hash.as_slice()));
        diesel::delete(others).execute(tx).await?;
    }
    Ok(())
}

/// Forgets devices of an account, by the hashes of their tokens.
pub async fn forget(tx: &mut Conn, user: UserId, token_hashes: &[Vec<u8>]) -> QueryResult<usize> {
    let hashes = token_hashes.iter().map(Vec::as_slice);
    let those = devices::table.filter(among(devices::token_hash, hashes)).filter(devices::user_id.eq(user));
    diesel::delete(those).execute(tx).await
}

/// Forgets all devices of an account.
pub async fn forget_all(tx: &mut Conn, user: UserId) -> QueryResult<usize> {
    diesel::delete(devices::table.filter(devices::user_id.eq(user))).execute(tx).await
}

/// Deletes some of the expired devices.
pub async fn sweep(conn: &mut Conn, now: Timestamp) -> QueryResult<usize> {
    diesel::sql_query("DELETE FROM devices WHERE expires_at <= ? LIMIT 1000")
        .bind::<diesel::sql_types::Datetime, _>(now)
        .prepared()
        .execute(conn)
        .await
}
