//! Who asks: what the wire needs to know of the layer above it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::Data;
use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;

use crate::StreamPosition;
use telemetry::Measure;

/// Opens sessions for the credentials of requests. Implemented where viewers are known.
pub trait Sessions: Send + Sync + 'static {
    /// The session behind the credentials. No token is nobody's session, not an error.
    ///
    /// # Errors
    ///
    /// The token is refused, or nobody can tell just now.
    fn open(&self, credentials: Credentials) -> BoxFuture<'_, Result<Session, Refused>>;

    /// Whether an operation with these root fields runs as nobody, whatever token comes with it.
    fn is_anonymous(&self, _root_fields: &[&str]) -> bool {
        false
    }

    /// The present, by the application's clock.
    fn now(&self) -> DateTime<Utc>;

    /// The id of a session's owner, as the contract shows it: for the log.
    fn viewer_id(&self, owner: u128) -> String {
        format!("{owner:032x}")
    }

    /// A name for one request, fit for a header: it is in the answer, in its errors and in the log.
    fn request_id(&self) -> String;
}

/// What a request shows of its sender.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    /// The token of `Authorization: Bearer …`, or of a websocket's `connection_init`.
    pub bearer: Option<String>,
    /// The client's address, where it is known.
    pub address: Option<IpAddr>,
}

/// Why no session was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The token is forged, expired or revoked. The reason is shown to the client.
    Token(String),
    /// It cannot be told just now; trying again may help.
    Unavailable,
}

/// One operation, for those who look after it.
#[derive(Clone, Debug)]
pub struct Call {
    /// The name of the request.
    pub request_id: String,
    /// The client's address, where it is known.
    pub address: Option<IpAddr>,
    /// Where the stream stands, if the operation is a subscription.
    pub stream: Option<Arc<StreamPosition>>,
}

/// The longest sleep: instants further away are looked at again then.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

type MakeData = dyn Fn(&Call) -> Data + Send + Sync;

/// A viewer's stay: one request, or one websocket with all its operations.
pub struct Session {
    data: Arc<MakeData>,
    owner: Option<u128>,
    expires_at: Option<DateTime<Utc>>,
    ended: Option<BoxFuture<'static, ()>>,
}

impl Session {
    /// A session whose operations get the data that `data` makes, afresh for each: viewer, loaders, budget.
    pub fn new(data: impl Fn(&Call) -> Data + Send + Sync + 'static) -> Self {
        Self { data: Arc::new(data), owner: None, expires_at: None, ended: None }
    }

    /// Says whose session it is: all sessions of one viewer share a budget.
    #[must_use]
    pub fn of(mut self, owner: Option<u128>) -> Self {
        self.owner = owner;
        self
    }

    /// Ends the session at an instant. A websocket is closed then.
    #[must_use]
    pub fn expiring(mut self, at: Option<DateTime<Utc>>) -> Self {
        self.expires_at = at;
        self
    }

    /// Ends the session when `ended` is done: the token was revoked. A websocket is closed then.
    #[must_use]
    pub fn until(mut self, ended: impl Future<Output = ()> + Send + 'static) -> Self {
        self.ended = Some(Box::pin(ended));
        self
    }

    /// Makes the data of an operation, as often as it runs.
    pub(super) fn data(&self, call: Call) -> impl Fn() -> Data + Send + Sync + use<> {
        let data = Arc::clone(&self.data);
        move || data(&call)
    }

    pub(super) fn owner(&self) -> Option<u128> {
        self.owner
    }

    /// How long the session lasts from `now` on, or until that has to be looked at again; none when it does not end by itself.
    pub(super) fn left(&self, now: DateTime<Utc>) -> Option<Duration> {
        let left = self.expires_at? - now;
        Some(left.to_std().unwrap_or_default().min(DAY))
    }

    pub(super) fn take_ended(&mut self) -> Option<BoxFuture<'static, ()>> {
        self.ended.take()
    }
}

/// Whether the server can do its work: the database answers, the schema is migrated.
pub trait Readiness: Send + Sync + 'static {
    /// Checks once.
    ///
    /// # Errors
    ///
    /// What is missing. It is logged, and not shown to clients.
    fn check(&self) -> BoxFuture<'_, Result<(), String>>;

    /// What was counted since the start, by name, for whoever watches the server. Shown by /readyz where metrics are read.
    fn counts(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }

    /// What is measured below the wire.
    fn measures(&self) -> Vec<Measure> {
        Vec::new()
    }

    /// What the server works with, by name. Shown by /readyz where metrics are read.
    fn facts(&self) -> Vec<(&'static str, serde_json::Value)> {
        Vec::new()
    }
}
