//! GraphQL over HTTP: POST and GET /graphql, answered with JSON or with events.

use std::net::IpAddr;
use std::sync::Arc;

use async_graphql::ServerError;
use async_graphql::parser::types::OperationType;
use poem::error::ReadBodyError;
use poem::http::header::{
    ACCEPT, ALLOW, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, VARY, WWW_AUTHENTICATE,
};
use poem::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use poem::{Body, Endpoint, Request, Response};

use super::answer::{Answer, error};
use super::edge::RequestId;
use super::negotiation::{self, Media};
use super::params::Params;
use super::shared::{Shared, bearer};
use super::{Call, Credentials, Refused, Session, event_stream, pages, websocket};
use crate::graphql::documents::Prepared;

/// Headers that no page can send to another origin without asking first.
const PREFLIGHTED: [&str; 3] = ["x-requested-with", "apollo-require-preflight", "graphql-require-preflight"];

/// The endpoint /graphql.
pub(super) struct GraphQl {
    pub shared: Arc<Shared>,
    /// GraphiQL; none when pages are turned off.
    pub page: Option<pages::Page>,
}

impl Endpoint for GraphQl {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let request_id = RequestId::of(&request);
        if websocket::is_upgrade(request.headers()) {
            return Ok(websocket::upgrade(self.shared.clone(), request, request_id).await);
        }
        let is_get = *request.method() == Method::GET;
        if let Some(page) = self.page.as_ref().filter(|_| is_get && negotiation::wants_page(request.headers())) {
            return Ok(page.respond(request.headers()));
        }
        let Some(media) = negotiation::accepted(request.headers()) else {
            return Ok(not_acceptable(&request_id));
        };
        let reply = Reply { media, takes_events: negotiation::takes_events(request.headers()), request_id };
        Ok(self.answer(&mut request, &reply).await.unwrap_or_else(|refusal| reply.refused(*refusal)))
    }
}

/// Why a request was not executed.
struct Refusal {
    /// The status; none: 400, or 200 for clients that only know `application/json`.
    status: Option<StatusCode>,
    errors: Vec<ServerError>,
    header: Option<(HeaderName, &'static str)>,
}

impl Refusal {
    fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Box<Self> {
        Box::new(Self { status: Some(status), errors: vec![error(code, message)], header: None })
    }

    fn bad(error: ServerError) -> Box<Self> {
        Box::new(Self { status: Some(StatusCode::BAD_REQUEST), errors: vec![error], header: None })
    }

    fn with(mut self: Box<Self>, name: HeaderName, value: &'static str) -> Box<Self> {
        self.header = Some((name, value));
        self
    }
}

impl GraphQl {
    async fn answer(&self, request: &mut Request, reply: &Reply) -> Result<Response, Box<Refusal>> {
        let params = self.params(request).await?;
        let bearer = bearer(request.headers()).map_err(unauthenticated)?;
        let prepared = self
            .shared
            .documents
            .prepare(&params.query, params.operation_name.as_deref(), &params.variables)
            .map_err(|errors| Box::new(Refusal { status: None, errors, header: None }))?;
        check_operation(&prepared, request.method(), reply)?;
        let address = self.shared.address(request);
        let session =
            self.shared.sessions.open(Credentials::of(bearer, address)).await.map_err(|refused| match refused {
                Refused::Token(why) => unauthenticated(&why),
                Refused::Unavailable => {
                    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", "Try again in a moment.")
                        .with(RETRY_AFTER, "1")
                }
            })?;
        if reply.is_events(&prepared) {
            return self.events(request.headers(), prepared, session, address, reply);
        }
        let call = Call { request_id: reply.request_id.clone(), address, stream: None };
        let mut response = self.shared.run(prepared, session.data(call)).await.map_err(|failure| {
            Box::new(Refusal { status: Some(failed(&failure)), errors: vec![failure], header: None })
        })?;
        let headers = std::mem::take(&mut response.http_headers);
        Ok(reply.executed(Answer::of(response, &reply.request_id), headers))
    }

    /// Answers with events, unless a page of a foreign origin asks, or too many do.
    fn events(
        &self,
        headers: &HeaderMap,
        prepared: Prepared,
        session: Session,
        address: Option<IpAddr>,
        reply: &Reply,
    ) -> Result<Response, Box<Refusal>> {
        if !self.shared.allows_origin(headers) {
            let message = "Pages of this origin may not use the API.";
            return Err(Refusal::new(StatusCode::FORBIDDEN, "BAD_REQUEST", message));
        }
        let admitted = self.shared.admission.enter(address).ok_or_else(|| {
            let message = "Too many connections are open. Try again in a moment.";
            Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", message).with(RETRY_AFTER, "5")
        })?;
        let client = event_stream::Client { session, address, request_id: reply.request_id.clone(), admitted };
        let resume_after = event_stream::last_event_id(headers);
        Ok(event_stream::open(Arc::clone(&self.shared), prepared, resume_after, client))
    }

