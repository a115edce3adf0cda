//! Roles of staff: granted by admins, read once for each operation.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    app::App,
    audit::{self, NewEntry, Subject},
    idempotency::{self, Idempotent},
    impersonations::{self, Which},
    sessions::Ended,
};
use auth::{Admin, Member, Recent, Staff};
use mysql_engine::Conn;
pub use store::role_grants::RoleGrant;
use telemetry::logs;
use types::{
    AuditAction, IdempotencyKey, Newest, Page, PageOf, RoleGrantId, StaffRole, Timestamp, UserId,
    error::{Error, Result, RoleRequired},
};

/// A role to grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewGrant {
    /// To whom.
    pub person: UserId,
    /// The role.
    pub role: StaffRole,
    /// Why.
    pub reason: String,
    /// When it expires; None: never.
    pub expires_at: Option<Timestamp>,
}

/// The stored response: a grant.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct StoredGrant {
    grant: RoleGrantId,
}

/// The proof that `member` is staff; None without a role in force, and while staff act as the member. The only function that reads the
/// grants for a proof.
///
/// # Errors
/// When the database fails.
pub async fn staff(app: &App, member: &Member) -> Result<Option<Staff>> {
    let Ok(owner) = member.owner() else { return Ok(None) };
    let roles = store::role_grants::roles(&mut app.conn().await?, owner.id(), app.now()).await?;
    Ok(Staff::proven(owner, &roles))
}

/// As [`staff`], for a loader.
///
/// # Errors
/// When the database fails.
pub async fn proofs(app: &App, viewer: &Member, keys: &[()]) -> Result<HashMap<(), Staff>> {
    let staff = staff(app, viewer).await?;
    Ok(keys.iter().filter_map(|key| Some((*key, staff?))).collect())
}

/// The proof that `member` is staff, for an operation that requires `role`.
///
/// # Errors
/// [`types::error::Refusal::RoleRequired`] without any role in force.
pub async fn require_staff(app: &App, member: &Member, role: StaffRole) -> Result<Staff> {
    staff(app, member).await?.ok_or_else(|| RoleRequired { role }.into())
}

/// A page of all grants, newest first.
///
/// # Errors
/// When the database fails.
pub async fn page(app: &App, _admin: &Admin, page: &Page<Newest<RoleGrantId>>) -> Result<PageOf<RoleGrant>> {
    Ok(page.cut(store::role_grants::page(&mut app.conn().await?, page).await?))
}

/// The position of a grant in a list, newest first.
pub fn place(grant: &RoleGrant) -> Newest<RoleGrantId> {
    Newest { at: grant.granted_at, id: grant.id }
}

/// Grants a role to a person with a verified email.
///
/// # Errors
/// Problems of the contract's `grantRole`.
pub async fn grant(
    app: &App,
    admin: &Recent<Admin>,
    new: NewGrant,
    key: &IdempotencyKey,
) -> Result<Idempotent<RoleGrant>> {
    let request = idempotency::request(admin.member(), "grantRole", key, &new)?;
    let now = app.now();
    if new.expires_at.is_some_and(|end| end <= now) {
        return Err(Error::invalid(&["expiresAt"], "`expiresAt` must be in the future."));
    }
    if new.person == admin.member().id() {
        return Err(Error::invalid(&["personId"], "Nobody grants a role to themselves. Ask another admin."));
    }
    let grant = row(app, Some(admin.member().id()), new, now);
    let (granted, ended) = app
        .database
        .transaction(async |tx| {
            let stored = StoredGrant { grant: grant.id };
            if let Some(stored) = idempotency::claim_with(tx, &request, &stored, now).await? {
                return Ok((replay(tx, stored).await?, Ended::default()));
            }
            let ended = insert(app, tx, &grant, now).await?;
            Ok::<_, Error>((Idempotent::new(grant.clone()), ended))
        })
        .await?;
    ended.take_effect(app);
    log(&granted, "role_granted");
    Ok(granted)
}

/// Grants the role of an admin, as the operator of the program.
///
/// # Errors
/// [`types::error::Refusal::StateConflict`] when the person has the role or no verified email.
pub async fn grant_first(app: &App, person: UserId) -> Result<RoleGrant> {
    let now = app.now();
    let reason = "staygate admin create".to_owned();
    let grant = row(app, None, NewGrant { person, role: StaffRole::Admin, reason, expires_at: None }, now);
    app.database.transaction(async |tx| insert(app, tx, &grant, now).await).await?.take_effect(app);
    Ok(grant)
}

fn row(app: &App, granted_by: Option<UserId>, new: NewGrant, now: Timestamp) -> RoleGrant {
    RoleGrant {
        id: RoleGrantId::new(now, &*app.entropy),
        user_id: new.person,
        role: new.role,
        reason: new.reason,
        granted_by,
        granted_at: now,
        expires_at: new.expires_at,
        ended_at: None,
        ended_by: None,
    }
}

