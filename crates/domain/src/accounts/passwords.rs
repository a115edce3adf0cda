//! New passwords of accounts, and those of demo accounts, which the program itself sets.

use super::create_verified;
use crate::{app::App, sessions::end_all};
use auth::{Fit, NewPassword, Password, PasswordHasher};
use client_limits::{AddressPrefix, Lane};
use mysql_engine::Conn;
use store::{accounts, devices, passkey_challenges, passkeys, provider_links};
use types::{
    Email, UserId,
    error::{Error, Result},
};

/// What others know about an account: its password must not be close to it.
#[derive(Debug, Clone, Copy)]
pub(super) struct About<'a> {
    /// The email.
    pub email: &'a Email,
    /// The public name.
    pub display_name: &'a str,
}

/// Checks a new password, for a caller in `lane`. Whatever sets a password that a person has typed calls this. A refusal is at `path`, which
/// starts below `input`.
///
/// # Errors
/// [`types::error::Refusal::InvalidInput`] when the password is refused; [`Error::Busy`] when too many callers wait.
pub(super) async fn check(
    app: &App,
    password: Password,
    about: About<'_>,
    path: &[&str],
    lane: Lane,
) -> Result<NewPassword> {
    let email = about.email.as_str();
    let (local_part, domain) = email.split_once('@').unwrap_or((email, ""));
    let about = [email, local_part, domain, about.display_name].map(str::to_owned).to_vec();
    app.passwords.check(password, about, lane).await?.map_err(|weakness| Error::invalid(path, weakness.to_string()))
}

/// The lane of the program itself.
pub(super) fn own_lane() -> Lane {
    Lane::Address(AddressPrefix::of(None))
}

/// Creates a demo account, whose password is public and therefore not checked.
///
/// # Errors
/// [`types::error::Refusal::EmailTaken`] when it is there already.
pub async fn create_demo(app: &App, email: &Email, password: String, display_name: &str) -> Result<UserId> {
    create_verified(app, email, &NewPassword::of_program(password), display_name.to_owned()).await
}

/// Whether there is an account with this address and this password.
///
/// # Errors
/// When the database fails.
pub async fn opens(conn: &mut Conn, passwords: &PasswordHasher, email: &Email, password: String) -> Result<bool> {
    let Some(found) = accounts::credentials(conn, email.as_str()).await? else { return Ok(false) };
    let fit = passwords.verify(&Password::typed(password), found.password_hash, own_lane()).await?;
    Ok(!matches!(fit, Fit::No))
}

/// Sets the public password of a demo account. Its sessions stay open.
///
/// # Errors
/// When the database fails.
pub async fn set_password(app: &App, email: &Email, password: String) -> Result<()> {
    let hash = app.passwords.hash(&NewPassword::of_program(password), own_lane(), &*app.entropy).await?;
    let found = accounts::credentials(&mut app.conn().await?, email.as_str()).await?;
    let Some(found) = found else { return Ok(()) };
    let now = app.now();
    app.database
        .write(async |conn| {
            accounts::set_password(conn, found.user, &hash, now).await?;
            Ok(())
        })
        .await
}

/// Locks an account: sets a random password, removes its passkeys, unlinks it from identity providers, ends its sessions and forgets its
/// devices.
///
/// # Errors
/// When the database fails.
pub async fn lock(app: &App, email: &Email) -> Result<()> {
    let secret = app.entropy.bytes::<32>().iter().map(|byte| format!("{byte:02x}")).collect();
    let hash = app.passwords.hash(&NewPassword::of_program(secret), own_lane(), &*app.entropy).await?;
    let Some(found) = accounts::credentials(&mut app.conn().await?, email.as_str()).await? else { return Ok(()) };
    let (user, now): (UserId, _) = (found.user, app.now());
    let ended = app
        .database
        .transaction(async |tx| {
            accounts::set_password(tx, user, &hash, now).await?;
            passkeys::delete_all(tx, user).await?;
            passkey_challenges::delete_all(tx, user).await?;
            let ended = end_all(tx, user, now).await?;
            devices::forget_all(tx, user).await?;
            provider_links::delete_all(tx, user).await?;
            Ok::<_, Error>(ended)
        })
        .await?;
    ended.take_effect(app);
    Ok(())
}
