//! One socket, from its handshake to its close frame.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::ServerError;
use async_graphql::parser::types::OperationType;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use poem::web::websocket::{Message, WebSocketStream};
use serde_json::{Map, Value};
use tokio::time::{Instant, interval_at, sleep, sleep_until, timeout};
use tokio_stream::StreamMap;

use super::super::budgets::Payer;
use super::super::cookies::CookieError;
use super::super::operations::{self, Event};
use super::super::params::Params;
use super::super::record::{Record, Transport};
use super::super::response_body::{ResponseBody, error};
use super::super::shared::{PrepareError, Shared, token, wait_for_session_end, wait_until_true};
use super::super::unread_bytes::{TOO_MANY_BYTES, UnreadBytes};
use super::super::{Credentials, OperationContext, RequestCookies, Session, SessionError, trace};
use super::close::Close;
use super::messages::{self, Incoming};
use graphql_contract::documents::Prepared;

/// How long a client may take to respond to a close frame.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Why a socket ends.
enum SocketEnd {
    /// The client has disconnected, or does not read.
    Disconnected,
    /// The client closed the socket.
    ClosedByClient,
    /// The server closes the socket.
    Close(Close),
}

impl From<Close> for SocketEnd {
    fn from(close: Close) -> Self {
        Self::Close(close)
    }
}

/// The client, by its handshake.
pub(super) struct Client {
    /// The token, or why there is none.
    pub bearer: Result<Option<String>, &'static str>,
    /// The cookies of the handshake, or why they are refused.
    pub cookies: Result<RequestCookies, CookieError>,
    pub address: Option<IpAddr>,
    pub user_agent: Option<Arc<str>>,
}

pub(super) struct Socket {
    shared: Arc<Shared>,
    stream: WebSocketStream,
    unread_bytes: UnreadBytes,
    client: Client,
    request_id: String,
    session: Option<Session>,
    /// The cookies, if no token was sent.
    cookies: RequestCookies,
    /// Completes when the session ends early.
    ended: Option<BoxFuture<'static, ()>>,
    operations: StreamMap<String, BoxStream<'static, Event>>,
    last_received: Instant,
}

impl Socket {
    pub fn new(
        shared: Arc<Shared>,
        (stream, unread_bytes): (WebSocketStream, UnreadBytes),
        client: Client,
        request_id: String,
    ) -> Self {
        Self {
            shared,
            stream,
            unread_bytes,
            client,
            request_id,
            session: None,
            cookies: RequestCookies::default(),
            ended: None,
            operations: StreamMap::new(),
            last_received: Instant::now(),
        }
    }

    /// Serves the socket until it is closed; `refused` closes it at once.
    pub async fn serve(mut self, refused: Option<Close>) {
        let end = match refused {
            Some(close) => SocketEnd::Close(close),
            None => match AssertUnwindSafe(self.run()).catch_unwind().await {
                Ok(Err(end)) => end,
                Ok(Ok(never)) => match never {},
                Err(_) => SocketEnd::Close(Close::INTERNAL_ERROR),
            },
        };
        self.operations.clear();
        match end {
            SocketEnd::Close(close) => self.close(close).await,
            SocketEnd::ClosedByClient => self.read_until_closed().await,
            SocketEnd::Disconnected => {}
        }
    }

    async fn run(&mut self) -> Result<std::convert::Infallible, SocketEnd> {
        let interval = self.shared.settings.ping_interval;
        let mut ping = interval_at(Instant::now() + interval, interval);
        let init_deadline = Instant::now() + self.shared.settings.init_timeout;
        let mut stopping = self.shared.stopping.clone();
        loop {
            let left = self.time_left();
            tokio::select! {
                () = wait_until_true(&mut stopping) => return Err(Close::RESTARTING.into()),
                () = sleep_until(init_deadline), if self.session.is_none() => return Err(Close::INIT_TIMEOUT.into()),
                () = sleep(left.unwrap_or_default()), if left.is_some() => self.check_expiry()?,
                () = wait_for_session_end(&mut self.ended) => return Err(Close::EXPIRED.into()),
                _ = ping.tick() => self.ping().await?,
                message = self.stream.next() => self.receive(message).await?,
                Some((id, event)) = self.operations.next(), if !self.operations.is_empty() => self.send_event(&id, event).await?,
            }
        }
    }

