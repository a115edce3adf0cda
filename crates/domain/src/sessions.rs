//! Sessions: shown to their owner, and ended.
//!
//! Access tokens are verified without the database, so each server remembers the sessions that
//! ended while their access tokens may still be valid
//! ([`EndedSessions`](crate::app::EndedSessions)). The server that ends a session knows at once
//! (`Ended::take_effect`). The others read every 2 seconds what ended ([`notice_ends`]), by the
//! clock of the database.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    app::App,
    impersonations::{self, Which},
};
use auth::{AccountOwner, Member};
use mysql_engine::Conn;
pub use store::sessions::Session;
use store::{
    devices,
    sessions::{LockedSession, RecentEnd},
};
use telemetry::logs;
use types::{
    ImpersonationId, Newest, Page, PageOf, SessionId, Timestamp, UserId,
    error::{Error, Result},
};

/// How long after its last access token has expired a session is remembered: the clocks of servers
/// differ.
const MARGIN: Duration = Duration::from_secs(60);
/// How far before the last read to look back, in seconds: longer than any transaction takes to
/// commit.
const OVERLAP: u64 = 10;
/// The most sessions that one read finds.
const MOST: u32 = 200_000;

/// Those of `ids` that are `viewer`'s and have neither ended nor expired, in no order.
///
/// # Errors
/// When the database fails.
pub async fn visible(app: &App, viewer: &Member, ids: &[SessionId]) -> Result<Vec<Session>> {
    Ok(store::sessions::visible(&mut app.conn().await?, viewer.id(), ids, app.now()).await?)
}

/// Pages of `viewer`'s sessions that have neither ended nor expired, last used first.
///
/// # Errors
/// When the database fails.
pub async fn pages(
    app: &App,
    viewer: &Member,
    pages: &[Page<Newest<SessionId>>],
) -> Result<HashMap<Page<Newest<SessionId>>, PageOf<Arc<Session>>>> {
    let rows = store::sessions::of_user(&mut app.conn().await?, viewer.id(), pages, app.now()).await?;
    let rows: Vec<_> = rows.into_iter().map(Arc::new).collect();
    Ok(pages.iter().map(|page| (page.clone(), page.cut_out(&rows, |row| place(row)))).collect())
}

/// The position of a session in a list, last used first.
pub fn place(session: &Session) -> Newest<SessionId> {
    Newest { at: session.last_used_at, id: session.id }
}

/// Ends a session of `owner`, which may be the current one.
///
/// # Errors
/// [`types::error::Refusal::NotFound`] when it is not `owner`'s, has ended or expired;
/// [`Error::Unauthenticated`] when the current session has ended meanwhile.
pub async fn end(app: &App, owner: &AccountOwner, id: SessionId) -> Result<()> {
    let now = app.now();
    let ended = app
        .database
        .transaction(async |tx| {
            let live = store::sessions::lock(tx, owner.id(), &[owner.session(), id]).await?;
            require_current(&live, owner)?;
            if !live.iter().any(|session| session.id == id && session.expires_at > now) {
                return Err(Error::not_found("sessionId", "session"));
            }
            end_locked(tx, vec![id], now).await
        })
        .await?;
    log_ends(owner, ended.take_effect(app));
    Ok(())
}

/// Ends all sessions of `owner` except the current one, and forgets their devices if
/// `forget_devices`. Returns how many were ended.
///
/// # Errors
/// [`Error::Unauthenticated`] when the current session has ended meanwhile.
pub async fn end_others(app: &App, owner: &AccountOwner, forget_devices: bool) -> Result<usize> {
    let now = app.now();
    let ended = app
        .database
        .transaction(async |tx| {
            let live = store::sessions::lock_all(tx, owner.id()).await?;
            let current = require_current(&live, owner)?;
            let others = live.iter().filter(|session| session.id != current.id && session.expires_at > now);
            if forget_devices {
                let hashes = others.clone().filter(|session| session.device_hash != current.device_hash);
                let hashes: Vec<_> = hashes.filter_map(|session| session.device_hash.clone()).collect();
                devices::forget(tx, owner.id(), &hashes).await?;
            }
            end_locked(tx, others.map(|session| session.id).collect(), now).await
        })
        .await?;
    let number = ended.take_effect(app);
    log_ends(owner, number);
    Ok(number)
}

/// The current session, which must not have ended: a thief whose session was ended must not end
/// others.
fn require_current<'a>(live: &'a [LockedSession], owner: &Member) -> Result<&'a LockedSession> {
    live.iter().find(|session| session.id == owner.session()).ok_or(Error::Unauthenticated)
}