    async fn params(&self, request: &mut Request) -> Result<Params, Box<Refusal>> {
        match *request.method() {
            Method::GET => {
                if !asks_first(request.headers()) {
                    let message = "A GET needs an `Accept` that names application/graphql-response+json, application/json or text/event-stream.";
                    return Err(Refusal::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", message));
                }
                let pairs = request.params::<Vec<(String, String)>>().map_err(|_| {
                    Refusal::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", "The query string cannot be read.")
                })?;
                Params::from_query(pairs).map_err(Refusal::bad)
            }
            Method::POST => {
                negotiation::check_body(request.headers())
                    .map_err(|wrong| Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "BAD_REQUEST", wrong))?;
                let body = self.body(request).await?;
                Params::from_json(&body).map_err(Refusal::bad)
            }
            _ => {
                let message = "Use POST, or GET for queries.";
                Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "BAD_REQUEST", message).with(ALLOW, "GET, POST"))
            }
        }
    }

    async fn body(&self, request: &mut Request) -> Result<Vec<u8>, Box<Refusal>> {
        let max = self.shared.settings.max_body_bytes;
        let too_large = || {
            let message = format!("The body may have {max} bytes.");
            Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "DOCUMENT_TOO_LARGE", message)
        };
        let length =
            request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        if length.is_some_and(|length| length > max) {
            return Err(too_large());
        }
        let reading = request.take_body().into_bytes_limit(max);
        match tokio::time::timeout(self.shared.settings.body_timeout, reading).await {
            Ok(Ok(body)) => Ok(body.into()),
            Ok(Err(ReadBodyError::PayloadTooLarge)) => Err(too_large()),
            Ok(Err(_)) => Err(Refusal::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", "The body ended too early.")),
            Err(_) => Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, "TIMEOUT", "The body took too long.")),
        }
    }
}

/// Whether a GET can only come from a page of another origin if that page asked first, or from no page at all.
fn asks_first(headers: &HeaderMap) -> bool {
    negotiation::names_ours(headers)
        || negotiation::takes_events(headers)
        || headers.contains_key(AUTHORIZATION)
        || headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"application/json"))
        || PREFLIGHTED.iter().any(|name| headers.contains_key(*name))
}

fn check_operation(prepared: &Prepared, method: &Method, reply: &Reply) -> Result<(), Box<Refusal>> {
    match prepared.operation() {
        OperationType::Mutation if *method == Method::GET => {
            let message = "A mutation cannot run over GET: use POST.";
            Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "BAD_REQUEST", message).with(ALLOW, "POST"))
        }
        OperationType::Subscription if !reply.takes_events => {
            let message = "A subscription needs `Accept: text/event-stream`, or a websocket with the subprotocol \
                           graphql-transport-ws.";
            Err(Refusal::bad(error("BAD_REQUEST", message)))
        }
        _ => Ok(()),
    }
}

fn unauthenticated(why: &str) -> Box<Refusal> {
    Refusal::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", why)
        .with(WWW_AUTHENTICATE, r#"Bearer error="invalid_token""#)
}

fn failed(error: &ServerError) -> StatusCode {
    match error.extensions.as_ref().and_then(|extensions| extensions.get("code")) {
        Some(async_graphql::Value::String(code)) if code == "TIMEOUT" => StatusCode::GATEWAY_TIMEOUT,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// How a request is replied to.
struct Reply {
    media: Media,
    takes_events: bool,
    request_id: String,
}

impl Reply {
    /// Whether an operation is answered with events.
    fn is_events(&self, prepared: &Prepared) -> bool {
        self.media == Media::Events || (self.takes_events && prepared.operation() == OperationType::Subscription)
    }

    /// What was executed, with the headers that resolvers asked for.
    fn executed(&self, mut answer: Answer, headers: HeaderMap) -> Response {
        if self.media == Media::GraphQl && answer.is_unavailable() {
            // With an entry `data` beside the errors, the status could not be other than 200.
            answer.data = None;
        }
        let status = match (self.media, answer.data.is_some()) {
            (Media::Json | Media::Events, _) | (_, true) => StatusCode::OK,
            (Media::GraphQl, false) if answer.is_unavailable() => StatusCode::SERVICE_UNAVAILABLE,
            (Media::GraphQl, false) if answer.code() == Some("INTERNAL") => StatusCode::INTERNAL_SERVER_ERROR,
            (Media::GraphQl, false) => StatusCode::BAD_REQUEST,
        };
        let mut response = self.respond(status, &answer);
        response.headers_mut().extend(headers);
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }

    fn refused(&self, refusal: Refusal) -> Response {
        let status = match (refusal.status, self.media) {
            (Some(status), _) => status,
            (None, Media::GraphQl) => StatusCode::BAD_REQUEST,
            (None, Media::Json) => StatusCode::OK,
            (None, Media::Events) => return event_stream::refuse(&Answer::refused(refusal.errors, &self.request_id)),
        };
        let mut response = self.respond(status, &Answer::refused(refusal.errors, &self.request_id));
        if let Some((name, value)) = refusal.header {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }

    fn respond(&self, status: StatusCode, answer: &Answer) -> Response {
        let mut response = Response::builder().status(status).body(Body::from_string(answer.to_json()));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.media.content_type()));
        headers.append(VARY, HeaderValue::from(ACCEPT));
        headers.insert("cache-control", HeaderValue::from_static("no-store"));
        response
    }
}

fn not_acceptable(request_id: &str) -> Response {
    let message =
        "An answer can be application/graphql-response+json, application/json or text/event-stream, in utf-8.";
    let reply = Reply { media: Media::Json, takes_events: false, request_id: request_id.to_owned() };
    reply.refused(*Refusal::new(StatusCode::NOT_ACCEPTABLE, "BAD_REQUEST", message))
}
