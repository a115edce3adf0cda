//! GraphQL over HTTP: POST and GET /graphql.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::ServerError;
use async_graphql::parser::types::OperationType;
use poem::error::ReadBodyError;
use poem::http::header::{ALLOW, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, VARY, WWW_AUTHENTICATE};
use poem::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use poem::{Endpoint, Request, Response};
use tracing::{Instrument as _, Span};

use super::budgets::{BudgetExhausted, Payer};
use super::edge::RequestId;
use super::heads;
use super::memory_pool::PoolExhausted;
use super::negotiation::{self, Media};
use super::params::Params;
use super::record::{Record, Transport};
use super::reply::{ExecutionResult, Refusal, Reply};
use super::response_body::{ResponseBody, code_of, error};
use super::shared::{PrepareError, RunResult, Shared, bearer};
use super::{Credentials, File, OperationContext, RequestCookies, Session, SessionError};
use super::{event_stream, operations, trace, websocket};
use graphql_contract::documents::Prepared;

/// Headers that a page of another origin can send only after a CORS preflight.
const PREFLIGHT_HEADERS: [&str; 3] = ["x-requested-with", "apollo-require-preflight", "graphql-require-preflight"];

/// The retry delay when there is no memory for a request.
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// The endpoint /graphql.
pub(super) struct GraphQl {
    pub shared: Arc<Shared>,
    /// The page for browsers, if there is one.
    pub explorer: Option<File>,
}

impl Endpoint for GraphQl {
    type Output = Response;

    async fn call(&self, mut request: Request) -> poem::Result<Response> {
        let request_id = RequestId::of(&request);
        if websocket::is_upgrade(request.headers()) {
            return Ok(websocket::upgrade(self.shared.clone(), request, request_id).await);
        }
        let is_get = *request.method() == Method::GET;
        if let Some(page) = self.explorer.as_ref().filter(|_| is_get && negotiation::wants_page(request.headers())) {
            let mut response = page.respond(request.headers(), false);
            response.headers_mut().append(VARY, HeaderValue::from_static("accept"));
            return Ok(response);
        }
        let address = self.shared.address(&request);
        let context = Span::current();
        let trace = trace::start(&context, &request_id, Some(request.headers()));
        let record = Record::start(&self.shared, Transport::Http, request_id, address, (context, trace));
        let Some(media) = negotiation::accepted(request.headers()) else {
            let mut response = not_acceptable(&record);
            heads::close_unless_read(&mut request, &mut response);
            return Ok(response);
        };
        let accepts_events = negotiation::accepts_events(request.headers());
        let reply = Reply { shared: Arc::clone(&self.shared), media, accepts_events, record };
        let trace = reply.record.trace();
        match self.execute(&mut request, &reply).instrument(trace).await {
            Ok(response) => Ok(response),
            Err(refusal) => {
                let mut response = reply.send_refusal(*refusal).await;
                heads::close_unless_read(&mut request, &mut response);
                Ok(response)
            }
        }
    }
}

impl Refusal {
    fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Box<Self> {
        Box::new(Self { status: Some(status), errors: vec![error(code, message)], header: None })
    }

    fn bad_request(error: ServerError) -> Box<Self> {
        Box::new(Self { status: Some(StatusCode::BAD_REQUEST), errors: vec![error], header: None })
    }

    fn with_header(mut self: Box<Self>, name: HeaderName, value: &'static str) -> Box<Self> {
        self.header = Some((name, HeaderValue::from_static(value)));
        self
    }

    /// There is no memory for a request.
    fn no_memory(exhausted: PoolExhausted, media: Media) -> Box<Self> {
        match exhausted {
            PoolExhausted::AddressShare => Self::exhausted(BudgetExhausted { after: RETRY_DELAY }, media),
            PoolExhausted::Total => Self::new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", "Try again in a moment.")
                .with_header(RETRY_AFTER, "1"),
        }
    }

    /// A budget is used up. Clients that only accept `application/json` get a 200, as for any other
    /// response of GraphQL.
    fn exhausted(exhausted: BudgetExhausted, media: Media) -> Box<Self> {
        let status = (media == Media::GraphQl).then_some(StatusCode::TOO_MANY_REQUESTS);
        let header = Some((RETRY_AFTER, HeaderValue::from(exhausted.seconds())));
        Box::new(Self { status, errors: vec![exhausted.error()], header })
    }
}

