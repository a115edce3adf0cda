//! The executor without its type, so that the wire is compiled once.

use async_graphql::{Executor, Request, Response};
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

/// Runs operations.
pub(super) trait Run: Send + Sync {
    /// Runs a query or mutation.
    fn once(&self, request: Request) -> BoxFuture<'static, Response>;

    /// Starts a subscription.
    fn stream(&self, request: Request) -> BoxStream<'static, Response>;
}

impl<E: Executor> Run for E {
    fn once(&self, request: Request) -> BoxFuture<'static, Response> {
        let executor = self.clone();
        Box::pin(async move { executor.execute(request).await })
    }

    fn stream(&self, request: Request) -> BoxStream<'static, Response> {
        self.execute_stream(request, None)
    }
}
