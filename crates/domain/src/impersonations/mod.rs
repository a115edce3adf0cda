//! Staff act as a person, to see what the person sees and to do what they do for their stays and listings. It is short, the person sees it
//! and gets a mail, and everything that is changed names who did it: [`acting`] records it, whatever the function that changes something.
//!
//! What only the person may do takes an [`auth::AccountOwner`], which a token of an impersonation never proves. An impersonation is bound to
//! the session of the member of staff, and to their role. Its id is that of the session in its tokens, so it ends as sessions do.

pub mod acting;
mod ends;

pub(crate) use ends::{Which, end_all, live, permits};
pub use ends::{end, record_ends};

use std::{collections::HashMap, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    app::App,
    audit::{self, NewEntry, Subject},
    idempotency::{self, Idempotent},
    limits,
    mails::{self, Order},
    sessions::lock_current,
};
use auth::{AccessToken, Holder, Member, Recent, RecentMember, Support};
use mysql_engine::Conn;
use store::accounts::Account;
pub use store::impersonations::Impersonation;
use telemetry::logs;
use types::{
    AuditAction, IdempotencyKey, ImpersonationId, Newest, Page, PageOf, StaffRole, Timestamp, UserId,
    error::{Error, Result, RoleRequired},
};

/// An impersonation to start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewImpersonation {
    /// As whom to act.
    pub person: UserId,
    /// Why. The person sees it.
    pub reason: String,
}

/// A started impersonation.
#[derive(Debug, Clone)]
pub struct Started {
    /// The impersonation.
    pub impersonation: Arc<Impersonation>,
    /// The token with which staff act as the person.
    pub access: AccessToken,
}

/// The stored response: the impersonation. Its token is signed again.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct StoredImpersonation {
    impersonation: ImpersonationId,
}

/// Starts to act as a person, in the current session of `support`.
///
/// # Errors
/// Problems of the contract's `startImpersonation`.
pub async fn start(
    app: &App,
    support: &Recent<Support>,
    new: &NewImpersonation,
    key: &IdempotencyKey,
) -> Result<Idempotent<Started>> {
    let recent = support.recent();
    let request = idempotency::request(recent, "startImpersonation", key, new)?;
    let (now, staff) = (app.now(), recent.id());
    if new.person == staff {
        return Err(Error::invalid(&["personId"], "You are this person. Nobody acts as themselves."));
    }
    let stored = StoredImpersonation { impersonation: ImpersonationId::new(now, &*app.entropy) };
    let (row, replayed) = app
        .database
        .transaction(async |tx| {
            if let Some(stored) = idempotency::claim_with(tx, &request, &stored, now).await? {
                return Ok((replay(tx, recent, stored.answer, now).await?, true));
            }
            limits::take(tx, &app.limits.impersonations, &[staff.as_bytes()], now).await?;
            let row = draft(app, tx, support, (stored.impersonation, new), now).await?;
            store::impersonations::insert(tx, &row).await?;
            let order = Order::ImpersonationStarted { user: row.person_id, impersonation: row.id };
            mails::order(app, tx, row.person_id, &order, now).await?;
            audit::append(app, tx, vec![start_entry(&row)], now).await?;
            Ok::<_, Error>((row, false))
        })
        .await?;
    app.mails.ordered.notify_one();
    if !replayed {
        tracing::info!(target: logs::SECURITY, event = "impersonation_started", user = %row.person_id, by = %staff, "staff act as a person");
    }
    let access = token(app, &row).await?;
    Ok(Idempotent { answer: Started { impersonation: Arc::new(row), access }, replayed })
}

/// The impersonation, if these may act as this person: until the session, the role or the time ends.
async fn draft(
    app: &App,
    tx: &mut Conn,
    support: &Recent<Support>,
    (id, new): (ImpersonationId, &NewImpersonation),
    now: Timestamp,
) -> Result<Impersonation> {
    let recent = support.recent();
    let session_ends = lock_current(tx, recent).await?;
    refuse_person(tx, new.person, now).await?;
    let role_ends = lock_role(tx, recent.id(), now).await?;
    let longest = now + app.terms.impersonation.min(app.terms.access_token);
    // A token has whole seconds.
    let expires_at = role_ends.map_or(longest, |end| longest.min(end)).min(session_ends).whole_seconds();
    if expires_at <= now {
        return Err(Error::Unauthenticated);
    }
    Ok(Impersonation {
        id,
        person_id: new.person,
        staff_id: recent.id(),
        staff_session_id: recent.session(),
        role: if support.has(StaffRole::Admin) { StaffRole::Admin } else { StaffRole::Support },
        reason: new.reason.clone(),
        started_at: now,
        expires_at,
        ended_at: None,
        audit_due_at: Some(expires_at),
    })
}