/// Locks the current session of `member`. Returns when it expires.
///
/// # Errors
/// [`Error::Unauthenticated`] when it has ended.
pub(crate) async fn lock_current(tx: &mut Conn, member: &Member) -> Result<Timestamp> {
    let live = store::sessions::lock(tx, member.id(), &[member.session()]).await?;
    require_current(&live, member).map(|session| session.expires_at)
}

fn log_ends(owner: &Member, number: usize) {
    let (user, by) = (owner.id(), owner.session());
    tracing::info!(target: logs::SECURITY, event = "sessions_ended", %user, session = %by, number, "a user has ended sessions");
}

/// Sessions that a transaction ends. Once it is committed, this server must know.
#[derive(Debug, Default)]
#[must_use = "call `take_effect` once the transaction is committed"]
pub(crate) struct Ended {
    sessions: Vec<SessionId>,
    /// Those in the tokens of impersonations.
    of_impersonations: Vec<SessionId>,
}

impl Ended {
    /// These impersonations.
    pub(crate) fn impersonations(ids: impl IntoIterator<Item = ImpersonationId>) -> Self {
        Self { sessions: Vec::new(), of_impersonations: ids.into_iter().map(Into::into).collect() }
    }

    /// These, and `others`.
    pub(crate) fn and(mut self, others: Self) -> Self {
        self.sessions.extend(others.sessions);
        self.of_impersonations.extend(others.of_impersonations);
        self
    }

    /// From now on this server refuses the access tokens of these sessions, and ends their streams.
    /// Returns the number of sessions, without impersonations.
    pub(crate) fn take_effect(self, app: &App) -> usize {
        let all = self.sessions.iter().chain(&self.of_impersonations);
        app.ended_sessions.remember(all.map(|id| (*id, remembered_for(app))));
        self.sessions.len()
    }
}

/// Ends sessions that the transaction has locked, with the impersonations of staff in them. Every
/// session that ends before its time ends here.
pub(crate) async fn end_locked(tx: &mut Conn, ids: Vec<SessionId>, now: Timestamp) -> Result<Ended> {
    if ids.is_empty() {
        return Ok(Ended::default());
    }
    store::sessions::end(tx, &ids, now).await?;
    let impersonations = impersonations::end_all(tx, Which::OfSessions(&ids), now).await?;
    Ok(Ended { sessions: ids, ..impersonations })
}

/// Ends all sessions of an account.
pub(crate) async fn end_all(tx: &mut Conn, user: UserId, now: Timestamp) -> Result<Ended> {
    let live = store::sessions::lock_all(tx, user).await?;
    end_locked(tx, live.into_iter().map(|session| session.id).collect(), now).await
}

/// Ends all sessions of an account except `current`, which must not have ended.
pub(crate) async fn end_all_but(tx: &mut Conn, user: UserId, current: SessionId, now: Timestamp) -> Result<Ended> {
    let live = store::sessions::lock_all(tx, user).await?;
    if !live.iter().any(|session| session.id == current) {
        return Err(Error::Unauthenticated);
    }
    end_locked(tx, live.into_iter().map(|session| session.id).filter(|id| *id != current).collect(), now).await
}

/// Notices sessions that ended at any server since the last call; the first call finds all whose
/// access tokens may be valid. Every server calls this before it is ready, and then every 2
/// seconds. If it fails, what is known stays known.
///
/// # Errors
/// When the database fails.
pub async fn notice_ends(app: &App) -> Result<()> {
    let (begun, longest) = (Instant::now(), remembered_for(app));
    let since = app.ended_sessions.age_of_read().map(|age| Duration::from_secs(age.as_secs() + 1 + OVERLAP));
    let window = since.map_or(longest, |since| since.min(longest));
    let seconds = u32::try_from(window.as_secs()).unwrap_or(u32::MAX);
    let recent = store::sessions::recent_ends(&mut app.conn().await?, seconds, MOST).await?;
    let remaining = |end: &RecentEnd| {
        let age = Duration::from_secs(u64::try_from(end.seconds_ago).unwrap_or(0));
        (end.id, longest.saturating_sub(age))
    };
    app.ended_sessions.remember(recent.iter().map(remaining));
    app.ended_sessions.record_read(begun);
    Ok(())
}

/// How long the access tokens of a session that ends now can be valid.
fn remembered_for(app: &App) -> Duration {
    app.terms.access_token.to_std().unwrap_or_default() + MARGIN
}
