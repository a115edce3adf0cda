//! Legal holds, placed and ended by admins, and the erasures that they delay.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    erasures::open_part,
    person_keys::{key_for, keys_of},
};
use crate::{
    app::App,
    audit::{self, NewEntry, Subject},
    idempotency::{self, Idempotent},
};
use auth::{Admin, Recent};
use mysql_engine::Conn;
use store::{erasures, legal_holds};
pub use store::{erasures::Erasure, legal_holds::LegalHold};
use telemetry::logs;
use types::{
    AuditAction, DataExportKind, ErasureState, IdempotencyKey, LegalHoldId, Newest, Page, PageOf, Timestamp, UserId,
    error::{Error, Result},
};

/// The most parts that one request reads.
pub const PARTS: i64 = 50;

/// A hold to place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewHold {
    /// On whose data.
    pub person: UserId,
    /// Why.
    pub reason: String,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// The stored response: a hold.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct StoredHold {
    hold: LegalHoldId,
}

/// A part of what a hold keeps.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct HeldPart {
    /// Its number.
    #[serde(skip)]
    pub number: u32,
    /// What it is.
    pub kind: DataExportKind,
    /// Its data.
    pub data: Value,
}

/// A page of all holds, newest first.
///
/// # Errors
/// When the database fails.
pub async fn page(app: &App, _admin: &Admin, page: &Page<Newest<LegalHoldId>>) -> Result<PageOf<LegalHold>> {
    Ok(page.cut(legal_holds::page(&mut app.conn().await?, page).await?))
}

/// The position of a hold in a list, newest first.
pub fn place(hold: &LegalHold) -> Newest<LegalHoldId> {
    Newest { at: hold.placed_at, id: hold.id }
}

/// A page of all accounts that are to be erased, the last requested first.
///
/// # Errors
/// When the database fails.
pub async fn erasures(app: &App, _admin: &Admin, page: &Page<Newest<UserId>>) -> Result<PageOf<Erasure>> {
    Ok(page.cut(erasures::page(&mut app.conn().await?, page).await?))
}

/// The position of an erasure in a list, the last requested first.
pub fn erasure_place(erasure: &Erasure) -> Newest<UserId> {
    Newest { at: erasure.requested_at, id: erasure.user_id }
}

/// Places a hold on the data of a person whose account was not erased.
///
/// # Errors
/// Problems of the contract's `placeLegalHold`.
pub async fn put(
    app: &App,
    admin: &Recent<Admin>,
    new: NewHold,
    key: &IdempotencyKey,
) -> Result<Idempotent<LegalHold>> {
    let request = idempotency::request(admin.member(), "placeLegalHold", key, &new)?;
    let (now, by) = (app.now(), admin.member().id());
    if new.expires_at <= now {
        return Err(Error::invalid(&["expiresAt"], "`expiresAt` must be in the future."));
    }
    let hold = LegalHold {
        id: LegalHoldId::new(now, &*app.entropy),
        user_id: new.person,
        reason: new.reason,
        placed_by: by,
        placed_at: now,
        expires_at: new.expires_at,
        ended_at: None,
        ended_by: None,
    };
    let placed = app
        .database
        .transaction(async |tx| {
            if let Some(stored) = idempotency::claim_with(tx, &request, &StoredHold { hold: hold.id }, now).await? {
                return replay(tx, stored).await;
            }
            insert(app, tx, &hold, now).await?;
            Ok::<_, Error>(Idempotent::new(hold.clone()))
        })
        .await?;
    tracing::info!(target: logs::SECURITY, event = "legal_hold_placed", user = %placed.answer.user_id, %by, "a legal hold was placed");
    Ok(placed)
}

async fn insert(app: &App, tx: &mut Conn, hold: &LegalHold, now: Timestamp) -> Result<()> {
    let person = hold.user_id;
    // Of a hold and an erasure at once, one waits here for the other.
    store::accounts::lock(tx, person).await?.ok_or_else(|| Error::not_found("personId", "person"))?;
    // Who has no key, and cannot get one, is erased.
    if key_for(app, tx, person).await?.is_none() {
        return Err(Error::state(None, "The data of this person were erased."));
    }
    legal_holds::insert(tx, hold).await?;
    let after = json!({ "hold": hold.id, "expiresAt": hold.expires_at });
    let entry = entry(hold.placed_by, AuditAction::LegalHoldPlaced, person, &hold.reason);
    audit::append(app, tx, vec![NewEntry { after, ..entry }], now).await
}

