//! Accounts and sessions: register, verify the email, sign in, also with a passkey or an identity provider, refresh, sign out, replace a
//! password, and use a second factor.

pub(crate) mod codes;
pub(crate) mod deletion;
mod email_change;
mod identity;
mod passkeys;
mod passwords;
mod providers;
mod refresh;
mod reset;
pub(crate) mod second_factor;
mod sign_in;
pub(crate) mod verification;
mod ways;

use std::sync::Arc;

use super::limits;
pub use crate::privacy::erasures::{cancel as cancel_account_deletion, due_at as deletion_due_at};
use crate::{
    app::App,
    events::{self, NewChange},
    features,
    mails::{self, Order},
    privacy::consents::{self, Acceptance},
    sessions::{Ended, end_locked},
    users,
};
use auth::{DeviceToken, Holder, NewPassword, Password, RefreshToken, Tokens, Weakness};
use client_limits::{AddressPrefix, Lane};
pub use deletion::delete_account;
pub use email_change::{
    EmailChange, cancel_email_change, confirm_email_change, pending_email_change, request_email_change,
};
pub use identity::{IdentityProof, confirm_identity, recent, recent_staff};
use mysql_engine::Conn;
pub use passkeys::{
    MAX_PASSKEYS, Passkey, PasskeyOptions, add_passkey, begin_passkey, begin_passkey_confirmation,
    begin_passkey_sign_in, complete_passkey_sign_in, own_passkeys, passkey_name, remove_passkey, rename_passkey,
};
pub use passwords::{create_demo, lock, opens, set_password};
pub use providers::{
    BegunAtProvider, ProviderLink, ProviderOutcome, ProviderResponse, begin_provider_link, begin_provider_sign_in,
    complete_provider_link, complete_provider_sign_in, linked_providers, unlink_provider,
};
pub use refresh::refresh;
pub use reset::{change_password, request_password_reset, reset_password};
use second_factor::known_device;
pub use second_factor::{
    OwnSecondFactor, SecondFactorSetup, begin_second_factor, complete_sign_in, confirm_second_factor,
    disable_second_factor, own_second_factor, replace_recovery_codes,
};
use sign_in::open_and_tell;
pub use sign_in::sign_in;
use store::{accounts::Account, devices, sessions, users::NewUser};
use telemetry::logs;
use types::{
    ChangeKind, Email, Feature, SessionId, Timestamp, UserId,
    error::{AccountSuspended, Error, Result, Validation},
    text,
};
pub use verification::{Verified, resend_verification, verify_email};

/// Most characters of what a client says of itself.
const MAX_USER_AGENT: usize = 200;
/// Most devices of an account. Beyond that, the least recently used is forgotten.
const MAX_DEVICES: i64 = 20;

/// What is known about an anonymous client.
#[derive(Debug, Clone)]
pub struct Client {
    /// Its address prefix.
    pub address: AddressPrefix,
    /// The token of its device, if it sends one.
    pub device: Option<DeviceToken>,
    /// What it says of itself.
    pub user_agent: Option<Arc<str>>,
}

/// A new session, with the device from which it was opened.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The tokens of the session.
    pub tokens: Tokens,
    /// The token of the device.
    pub device: DeviceToken,
}

/// A checked registration, except for the strength of its password: [`register`] checks that where
/// it cannot hold up other requests.
pub struct Registration {
    email: Email,
    password: Password,
    display_name: String,
    locale: Option<String>,
    accepted: Vec<Acceptance>,
}

impl Registration {
    /// Checks the input of a registration: email address, which is `None` if `validation` has a reason, password, and public name.
    ///
    /// # Errors
    /// [`types::error::Refusal::InvalidInput`] with every invalid field.
    pub fn checked(
        email: Option<Email>,
        password: String,
        display_name: &str,
        locale: Option<String>,
        mut validation: Validation,
    ) -> Result<Self> {
        let password = Password::typed(password);
        if !password.has_right_length() {
            validation.refuse(&["password"], Weakness::Length.to_string());
        }
        let name = users::checked_name(display_name);
        let (name, locale) = (validation.check(name), validation.check(checked_locale(locale)).flatten());
        let fields = email.zip(name);
        validation.finish_with(fields.map(|(email, display_name)| Self {
            email,
            password,
            display_name,
            locale,
            accepted: Vec::new(),
        }))
    }

