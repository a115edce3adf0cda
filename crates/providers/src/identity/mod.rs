//! Sign-in with OpenID Connect providers: the port, and its adapter for any provider that implements the standard.
//!
//! A provider vouches for a person with an ID token. Everything that it says is checked before the domain sees it: who says it, for whom,
//! when, in answer to what, and with which key.

mod cached;
mod claims;
mod http;
mod id_token;
mod metadata;
mod oidc;
mod settings;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use types::{Hidden, Timestamp};

pub use claims::Person;
pub use http::Timeouts;
pub use oidc::OidcProvider;
pub use settings::{ClientSecret, ProviderSettings, UnfitAddress, check_address};

/// What comes of a request to a provider.
pub type Asking<'a, T> = BoxFuture<'a, Result<T, IdentityError>>;

/// A provider that says who somebody is.
pub trait IdentityProvider: Send + Sync {
    /// Its key in the settings and in the contract.
    fn id(&self) -> &str;

    /// Its name for people.
    fn name(&self) -> &str;

    /// Its issuer identifier. With the subject it identifies a person.
    fn issuer(&self) -> &str;

    /// The page of the provider on which a person signs in.
    fn authorization_url<'a>(&'a self, request: AuthorizationRequest<'a>, now: Timestamp) -> Asking<'a, String>;

    /// Exchanges a code for an ID token, and checks it.
    fn identify<'a>(&'a self, grant: Grant<'a>, now: Timestamp) -> Asking<'a, Identity>;
}

/// What the provider's page is told.
#[derive(Clone, Copy)]
pub struct AuthorizationRequest<'a> {
    /// The page to which the provider sends the person back.
    pub redirect_uri: &'a str,
    /// What it sends back with the code.
    pub state: &'a str,
    /// What it puts into the ID token.
    pub nonce: &'a str,
    /// The SHA-256 of the verifier, in base64 for URLs.
    pub code_challenge: &'a str,
}

/// What the provider has sent back, and what shows that it was asked for here.
#[derive(Clone, Copy)]
pub struct Grant<'a> {
    /// The code.
    pub code: &'a str,
    /// The issuer that the response names (RFC 9207).
    pub issuer: Option<&'a str>,
    /// The page to which it was sent.
    pub redirect_uri: &'a str,
    /// The text whose SHA-256 was the challenge.
    pub verifier: &'a str,
    /// What the ID token must contain.
    pub nonce: &'a str,
    /// When the sign-in was begun. An older ID token is not its answer.
    pub begun_at: Timestamp,
}

/// Who somebody is, according to a provider.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// Who says so.
    pub issuer: String,
    /// The person, forever the same at this issuer.
    pub subject: Hidden,
    /// What it says about them; None when it could not be asked.
    pub person: Option<Person>,
}

/// Why a provider does not say who somebody is. The reasons are for logs: they have neither tokens nor data of persons.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// It does not respond, or not as its settings here expect; another attempt may succeed.
    #[error("{0}")]
    Unavailable(String),
    /// The code is not valid, or what the provider says is not an answer to this sign-in.
    #[error("{0}")]
    Rejected(String),
}

impl IdentityError {
    fn unavailable(reason: impl Into<String>) -> Self {
        Self::Unavailable(reason.into())
    }

    fn rejected(reason: impl Into<String>) -> Self {
        Self::Rejected(reason.into())
    }
}

/// The configured providers, and the pages to which they may send people back.
#[derive(Clone, Default)]
pub struct IdentityProviders {
    providers: Arc<[Arc<dyn IdentityProvider>]>,
    redirect_uris: Arc<[String]>,
}

impl IdentityProviders {
    /// These providers, which may send people back to exactly these pages.
    pub fn new(providers: Vec<Arc<dyn IdentityProvider>>, redirect_uris: Vec<String>) -> Self {
        Self { providers: providers.into(), redirect_uris: redirect_uris.into() }
    }

    /// All of them, in the order of the settings.
    pub fn all(&self) -> &[Arc<dyn IdentityProvider>] {
        &self.providers
    }

    /// The one with this key.
    pub fn find(&self, id: &str) -> Option<&Arc<dyn IdentityProvider>> {
        self.providers.iter().find(|provider| provider.id() == id)
    }

    /// Whether a provider may send people back to this page. Compared as a whole, as providers do.
    pub fn is_allowed(&self, redirect_uri: &str) -> bool {
        self.redirect_uris.iter().any(|allowed| allowed == redirect_uri)
    }
}
