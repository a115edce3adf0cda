//! What every connection needs.

use std::future::pending;
use std::net::{IpAddr, SocketAddr};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_graphql::parser::types::OperationType;
use async_graphql::{Data, Response, ServerError, Value, value};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use poem::Request;
use poem::http::header::{AUTHORIZATION, HOST, ORIGIN};
use poem::http::{HeaderMap, Uri};
use tokio::sync::{mpsc, watch};
use tracing::{Instrument as _, Span};

use super::admission::Admission;
use super::answer::{code_of, error};
use super::budgets::{Budgets, Exhausted, Payer};
use super::departures::Departures;
use super::executor::Run;
use super::gate::{self, Gate, Room};
use super::json;
use super::metrics::Metrics;
use super::params::Params;
use super::record::Record;
use super::{Credentials, Readiness, Sessions, Settings, origins};
use crate::Meter;
use crate::outcome;
use graphql_contract::documents::{Documents, Prepared};
use telemetry::Measure;

/// A query that fails within this time may run again. One that has waited for a busy server may not: it would wait twice.
const SOON: Duration = Duration::from_secs(1);

/// Why an operation was not prepared.
pub(super) enum Unprepared {
    /// Its sender has used up a budget.
    Exhausted(Exhausted),
    /// It is refused.
    Refused(Vec<ServerError>),
}

impl Unprepared {
    /// The errors for a client that has no other place for them.
    pub fn into_errors(self) -> Vec<ServerError> {
        match self {
            Self::Exhausted(exhausted) => vec![exhausted.error()],
            Self::Refused(errors) => errors,
        }
    }
}

/// The parts of the gateway, and what the running server adds to them.
pub(super) struct Shared {
    pub executor: Box<dyn Run>,
    pub documents: Arc<Documents>,
    pub sessions: Arc<dyn Sessions>,
    pub readiness: Arc<dyn Readiness>,
    pub settings: Settings,
    /// True once the server is to stop.
    pub stopping: watch::Receiver<bool>,
    /// Held by whatever has to end before the server does.
    pub alive: mpsc::Sender<()>,
    /// Lets in websockets and event streams.
    pub admission: Admission,
    /// How much viewers and addresses may still ask for.
    pub budgets: Budgets,
    /// How much may be in memory at the same time.
    pub gate: Gate,
    /// Tells whose clients have left.
    pub departures: Arc<Departures>,
    /// What is counted.
    pub metrics: Metrics,
}

/// What was executed. The room for it is free again when this is dropped: when the answer has been written.
pub(super) struct Ran {
    pub response: Response,
    /// The code of its first problem, if it is a mutation that was answered with one.
    pub problem: Option<&'static str>,
    pub room: Room,
}

impl Shared {
    /// Charges the address for a body before it is read.
    ///
    /// # Errors
    ///
    /// The address has used up its budget.
    pub fn charge_body(&self, bytes: usize, address: Option<IpAddr>) -> Result<(), Exhausted> {
        self.budgets.charge_body(Payer { address, viewer: None }, bytes)
    }

    /// Prepares an operation. A document that is not known yet is charged before, and stays charged if it is refused.
    ///
    /// # Errors
    ///
    /// The address has used up its budget, or the document is refused.
    pub async fn prepare(&self, params: Params, address: Option<IpAddr>) -> Result<Prepared, Unprepared> {
        let documents = Arc::clone(&self.documents);
        let is_kept = documents.is_kept(&params.query, params.operation_name.as_deref(), &params.variables);
        let length = params.query.len();
        let prepare = move || documents.prepare(&params.query, params.operation_name.as_deref(), &params.variables);
        if is_kept {
            return prepare().map_err(Unprepared::Refused);
        }
        // One that is too long is refused without a look at it.
        let bytes = length.min(self.documents.limits().max_bytes);
        let payer = Payer { address, viewer: None };
        self.budgets.charge_document(payer, bytes).map_err(Unprepared::Exhausted)?;
        // A new document is work for the processor alone: on threads of its own, and a few at a time.
        let Ok(_turn) = self.gate.prepare().await else { return Err(Unprepared::Refused(vec![crowded()])) };
        let prepared = tokio::task::spawn_blocking(prepare).await;
        prepared.unwrap_or_else(|_| Err(vec![bug()])).map_err(Unprepared::Refused)
    }