    /// The same, of somebody who agrees to these documents.
    #[must_use]
    pub fn accepting(self, accepted: Vec<Acceptance>) -> Self {
        Self { accepted, ..self }
    }
}

/// A BCP 47 tag as text, of an input with the field `locale`. Its language need not be known.
///
/// # Errors
/// [`types::error::Refusal::InvalidInput`] when it is no tag.
pub fn checked_locale(tag: Option<String>) -> Result<Option<String>> {
    tag.map(|tag| users::checked_tag(&["locale"], tag)).transpose()
}

impl Client {
    /// What it says of itself, shortened.
    fn said(&self) -> Option<String> {
        self.user_agent.as_deref().and_then(|said| text::cut_line(said, MAX_USER_AGENT))
    }

    /// A new user with an empty profile.
    pub fn unknown() -> Self {
        Self { address: AddressPrefix::of(None), device: None, user_agent: None }
    }
}

/// Creates an account whose email is not verified yet, and signs in. Whether another account has the email shows only in the mail.
///
/// # Errors
/// Problems of the contract's `registerUser`.
pub async fn register(app: &App, new: Registration, client: &Client) -> Result<SignedIn> {
    features::require(app, Feature::Registrations).await?;
    consents::check(app, "acceptedDocuments", &new.accepted)?;
    limits::attempt(app, &app.limits.registration, &[client.address.as_bytes()]).await?;
    limits::attempt(app, &app.limits.mails_by_email, &[new.email.as_str().as_bytes()]).await?;
    let lane = Lane::Address(client.address);
    let about = passwords::About { email: &new.email, display_name: &new.display_name };
    let password = passwords::check(app, new.password.clone(), about, &["password"], lane).await?;
    let hash = app.passwords.hash(&password, lane, &*app.entropy).await?;
    let (now, email) = (app.now(), new.email.clone());
    let account = NewUser {
        unverified_email: Some(email.clone().into()),
        locale: new.locale,
        ..row(app, new.display_name, Some(hash), now)
    };
    let (user, device) = (account.id, DeviceToken::new(&*app.entropy));
    let signed_in = app
        .database
        .transaction(async |tx| {
            store::users::insert(tx, &account).await?;
            consents::record(app, tx, user, &new.accepted, now).await?;
            let signed_in = open(app, tx, (user, false), (client, &device), now).await?;
            verification::send_code(app, tx, user, &email, now).await?;
            events::append_changes(app, tx, &[NewChange::person(ChangeKind::PersonJoined, user)], now).await?;
            Ok::<_, Error>(signed_in)
        })
        .await?;
    app.mails.ordered.notify_one();
    tracing::info!(target: logs::SECURITY, event = "registered", %user, address = %client.address, "a new account");
    Ok(signed_in)
}

/// Creates an account whose email the operator vouches for.
///
/// # Errors
/// [`types::error::Refusal::EmailTaken`].
pub async fn create_verified(app: &App, email: &Email, password: &NewPassword, display_name: String) -> Result<UserId> {
    let hash = app.passwords.hash(password, passwords::own_lane(), &*app.entropy).await?;
    let now = app.now();
    let account = NewUser { email: Some(email.clone().into()), ..row(app, display_name, Some(hash), now) };
    app.database
        .transaction(async |tx| {
            store::users::insert(tx, &account).await.map_err(verification::taken)?;
            events::append_changes(app, tx, &[NewChange::person(ChangeKind::PersonJoined, account.id)], now).await?;
            Ok::<_, Error>(account.id)
        })
        .await
}

