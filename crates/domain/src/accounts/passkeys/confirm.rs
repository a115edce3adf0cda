//! A passkey as a recent proof of who a member is, in the session that they have.

use super::{
    super::{Client, identity::record, limits, verification::locked},
    PasskeyOptions, assertions, challenges, credentials, invalid, relying_party,
};
use crate::app::App;
use auth::{AccountOwner, PasskeyChallenge};
use store::passkeys;
use types::{
    PasskeyPurpose,
    error::{Error, Result},
};

/// Begins a proof: options for the browser of a member, which name their passkeys.
///
/// # Errors
/// Problems of the contract's `beginPasskeyConfirmation`.
pub async fn begin_passkey_confirmation(app: &App, member: &AccountOwner) -> Result<PasskeyOptions> {
    let party = relying_party(app)?;
    let (user, challenge) = (member.id(), PasskeyChallenge::new(&*app.entropy));
    limits::attempt(app, &app.limits.passkey_challenges_by_member, &[user.as_bytes()]).await?;
    let (own, expires_at) = app
        .database
        .transaction(async |tx| {
            locked(tx, user).await?;
            let own = passkeys::of_user(tx, user).await?;
            if own.is_empty() {
                return Err(Error::state(None, "You have no passkey."));
            }
            let expires_at = challenges::issue(app, tx, &challenge, (PasskeyPurpose::Confirm, Some(user))).await?;
            Ok((own, expires_at))
        })
        .await?;
    let timeout = app.terms.passkey_challenge;
    Ok(PasskeyOptions { json: party.request_options(&challenge, &credentials(own), timeout), expires_at })
}

/// Records the proof, if the authenticator has signed with a passkey of `member`.
///
/// # Errors
/// [`types::error::Refusal::InvalidPasskey`].
pub(in crate::accounts) async fn confirm_with_passkey(
    app: &App,
    member: &AccountOwner,
    response: &str,
    client: &Client,
) -> Result<()> {
    let (user, now) = (member.id(), app.now());
    limits::attempt(app, &app.limits.confirmations, &[user.as_bytes()]).await?;
    let proof = assertions::verify(app, response, (PasskeyPurpose::Confirm, Some(user)), client).await?;
    let is_recorded = app
        .database
        .transaction(async |tx| {
            locked(tx, user).await?;
            if !proof.record(app, tx, now).await? {
                return Ok::<_, Error>(false);
            }
            record(tx, member, now).await?;
            limits::return_all(tx, &app.limits.confirmations, &[user.as_bytes()]).await?;
            Ok(true)
        })
        .await?;
    app.mails.ordered.notify_one();
    is_recorded.then_some(()).ok_or_else(invalid)
}
