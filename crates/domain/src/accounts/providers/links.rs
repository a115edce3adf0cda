//! Links of an account with providers: made and removed by its owner, who has just shown who they are.

use diesel::result::{DatabaseErrorKind, Error as DatabaseError};

use super::{
    super::{
        verification::locked,
        ways::{self, Way},
    },
    BegunAtProvider, ProviderResponse,
    attempts::{self, Identified},
    begin, key_of, limits,
};
use crate::{
    app::App,
    mails::{self, Order},
    sessions::lock_current,
};
use auth::RecentMember;
use mail::ProviderChange;
use mysql_engine::Conn;
use store::provider_links::{self, ProviderLink};
use telemetry::logs;
use types::{
    Timestamp, UserId,
    error::{Error, ProviderTaken, Result},
};

/// The links of an account, in the order of their providers.
///
/// # Errors
/// When the database fails.
pub async fn linked_providers(app: &App, user: UserId) -> Result<Vec<ProviderLink>> {
    Ok(provider_links::of_user(&mut app.conn().await?, user).await?)
}

/// Begins to link the member's account.
///
/// # Errors
/// Problems of the contract's `beginProviderLink`.
pub async fn begin_provider_link(
    app: &App,
    member: &RecentMember,
    (provider, redirect_uri): (&str, &str),
) -> Result<BegunAtProvider> {
    member.verified()?;
    limits::attempt(app, &app.limits.provider_links, &[member.id().as_bytes()]).await?;
    begin(app, provider, redirect_uri, Some(member.id())).await
}

/// Links the member's account with the person whom the provider vouches for.
///
/// # Errors
/// Problems of the contract's `completeProviderLink`.
pub async fn complete_provider_link(app: &App, member: &RecentMember, response: &ProviderResponse) -> Result<()> {
    member.verified()?;
    let user = member.id();
    limits::attempt(app, &app.limits.provider_links, &[user.as_bytes()]).await?;
    let outcome = match attempts::answer(app, response, Some(user)).await? {
        Ok(identified) => link(app, member, &identified).await,
        Err(error) => Err(error),
    };
    attempts::end(app, response, &outcome).await;
    outcome
}

async fn link(app: &App, member: &RecentMember, identified: &Identified) -> Result<()> {
    let (user, now, provider) = (member.id(), app.now(), &identified.provider);
    let identity = key_of(&identified.identity);
    let is_new = app
        .database
        .transaction(async |tx| {
            lock_owner(tx, member).await?;
            match provider_links::user_of(tx, &identity).await? {
                Some(owner) if owner == user => return Ok(false),
                Some(_) => return Err(ProviderTaken.into()),
                None => {}
            }
            if provider_links::of_user(tx, user).await?.iter().any(|link| link.provider == *provider) {
                return Err(Error::state(None, "Your account is linked with another account there. Unlink it first."));
            }
            let link =
                ProviderLink { identity: identity.to_vec(), user_id: user, provider: provider.clone(), linked_at: now };
            provider_links::insert(tx, &link).await.map_err(taken)?;
            tell(app, tx, user, (provider, ProviderChange::Linked), now).await?;
            Ok(true)
        })
        .await?;
    if is_new {
        app.mails.ordered.notify_one();
        tracing::info!(target: logs::SECURITY, event = "provider_linked", %user, provider, "an account was linked with an identity provider");
    }
    Ok(())
}

/// Locks the member's account and their session, which must not have ended while the provider was asked.
async fn lock_owner(tx: &mut Conn, member: &RecentMember) -> Result<store::accounts::Account> {
    let account = locked(tx, member.id()).await?;
    lock_current(tx, member).await?;
    Ok(account)
}

/// The account is locked, so only the person can have been linked meanwhile, to another account.
fn taken(error: DatabaseError) -> Error {
    match error {
        DatabaseError::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => ProviderTaken.into(),
        other => other.into(),
    }
}

/// Unlinks the member's account from a provider.
///
/// # Errors
/// Problems of the contract's `unlinkProvider`.
pub async fn unlink_provider(app: &App, member: &RecentMember, provider: &str) -> Result<()> {
    let (user, now) = (member.id(), app.now());
    app.database
        .transaction(async |tx| {
            let account = lock_owner(tx, member).await?;
            let links = provider_links::of_user(tx, user).await?;
            if !links.iter().any(|link| link.provider == provider) {
                return Err(Error::not_found("provider", "linked provider"));
            }
            if !ways::remains(app, tx, &account, Way::Provider(provider)).await? {
                let message = "This is the only way to sign in to your account. Set a password with a reset, or add a passkey first.";
                return Err(Error::state(None, message));
            }
            provider_links::delete(tx, user, provider).await?;
            tell(app, tx, user, (provider, ProviderChange::Unlinked), now).await
        })
        .await?;
    app.mails.ordered.notify_one();
    tracing::info!(target: logs::SECURITY, event = "provider_unlinked", %user, provider, "an account was unlinked from an identity provider");
    Ok(())
}

/// Orders a mail to the owner of the account.
async fn tell(
    app: &App,
    tx: &mut Conn,
    user: UserId,
    (provider, what): (&str, ProviderChange),
    at: Timestamp,
) -> Result<()> {
    let name = app.identity_providers.find(provider).map_or(provider, |provider| provider.name());
    let order = Order::ProviderChanged { user, provider: name.to_owned(), what, at };
    mails::order(app, tx, user, &order, at).await
}
