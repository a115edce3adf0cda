//! A new password without the old one, through a link in a mail; and with the old one.

use super::{
    Client, SignedIn, codes, email_change, limits,
    passwords::{self, About},
    refuse_suspended,
    second_factor::open_or_challenge,
    verification::locked,
};
use crate::{
    app::App,
    mails::{self, Order},
    sessions::{end_all, end_all_but},
};
use auth::{AccountOwner, DeviceToken, Fit, NewPassword, Password};
use client_limits::Lane;
use mysql_engine::Conn;
use store::{
    accounts::{self, Account},
    devices,
    one_time_codes::{self, OneTimeCode},
    second_factors,
};
use telemetry::logs;
use types::{
    CodePurpose, Email, Timestamp,
    error::{Error, InvalidCode, InvalidCredentials, Refusal, Result},
};

/// Orders a mail with a link to choose a new password. Everything that depends on whether there is such an account happens when the mail is
/// sent, so that neither the response nor its time tells. Returns until when the link is valid.
///
/// # Errors
/// Problems of the contract's `requestPasswordReset`.
pub async fn request_password_reset(
    app: &App,
    email: Email,
    locale: Option<String>,
    client: &Client,
) -> Result<Timestamp> {
    limits::attempt(app, &app.limits.resets_by_address, &[client.address.as_bytes()]).await?;
    limits::attempt(app, &app.limits.mails_by_email, &[email.as_str().as_bytes()]).await?;
    let now = app.now();
    let order = Order::ResetPassword { email, locale };
    app.database.transaction(async |tx| mails::order_for_anyone(app, tx, &order, now).await).await?;
    app.mails.ordered.notify_one();
    Ok(now + codes::lifetime(app, CodePurpose::ResetPassword))
}

/// Replaces the password of the account whose owner got the code in a mail, ends all its sessions, and signs in. An account with
/// a second factor still needs it.
///
/// # Errors
/// Problems of the contract's `resetPassword`.
pub async fn reset_password(app: &App, link_code: &str, password: String, client: &Client) -> Result<SignedIn> {
    limits::attempt(app, &app.limits.resets_by_address, &[client.address.as_bytes()]).await?;
    let invalid = || Error::from(Refusal::InvalidCode(InvalidCode));
    let id = app.keys.read_link_code(link_code)?.ok_or_else(invalid)?;
    let found = one_time_codes::find(&mut app.conn().await?, id).await?;
    let is_right = |code: &OneTimeCode| code.purpose == CodePurpose::ResetPassword && codes::is_open(code, app.now());
    let code = found.filter(is_right).ok_or_else(invalid)?;
    let (user, lane) = (code.user_id, Lane::Address(client.address));
    let account = accounts::find(&mut app.conn().await?, user).await?.ok_or_else(invalid)?;
    let password = checked(app, &account, password, lane).await?;
    let hash = app.passwords.hash(&password, lane, &*app.entropy).await?;
    let (now, device) = (app.now(), DeviceToken::new(&*app.entropy));
    let (opened, ended) = app
        .database
        .transaction(async |tx| {
            let account = locked(tx, user).await?;
            let code = one_time_codes::lock(tx, user, CodePurpose::ResetPassword).await?;
            code.filter(|code| code.id == id && codes::is_open(code, now)).ok_or_else(invalid)?;
            refuse_suspended(&account)?;
            let ended = end_all(tx, user, now).await?;
            devices::forget_all(tx, user).await?;
            replace(app, tx, &account, &hash, now).await?;
            let holder = (user, account.email.is_some());
            let opened = open_or_challenge(app, tx, (holder, Some(&hash)), (client, &device), now).await?;
            Ok::<_, Error>((opened, ended))
        })
        .await?;
    ended.take_effect(app);
    app.mails.ordered.notify_one();
    tracing::info!(target: logs::SECURITY, event = "password_reset", %user, address = %client.address, "a password was reset");
    Ok(opened?)
}

/// A new password of `account`, checked.
async fn checked(app: &App, account: &Account, password: String, lane: Lane) -> Result<NewPassword> {
    let email = account.contact_email().ok_or(Error::Unauthenticated)?;
    let about = About { email: &email, display_name: &account.display_name };
    passwords::check(app, Password::typed(password), about, &["newPassword"], lane).await
}

/// Replaces the password, tells its owner, and ends codes that could undo it: somebody else may have asked for them.
async fn replace(app: &App, tx: &mut Conn, account: &Account, hash: &str, now: Timestamp) -> Result<()> {
    let user = account.id;
    accounts::set_password(tx, user, hash, now).await?;
    one_time_codes::end_all(tx, user, &[CodePurpose::ResetPassword], now).await?;
    email_change::cancel(tx, account, now).await?;
    mails::order(app, tx, user, &Order::PasswordChanged { user, at: now }, now).await
}

/// Replaces the member's password, and ends all their other sessions. Without a second factor the current password also counts as a recent
/// proof of who they are.
///
/// # Errors
/// Problems of the contract's `changePassword`.
pub async fn change_password(
    app: &App,
    member: &AccountOwner,
    (current, new): (String, String),
    client: &Client,
) -> Result<()> {
    let (user, lane) = (member.id(), Lane::Address(client.address));
    limits::attempt(app, &app.limits.password_changes, &[user.as_bytes()]).await?;
    let found = accounts::find(&mut app.conn().await?, user).await?.ok_or(Error::Unauthenticated)?;
    let wrong = || Error::from(InvalidCredentials::of_field("currentPassword"));
    let fit = app.passwords.verify(&Password::typed(current), found.password_hash.clone(), lane).await?;
    if matches!(fit, Fit::No) {
        return Err(wrong());
    }
    let new = checked(app, &found, new, lane).await?;
    let hash = app.passwords.hash(&new, lane, &*app.entropy).await?;
    let now = app.now();
    let ended = app
        .database
        .transaction(async |tx| {
            let account = locked(tx, user).await?;
            if account.password_hash != found.password_hash {
                return Err(wrong());
            }
            let ended = end_all_but(tx, user, member.session(), now).await?;
            if !second_factors::is_on(tx, user).await? {
                store::sessions::record_authentication(tx, member.session(), now).await?;
            }
            replace(app, tx, &account, &hash, now).await?;
            Ok(ended)
        })
        .await?;
    ended.take_effect(app);
    app.mails.ordered.notify_one();
    tracing::info!(target: logs::SECURITY, event = "password_changed", %user, "a password was changed");
    Ok(())
}
