//! The health endpoints: liveness and readiness.

use std::sync::Arc;

use poem::http::StatusCode;
use poem::{Endpoint, Request, Response};

use super::Readiness;
use super::shared::Shared;

/// GET /healthz: the process responds.
pub(super) struct Liveness;

impl Endpoint for Liveness {
    type Output = Response;

    async fn call(&self, _: Request) -> poem::Result<Response> {
        Ok(status(StatusCode::OK, "alive", &[]))
    }
}

/// GET /readyz: everything that the server needs is available, and it is not stopping.
pub(super) struct Ready {
    pub shared: Arc<Shared>,
    /// Whether the response includes counts and facts: for operators, not for the public.
    pub has_details: bool,
}

impl Endpoint for Ready {
    type Output = Response;

    async fn call(&self, _: Request) -> poem::Result<Response> {
        let shared = &self.shared;
        let details = if self.has_details { details(&*shared.readiness) } else { Vec::new() };
        if *shared.stopping.borrow() {
            return Ok(status(StatusCode::SERVICE_UNAVAILABLE, "stopping", &details));
        }
        let checking = shared.readiness.check();
        Ok(match tokio::time::timeout(shared.settings.readiness_timeout, checking).await {
            Ok(Ok(())) => status(StatusCode::OK, "ready", &details),
            Ok(Err(reason)) => {
                tracing::warn!(reason, "not ready");
                status(StatusCode::SERVICE_UNAVAILABLE, "not ready", &details)
            }
            Err(_) => {
                tracing::warn!("the readiness check took too long");
                status(StatusCode::SERVICE_UNAVAILABLE, "not ready", &details)
            }
        })
    }
}

fn details(readiness: &dyn Readiness) -> Vec<(&'static str, serde_json::Value)> {
    let counts = readiness.counts().into_iter().map(|(name, count)| (name, count.into()));
    counts.chain(readiness.facts()).collect()
}

fn status(code: StatusCode, state: &str, details: &[(&'static str, serde_json::Value)]) -> Response {
    let details: String = details.iter().map(|(name, value)| format!(",\"{name}\":{value}")).collect();
    Response::builder()
        .status(code)
        .content_type("application/json")
        .header("cache-control", "no-store")
        .body(format!("{{\"status\":\"{state}\"{details}}}"))
}
