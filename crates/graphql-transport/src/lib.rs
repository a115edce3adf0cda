//! The transport: GraphQL over HTTP, websocket and server-sent events; health checks and metrics.
//!
//! The server knows the schema only as an [`async_graphql::Executor`], the contract as prepared
//! [`Documents`], and viewers through [`Sessions`]. It knows no table, no rule and no type of the
//! contract.

mod admission;
mod budgets;
mod connection;
mod cookies;
mod edge;
mod event_stream;
mod executor;
mod files;
mod gate;
mod heads;
mod health;
mod http;
pub mod json;
mod memory_pool;
mod metering;
mod metrics;
mod negotiation;
mod open_connections;
mod operations;
mod origins;
pub mod outcome;
mod params;
mod record;
mod reply;
mod response_body;
mod security_txt;
mod server;
mod sessions;
mod settings;
mod shared;
mod stream_position;
mod trace;
mod unread_bytes;
mod websocket;

use std::sync::Arc;

use anyhow::Context as _;
use async_graphql::Executor;
use poem::endpoint::{BoxEndpoint, EndpointExt as _};
use poem::middleware::CatchPanic;
use poem::{Endpoint, Response, Route, get};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use admission::Admission;
pub use budgets::BudgetSettings;
use budgets::Budgets;
use connection::ConnectionListener;
pub use cookies::{CookieSettings, RequestCookies};
use edge::Edge;
pub use files::File;
use gate::Gate;
use graphql_contract::documents::Documents;
pub use metering::{Meter, MeteredExecutor};
use metrics::Metrics;
use open_connections::OpenConnections;
use server::Server;
pub use sessions::{Credentials, OperationContext, Readiness, Session, SessionError, Sessions};
pub use settings::{AccessLog, Settings};
pub use shared::ConnectionLost;
use shared::Shared;
pub use stream_position::StreamPosition;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub use websocket::fuzzing;

/// Maximum number of concurrent requests on one HTTP/2 connection.
const MAX_STREAMS: u32 = 32;

/// The parts of the server.
pub struct Gateway<E> {
    /// Executes operations.
    pub executor: E,
    /// Prepares documents.
    pub documents: Arc<Documents>,
    /// The contract, served at /schema.graphql.
    pub sdl: String,
    /// Opens sessions.
    pub sessions: Arc<dyn Sessions>,
    /// Reports whether the server is ready.
    pub readiness: Arc<dyn Readiness>,
    /// The page for browsers at /graphql, if there is one.
    pub explorer: Option<File>,
    /// Limits and timeouts.
    pub settings: Settings,
    /// Cookies that authenticate pages.
    pub cookies: CookieSettings,
    /// The listener for /metrics, if there is one.
    pub metrics: Option<TcpListener>,
    routes: Vec<(String, BoxEndpoint<'static, Response>)>,
}

impl<E: Executor> Gateway<E> {
    /// A gateway without further routes.
    pub fn new(
        executor: E,
        documents: Arc<Documents>,
        sdl: impl Into<String>,
        sessions: Arc<dyn Sessions>,
        readiness: Arc<dyn Readiness>,
    ) -> Self {
        Self {
            executor,
            documents,
            sdl: sdl.into(),
            sessions,
            readiness,
            explorer: None,
            settings: Settings::default(),
            cookies: CookieSettings::default(),
            metrics: None,
            routes: Vec::new(),
        }
    }

    /// Adds a route, such as a page or a webhook. The syntax of the path is that of
    /// [`poem::Route`].
    #[must_use]
    pub fn route(mut self, path: impl Into<String>, endpoint: impl Endpoint + 'static) -> Self {
        self.routes.push((path.into(), endpoint.map_to_response().boxed()));
        self
    }

    fn routes(
        self,
        stopping: watch::Receiver<bool>,
        alive: mpsc::Sender<()>,
        open_connections: Arc<OpenConnections>,
    ) -> Edge {
        let shared = Arc::new(Shared {
            executor: Box::new(self.executor),
            documents: self.documents,
            sessions: self.sessions,
            readiness: self.readiness,
            stopping,
            alive,
            admission: Admission::new(self.settings.max_sockets, self.settings.max_sockets_per_address),
            budgets: Budgets::new(&self.settings.budgets),
            gate: Gate::default(),
            open_connections,
            metrics: Metrics::default(),
            settings: self.settings,
            cookies: self.cookies,
        });
        let mut routes = Route::new();
        if shared.settings.publishes_contract {
            routes = routes.at("/schema.graphql", get(File::generated("text/plain; charset=utf-8", self.sdl)));
        }
        for (path, endpoint) in self.routes {
            routes = routes.at(path, endpoint);
        }
        let routes = routes
            .at("/graphql", http::GraphQl { shared: shared.clone(), explorer: self.explorer })
            .at("/.well-known/security.txt", get(security_txt::SecurityTxt(shared.clone())))
            .at("/healthz", get(health::Liveness))
            .at("/readyz", get(health::Ready { shared: shared.clone(), has_details: false }));
        let routes = routes.with(CatchPanic::new()).map_to_response().boxed();
        Edge { routes, shared }
    }
}

/// Serves until `shutdown` completes. Then no new connections are accepted, websockets are closed
/// with 1012, so that clients reconnect to another instance, and operations in progress may finish
/// within the drain timeout.
///
/// # Errors
///
/// When the listener cannot be used.
pub async fn serve<E: Executor>(
    listener: TcpListener,
    mut gateway: Gateway<E>,
    shutdown: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let (settings, metrics) = (gateway.settings.clone(), gateway.metrics.take());
    let (stop, stopping) = watch::channel(false);
    let (alive, mut ended) = mpsc::channel::<()>(1);
    let open_connections = Arc::<OpenConnections>::default();
    let connections =
        ConnectionListener::new(listener, connection::ConnectionLimits::of(&settings), Arc::clone(&open_connections))
            .context("the listener has no address")?;
    let signal = async {
        shutdown.await;
        stop.send_replace(true);
    };
    let edge = gateway.routes(stopping, alive, open_connections);
    let exporter = metrics::serve(metrics, Arc::clone(&edge.shared));
    let server = Server { idle: settings.idle_timeout, drain: settings.drain_timeout, max_streams: MAX_STREAMS };
    tokio::select! {
        () = server.run(connections, edge, signal) => {}
        failed = exporter => return failed.context("the metrics cannot be served"),
    }
    if tokio::time::timeout(settings.drain_timeout, ended.recv()).await.is_err() {
        tracing::warn!("operations were still running at the end of the drain time");
    }
    Ok(())
}
