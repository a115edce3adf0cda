//! What every connection needs.

use std::future::pending;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_graphql::parser::types::OperationType;
use async_graphql::{Data, Response, ServerError};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use poem::Request;
use poem::http::header::{AUTHORIZATION, HOST, ORIGIN};
use poem::http::{HeaderMap, Uri};
use tokio::sync::{mpsc, watch};

use super::admission::Admission;
use super::answer::{code_of, error};
use super::executor::Run;
use super::{Credentials, Readiness, Sessions, Settings, origins};
use crate::graphql::documents::{Documents, Prepared};

/// A query that fails within this time may run again. One that has waited for a busy server may not: it would wait twice.
const SOON: Duration = Duration::from_secs(1);

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
}

impl Shared {
    /// Runs a query or mutation to its end, with what `data` makes. A mutation runs in a task of its own, so that it ends even when
    /// the client does not wait for it. A query that soon fails because something is not available runs once more: a connection that
    /// died without a word is noticed by its next user, who then need not hear of it.
    ///
    /// # Errors
    ///
    /// A query took too long, or the code panicked.
    pub async fn run(&self, prepared: Prepared, data: impl Fn() -> Data) -> Result<Response, ServerError> {
        if prepared.operation() == OperationType::Mutation {
            let (running, alive) = (self.once(prepared, data()), self.alive.clone());
            let task = tokio::spawn(async move {
                let _alive = alive;
                running.await
            });
            return task.await.map_err(|_| bug());
        }
        let running = async {
            let begun = Instant::now();
            let response = self.once(prepared.clone(), data()).await;
            let fails_soon = begun.elapsed() < SOON && response.errors.iter().any(is_unavailable);
            if fails_soon { self.once(prepared, data()).await } else { response }
        };
        let too_long = |_| error("TIMEOUT", "The query took too long.");
        let running = AssertUnwindSafe(running).catch_unwind();
        tokio::time::timeout(self.settings.query_timeout, running).await.map_err(too_long)?.map_err(|_| bug())
    }

    fn once(&self, prepared: Prepared, data: Data) -> BoxFuture<'static, Response> {
        let mut request = prepared.into_request();
        request.data = data;
        self.executor.once(request)
    }

    /// The address of the client, through as many proxies as are trusted.
    pub fn address(&self, request: &Request) -> Option<IpAddr> {
        let peer = request.remote_addr().as_socket_addr().map(std::net::SocketAddr::ip);
        let Some(hop) = self.settings.trusted_proxies.checked_sub(1) else { return peer };
        let values = request.headers().get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        let hops: Vec<&str> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
        hops.iter().rev().nth(hop).and_then(|hop| hop.parse().ok()).or(peer)
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
        let mut hosts = headers.get_all(HOST).iter();
        let host = hosts.next().and_then(|host| host.to_str().ok());
        allowed.is_empty()
            || (hosts.next().is_none() && host.is_some_and(|host| origins::is_host_allowed(allowed, host)))
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

fn is_unavailable(error: &ServerError) -> bool {
    code_of(error) == Some("UNAVAILABLE")
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

/// The bearer token of a request.
///
/// # Errors
///
/// There is an `Authorization` that is not one bearer token.
pub(super) fn bearer(headers: &HeaderMap) -> Result<Option<String>, &'static str> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => token(value.to_str().unwrap_or_default()).map(Some),
        _ => Err("There is more than one `Authorization`."),
    }
}

/// The token of `Bearer …`.
///
/// # Errors
///
/// The text is something else.
pub(super) fn token(authorization: &str) -> Result<String, &'static str> {
    match authorization.trim().split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() => {
            Ok(token.trim().to_owned())
        }
        _ => Err("`Authorization` has to be `Bearer` and a token."),
    }
}

impl Credentials {
    pub(super) fn of(bearer: Option<String>, address: Option<IpAddr>) -> Self {
        Self { bearer, address }
    }
}
