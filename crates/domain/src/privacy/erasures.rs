//! The end of an account. It is erased at once, or after a time in which its owner can cancel; or, while a legal hold is in force, it is
//! closed at once and erased when the hold ends. A closed account is empty like an erased one. What the hold keeps is encrypted with the
//! key of the person, which the erasure deletes.

use chrono::Duration;
use serde_json::json;

use super::{exports, person_keys::key_for};
use crate::{
    accounts::{deletion, verification::locked},
    app::App,
    events::{self, NewChange},
    mails::{self, Order},
    sessions::Ended,
};
use auth::{AccountOwner, Member, PersonKey};
use mysql_engine::Conn;
use store::{
    accounts::Account,
    erasures::{self, Erasure},
    legal_holds,
};
use telemetry::logs;
use types::{
    ChangeKind, ErasureState, Timestamp, UserId,
    error::{Error, Refusal, Result},
};

/// How long the worker waits for bookings that have not ended.
const RETRY: Duration = Duration::days(1);

/// The place of a part that is kept, for its encryption.
pub(super) fn place_of(person: UserId, number: u32) -> String {
    format!("held data {person} {number}")
}

/// Plans the erasure of an account, which is locked. Its owner is told, and can cancel until it is due.
pub(crate) async fn schedule(app: &App, tx: &mut Conn, account: &Account, now: Timestamp) -> Result<Timestamp> {
    let (user, due_at) = (account.id, now + app.terms.erasure_grace);
    if erasures::find(tx, user).await?.is_some() {
        return Err(Error::state(None, "Your account is to be deleted already."));
    }
    let erasure = Erasure { user_id: user, state: ErasureState::Scheduled, requested_at: now, due_at };
    erasures::replace(tx, &erasure).await?;
    mails::order(app, tx, user, &Order::DeletionScheduled { user, at: due_at }, now).await?;
    Ok(due_at)
}

/// The member keeps their account.
///
/// # Errors
/// Problems of the contract's `cancelAccountDeletion`.
pub async fn cancel(app: &App, member: &AccountOwner) -> Result<()> {
    let user = member.id();
    app.database
        .transaction(async |tx| {
            locked(tx, user).await?;
            if erasures::find(tx, user).await?.is_none_or(|erasure| erasure.state != ErasureState::Scheduled) {
                return Err(Error::state(None, "Your account is not to be deleted."));
            }
            erasures::delete(tx, user).await?;
            Ok(())
        })
        .await?;
    tracing::info!(target: logs::SECURITY, event = "account_deletion_canceled", %user, "a user keeps their account");
    Ok(())
}

/// When the account of each viewer is to be erased, for a loader.
///
/// # Errors
/// When the database fails.
pub async fn due_at(app: &App, viewer: &Member, keys: &[()]) -> Result<std::collections::HashMap<(), Timestamp>> {
    let erasure = erasures::find(&mut app.conn().await?, viewer.id()).await?;
    Ok(keys.iter().filter_map(|key| Some((*key, erasure?.due_at))).collect())
}

/// Ends an account, which is locked: erases it, or closes it while a legal hold is in force.
pub(crate) async fn end(app: &App, tx: &mut Conn, account: &Account, now: Timestamp) -> Result<Ended> {
    let user = account.id;
    let held_until = legal_holds::held_until(tx, user, now).await?;
    if held_until.is_some() {
        keep_everything(app, tx, user).await?;
    }
    let (ended, reviews) = deletion::erase(tx, account, now).await?;
    match held_until {
        Some(due_at) => {
            let requested_at = erasures::find(tx, user).await?.map_or(now, |earlier| earlier.requested_at);
            let held = Erasure { user_id: user, state: ErasureState::Held, requested_at, due_at };
            erasures::replace(tx, &held).await?;
        }
        None => forget(tx, user).await?,
    }
    if let Some(to) = account.verified_email() {
        let (name, locale) = (account.display_name.clone(), account.locale.clone());
        mails::order(app, tx, user, &Order::AccountDeleted { user, to, name, locale }, now).await?;
    }
    let mut changes = reviews;
    changes.push(NewChange::person(ChangeKind::PersonLeft, user));
    events::append_changes(app, tx, &changes, now).await?;
    Ok(ended)
}

/// Writes everything about a person, encrypted with their key.
async fn keep_everything(app: &App, tx: &mut Conn, user: UserId) -> Result<()> {
    let key = key_for(app, tx, user).await?.ok_or_else(|| anyhow::anyhow!("{user} has no key"))?;
    for (number, part) in (1..).zip(exports::everything(tx, user).await?) {
        let text = json!({ "kind": part.kind, "data": part.data }).to_string();
        let sealed = key.encrypt(&place_of(user, number), &text, &*app.entropy)?;
        erasures::hold_part(tx, user, number, &sealed).await?;
    }
    Ok(())
}

/// Decrypts parts that [`keep_everything`] has written.
pub(super) fn open_part(key: &PersonKey, person: UserId, (number, sealed): &(u32, Vec<u8>)) -> Result<String> {
    key.decrypt(&place_of(person, *number), sealed)
}

/// Deletes the key of a person and what only it can read: the last step of an erasure.
async fn forget(tx: &mut Conn, user: UserId) -> Result<()> {
    erasures::delete_held(tx, user).await?;
    legal_holds::delete_all(tx, user).await?;
    store::person_keys::delete(tx, user).await?;
    erasures::delete(tx, user).await?;
    Ok(())
}

/// Attempts at most `limit` erasures that are due. Returns how many there were.
///
/// # Errors
/// When the database fails.
pub(crate) async fn run_due(app: &App, limit: u32) -> Result<usize> {
    let due = erasures::due(&mut app.conn().await?, app.now(), limit.into()).await?;
    for user in &due {
        let now = app.now();
        let ended = match app.database.transaction(async |tx| run_one(app, tx, *user, now).await).await {
            Err(Error::Refused(Refusal::AccountInUse(_) | Refusal::StateConflict(_))) => {
                postpone(app, *user, now + RETRY).await?;
                continue;
            }
            ended => ended?,
        };
        ended.take_effect(app);
        app.mails.ordered.notify_one();
    }
    Ok(due.len())
}

async fn postpone(app: &App, user: UserId, until: Timestamp) -> Result<()> {
    let write = async |conn: &mut Conn| {
        erasures::postpone(conn, user, until).await?;
        Ok::<_, Error>(())
    };
    app.database.transaction(write).await
}

/// Erases an account that is due, unless that has changed meanwhile.
async fn run_one(app: &App, tx: &mut Conn, user: UserId, now: Timestamp) -> Result<Ended> {
    let account = locked(tx, user).await?;
    let Some(erasure) = erasures::find(tx, user).await?.filter(|erasure| erasure.due_at <= now) else {
        return Ok(Ended::default());
    };
    if erasure.state == ErasureState::Scheduled {
        deletion::refuse_staff(tx, user, now).await?;
        return end(app, tx, &account, now).await;
    }
    match legal_holds::held_until(tx, user, now).await? {
        Some(until) => drop(erasures::postpone(tx, user, until).await?),
        None => forget(tx, user).await?,
    }
    Ok(Ended::default())
}
