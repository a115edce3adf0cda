//! Operations on a websocket or as server-sent events: streams of what is to be told about them.

use std::collections::VecDeque;
use std::sync::Arc;

use async_graphql::parser::types::OperationType;
use async_graphql::{Data, Response, ServerError, Value};
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt as _, StreamExt as _};

use super::answer::Answer;
use super::shared::Shared;
use crate::graphql::documents::Prepared;

/// What happens to an operation.
#[derive(Debug)]
pub(super) enum Event {
    /// There is a result.
    Next(Answer),
    /// It was not executed, and is over.
    Failed(Vec<ServerError>),
    /// It is over.
    Done,
}

/// Starts an operation of any kind. Dropping the stream ends it, unless it is a mutation.
pub(super) fn start(
    shared: Arc<Shared>,
    prepared: Prepared,
    data: impl Fn() -> Data + Send + Sync + 'static,
    request_id: String,
) -> BoxStream<'static, Event> {
    if prepared.operation() != OperationType::Subscription {
        let once = async move {
            let answer = match shared.run(prepared, data).await {
                Ok(response) => Answer::of(response, &request_id),
                Err(failure) => Answer::refused(vec![failure], &request_id),
            };
            stream::iter(match answer.data {
                Some(_) => vec![Event::Next(answer), Event::Done],
                None => vec![Event::Failed(answer.errors)],
            })
        };
        return stream::once(once).flatten().boxed();
    }
    let mut request = prepared.into_request();
    request.data = data();
    let responses = shared.executor.stream(request);
    let feed = Feed { responses, ready: VecDeque::new(), started: false, over: false, request_id };
    stream::unfold(feed, Feed::next).boxed()
}

/// A subscription.
struct Feed {
    responses: BoxStream<'static, Response>,
    ready: VecDeque<Event>,
    started: bool,
    over: bool,
    request_id: String,
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
            match self.responses.next().await {
                Some(response) if !self.started => self.first(response),
                Some(response) => self.ready.push_back(Event::Next(Answer::of(response, &self.request_id))),
                None => self.end(Event::Done),
            }
        }
    }

    /// A subscription that cannot start gives one answer of errors and ends. That is an `error`, not a result.
    fn first(&mut self, response: Response) {
        self.started = true;
        let answer = Answer::of(response, &self.request_id);
        let empty = matches!(answer.data, None | Some(Value::Null)) && !answer.errors.is_empty();
        let after = if empty { self.responses.next().now_or_never() } else { None };
        match after {
            Some(None) => self.end(Event::Failed(answer.errors)),
            Some(Some(second)) => {
                let second = Answer::of(second, &self.request_id);
                self.ready.extend([Event::Next(answer), Event::Next(second)]);
            }
            None => self.ready.push_back(Event::Next(answer)),
        }
    }

    fn end(&mut self, event: Event) {
        self.over = true;
        self.ready.push_back(event);
    }
}
