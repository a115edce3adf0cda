//! The outbox: effects on the outside world, written in the transaction that decides them, performed afterwards by the server that leases
//! them.

use diesel::{mysql::Mysql, prelude::*, sql_types};
use diesel_async::RunQueryDsl;

use super::{query_parts::among, schema::outbox};
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{EffectKind, EffectState, ObjectId, PaymentStatus, Timestamp};

/// An effect.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = outbox, check_for_backend(diesel::mysql::Mysql))]
pub struct Effect {
    /// What it is about: a payment or a refund.
    pub object_id: ObjectId,
    /// The action.
    pub kind: EffectKind,
    /// Which effect of this kind on this object it is, from 1.
    pub generation: u32,
    /// What it belongs to: a booking.
    pub group_id: ObjectId,
    /// The request to the provider, as it was decided: JSON.
    pub payload: String,
    /// How often it was leased.
    pub attempts: u32,
    /// When it was decided.
    pub created_at: Timestamp,
}

/// An effect to write.
#[derive(Debug, Clone, Copy)]
pub struct NewEffect<'a> {
    /// What it is about.
    pub object_id: ObjectId,
    /// The action.
    pub kind: EffectKind,
    /// What it belongs to.
    pub group_id: ObjectId,
    /// JSON.
    pub payload: &'a str,
}

/// Writes an effect that is due at once, leased until `leased_until` if the caller performs it. If the action was performed before, this is
/// another effect; the caller has locked the object, so that none is pending.
pub async fn order(
    tx: &mut Conn,
    new: &NewEffect<'_>,
    leased_until: Option<Timestamp>,
    now: Timestamp,
) -> QueryResult<usize> {
    diesel::sql_query(
        "INSERT INTO outbox (object_id, kind, generation, group_id, payload, state, attempts, due_at, leased_until, created_at, \
         updated_at) VALUES (?, ?, 1, ?, ?, 'PENDING', ?, ?, ?, ?, ?) ON DUPLICATE KEY UPDATE generation = generation + 1, \
         payload = VALUES(payload), state = 'PENDING', attempts = VALUES(attempts), due_at = VALUES(due_at), \
         leased_until = VALUES(leased_until), error = NULL, created_at = VALUES(created_at), updated_at = VALUES(updated_at)",
    )
    .bind::<sql_types::Binary, _>(new.object_id)
    .bind::<sql_types::Text, _>(new.kind)
    .bind::<sql_types::Binary, _>(new.group_id)
    .bind::<sql_types::Text, _>(new.payload)
    .bind::<sql_types::Unsigned<sql_types::Integer>, _>(u32::from(leased_until.is_some()))
    .bind::<sql_types::Datetime, _>(leased_until.unwrap_or(now))
    .bind::<sql_types::Nullable<sql_types::Datetime>, _>(leased_until)
    .bind::<sql_types::Datetime, _>(now)
    .bind::<sql_types::Datetime, _>(now)
    .prepared()
    .execute(tx)
    .await
}

/// The stored request of the latest effect of a kind on an object.
pub async fn payload(conn: &mut Conn, object: ObjectId, kind: EffectKind) -> QueryResult<Option<String>> {
    outbox::table.find((object, kind)).select(outbox::payload).first(conn).await.optional()
}

/// Writes an effect that voids each payment of a booking that is being voided and has none pending.
pub(super) async fn order_voids(tx: &mut Conn, booking: ObjectId, now: Timestamp) -> QueryResult<usize> {
    diesel::sql_query(
        "INSERT INTO outbox (object_id, kind, generation, group_id, payload, state, attempts, due_at, created_at, updated_at) \
         SELECT id, ?, 1, booking_id, '{}', 'PENDING', 0, ?, ?, ? FROM payments WHERE booking_id = ? AND status = ? \
         ON DUPLICATE KEY UPDATE generation = generation + IF(state = 'PENDING', 0, 1), \
         attempts = IF(state = 'PENDING', attempts, 0), state = 'PENDING', outbox.updated_at = VALUES(updated_at)",
    )
    .bind::<sql_types::Text, _>(EffectKind::VoidPayment)
    .bind::<sql_types::Datetime, _>(now)
    .bind::<sql_types::Datetime, _>(now)
    .bind::<sql_types::Datetime, _>(now)
    .bind::<sql_types::Binary, _>(booking)
    .bind::<sql_types::Text, _>(PaymentStatus::Voiding)
    .prepared()
    .execute(tx)
    .await
}

