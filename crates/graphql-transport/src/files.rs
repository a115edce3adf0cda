//! Files that never change while the server runs, with strong entity tags.

use std::fmt::Write as _;
use std::sync::Arc;

use poem::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG, IF_NONE_MATCH};
use poem::http::{HeaderMap, StatusCode};
use poem::{Body, Endpoint, Request, Response};
use sha2::{Digest as _, Sha256};

/// A file.
#[derive(Clone)]
pub struct File {
    content_type: &'static str,
    content: Content,
    hash: String,
    policy: Option<&'static str>,
}

#[derive(Clone)]
enum Content {
    Generated(Arc<str>),
    Embedded(&'static [u8]),
}

impl Content {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Generated(text) => text.as_bytes(),
            Self::Embedded(bytes) => bytes,
        }
    }

    fn to_body(&self) -> Body {
        match self {
            Self::Generated(text) => Body::from_string(text.to_string()),
            Self::Embedded(bytes) => Body::from(*bytes),
        }
    }
}

impl File {
    /// A text that was generated at startup.
    pub fn generated(content_type: &'static str, text: impl Into<Arc<str>>) -> Self {
        Self::new(content_type, Content::Generated(text.into()))
    }

    /// A file that is embedded in the program.
    pub fn embedded(content_type: &'static str, bytes: &'static [u8]) -> Self {
        Self::new(content_type, Content::Embedded(bytes))
    }

    fn new(content_type: &'static str, content: Content) -> Self {
        let hash = Sha256::digest(content.bytes()).iter().take(16).fold(String::new(), |mut hash, byte| {
            let _ = write!(hash, "{byte:02x}");
            hash
        });
        Self { content_type, content, hash, policy: None }
    }

    /// Restricts what the page may load, with a content security policy.
    #[must_use]
    pub fn with_policy(mut self, policy: &'static str) -> Self {
        self.policy = Some(policy);
        self
    }

    /// The hash of the content, for URLs that change with it.
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// The file, or 304 if the client has it. A URL with the hash may be cached forever.
    pub fn respond(&self, headers: &HeaderMap, is_immutable: bool) -> Response {
        let tag = format!("\"{}\"", self.hash);
        let cache = if is_immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
        let known = headers.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok()).any(|value| {
            value.split(',').map(str::trim).any(|known| known == "*" || known.trim_start_matches("W/") == tag)
        });
        let mut response = Response::builder().header(ETAG, tag).header(CACHE_CONTROL, cache);
        if let Some(policy) = self.policy {
            response = response.header(CONTENT_SECURITY_POLICY, policy);
        }
        if known {
            return response.status(StatusCode::NOT_MODIFIED).finish();
        }
        response.content_type(self.content_type).body(self.content.to_body())
    }
}

impl Endpoint for File {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        let is_immutable = request.uri().query().is_some_and(|query| query == format!("v={}", self.hash));
        Ok(self.respond(request.headers(), is_immutable))
    }
}
