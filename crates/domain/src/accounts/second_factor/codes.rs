//! Codes: each is used once, decided by one conditional update.

use super::tell;
use crate::app::App;
use auth::{RecoveryCode, Sealed, TotpSecret};
use mail::SecondFactorChange;
use mysql_engine::Conn;
use store::second_factors::{self, SecondFactor};
use telemetry::logs;
use types::{
    Timestamp, UserId,
    error::{Error, InvalidSecondFactor, Refusal, Result},
};

/// The recovery codes of an account.
const RECOVERY_CODES: usize = 10;

/// What a code was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::accounts) enum UsedCode {
    /// A code of the authenticator app.
    Totp,
    /// A recovery code.
    RecoveryCode,
}

/// Everything that is wrong with a code, or with the sign-in that it is to complete, has this answer.
pub(super) fn wrong() -> Error {
    Refusal::InvalidSecondFactor(InvalidSecondFactor).into()
}

/// Uses a code of the account, which is locked.
///
/// # Errors
/// [`Refusal::InvalidSecondFactor`] when it is wrong or was used before, or the second factor is off.
pub(in crate::accounts) async fn use_code(
    app: &App,
    tx: &mut Conn,
    user: UserId,
    typed: &str,
    now: Timestamp,
) -> Result<UsedCode> {
    let factor = second_factors::lock(tx, user).await?.filter(|factor| factor.enabled_at.is_some());
    let factor = factor.ok_or_else(wrong)?;
    let Some(code) = RecoveryCode::typed(typed) else {
        use_totp(app, tx, &factor, typed, now).await?;
        return Ok(UsedCode::Totp);
    };
    if !second_factors::use_recovery_code(tx, user, &code.hash(user), now).await? {
        return Err(wrong());
    }
    tell(app, tx, user, SecondFactorChange::RecoveryCodeUsed, now).await?;
    tracing::info!(target: logs::SECURITY, event = "recovery_code_used", %user, "a recovery code was used");
    Ok(UsedCode::RecoveryCode)
}

/// Uses a code of the authenticator app.
///
/// # Errors
/// [`Refusal::InvalidSecondFactor`] when it is wrong, or one of its time step or a later one was used before.
pub(super) async fn use_totp(
    app: &App,
    tx: &mut Conn,
    factor: &SecondFactor,
    typed: &str,
    now: Timestamp,
) -> Result<()> {
    let step = secret(app, factor)?.step_of(typed, now)?.ok_or_else(wrong)?;
    match second_factors::use_step(tx, factor.user_id, step).await? {
        true => Ok(()),
        false => Err(wrong()),
    }
}

fn secret(app: &App, factor: &SecondFactor) -> Result<TotpSecret> {
    let sealed = Sealed { key_id: factor.key_id.clone(), bytes: factor.sealed_secret.clone() };
    TotpSecret::open(&app.keys, factor.user_id, &sealed)
}

pub(super) fn new_recovery_codes(app: &App) -> Vec<RecoveryCode> {
    (0..RECOVERY_CODES).map(|_| RecoveryCode::new(&*app.entropy)).collect()
}

/// Writes the hashes of recovery codes in place of the earlier ones.
pub(super) async fn write_recovery_codes(tx: &mut Conn, user: UserId, codes: &[RecoveryCode]) -> Result<()> {
    let hashes: Vec<_> = codes.iter().map(|code| code.hash(user)).collect();
    second_factors::replace_recovery_codes(tx, user, &hashes).await?;
    Ok(())
}

/// Encrypts again, with the current key, at most `limit` secrets that an older key has encrypted, so that it can be removed. Returns how many.
///
/// # Errors
/// When the database fails.
pub(crate) async fn encrypt_again(app: &App, limit: u32) -> Result<usize> {
    let current = app.keys.sealing_key_id();
    let users = second_factors::of_other_keys(&mut app.conn().await?, current, limit.into()).await?;
    let mut done = 0;
    for user in users {
        let outcome = app.database.transaction(async |tx| encrypt_one_again(app, tx, user).await).await;
        match outcome {
            Ok(()) => done += 1,
            // Its key is missing: the others go on.
            Err(Error::Internal(error)) => tracing::error!(%user, "a second factor cannot be read: {error:#}"),
            Err(other) => return Err(other),
        }
    }
    Ok(done)
}

async fn encrypt_one_again(app: &App, tx: &mut Conn, user: UserId) -> Result<()> {
    let Some(factor) = second_factors::lock(tx, user).await? else { return Ok(()) };
    let sealed = secret(app, &factor)?.seal(&app.keys, user, &*app.entropy)?;
    second_factors::set_secret(tx, user, &sealed.key_id, &sealed.bytes).await?;
    Ok(())
}
