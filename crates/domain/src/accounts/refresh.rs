//! Refreshes pairs of tokens.
//!
//! A refresh token works once: a second use means that it was stolen, so the whole session ends. But responses get lost, and tabs do not
//! coordinate. So within a short grace period the same client gets the same pair again, until the pair is used. The new refresh token is
//! derived from the old one, so that it need not be stored.

use super::{Client, limits};
use crate::{
    app::App,
    sessions::{Ended, end_locked},
};
use auth::{Holder, RefreshToken, Tokens};
use mysql_engine::Conn;
use store::sessions::{self, Ticket};
use telemetry::logs;
use types::{
    Timestamp,
    error::{InvalidSession, Refusal, Result},
};

/// Exchanges a refresh token for a new pair.
///
/// # Errors
/// Problems of the contract's `refreshSession`.
pub async fn refresh(app: &App, token: &RefreshToken, client: &Client) -> Result<Tokens> {
    let now = app.now();
    let refreshed = app
        .database
        .transaction(async |tx| {
            let Some(ticket) = sessions::lock_ticket(tx, &token.hash()).await? else {
                return Ok(Err(Ended::default()));
            };
            let is_over = ticket.expires_at <= now || end_of(app, &ticket) <= now;
            if ticket.revoked_at.is_some() || is_over {
                return Ok(Err(Ended::default()));
            }
            match ticket.used_at {
                None => exchange(app, tx, token, &ticket, client, now).await.map(Ok),
                Some(used_at) => repeat(app, tx, token, &ticket, client, used_at, now).await,
            }
        })
        .await?;
    refreshed.map_err(|ended| {
        ended.take_effect(app);
        Refusal::InvalidSession(InvalidSession).into()
    })
}

/// When the session ends, however it is used: then its owner signs in again.
fn end_of(app: &App, ticket: &Ticket) -> Timestamp {
    ticket.signed_in_at + app.terms.session
}

/// The first use.
async fn exchange(
    app: &App,
    tx: &mut Conn,
    token: &RefreshToken,
    ticket: &Ticket,
    client: &Client,
    now: Timestamp,
) -> Result<Tokens> {
    limits::take(tx, &app.limits.refresh, &[ticket.session.as_bytes()], now).await?;
    let child = app.keys.child(token)?;
    let expires_at = (now + app.terms.refresh_token).min(end_of(app, ticket));
    sessions::mark_used(tx, &token.hash(), &child.hash(), client.address, now).await?;
    sessions::issue(tx, ticket.session, &child.hash(), now, expires_at).await?;
    sessions::record_use(tx, ticket.session, now, expires_at).await?;
    pair(app, tx, ticket, child, (now, expires_at)).await
}

/// A second use: the same pair for the same client, within the grace period and before the pair was used; otherwise the session ends.
async fn repeat(
    app: &App,
    tx: &mut Conn,
    token: &RefreshToken,
    ticket: &Ticket,
    client: &Client,
    used_at: Timestamp,
    now: Timestamp,
) -> Result<Result<Tokens, Ended>> {
    if now - used_at < app.terms.refresh_grace
        && is_same_client(ticket, client)
        && let Some(hash) = &ticket.child_hash
        && let Some(child) = app.keys.child_with_hash(token, hash)?
        && let Some(expires_at) = sessions::unused(tx, hash).await?
    {
        return pair(app, tx, ticket, child, (used_at, expires_at)).await.map(Ok);
    }
    tracing::warn!(
        target: logs::SECURITY,
        event = "refresh_token_reused",
        user = %ticket.user,
        session = %ticket.session,
        address = %client.address,
        "a refresh token was used twice: the session ends"
    );
    Ok(Err(end_locked(tx, vec![ticket.session], now).await?))
}

/// Whether the client has the device of the session, or the address from which the token was used.
fn is_same_client(ticket: &Ticket, client: &Client) -> bool {
    let is_device = |hash: &Vec<u8>| client.device.as_ref().is_some_and(|device| device.hash().as_slice() == hash);
    ticket.device_hash.as_ref().is_some_and(is_device)
        || ticket.used_from.as_deref() == Some(client.address.as_bytes().as_slice())
}

/// The pair that is issued at `at`: always the same, until the account verifies its email.
async fn pair(
    app: &App,
    tx: &mut Conn,
    ticket: &Ticket,
    refresh: RefreshToken,
    (at, expires_at): (Timestamp, Timestamp),
) -> Result<Tokens> {
    let has_verified_email = store::accounts::has_verified_email(tx, ticket.user).await?;
    let holder = Holder { user: ticket.user, session: ticket.session, has_verified_email, impersonator: None };
    let (access, member) = app.keys.sign(holder, at, app.terms.access_token.min(end_of(app, ticket) - at))?;
    Ok(Tokens { access, refresh, refresh_expires_at: expires_at, member })
}
