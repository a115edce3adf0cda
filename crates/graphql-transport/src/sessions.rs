//! What the transport needs to know about viewers, and about the program.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::Data;
use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;

use crate::{RequestCookies, StreamPosition};
use telemetry::Metric;

/// Opens sessions for the credentials of requests.
pub trait Sessions: Send + Sync + 'static {
    /// Opens the session for the credentials. Without a token the session is anonymous, which is
    /// not an error.
    ///
    /// # Errors
    ///
    /// When the token is refused, or cannot be checked now.
    fn open(&self, credentials: Credentials) -> BoxFuture<'_, Result<Session, SessionError>>;

    /// Whether an operation with these root fields runs anonymously, whatever token is sent.
    fn is_anonymous(&self, _root_fields: &[&str]) -> bool {
        false
    }

    /// The current time, by the application's clock.
    fn now(&self) -> DateTime<Utc>;

    /// The ID of the owner of a session in the log.
    fn viewer_id(&self, owner: u128) -> String {
        format!("{owner:032x}")
    }

    /// A new request ID, valid in a header: it is in the response, in its errors and in the log.
    fn request_id(&self) -> String;
}

/// The credentials of a request.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    /// The token of `Authorization: Bearer …`, or of a websocket's `connection_init`.
    pub bearer: Option<String>,
    /// The cookies; none beside a token.
    pub cookies: RequestCookies,
    /// The address of the client, if known.
    pub address: Option<IpAddr>,
}

impl Credentials {
    /// Those of a request without cookies.
    pub(super) fn of(bearer: Option<String>, address: Option<IpAddr>) -> Self {
        Self { bearer, cookies: RequestCookies::default(), address }
    }

    pub(super) fn with_cookies(self, cookies: RequestCookies) -> Self {
        Self { cookies, ..self }
    }
}

/// Why no session was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionError {
    /// The token is forged, expired or revoked. The reason is sent to the client.
    Token(String),
    /// The token cannot be checked now; a retry may succeed.
    Unavailable,
}

/// The context of one operation.
#[derive(Clone, Debug)]
pub struct OperationContext {
    /// The request ID.
    pub request_id: String,
    /// The address of the client, if known.
    pub address: Option<IpAddr>,
    /// What the client says of itself: the start of its `User-Agent`, not checked.
    pub user_agent: Option<Arc<str>>,
    /// The cookies of the request; none beside a token.
    pub cookies: RequestCookies,
    /// The position of the stream, if the operation is a subscription.
    pub stream: Option<Arc<StreamPosition>>,
}

/// Maximum length of a sleep: longer waits are continued.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

type MakeData = dyn Fn(&OperationContext) -> Data + Send + Sync;

/// The session of a viewer: one request, or one websocket with all its operations.
pub struct Session {
    data: Arc<MakeData>,
    owner: Option<u128>,
    expires_at: Option<DateTime<Utc>>,
    ended: Option<BoxFuture<'static, ()>>,
}

impl Session {
    /// A session whose operations get new data from `data` each: viewer, loaders, budget.
    pub fn new(data: impl Fn(&OperationContext) -> Data + Send + Sync + 'static) -> Self {
        Self { data: Arc::new(data), owner: None, expires_at: None, ended: None }
    }

    /// Sets the owner of the session: all sessions of one viewer share a budget.
    #[must_use]
    pub fn with_owner(mut self, owner: Option<u128>) -> Self {
        self.owner = owner;
        self
    }

    /// Ends the session at an instant. A websocket is then closed.
    #[must_use]
    pub fn expiring(mut self, at: Option<DateTime<Utc>>) -> Self {
        self.expires_at = at;
        self
    }

    /// Ends the session when `ended` completes, for example because the token was revoked. A
    /// websocket is then closed.
    #[must_use]
    pub fn until(mut self, ended: impl Future<Output = ()> + Send + 'static) -> Self {
        self.ended = Some(Box::pin(ended));
        self
    }

    /// A function that creates the data of an operation, each time that it runs.
    pub(super) fn data(&self, context: OperationContext) -> impl Fn() -> Data + Send + Sync + use<> {
        let data = Arc::clone(&self.data);
        move || data(&context)
    }

    pub(super) fn owner(&self) -> Option<u128> {
        self.owner
    }

    /// How long the session lasts from `now`, at most [`DAY`]; none when it does not expire.
    pub(super) fn time_left(&self, now: DateTime<Utc>) -> Option<Duration> {
        let left = self.expires_at? - now;
        Some(left.to_std().unwrap_or_default().min(DAY))
    }

    pub(super) fn take_ended(&mut self) -> Option<BoxFuture<'static, ()>> {
        self.ended.take()
    }
}

/// Whether the program is ready for requests: the database responds, the schema is migrated.
pub trait Readiness: Send + Sync + 'static {
    /// Checks once.
    ///
    /// # Errors
    ///
    /// What is missing. It is logged, but not sent to clients.
    fn check(&self) -> BoxFuture<'_, Result<(), String>>;

    /// Counts since the start, by name, for operators. Shown by /readyz on the metrics listener.
    fn counts(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }

    /// The metrics of the other parts of the program.
    fn metrics(&self) -> Vec<Metric> {
        Vec::new()
    }

    /// Facts about the program, by name. Shown by /readyz on the metrics listener.
    fn facts(&self) -> Vec<(&'static str, serde_json::Value)> {
        Vec::new()
    }
}
