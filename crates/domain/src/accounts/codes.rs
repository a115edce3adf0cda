//! One-time codes: issued, and checked once.

use chrono::Duration;

use crate::app::App;
use mysql_engine::Conn;
use store::one_time_codes::{self, OneTimeCode};
use types::{
    CodeId, CodePurpose, Email, Timestamp, UserId,
    error::{Error, InvalidCode, Refusal, Result},
};

/// The most wrong codes before a code ends: one of 40 random bits cannot be guessed in so few attempts.
const MAX_ATTEMPTS: u8 = 10;

/// What came of a typed code. Wrong ones are counted, so the transaction is committed in either case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Checked {
    /// It is right, and used up. The email is the one that it was sent to.
    Right(Email),
    /// It is wrong, expired or used.
    Wrong,
}

impl Checked {
    /// The email that a right code was sent to.
    ///
    /// # Errors
    /// [`Refusal::InvalidCode`] when the code is not right.
    pub(super) fn email(self) -> Result<Email> {
        match self {
            Self::Right(email) => Ok(email),
            Self::Wrong => Err(Refusal::InvalidCode(InvalidCode).into()),
        }
    }
}

/// Writes a code for `user` in place of an earlier one for the same purpose. Returns its id.
pub(super) async fn issue(
    app: &App,
    tx: &mut Conn,
    user: UserId,
    (purpose, email): (CodePurpose, &Email),
    now: Timestamp,
) -> Result<CodeId> {
    let id = CodeId::new(now, &*app.entropy);
    write(tx, id, user, (purpose, email), (now, now + lifetime(app, purpose))).await?;
    Ok(id)
}

async fn write(
    tx: &mut Conn,
    id: CodeId,
    user_id: UserId,
    (purpose, email): (CodePurpose, &Email),
    (created_at, expires_at): (Timestamp, Timestamp),
) -> Result<()> {
    let email = email.as_str().to_owned();
    let code = OneTimeCode { id, user_id, purpose, email, attempts: 0, created_at, expires_at, used_at: None };
    one_time_codes::replace(tx, &code).await?;
    Ok(())
}

/// Whether a code was not used and has not expired.
pub(crate) fn is_open(code: &OneTimeCode, now: Timestamp) -> bool {
    code.used_at.is_none() && code.expires_at > now
}

/// How long a code is valid.
pub(crate) fn lifetime(app: &App, purpose: CodePurpose) -> Duration {
    match purpose {
        CodePurpose::ResetPassword => app.terms.reset_code,
        CodePurpose::VerifyEmail | CodePurpose::NewEmail | CodePurpose::OldEmail => app.terms.email_code,
    }
}

/// Makes the code with this `id`, unless it was made before or is outdated: for a mail that may be sent again. Returns the code if it is open.
pub(crate) async fn issue_once(
    app: &App,
    (id, user): (CodeId, UserId),
    (purpose, email): (CodePurpose, &Email),
    created_at: Timestamp,
) -> Result<Option<OneTimeCode>> {
    let expires_at = created_at + lifetime(app, purpose);
    let code = app
        .database
        .transaction(async |tx| {
            let earlier = one_time_codes::lock(tx, user, purpose).await?;
            if earlier.is_none_or(|earlier| earlier.id != id && earlier.created_at <= created_at) {
                write(tx, id, user, (purpose, email), (created_at, expires_at)).await?;
            }
            Ok::<_, Error>(one_time_codes::find(tx, id).await?)
        })
        .await?;
    let now = app.now();
    Ok(code.filter(|code| is_open(code, now)))
}

/// Compares `typed` with the code of `user`, and uses it up if it is right.
pub(super) async fn check(
    app: &App,
    tx: &mut Conn,
    user: UserId,
    (purpose, typed): (CodePurpose, &str),
    now: Timestamp,
) -> Result<Checked> {
    let Some(code) = one_time_codes::lock(tx, user, purpose).await? else { return Ok(Checked::Wrong) };
    if !is_open(&code, now) || code.attempts >= MAX_ATTEMPTS {
        return Ok(Checked::Wrong);
    }
    if !app.keys.is_code(code.id, typed)? {
        one_time_codes::count_attempt(tx, code.id).await?;
        return Ok(Checked::Wrong);
    }
    one_time_codes::mark_used(tx, code.id, now).await?;
    Ok(Checked::Right(Email::stored(code.email)))
}