/// Writes `grant` and its audit entry, unless the person has the role. Nobody acts as staff, so impersonations of the person end.
async fn insert(app: &App, tx: &mut Conn, grant: &RoleGrant, now: Timestamp) -> Result<Ended> {
    // The lock of the account makes one of two concurrent grants of a role see the other.
    let account = store::accounts::lock(tx, grant.user_id).await?;
    let account = account.ok_or_else(|| Error::not_found("personId", "person"))?;
    if account.email.is_none() {
        return Err(Error::state(None, "This person has not verified their email. They cannot have a role."));
    }
    if store::role_grants::roles(tx, grant.user_id, now).await?.contains(&grant.role) {
        return Err(Error::state(None, format!("This person has the role {} already.", grant.role)));
    }
    store::role_grants::insert(tx, grant).await?;
    let ended = impersonations::end_all(tx, Which::Of(grant.user_id), now).await?;
    let after = json!({ "grant": grant.id, "role": grant.role, "expiresAt": grant.expires_at });
    let entry = NewEntry {
        actor: grant.granted_by,
        on_behalf_of: None,
        action: AuditAction::RoleGranted,
        subject: Subject::Person(grant.user_id),
        reason: grant.reason.clone(),
        before: serde_json::Value::Null,
        after,
    };
    audit::append(app, tx, vec![entry], now).await?;
    Ok(ended)
}

/// Ends a grant that is in force, and what staff do with it as other people. An admin always remains.
///
/// # Errors
/// Problems of the contract's `endRole`.
pub async fn end(
    app: &App,
    admin: &Recent<Admin>,
    id: RoleGrantId,
    reason: String,
    key: &IdempotencyKey,
) -> Result<Idempotent<RoleGrant>> {
    let request = idempotency::request(admin.member(), "endRole", key, &(id, &reason))?;
    let (now, by) = (app.now(), admin.member().id());
    let (ended, impersonations) = app
        .database
        .transaction(async |tx| {
            if let Some(stored) = idempotency::claim_with(tx, &request, &StoredGrant { grant: id }, now).await? {
                return Ok((replay(tx, stored).await?, Ended::default()));
            }
            let grant = lock(tx, id, now).await?;
            store::role_grants::end(tx, id, by, now).await?;
            let impersonations = match impersonations::permits(grant.role) {
                true => impersonations::end_all(tx, Which::By(grant.user_id), now).await?,
                false => Ended::default(),
            };
            audit::append(app, tx, vec![end_entry(&grant, by, &reason)], now).await?;
            let grant = RoleGrant { ended_at: Some(now), ended_by: Some(by), ..grant };
            Ok::<_, Error>((Idempotent::new(grant), impersonations))
        })
        .await?;
    impersonations.take_effect(app);
    log(&ended, "role_ended");
    Ok(ended)
}

/// The grant, locked with all others of its role, if it can be ended.
async fn lock(tx: &mut Conn, id: RoleGrantId, now: Timestamp) -> Result<RoleGrant> {
    let found = store::role_grants::find(tx, id).await?.ok_or_else(|| Error::not_found("grantId", "grant"))?;
    let all = lock_role(tx, found.role, now).await?;
    if found.role == StaffRole::Admin {
        require_another(tx, &all, found.user_id).await?;
    }
    let grant = all.into_iter().find(|grant| grant.id == id);
    grant.ok_or_else(|| Error::state(None, "This grant has ended or expired already."))
}

/// The grants of a role that are in force, locked with all others of it.
async fn lock_role(tx: &mut Conn, role: StaffRole, now: Timestamp) -> Result<Vec<RoleGrant>> {
    let mut all = store::role_grants::lock_all(tx, role).await?;
    all.retain(|grant| grant.is_in_force(now));
    Ok(all)
}

/// Refuses to suspend the last admin. Locks all grants of admins first, if the person is one, as the end of a grant does.
pub(crate) async fn keep_an_admin(tx: &mut Conn, person: UserId, now: Timestamp) -> Result<()> {
    if !store::role_grants::roles(tx, person, now).await?.contains(&StaffRole::Admin) {
        return Ok(());
    }
    let admins = lock_role(tx, StaffRole::Admin, now).await?;
    require_another(tx, &admins, person).await
}

/// Requires an admin besides this person who stays one: whose grant does not expire, and who is not suspended.
async fn require_another(tx: &mut Conn, admins: &[RoleGrant], person: UserId) -> Result<()> {
    for grant in admins.iter().filter(|grant| grant.user_id != person && grant.expires_at.is_none()) {
        if store::suspensions::share_of_person(tx, grant.user_id).await?.is_none() {
            return Ok(());
        }
    }
    Err(Error::state(None, "This is the last admin. Grant the role to somebody else first, without an end."))
}

fn end_entry(grant: &RoleGrant, by: UserId, reason: &str) -> NewEntry {
    NewEntry {
        actor: Some(by),
        on_behalf_of: None,
        action: AuditAction::RoleEnded,
        subject: Subject::Person(grant.user_id),
        reason: reason.to_owned(),
        before: json!({ "grant": grant.id, "role": grant.role, "expiresAt": grant.expires_at }),
        after: serde_json::Value::Null,
    }
}

/// The grant of a stored response, as it is now.
async fn replay(tx: &mut Conn, stored: Idempotent<StoredGrant>) -> Result<Idempotent<RoleGrant>> {
    let grant = store::role_grants::find(tx, stored.answer.grant).await?;
    let answer = grant.ok_or_else(|| Error::not_found("grantId", "grant"))?;
    Ok(Idempotent { answer, replayed: stored.replayed })
}

fn log(done: &Idempotent<RoleGrant>, event: &str) {
    let RoleGrant { user_id: user, role, .. } = done.answer;
    if !done.replayed {
        tracing::info!(target: logs::SECURITY, event, %user, %role, "the roles of staff have changed");
    }
}
