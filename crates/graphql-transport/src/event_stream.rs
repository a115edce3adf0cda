//! Operations as server-sent events: the distinct connections mode of the graphql-sse protocol.
//!
//! One task serves one stream. It passes on one event at a time, and the connection accepts the
//! next only when the client has read the last one, so nothing accumulates for a slow reader; one
//! that reads nothing for too long is disconnected. A client resumes a stream that ended without
//! `complete`: it sends the `id` of the last event, which is its cursor, as `Last-Event-ID`.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::ServerError;
use async_graphql::parser::types::OperationType;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt as _, StreamExt as _};
use poem::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, VARY};
use poem::http::{HeaderMap, HeaderName, HeaderValue};
use poem::{Body, Response};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, interval_at, sleep, timeout};
use tokio_stream::wrappers::ReceiverStream;
use tracing::Instrument as _;

use super::admission::AdmissionPermit;
use super::operations::{self, Charge, Event};
use super::record::Record;
use super::response_body::ResponseBody;
use super::shared::{Shared, internal_error, wait_for_session_end, wait_until_true};
use super::{OperationContext, RequestCookies, Session};
use crate::StreamPosition;
use graphql_contract::documents::Prepared;

const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream; charset=utf-8");
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// A comment, so that proxies and clients keep the connection open.
const KEEP_ALIVE: &str = ":\n\n";
/// Maximum size of a chunk of a frame, in bytes.
const CHUNK_BYTES: usize = 64 * 1024;
/// Clients ignore events without data.
const COMPLETE: &str = "event: complete\ndata:\n\n";

/// The client of a stream.
pub(super) struct Client {
    pub session: Session,
    pub record: Record,
    pub user_agent: Option<Arc<str>>,
    pub cookies: RequestCookies,
    pub permit: AdmissionPermit,
    /// Becomes true when the client has disconnected.
    pub closed: Option<watch::Receiver<bool>>,
}

/// The cursor from which a client resumes.
pub(super) fn last_event_id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get(LAST_EVENT_ID)?.to_str().unwrap_or("?");
    (!id.is_empty()).then(|| id.to_owned())
}

/// Responds with the events of an operation.
pub(super) fn open(
    shared: Arc<Shared>,
    prepared: Prepared,
    resume_after: Option<String>,
    client: Client,
    charged: Charge,
) -> Response {
    let Client { mut session, record, user_agent, cookies, permit, closed } = client;
    let address = charged.payer.address;
    let position = Arc::new(StreamPosition::resuming(resume_after));
    let is_stream = prepared.operation() == OperationType::Subscription;
    let stream = is_stream.then(|| Arc::clone(&position));
    let request_id = record.id().to_owned();
    let data = session.data(OperationContext { request_id, address, user_agent, cookies, stream });
    let operation = operations::start(Arc::clone(&shared), prepared, data, record.clone(), charged);
    let ended = session.take_ended();
    let (frames, body) = mpsc::channel(1);
    let context = record.context();
    let stream = EventStream { shared, session, ended, operation, position, frames, record, closed };
    tokio::spawn(stream.serve().instrument(context));
    respond(ReceiverStream::new(body).map(move |frame: String| {
        // The connection counts as long as it is open.
        let _ = &permit;
        Ok::<_, std::io::Error>(frame)
    }))
}

/// Responds to an operation that was not executed: clients of event streams expect its errors as an
/// event.
pub(super) fn refuse(response_body: &ResponseBody) -> Response {
    let frames = [next_frame(&response_body.to_json(), None), COMPLETE.to_owned()];
    respond(futures_util::stream::iter(frames.map(Ok::<_, std::io::Error>)))
}

fn respond(frames: impl futures_util::Stream<Item = Result<String, std::io::Error>> + Send + 'static) -> Response {
    let mut response = Response::builder().body(Body::from_bytes_stream(frames));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, EVENT_STREAM);
    headers.append(VARY, HeaderValue::from(ACCEPT));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // nginx would buffer events.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// The frame of an event with a response, which is one line of JSON.
fn next_frame(response_body: &str, id: Option<String>) -> String {
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    format!("event: next\n{id}data: {response_body}\n\n")
}

/// Completes when the client has disconnected. A half-closed connection counts too: an
/// `EventSource` never half-closes.
async fn wait_until_closed(closed: &mut Option<watch::Receiver<bool>>) {
    match closed {
        Some(closed) => wait_until_true(closed).await,
        None => std::future::pending().await,
    }
}

