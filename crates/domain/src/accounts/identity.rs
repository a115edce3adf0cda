//! A recent proof of who a member is: the sign-in itself, or `confirmIdentity` in the same session.
//!
//! Whatever changes how an account is signed in to, or deletes it, takes a [`RecentMember`], so that somebody who has found an open session, or
//! has stolen its tokens, cannot take the account over. The time is stored with the session, so all servers agree, and refreshing keeps it. For an
//! account with a second factor only that factor counts, or a passkey, which is two factors in one.

use std::ops::Deref;

use super::{Client, limits, passkeys::confirm_with_passkey, second_factor::use_code, verification::locked};
use crate::{app::App, sessions::lock_current};
use auth::{AccountOwner, Fit, LastProof, Member, Password, Recent, RecentMember, Staff};
use client_limits::Lane;
use mysql_engine::Conn;
use store::second_factors;
use telemetry::logs;
use types::{
    IdentityMethod, Timestamp, UserId,
    error::{Error, InvalidCredentials, RecentSignInRequired, Refusal, Result},
};

/// What a member proves with who they are.
#[derive(Clone)]
pub enum IdentityProof {
    /// The password of the account; not if it has a second factor.
    Password(String),
    /// A code of the authenticator app, or a recovery code.
    Code(String),
    /// The response of an authenticator with a passkey, as JSON.
    Passkey(String),
}

/// The proof that `member` has shown a short time ago who they are.
///
/// # Errors
/// [`Refusal::RecentSignInRequired`] when they have not; [`Error::Unauthenticated`] when their session has ended.
pub async fn recent(app: &App, member: &AccountOwner) -> Result<RecentMember> {
    recent_in(app, &mut app.conn().await?, member, app.now()).await
}

/// The proof that who has `role` has shown a short time ago who they are.
///
/// # Errors
/// As [`recent`].
pub async fn recent_staff<R: Deref<Target = Staff>>(app: &App, role: R) -> Result<Recent<R>> {
    let (conn, now) = (&mut app.conn().await?, app.now());
    let (recent_until, methods) = last_proof(app, conn, role.owner(), now).await?;
    Recent::proven(role, LastProof { recent_until, methods: &methods }, now)
}

/// The same as [`recent`] on an existing connection: a transaction that has locked the account does not miss a second factor that was just turned on.
///
/// # Errors
/// As [`recent`].
pub(super) async fn recent_in(
    app: &App,
    conn: &mut Conn,
    member: &AccountOwner,
    now: Timestamp,
) -> Result<RecentMember> {
    let (recent_until, methods) = last_proof(app, conn, member, now).await?;
    member.recent(LastProof { recent_until, methods: &methods }, now)
}

/// Until when the last proof of `member` counts as recent, and if it does not any more, how they can prove it again.
async fn last_proof(
    app: &App,
    conn: &mut Conn,
    member: &AccountOwner,
    now: Timestamp,
) -> Result<(Option<Timestamp>, Vec<IdentityMethod>)> {
    let (user, session) = (member.id(), member.session());
    let found = store::sessions::authenticated_at(conn, user, session).await?.ok_or(Error::Unauthenticated)?;
    let recent_until = found.map(|at| at + app.terms.recent_sign_in);
    let methods = match recent_until.is_some_and(|until| now < until) {
        true => Vec::new(),
        false => all_methods(conn, user).await?,
    };
    Ok((recent_until, methods))
}

/// Everything that an account can prove with who its owner is.
async fn all_methods(conn: &mut Conn, user: UserId) -> Result<Vec<IdentityMethod>> {
    let passkey = store::passkeys::exist(conn, user).await?.then_some(IdentityMethod::Passkey);
    let has_second_factor = second_factors::is_on(conn, user).await?;
    // Without any, its owner signs in again with an identity provider.
    let has_any = has_second_factor || store::accounts::has_password(conn, user).await?;
    let others = if has_any { methods(has_second_factor) } else { &[] };
    Ok(others.iter().copied().chain(passkey).collect())
}

