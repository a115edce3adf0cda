//! Rate limits of attempts, by the generic cell rate algorithm. A row stores one instant: until when the attempts so far are spent. Each
//! attempt moves it by one step, so nothing is counted and there are no windows. A single statement
//! decides, so that concurrent attempts, on any server, are counted one by one. Attempts that count even when they fail are taken outside a
//! transaction.

use diesel::{prelude::*, sql_types};
use diesel_async::RunQueryDsl;

use super::schema::limits;
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{Rule, Timestamp};

/// The most rows that one sweep deletes.
const BATCH: i64 = 1_000;
/// How often a new row can vanish or appear while it is read.
const RACES: usize = 8;

/// Takes one attempt from `bucket`; if none is left, takes none and returns when the next one is available.
pub async fn take(conn: &mut Conn, bucket: &[u8; 32], rule: &Rule, now: Timestamp) -> QueryResult<Option<Timestamp>> {
    let first = now + rule.step();
    let latest = now + (rule.span() - rule.step());
    for _ in 0..RACES {
        let taken = diesel::sql_query(
            "UPDATE limits SET used_until = GREATEST(used_until, ?) + ? WHERE bucket = ? AND used_until <= ?",
        )
        .bind::<sql_types::BigInt, _>(now.unix_micros())
        .bind::<sql_types::BigInt, _>(micros(rule.step()))
        .bind::<sql_types::Binary, _>(bucket.as_slice())
        .bind::<sql_types::BigInt, _>(latest.unix_micros());
        if taken.prepared().execute(conn).await? > 0 || begin(conn, bucket, first).await? {
            return Ok(None);
        }
        if let Some(open_at) = open_at(conn, bucket, rule, now).await? {
            return Ok(Some(open_at));
        }
    }
    Ok(Some(first))
}

/// Takes one attempt from each of two buckets, in one statement if both have been used before. If one has none left, returns its number and
/// when it has one; the caller rolls back.
pub async fn take_both(
    tx: &mut Conn,
    both: [(&[u8; 32], &Rule); 2],
    now: Timestamp,
) -> QueryResult<Option<(usize, Timestamp)>> {
    let [(bucket, rule), (other, other_rule)] = both;
    let latest = |rule: &Rule| (now + (rule.span() - rule.step())).unix_micros();
    // Both or none.
    let taken = diesel::sql_query(
        "UPDATE limits a, limits b \
         SET a.used_until = GREATEST(a.used_until, ?) + ?, b.used_until = GREATEST(b.used_until, ?) + ? \
         WHERE a.bucket = ? AND a.used_until <= ? AND b.bucket = ? AND b.used_until <= ?",
    )
    .bind::<sql_types::BigInt, _>(now.unix_micros())
    .bind::<sql_types::BigInt, _>(micros(rule.step()))
    .bind::<sql_types::BigInt, _>(now.unix_micros())
    .bind::<sql_types::BigInt, _>(micros(other_rule.step()))
    .bind::<sql_types::Binary, _>(bucket.as_slice())
    .bind::<sql_types::BigInt, _>(latest(rule))
    .bind::<sql_types::Binary, _>(other.as_slice())
    .bind::<sql_types::BigInt, _>(latest(other_rule));
    if taken.prepared().execute(tx).await? > 0 {
        return Ok(None);
    }
    for (number, (bucket, rule)) in both.into_iter().enumerate() {
        if let Some(open_at) = take(tx, bucket, rule, now).await? {
            return Ok(Some((number, open_at)));
        }
    }
    Ok(None)
}

/// When the next attempt of `bucket` can be taken, if not now.
pub async fn open_at(
    conn: &mut Conn,
    bucket: &[u8; 32],
    rule: &Rule,
    now: Timestamp,
) -> QueryResult<Option<Timestamp>> {
    let Some(used_until) = find(conn, bucket).await? else { return Ok(None) };
    let latest = now + (rule.span() - rule.step());
    let open_at = now + chrono::Duration::microseconds(used_until - latest.unix_micros());
    Ok((open_at > now).then_some(open_at))
}

/// Takes one attempt from `bucket` even if none is left, up to `most` ahead of the rule, and returns how far ahead it is.
pub async fn push(
    conn: &mut Conn,
    bucket: &[u8; 32],
    rule: &Rule,
    most: chrono::Duration,
    now: Timestamp,
) -> QueryResult<chrono::Duration> {
    let (step, edge) = (rule.step(), now + rule.span());
    diesel::sql_query(
        "INSERT INTO limits (bucket, used_until) VALUES (?, ?) ON DUPLICATE KEY UPDATE used_until = \
         LEAST(GREATEST(used_until, ?) + ?, ?)",
    )
    .bind::<sql_types::Binary, _>(bucket.as_slice())
    .bind::<sql_types::BigInt, _>((now + step).unix_micros())
    .bind::<sql_types::BigInt, _>(now.unix_micros())
    .bind::<sql_types::BigInt, _>(micros(step))
    .bind::<sql_types::BigInt, _>((edge + most).unix_micros())
    .prepared()
    .execute(conn)
    .await?;
    let used_until = find(conn, bucket).await?.unwrap_or_else(|| now.unix_micros());
    Ok(chrono::Duration::microseconds((used_until - edge.unix_micros()).max(0)).min(most))
}

/// Takes the first attempt of `bucket`; false when it was not the first.
async fn begin(conn: &mut Conn, bucket: &[u8; 32], used_until: Timestamp) -> QueryResult<bool> {
    let row = (limits::bucket.eq(bucket.as_slice()), limits::used_until.eq(used_until.unix_micros()));
    Ok(diesel::insert_or_ignore_into(limits::table).values(row).prepared().execute(conn).await? > 0)
}

async fn find(conn: &mut Conn, bucket: &[u8; 32]) -> QueryResult<Option<i64>> {
    limits::table.find(bucket.as_slice()).select(limits::used_until).first(conn).await.optional()
}

/// Returns one attempt to `bucket`: it was legitimate.
pub async fn return_one(conn: &mut Conn, bucket: &[u8; 32], rule: &Rule) -> QueryResult<usize> {
    diesel::update(limits::table.find(bucket.as_slice()))
        .set(limits::used_until.eq(limits::used_until - micros(rule.step())))
        .prepared()
        .execute(conn)
        .await
}

/// Returns all attempts to `bucket`.
pub async fn return_all(conn: &mut Conn, bucket: &[u8; 32]) -> QueryResult<usize> {
    diesel::delete(limits::table.find(bucket.as_slice())).execute(conn).await
}

/// Deletes some of the rows whose attempts are all available again.
pub async fn sweep(conn: &mut Conn, now: Timestamp) -> QueryResult<usize> {
    diesel::sql_query("DELETE FROM limits WHERE used_until <= ? LIMIT ?")
        .bind::<sql_types::BigInt, _>(now.unix_micros())
        .bind::<sql_types::BigInt, _>(BATCH)
        .prepared()
        .execute(conn)
        .await
}

fn micros(time: chrono::Duration) -> i64 {
    time.num_microseconds().unwrap_or(i64::MAX)
}
