//! Passkeys: keys in an authenticator of the member, which sign in alone.
//!
//! A passkey verifies its user and identifies the account, so it is both factors in one: no code of an app after it, and it is a recent proof of
//! who one is for every account. It is added and removed only with such a proof, and the owner is told by mail. A new password does not remove it.
//!
//! Every ceremony has a challenge of its own ([`challenges`]). Clients get one answer to everything that is wrong with a response; the log has the
//! reason.

mod assertions;
mod challenges;
mod confirm;
mod register;
mod sign_in;

use super::{
    Client,
    identity::recent_in,
    verification::locked,
    ways::{self, Way},
};
use crate::{
    app::App,
    listings::checks,
    mails::{self, Order},
};
use auth::{AccountOwner, Credential, Member, RecentMember, Rejection, RelyingParty};
pub use confirm::begin_passkey_confirmation;
pub(super) use confirm::confirm_with_passkey;
use mail::PasskeyChange;
use mysql_engine::Conn;
pub use register::{add_passkey, begin_passkey};
pub use sign_in::{begin_passkey_sign_in, complete_passkey_sign_in};
pub use store::passkeys::{MAX_PASSKEYS, Passkey};
use telemetry::logs;
use types::{
    PasskeyId, Timestamp, UserId,
    error::{Error, InvalidPasskey, PasskeysUnavailable, Refusal, Result},
};

/// Most characters of a name.
const MAX_NAME: usize = 60;

/// Options for the browser, with which a ceremony begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasskeyOptions {
    /// The options, as JSON.
    pub json: String,
    /// Until when the response can be sent.
    pub expires_at: Timestamp,
}

/// The name of a passkey, cleaned.
///
/// # Errors
/// [`Refusal::InvalidInput`] when it is blank, too long or not plain text.
pub fn passkey_name(raw: &str) -> Result<String> {
    checks::line(&["name"], raw, 1..=MAX_NAME)
}

/// The viewer's passkeys, the earliest first.
///
/// # Errors
/// When the database fails.
pub async fn own_passkeys(app: &App, user: UserId) -> Result<Vec<Passkey>> {
    Ok(store::passkeys::of_user(&mut app.conn().await?, user).await?)
}

/// Gives a passkey of `member` another name.
///
/// # Errors
/// Problems of the contract's `renamePasskey`.
pub async fn rename_passkey(app: &App, member: &AccountOwner, id: PasskeyId, name: &str) -> Result<Passkey> {
    app.database
        .transaction(async |tx| {
            let passkey = lock(tx, member, id).await?;
            store::passkeys::rename(tx, id, name).await?;
            Ok(Passkey { name: name.to_owned(), ..passkey })
        })
        .await
}

/// Removes a passkey of `member`, and tells them by mail.
///
/// # Errors
/// Problems of the contract's `removePasskey`.
pub async fn remove_passkey(app: &App, member: &RecentMember, id: PasskeyId) -> Result<()> {
    let (user, now) = (member.id(), app.now());
    app.database
        .transaction(async |tx| {
            let account = locked(tx, user).await?;
            recent_in(app, tx, member, now).await?;
            lock(tx, member, id).await?;
            if !ways::remains(app, tx, &account, Way::Passkey(id)).await? {
                let message = "This is the only way to sign in to your account. Set a password with a reset first.";
                return Err(Error::state(None, message));
            }
            store::passkeys::delete(tx, id).await?;
            tell(app, tx, user, PasskeyChange::Removed, now).await
        })
        .await?;
    app.mails.ordered.notify_one();
    tracing::info!(target: logs::SECURITY, event = "passkey_removed", %user, passkey = %id, "a passkey was removed");
    Ok(())
}

async fn lock(tx: &mut Conn, owner: &Member, id: PasskeyId) -> Result<Passkey> {
    let found = store::passkeys::lock(tx, owner.id(), id).await?;
    found.ok_or_else(|| Error::not_found("passkeyId", "passkey"))
}

/// The domain of passkeys.
///
/// # Errors
/// [`Refusal::PasskeysUnavailable`] when this server has none.
fn relying_party(app: &App) -> Result<&RelyingParty> {
    app.passkeys.as_ref().ok_or_else(|| PasskeysUnavailable.into())
}

/// Everything that is wrong with a response has this answer.
fn invalid() -> Error {
    Refusal::InvalidPasskey(InvalidPasskey).into()
}

/// Logs why a response was not accepted.
fn rejected(user: Option<UserId>, client: &Client, why: impl std::fmt::Display) -> Error {
    let user = user.map(tracing::field::display);
    tracing::warn!(target: logs::SECURITY, event = "passkey_refused", user, address = %client.address, "a passkey was not accepted: {why}");
    invalid()
}

fn malformed(client: &Client) -> impl Fn(Rejection) -> Error {
    move |why| rejected(None, client, why)
}

/// Passkeys as browsers name them.
fn credentials(passkeys: Vec<Passkey>) -> Vec<Credential> {
    passkeys
        .into_iter()
        .map(|passkey| Credential { id: passkey.credential_id, transports: passkey.transports })
        .collect()
}

/// Orders a mail to the owner of the account.
async fn tell(app: &App, tx: &mut Conn, user: UserId, what: PasskeyChange, at: Timestamp) -> Result<()> {
    mails::order(app, tx, user, &Order::PasskeyChanged { user, what, at }, at).await
}