    /// How long the session lasts, by the application's clock, or until that must be checked again.
    fn time_left(&self) -> Option<Duration> {
        self.session.as_ref()?.time_left(self.shared.sessions.now())
    }

    fn check_expiry(&self) -> Result<(), SocketEnd> {
        if self.time_left() == Some(Duration::ZERO) { Err(Close::EXPIRED.into()) } else { Ok(()) }
    }

    async fn ping(&mut self) -> Result<(), SocketEnd> {
        self.check_expiry()?;
        if self.last_received.elapsed() > self.shared.settings.ping_interval * 2 {
            return Err(SocketEnd::Disconnected);
        }
        self.send(Message::Ping(Vec::new())).await
    }

    async fn receive(&mut self, message: Option<std::io::Result<Message>>) -> Result<(), SocketEnd> {
        self.last_received = Instant::now();
        match &message {
            Some(Ok(Message::Ping(payload) | Message::Pong(payload))) => self.unread_bytes.control_read(payload.len()),
            Some(Ok(_)) => self.unread_bytes.message_read(),
            _ => {}
        }
        match message {
            Some(Ok(Message::Text(text))) => match messages::read(&text)? {
                // In memory of their own, which an idle socket does not need.
                Incoming::Init(payload) => Box::pin(self.init(payload)).await,
                Incoming::Ping => self.send(Message::text(messages::PONG)).await,
                Incoming::Pong => Ok(()),
                Incoming::Subscribe { id, payload } => Box::pin(self.subscribe(id, payload, text.len())).await,
                Incoming::Complete { id } => {
                    self.operations.remove(&id);
                    Ok(())
                }
            },
            Some(Ok(Message::Binary(_))) => Err(Close::invalid("Invalid message: binary").into()),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Ok(()),
            Some(Err(error)) if error.to_string().contains("too long") => Err(Close::TOO_LARGE.into()),
            Some(Err(error)) if error.to_string().contains(TOO_MANY_BYTES) => Err(Close::TOO_MANY_UNFINISHED.into()),
            Some(Ok(Message::Close(_))) => Err(SocketEnd::ClosedByClient),
            Some(Err(_)) | None => Err(SocketEnd::Disconnected),
        }
    }

    async fn init(&mut self, payload: Map<String, Value>) -> Result<(), SocketEnd> {
        if self.session.is_some() {
            return Err(Close::INIT_TWICE.into());
        }
        let given = payload.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization")).map(|(_, value)| value);
        let bearer = match given {
            None | Some(Value::Null) => self.client.bearer.clone(),
            Some(Value::String(authorization)) => token(authorization),
            Some(_) => Err("`authorization` must be a string."),
        };
        let bearer = bearer.map_err(Close::forbidden)?;
        // A token alone decides who the client is; only without one the cookies count.
        if bearer.is_none() {
            let cookies = self.client.cookies.clone();
            self.cookies = cookies.map_err(|wrong| Close::forbidden(wrong.message()))?;
        }
        let credentials = Credentials::of(bearer, self.client.address).with_cookies(self.cookies.clone());
        let shared = self.shared.clone();
        let opened = timeout(shared.settings.init_timeout, shared.sessions.open(credentials)).await;
        let mut session = match opened {
            Ok(Ok(session)) => session,
            Ok(Err(SessionError::Token(why))) => return Err(Close::forbidden(&why).into()),
            Ok(Err(SessionError::Unavailable)) | Err(_) => return Err(Close::OVERLOADED.into()),
        };
        self.ended = session.take_ended();
        self.session = Some(session);
        self.check_expiry()?;
        self.send(Message::text(messages::ACK)).await
    }

