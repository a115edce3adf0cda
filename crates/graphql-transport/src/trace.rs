//! The span of an operation, for traces. Without an exporter it costs nothing.

use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::TraceContextExt as _;
use opentelemetry_http::HeaderExtractor;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use poem::http::HeaderMap;
use tracing::Span;
use tracing::field::Empty;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use telemetry::logs;

/// Codes of server-side failures.
const FAILURES: [&str; 3] = ["INTERNAL", "TIMEOUT", "UNAVAILABLE"];

/// Starts the span of an operation in `context`, with a link to the client's span of `traceparent`.
pub(super) fn start(context: &Span, request_id: &str, headers: Option<&HeaderMap>) -> Span {
    let span = tracing::info_span!(
        target: logs::TRACE,
        parent: context,
        "operation",
        otel.kind = "server",
        otel.status_code = Empty,
        graphql.operation.name = Empty,
        graphql.operation.type = Empty,
        graphql.code = Empty,
        graphql.cost = Empty,
        http.request.id = request_id,
    );
    if let Some(headers) = headers.filter(|_| !span.is_disabled()) {
        // A link, not a parent: a parent's trace ID would let clients decide whether the trace is
        // sampled.
        let client = TraceContextPropagator::new().extract(&HeaderExtractor(headers)).span().span_context().clone();
        if client.is_valid() {
            span.add_link(client);
        }
    }
    span
}

/// Sets the name, when the document is known.
pub(super) fn set_name(span: &Span, kind: &str, name: Option<&str>) {
    if span.is_disabled() {
        return;
    }
    span.record("graphql.operation.type", kind);
    let shown = match name {
        Some(name) => {
            span.record("graphql.operation.name", name);
            format!("{kind} {name}")
        }
        None => kind.to_owned(),
    };
    // The span has started already, so its name is no longer a field.
    span.context().span().update_name(shown);
}

/// Records the end of the operation.
pub(super) fn end(span: &Span, code: &str, cost: u64) {
    span.record("graphql.code", code);
    span.record("graphql.cost", cost);
    if FAILURES.contains(&code) {
        span.record("otel.status_code", "ERROR");
    }
}
