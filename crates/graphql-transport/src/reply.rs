//! Replies over HTTP: status, headers, and a body that is sent in chunks.

use std::sync::Arc;

use async_graphql::ServerError;
use async_graphql::parser::types::OperationType;
use futures_util::stream;
use poem::http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER, VARY};
use poem::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use poem::{Body, Response};

use super::event_stream;
use super::gate::MemoryPermit;
use super::json;
use super::negotiation::Media;
use super::record::Record;
use super::response_body::ResponseBody;
use super::shared::{Shared, overloaded};
use graphql_contract::documents::Prepared;

/// The size of the chunks of a long response, in bytes.
const CHUNK_BYTES: usize = 16 * 1024;

/// Why a request was not executed.
pub(super) struct Refusal {
    /// The status; none: 400, or 200 for clients that only accept `application/json`.
    pub status: Option<StatusCode>,
    pub errors: Vec<ServerError>,
    pub header: Option<(HeaderName, HeaderValue)>,
}

/// The result of an execution, with headers that resolvers set, and a memory permit that is held
/// until it is written.
pub(super) struct ExecutionResult {
    pub response_body: ResponseBody,
    pub headers: HeaderMap,
    pub memory: MemoryPermit,
}

/// Builds the reply to one request.
pub(super) struct Reply {
    pub shared: Arc<Shared>,
    pub media: Media,
    pub accepts_events: bool,
    pub record: Record,
}

impl Reply {
    /// Whether the response is a stream of events.
    pub fn has_events(&self, prepared: &Prepared) -> bool {
        self.media == Media::Events || (self.accepts_events && prepared.operation() == OperationType::Subscription)
    }

    pub async fn send_result(&self, result: ExecutionResult) -> Response {
        let ExecutionResult { mut response_body, headers, memory } = result;
        if self.media == Media::GraphQl && response_body.is_unavailable() {
            // With a `data` entry beside the errors, the status would have to be 200.
            response_body.data = None;
        }
        let status = match (self.media, response_body.data.is_some()) {
            (Media::Json | Media::Events, _) | (_, true) => StatusCode::OK,
            (Media::GraphQl, false) if response_body.is_unavailable() => StatusCode::SERVICE_UNAVAILABLE,
            (Media::GraphQl, false) if response_body.code() == Some("INTERNAL") => StatusCode::INTERNAL_SERVER_ERROR,
            (Media::GraphQl, false) => StatusCode::BAD_REQUEST,
        };
        let (max, record) = (self.shared.settings.max_response_bytes, &self.record);
        let body = record.check_written(json::write(&response_body, max, record.id()).await);
        drop((response_body, memory));
        let mut response = self.respond(status, body).await;
        response.headers_mut().extend(headers);
        response
    }

    pub async fn send_refusal(&self, refusal: Refusal) -> Response {
        self.record.set_refused(&refusal.errors);
        let response_body = ResponseBody::refused(refusal.errors, self.record.id());
        let status = match (refusal.status, self.media) {
            (Some(status), _) => status,
            (None, Media::GraphQl) => StatusCode::BAD_REQUEST,
            (None, Media::Json) => StatusCode::OK,
            (None, Media::Events) => return event_stream::refuse(&response_body),
        };
        let mut response = self.respond(status, response_body.to_json().into_bytes()).await;
        if let Some((name, value)) = refusal.header {
            response.headers_mut().insert(name, value);
        }
        response
    }

    async fn respond(&self, status: StatusCode, body: Vec<u8>) -> Response {
        let Ok(memory) = self.shared.gate.reserve_response(body.len(), self.record.address()).await else {
            let errors = vec![overloaded()];
            self.record.set_refused(&errors);
            let response_body = ResponseBody::refused(errors, self.record.id());
            return self.build(StatusCode::SERVICE_UNAVAILABLE, Body::from_string(response_body.to_json()));
        };
        let length = HeaderValue::from(body.len());
        let Some(memory) = memory else { return self.build(status, Body::from_vec(body)) };
        let mut response = self.build(status, chunked_body(body, memory));
        response.headers_mut().insert(CONTENT_LENGTH, length);
        response
    }

    fn build(&self, status: StatusCode, body: Body) -> Response {
        let mut response = Response::builder().status(status).body(body);
        Self::set_headers(self.media, response.headers_mut());
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }

    /// Sets the headers of every reply.
    pub fn set_headers(media: Media, headers: &mut HeaderMap) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(media.content_type()));
        headers.append(VARY, HeaderValue::from(ACCEPT));
        headers.insert("cache-control", HeaderValue::from_static("no-store"));
    }
}

/// A body that holds its memory permit until the client has read it or has disconnected.
fn chunked_body<R: Send + 'static>(body: Vec<u8>, memory: R) -> Body {
    let chunks = stream::unfold((body, 0, memory), |(body, at, memory)| async move {
        let chunk = body.get(at..)?.chunks(CHUNK_BYTES).next()?.to_vec();
        let next = at + chunk.len();
        Some((Ok::<_, std::io::Error>(chunk), (body, next, memory)))
    });
    Body::from_bytes_stream(chunks)
}
