//! Sign-in in two steps. The right password gives a challenge, and the challenge with a code a session.
//!
//! Guesses are limited for the account, for the address and for both, so that whoever has learned a password needs decades for a code. A known
//! device has its own limit, so that nobody can keep the owner out.

use sha2::{Digest, Sha256};

use super::{
    super::{Client, SignedIn, identity::methods, is_new_device, limits, open, refuse_suspended, tell_of_device},
    codes::{use_code, wrong},
};
use crate::app::App;
use auth::{ChallengeToken, DeviceToken};
use mysql_engine::Conn;
use store::{
    accounts, devices, second_factors,
    sign_in_challenges::{self, SignInChallenge},
};
use telemetry::logs;
use types::{
    Hidden, Timestamp, UserId,
    error::{Error, Refusal, Result, SecondFactorRequired},
};

/// Opens a session of an account whose password was right and is locked, or, if it has a second factor, issues a challenge. `password` is the
/// stored hash.
pub(in crate::accounts) async fn open_or_challenge(
    app: &App,
    tx: &mut Conn,
    ((user, has_verified_email), password): ((UserId, bool), Option<&str>),
    (client, device): (&Client, &DeviceToken),
    now: Timestamp,
) -> Result<Result<SignedIn, SecondFactorRequired>> {
    if !second_factors::is_on(tx, user).await? {
        return open(app, tx, (user, has_verified_email), (client, device), now).await.map(Ok);
    }
    let (token, expires_at) = (ChallengeToken::new(&*app.entropy), now + app.terms.sign_in_challenge);
    let challenge = SignInChallenge {
        token_hash: token.hash().to_vec(),
        user_id: user,
        password_epoch: epoch_of(password).to_vec(),
        expires_at,
    };
    sign_in_challenges::insert(tx, &challenge).await?;
    tracing::info!(target: logs::SECURITY, event = "second_factor_required", %user, address = %client.address, "a password is right");
    let challenge = Hidden::new(token.text().to_owned());
    Ok(Err(SecondFactorRequired { challenge, methods: methods(true).to_vec(), expires_at }))
}

/// Changes with the password.
fn epoch_of(password: Option<&str>) -> [u8; 32] {
    Sha256::digest(password.unwrap_or_default()).into()
}

/// Signs in with a challenge and a code. Every wrong challenge and every wrong code has the same response.
///
/// # Errors
/// Problems of the contract's `completeSignIn`.
pub async fn complete_sign_in(app: &App, challenge: String, code: &str, client: &Client) -> Result<SignedIn> {
    limits::attempt(app, &app.limits.second_factor_by_address, &[client.address.as_bytes()]).await?;
    let (hash, now) = (ChallengeToken::sent(challenge).hash(), app.now());
    let found = sign_in_challenges::find(&mut app.conn().await?, &hash).await?;
    let user = found.filter(|found| now < found.expires_at).map(|found| found.user_id);
    let Some(user) = user else {
        note_failure(None, client);
        return Err(wrong());
    };
    let known = known_device(app, user, client).await?;
    attempt(app, user, known.as_ref(), client).await?;
    let device = known.clone().unwrap_or_else(|| DeviceToken::new(&*app.entropy));
    let completed = app
        .database
        .transaction(async |tx| {
            let account = accounts::lock(tx, user).await?.ok_or_else(wrong)?;
            let challenge = sign_in_challenges::find(tx, &hash).await?.ok_or_else(wrong)?;
            if challenge.password_epoch != epoch_of(account.password_hash.as_deref()) {
                return Err(wrong());
            }
            let used = use_code(app, tx, user, code, now).await?;
            refuse_suspended(&account)?;
            if !sign_in_challenges::delete(tx, &hash).await? {
                return Err(wrong());
            }
            return_attempts(app, tx, user, known.as_ref(), client).await?;
            tell_if_new(app, tx, user, (client, known.is_some()), now).await?;
            Ok((open(app, tx, (user, account.email.is_some()), (client, &device), now).await?, used))
        })
        .await;
    if matches!(completed, Err(Error::Refused(Refusal::InvalidSecondFactor(_)))) {
        note_failure(Some(user), client);
    }
    let (signed_in, used) = completed?;
    app.mails.ordered.notify_one();
    let (known_device, address) = (known.is_some(), client.address);
    tracing::info!(target: logs::SECURITY, event = "signed_in", %user, known_device, %address, second_factor = ?used, "a user has signed in");
    Ok(signed_in)
}

/// Tells the owner of a sign-in that is about to open a session on a new device.
pub(in crate::accounts) async fn tell_if_new(
    app: &App,
    tx: &mut Conn,
    user: UserId,
    (client, is_known): (&Client, bool),
    now: Timestamp,
) -> Result<()> {
    match !is_known && is_new_device(tx, user, client).await? {
        true => tell_of_device(app, tx, user, client, now).await,
        false => Ok(()),
    }
}

fn note_failure(user: Option<UserId>, client: &Client) {
    let user = user.map(tracing::field::display);
    tracing::warn!(target: logs::SECURITY, event = "second_factor_failed", user, address = %client.address, "a second factor is wrong");
}

/// The device of the client, if it has signed in to this account before.
pub(in crate::accounts) async fn known_device(app: &App, user: UserId, client: &Client) -> Result<Option<DeviceToken>> {
    let Some(device) = &client.device else { return Ok(None) };
    let is_known = devices::is_known(&mut app.conn().await?, &device.hash(), user, app.now()).await?;
    Ok(is_known.then(|| device.clone()))
}

/// Counts the attempt, before the code is checked.
async fn attempt(app: &App, user: UserId, known: Option<&DeviceToken>, client: &Client) -> Result<()> {
    let (rules, user) = (&app.limits, user.as_bytes());
    if let Some(device) = known {
        return limits::attempt(app, &rules.second_factor_by_device, &[&device.hash()]).await;
    }
    limits::attempt(app, &rules.second_factor_by_account, &[user, client.address.as_bytes()]).await?;
    limits::attempt(app, &rules.second_factor_anywhere, &[user]).await
}

/// Returns the attempts: the code was right.
async fn return_attempts(
    app: &App,
    tx: &mut Conn,
    user: UserId,
    known: Option<&DeviceToken>,
    client: &Client,
) -> Result<()> {
    let (rules, user) = (&app.limits, user.as_bytes());
    if let Some(device) = known {
        return limits::return_all(tx, &rules.second_factor_by_device, &[&device.hash()]).await;
    }
    limits::return_all(tx, &rules.second_factor_by_account, &[user, client.address.as_bytes()]).await?;
    // Only this one: the others may be an attacker's.
    limits::return_one(tx, &rules.second_factor_anywhere, &[user]).await
}
