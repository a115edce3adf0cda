//! The executor without its type, so that the transport is compiled once.

use async_graphql::{Executor, Request, Response};
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

/// An object-safe executor.
pub(super) trait DynExecutor: Send + Sync {
    /// Runs a query or mutation.
    fn execute_once(&self, request: Request) -> BoxFuture<'static, Response>;

    /// Starts a subscription.
    fn subscribe(&self, request: Request) -> BoxStream<'static, Response>;
}

impl<E: Executor> DynExecutor for E {
    fn execute_once(&self, request: Request) -> BoxFuture<'static, Response> {
        let executor = self.clone();
        Box::pin(async move { executor.execute(request).await })
    }

    fn subscribe(&self, request: Request) -> BoxStream<'static, Response> {
        self.execute_stream(request, None)
    }
}
