//! Operations over a websocket or as server-sent events, as streams of their events.

use std::collections::VecDeque;
use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use async_graphql::{Data, Response, ServerError, Value};
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::task::JoinHandle;
use tracing::Instrument as _;

use super::budgets::Payer;
use super::json;
use super::memory_pool::MemoryShare;
use super::record::Record;
use super::response_body::ResponseBody;
use super::shared::{RunResult, Shared, internal_error, overloaded};
use graphql_contract::documents::{Cost, Prepared};

/// An event of an operation.
#[derive(Debug)]
pub(super) enum Event {
    /// A result.
    Next(ResponseText),
    /// The operation was not executed, and has ended.
    Failed(Vec<ServerError>),
    /// The operation has ended.
    Ended,
}

/// A response as JSON. Until it is dropped, it counts among the responses that clients have not
/// read yet.
#[derive(Debug)]
pub(super) struct ResponseText {
    pub json: String,
    _memory: Option<MemoryShare>,
}

/// The charge for an operation.
pub(super) struct Charge {
    pub payer: Payer,
    /// The `cost` extension, if the client requested it.
    pub cost_extension: Option<Value>,
}

/// Starts an operation of any kind. Dropping the stream cancels it, unless it is a mutation.
pub(super) fn start(
    shared: Arc<Shared>,
    prepared: Prepared,
    data: impl Fn() -> Data + Send + Sync + 'static,
    record: Record,
    Charge { payer, cost_extension }: Charge,
) -> BoxStream<'static, Event> {
    if prepared.operation() != OperationType::Subscription {
        let (context, trace) = (record.context(), record.trace());
        let once = async move { run_once(&shared, prepared, data, &record, cost_extension).await };
        // In a separate task: whoever sends its result may wait for a slow client, and a paused
        // operation would hold resources that others need.
        let task = AbortOnDrop(tokio::spawn(once.instrument(trace).instrument(context)));
        return stream::once(task.events()).flatten().boxed();
    }
    let cost = prepared.cost();
    let mut request = prepared.into_request();
    request.data = data();
    let responses = shared.executor.subscribe(request);
    let (ready, started, has_ended, is_charged) = (VecDeque::new(), false, false, true);
    let subscription = SubscriptionStream {
        shared,
        responses,
        ready,
        started,
        has_ended,
        record,
        payer,
        cost,
        is_charged,
        cost_extension,
    };
    stream::unfold(subscription, SubscriptionStream::next).boxed()
}

/// A task that is aborted when it is dropped.
struct AbortOnDrop(JoinHandle<Vec<Event>>);

impl AbortOnDrop {
    async fn events(mut self) -> stream::Iter<std::vec::IntoIter<Event>> {
        stream::iter((&mut self.0).await.unwrap_or_else(|_| vec![Event::Failed(vec![internal_error()])]))
    }
}

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn run_once(
    shared: &Shared,
    prepared: Prepared,
    data: impl Fn() -> Data,
    record: &Record,
    cost_extension: Option<Value>,
) -> Vec<Event> {
    let (response_body, problem, memory) = match shared.run(prepared, data, record).await {
        Ok(RunResult { response, problem, memory }) => {
            (ResponseBody::of(response, record.id()).with_cost(cost_extension), problem, memory)
        }
        Err(failure) => (ResponseBody::refused(vec![failure], record.id()), None, None),
    };
    record.set_result(&response_body.errors, problem);
    if response_body.data.is_none() {
        return vec![Event::Failed(response_body.errors)];
    }
    let json =
        record.check_written(json::write_text(&response_body, shared.settings.max_response_bytes, record.id()).await);
    drop((response_body, memory));
    match shared.gate.reserve_response(json.len(), record.address()).await {
        Ok(memory) => vec![Event::Next(ResponseText { json, _memory: memory }), Event::Ended],
        Err(_) => {
            let errors = vec![overloaded()];
            record.set_refused(&errors);
            vec![Event::Failed(ResponseBody::refused(errors, record.id()).errors)]
        }
    }
}

/// A running subscription.
struct SubscriptionStream {
    shared: Arc<Shared>,
    responses: BoxStream<'static, Response>,
    ready: VecDeque<Event>,
    started: bool,
    has_ended: bool,
    record: Record,
    payer: Payer,
    /// The cost of one event.
    cost: Cost,
    /// Whether the next event was charged.
    is_charged: bool,
    /// The `cost` extension of one event, if the client requested it.
    cost_extension: Option<Value>,
}

impl SubscriptionStream {
    async fn next(mut self) -> Option<(Event, Self)> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some((event, self));
            }
            if self.has_ended {
                return None;
            }
            if !std::mem::replace(&mut self.is_charged, false) {
                // An event that the budget does not allow yet is not lost: it is charged later.
                self.shared.budgets.wait(self.payer, self.cost).await;
            }
            let context = self.record.context();
            match self.responses.next().instrument(context).await {
                // On the heap, which a waiting subscription does not need.
                Some(response) if !self.started => Box::pin(self.send_first(response)).await,
                Some(response) => Box::pin(self.send_response(response)).await,
                None => {
                    self.record.set_result(&[], None);
                    self.end(Event::Ended);
                }
            }
        }
    }

    /// A subscription that cannot start returns one response with errors and ends. For the client
    /// that is an `error`, not a result.
    async fn send_first(&mut self, response: Response) {
        self.started = true;
        let response_body = ResponseBody::of(response, self.record.id());
        let empty = matches!(response_body.data, None | Some(Value::Null)) && !response_body.errors.is_empty();
        let after = if empty { self.responses.next().now_or_never() } else { None };
        match after {
            Some(None) => {
                self.record.set_refused(&response_body.errors);
                self.end(Event::Failed(response_body.errors));
            }
            Some(Some(second)) => {
                self.send_event(response_body).await;
                self.send_response(second).await;
            }
            None => self.send_event(response_body).await,
        }
    }

    async fn send_response(&mut self, response: Response) {
        self.send_event(ResponseBody::of(response, self.record.id())).await;
    }

    async fn send_event(&mut self, response_body: ResponseBody) {
        let response_body = response_body.with_cost(self.cost_extension.clone());
        let (max, record) = (self.shared.settings.max_response_bytes, &self.record);
        let json = record.check_written(json::write_text(&response_body, max, record.id()).await);
        self.record.count_event();
        let memory = loop {
            // An event is not dropped because other clients read slowly.
            if let Ok(memory) = self.shared.gate.reserve_response(json.len(), self.record.address()).await {
                break memory;
            }
        };
        self.ready.push_back(Event::Next(ResponseText { json, _memory: memory }));
    }

    fn end(&mut self, event: Event) {
        self.has_ended = true;
        self.ready.push_back(event);
    }
}