impl GraphQl {
    async fn execute(&self, request: &mut Request, reply: &Reply) -> Result<Response, Box<Refusal>> {
        let address = self.shared.address(request);
        let cookies = self
            .shared
            .cookies(request.headers(), address)
            .map_err(|wrong| Refusal::new(wrong.status(), "BAD_REQUEST", wrong.message()))?;
        let (prepared, wants_cost) = self.prepare(request, (address, reply.media)).await?;
        reply.record.set_operation(&prepared);
        check_operation(&prepared, request.method(), reply)?;
        let credentials = if self.shared.is_anonymous(&prepared) {
            Credentials::of(None, address)
        } else {
            let bearer = bearer(request.headers()).map_err(unauthenticated)?;
            Credentials::of(bearer, address).with_cookies(cookies.clone())
        };
        let session = self.open_session(credentials).await?;
        reply.record.set_viewer(session.owner());
        let payer = Payer { address, viewer: session.owner() };
        let cost_extension = self
            .shared
            .charge(&prepared, payer, wants_cost)
            .map_err(|exhausted| Refusal::exhausted(exhausted, reply.media))?;
        if reply.has_events(&prepared) {
            let charged = operations::Charge { payer, cost_extension };
            return self.respond_with_events(request, prepared, (session, cookies.read_only()), charged, reply);
        }
        let user_agent = heads::user_agent(request.headers());
        let request_id = reply.record.id().to_owned();
        let context = OperationContext { request_id, address, user_agent, cookies, stream: None };
        let RunResult { mut response, problem, memory } =
            self.shared.run(prepared, session.data(context), &reply.record).await.map_err(|failure| {
                Box::new(Refusal { status: failure_status(&failure), errors: vec![failure], header: None })
            })?;
        let headers = std::mem::take(&mut response.http_headers);
        let response_body = ResponseBody::of(response, reply.record.id()).with_cost(cost_extension);
        reply.record.set_result(&response_body.errors, problem);
        Ok(reply.send_result(ExecutionResult { response_body, headers, memory }).await)
    }

    /// Reads and prepares the operation. Returns also whether the client requested its cost.
    async fn prepare(
        &self,
        request: &mut Request,
        (address, media): (Option<IpAddr>, Media),
    ) -> Result<(Prepared, bool), Box<Refusal>> {
        let length = heads::size(request) + self.max_body_length(request)?;
        let reserved = self.shared.gate.reserve_request(length, address);
        let _reading = reserved.map_err(|exhausted| Refusal::no_memory(exhausted, media))?;
        let params = self.read_params(request, (address, media)).await?;
        let wants_cost = params.wants_cost;
        let prepared = self.shared.prepare(params, address).await.map_err(|error| match error {
            PrepareError::Exhausted(exhausted) => Refusal::exhausted(exhausted, media),
            PrepareError::Rejected(errors) => Box::new(Refusal { status: None, errors, header: None }),
        })?;
        Ok((prepared, wants_cost))
    }

    async fn open_session(&self, credentials: Credentials) -> Result<Session, Box<Refusal>> {
        self.shared.sessions.open(credentials).await.map_err(|refused| match refused {
            SessionError::Token(why) => unauthenticated(&why),
            SessionError::Unavailable => {
                Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", "Try again in a moment.")
                    .with_header(RETRY_AFTER, "1")
            }
        })
    }

    /// Responds with events, unless the origin is not allowed or too many connections are open.
    fn respond_with_events(
        &self,
        request: &Request,
        prepared: Prepared,
        (session, cookies): (Session, RequestCookies),
        charged: operations::Charge,
        reply: &Reply,
    ) -> Result<Response, Box<Refusal>> {
        let headers = request.headers();
        if !self.shared.allows_origin(headers) {
            let message = "This origin is not allowed.";
            return Err(Refusal::new(StatusCode::FORBIDDEN, "BAD_REQUEST", message));
        }
        let permit = self.shared.admission.admit(charged.payer.address).ok_or_else(|| {
            let message = "Too many connections are open. Try again in a moment.";
            Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", message).with_header(RETRY_AFTER, "5")
        })?;
        let peer = request.remote_addr().as_socket_addr();
        let closed = peer.and_then(|peer| self.shared.open_connections.closed_signal(*peer));
        peer.into_iter().for_each(|peer| self.shared.open_connections.release_permit(*peer));
        reply.record.set_event_stream();
        let user_agent = heads::user_agent(headers);
        let record = reply.record.clone();
        let client = event_stream::Client { session, record, user_agent, cookies, permit, closed };
        let resume_after = event_stream::last_event_id(headers);
        Ok(event_stream::open(Arc::clone(&self.shared), prepared, resume_after, client, charged))
    }

