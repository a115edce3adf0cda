//! Signing in, and those who guess.
//!
//! Attempts are limited by address first. Only what passes there counts for the account, so that nobody can shut its owner out from
//! an address that is over its own limit. To one account, attempts from one address are refused after a few, and attempts from anywhere
//! are delayed after some more: many addresses together slow each other down, but lock nobody out. A device that has signed in to the
//! account before has a limit of its own instead of all these, so that its owner can always sign in, whatever strangers do.

use super::{Client, SignedIn, limits, open};
use crate::app::App;
use auth::{DeviceToken, Fit, Password};
use client_limits::{AddressPrefix, Lane};
use mysql_engine::Conn;
use store::{
    devices,
    sessions::{self, Credentials},
};
use telemetry::logs;
use types::{
    Email, Timestamp, UserId,
    error::{InvalidCredentials, Refusal, Result},
};

/// Whose attempt it is: this decides which limits count.
enum Source {
    /// The device has signed in to this account before.
    Known(DeviceToken),
    /// Anybody else.
    Stranger(AddressPrefix),
}

/// Signs in. Whether the address has an account cannot be told from the answer, nor from the time that it takes.
///
/// # Errors
/// Problems of the contract's `signIn`.
pub async fn sign_in(app: &App, email: &Email, password: String, client: &Client) -> Result<SignedIn> {
    let source = source(app, email, client).await?;
    source.attempt(app, email).await?;
    let password = Password::typed(password);
    let found = sessions::credentials(&mut app.conn().await?, email.as_str()).await?;
    let (user, hash) = found.map_or((None, None), |Credentials { user, password_hash }| (Some(user), password_hash));
    let fit = app.passwords.verify(&password, hash, source.lane()).await?;
    let Some(user) = user.filter(|_| fit != Fit::No) else {
        note_failure(user, &source, client);
        return Err(Refusal::InvalidCredentials(InvalidCredentials).into());
    };
    let renewed = match fit {
        Fit::Unprepared => Some(app.passwords.hash(&password, source.lane(), &*app.entropy).await?),
        Fit::Yes | Fit::No => None,
    };
    let (now, device) = (app.now(), source.device(app));
    let signed_in = app
        .database
        .transaction(async |tx| {
            source.forget(app, tx, email).await?;
            if let Some(hash) = &renewed {
                sessions::set_password(tx, user, hash, now).await?;
            }
            open(app, tx, user, &device, now).await
        })
        .await?;
    let (known_device, address) = (source.is_known(), client.address);
    tracing::info!(target: logs::SECURITY, event = "signed_in", %user, known_device, %address, "somebody has signed in");
    Ok(signed_in)
}

/// The address that was typed is not written: people type passwords there by mistake.
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

/// Whose attempt it is. Tokens of devices are not looked up for somebody who sends none.
async fn source(app: &App, email: &Email, client: &Client) -> Result<Source> {
    if let Some(device) = &client.device {
        let now: Timestamp = app.now();
        let conn = &mut app.conn().await?;
        let found = sessions::credentials(conn, email.as_str()).await?;
        if let Some(Credentials { user, .. }) = found
            && devices::is_known(conn, &device.hash(), user, now).await?
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

    /// Counts the attempt, before it is known whether it succeeds.
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

    /// Forgets the attempts: this was the right password.
    async fn forget(&self, app: &App, tx: &mut Conn, email: &Email) -> Result<()> {
        let (rules, account) = (&app.limits, email.as_str().as_bytes());
        match self {
            Self::Known(device) => limits::forget(tx, &rules.sign_in_by_device, &[&device.hash()]).await,
            Self::Stranger(address) => {
                limits::forget(tx, &rules.sign_in_by_account, &[account, address.as_bytes()]).await?;
                // Only this one: the others may have been somebody else's.
                limits::give_back(tx, &rules.sign_in_anywhere, &[account]).await
            }
        }
    }

    /// Where it waits for its password to be checked.
    fn lane(&self) -> Lane {
        match self {
            Self::Known(device) => Lane::Device(device.hash()),
            Self::Stranger(address) => Lane::Address(*address),
        }
    }

    /// The device that is known from now on.
    fn device(&self, app: &App) -> DeviceToken {
        match self {
            Self::Known(device) => device.clone(),
            Self::Stranger(_) => DeviceToken::new(&*app.entropy),
        }
    }
}