    /// Charges an operation before it runs. What it cost, for a client that asked.
    ///
    /// # Errors
    ///
    /// A budget is used up.
    pub fn charge(&self, prepared: &Prepared, payer: Payer, wants_cost: bool) -> Result<Option<Value>, Exhausted> {
        let cost = prepared.cost();
        let remaining = self.budgets.charge(payer, cost)?;
        let limit = self.documents.limits().most(prepared.operation());
        Ok(wants_cost.then(|| value!({ "requested": cost.requested, "limit": limit, "remaining": remaining })))
    }

    /// Runs a query or mutation to its end, with what `data` makes. A mutation runs in a task of its own, so that it ends even when
    /// the client does not wait for it. A query that soon fails because something is not available runs once more: a connection that
    /// died without a word is noticed by its next user, who then need not hear of it.
    ///
    /// # Errors
    ///
    /// The server is too busy, a query took too long, the answer became too large, or the code panicked.
    pub async fn run(&self, prepared: Prepared, data: impl Fn() -> Data, record: &Record) -> Result<Ran, ServerError> {
        let work = self.gate.work(prepared.cost().requested, record.address()).await.map_err(|_| crowded())?;
        let size = gate::size(&prepared);
        let room = self.gate.enter(size).await.map_err(|_| crowded())?;
        let meter = (size > gate::LARGE).then(|| Meter::new(self.settings.max_built_bytes));
        let data = || {
            let mut data = data();
            if let Some(meter) = &meter {
                data.insert(Arc::clone(meter));
            }
            data
        };
        let (response, problem) = self.run_watched(prepared, data, record).await?;
        drop(work);
        if meter.is_some_and(|meter| meter.is_exhausted()) {
            return Err(json::too_large());
        }
        Ok(Ran { response, problem, room })
    }

    async fn run_watched(
        &self,
        prepared: Prepared,
        data: impl Fn() -> Data,
        record: &Record,
    ) -> Result<(Response, Option<&'static str>), ServerError> {
        if prepared.operation() == OperationType::Mutation {
            let running = outcome::watched(self.once(prepared, data()));
            let (alive, record) = (self.alive.clone(), record.clone());
            let running = async move {
                let _alive = alive;
                let (response, problem) = running.await;
                // Here, because the client may be gone.
                record.answered(&response.errors, problem);
                (response, problem)
            };
            let task = tokio::spawn(running.instrument(Span::current()));
            return task.await.map_err(|_| bug());
        }
        let running = async {
            let begun = Instant::now();
            let response = self.once(prepared.clone(), data()).await;
            let fails_soon = begun.elapsed() < SOON && response.errors.iter().any(is_unavailable);
            (if fails_soon { self.once(prepared, data()).await } else { response }, None)
        };
        let too_long = |_| error("TIMEOUT", "The query took too long.");
        let running = AssertUnwindSafe(running).catch_unwind();
        tokio::time::timeout(self.settings.query_timeout, running).await.map_err(too_long)?.map_err(|_| bug())
    }

    /// What is measured on the wire.
    pub fn measures(&self) -> Vec<Measure> {
        let (documents, bytes) = self.documents.held();
        vec![
            Measure::number("connections_open", "Open websockets and event streams", self.admission.open()),
            Measure::number("documents_kept", "Prepared documents in the cache", documents),
            Measure::number("documents_kept_bytes", "Approximate size of the prepared documents", bytes),
            Measure::numbers(
                "gate_used",
                "Cost units of responses being built, and KiB of responses that clients have not read",
                "lane",
                &self.gate.used(),
            ),
            Measure::number("expensive_waiting", "Expensive operations in the queue", self.gate.waiting()),
            Measure::count(
                "budget_refusals",
                "Operations refused because a budget was used up",
                self.budgets.refusals(),
            ),
        ]
    }

    /// Whether an operation is the same whoever asks, so that nobody is asked for a token: it must run with one that has expired.
    pub fn is_anonymous(&self, prepared: &Prepared) -> bool {
        self.sessions.is_anonymous(&prepared.root_fields())
    }

