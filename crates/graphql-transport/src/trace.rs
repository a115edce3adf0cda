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

/// Codes of operations that failed on our side.
const FAILURES: [&str; 3] = ["INTERNAL", "TIMEOUT", "UNAVAILABLE"];

/// The span of an operation that came in just now in `context`, with a link to the client's span that `traceparent` names.
pub(super) fn begin(context: &Span, request_id: &str, headers: Option<&HeaderMap>) -> Span {
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
        // A link and not a parent: by the id of its trace a client could decide whether it is sent.
        let client = TraceContextPropagator::new().extract(&HeaderExtractor(headers)).span().span_context().clone();
        if client.is_valid() {
            span.add_link(client);
        }
    }
    span
}

/// The document is known.
pub(super) fn name(span: &Span, kind: &str, name: Option<&str>) {
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
    // It has begun already, so its name is not a field any more.
    span.context().span().update_name(shown);
}

/// The operation is over.
pub(super) fn end(span: &Span, code: &str, cost: u64) {
    span.record("graphql.code", code);
    span.record("graphql.cost", cost);
    if FAILURES.contains(&code) {
        span.record("otel.status_code", "ERROR");
    }
}
