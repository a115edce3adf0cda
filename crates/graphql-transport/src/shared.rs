//! State that all connections share.

use std::future::pending;
use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use async_graphql::{Data, Response, ServerError, Value, value};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use poem::Request;
use poem::http::HeaderMap;
use poem::http::header::{AUTHORIZATION, HOST, ORIGIN};
use tokio::sync::{mpsc, watch};
use tracing::{Instrument as _, Span};

use super::admission::Admission;
use super::budgets::{BudgetExhausted, Budgets, Payer};
use super::cookies::{CookieError, CookieSettings};
use super::executor::DynExecutor;
use super::gate::{self, Gate, MemoryPermit};
use super::json;
use super::metrics::Metrics;
use super::open_connections::OpenConnections;
use super::params::Params;
use super::record::Record;
use super::response_body::error;
use super::{Readiness, RequestCookies, Sessions, Settings, origins};
use crate::Meter;
use crate::outcome;
use client_limits::AddressPrefix;
use graphql_contract::documents::{Documents, Prepared};
use telemetry::{Metric, logs};

/// The source of an error of a query that may succeed at once when it is run again, because a
/// connection on which it depended was lost and can be replaced.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionLost;

/// Why an operation was not prepared.
pub(super) enum PrepareError {
    /// A budget of the sender is used up.
    Exhausted(BudgetExhausted),
    /// The document is rejected.
    Rejected(Vec<ServerError>),
}

impl PrepareError {
    /// The errors, for a client that has no other place for them.
    pub fn into_errors(self) -> Vec<ServerError> {
        match self {
            Self::Exhausted(exhausted) => vec![exhausted.error()],
            Self::Rejected(errors) => errors,
        }
    }
}

/// The parts of the gateway, and the state of the running server.
pub(super) struct Shared {
    pub executor: Box<dyn DynExecutor>,
    pub documents: Arc<Documents>,
    pub sessions: Arc<dyn Sessions>,
    pub readiness: Arc<dyn Readiness>,
    pub settings: Settings,
    /// Cookies that authenticate pages.
    pub cookies: CookieSettings,
    /// True when the server is stopping.
    pub stopping: watch::Receiver<bool>,
    /// Held by everything that must end before the server does.
    pub alive: mpsc::Sender<()>,
    /// Admits websockets and event streams.
    pub admission: Admission,
    /// The budgets of viewers and addresses.
    pub budgets: Budgets,
    /// Bounds the memory in use.
    pub gate: Gate,
    /// The open connections.
    pub open_connections: Arc<OpenConnections>,
    /// The metrics of the transport.
    pub metrics: Metrics,
}

/// The result of an execution. Its memory permit is released when it is dropped, after the response
/// has been written.
pub(super) struct RunResult {
    pub response: Response,
    /// The code of its first problem, if it is a mutation that returned one.
    pub problem: Option<&'static str>,
    pub memory: MemoryPermit,
}

impl Shared {
    /// Charges the address for a body before it is read.
    ///
    /// # Errors
    ///
    /// When the budget of the address is used up.
    pub fn charge_body(&self, bytes: usize, address: Option<IpAddr>) -> Result<(), BudgetExhausted> {
        self.budgets.charge_body(Payer { address, viewer: None }, bytes)
    }

    /// Prepares an operation. A document that is not cached is charged first, even if it is
    /// rejected.
    ///
    /// # Errors
    ///
    /// When the budget of the address is used up, or the document is rejected.
    pub async fn prepare(&self, params: Params, address: Option<IpAddr>) -> Result<Prepared, PrepareError> {
        let documents = Arc::clone(&self.documents);
        let is_cached = documents.is_cached(&params.query, params.operation_name.as_deref(), &params.variables);
        let length = params.query.len();
        let prepare = move || documents.prepare(&params.query, params.operation_name.as_deref(), &params.variables);
        if is_cached {
            return prepare().map_err(PrepareError::Rejected);
        }
        // One that is too long is rejected without reading it.
        let bytes = length.min(self.documents.limits().max_bytes);
        let payer = Payer { address, viewer: None };
        self.budgets.charge_document(payer, bytes).map_err(PrepareError::Exhausted)?;
        // Preparing a new document needs only CPU: on separate threads, a few at a time.
        let Ok(_turn) = self.gate.admit_preparation().await else {
            return Err(PrepareError::Rejected(vec![overloaded()]));
        };
        let prepared = tokio::task::spawn_blocking(prepare).await;
        prepared.unwrap_or_else(|_| Err(vec![internal_error()])).map_err(PrepareError::Rejected)
    }

    /// Charges an operation before it runs. Returns the `cost` extension, if the client requested
    /// it.
    ///
    /// # Errors
    ///
    /// When a budget is used up.
    pub fn charge(
        &self,
        prepared: &Prepared,
        payer: Payer,
        wants_cost: bool,
    ) -> Result<Option<Value>, BudgetExhausted> {
        let cost = prepared.cost();
        let remaining = self.budgets.charge(payer, cost)?;
        let limit = self.documents.limits().max_cost(prepared.operation());
        Ok(wants_cost.then(|| value!({ "requested": cost.requested, "limit": limit, "remaining": remaining })))
    }

