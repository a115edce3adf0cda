//! Accounts and sessions: register, sign in, refresh, sign out.

mod passwords;
mod refresh;
mod sign_in;

use diesel::result::{DatabaseErrorKind, Error as DatabaseError};

use super::limits;
use crate::{
    app::App,
    events::{self, NewChange},
};
use auth::{DeviceToken, Password, RefreshToken, Tokens};
use client_limits::{AddressPrefix, Lane};
use mysql_engine::Conn;
pub use passwords::{lock, opens, set_password};
pub use refresh::refresh;
pub use sign_in::sign_in;
use store::{devices, sessions};
use telemetry::logs;
use types::{
    Email, SessionId, Timestamp, UserId,
    error::{EmailTaken, Error, Refusal, Result, Validation},
    text,
};

/// Most characters of a name.
const MAX_NAME: usize = 50;
/// Most devices of an account. Beyond that, the least recently used is forgotten.
const MAX_DEVICES: i64 = 20;

/// What is known about an anonymous client.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its address prefix.
    pub address: AddressPrefix,
    /// The token of its device, if it sends one.
    pub device: Option<DeviceToken>,
}

/// A new session, with the device from which it was opened.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The tokens of the session.
    pub tokens: Tokens,
    /// The token of the device.
    pub device: DeviceToken,
}

/// A checked registration.
pub struct Registration {
    email: Email,
    password: Password,
    display_name: String,
}

impl Registration {
    /// Checks the input of a registration: email address, which is `None` if `validation` has a reason, password, and public name.
    ///
    /// # Errors
    /// [`Refusal::InvalidInput`] with every invalid field.
    pub fn checked(
        email: Option<Email>,
        password: String,
        display_name: &str,
        mut validation: Validation,
    ) -> Result<Self> {
        let password = Password::typed(password);
        if !password.has_right_length() {
            let (min, max) = (Password::MIN, Password::MAX);
            validation.refuse(&["password"], format!("A password must have {min} to {max} characters."));
        }
        let name = text::line(display_name, 1..=MAX_NAME)
            .map_err(|unfit| Error::invalid(&["displayName"], format!("A name {unfit}.")));
        let (email, name) = (email, validation.check(name));
        validation.finish_with(email.zip(name).map(|(email, display_name)| Self { email, password, display_name }))
    }
}

impl Client {
    /// A new user with an empty profile.
    pub fn unknown() -> Self {
        Self { address: AddressPrefix::of(None), device: None }
    }
}

/// Creates an account and signs in.
///
/// # Errors
/// Problems of the contract's `registerUser`.
pub async fn register(app: &App, new: Registration, client: &Client) -> Result<SignedIn> {
    limits::attempt(app, &app.limits.registration, &[client.address.as_bytes()]).await?;
    let hash = app.passwords.hash(&new.password, Lane::Address(client.address), &*app.entropy).await?;
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
    let device = DeviceToken::new(&*app.entropy);
    let signed_in = app
        .database
        .transaction(async |tx| {
            store::users::insert(tx, &account).await.map_err(taken)?;
            let signed_in = open(app, tx, user, &device, now).await?;
            events::append_changes(app, tx, &[NewChange::person(user)], now).await?;
            Ok::<_, Error>(signed_in)
        })
        .await?;
    tracing::info!(target: logs::SECURITY, event = "registered", %user, address = %client.address, "a new account");
    Ok(signed_in)
}

/// Of the unique keys of `users`, only the email address can be taken already.
fn taken(error: DatabaseError) -> Error {
    match error {
        DatabaseError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => Refusal::EmailTaken(EmailTaken).into(),
        other => other.into(),
    }
}

/// Opens a session, and remembers the device.
async fn open(app: &App, tx: &mut Conn, user: UserId, device: &DeviceToken, now: Timestamp) -> Result<SignedIn> {
    let refresh = RefreshToken::new(&*app.entropy);
    let refresh_expires_at = now + app.terms.refresh_token;
    let session = sessions::NewSession {
        id: SessionId::new(now, &*app.entropy),
        user,
        device_hash: device.hash(),
        token_hash: refresh.hash(),
        expires_at: refresh_expires_at,
    };
    devices::remember(tx, &device.hash(), user, now, now + app.terms.device, MAX_DEVICES).await?;
    sessions::open(tx, &session, now).await?;
    let (access, member) = app.keys.sign(user, session.id, now, app.terms.access_token)?;
    Ok(SignedIn { tokens: Tokens { access, refresh, refresh_expires_at, member }, device: device.clone() })
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

/// Deletes expired attempts and devices.
///
/// # Errors
/// When the database fails.
pub async fn sweep(app: &App) -> Result<()> {
    limits::sweep(app).await?;
    let now = app.now();
    app.database
        .write(async |conn| {
            devices::sweep(conn, now).await?;
            Ok(())
        })
        .await
}
