//! Operations on a websocket or as server-sent events: streams of what is to be told about them.

use std::collections::VecDeque;
use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use async_graphql::{Data, Response, ServerError, Value};
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::task::JoinHandle;
use tracing::Instrument as _;

use super::answer::Answer;
use super::budgets::Payer;
use super::json;
use super::record::Record;
use super::rooms::Part;
use super::shared::{Ran, Shared, bug, crowded};
use graphql_contract::documents::{Cost, Prepared};

/// What happens to an operation.
#[derive(Debug)]
pub(super) enum Event {
    /// There is a result.
    Next(Text),
    /// It was not executed, and is over.
    Failed(Vec<ServerError>),
    /// It is over.
    Done,
}

/// A result as JSON. It keeps its room among the answers that clients have not taken yet until it is dropped.
#[derive(Debug)]
pub(super) struct Text {
    pub json: String,
    _room: Option<Part>,
}

/// What an operation was charged.
pub(super) struct Charged {
    pub payer: Payer,
    /// For a client that asked.
    pub told: Option<Value>,
}

/// Starts an operation of any kind. Dropping the stream ends it, unless it is a mutation.
pub(super) fn start(
    shared: Arc<Shared>,
    prepared: Prepared,
    data: impl Fn() -> Data + Send + Sync + 'static,
    record: Record,
    Charged { payer, told }: Charged,
) -> BoxStream<'static, Event> {
    if prepared.operation() != OperationType::Subscription {
        let (context, trace) = (record.context(), record.trace());
        let once = async move { once(&shared, prepared, data, &record, told).await };
        // In a task of its own: whoever tells its result may wait for a slow client, and an operation that stands still would hold what
        // others need.
        let task = Task(tokio::spawn(once.instrument(trace).instrument(context)));
        return stream::once(task.done()).flatten().boxed();
    }
    let cost = prepared.cost();
    let mut request = prepared.into_request();
    request.data = data();
    let responses = shared.executor.stream(request);
    let (ready, started, over, paid) = (VecDeque::new(), false, false, true);
    let feed = Feed { shared, responses, ready, started, over, record, payer, cost, paid, told };
    stream::unfold(feed, Feed::next).boxed()
}

/// A task that ends with whoever waits for it.
struct Task(JoinHandle<Vec<Event>>);

impl Task {
    async fn done(mut self) -> stream::Iter<std::vec::IntoIter<Event>> {
        stream::iter((&mut self.0).await.unwrap_or_else(|_| vec![Event::Failed(vec![bug()])]))
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn once(
    shared: &Shared,
    prepared: Prepared,
    data: impl Fn() -> Data,
    record: &Record,
    told: Option<Value>,
) -> Vec<Event> {
    let (answer, problem, room) = match shared.run(prepared, data, record).await {
        Ok(Ran { response, problem, room }) => (Answer::of(response, record.id()).with_cost(told), problem, room),
        Err(failure) => (Answer::refused(vec![failure], record.id()), None, None),
    };
    record.answered(&answer.errors, problem);
    if answer.data.is_none() {
        return vec![Event::Failed(answer.errors)];
    }
    let json = record.written(json::text(&answer, shared.settings.max_answer_bytes, record.id()).await);
    drop((answer, room));
    match shared.gate.send(json.len(), record.address()).await {
        Ok(room) => vec![Event::Next(Text { json, _room: room }), Event::Done],
        Err(_) => {
            let errors = vec![crowded()];
            record.refused(&errors);
            vec![Event::Failed(Answer::refused(errors, record.id()).errors)]
        }
    }
}

/// A subscription.
struct Feed {
    shared: Arc<Shared>,
    responses: BoxStream<'static, Response>,
    ready: VecDeque<Event>,
    started: bool,
    over: bool,
    record: Record,
    payer: Payer,
    /// What one event costs.
    cost: Cost,
    /// Whether the next event has been paid.
    paid: bool,
    /// What one event costs, for a client that asked.
    told: Option<Value>,
}

impl Feed {
    async fn next(mut self) -> Option<(Event, Self)> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some((event, self));
            }
            if self.over {
                return None;
            }
            if !std::mem::replace(&mut self.paid, false) {
                // An event that cannot be paid yet is not lost: it is asked for later.
                self.shared.budgets.wait(self.payer, self.cost).await;
            }
            let context = self.record.context();
            match self.responses.next().instrument(context).await {
                // In memory of their own, which a subscription that waits does not need.
                Some(response) if !self.started => Box::pin(self.first(response)).await,
                Some(response) => Box::pin(self.give(response)).await,
                None => {
                    self.record.answered(&[], None);
                    self.end(Event::Done);
                }
            }
        }
    }

    /// A subscription that cannot start gives one answer of errors and ends. That is an `error`, not a result.
    async fn first(&mut self, response: Response) {
        self.started = true;
        let answer = Answer::of(response, self.record.id());
        let empty = matches!(answer.data, None | Some(Value::Null)) && !answer.errors.is_empty();
        let after = if empty { self.responses.next().now_or_never() } else { None };
        match after {
            Some(None) => {
                self.record.refused(&answer.errors);
                self.end(Event::Failed(answer.errors));
            }
            Some(Some(second)) => {
                self.tell(answer).await;
                self.give(second).await;
            }
            None => self.tell(answer).await,
        }
    }

    async fn give(&mut self, response: Response) {
        self.tell(Answer::of(response, self.record.id())).await;
    }

    async fn tell(&mut self, answer: Answer) {
        let answer = answer.with_cost(self.told.clone());
        let (max, record) = (self.shared.settings.max_answer_bytes, &self.record);
        let json = record.written(json::text(&answer, max, record.id()).await);
        self.record.gave_event();
        let room = loop {
            // An event is not lost because others read slowly.
            if let Ok(room) = self.shared.gate.send(json.len(), self.record.address()).await {
                break room;
            }
        };
        self.ready.push_back(Event::Next(Text { json, _room: room }));
    }

    fn end(&mut self, event: Event) {
        self.over = true;
        self.ready.push_back(event);
    }
}