    /// Runs a query or mutation to its end, with the data from `data`. A mutation runs in a
    /// separate task, so that it completes even if the client disconnects. A query that fails
    /// because of [`ConnectionLost`] is retried once: a lost connection is detected only by its
    /// next user, who then need not see the error.
    ///
    /// # Errors
    ///
    /// When the server is overloaded, a query timed out, the response became too large, or the code
    /// panicked.
    pub async fn run(
        &self,
        prepared: Prepared,
        data: impl Fn() -> Data,
        record: &Record,
    ) -> Result<RunResult, ServerError> {
        let turn =
            self.gate.admit_expensive(prepared.cost().requested, record.address()).await.map_err(|_| overloaded())?;
        let size = gate::size(&prepared);
        let memory = self.gate.admit(size).await.map_err(|_| overloaded())?;
        let meter = (size > gate::LARGE_SIZE).then(|| Meter::new(self.settings.max_built_bytes));
        let data = || {
            let mut data = data();
            match &meter {
                Some(meter) => data.insert(Arc::clone(meter)),
                // What is written at once is not metered.
                None => data.insert(graphql_direct::Enabled),
            }
            data
        };
        let (response, problem) = self.run_to_end(prepared, data, record).await?;
        drop(turn);
        if meter.is_some_and(|meter| meter.is_exhausted()) {
            return Err(json::too_large());
        }
        Ok(RunResult { response, problem, memory })
    }

    async fn run_to_end(
        &self,
        prepared: Prepared,
        data: impl Fn() -> Data,
        record: &Record,
    ) -> Result<(Response, Option<&'static str>), ServerError> {
        if prepared.operation() == OperationType::Mutation {
            let running = outcome::with_problem(self.execute(prepared, data()));
            let (alive, record) = (self.alive.clone(), record.clone());
            let running = async move {
                let _alive = alive;
                let (response, problem) = running.await;
                // Here, because the client may have disconnected.
                record.set_result(&response.errors, problem);
                (response, problem)
            };
            let task = tokio::spawn(running.instrument(Span::current()));
            return task.await.map_err(|_| internal_error());
        }
        let running = async {
            let response = self.execute(prepared.clone(), data()).await;
            let lost = response.errors.iter().any(|error| error.source::<ConnectionLost>().is_some());
            (if lost { self.execute(prepared, data()).await } else { response }, None)
        };
        let too_long = |_| error("TIMEOUT", "The query took too long.");
        let running = AssertUnwindSafe(running).catch_unwind();
        tokio::time::timeout(self.settings.query_timeout, running)
            .await
            .map_err(too_long)?
            .map_err(|_| internal_error())
    }

    /// The metrics of the transport.
    pub fn metrics(&self) -> Vec<Metric> {
        let (documents, bytes) = self.documents.size();
        vec![
            Metric::count_gauge("connections_open", "Open websockets and event streams", self.admission.open_count()),
            Metric::count_gauge("documents_kept", "Prepared documents in the cache", documents),
            Metric::count_gauge("documents_kept_bytes", "Approximate size of the prepared documents", bytes),
            Metric::count_gauges(
                "gate_used",
                "Cost units of responses being built, and KiB of responses that clients have not read",
                "lane",
                &self.gate.used(),
            ),
            Metric::count_gauge("expensive_waiting", "Expensive operations in the queue", self.gate.waiting()),
            Metric::counter(
                "budget_refusals",
                "Operations refused because a budget was used up",
                self.budgets.refusals(),
            ),
        ]
    }

    /// Whether the result is the same for every viewer, so that the token is ignored: the operation
    /// must also work with an expired one.
    pub fn is_anonymous(&self, prepared: &Prepared) -> bool {
        self.sessions.is_anonymous(&prepared.root_fields())
    }

