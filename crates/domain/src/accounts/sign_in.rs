//! Sign-in, protected against guessing.
//!
//! Attempts are limited by address first. Only attempts that pass there count for the account, so that an address over its own limit cannot
//! lock the owner out. To one account, attempts from one address are refused after a few, and attempts from anywhere are delayed after some
//! more: many addresses together slow each other down, but do not lock the owner out. A device that has signed in to the account before has
//! its own limit instead of all these, so that the owner can always sign in.

use super::{
    Client, SignedIn, is_new_device, limits, refuse_suspended, second_factor::open_or_challenge, tell_of_device,
};
use crate::app::App;
use auth::{DeviceToken, Fit, Password};
use client_limits::{AddressPrefix, Lane};
use mysql_engine::Conn;
use store::{
    accounts::{self, Account, Credentials},
    devices,
};
use telemetry::logs;
use types::{
    Email, Timestamp, UserId,
    error::{Error, InvalidCredentials, Result, SecondFactorRequired},
};

/// The source of an attempt, which decides which limits apply.
enum Source {
    /// The device has signed in to this account before.
    Known(DeviceToken),
    /// Any other client.
    Stranger(AddressPrefix),
}

/// Signs in. Neither the response nor its timing reveals whether the address has an account.
///
/// # Errors
/// Problems of the contract's `signIn`.
pub async fn sign_in(app: &App, email: &Email, password: String, client: &Client) -> Result<SignedIn> {
    let source = source(app, email, client).await?;
    source.attempt(app, email).await?;
    let password = Password::typed(password);
    let found = credentials(app, email, client).await?;
    let (user, hash) = found.map_or((None, None), |Credentials { user, password_hash }| (Some(user), password_hash));
    let fit = app.passwords.verify(&password, hash.clone(), source.lane()).await?;
    let Some(user) = user.filter(|_| !matches!(fit, Fit::No)) else {
        note_failure(user, &source, client);
        return Err(InvalidCredentials::at_sign_in().into());
    };
    let renewed = match fit {
        Fit::Outdated(password) => Some(app.passwords.hash(&password, source.lane(), &*app.entropy).await?),
        Fit::Yes | Fit::No => None,
    };
    let (now, device) = (app.now(), source.device(app));
    let opened = app
        .database
        .transaction(async |tx| {
            // Locked, so that a session is not opened with a password that is being replaced.
            let account = accounts::lock(tx, user).await?.filter(|account| account.password_hash == hash);
            let account = account.ok_or(Error::from(InvalidCredentials::at_sign_in()))?;
            refuse_suspended(&account)?;
            source.return_attempts(app, tx, email).await?;
            if let Some(renewed) = &renewed {
                accounts::set_password(tx, user, renewed, now).await?;
            }
            let password = renewed.as_ref().or(hash.as_ref()).map(String::as_str);
            open_and_tell(app, tx, (&account, password), (client, &device, source.is_known()), now).await
        })
        .await?;
    let signed_in = opened?;
    app.mails.ordered.notify_one();
    let (known_device, address) = (source.is_known(), client.address);
    tracing::info!(target: logs::SECURITY, event = "signed_in", %user, known_device, %address, "a user has signed in");
    Ok(signed_in)
}

/// Opens a session or issues a challenge, and tells the owner if the session is on a new device.
pub(super) async fn open_and_tell(
    app: &App,
    tx: &mut Conn,
    (account, password): (&Account, Option<&str>),
    (client, device, is_known): (&Client, &DeviceToken, bool),
    now: Timestamp,
) -> Result<Result<SignedIn, SecondFactorRequired>> {
    let (user, is_verified) = (account.id, account.email.is_some());
    let is_new = is_verified && !is_known && is_new_device(tx, user, client).await?;
    let opened = open_or_challenge(app, tx, ((user, is_verified), password), (client, device), now).await?;
    if is_new && opened.is_ok() {
        tell_of_device(app, tx, user, client, now).await?;
    }
    Ok(opened)
}

/// The account with this email; or, on a device of an account that has not verified it yet, that account: no other client can sign in to
/// it, or signing in would tell who has a verified account.
async fn credentials(app: &App, email: &Email, client: &Client) -> Result<Option<Credentials>> {
    let conn = &mut app.conn().await?;
    if let Some(device) = &client.device {
        let own = accounts::unverified_credentials(conn, &device.hash(), email.as_str(), app.now()).await?;
        if own.is_some() {
            return Ok(own);
        }
    }
    Ok(accounts::credentials(conn, email.as_str()).await?)
}

/// The email address is not logged: people type passwords there by mistake.
fn note_failure(user: Option<UserId>, source: &Source, client: &Client) {
    tracing::warn!(
        target: logs::SECURITY,
        event = "sign_in_failed",
        user = user.map(tracing::field::display),
        known_device = source.is_known(),
        address = %client.address,
        "a password is wrong, or there is no such account"
    );
}

/// The source of the attempt. Reads the database only if the client sends a device token.
async fn source(app: &App, email: &Email, client: &Client) -> Result<Source> {
    if let Some(device) = &client.device {
        let found = credentials(app, email, client).await?;
        if let Some(Credentials { user, .. }) = found
            && devices::is_known(&mut app.conn().await?, &device.hash(), user, app.now()).await?
        {
            return Ok(Source::Known(device.clone()));
        }
    }
    Ok(Source::Stranger(client.address))
}

impl Source {
    fn is_known(&self) -> bool {
        matches!(self, Self::Known(_))
    }

    /// Counts the attempt, before the password is checked.
    async fn attempt(&self, app: &App, email: &Email) -> Result<()> {
        let (rules, account) = (&app.limits, email.as_str().as_bytes());
        match self {
            Self::Known(device) => limits::attempt(app, &rules.sign_in_by_device, &[&device.hash()]).await,
            Self::Stranger(address) => {
                let address = address.as_bytes();
                limits::attempt(app, &rules.sign_in_by_address, &[address]).await?;
                limits::attempt(app, &rules.sign_in_by_account, &[account, address]).await?;
                limits::attempt(app, &rules.sign_in_anywhere, &[account]).await
            }
        }
    }

    /// Returns the attempts: the password was right.
    async fn return_attempts(&self, app: &App, tx: &mut Conn, email: &Email) -> Result<()> {
        let (rules, account) = (&app.limits, email.as_str().as_bytes());
        match self {
            Self::Known(device) => limits::return_all(tx, &rules.sign_in_by_device, &[&device.hash()]).await,
            Self::Stranger(address) => {
                limits::return_all(tx, &rules.sign_in_by_account, &[account, address.as_bytes()]).await?;
                // Only this one: the others may be an attacker's.
                limits::return_one(tx, &rules.sign_in_anywhere, &[account]).await
            }
        }
    }

    /// The queue in which it waits for its password check.
    fn lane(&self) -> Lane {
        match self {
            Self::Known(device) => Lane::Device(device.hash()),
            Self::Stranger(address) => Lane::Address(*address),
        }
    }

    /// The device to remember.
    fn device(&self, app: &App) -> DeviceToken {
        match self {
            Self::Known(device) => device.clone(),
            Self::Stranger(_) => DeviceToken::new(&*app.entropy),
        }
    }
}