/// Which effects to lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Selection {
    /// Those of a kind that are due, the longest first.
    Due(EffectKind),
    /// Those of a group, due or not.
    Group(ObjectId),
    /// This one, due or not.
    One(ObjectId, EffectKind),
    /// This one, even if another server has leased it: that server may be dead.
    Taken(ObjectId, EffectKind),
}

/// Leases at most `limit` of the selected effects until `until`: no other server gets them before. Skips effects that another transaction
/// is leasing at this moment.
pub async fn lease(
    tx: &mut Conn,
    wanted: Selection,
    limit: i64,
    until: Timestamp,
    now: Timestamp,
) -> QueryResult<Vec<Effect>> {
    let pending = outbox::table
        .filter(outbox::state.eq(EffectState::Pending))
        .order(outbox::due_at)
        .limit(limit)
        .select(Effect::as_select())
        .for_update()
        .skip_locked();
    let is_free = outbox::leased_until.is_null().or(outbox::leased_until.le(now));
    let mut leased: Vec<Effect> = match wanted {
        Selection::Due(kind) => pending.filter(outbox::kind.eq(kind)).filter(outbox::due_at.le(now)).load(tx).await?,
        Selection::Group(group) => pending.filter(outbox::group_id.eq(group)).filter(is_free).load(tx).await?,
        Selection::One(object, kind) => {
            let one = pending.filter(outbox::object_id.eq(object)).filter(outbox::kind.eq(kind));
            one.filter(is_free).load(tx).await?
        }
        Selection::Taken(object, kind) => {
            pending.filter(outbox::object_id.eq(object)).filter(outbox::kind.eq(kind)).load(tx).await?
        }
    };
    if leased.is_empty() {
        return Ok(leased);
    }
    // A list of pairs would be compared with every row.
    let keys = vec!["(object_id = ? AND kind = ?)"; leased.len()].join(" OR ");
    let mut update = diesel::sql_query(format!(
        "UPDATE outbox SET attempts = attempts + 1, due_at = ?, leased_until = ?, updated_at = ? WHERE {keys}"
    ))
    .into_boxed::<Mysql>()
    .bind::<sql_types::Datetime, _>(until)
    .bind::<sql_types::Datetime, _>(until)
    .bind::<sql_types::Datetime, _>(now);
    for effect in &mut leased {
        effect.attempts += 1;
        update = update.bind::<sql_types::Binary, _>(effect.object_id).bind::<sql_types::Text, _>(effect.kind);
    }
    update.prepared().execute(tx).await?;
    Ok(leased)
}

/// Whether an effect of a kind is due. Locks nothing.
pub async fn is_due(conn: &mut Conn, kind: EffectKind, now: Timestamp) -> QueryResult<bool> {
    let due = outbox::table
        .filter(outbox::state.eq(EffectState::Pending))
        .filter(outbox::kind.eq(kind))
        .filter(outbox::due_at.le(now));
    let first: Option<ObjectId> = due.select(outbox::object_id).first(conn).await.optional()?;
    Ok(first.is_some())
}

/// The effect.
pub async fn find(conn: &mut Conn, object: ObjectId, kind: EffectKind) -> QueryResult<Option<(Effect, EffectState)>> {
    let found = outbox::table.find((object, kind)).select((Effect::as_select(), outbox::state));
    found.first(conn).await.optional()
}

