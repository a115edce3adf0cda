//! What all responses have in common: the request ID, security headers, CORS.

use std::sync::Arc;
use std::time::Instant;

use poem::endpoint::BoxEndpoint;
use poem::http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    ALLOW, CONTENT_SECURITY_POLICY, HOST, ORIGIN, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, VARY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use poem::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use poem::{Endpoint, Request, Response};
use tracing::Instrument as _;

use super::heads;
use super::response_body::{ResponseBody, error};
use super::shared::Shared;
use client_limits::AddressPrefix;
use telemetry::logs;

/// Maximum length of a foreign host name in the log, in characters.
const MAX_HOST_CHARS: usize = 100;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Request headers that pages of other origins may send: those that GraphQL clients, tracing and
/// error reporting add by themselves.
const ALLOWED_HEADERS: [&str; 17] = [
    "accept",
    "apollo-require-preflight",
    "apollographql-client-name",
    "apollographql-client-version",
    "authorization",
    "baggage",
    "content-type",
    "graphql-require-preflight",
    "last-event-id",
    "sentry-trace",
    "traceparent",
    "tracestate",
    "x-apollo-operation-id",
    "x-apollo-operation-name",
    "x-apollo-operation-type",
    "x-request-id",
    "x-requested-with",
];

/// The ID of a request, stored with it.
#[derive(Clone, Debug)]
pub(super) struct RequestId(String);

impl RequestId {
    pub fn of(request: &Request) -> String {
        request.extensions().get::<Self>().map(|id| id.0.clone()).unwrap_or_default()
    }
}

/// All routes, with the common processing around them.
pub(super) struct Edge {
    pub routes: BoxEndpoint<'static, Response>,
    pub shared: Arc<Shared>,
}

impl Endpoint for Edge {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let id = self.shared.sessions.request_id();
        let origin = self.allowed_origin(request.headers());
        let may_use_cookies = origin.as_ref().is_some_and(|origin| self.may_use_cookies(origin));
        request.extensions_mut().insert(RequestId(id.clone()));
        let mut response = if let Some(mut refusal) = self.refusal(&mut request, &id) {
            heads::close_unless_read(&mut request, &mut refusal);
            refusal
        } else if *request.method() == Method::OPTIONS {
            preflight(request.headers(), origin.is_some(), &self.allowed_headers(may_use_cookies))
        } else {
            let span = tracing::info_span!("request", id, method = %request.method(), path = request.uri().path());
            self.route(request).instrument(span).await
        };
        self.shared.metrics.count_status(response.status());
        let headers = response.headers_mut();
        if let Ok(id) = HeaderValue::try_from(id) {
            headers.insert(REQUEST_ID, id);
        }
        headers.append(VARY, HeaderValue::from(ORIGIN));
        add_security_headers(headers, self.shared.settings.https);
        if let Some(origin) = origin {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            if may_use_cookies {
                headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
            }
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("x-request-id, retry-after"));
        }
        Ok(response)
    }
}

/// Orchestrators send health checks to the address of an instance.
fn is_health_check(request: &Request) -> bool {
    matches!(request.uri().path(), "/healthz" | "/readyz")
}

fn refusal(status: StatusCode, message: impl Into<String>, request_id: &str) -> Response {
    let errors = vec![error("BAD_REQUEST", message)];
    Response::builder()
        .status(status)
        .content_type("application/json")
        .body(ResponseBody::refused(errors, request_id).to_json())
}

/// Adds the security headers. Pages have their own content security policy; other responses may
/// load nothing.
fn add_security_headers(headers: &mut HeaderMap, https: bool) {
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    headers
        .insert("permissions-policy", HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=()"));
    let load_nothing = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(load_nothing);
    if https {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
}

impl Edge {
    /// The response to a request that no route may see.
    fn refusal(&self, request: &mut Request, id: &str) -> Option<Response> {
        if let Err(error) = heads::check(request) {
            return Some(refusal(error.status, error.message, id));
        }
        if self.shared.serves_host(request.headers()) || is_health_check(request) {
            return None;
        }
        self.log_foreign_host(request, id);
        Some(refusal(StatusCode::MISDIRECTED_REQUEST, "This host name is not allowed.", id))
    }

    async fn route(&self, request: Request) -> Response {
        let started = Instant::now();
        let response = self.routes.get_response(request).await;
        let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        tracing::debug!(status = response.status().as_u16(), micros, "responded");
        response
    }

    /// Logs a request with a host name that is not allowed: a wrong setting, or DNS rebinding.
    fn log_foreign_host(&self, request: &Request, request_id: &str) {
        let host: String = request.headers().get(HOST).map_or_else(String::new, |host| format!("{host:?}"));
        let host: String = host.chars().take(MAX_HOST_CHARS).collect();
        let address = AddressPrefix::of(self.shared.address(request));
        tracing::warn!(target: logs::SECURITY, event = "host_refused", host, %address, request_id, "a host name that is not allowed");
    }

    fn allowed_origin(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(ORIGIN)?;
        self.shared.allows_named_origin(origin.to_str().ok()?).then(|| origin.clone())
    }

    fn may_use_cookies(&self, origin: &HeaderValue) -> bool {
        origin.to_str().is_ok_and(|origin| self.shared.cookies.allows_origin(origin))
    }

    /// Request headers that pages may send, beside [`ALLOWED_HEADERS`].
    fn allowed_headers(&self, may_use_cookies: bool) -> Vec<String> {
        let header = self.shared.cookies.header.iter().filter(|_| may_use_cookies).map(ToString::to_string);
        self.shared.settings.allowed_headers.iter().cloned().chain(header).collect()
    }
}

/// Responds to a CORS preflight request.
fn preflight(headers: &HeaderMap, allowed: bool, extra_headers: &[String]) -> Response {
    let mut response = Response::builder().status(StatusCode::NO_CONTENT).finish();
    let response_headers = response.headers_mut();
    if headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
        if allowed {
            response_headers.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
            let mut names = ALLOWED_HEADERS.join(", ");
            extra_headers.iter().for_each(|name| names.extend([", ", name]));
            if let Ok(names) = HeaderValue::try_from(names) {
                response_headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, names);
            }
            response_headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"));
        }
    } else {
        response_headers.insert(ALLOW, HeaderValue::from_static("GET, POST, OPTIONS"));
    }
    response
}