/// The row of a new account, without its email.
fn row(app: &App, display_name: String, password_hash: Option<String>, now: Timestamp) -> NewUser {
    NewUser {
        id: UserId::new(now, &*app.entropy),
        email: None,
        unverified_email: None,
        password_hash,
        display_name,
        about: None,
        location: None,
        avatar_url: None,
        member_since: now.utc().date_naive(),
        is_superhost: false,
        locale: None,
        source: None,
        source_id: None,
        created_at: now,
        updated_at: now,
    }
}

/// Opens a session, and remembers the device.
async fn open(
    app: &App,
    tx: &mut Conn,
    (user, has_verified_email): (UserId, bool),
    (client, device): (&Client, &DeviceToken),
    now: Timestamp,
) -> Result<SignedIn> {
    let refresh = RefreshToken::new(&*app.entropy);
    let refresh_expires_at = now + app.terms.refresh_token.min(app.terms.session);
    let session = sessions::NewSession {
        id: SessionId::new(now, &*app.entropy),
        user,
        device_hash: device.hash(),
        token_hash: refresh.hash(),
        expires_at: refresh_expires_at,
        user_agent: client.said(),
        network: client.address.network(),
    };
    devices::remember(tx, &device.hash(), user, now, now + app.terms.device, MAX_DEVICES).await?;
    sessions::open(tx, &session, now).await?;
    let holder = Holder { user, session: session.id, has_verified_email, impersonator: None };
    let (access, member) = app.keys.sign(holder, now, app.terms.access_token)?;
    Ok(SignedIn { tokens: Tokens { access, refresh, refresh_expires_at, member }, device: device.clone() })
}

/// Whether a client without the token of a known device is new to an account, which it is not if a session was opened in the same network by
/// a client of the same name. To be asked before a session is opened.
async fn is_new_device(tx: &mut Conn, user: UserId, client: &Client) -> Result<bool> {
    let (network, user_agent) = (client.address.network(), client.said());
    Ok(!sessions::is_familiar(tx, user, (network.as_deref(), user_agent.as_deref())).await?)
}

/// Orders a mail to the owner about a sign-in on a new device.
async fn tell_of_device(app: &App, tx: &mut Conn, user: UserId, client: &Client, now: Timestamp) -> Result<()> {
    let (network, user_agent) = (client.address.network(), client.said());
    mails::order(app, tx, user, &Order::NewDevice { user, at: now, network, user_agent }, now).await
}

/// Refuses to open a session of a suspended account. Only who has proven to be its owner gets here.
fn refuse_suspended(account: &Account) -> Result<()> {
    account.suspended_at.map_or(Ok(()), |_| Err(AccountSuspended.into()))
}

/// Ends the session of a refresh token. Returns whether there was one to end.
///
/// # Errors
/// When the database fails.
pub async fn sign_out(app: &App, token: &RefreshToken) -> Result<bool> {
    let now = app.now();
    let ended = app
        .database
        .transaction(async |tx| match sessions::lock_ticket(tx, &token.hash()).await? {
            Some(ticket) if ticket.revoked_at.is_none() => end_locked(tx, vec![ticket.session], now).await,
            _ => Ok(Ended::default()),
        })
        .await?;
    Ok(ended.take_effect(app) > 0)
}

/// What only its owner sees of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnAccount {
    /// The verified email; before there is one, the one that was typed.
    pub email: Email,
    /// Whether `email` is verified.
    pub is_email_verified: bool,
    /// Whether it has a password.
    pub has_password: bool,
}

/// The viewer's own account.
///
/// # Errors
/// When the database fails.
pub async fn own(app: &App, user: UserId) -> Result<Option<OwnAccount>> {
    let found = store::accounts::find(&mut app.conn().await?, user).await?;
    Ok(found.and_then(|account| {
        let email = account.contact_email()?;
        let has_password = account.password_hash.is_some();
        Some(OwnAccount { email, is_email_verified: account.email.is_some(), has_password })
    }))
}

/// The account with this verified email.
///
/// # Errors
/// When the database fails.
pub async fn verified(app: &App, email: &Email) -> Result<Option<UserId>> {
    let found = store::accounts::by_email(&mut app.conn().await?, email.as_str()).await?;
    Ok(found.map(|account| account.id))
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
