//! The email of an account is replaced when codes from both, the current and the new one, were entered: whoever has only stolen a session
//! cannot take the account over, and a mistyped email is never the account's.

use super::{
    codes, limits,
    verification::{locked, taken},
};
use crate::{
    app::App,
    mails::{self, Order},
};
use auth::{AccountOwner, RecentMember};
use mysql_engine::Conn;
use store::{
    accounts::{self, Account},
    one_time_codes::{self, OneTimeCode},
};
use telemetry::logs;
use types::{
    CodePurpose, Email, Timestamp, UserId,
    error::{Error, Result},
};

/// The codes of a change: the one to the new email first.
const PURPOSES: [CodePurpose; 2] = [CodePurpose::NewEmail, CodePurpose::OldEmail];

/// A change that waits for codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailChange {
    /// The email that is to replace the current one.
    pub new_email: Email,
    /// Whether the code to the new email was entered.
    pub is_new_confirmed: bool,
    /// Whether the code to the current email was entered.
    pub is_current_confirmed: bool,
    /// When the codes expire.
    pub expires_at: Timestamp,
}

impl EmailChange {
    /// The change of an account with these codes, unless it has expired.
    fn of(account: &Account, codes: &[OneTimeCode], now: Timestamp) -> Option<Self> {
        let new_email = account.new_email()?;
        let code = |purpose| codes.iter().find(|code| code.purpose == purpose && code.expires_at > now);
        let (new, current) = (code(CodePurpose::NewEmail)?, code(CodePurpose::OldEmail)?);
        Some(Self {
            new_email,
            is_new_confirmed: new.used_at.is_some(),
            is_current_confirmed: current.used_at.is_some(),
            expires_at: new.expires_at.min(current.expires_at),
        })
    }

    fn is_confirmed(&self) -> bool {
        self.is_new_confirmed && self.is_current_confirmed
    }
}

/// The change of `user`'s email that waits for codes.
///
/// # Errors
/// When the database fails.
pub async fn pending_email_change(app: &App, user: UserId) -> Result<Option<EmailChange>> {
    let conn = &mut app.conn().await?;
    let Some(account) = accounts::find(conn, user).await?.filter(|account| account.new_email().is_some()) else {
        return Ok(None);
    };
    let codes = one_time_codes::of_user(conn, user, &PURPOSES).await?;
    Ok(EmailChange::of(&account, &codes, app.now()))
}

/// Begins to replace the member's email: mails a code to the current and one to the new email. Replaces an earlier change that was not
/// completed.
///
/// # Errors
/// Problems of the contract's `requestEmailChange`.
pub async fn request_email_change(app: &App, member: &RecentMember, new_email: Email) -> Result<()> {
    member.verified()?;
    let (user, now) = (member.id(), app.now());
    limits::attempt(app, &app.limits.email_changes, &[user.as_bytes()]).await?;
    app.database
        .transaction(async |tx| {
            let account = locked(tx, user).await?;
            let current = account.verified_email().ok_or(Error::Unauthenticated)?;
            if current == new_email {
                return Err(Error::invalid(&["newEmail"], "This is the email of your account already."));
            }
            for email in [&current, &new_email] {
                limits::take(tx, &app.limits.mails_by_email, &[email.as_str().as_bytes()], now).await?;
            }
            accounts::set_unverified_email(tx, user, Some(new_email.as_str()), now).await?;
            let code = codes::issue(app, tx, user, (CodePurpose::NewEmail, &new_email), now).await?;
            mails::order(app, tx, user, &Order::NewEmail { user, code }, now).await?;
            let code = codes::issue(app, tx, user, (CodePurpose::OldEmail, &current), now).await?;
            mails::order(app, tx, user, &Order::OldEmail { user, code }, now).await
        })
        .await?;
    app.mails.ordered.notify_one();
    tracing::info!(target: logs::SECURITY, event = "email_change_requested", %user, "an account is to get another email");
    Ok(())
}

/// Confirms one side of the change with its code. With the second, the email is replaced. Returns whether it was.
///
/// # Errors
/// Problems of the contract's `confirmEmailChange`.
pub async fn confirm_email_change(app: &App, member: &AccountOwner, code: &str) -> Result<bool> {
    let (user, now) = (member.id(), app.now());
    limits::attempt(app, &app.limits.codes, &[user.as_bytes()]).await?;
    let (checked, is_changed) = app
        .database
        .transaction(async |tx| {
            let account = locked(tx, user).await?;
            let checked = check_either(app, tx, &account, code, now).await?;
            let is_right = matches!(checked, codes::Checked::Right(_));
            let is_changed = is_right && complete(app, tx, &account, now).await?;
            Ok::<_, Error>((checked, is_changed))
        })
        .await?;
    checked.email()?;
    if is_changed {
        app.mails.ordered.notify_one();
        tracing::info!(target: logs::SECURITY, event = "email_changed", %user, "an account has another email");
    }
    Ok(is_changed)
}

/// Compares a code with both of the change.
async fn check_either(
    app: &App,
    tx: &mut Conn,
    account: &Account,
    typed: &str,
    now: Timestamp,
) -> Result<codes::Checked> {
    if account.new_email().is_some() {
        for purpose in PURPOSES {
            let checked = codes::check(app, tx, account.id, (purpose, typed), now).await?;
            if matches!(checked, codes::Checked::Right(_)) {
                return Ok(checked);
            }
        }
    }
    Ok(codes::Checked::Wrong)
}

/// Replaces the email if both sides are confirmed. A link to reset the password that is on its way to the old email becomes invalid.
async fn complete(app: &App, tx: &mut Conn, account: &Account, now: Timestamp) -> Result<bool> {
    let codes = one_time_codes::of_user(tx, account.id, &PURPOSES).await?;
    let change = EmailChange::of(account, &codes, now).filter(EmailChange::is_confirmed);
    let Some((change, old)) = change.zip(account.verified_email()) else { return Ok(false) };
    let (user, new) = (account.id, change.new_email);
    accounts::set_verified_email(tx, user, new.as_str(), now).await.map_err(taken)?;
    one_time_codes::delete(tx, user, &PURPOSES).await?;
    one_time_codes::end_all(tx, user, &[CodePurpose::ResetPassword], now).await?;
    mails::order(app, tx, user, &Order::EmailChanged { user, old, new }, now).await?;
    Ok(true)
}

/// Cancels the change to `new_email`, if it waits for codes. Returns whether it did.
///
/// # Errors
/// Problems of the contract's `cancelEmailChange`.
pub async fn cancel_email_change(app: &App, member: &AccountOwner, new_email: &Email) -> Result<bool> {
    let now = app.now();
    app.database
        .transaction(async |tx| {
            let account = locked(tx, member.id()).await?;
            Ok(account.new_email().as_ref() == Some(new_email) && cancel(tx, &account, now).await?)
        })
        .await
}

/// Cancels the change of a locked account. Returns whether there was one.
pub(super) async fn cancel(tx: &mut Conn, account: &Account, now: Timestamp) -> Result<bool> {
    if account.new_email().is_none() {
        return Ok(false);
    }
    accounts::set_unverified_email(tx, account.id, None, now).await?;
    one_time_codes::delete(tx, account.id, &PURPOSES).await?;
    Ok(true)
}
