//! The adapter for providers that implement OpenID Connect: authorization code flow with PKCE.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::Duration;
use futures_util::FutureExt;
use jsonwebtoken::Header;
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::sync::{Semaphore, SemaphorePermit};
use types::{Hidden, Timestamp};
use url::{Url, form_urlencoded};

use super::{
    Asking, AuthorizationRequest, Grant, Identity, IdentityError, IdentityProvider, Person, ProviderSettings, Timeouts,
    cached::Cached,
    http::{HttpClient, Reply},
    id_token::{self, Claims, Expected, KeyDocument, KeySet},
    metadata::{ClientAuthentication, Metadata},
};

/// How long the discovery document is used.
const METADATA_AGE: Duration = Duration::hours(1);
/// How long the keys are used. One that the provider has removed is accepted for so long.
const KEYS_AGE: Duration = Duration::minutes(15);
/// How often keys are read at most because a token names one that is not known.
const KEYS_PAUSE: Duration = Duration::minutes(1);
/// The most sign-ins that wait for one provider at a time: the others fail at once.
const MOST_CALLS: usize = 64;
/// Most characters of an error code in the log.
const MAX_CODE: usize = 40;

/// One provider.
pub struct OidcProvider {
    settings: ProviderSettings,
    http: Arc<HttpClient>,
    calls: Semaphore,
    metadata: Cached<Metadata>,
    keys: Cached<KeySet>,
}

/// The response of the token endpoint.
#[derive(Deserialize)]
struct TokenResponse {
    id_token: Option<String>,
    access_token: Option<String>,
}

/// Its error response.
#[derive(Deserialize)]
struct ErrorResponse {
    error: String,
}

impl OidcProvider {
    /// Adapters for all of these, with one client. Nothing is asked yet, so a provider that is away delays no start.
    ///
    /// # Errors
    /// The certificates that this machine trusts cannot be read.
    pub fn all(settings: Vec<ProviderSettings>, timeouts: Timeouts) -> anyhow::Result<Vec<Arc<dyn IdentityProvider>>> {
        if settings.is_empty() {
            return Ok(Vec::new());
        }
        let http = Arc::new(HttpClient::new(timeouts)?);
        let adapter = |settings| -> Arc<dyn IdentityProvider> { Arc::new(Self::of(settings, Arc::clone(&http))) };
        Ok(settings.into_iter().map(adapter).collect())
    }

    fn of(settings: ProviderSettings, http: Arc<HttpClient>) -> Self {
        Self {
            settings,
            http,
            calls: Semaphore::new(MOST_CALLS),
            metadata: Cached::new(METADATA_AGE),
            keys: Cached::new(KEYS_AGE),
        }
    }

