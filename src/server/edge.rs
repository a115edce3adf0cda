//! What every answer has: a request's name, security headers, CORS.

use std::sync::Arc;
use std::time::Instant;

use poem::endpoint::BoxEndpoint;
use poem::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, ALLOW, ORIGIN,
    REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use poem::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use poem::{Endpoint, Request, Response};
use tracing::Instrument as _;

use super::shared::Shared;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The name of a request, kept with it.
#[derive(Clone, Debug)]
pub(super) struct RequestId(String);

impl RequestId {
    pub fn of(request: &Request) -> String {
        request.extensions().get::<Self>().map(|id| id.0.clone()).unwrap_or_default()
    }
}

/// All routes, behind what they have in common.
pub(super) struct Edge {
    pub routes: BoxEndpoint<'static, Response>,
    pub shared: Arc<Shared>,
}

impl Endpoint for Edge {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let id = self.shared.sessions.request_id();
        let origin = self.allowed_origin(request.headers());
        request.extensions_mut().insert(RequestId(id.clone()));
        let mut response = if *request.method() == Method::OPTIONS {
            preflight(request.headers(), origin.is_some())
        } else {
            let span = tracing::info_span!("request", id, method = %request.method(), path = request.uri().path());
            self.answer(request).instrument(span).await
        };
        let headers = response.headers_mut();
        if let Ok(id) = HeaderValue::try_from(id) {
            headers.insert(REQUEST_ID, id);
        }
        headers.append(VARY, HeaderValue::from(ORIGIN));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        if let Some(origin) = origin {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("x-request-id, retry-after"));
        }
        Ok(response)
    }
}

impl Edge {
    async fn answer(&self, request: Request) -> Response {
        let started = Instant::now();
        let response = self.routes.get_response(request).await;
        let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        tracing::debug!(status = response.status().as_u16(), micros, "answered");
        response
    }

    fn allowed_origin(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(ORIGIN)?;
        self.shared.names_origin(origin.to_str().ok()?).then(|| origin.clone())
    }
}

/// Answers what a browser asks before it sends a page's request to another origin.
fn preflight(headers: &HeaderMap, allowed: bool) -> Response {
    let mut response = Response::builder().status(StatusCode::NO_CONTENT).finish();
    let answer = response.headers_mut();
    if headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
        if allowed {
            answer.insert(ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
            let names = "accept, authorization, content-type, x-requested-with, apollo-require-preflight, graphql-require-preflight";
            answer.insert(ACCESS_CONTROL_ALLOW_HEADERS, HeaderValue::from_static(names));
            answer.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"));
        }
    } else {
        answer.insert(ALLOW, HeaderValue::from_static("GET, POST, OPTIONS"));
    }
    response
}