/// The stream has ended, for any reason.
struct StreamEnd;

struct EventStream {
    shared: Arc<Shared>,
    session: Session,
    ended: Option<BoxFuture<'static, ()>>,
    operation: BoxStream<'static, Event>,
    position: Arc<StreamPosition>,
    frames: mpsc::Sender<String>,
    record: Record,
    closed: Option<watch::Receiver<bool>>,
}

impl EventStream {
    async fn serve(mut self) {
        let _alive = self.shared.alive.clone();
        if AssertUnwindSafe(self.run()).catch_unwind().await.is_err() {
            // The client may have disconnected too.
            let _ = self.fail(vec![internal_error()]).await;
        }
    }

    async fn run(&mut self) -> Result<Infallible, StreamEnd> {
        let interval = self.shared.settings.ping_interval;
        let mut keep_alive = interval_at(Instant::now() + interval, interval);
        let mut stopping = self.shared.stopping.clone();
        let frames = self.frames.clone();
        self.send(KEEP_ALIVE.to_owned()).await?;
        loop {
            let left = self.time_left();
            tokio::select! {
                () = wait_until_true(&mut stopping) => return Err(StreamEnd),
                () = frames.closed() => return Err(StreamEnd),
                () = wait_until_closed(&mut self.closed) => return Err(StreamEnd),
                () = wait_for_session_end(&mut self.ended) => return Err(StreamEnd),
                () = sleep(left.unwrap_or_default()), if left.is_some() => self.check_expiry()?,
                _ = keep_alive.tick() => self.send(KEEP_ALIVE.to_owned()).await?,
                event = self.operation.next() => self.send_event(event).await?,
            }
        }
    }

    fn time_left(&self) -> Option<Duration> {
        self.session.time_left(self.shared.sessions.now())
    }

    fn check_expiry(&self) -> Result<(), StreamEnd> {
        if self.time_left() == Some(Duration::ZERO) { Err(StreamEnd) } else { Ok(()) }
    }

    async fn send_event(&mut self, event: Option<Event>) -> Result<(), StreamEnd> {
        self.check_expiry()?;
        match event {
            Some(Event::Next(response_body)) => {
                let id = self.position.take_reached();
                self.send_in_chunks(&next_frame(&response_body.json, id)).await
            }
            Some(Event::Failed(errors)) => {
                self.fail(errors).await?;
                Err(StreamEnd)
            }
            Some(Event::Ended) | None => {
                self.send(COMPLETE.to_owned()).await?;
                Err(StreamEnd)
            }
        }
    }

    async fn fail(&mut self, errors: Vec<ServerError>) -> Result<(), StreamEnd> {
        self.record.set_refused(&errors);
        let response_body = ResponseBody::refused(errors, self.record.id());
        self.send(next_frame(&response_body.to_json(), None)).await?;
        self.send(COMPLETE.to_owned()).await
    }

    /// The connection accepts a whole chunk before it writes any of it, so a slow reader is
    /// detected only by the next chunk.
    async fn send_in_chunks(&mut self, frame: &str) -> Result<(), StreamEnd> {
        let mut rest = frame;
        while !rest.is_empty() {
            let end =
                (0..=CHUNK_BYTES.min(rest.len())).rev().find(|end| rest.is_char_boundary(*end)).unwrap_or(rest.len());
            let (chunk, after) = rest.split_at(end);
            self.send(chunk.to_owned()).await?;
            rest = after;
        }
        Ok(())
    }

    async fn send(&mut self, frame: String) -> Result<(), StreamEnd> {
        match timeout(self.shared.settings.write_timeout, self.frames.send(frame)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(StreamEnd),
            Err(_) => {
                tracing::info!("an event stream client does not read: disconnected");
                Err(StreamEnd)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_of_data_after_its_cursor() {
        let response_body =
            ResponseBody { data: Some(async_graphql::Value::from("a\nb\r\n\nc")), ..ResponseBody::default() };
        assert_eq!(
            next_frame(&response_body.to_json(), Some("reader.7".into())),
            "event: next\nid: reader.7\ndata: {\"data\":\"a\\nb\\r\\n\\nc\"}\n\n"
        );
        assert_eq!(next_frame(&ResponseBody::default().to_json(), None), "event: next\ndata: {}\n\n");
    }
}