    fn once(&self, prepared: Prepared, data: Data) -> BoxFuture<'static, Response> {
        let mut request = prepared.into_request();
        request.data = data;
        self.executor.once(request)
    }

    /// The address of the client, through as many proxies as are trusted.
    pub fn address(&self, request: &Request) -> Option<IpAddr> {
        let peer = request.remote_addr().as_socket_addr().map(SocketAddr::ip);
        let Some(hop) = self.settings.trusted_proxies.checked_sub(1) else { return peer };
        // By bytes: what the client has put in front of a proxy's own hop need not be text.
        let values = request.headers().get_all("x-forwarded-for").iter().map(|value| value.as_bytes());
        let hops: Vec<&[u8]> = values.flat_map(|value| value.split(|byte| *byte == b',')).collect();
        let hop = hops.iter().rev().nth(hop).and_then(|hop| std::str::from_utf8(hop).ok());
        hop.and_then(|hop| parse_hop(hop.trim())).or(peer)
    }

    /// Whether a page of the request's `Origin` may use the API.
    pub fn allows_origin(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(ORIGIN) else { return true };
        let Ok(origin) = origin.to_str() else { return false };
        self.names_origin(origin) || is_own_host(origin, headers)
    }

    /// Whether the server may be called by the name that a request uses. Without a list, by any name.
    pub fn serves_host(&self, headers: &HeaderMap) -> bool {
        let allowed = &self.settings.allowed_hosts;
        let host = headers.get(HOST).and_then(|host| host.to_str().ok());
        allowed.is_empty() || host.is_some_and(|host| origins::is_host_allowed(allowed, host))
    }

    /// Whether the settings name an origin.
    pub fn names_origin(&self, origin: &str) -> bool {
        self.settings.allowed_origins.iter().any(|allowed| origins::is_origin_allowed(allowed, origin))
    }
}

/// Done once the server is to stop.
pub(super) async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // An error says that the server is gone already.
    let _ = stopping.wait_for(|stopping| *stopping).await.is_ok();
}

/// Done when the session has ended before its time.
pub(super) async fn done(ended: &mut Option<BoxFuture<'static, ()>>) {
    match ended {
        Some(ended) => ended.await,
        None => pending().await,
    }
}

/// An address as proxies write it: some add the port.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let with_port = || hop.parse::<SocketAddr>().ok().map(|address| address.ip());
    let in_brackets = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    hop.parse().ok().or_else(with_port).or_else(in_brackets)
}

fn is_unavailable(error: &ServerError) -> bool {
    code_of(error) == Some("UNAVAILABLE")
}

pub(super) fn crowded() -> ServerError {
    error("UNAVAILABLE", "The server is too busy. Try again in a moment.")
}

pub(super) fn bug() -> ServerError {
    error("INTERNAL", "Something went wrong on our side.")
}

/// Whether an origin is the host that the request was sent to.
fn is_own_host(origin: &str, headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let origin = origin.parse::<Uri>().ok();
    let authority = origin.as_ref().and_then(Uri::authority);
    matches!((host, authority), (Some(host), Some(authority)) if authority.as_str().eq_ignore_ascii_case(host))
}

/// The bearer token of a request. No `Authorization`, an empty one and a scheme without a token are anonymous: clients send these for
/// visitors.
///
/// # Errors
///
/// There is an `Authorization` that is not one bearer token.
pub(super) fn bearer(headers: &HeaderMap) -> Result<Option<String>, &'static str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => token(value.to_str().map_err(|_| NO_BEARER)?),
        _ => Err("The header `Authorization` is repeated."),
    }
}

const NO_BEARER: &str = "The `Authorization` header must be `Bearer` and a token.";

/// The token of `Bearer …`; none in an empty text, or behind a scheme without one.
///
/// # Errors
///
/// The text is something else.
pub(super) fn token(authorization: &str) -> Result<Option<String>, &'static str> {
    let mut words = authorization.split_ascii_whitespace();
    match (words.next(), words.next(), words.next()) {
        (None, ..) => Ok(None),
        (Some(scheme), token, None) if scheme.eq_ignore_ascii_case("bearer") => Ok(token.map(str::to_owned)),
        _ => Err(NO_BEARER),
    }
}

impl Credentials {
    pub(super) fn of(bearer: Option<String>, address: Option<IpAddr>) -> Self {
        Self { bearer, address }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// C10: what clients send for visitors, and what they send by mistake.
    #[test]
    fn only_a_token_is_a_token() {
        for nobody in ["", " ", "\t", "Bearer", "Bearer ", "bearer\t ", "BEARER"] {
            assert_eq!(token(nobody), Ok(None), "{nobody:?}");
        }
        for somebody in ["Bearer x.y.z", "bearer x.y.z", "BEARER  x.y.z ", " Bearer\tx.y.z"] {
            assert_eq!(token(somebody), Ok(Some("x.y.z".to_owned())), "{somebody:?}");
        }
        // A bad token, which is refused where it is checked: a mistake of the client that is not to be hidden.
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
