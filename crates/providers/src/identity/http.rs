//! The HTTP client for providers: TLS with verified certificates, limits of time and size, no redirects, and no connection that outlives its
//! request.

use std::time::Duration;

use anyhow::Context as _;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Request, StatusCode,
    body::Bytes,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde::de::DeserializeOwned;

use super::{IdentityError, check_address};

/// The most bytes of a response.
const MAX_RESPONSE: usize = 256 * 1024;
/// The most bytes of a header with a token of the provider.
const MAX_TOKEN: usize = 16 * 1024;

/// How long a provider may take.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// One request, to the end of its response. A sign-in takes at most four.
    pub request: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { request: Duration::from_secs(5) }
    }
}

/// The client.
pub(super) struct HttpClient {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    timeouts: Timeouts,
}

/// A response.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    body: Bytes,
}

impl Reply {
    /// The body as JSON.
    pub(super) fn json<T: DeserializeOwned>(&self, what: &str) -> Result<T, IdentityError> {
        // The error of the parser would quote the body.
        serde_json::from_slice(&self.body).map_err(|_| IdentityError::unavailable(format!("{what} is not as expected")))
    }

    /// The reply, if it is a success.
    pub(super) fn success(self, what: &str) -> Result<Self, IdentityError> {
        if self.status == StatusCode::OK {
            return Ok(self);
        }
        Err(IdentityError::unavailable(format!("{what}: status {}", self.status.as_u16())))
    }
}

impl HttpClient {
    /// # Errors
    /// The certificates that this machine trusts cannot be read.
    pub(super) fn new(timeouts: Timeouts) -> anyhow::Result<Self> {
        let builder = HttpsConnectorBuilder::new().with_native_roots();
        let builder = builder.context("the certificates that this machine trusts")?;
        Ok(Self::over(builder.https_or_http().enable_http1().build(), timeouts))
    }

    fn over(connector: HttpsConnector<HttpConnector>, timeouts: Timeouts) -> Self {
        let client = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build(connector);
        Self { client, timeouts }
    }

    /// Gets a document.
    pub(super) async fn get(&self, address: &str, bearer: Option<&str>) -> Result<Reply, IdentityError> {
        let mut request = Request::get(uri(address)?).header(ACCEPT, "application/json");
        if let Some(token) = bearer.filter(|token| token.len() <= MAX_TOKEN) {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        self.send(request.body(Full::default())).await
    }

    /// Posts a form.
    pub(super) async fn post(&self, address: &str, form: String, basic: Option<&str>) -> Result<Reply, IdentityError> {
        let mut request = Request::post(uri(address)?)
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(credentials) = basic {
            request = request.header(AUTHORIZATION, format!("Basic {credentials}"));
        }
        self.send(request.body(Full::from(form))).await
    }

    async fn send(&self, request: Result<Request<Full<Bytes>>, hyper::http::Error>) -> Result<Reply, IdentityError> {
        let request = request.map_err(|_| IdentityError::rejected("a text of it cannot be sent"))?;
        let exchange = async {
            let (parts, body) = self.client.request(request).await.map_err(|error| lost(&error))?.into_parts();
            let body = Limited::new(body, MAX_RESPONSE).collect().await;
            let body = body.map_err(|error| IdentityError::unavailable(format!("its response is cut off: {error}")))?;
            Ok(Reply { status: parts.status, body: body.to_bytes() })
        };
        let answer = tokio::time::timeout(self.timeouts.request, exchange).await;
        answer.unwrap_or_else(|_| Err(IdentityError::unavailable("it does not respond in time")))
    }
}

/// An address that may be called, also if a provider names it.
fn uri(address: &str) -> Result<String, IdentityError> {
    let url = check_address(address).map_err(|unfit| IdentityError::unavailable(format!("an address {unfit}")))?;
    Ok(url.into())
}

fn lost(error: &hyper_util::client::legacy::Error) -> IdentityError {
    let sources = std::iter::successors(std::error::Error::source(error), |error| error.source());
    let reasons: String = sources.map(|source| format!(": {source}")).collect();
    IdentityError::unavailable(format!("{error}{reasons}"))
}

#[cfg(test)]
mod tests;