fn entry(by: UserId, action: AuditAction, person: UserId, reason: &str) -> NewEntry {
    NewEntry {
        actor: Some(by),
        on_behalf_of: None,
        action,
        subject: Subject::Person(person),
        reason: reason.to_owned(),
        before: Value::Null,
        after: Value::Null,
    }
}

/// Ends a hold that is in force. If it was the last one that kept the data of a closed account, they are erased now.
///
/// # Errors
/// Problems of the contract's `endLegalHold`.
pub async fn end(
    app: &App,
    admin: &Recent<Admin>,
    id: LegalHoldId,
    reason: String,
    key: &IdempotencyKey,
) -> Result<Idempotent<LegalHold>> {
    let request = idempotency::request(admin.member(), "endLegalHold", key, &(id, &reason))?;
    let (now, by) = (app.now(), admin.member().id());
    let ended = app
        .database
        .transaction(async |tx| {
            if let Some(stored) = idempotency::claim_with(tx, &request, &StoredHold { hold: id }, now).await? {
                return replay(tx, stored).await;
            }
            let hold = lock(tx, id, now).await?;
            legal_holds::end(tx, id, by, now).await?;
            let erasure = erasures::find(tx, hold.user_id).await?;
            if erasure.is_some_and(|erasure| erasure.state == ErasureState::Held) {
                erasures::postpone(tx, hold.user_id, now).await?;
            }
            let before = json!({ "hold": id, "expiresAt": hold.expires_at });
            let entry = entry(by, AuditAction::LegalHoldEnded, hold.user_id, &reason);
            audit::append(app, tx, vec![NewEntry { before, ..entry }], now).await?;
            Ok::<_, Error>(Idempotent::new(LegalHold { ended_at: Some(now), ended_by: Some(by), ..hold }))
        })
        .await?;
    tracing::info!(target: logs::SECURITY, event = "legal_hold_ended", user = %ended.answer.user_id, %by, "a legal hold was ended");
    Ok(ended)
}

/// The hold, with the account locked, if it is in force.
async fn lock(tx: &mut Conn, id: LegalHoldId, now: Timestamp) -> Result<LegalHold> {
    let unknown = || Error::not_found("holdId", "legal hold");
    let found = legal_holds::find(tx, id).await?.ok_or_else(unknown)?;
    store::accounts::lock(tx, found.user_id).await?;
    let hold = legal_holds::find(tx, id).await?.ok_or_else(unknown)?;
    if hold.ended_at.is_some() || hold.expires_at <= now {
        return Err(Error::state(None, "This hold has ended or expired already."));
    }
    Ok(hold)
}

/// The hold of a stored response, as it is now.
async fn replay(tx: &mut Conn, stored: Idempotent<StoredHold>) -> Result<Idempotent<LegalHold>> {
    let hold = legal_holds::find(tx, stored.answer.hold).await?;
    let answer = hold.ok_or_else(|| Error::not_found("holdId", "legal hold"))?;
    Ok(Idempotent { answer, replayed: stored.replayed })
}

/// Reads what a legal hold keeps of a closed account, after a part. It is recorded before anything is returned.
///
/// # Errors
/// Problems of the contract's `readHeldData`.
pub async fn read(app: &App, admin: &Recent<Admin>, person: UserId, reason: &str, after: u32) -> Result<Vec<HeldPart>> {
    let (now, by) = (app.now(), admin.member().id());
    app.database
        .transaction(async |tx| {
            let erasure = erasures::find(tx, person).await?.filter(|erasure| erasure.state == ErasureState::Held);
            // What a hold has kept until it ended is erased at once by the worker, and not for reading.
            let held = legal_holds::held_until(tx, person, now).await?;
            erasure.and(held).ok_or_else(|| Error::not_found("personId", "closed account"))?;
            let key = keys_of(app, tx, &[person]).await?.remove(&person);
            let key = key.ok_or_else(|| anyhow::anyhow!("the key of {person} cannot be read"))?;
            let stored = erasures::held_parts(tx, person, after, PARTS).await?;
            let parts = stored.iter().map(|part| {
                let read: HeldPart =
                    serde_json::from_str(&open_part(&key, person, part)?).map_err(anyhow::Error::from)?;
                Ok(HeldPart { number: part.0, ..read })
            });
            let parts = parts.collect::<Result<Vec<_>>>()?;
            let numbers = json!({ "after": after, "parts": parts.len() });
            let entry = entry(by, AuditAction::HeldDataRead, person, reason);
            audit::append(app, tx, vec![NewEntry { after: numbers, ..entry }], now).await?;
            Ok::<_, Error>(parts)
        })
        .await
}