    fn execute(&self, prepared: Prepared, data: Data) -> BoxFuture<'static, Response> {
        let mut request = prepared.into_request();
        request.data = data;
        self.executor.execute_once(request)
    }

    /// The address of the client, through the trusted proxies.
    pub fn address(&self, request: &Request) -> Option<IpAddr> {
        let peer = request.remote_addr().as_socket_addr().map(SocketAddr::ip);
        let Some(hop) = self.settings.trusted_proxies.checked_sub(1) else { return peer };
        // By bytes: the part that the client sent need not be text.
        let values = request.headers().get_all("x-forwarded-for").iter().map(|value| value.as_bytes());
        let hops: Vec<&[u8]> = values.flat_map(|value| value.split(|byte| *byte == b',')).collect();
        let hop = hops.iter().rev().nth(hop).and_then(|hop| std::str::from_utf8(hop).ok());
        hop.and_then(|hop| parse_hop(hop.trim())).or(peer)
    }

    /// Whether a page of the request's `Origin` may use the API.
    pub fn allows_origin(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(ORIGIN) else { return true };
        let Ok(origin) = origin.to_str() else { return false };
        self.allows_named_origin(origin) || origins::is_own_host(origin, headers)
    }

    /// Whether the host name of a request is allowed. Without a list, any name is.
    pub fn serves_host(&self, headers: &HeaderMap) -> bool {
        let allowed = &self.settings.allowed_hosts;
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        allowed.is_empty() || host.is_some_and(|host| origins::is_host_allowed(allowed, host))
    }

    /// Whether the settings allow an origin.
    pub fn allows_named_origin(&self, origin: &str) -> bool {
        let is_listed = |allowed: &String| origins::is_origin_allowed(allowed, origin);
        self.settings.allowed_origins.iter().any(is_listed) || self.cookies.allows_origin(origin)
    }

    /// The cookies of a request, by its headers; a refusal is logged.
    ///
    /// # Errors
    ///
    /// When the page that causes the request may not use cookies.
    pub fn cookies(&self, headers: &HeaderMap, address: Option<IpAddr>) -> Result<RequestCookies, CookieError> {
        let has_token = !matches!(bearer(headers), Ok(None));
        let cookies = self.cookies.of_request(headers, has_token, self.settings.https);
        if matches!(cookies, Err(CookieError::Origin)) {
            let address = AddressPrefix::of(address);
            tracing::warn!(target: logs::SECURITY, event = "cookie_refused", %address, "cookies from a page that may not use them");
        }
        cookies
    }
}

/// Completes when the value of a signal is true, or its sender is gone.
pub(super) async fn wait_until_true(signal: &mut watch::Receiver<bool>) {
    // An error means that the sender is gone.
    let _ = signal.wait_for(|value| *value).await.is_ok();
}

/// Completes when the session ends early.
pub(super) async fn wait_for_session_end(ended: &mut Option<BoxFuture<'static, ()>>) {
    match ended {
        Some(ended) => ended.await,
        None => pending().await,
    }
}

/// Parses an address of `X-Forwarded-For`: some proxies add the port.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let with_port = || hop.parse::<SocketAddr>().ok().map(|address| address.ip());
    let in_brackets = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    hop.parse().ok().or_else(with_port).or_else(in_brackets)
}

pub(super) fn overloaded() -> ServerError {
    error("UNAVAILABLE", "The server is too busy. Try again in a moment.")
}

pub(super) fn internal_error() -> ServerError {
    error("INTERNAL", "Something went wrong on our side.")
}

/// The bearer token of a request. No `Authorization`, an empty one and a scheme without a token
/// mean anonymous: clients send these for visitors.
///
/// # Errors
///
/// When `Authorization` is not one bearer token.
pub(super) fn bearer(headers: &HeaderMap) -> Result<Option<String>, &'static str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => token(value.to_str().map_err(|_| NO_BEARER)?),
        _ => Err("The header `Authorization` is repeated."),
    }
}

const NO_BEARER: &str = "The `Authorization` header must be `Bearer` and a token.";

/// The token of `Bearer …`; none in an empty text, or after a scheme without one.
///
/// # Errors
///
/// When the text is something else.
pub(super) fn token(authorization: &str) -> Result<Option<String>, &'static str> {
    let mut words = authorization.split_ascii_whitespace();
    match (words.next(), words.next(), words.next()) {
        (None, ..) => Ok(None),
        (Some(scheme), token, None) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.map(str::to_owned)),
        _ => Err(NO_BEARER),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// C10: values that clients send for visitors, and values that they send by mistake.
    #[test]
    fn only_bearer_and_a_token_are_accepted() {
        for anonymous in ["", " ", "\t", "Bearer", "Bearer ", "bearer\t ", "BEARER"] {
            assert_eq!(token(anonymous), Ok(None), "{anonymous:?}");
        }
        for signed_in in ["Bearer x.y.z", "bearer x.y.z", "BEARER  x.y.z ", " Bearer\tx.y.z"] {
            assert_eq!(token(signed_in), Ok(Some("x.y.z".to_owned())), "{signed_in:?}");
        }
        // An invalid token, which is rejected where it is verified: the mistake of the client must
        // not be hidden.
        assert_eq!(token("Bearer null"), Ok(Some("null".to_owned())));
        for wrong in ["x.y.z", "Basic eDp5", "Bearer x y", "Bearer, x"] {
            assert_eq!(token(wrong), Err(NO_BEARER), "{wrong:?}");
        }
    }

    #[test]
    fn proxies_may_add_the_port() {
        for (hop, address) in [
            ("192.0.2.7", "192.0.2.7"),
            ("192.0.2.7:4711", "192.0.2.7"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:4711", "2001:db8::1"),
        ] {
            assert_eq!(parse_hop(hop), Some(address.parse().unwrap()), "{hop}");
        }
        assert_eq!(parse_hop("unknown"), None);
    }
}
