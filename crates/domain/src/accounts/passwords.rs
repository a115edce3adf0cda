//! Passwords of demo accounts, which the program itself sets. Not reachable from outside.

use crate::app::App;
use auth::{Fit, Password, PasswordHasher};
use client_limits::{AddressPrefix, Lane};
use mysql_engine::Conn;
use store::{devices, sessions};
use types::{Email, UserId, error::Result};

/// The lane of the program itself.
fn own_lane() -> Lane {
    Lane::Address(AddressPrefix::of(None))
}

/// Whether there is an account with this address and this password.
///
/// # Errors
/// When the database fails.
pub async fn opens(conn: &mut Conn, passwords: &PasswordHasher, email: &Email, password: String) -> Result<bool> {
    let Some(found) = sessions::credentials(conn, email.as_str()).await? else { return Ok(false) };
    let fit = passwords.verify(&Password::typed(password), found.password_hash, own_lane()).await?;
    Ok(fit != Fit::No)
}

/// Changes the password of an account. Its sessions stay open.
///
/// # Errors
/// When the database fails.
pub async fn set_password(app: &App, email: &Email, password: String) -> Result<()> {
    let hash = app.passwords.hash(&Password::typed(password), own_lane(), &*app.entropy).await?;
    let found = sessions::credentials(&mut app.conn().await?, email.as_str()).await?;
    let Some(found) = found else { return Ok(()) };
    let now = app.now();
    app.database
        .write(async |conn| {
            sessions::set_password(conn, found.user, &hash, now).await?;
            Ok(())
        })
        .await
}

/// Locks an account: sets a random password, ends its sessions and forgets its devices.
///
/// # Errors
/// When the database fails.
pub async fn lock(app: &App, email: &Email) -> Result<()> {
    let secret = app.entropy.bytes::<32>().iter().map(|byte| format!("{byte:02x}")).collect();
    let hash = app.passwords.hash(&Password::typed(secret), own_lane(), &*app.entropy).await?;
    let Some(found) = sessions::credentials(&mut app.conn().await?, email.as_str()).await? else { return Ok(()) };
    let (user, now): (UserId, _) = (found.user, app.now());
    app.database
        .transaction(async |tx| {
            sessions::set_password(tx, user, &hash, now).await?;
            sessions::revoke_all(tx, user, now).await?;
            devices::forget_all(tx, user).await?;
            Ok(())
        })
        .await
}
