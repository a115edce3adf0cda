//! The email of a new account is verified with a code that was sent to it.
//!
//! Any number of accounts may wait to verify one address, so that registering reveals nothing; the first code that comes back decides. The
//! code is typed into a session of the account, so that somebody who registers with another person's address cannot have it verified by them.

use diesel::result::{DatabaseErrorKind, Error as DatabaseError};

use super::{codes, limits};
use crate::{
    app::App,
    mails::{self, Order},
};
use auth::{AccessToken, AccountOwner, Holder, Member};
use mysql_engine::Conn;
use store::accounts::{self, Account};
use telemetry::logs;
use types::{
    CodePurpose, Email, Timestamp, UserId,
    error::{EmailTaken, Error, Refusal, Result},
};

/// A verified account, with an access token that says so.
#[derive(Debug, Clone)]
pub struct Verified {
    /// The token, of the same session.
    pub access: AccessToken,
    /// The proof for its owner.
    pub member: Member,
}

/// Issues a code for the unverified email of `user`, and orders the mail with it.
pub(super) async fn send_code(app: &App, tx: &mut Conn, user: UserId, email: &Email, now: Timestamp) -> Result<()> {
    let code = codes::issue(app, tx, user, (CodePurpose::VerifyEmail, email), now).await?;
    mails::order(app, tx, user, &Order::VerifyEmail { user, code }, now).await
}

/// Verifies the member's email. Returns a new access token for the session; with an email that is verified already, just that.
///
/// # Errors
/// Problems of the contract's `verifyEmail`.
pub async fn verify_email(app: &App, member: &AccountOwner, code: &str) -> Result<Verified> {
    let (user, now) = (member.id(), app.now());
    limits::attempt(app, &app.limits.codes, &[user.as_bytes()]).await?;
    let checked = app
        .database
        .transaction(async |tx| {
            let account = locked(tx, user).await?;
            if account.email.is_some() {
                return Ok(None);
            }
            let checked = codes::check(app, tx, user, (CodePurpose::VerifyEmail, code), now).await?;
            if let codes::Checked::Right(email) = &checked {
                accounts::set_verified_email(tx, user, email.as_str(), now).await.map_err(taken)?;
            }
            Ok::<_, Error>(Some(checked))
        })
        .await?;
    if let Some(checked) = checked {
        checked.email()?;
        tracing::info!(target: logs::SECURITY, event = "email_verified", %user, "an account has verified its email");
    }
    let holder = Holder { user, session: member.session(), has_verified_email: true, impersonator: None };
    let (access, member) = app.keys.sign(holder, now, app.terms.access_token)?;
    Ok(Verified { access, member })
}

/// Sends another code to the unverified email of the member, or to `email`, which replaces it. Returns where it is sent.
///
/// # Errors
/// Problems of the contract's `resendVerification`.
pub async fn resend_verification(app: &App, member: &AccountOwner, email: Option<Email>) -> Result<Email> {
    let (user, now) = (member.id(), app.now());
    limits::attempt(app, &app.limits.verification_mails, &[user.as_bytes()]).await?;
    let sent = app
        .database
        .transaction(async |tx| {
            let account = locked(tx, user).await?;
            if account.email.is_some() {
                return Err(Error::state(None, "Your email is already verified."));
            }
            let email = email.clone().or_else(|| account.unverified_email.map(Email::stored));
            let email = email.ok_or(Error::Unauthenticated)?;
            limits::take(tx, &app.limits.mails_by_email, &[email.as_str().as_bytes()], now).await?;
            accounts::set_unverified_email(tx, user, Some(email.as_str()), now).await?;
            send_code(app, tx, user, &email, now).await?;
            Ok(email)
        })
        .await?;
    app.mails.ordered.notify_one();
    Ok(sent)
}

/// The account of a member, locked until the transaction ends.
pub(crate) async fn locked(tx: &mut Conn, user: UserId) -> Result<Account> {
    accounts::lock(tx, user).await?.ok_or(Error::Unauthenticated)
}

/// The account of a member, locked as by [`locked`], if it was not deleted meanwhile.
pub(crate) async fn locked_open(tx: &mut Conn, user: UserId) -> Result<Account> {
    let account = locked(tx, user).await?;
    if account.contact_email().is_some() { Ok(account) } else { Err(Error::Unauthenticated) }
}

/// Of the unique keys of `users`, only the email can be taken already.
pub(super) fn taken(error: DatabaseError) -> Error {
    match error {
        DatabaseError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => Refusal::EmailTaken(EmailTaken).into(),
        other => other.into(),
    }
}
