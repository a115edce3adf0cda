//! Signs in a person whom a provider vouches for; makes an account for somebody new.

use diesel::result::{DatabaseErrorKind, Error as DatabaseError};

use super::{
    super::{Client, SignedIn, known_device, open, open_and_tell, refuse_suspended, row, verification::taken},
    BegunAtProvider, ProviderResponse,
    attempts::{self, Identified},
    begin, key_of, limits,
};
use crate::{
    app::App,
    events::{self, NewChange},
    features, users,
};
use auth::DeviceToken;
use mysql_engine::Conn;
use providers::identity::Person;
use store::{
    accounts,
    provider_links::{self, ProviderLink},
    users::NewUser,
};
use telemetry::logs;
use types::{
    ChangeKind, Email, Feature, Timestamp, UserId,
    error::{
        Error, InvalidProviderSignIn, LinkRequired, ProviderEmailNotVerified, ProviderUnavailable, Refusal, Result,
    },
    text,
};

/// The public name of a person of whom the provider says none.
const NAMELESS: &str = "New member";
/// Most characters of a public name.
const MAX_NAME: usize = 50;

/// Begins a sign-in.
///
/// # Errors
/// Problems of the contract's `beginProviderSignIn`.
pub async fn begin_provider_sign_in(
    app: &App,
    (provider, redirect_uri): (&str, &str),
    client: &Client,
) -> Result<BegunAtProvider> {
    limits::attempt(app, &app.limits.provider_sign_in_by_address, &[client.address.as_bytes()]).await?;
    begin(app, provider, redirect_uri, None).await
}

/// Signs in with what the provider has sent to the page.
///
/// # Errors
/// Problems of the contract's `completeProviderSignIn`.
pub async fn complete_provider_sign_in(app: &App, response: &ProviderResponse, client: &Client) -> Result<SignedIn> {
    limits::attempt(app, &app.limits.provider_sign_in_by_address, &[client.address.as_bytes()]).await?;
    let outcome = match attempts::answer(app, response, None).await? {
        Ok(identified) => enter(app, &identified, client).await,
        Err(error) => Err(error),
    };
    attempts::end(app, response, &outcome).await;
    outcome
}

/// Signs the person in, in whose account they have, or in a new one.
async fn enter(app: &App, identified: &Identified, client: &Client) -> Result<SignedIn> {
    let key = key_of(&identified.identity);
    let found = provider_links::user_of(&mut app.conn().await?, &key).await?;
    if let Some(user) = found {
        return enter_own(app, (user, &key), &identified.provider, client).await;
    }
    let made = make(app, identified, &key, client).await;
    if !matches!(made, Err(Error::Refused(Refusal::LinkRequired(_)))) {
        return made;
    }
    // The account that is in the way may be this person's, made at the same moment in another tab.
    let found = provider_links::user_of(&mut app.conn().await?, &key).await?;
    match found {
        Some(user) => enter_own(app, (user, &key), &identified.provider, client).await,
        None => made,
    }
}

/// Signs in to the account of `user`, to whom the person with this key is linked.
async fn enter_own(app: &App, (user, key): (UserId, &[u8; 32]), provider: &str, client: &Client) -> Result<SignedIn> {
    let known = known_device(app, user, client).await?;
    let device = known.clone().unwrap_or_else(|| DeviceToken::new(&*app.entropy));
    let now = app.now();
    let opened = app
        .database
        .transaction(async |tx| {
            let account = accounts::lock(tx, user).await?.ok_or(Error::from(InvalidProviderSignIn))?;
            // Under the lock of the account, so that none is opened with a link that is being removed.
            if provider_links::user_of(tx, key).await? != Some(user) {
                return Err(InvalidProviderSignIn.into());
            }
            refuse_suspended(&account)?;
            let password = account.password_hash.as_deref();
            open_and_tell(app, tx, (&account, password), (client, &device, known.is_some()), now).await
        })
        .await?;
    let signed_in = opened?;
    app.mails.ordered.notify_one();
    let (known_device, address) = (known.is_some(), client.address);
    tracing::info!(target: logs::SECURITY, event = "signed_in", %user, known_device, %address, provider, "a user has signed in");
    Ok(signed_in)
}

/// Makes an account with a verified email and without a password.
async fn make(app: &App, identified: &Identified, key: &[u8; 32], client: &Client) -> Result<SignedIn> {
    let Identified { provider, identity } = identified;
    let person = identity.person.as_ref().ok_or(Error::from(ProviderUnavailable))?;
    let email = person.verified_email.as_deref().and_then(|email| email.parse::<Email>().ok());
    let email = email.ok_or(Error::from(ProviderEmailNotVerified))?;
    features::require(app, Feature::Registrations).await?;
    limits::attempt(app, &app.limits.registration, &[client.address.as_bytes()]).await?;
    let (now, device) = (app.now(), DeviceToken::new(&*app.entropy));
    let account = account_of(app, person, email, now);
    let user = account.id;
    let link = ProviderLink { identity: key.to_vec(), user_id: user, provider: provider.clone(), linked_at: now };
    let signed_in = app
        .database
        .transaction(async |tx| {
            insert(tx, &account, &link).await?;
            let signed_in = open(app, tx, (user, true), (client, &device), now).await?;
            events::append_changes(app, tx, &[NewChange::person(ChangeKind::PersonJoined, user)], now).await?;
            Ok::<_, Error>(signed_in)
        })
        .await?;
    tracing::info!(target: logs::SECURITY, event = "registered", %user, address = %client.address, provider, "a new account");
    Ok(signed_in)
}

/// The row of a new account.
fn account_of(app: &App, person: &Person, email: Email, now: Timestamp) -> NewUser {
    let locale = person.locale.clone().and_then(|tag| users::checked_tag(&[], tag).ok());
    NewUser { email: Some(email.into()), locale, ..row(app, name_of(person), None, now) }
}

/// A public name for the person. What looks like an email is none: it is not for others to read.
fn name_of(person: &Person) -> String {
    let names = person.names.iter().filter(|name| !name.contains('@'));
    names.filter_map(|name| text::cut_line(name, MAX_NAME)).next().unwrap_or_else(|| NAMELESS.to_owned())
}

/// Writes the account with its link.
///
/// # Errors
/// [`Refusal::LinkRequired`] when an account has verified the email, or the person has an account.
async fn insert(tx: &mut Conn, account: &NewUser, link: &ProviderLink) -> Result<()> {
    let in_the_way = |error: Error| match error {
        Error::Refused(Refusal::EmailTaken(_)) => LinkRequired.into(),
        other => other,
    };
    store::users::insert(tx, account).await.map_err(taken).map_err(in_the_way)?;
    provider_links::insert(tx, link).await.map_err(|error| match error {
        DatabaseError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => LinkRequired.into(),
        other => Error::from(other),
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_name_is_cleaned_and_never_an_email() {
        let name = |names: &[&str]| {
            name_of(&Person { names: names.iter().map(ToString::to_string).collect(), ..Person::default() })
        };
        assert_eq!(name(&["Ada  Lovelace\n", "ada"]), "Ada Lovelace");
        assert_eq!(name(&["ada@example.org", "Ada"]), "Ada");
        assert_eq!(name(&["\u{200b}", "\u{7}Ada\u{202e}"]), "Ada");
        assert_eq!(name(&["a".repeat(60).as_str()]).chars().count(), MAX_NAME);
        assert_eq!(name(&["ada@example.org", " "]), NAMELESS);
    }
}
