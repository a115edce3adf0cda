//! Accounts and sessions: register, sign in, refresh, sign out.

use std::net::IpAddr;

use diesel::result::DatabaseErrorKind;
use sha2::{Digest, Sha256};

use crate::{
    app::App,
    auth::{PasswordPolicy, RefreshToken, Tokens},
    error::{EmailTaken, Error, InvalidCredentials, InvalidSession, Refusal, Result, TooManyAttempts, Validation},
    store::{self, Conn, sessions},
    types::{Email, SessionId, Timestamp, UserId},
};

/// Most characters of a name.
const MAX_NAME: usize = 50;

/// Somebody who wants an account, and may have one.
pub struct Registration {
    email: Email,
    password: String,
    display_name: String,
}

impl Registration {
    /// Checks what a person sends: the address to sign in with, which is none when `validation` has noted why, the password, and the
    /// name shown to others.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`] with every field that is not right.
    pub fn checked(
        email: Option<Email>,
        password: String,
        display_name: &str,
        mut validation: Validation,
    ) -> Result<Self> {
        if !PasswordPolicy::accepts(&password) {
            let (min, max) = (PasswordPolicy::MIN, PasswordPolicy::MAX);
            validation.refuse(&["password"], format!("A password has {min} to {max} characters."));
        }
        let name = display_name.trim();
        if !(1..=MAX_NAME).contains(&name.chars().count()) || name.chars().any(char::is_control) {
            validation.refuse(&["displayName"], format!("A name has 1 to {MAX_NAME} characters, on one line."));
        }
        let display_name = name.to_owned();
        validation.finish_with(email.map(|email| Self { email, password, display_name }))
    }
}

/// Makes an account and signs in.
///
/// # Errors
/// Problems of the contract's `registerUser`.
pub async fn register(app: &App, new: Registration, address: Option<IpAddr>) -> Result<Tokens> {
    throttle(app, None, address).await?;
    let hash = app.passwords.hash(new.password, &*app.entropy).await?;
    let now = app.now();
    let user = UserId::new(now, &*app.entropy);
    let account = store::users::NewUser {
        id: user,
        email: Some(new.email.into()),
        password_hash: Some(hash),
        display_name: new.display_name,
        about: None,
        location: None,
        avatar_url: None,
        member_since: now.utc().date_naive(),
        is_superhost: false,
        source: None,
        source_id: None,
        created_at: now,
        updated_at: now,
    };
    app.database
        .transaction(async |tx| {
            store::users::insert(tx, &account).await.map_err(taken)?;
            open(app, tx, user, now).await
        })
        .await
}

/// Of the keys of `users` only the address can be taken by somebody else.
fn taken(error: Error) -> Error {
    let is_taken = match &error {
        Error::Internal(cause) => cause.downcast_ref::<store::DatabaseError>().is_some_and(|cause| {
            matches!(
                cause,
                store::DatabaseError::Failed(diesel::result::Error::DatabaseError(
                    DatabaseErrorKind::UniqueViolation,
                    _
                ))
            )
        }),
        _ => false,
    };
    if is_taken { Refusal::EmailTaken(EmailTaken).into() } else { error }
}

/// Signs in. Whether the address has an account cannot be told from the answer, nor from the time that it takes.
///
/// # Errors
/// Problems of the contract's `signIn`.
pub async fn sign_in(app: &App, email: &Email, password: String, address: Option<IpAddr>) -> Result<Tokens> {
    let account = account_bucket(email);
    throttle(app, Some(&account), address).await?;
    let found = sessions::credentials(&mut app.conn().await?, email.as_str()).await?;
    let (user, hash) = found.map_or((None, None), |found| (Some(found.user), found.password_hash));
    let fits = password.chars().count() <= PasswordPolicy::MAX && app.passwords.verify(password, hash).await?;
    let Some(user) = user.filter(|_| fits) else {
        return Err(Refusal::InvalidCredentials(InvalidCredentials).into());
    };
    let now = app.now();
    app.database
        .transaction(async |tx| {
            sessions::forget_attempts(tx, &account).await?;
            open(app, tx, user, now).await
        })
        .await
}