/// The result of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending<'a> {
    /// It is done, or no longer needed.
    Done,
    /// It failed and is retried at this time.
    Again(Timestamp, &'a str),
    /// The provider refused it.
    Refused(&'a str),
    /// It has failed too often.
    Dead(&'a str),
}

/// Ends the lease of `effect`. False when the lease had expired and another server has taken over the effect.
pub async fn end(conn: &mut Conn, effect: &Effect, ending: Ending<'_>, now: Timestamp) -> QueryResult<bool> {
    let (state, due_at, error) = match ending {
        Ending::Done => (EffectState::Done, now, None),
        Ending::Again(at, error) => (EffectState::Pending, at, Some(error)),
        Ending::Refused(error) => (EffectState::Refused, now, Some(error)),
        Ending::Dead(error) => (EffectState::Dead, now, Some(error)),
    };
    let is_sent_mail = effect.kind == EffectKind::SendMail && state == EffectState::Done;
    let leased = outbox::table
        .find((effect.object_id, effect.kind))
        .filter(outbox::generation.eq(effect.generation))
        .filter(outbox::attempts.eq(effect.attempts))
        .filter(outbox::state.eq(EffectState::Pending));
    let ended = diesel::update(leased).set((
        outbox::state.eq(state),
        outbox::due_at.eq(due_at),
        outbox::leased_until.eq(None::<Timestamp>),
        outbox::error.eq(error),
        outbox::updated_at.eq(now),
        // What a mail said about a person is not kept once it is sent.
        is_sent_mail.then(|| outbox::payload.eq("{}")),
    ));
    Ok(ended.prepared().execute(conn).await? > 0)
}

/// An effect that failed for good, for an operator.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Failed {
    /// What it is about.
    pub object_id: ObjectId,
    /// The action.
    pub kind: EffectKind,
    /// How many attempts there were.
    pub attempts: u32,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// Since when it is not retried.
    pub updated_at: Timestamp,
}

/// Effects that failed for good, the latest first.
pub async fn failed(conn: &mut Conn, limit: i64) -> QueryResult<Vec<Failed>> {
    outbox::table
        .filter(among(outbox::state, [EffectState::Refused, EffectState::Dead]))
        .order(outbox::updated_at.desc())
        .limit(limit)
        .select((outbox::object_id, outbox::kind, outbox::attempts, outbox::error, outbox::updated_at))
        .load(conn)
        .await
}

/// Retries the effects on an object that failed for good. One that was refused is sent under a new key; one whose outcome is unknown keeps
/// its key, so that it cannot happen twice. Returns how many there were.
pub async fn revive(tx: &mut Conn, object: ObjectId, now: Timestamp) -> QueryResult<usize> {
    diesel::sql_query(
        "UPDATE outbox SET generation = generation + IF(state = 'REFUSED', 1, 0), state = 'PENDING', attempts = 0, due_at = ?, \
         leased_until = NULL, error = NULL, updated_at = ? WHERE object_id = ? AND state IN ('REFUSED', 'DEAD')",
    )
    .bind::<sql_types::Datetime, _>(now)
    .bind::<sql_types::Datetime, _>(now)
    .bind::<sql_types::Binary, _>(object)
    .prepared()
    .execute(tx)
    .await
}

/// How many effects are in a state. Not for `done`: there are too many of these.
pub async fn count(conn: &mut Conn, state: EffectState) -> QueryResult<i64> {
    outbox::table.filter(outbox::state.eq(state)).count().get_result(conn).await
}

/// Deletes at most `limit` mails that failed for good before `before`, the oldest first.
pub async fn delete_failed_mails(conn: &mut Conn, before: Timestamp, limit: u32) -> QueryResult<usize> {
    let mut deleted = 0;
    for state in [EffectState::Refused, EffectState::Dead] {
        deleted += diesel::sql_query(
            "DELETE FROM outbox WHERE state = ? AND updated_at < ? AND kind = 'SEND_MAIL' ORDER BY updated_at LIMIT ?",
        )
        .bind::<sql_types::Text, _>(state)
        .bind::<sql_types::Datetime, _>(before)
        .bind::<sql_types::Unsigned<sql_types::Integer>, _>(limit)
        .prepared()
        .execute(conn)
        .await?;
    }
    Ok(deleted)
}

/// Deletes at most `limit` effects that were done before `before`, the oldest first.
pub async fn delete_done(conn: &mut Conn, before: Timestamp, limit: u32) -> QueryResult<usize> {
    diesel::sql_query("DELETE FROM outbox WHERE state = 'DONE' AND updated_at < ? ORDER BY updated_at LIMIT ?")
        .bind::<sql_types::Datetime, _>(before)
        .bind::<sql_types::Unsigned<sql_types::Integer>, _>(limit)
        .prepared()
        .execute(conn)
        .await
}
