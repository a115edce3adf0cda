//! Sign-in with a passkey alone. The client does not say who it is, so there is nothing to learn about accounts.

use super::{
    super::{
        Client, SignedIn, limits, open, refuse_suspended,
        second_factor::{known_device, tell_if_new},
    },
    PasskeyOptions, assertions, challenges, invalid, relying_party,
};
use crate::app::App;
use auth::{DeviceToken, PasskeyChallenge};
use mysql_engine::Conn;
use store::accounts;
use telemetry::logs;
use types::{PasskeyPurpose, error::Result};

/// Begins a sign-in: options for any browser.
///
/// # Errors
/// Problems of the contract's `beginPasskeySignIn`.
pub async fn begin_passkey_sign_in(app: &App, client: &Client) -> Result<PasskeyOptions> {
    let party = relying_party(app)?;
    limits::attempt(app, &app.limits.passkey_challenges_by_address, &[client.address.as_bytes()]).await?;
    let challenge = PasskeyChallenge::new(&*app.entropy);
    let issue = async |tx: &mut Conn| challenges::issue(app, tx, &challenge, (PasskeyPurpose::SignIn, None)).await;
    let expires_at = app.database.transaction(issue).await?;
    Ok(PasskeyOptions { json: party.request_options(&challenge, &[], app.terms.passkey_challenge), expires_at })
}

/// Signs in with the response of an authenticator. A code of an app is not needed after it.
///
/// # Errors
/// Problems of the contract's `completePasskeySignIn`.
pub async fn complete_passkey_sign_in(app: &App, response: &str, client: &Client) -> Result<SignedIn> {
    limits::attempt(app, &app.limits.passkeys_by_address, &[client.address.as_bytes()]).await?;
    let proof = assertions::verify(app, response, (PasskeyPurpose::SignIn, None), client).await?;
    let (user, now) = (proof.passkey.user_id, app.now());
    let known = known_device(app, user, client).await?;
    let device = known.clone().unwrap_or_else(|| DeviceToken::new(&*app.entropy));
    let opened = app
        .database
        .transaction(async |tx| {
            let account = accounts::lock(tx, user).await?.ok_or_else(invalid)?;
            if !proof.record(app, tx, now).await? {
                return Ok(None);
            }
            refuse_suspended(&account)?;
            tell_if_new(app, tx, user, (client, known.is_some()), now).await?;
            open(app, tx, (user, account.email.is_some()), (client, &device), now).await.map(Some)
        })
        .await?;
    app.mails.ordered.notify_one();
    let signed_in = opened.ok_or_else(invalid)?;
    let (known_device, address, passkey) = (known.is_some(), client.address, proof.passkey.id);
    tracing::info!(target: logs::SECURITY, event = "signed_in", %user, known_device, %address, %passkey, "a user has signed in");
    Ok(signed_in)
}