async fn open(app: &App, tx: &mut Conn, user: UserId, now: Timestamp) -> Result<Tokens> {
    let session = SessionId::new(now, &*app.entropy);
    let refresh = RefreshToken::new(&*app.entropy);
    let refresh_expires_at = now + app.terms.refresh_token;
    sessions::open(tx, session, user, &refresh.hash(), now, refresh_expires_at).await?;
    let (access, member) = app.keys.sign(user, session, now, app.terms.access_token)?;
    Ok(Tokens { access, refresh, refresh_expires_at, member })
}

/// Trades a refresh token for a new pair. A token works once: whoever brings it a second time has stolen it, or was robbed, so the
/// whole session ends.
///
/// # Errors
/// Problems of the contract's `refreshSession`.
pub async fn refresh(app: &App, token: &RefreshToken) -> Result<Tokens> {
    let now = app.now();
    let refreshed = app
        .database
        .transaction(async |tx| {
            let Some(ticket) = sessions::lock_ticket(tx, &token.hash()).await? else { return Ok(None) };
            if ticket.revoked_at.is_some() || ticket.expires_at <= now {
                return Ok(None);
            }
            if ticket.used_at.is_some() {
                tracing::warn!(session = %ticket.session, "a refresh token was used twice: the session ends");
                sessions::revoke(tx, ticket.session, now).await?;
                return Ok(None);
            }
            sessions::use_up(tx, &token.hash(), now).await?;
            let refresh = RefreshToken::new(&*app.entropy);
            let refresh_expires_at = now + app.terms.refresh_token;
            sessions::issue(tx, ticket.session, &refresh.hash(), now, refresh_expires_at).await?;
            let (access, member) = app.keys.sign(ticket.user, ticket.session, now, app.terms.access_token)?;
            Ok::<_, Error>(Some(Tokens { access, refresh, refresh_expires_at, member }))
        })
        .await?;
    refreshed.ok_or_else(|| Refusal::InvalidSession(InvalidSession).into())
}

/// Ends the session of a refresh token. Returns whether there was one to end.
///
/// # Errors
/// When the database fails.
pub async fn sign_out(app: &App, token: &RefreshToken) -> Result<bool> {
    let now = app.now();
    app.database
        .transaction(async |tx| match sessions::lock_ticket(tx, &token.hash()).await? {
            Some(ticket) => Ok(sessions::revoke(tx, ticket.session, now).await? > 0),
            None => Ok(false),
        })
        .await
}

/// The viewer's own address.
///
/// # Errors
/// When the database fails.
pub async fn email_of(app: &App, user: UserId) -> Result<Option<Email>> {
    let text = sessions::email_of(&mut app.conn().await?, user).await?;
    Ok(text.map(Email::stored))
}

fn account_bucket(email: &Email) -> [u8; 32] {
    Sha256::digest(format!("account\0{}", email.as_str())).into()
}

/// Counts one try, in a transaction that keeps the others out until the count is read, before it is known whether it succeeds: many tries in one request count one by one.
async fn throttle(app: &App, account: Option<&[u8; 32]>, address: Option<IpAddr>) -> Result<()> {
    let now = app.now();
    let address: Option<[u8; 32]> = address.map(|address| Sha256::digest(format!("address\0{address}")).into());
    let buckets = [(account.copied(), app.throttle.per_account), (address, app.throttle.per_address)];
    for (bucket, most) in buckets.into_iter().filter_map(|(bucket, most)| Some((bucket?, most))) {
        let window = now + app.throttle.window;
        let (tries, ends_at) = app
            .database
            .transaction(async |tx| Ok::<_, Error>(sessions::count_attempt(tx, &bucket, now, window).await?))
            .await?;
        if tries > most {
            let wait = (ends_at - now).num_seconds().clamp(1, i64::from(i32::MAX));
            let retry_after_seconds = i32::try_from(wait).unwrap_or(i32::MAX);
            return Err(Refusal::TooManyAttempts(TooManyAttempts { retry_after_seconds }).into());
        }
    }
    Ok(())
}

/// Forgets tries that no longer count.
///
/// # Errors
/// When the database fails.
pub async fn sweep(app: &App) -> Result<()> {
    let now = app.now();
    app.database
        .write(async |conn| {
            sessions::sweep_attempts(conn, now).await?;
            Ok(())
        })
        .await
}