    fn enter(&self) -> Result<SemaphorePermit<'_>, IdentityError> {
        self.calls.try_acquire().map_err(|_| IdentityError::unavailable("too many sign-ins wait for it"))
    }

    async fn metadata(&self, now: Timestamp) -> Result<Arc<Metadata>, IdentityError> {
        let issuer = &self.settings.issuer;
        let address = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let read = async {
            let reply = self.http.get(&address, None).await?.success("its discovery document")?;
            reply.json::<Metadata>("its discovery document")?.checked(issuer)
        };
        self.metadata.get(now, read).await
    }

    async fn read_keys(&self, metadata: &Metadata) -> Result<KeySet, IdentityError> {
        let reply = self.http.get(&metadata.jwks_uri, None).await?.success("its keys")?;
        Ok(reply.json::<KeyDocument>("its keys")?.into())
    }

    /// The keys, in which that of `header` should be: read again, at most once a minute, if it is not.
    async fn keys(&self, metadata: &Metadata, header: &Header, now: Timestamp) -> Result<Arc<KeySet>, IdentityError> {
        let keys = self.keys.get(now, self.read_keys(metadata)).await?;
        if keys.find(header).is_some() {
            return Ok(keys);
        }
        self.keys.younger_than(KEYS_PAUSE, now, self.read_keys(metadata)).await
    }

    /// The provider's page for `request`.
    async fn page(&self, request: AuthorizationRequest<'_>, now: Timestamp) -> Result<String, IdentityError> {
        let _call = self.enter()?;
        let metadata = self.metadata(now).await?;
        let malformed = |_| IdentityError::unavailable("its page has no address");
        let mut url = Url::parse(&metadata.authorization_endpoint).map_err(malformed)?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", request.redirect_uri)
            .append_pair("scope", &self.settings.scopes.join(" "))
            .append_pair("state", request.state)
            .append_pair("nonce", request.nonce)
            .append_pair("code_challenge", request.code_challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(url.into())
    }

    async fn ask(&self, grant: Grant<'_>, now: Timestamp) -> Result<Identity, IdentityError> {
        let _call = self.enter()?;
        let metadata = self.metadata(now).await?;
        check_issuer(&metadata, &self.settings.issuer, grant.issuer)?;
        let tokens = self.exchange(&metadata, grant).await?;
        let claims = self.verified(&metadata, &tokens, grant, now).await?;
        let person = self.person(&metadata, &tokens, &claims).await;
        Ok(Identity { issuer: self.settings.issuer.clone(), subject: Hidden::new(claims.sub), person })
    }

    /// Exchanges the code for tokens.
    async fn exchange(&self, metadata: &Metadata, grant: Grant<'_>) -> Result<TokenResponse, IdentityError> {
        let (form, basic) = self.form(metadata.authentication()?, grant);
        let reply = self.http.post(&metadata.token_endpoint, form, basic.as_deref()).await?;
        match reply.status.as_u16() {
            200 => reply.json("its tokens"),
            400 | 401 | 403 => Err(refusal(&reply)),
            status => Err(IdentityError::unavailable(format!("its tokens: status {status}"))),
        }
    }

    /// The form that exchanges a code, and the header that says who this client is, if the form does not.
    fn form(&self, authentication: ClientAuthentication, grant: Grant<'_>) -> (String, Option<String>) {
        let (id, secret) = (&self.settings.client_id, self.settings.client_secret.expose());
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", grant.code)
            .append_pair("redirect_uri", grant.redirect_uri)
            .append_pair("code_verifier", grant.verifier);
        let basic = match authentication {
            ClientAuthentication::Basic => Some(basic(id, secret)),
            ClientAuthentication::Post => {
                form.append_pair("client_id", id).append_pair("client_secret", secret);
                None
            }
        };
        (form.finish(), basic)
    }

    /// The claims of the ID token, checked.
    async fn verified(
        &self,
        metadata: &Metadata,
        tokens: &TokenResponse,
        grant: Grant<'_>,
        now: Timestamp,
    ) -> Result<Claims, IdentityError> {
        let token = tokens.id_token.as_deref().ok_or_else(|| IdentityError::rejected("there is no ID token"))?;
        let header = id_token::header_of(token)?;
        let keys = self.keys(metadata, &header, now).await?;
        let key = keys.find(&header).ok_or_else(|| IdentityError::rejected("the key of the ID token is not known"))?;
        let expected = Expected {
            issuer: &self.settings.issuer,
            client_id: &self.settings.client_id,
            nonce: grant.nonce,
            access_token: tokens.access_token.as_deref(),
            begun_at: grant.begun_at,
            now,
        };
        id_token::verify(token, &header, key, expected)
    }

    /// What the ID token says about the person, or, if it does not have their email, what the provider says when it is asked.
    async fn person(&self, metadata: &Metadata, tokens: &TokenResponse, claims: &Claims) -> Option<Person> {
        let (endpoint, token) = (metadata.userinfo_endpoint.as_deref(), tokens.access_token.as_deref());
        let (Some(endpoint), Some(token)) = (endpoint.filter(|_| !claims.person.contains_key("email")), token) else {
            return Some(Person::of(&claims.person));
        };
        let what = "what it says about a person";
        let reply = self.http.get(endpoint, Some(token)).await.and_then(|reply| reply.success(what));
        let said = reply.and_then(|reply| reply.json::<Map<String, Value>>(what));
        match said {
            // Core, section 5.3.2: another subject is another person.
            Ok(said) if said.get("sub").and_then(Value::as_str) == Some(&claims.sub) => Some(Person::of(&said)),
            Ok(_) => {
                tracing::warn!(provider = self.settings.id, "an identity provider spoke of another person");
                Some(Person::of(&claims.person))
            }
            Err(error) => {
                tracing::warn!(provider = self.settings.id, %error, "an identity provider does not say who a person is");
                None
            }
        }
    }
}

/// The issuer in the response of the provider's page must be this one: RFC 9207, against providers that are confused with each other.
fn check_issuer(metadata: &Metadata, own: &str, named: Option<&str>) -> Result<(), IdentityError> {
    match named {
        Some(named) if named != own => Err(IdentityError::rejected("the response names another issuer")),
        None if metadata.authorization_response_iss_parameter_supported => {
            Err(IdentityError::rejected("the response does not name the issuer"))
        }
        _ => Ok(()),
    }
}

/// Name and secret of this client for the header: RFC 6749, section 2.3.1.
fn basic(id: &str, secret: &str) -> String {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    STANDARD.encode(format!("{}:{}", encoded(id), encoded(secret)))
}

/// Why the provider gives no tokens.
fn refusal(reply: &Reply) -> IdentityError {
    let Ok(ErrorResponse { error }) = reply.json("its refusal") else {
        return IdentityError::unavailable(format!("its tokens: status {}", reply.status.as_u16()));
    };
    let code: String = error.chars().filter(char::is_ascii_graphic).take(MAX_CODE).collect();
    match code.as_str() {
        // A fault of the settings, not of the person.
        "invalid_client" | "unauthorized_client" | "unsupported_grant_type" | "invalid_scope" => {
            IdentityError::unavailable(format!("it refuses this client: {code}"))
        }
        _ => IdentityError::rejected(format!("it refuses the code: {code}")),
    }
}

impl IdentityProvider for OidcProvider {
    fn id(&self) -> &str {
        &self.settings.id
    }

    fn name(&self) -> &str {
        &self.settings.name
    }

    fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    fn authorization_url<'a>(&'a self, request: AuthorizationRequest<'a>, now: Timestamp) -> Asking<'a, String> {
        self.page(request, now).boxed()
    }

    fn identify<'a>(&'a self, grant: Grant<'a>, now: Timestamp) -> Asking<'a, Identity> {
        self.ask(grant, now).boxed()
    }
}