/// What a member without passkeys can prove with who they are: the password is not enough when there is a second factor.
pub(super) fn methods(has_second_factor: bool) -> &'static [IdentityMethod] {
    match has_second_factor {
        true => &[IdentityMethod::Totp, IdentityMethod::RecoveryCode],
        false => &[IdentityMethod::Password],
    }
}

async fn require_that_password_serves(conn: &mut Conn, member: &Member) -> Result<()> {
    match second_factors::is_on(conn, member.id()).await? {
        true => Err(RecentSignInRequired { methods: all_methods(conn, member.id()).await? }.into()),
        false => Ok(()),
    }
}

/// Proves in the current session again who `member` is. Returns until when that counts as recent.
///
/// # Errors
/// Problems of the contract's `confirmIdentity`.
pub async fn confirm_identity(
    app: &App,
    member: &AccountOwner,
    proof: IdentityProof,
    client: &Client,
) -> Result<Timestamp> {
    match proof {
        IdentityProof::Password(password) => with_password(app, member, password, client).await?,
        IdentityProof::Code(code) => with_code(app, member, &code).await?,
        IdentityProof::Passkey(response) => confirm_with_passkey(app, member, &response, client).await?,
    }
    tracing::info!(target: logs::SECURITY, event = "identity_confirmed", user = %member.id(), session = %member.session(), "a user has proved again who they are");
    Ok(app.now() + app.terms.recent_sign_in)
}

async fn with_password(app: &App, member: &AccountOwner, password: String, client: &Client) -> Result<()> {
    let (user, lane) = (member.id(), Lane::Address(client.address));
    limits::attempt(app, &app.limits.confirmations, &[user.as_bytes()]).await?;
    require_that_password_serves(&mut app.conn().await?, member).await?;
    let found = store::accounts::find(&mut app.conn().await?, user).await?.ok_or(Error::Unauthenticated)?;
    let fit = app.passwords.verify(&Password::typed(password), found.password_hash.clone(), lane).await?;
    if matches!(fit, Fit::No) {
        tracing::warn!(target: logs::SECURITY, event = "identity_not_confirmed", %user, address = %client.address, "a password is wrong");
        return Err(wrong_password());
    }
    let now = app.now();
    app.database
        .transaction(async |tx| {
            let account = locked(tx, user).await?;
            if account.password_hash != found.password_hash {
                return Err(wrong_password());
            }
            require_that_password_serves(tx, member).await?;
            record(tx, member, now).await?;
            limits::return_all(tx, &app.limits.confirmations, &[user.as_bytes()]).await
        })
        .await
}

async fn with_code(app: &App, member: &AccountOwner, code: &str) -> Result<()> {
    let (user, now) = (member.id(), app.now());
    limits::attempt(app, &app.limits.confirmation_codes, &[user.as_bytes()]).await?;
    app.database
        .transaction(async |tx| {
            locked(tx, user).await?;
            use_code(app, tx, user, code, now).await?;
            record(tx, member, now).await?;
            limits::return_all(tx, &app.limits.confirmation_codes, &[user.as_bytes()]).await
        })
        .await
        .inspect_err(|error| {
            if matches!(error, Error::Refused(Refusal::InvalidSecondFactor(_))) {
                tracing::warn!(target: logs::SECURITY, event = "identity_not_confirmed", %user, "a second factor is wrong");
            }
        })?;
    app.mails.ordered.notify_one();
    Ok(())
}

fn wrong_password() -> Error {
    InvalidCredentials::of_field("password").into()
}

/// Records a proof with the current session.
pub(super) async fn record(tx: &mut Conn, member: &Member, now: Timestamp) -> Result<()> {
    lock_current(tx, member).await?;
    store::sessions::record_authentication(tx, member.session(), now).await?;
    Ok(())
}
