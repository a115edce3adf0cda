//! Rate limits of what can be guessed or hoarded. One mechanism for all: a rule (see [`crate::app::AttemptLimits`]) and a key, which
//! identifies what is counted. Attempts are counted in the database, before they succeed or fail, and one by one, even if many are in one
//! request or on many servers.

use chrono::Duration;
use sha2::{Digest, Sha256};

use crate::app::App;
use mysql_engine::Conn;
use telemetry::logs;
use types::{
    Penalty, Rule, Timestamp,
    error::{Error, Refusal, Result, TooManyAttempts},
};

/// The bucket of a key: its parts, hashed with the name of the rule.
fn bucket(rule: &Rule, key: &[&[u8]]) -> [u8; 32] {
    let mut digest = Sha256::new().chain_update(rule.name);
    for part in key {
        // The lengths distinguish ("ab", "c") from ("a", "bc").
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

/// Counts one attempt, and waits if the rule delays it. Holds no connection while it waits.
///
/// # Errors
/// [`Refusal::TooManyAttempts`] when the limit is exceeded; the attempt is then not counted.
pub async fn attempt(app: &App, rule: &Rule, key: &[&[u8]]) -> Result<()> {
    if rule.is_unlimited() {
        return Ok(());
    }
    match rule.penalty {
        Penalty::Refuse => {
            let now = app.now();
            app.database.without_last_step().write(async |conn| take(conn, rule, key, now).await).await
        }
        Penalty::Delay(most) => {
            let (now, bucket) = (app.now(), bucket(rule, key));
            let push =
                async |conn: &mut Conn| Ok::<_, Error>(store::limits::push(conn, &bucket, rule, most, now).await?);
            let delay = app.database.without_last_step().write(push).await?;
            if delay > Duration::zero() {
                let millis = delay.num_milliseconds();
                tracing::info!(target: logs::SECURITY, event = "attempt_delayed", rule = rule.name, millis, "too many attempts");
                let _delayed = app.delays.enter(bucket).ok_or_else(|| too_many(rule, most))?;
                app.clock.sleep(delay).await;
            }
            Ok(())
        }
    }
}

/// Counts one attempt, for a rule that refuses rather than delays, on an existing connection.
///
/// # Errors
/// As [`attempt`].
pub async fn take(conn: &mut Conn, rule: &Rule, key: &[&[u8]], now: Timestamp) -> Result<()> {
    if rule.is_unlimited() {
        return Ok(());
    }
    match store::limits::take(conn, &bucket(rule, key), rule, now).await? {
        None => Ok(()),
        Some(open_at) => Err(too_many(rule, open_at - now)),
    }
}

/// As [`take`], for two keys at once. After an error the caller rolls back, so that neither has counted it.
///
/// # Errors
/// As [`attempt`].
pub async fn take_both(tx: &mut Conn, both: [(&Rule, &[u8]); 2], now: Timestamp) -> Result<()> {
    let [(rule, key), (other, other_key)] = both;
    if rule.is_unlimited() || other.is_unlimited() {
        take(tx, rule, &[key], now).await?;
        return take(tx, other, &[other_key], now).await;
    }
    let (bucket, other_bucket) = (bucket(rule, &[key]), bucket(other, &[other_key]));
    match store::limits::take_both(tx, [(&bucket, rule), (&other_bucket, other)], now).await? {
        None => Ok(()),
        Some((number, open_at)) => Err(too_many(both[number].0, open_at - now)),
    }
}

fn too_many(rule: &Rule, wait: Duration) -> Error {
    tracing::warn!(target: logs::SECURITY, event = "attempt_refused", rule = rule.name, "too many attempts");
    // Rounded up, so that clients do not retry too early.
    let seconds = (wait + Duration::microseconds(999_999)).num_seconds().clamp(1, i64::from(i32::MAX));
    let retry_after_seconds = types::int(seconds);
    Refusal::TooManyAttempts(TooManyAttempts { retry_after_seconds }).into()
}

/// Returns all attempts: they were legitimate.
///
/// # Errors
/// When the database fails.
pub async fn return_all(conn: &mut Conn, rule: &Rule, key: &[&[u8]]) -> Result<()> {
    if !rule.is_unlimited() {
        store::limits::return_all(conn, &bucket(rule, key)).await?;
    }
    Ok(())
}

/// Returns one attempt: it was legitimate.
///
/// # Errors
/// When the database fails.
pub async fn return_one(conn: &mut Conn, rule: &Rule, key: &[&[u8]]) -> Result<()> {
    if !rule.is_unlimited() {
        store::limits::return_one(conn, &bucket(rule, key), rule).await?;
    }
    Ok(())
}

/// Deletes expired counters.
///
/// # Errors
/// When the database fails.
pub async fn sweep(app: &App) -> Result<()> {
    let now = app.now();
    app.database
        .write(async |conn| {
            store::limits::sweep(conn, now).await?;
            Ok(())
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_keys_and_rules_are_counted_separately() {
        let rule = |name| Rule::refusing(name, 1, Duration::seconds(1));
        assert_eq!(bucket(&rule("a"), &[b"x"]), bucket(&rule("a"), &[b"x"]));
        assert_ne!(bucket(&rule("a"), &[b"x"]), bucket(&rule("b"), &[b"x"]));
        assert_ne!(bucket(&rule("a"), &[b"ab", b"c"]), bucket(&rule("a"), &[b"a", b"bc"]));
        assert_ne!(bucket(&rule("a"), &[b"ab"]), bucket(&rule("a"), &[b"ab", b""]));
    }

    #[test]
    fn the_seconds_to_wait_are_rounded_up() {
        let seconds =
            |millis| match too_many(&Rule::refusing("a", 1, Duration::seconds(1)), Duration::milliseconds(millis)) {
                Error::Refused(Refusal::TooManyAttempts(problem)) => problem.retry_after_seconds,
                other => panic!("{other:?}"),
            };
        assert_eq!([seconds(0), seconds(1), seconds(1_000), seconds(1_001)], [1, 1, 1, 2]);
    }
}