    /// The parameters of the request; reading them is charged first.
    async fn read_params(
        &self,
        request: &mut Request,
        (address, media): (Option<IpAddr>, Media),
    ) -> Result<Params, Box<Refusal>> {
        let charge = |bytes| {
            let charged = self.shared.charge_body(bytes, address);
            charged.map_err(|exhausted| Refusal::exhausted(exhausted, media))
        };
        match *request.method() {
            Method::GET => {
                // The origin of a stream is checked later.
                let is_stream = negotiation::accepted(request.headers()) == Some(Media::Events);
                if !is_stream && !requires_preflight(request.headers()) {
                    let message = "A GET requires an `Accept` header with application/graphql-response+json, application/json or text/event-stream.";
                    return Err(Refusal::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", message));
                }
                charge(request.uri().query().map_or(0, str::len))?;
                let pairs = request.params::<Vec<(String, String)>>().map_err(|_| {
                    Refusal::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", "The query string is invalid.")
                })?;
                Params::from_query(pairs).map_err(Refusal::bad_request)
            }
            Method::POST => {
                negotiation::check_body(request.headers())
                    .map_err(|wrong| Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "BAD_REQUEST", wrong))?;
                let body = self.read_body(request).await?;
                charge(body.len())?;
                Params::from_json(&body).map_err(Refusal::bad_request)
            }
            _ => {
                let message = "Use POST, or GET for queries.";
                Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "BAD_REQUEST", message)
                    .with_header(ALLOW, "GET, POST"))
            }
        }
    }

    /// The maximum number of bytes of the body.
    fn max_body_length(&self, request: &Request) -> Result<usize, Box<Refusal>> {
        if *request.method() != Method::POST {
            // It is not read.
            return Ok(0);
        }
        let max = self.shared.settings.max_body_bytes;
        let length = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        Some(length.unwrap_or(max)).filter(|length| *length <= max).ok_or_else(|| self.too_large())
    }

    fn too_large(&self) -> Box<Refusal> {
        let message = format!("The body must have at most {} bytes.", self.shared.settings.max_body_bytes);
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "DOCUMENT_TOO_LARGE", message)
    }

    async fn read_body(&self, request: &mut Request) -> Result<Vec<u8>, Box<Refusal>> {
        let max = self.shared.settings.max_body_bytes;
        let reading = request.take_body().into_bytes_limit(max);
        match tokio::time::timeout(self.shared.settings.body_timeout, reading).await {
            Ok(Ok(body)) => Ok(body.into()),
            Ok(Err(ReadBodyError::PayloadTooLarge)) => Err(self.too_large()),
            Ok(Err(_)) => Err(Refusal::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", "The body ended too early.")),
            Err(_) => Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, "TIMEOUT", "The body took too long.")),
        }
    }
}

/// Whether a GET cannot come from a page of another origin without a CORS preflight.
fn requires_preflight(headers: &HeaderMap) -> bool {
    negotiation::names_json(headers)
        || headers.contains_key(AUTHORIZATION)
        || headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"application/json"))
        || PREFLIGHT_HEADERS.iter().any(|name| headers.contains_key(*name))
}

fn check_operation(prepared: &Prepared, method: &Method, reply: &Reply) -> Result<(), Box<Refusal>> {
    match prepared.operation() {
        OperationType::Mutation if *method == Method::GET => {
            let message = "Mutations are not allowed over GET. Use POST.";
            Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "BAD_REQUEST", message).with_header(ALLOW, "POST"))
        }
        OperationType::Subscription if !reply.accepts_events => {
            let message = "A subscription needs `Accept: text/event-stream`, or a websocket with the subprotocol \
                           graphql-transport-ws.";
            Err(Refusal::bad_request(error("BAD_REQUEST", message)))
        }
        _ => Ok(()),
    }
}

fn unauthenticated(why: &str) -> Box<Refusal> {
    Refusal::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", why)
        .with_header(WWW_AUTHENTICATE, r#"Bearer error="invalid_token""#)
}

/// The status of an operation without a result; none if the media type decides.
fn failure_status(error: &ServerError) -> Option<StatusCode> {
    match code_of(error) {
        Some("TIMEOUT") => Some(StatusCode::GATEWAY_TIMEOUT),
        Some("UNAVAILABLE") => Some(StatusCode::SERVICE_UNAVAILABLE),
        Some("RESPONSE_TOO_LARGE") => None,
        _ => Some(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

fn not_acceptable(record: &Record) -> Response {
    let message = "The supported response types are application/graphql-response+json, application/json and text/event-stream, in utf-8.";
    let errors = vec![error("BAD_REQUEST", message)];
    record.set_refused(&errors);
    let response_body = ResponseBody::refused(errors, record.id());
    let mut response = Response::builder().status(StatusCode::NOT_ACCEPTABLE).body(response_body.to_json());
    Reply::set_headers(Media::Json, response.headers_mut());
    response
}
