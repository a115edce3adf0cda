//! The second factor of an account: codes of an authenticator app, and recovery codes for when it is lost.
//!
//! Turning it on takes two requests, so that nobody locks themselves out: the first makes a secret, the second shows with a code that an app
//! has it. Every change needs a recent proof of who the member is, and is mailed to them.

mod challenge;
mod codes;

use super::{
    identity::{recent_in, record},
    limits,
    verification::locked,
};
use crate::{
    app::App,
    mails::{self, Order},
};
use auth::{RecentMember, RecoveryCode, TotpSecret};
pub use challenge::complete_sign_in;
pub(super) use challenge::{known_device, open_or_challenge, tell_if_new};
pub(crate) use codes::encrypt_again;
pub(super) use codes::use_code;
use mail::SecondFactorChange;
use mysql_engine::Conn;
pub use store::second_factors::OwnSecondFactor;
use store::{
    second_factors::{self, SecondFactor},
    sign_in_challenges,
};
use telemetry::logs;
use types::{
    Timestamp, UserId,
    error::{Error, Result},
};

/// What authenticator apps show if the site has no name.
const ISSUER: &str = "Staygate";

/// A secret for an authenticator app. It protects nothing until its first code is typed.
#[derive(Debug, Clone)]
pub struct SecondFactorSetup {
    /// The secret.
    pub secret: TotpSecret,
    /// The name of the site.
    issuer: String,
    /// The email of the account.
    account: String,
    /// Until when its first code must be typed.
    pub expires_at: Timestamp,
}

impl SecondFactorSetup {
    /// The URI that an app scans as a QR code.
    ///
    /// # Errors
    /// Never.
    pub fn uri(&self) -> Result<String> {
        self.secret.uri(&self.issuer, &self.account)
    }
}

/// The viewer's second factor, if it is on.
///
/// # Errors
/// When the database fails.
pub async fn own_second_factor(app: &App, user: UserId) -> Result<Option<OwnSecondFactor>> {
    Ok(second_factors::own(&mut app.conn().await?, user).await?)
}

/// Makes a secret for an authenticator app, in place of one whose first code was not typed.
///
/// # Errors
/// Problems of the contract's `beginSecondFactor`.
pub async fn begin_second_factor(app: &App, member: &RecentMember) -> Result<SecondFactorSetup> {
    member.verified()?;
    let (user, now, secret) = (member.id(), app.now(), TotpSecret::new(&*app.entropy));
    let sealed = secret.seal(&app.keys, user, &*app.entropy)?;
    let factor = SecondFactor {
        user_id: user,
        key_id: sealed.key_id,
        sealed_secret: sealed.bytes,
        last_step: 0,
        created_at: now,
        enabled_at: None,
    };
    let email = app
        .database
        .transaction(async |tx| {
            let account = locked(tx, user).await?;
            if second_factors::is_on(tx, user).await? {
                return Err(Error::state(
                    None,
                    "Your second factor is already on. Turn it off first to use another app.",
                ));
            }
            second_factors::replace(tx, &factor).await?;
            account.email.ok_or(Error::Unauthenticated)
        })
        .await?;
    let name = &app.mails.brand.name;
    let issuer = if name.is_empty() { ISSUER.to_owned() } else { name.clone() };
    Ok(SecondFactorSetup { secret, issuer, account: email, expires_at: now + app.terms.second_factor_setup })
}

/// Turns the second factor on with the first code of the authenticator app. Returns the recovery codes, which are not shown again. Other
/// sessions stay, but must prove who they are with the second factor from now on.
///
/// # Errors
/// Problems of the contract's `confirmSecondFactor`.
pub async fn confirm_second_factor(app: &App, member: &RecentMember, code: &str) -> Result<Vec<RecoveryCode>> {
    member.verified()?;
    let (user, now, recovery_codes) = (member.id(), app.now(), codes::new_recovery_codes(app));
    limits::attempt(app, &app.limits.confirmation_codes, &[user.as_bytes()]).await?;
    app.database
        .transaction(async |tx| {
            locked(tx, user).await?;
            let begun = second_factors::lock(tx, user).await?;
            let factor = begun.filter(|factor| is_begun(app, factor, now)).ok_or_else(nothing_begun)?;
            codes::use_totp(app, tx, &factor, code, now).await?;
            second_factors::enable(tx, user, now).await?;
            codes::write_recovery_codes(tx, user, &recovery_codes).await?;
            record(tx, member, now).await?;
            store::sessions::forget_other_authentications(tx, user, member.session()).await?;
            limits::return_all(tx, &app.limits.confirmation_codes, &[user.as_bytes()]).await?;
            tell(app, tx, user, SecondFactorChange::Enabled, now).await
        })
        .await?;
    app.mails.ordered.notify_one();
    tracing::info!(target: logs::SECURITY, event = "second_factor_enabled", %user, "a second factor was turned on");
    Ok(recovery_codes)
}

fn is_begun(app: &App, factor: &SecondFactor, now: Timestamp) -> bool {
    factor.enabled_at.is_none() && now < factor.created_at + app.terms.second_factor_setup
}

fn nothing_begun() -> Error {
    Error::state(None, "There is no new authenticator app to confirm, or it was added too long ago. Add it again.")
}

/// Turns the second factor off, and ends the sign-ins that wait for it.
///
/// # Errors
/// Problems of the contract's `disableSecondFactor`.
pub async fn disable_second_factor(app: &App, member: &RecentMember) -> Result<()> {
    let (user, now) = (member.id(), app.now());
    app.database
        .transaction(async |tx| {
            require_on(app, tx, member, now).await?;
            second_factors::delete(tx, user).await?;
            sign_in_challenges::delete_all(tx, user).await?;
            tell(app, tx, user, SecondFactorChange::Disabled, now).await
        })
        .await?;
    app.mails.ordered.notify_one();
    tracing::info!(target: logs::SECURITY, event = "second_factor_disabled", %user, "a second factor was turned off");
    Ok(())
}

/// Makes new recovery codes, which are not shown again. The old ones are not valid any more.
///
/// # Errors
/// Problems of the contract's `replaceRecoveryCodes`.
pub async fn replace_recovery_codes(app: &App, member: &RecentMember) -> Result<Vec<RecoveryCode>> {
    let (user, now, recovery_codes) = (member.id(), app.now(), codes::new_recovery_codes(app));
    app.database
        .transaction(async |tx| {
            require_on(app, tx, member, now).await?;
            codes::write_recovery_codes(tx, user, &recovery_codes).await?;
            tell(app, tx, user, SecondFactorChange::RecoveryCodesReplaced, now).await
        })
        .await?;
    app.mails.ordered.notify_one();
    tracing::info!(target: logs::SECURITY, event = "recovery_codes_replaced", %user, "there are new recovery codes");
    Ok(recovery_codes)
}

/// Locks the account of a member, whose second factor must be on and was given a short time ago.
async fn require_on(app: &App, tx: &mut Conn, member: &RecentMember, now: Timestamp) -> Result<()> {
    member.verified()?;
    locked(tx, member.id()).await?;
    if !second_factors::is_on(tx, member.id()).await? {
        return Err(Error::state(None, "Your second factor is off."));
    }
    recent_in(app, tx, member, now).await.map(|_| ())
}

/// Orders a mail to the owner of the account.
async fn tell(app: &App, tx: &mut Conn, user: UserId, what: SecondFactorChange, at: Timestamp) -> Result<()> {
    mails::order(app, tx, user, &Order::SecondFactorChanged { user, what, at }, at).await
}
