//! The end of impersonations: by staff, with the session or the role of the member of staff, or with the account of the person.

use serde_json::{Value, json};

use super::{Impersonation, StoredImpersonation};
use crate::{
    app::App,
    audit::{self, NewEntry, Subject},
    idempotency::{self, Idempotent},
    sessions::Ended,
};
use auth::Support;
use mysql_engine::Conn;
pub(crate) use store::impersonations::Which;
use telemetry::logs;
use types::{
    AuditAction, IdempotencyKey, ImpersonationId, StaffRole, Timestamp,
    error::{Error, Result},
};

/// Whether a role permits to act as people.
pub(crate) fn permits(role: StaffRole) -> bool {
    matches!(role, StaffRole::Support | StaffRole::Admin)
}

/// Those that are in force, locked until the transaction ends.
pub(crate) async fn live(tx: &mut Conn, which: Which<'_>, now: Timestamp) -> Result<Vec<ImpersonationId>> {
    Ok(store::impersonations::lock_live(tx, which, now).await?)
}

/// Ends those that are in force. The worker writes their ends to the audit log, because only the last step of a transaction can.
pub(crate) async fn end_all(tx: &mut Conn, which: Which<'_>, now: Timestamp) -> Result<Ended> {
    let ids = live(tx, which, now).await?;
    store::impersonations::end(tx, &ids, now, Some(now)).await?;
    Ok(Ended::impersonations(ids))
}

/// Ends an impersonation of the member of staff, or as an admin any.
///
/// # Errors
/// Problems of the contract's `endImpersonation`.
pub async fn end(
    app: &App,
    support: &Support,
    (id, reason): (ImpersonationId, String),
    key: &IdempotencyKey,
) -> Result<Idempotent<Impersonation>> {
    let request = idempotency::request(support.member(), "endImpersonation", key, &(id, &reason))?;
    let now = app.now();
    let (done, ended) = app
        .database
        .transaction(async |tx| {
            let stored = StoredImpersonation { impersonation: id };
            if let Some(stored) = idempotency::claim_with(tx, &request, &stored, now).await? {
                let row = lock(tx, support, id).await?;
                return Ok((Idempotent { answer: row, replayed: stored.replayed }, Ended::default()));
            }
            let row = lock(tx, support, id).await?;
            if !row.is_in_force(now) {
                return Err(Error::state(None, "This impersonation has ended already."));
            }
            store::impersonations::end(tx, &[id], now, None).await?;
            audit::append(app, tx, vec![end_entry(&row, support, reason.clone(), now)], now).await?;
            let row = Impersonation { ended_at: Some(now), audit_due_at: None, ..row };
            Ok::<_, Error>((Idempotent::new(row), Ended::impersonations([id])))
        })
        .await?;
    ended.take_effect(app);
    if !done.replayed {
        let by = support.member().id();
        tracing::info!(target: logs::SECURITY, event = "impersonation_ended", user = %done.answer.person_id, %by, "staff no longer act as a person");
    }
    Ok(done)
}

async fn lock(tx: &mut Conn, support: &Support, id: ImpersonationId) -> Result<Impersonation> {
    let is_own = |row: &Impersonation| row.staff_id == support.member().id() || support.has(StaffRole::Admin);
    let found = store::impersonations::lock(tx, id).await?.filter(is_own);
    found.ok_or_else(|| Error::not_found("impersonationId", "impersonation"))
}

fn end_entry(row: &Impersonation, support: &Support, reason: String, now: Timestamp) -> NewEntry {
    let after = json!({ "impersonation": row.id, "staff": row.staff_id, "endedAt": now });
    NewEntry { actor: Some(support.member().id()), reason, ..entry(row, after) }
}

fn entry(row: &Impersonation, after: Value) -> NewEntry {
    NewEntry {
        actor: None,
        on_behalf_of: None,
        action: AuditAction::ImpersonationEnded,
        subject: Subject::Person(row.person_id),
        reason: String::new(),
        before: Value::Null,
        after,
    }
}

/// Writes ends to the audit log that nobody has decided: at most `limit`. Returns how many there were.
///
/// # Errors
/// When the database fails.
pub async fn record_ends(app: &App, limit: u32) -> Result<usize> {
    let due = store::impersonations::audit_due(&mut app.conn().await?, app.now(), limit.into()).await?;
    for id in &due {
        let now = app.now();
        app.database.transaction(async |tx| record_end(app, tx, *id, now).await).await?;
    }
    Ok(due.len())
}

/// Writes the end of an impersonation, unless another server has.
async fn record_end(app: &App, tx: &mut Conn, id: ImpersonationId, now: Timestamp) -> Result<()> {
    let found = store::impersonations::lock(tx, id).await?;
    let Some(row) = found.filter(|row| row.audit_due_at.is_some_and(|due| due <= now)) else { return Ok(()) };
    store::impersonations::mark_audited(tx, id).await?;
    let mut after = json!({ "impersonation": id, "staff": row.staff_id });
    match row.ended_at {
        Some(at) => after["endedAt"] = json!(at),
        None => after["expiredAt"] = json!(row.expires_at),
    }
    audit::append(app, tx, vec![entry(&row, after)], now).await
}
