//! Sign-in with identity providers.
//!
//! A person is identified by the issuer and the subject, never by an email: who controls an email at a provider must not get an account that
//! somebody else has made with it. So an account is linked to a provider only by its owner, who is signed in to it, or made for the person.
//!
//! Providers are asked outside of transactions, while no connection is held.

mod attempts;
mod links;
mod sign_in;

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::limits;
use crate::app::App;
use auth::ProviderHandle;
pub use links::{begin_provider_link, complete_provider_link, linked_providers, unlink_provider};
use providers::identity::{AuthorizationRequest, Identity, IdentityError, IdentityProvider};
pub use sign_in::{begin_provider_sign_in, complete_provider_sign_in};
pub use store::provider_links::ProviderLink;
use telemetry::logs;
use types::{
    Timestamp, UserId,
    error::{Error, InvalidProviderSignIn, ProviderUnavailable, Result},
};

/// Most characters of a text that a provider sends by way of the page.
const MAX_TEXT: usize = 4_096;

/// A sign-in or a link that has begun.
#[derive(Clone)]
pub struct BegunAtProvider {
    /// The page of the provider.
    pub url: String,
    /// The secret that completes it.
    pub handle: ProviderHandle,
    /// Until when.
    pub expires_at: Timestamp,
}

/// What the provider has sent to the page, with the secret that the page has kept.
#[derive(Clone)]
pub struct ProviderResponse {
    /// The secret.
    pub handle: ProviderHandle,
    /// What the provider sends back unchanged.
    pub state: String,
    /// The code or the error.
    pub outcome: ProviderOutcome,
    /// The issuer, if the response names one (RFC 9207).
    pub issuer: Option<String>,
}

/// What has come of the page of a provider.
#[derive(Clone)]
pub enum ProviderOutcome {
    /// A code, which the provider exchanges for an ID token.
    Code(String),
    /// An error, such as `access_denied`.
    Error(String),
}

/// The key of a person in the database.
fn key_of(identity: &Identity) -> [u8; 32] {
    let (issuer, subject) = (identity.issuer.as_bytes(), identity.subject.text().as_bytes());
    // The length distinguishes ("ab", "c") from ("a", "bc").
    let digest = Sha256::new().chain_update((issuer.len() as u64).to_be_bytes()).chain_update(issuer);
    digest.chain_update(subject).finalize().into()
}

/// The provider with this key.
fn provider<'a>(app: &'a App, id: &str) -> Result<&'a Arc<dyn IdentityProvider>> {
    let message = "No such provider. `identityProviders` lists those that there are.";
    app.identity_providers.find(id).ok_or_else(|| Error::invalid(&["provider"], message))
}

/// Begins at a provider, for a sign-in or, with a member, for a link.
async fn begin(app: &App, id: &str, redirect_uri: &str, member: Option<UserId>) -> Result<BegunAtProvider> {
    let provider = provider(app, id)?;
    if !app.identity_providers.is_allowed(redirect_uri) {
        let message = "Providers may not send people to this page. Use one that the server's settings list.";
        return Err(Error::invalid(&["redirectUri"], message));
    }
    let (handle, now) = (ProviderHandle::new(&*app.entropy), app.now());
    let (state, nonce, code_challenge) = (handle.state(), handle.nonce(), handle.code_challenge());
    let request = AuthorizationRequest { redirect_uri, state: &state, nonce: &nonce, code_challenge: &code_challenge };
    let url = provider.authorization_url(request, now).await.map_err(|error| refusal(id, &error))?;
    let expires_at = attempts::begin(app, &handle, (id, redirect_uri), member, now).await?;
    Ok(BegunAtProvider { url, handle, expires_at })
}

/// What a client is told of a provider's failure; the log has the reason.
fn refusal(provider: &str, error: &IdentityError) -> Error {
    match error {
        IdentityError::Unavailable(reason) => {
            tracing::warn!(target: logs::SECURITY, event = "provider_unavailable", provider, reason, "an identity provider does not respond");
            ProviderUnavailable.into()
        }
        IdentityError::Rejected(reason) => {
            tracing::warn!(target: logs::SECURITY, event = "provider_sign_in_failed", provider, reason, "an identity provider does not vouch for a person");
            InvalidProviderSignIn.into()
        }
    }
}
