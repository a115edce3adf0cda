//! The record of one operation, from its arrival to its end: for the access log, the metrics and
//! the trace.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use async_graphql::ServerError;
use async_graphql::parser::types::OperationType;
use tracing::Span;

use super::json;
use super::metrics::FinishedOperation;
use super::response_body::code_of;
use super::shared::Shared;
use super::trace;
use crate::AccessLog;
use graphql_contract::documents::Prepared;
use telemetry::logs;

/// Maximum length of the name of an operation in the log, in characters.
const MAX_NAME: usize = 100;
/// The result of a successful operation.
const OK: &str = "OK";
/// The result of an operation whose client disconnected before its end.
const DISCONNECTED: &str = "LEFT";

/// The transport of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Transport {
    Http,
    EventStream,
    Websocket,
}

impl Transport {
    const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::EventStream => "sse",
            Self::Websocket => "websocket",
        }
    }
}

/// The record of one operation, written when the last of its clones is dropped.
#[derive(Clone)]
pub(super) struct Record(Arc<Entry>);

struct Entry {
    shared: Arc<Shared>,
    request_id: String,
    address: Option<IpAddr>,
    started: Instant,
    /// The span of its log lines.
    context: Span,
    /// The span of its trace, if it is traced.
    trace: Span,
    facts: Mutex<Facts>,
}

struct Facts {
    transport: Transport,
    kind: Option<OperationType>,
    name: Option<String>,
    fields: Vec<String>,
    viewer: Option<u128>,
    cost: u64,
    events: u64,
    code: Option<Cow<'static, str>>,
}

impl Record {
    /// Starts the record of an operation. `context` is the span of the request in the log, `trace`
    /// that of its trace.
    pub fn start(
        shared: &Arc<Shared>,
        transport: Transport,
        request_id: String,
        address: Option<IpAddr>,
        (context, trace): (Span, Span),
    ) -> Self {
        shared.metrics.operations.start();
        let facts = Facts {
            transport,
            kind: None,
            name: None,
            fields: Vec::new(),
            viewer: None,
            cost: 0,
            events: 0,
            code: None,
        };
        let (shared, started, facts) = (Arc::clone(shared), Instant::now(), Mutex::new(facts));
        Self(Arc::new(Entry { shared, request_id, address, started, context, trace, facts }))
    }

    /// The request ID.
    pub fn id(&self) -> &str {
        &self.0.request_id
    }

    /// The address of the client.
    pub fn address(&self) -> Option<IpAddr> {
        self.0.address
    }

    /// The span of log lines.
    pub fn context(&self) -> Span {
        self.0.context.clone()
    }

    /// The parent of spans in the trace.
    pub fn trace(&self) -> Span {
        self.0.trace.clone()
    }

    /// Records the operation of the document.
    pub fn set_operation(&self, prepared: &Prepared) {
        let mut facts = self.facts();
        facts.kind = Some(prepared.operation());
        facts.name = prepared.name().map(|name| name.chars().take(MAX_NAME).collect());
        facts.fields = prepared.root_fields().into_iter().map(str::to_owned).collect();
        facts.cost = prepared.cost().requested;
        trace::set_name(&self.0.trace, kind_name(prepared.operation()), facts.name.as_deref());
    }

    /// Records the viewer.
    pub fn set_viewer(&self, viewer: Option<u128>) {
        self.facts().viewer = viewer;
    }

    /// Records that the response is an event stream.
    pub fn set_event_stream(&self) {
        self.facts().transport = Transport::EventStream;
    }

    /// Records the result of the execution.
    pub fn set_result(&self, errors: &[ServerError], problem: Option<&'static str>) {
        let failure = errors.first().map(|error| code_of(error).unwrap_or("INTERNAL").to_owned());
        let code = failure.map(Cow::Owned).or(problem.map(Cow::Borrowed));
        self.facts().code = Some(code.unwrap_or(Cow::Borrowed(OK)));
    }

    /// Records that it was not executed, or that its response was not sent.
    pub fn set_refused(&self, errors: &[ServerError]) {
        self.set_result(errors, None);
    }

    /// Records whether [`json::write`] or [`json::write_text`] refused the response; returns its
    /// text.
    pub fn check_written<T>(&self, written: Result<T, T>) -> T {
        written.unwrap_or_else(|refusal| {
            self.set_refused(&[json::too_large()]);
            refusal
        })
    }

    /// Records an event sent to the client.
    pub fn count_event(&self) {
        self.facts().events += 1;
        self.0.shared.metrics.operations.count_event();
    }

    fn facts(&self) -> MutexGuard<'_, Facts> {
        self.0.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const fn kind_name(kind: OperationType) -> &'static str {
    match kind {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let duration = self.started.elapsed();
        let facts = self.facts.get_mut().unwrap_or_else(PoisonError::into_inner);
        let Facts { transport, kind, name, fields, viewer, cost, events, code } = facts;
        let code = code.as_deref().unwrap_or(DISCONNECTED);
        let kind = kind.map(kind_name);
        trace::end(&self.trace, code, *cost);
        self.shared.metrics.operations.finish(&FinishedOperation {
            kind,
            name: name.as_deref(),
            fields,
            code,
            cost: *cost,
            duration,
        });
        let is_logged = match self.shared.settings.access_log {
            AccessLog::All => true,
            AccessLog::Failed => code != OK,
            AccessLog::Off => false,
        };
        if !is_logged {
            return;
        }
        let millis = (duration.as_secs_f64() * 100_000.0).round() / 100.0;
        tracing::info!(
            target: logs::ACCESS,
            parent: None,
            code,
            millis,
            kind,
            name = name.as_deref(),
            viewer = viewer.map(|viewer| self.shared.sessions.viewer_id(viewer)),
            address = self.address.map(tracing::field::display),
            transport = transport.name(),
            cost,
            events = kind.filter(|kind| *kind == "subscription").map(|_| *events),
            request_id = self.request_id,
            "operation"
        );
    }
}
