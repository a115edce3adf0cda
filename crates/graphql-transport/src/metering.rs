//! Large operations, watched while they run: others have their turn, and no more is built than may be.
//!
//! The library resolves what is in memory without a pause and knows no bound. An extension is asked before each field and item,
//! but costs a fifth of a small page's time. So there are two schemas, and only an operation with a [`Meter`] is watched.

use std::any::TypeId;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_graphql::async_trait::async_trait;
use async_graphql::extensions::{Extension, ExtensionContext, ExtensionFactory, NextResolve, ResolveInfo};
use async_graphql::{
    Executor, ObjectType, Request, Response, Schema, SchemaBuilder, ServerError, ServerResult, SubscriptionType, Value,
};
use futures_util::stream::BoxStream;

/// What a value holds besides its text: itself, its key, and its place in a map.
const VALUE: usize = size_of::<Value>() + 64;

/// How much an operation may still build, in bytes.
#[derive(Debug)]
pub struct Meter(AtomicUsize);

impl Meter {
    /// A meter that allows so many bytes, about.
    pub fn new(max_bytes: usize) -> Arc<Self> {
        Arc::new(Self(AtomicUsize::new(max_bytes)))
    }

    /// Whether more was to be built than is allowed.
    pub fn is_exhausted(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    fn take(&self, bytes: usize) {
        let left = |left: usize| Some(left.saturating_sub(bytes));
        // The function always gives a value.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left);
    }
}

/// A schema twice: as it is, and watched, for requests that have a meter among their data.
pub struct Metered<Q, M, S> {
    plain: Schema<Q, M, S>,
    watched: Schema<Q, M, S>,
}

impl<Q, M, S> Clone for Metered<Q, M, S> {
    fn clone(&self) -> Self {
        Self { plain: self.plain.clone(), watched: self.watched.clone() }
    }
}

impl<Q, M, S> Metered<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    /// The schema that `builder` describes.
    pub fn new(builder: impl Fn() -> SchemaBuilder<Q, M, S>) -> Self {
        Self { plain: builder().finish(), watched: builder().extension(Watch).finish() }
    }

    fn for_request(&self, request: &Request) -> &Schema<Q, M, S> {
        let is_metered = request.data.contains_key(&TypeId::of::<Arc<Meter>>());
        if is_metered { &self.watched } else { &self.plain }
    }
}

impl<Q, M, S> Executor for Metered<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    async fn execute(&self, request: Request) -> Response {
        self.for_request(&request).execute(request).await
    }

    fn execute_stream(
        &self,
        request: Request,
        session_data: Option<Arc<async_graphql::Data>>,
    ) -> BoxStream<'static, Response> {
        Executor::execute_stream(self.for_request(&request), request, session_data)
    }
}

struct Watch;

impl ExtensionFactory for Watch {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self)
    }
}

#[async_trait]
impl Extension for Watch {
    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        // Gives way to other tasks now and then, and to the time limit.
        tokio::task::consume_budget().await;
        let Some(meter) = ctx.data_opt::<Arc<Meter>>() else { return next.run(ctx, info).await };
        if meter.is_exhausted() {
            return Err(ServerError::new("The response is too large.", None));
        }
        let value = next.run(ctx, info).await?;
        let text = match &value {
            Some(Value::String(text)) => text.len(),
            _ => 0,
        };
        meter.take(VALUE + text);
        Ok(value)
    }
}