    async fn subscribe(&mut self, id: String, payload: Map<String, Value>, bytes: usize) -> Result<(), SocketEnd> {
        let Some(viewer) = self.session.as_ref().map(Session::owner) else { return Err(Close::UNAUTHORIZED.into()) };
        self.check_expiry()?;
        if self.operations.contains_key(&id) {
            return Err(Close::duplicate(&id).into());
        }
        let payer = Payer { address: self.client.address, viewer };
        let request_id = self.shared.sessions.request_id();
        let context = tracing::info_span!("request", id = request_id, socket = self.request_id);
        let trace = trace::start(&context, &request_id, None);
        let spans = (context, trace);
        let record = Record::start(&self.shared, Transport::Websocket, request_id.clone(), self.client.address, spans);
        record.set_viewer(viewer);
        let prepared = prepare(self.shared.clone(), self.operations.len(), (payload, bytes), payer, &record).await;
        let Some(session) = &self.session else { return Err(Close::UNAUTHORIZED.into()) };
        match prepared {
            Ok((prepared, charged)) => {
                let stream = (prepared.operation() == OperationType::Subscription).then(Arc::default);
                let (address, user_agent, cookies) =
                    (self.client.address, self.client.user_agent.clone(), self.cookies.clone());
                let context = OperationContext { request_id, address, user_agent, cookies, stream };
                let events = if self.shared.is_anonymous(&prepared) {
                    let anonymous = self.shared.sessions.open(Credentials::of(None, self.client.address)).await;
                    let data = anonymous.map_err(|_| Close::OVERLOADED)?.data(context);
                    operations::start(self.shared.clone(), prepared, data, record, charged)
                } else {
                    operations::start(self.shared.clone(), prepared, session.data(context), record, charged)
                };
                self.operations.insert(id, events);
                Ok(())
            }
            Err(errors) => {
                record.set_refused(&errors);
                let errors = ResponseBody::refused(errors, &request_id).errors;
                self.send(Message::text(messages::error(&id, &errors))).await
            }
        }
    }

    async fn send_event(&mut self, id: &str, event: Event) -> Result<(), SocketEnd> {
        self.check_expiry()?;
        let text = match event {
            Event::Next(response_body) => {
                return self.send(Message::text(messages::next(id, &response_body.json))).await;
            }
            Event::Failed(errors) => {
                self.operations.remove(id);
                messages::error(id, &errors)
            }
            Event::Ended => {
                self.operations.remove(id);
                messages::complete(id)
            }
        };
        self.send(Message::text(text)).await
    }

    async fn send(&mut self, message: Message) -> Result<(), SocketEnd> {
        match timeout(self.shared.settings.write_timeout, self.stream.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(SocketEnd::Disconnected),
            Err(_) => {
                tracing::info!(request_id = self.request_id, "a websocket client does not read: disconnected");
                Err(SocketEnd::Disconnected)
            }
        }
    }

    /// Sends a close frame, and waits for the client's, so that the frame is not lost with the
    /// connection.
    async fn close(mut self, close: Close) {
        tracing::debug!(request_id = self.request_id, code = close.code, reason = %close.reason, "closing a websocket");
        if self.send(Message::close_with(close.code, close.reason)).await.is_ok() {
            self.read_until_closed().await;
        }
    }

    /// Reads until the connection ends; the library responds to a close frame of the client.
    async fn read_until_closed(mut self) {
        let reading = async { while let Some(Ok(_)) = self.stream.next().await {} };
        // A client that does not respond is disconnected.
        let _ = timeout(CLOSE_TIMEOUT, reading).await;
    }
}

/// Prepares an operation and charges it, if another one may run beside `running` operations.
async fn prepare(
    shared: Arc<Shared>,
    running: usize,
    (payload, bytes): (Map<String, Value>, usize),
    payer: Payer,
    record: &Record,
) -> Result<(Prepared, operations::Charge), Vec<ServerError>> {
    shared.charge_body(bytes, payer.address).map_err(|exhausted| vec![exhausted.error()])?;
    let max = shared.settings.max_subscriptions;
    if running >= max {
        let message = format!("At most {max} operations can run on one connection.");
        return Err(vec![error("TOO_MANY_OPERATIONS", message)]);
    }
    let params = Params::from_map(payload).map_err(|error| vec![error])?;
    let wants_cost = params.wants_cost;
    let prepared = shared.prepare(params, payer.address).await.map_err(PrepareError::into_errors)?;
    record.set_operation(&prepared);
    let cost_extension = shared.charge(&prepared, payer, wants_cost).map_err(|exhausted| vec![exhausted.error()])?;
    Ok((prepared, operations::Charge { payer, cost_extension }))
}
