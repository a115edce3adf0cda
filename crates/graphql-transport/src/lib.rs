//! The wire: GraphQL over HTTP, websocket and server-sent events, health, metrics.
//!
//! The server knows the schema as an [`async_graphql::Executor`], the contract as the prepared [`Documents`], and viewers
//! through [`Sessions`]. It knows no table, no rule and no type of the contract.

mod admission;
mod answer;
mod budgets;
mod connection;
mod departures;
mod edge;
mod event_stream;
mod executor;
mod files;
mod gate;
mod heads;
mod health;
mod http;
mod inflow;
mod json;
mod metering;
mod metrics;
mod negotiation;
mod operations;
mod origins;
pub mod outcome;
mod params;
mod record;
mod reply;
mod rooms;
mod security_txt;
mod serving;
mod sessions;
mod settings;
mod shared;
mod stream_position;
mod trace;
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
use budgets::Budgets;
pub use budgets::Rates;
use connection::Door;
use departures::Departures;
use edge::Edge;
pub use files::File;
use gate::Gate;
use graphql_contract::documents::Documents;
pub use metering::{Meter, Metered};
use metrics::Metrics;
use serving::Serving;
pub use sessions::{Call, Credentials, Readiness, Refused, Session, Sessions};
pub use settings::{AccessLog, Settings};
use shared::Shared;
pub use stream_position::StreamPosition;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub use websocket::fuzzing;

/// Requests at the same time on one connection of HTTP/2.
const MAX_STREAMS: u32 = 32;

/// Everything the server is made of.
pub struct Gateway<E> {
    /// Runs operations.
    pub executor: E,
    /// Prepares their documents.
    pub documents: Arc<Documents>,
    /// The contract, as it is served at /schema.graphql.
    pub sdl: String,
    /// Opens sessions.
    pub sessions: Arc<dyn Sessions>,
    /// Tells whether the server can work.
    pub readiness: Arc<dyn Readiness>,
    /// What a browser gets at /graphql, if anything.
    pub explorer: Option<File>,
    /// Bounds and times.
    pub settings: Settings,
    /// Where /metrics is read, if anywhere.
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
            metrics: None,
            routes: Vec::new(),
        }
    }

    /// Adds a route: a page, a provider's webhook. The path is one of [`poem::Route`].
    #[must_use]
    pub fn route(mut self, path: impl Into<String>, endpoint: impl Endpoint + 'static) -> Self {
        self.routes.push((path.into(), endpoint.map_to_response().boxed()));
        self
    }

    fn routes(self, stopping: watch::Receiver<bool>, alive: mpsc::Sender<()>, departures: Arc<Departures>) -> Edge {
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
            departures,
            metrics: Metrics::default(),
            settings: self.settings,
        });
        let mut routes = Route::new();
        if shared.settings.publishes_contract {
            routes = routes.at("/schema.graphql", get(File::built("text/plain; charset=utf-8", self.sdl)));
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

/// Serves until `shutdown` is done. Then nothing new is accepted, websockets are closed with 1012, which makes clients come
/// back to another instance, and what runs has the drain timeout to end.
///
/// # Errors
///
/// The listener is of no use.
pub async fn serve<E: Executor>(
    listener: TcpListener,
    mut gateway: Gateway<E>,
    shutdown: impl Future<Output = ()>,
) -> anyhow::Result<()> {
    let (settings, metrics) = (gateway.settings.clone(), gateway.metrics.take());
    let (stop, stopping) = watch::channel(false);
    let (alive, mut ended) = mpsc::channel::<()>(1);
    let departures = Arc::<Departures>::default();
    let door = Door::new(listener, connection::Bounds::of(&settings), Arc::clone(&departures))
        .context("the listener has no address")?;
    let signal = async {
        shutdown.await;
        stop.send_replace(true);
    };
    let edge = gateway.routes(stopping, alive, departures);
    let exporter = metrics::serve(metrics, Arc::clone(&edge.shared));
    let serving = Serving { idle: settings.idle_timeout, drain: settings.drain_timeout, max_streams: MAX_STREAMS };
    tokio::select! {
        () = serving.run(door, edge, signal) => {}
        failed = exporter => return failed.context("the metrics cannot be served"),
    }
    if tokio::time::timeout(settings.drain_timeout, ended.recv()).await.is_err() {
        tracing::warn!("operations were still running at the end of the drain time");
    }
    Ok(())
}