/// Refuses who cannot sign in, and staff. The account stays locked, so that neither changes meanwhile.
async fn refuse_person(tx: &mut Conn, person: UserId, now: Timestamp) -> Result<()> {
    let account = store::accounts::lock(tx, person).await?.filter(|account| account.contact_email().is_some());
    let account: Account = account.ok_or_else(|| Error::not_found("personId", "person"))?;
    if account.suspended_at.is_some() {
        return Err(Error::state(None, "This person is suspended. Nobody acts as them."));
    }
    if !store::role_grants::roles(tx, person, now).await?.is_empty() {
        return Err(Error::state(None, "This person is staff. Nobody acts as staff."));
    }
    Ok(())
}

/// When the last role ends that permits to act as people; None: never. The grants stay locked.
async fn lock_role(tx: &mut Conn, staff: UserId, now: Timestamp) -> Result<Option<Timestamp>> {
    let mut grants = store::role_grants::lock_in_force(tx, staff, now).await?;
    grants.retain(|grant| permits(grant.role));
    if grants.is_empty() {
        return Err(RoleRequired { role: StaffRole::Support }.into());
    }
    let ends: Option<Vec<Timestamp>> = grants.iter().map(|grant| grant.expires_at).collect();
    Ok(ends.and_then(|ends| ends.into_iter().max()))
}

/// The impersonation of an earlier request of the same session, while it is in force.
async fn replay(
    tx: &mut Conn,
    recent: &RecentMember,
    stored: StoredImpersonation,
    now: Timestamp,
) -> Result<Impersonation> {
    let found = store::impersonations::find(tx, stored.impersonation).await?;
    let own = found.filter(|row| row.is_in_force(now) && row.staff_session_id == recent.session());
    own.ok_or_else(|| Error::state(None, "This impersonation has ended, or is of another session. Start another one."))
}

/// The token of an impersonation: the same each time.
async fn token(app: &App, row: &Impersonation) -> Result<AccessToken> {
    let has_verified_email = store::accounts::has_verified_email(&mut app.conn().await?, row.person_id).await?;
    let session = row.id.into();
    let holder = Holder { user: row.person_id, session, has_verified_email, impersonator: Some(row.staff_id) };
    Ok(app.keys.sign(holder, row.started_at, row.expires_at - row.started_at)?.0)
}

fn start_entry(row: &Impersonation) -> NewEntry {
    NewEntry {
        actor: Some(row.staff_id),
        on_behalf_of: None,
        action: AuditAction::PersonImpersonated,
        subject: Subject::Person(row.person_id),
        reason: row.reason.clone(),
        before: Value::Null,
        after: json!({ "impersonation": row.id, "role": row.role, "expiresAt": row.expires_at }),
    }
}

/// Pages of the impersonations of `viewer`, newest first.
///
/// # Errors
/// When the database fails.
pub async fn pages(
    app: &App,
    viewer: &Member,
    pages: &[Page<Newest<ImpersonationId>>],
) -> Result<HashMap<Page<Newest<ImpersonationId>>, PageOf<Arc<Impersonation>>>> {
    let mut rows = store::impersonations::of_person(&mut app.conn().await?, viewer.id(), pages).await?;
    rows.sort_by_key(|row| std::cmp::Reverse((row.started_at, row.id)));
    rows.dedup_by_key(|row| row.id);
    let rows: Vec<_> = rows.into_iter().map(Arc::new).collect();
    Ok(pages.iter().map(|page| (page.clone(), page.cut_out(&rows, |row| place(row)))).collect())
}

/// The position of an impersonation in the list of its person, newest first.
pub fn place(row: &Impersonation) -> Newest<ImpersonationId> {
    Newest { at: row.started_at, id: row.id }
}

/// The impersonation with which `viewer` acts; nothing for the person.
///
/// # Errors
/// When the database fails.
pub async fn current(app: &App, viewer: &Member, keys: &[()]) -> Result<HashMap<(), Arc<Impersonation>>> {
    let Some((_, id)) = viewer.impersonation() else { return Ok(HashMap::new()) };
    let row = store::impersonations::find(&mut app.conn().await?, id).await?.map(Arc::new);
    Ok(keys.iter().filter_map(|key| Some((*key, Arc::clone(row.as_ref()?)))).collect())
}
