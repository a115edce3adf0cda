//! What every resolver has at hand: the app, the viewer, the loaders.

use std::sync::Arc;

use async_graphql::Context;

use super::{
    error::Result,
    loaders::{Private, PrivateLoaders, Public, PublicLoaders, StreamLoaders},
};
use auth::{Member, Viewer};
use client_limits::AddressPrefix;
use domain::app::App;
use graphql_transport::StreamPosition;
use types::error;

/// One operation: who asks, from where, and the loaders of what only they may see.
pub struct Scope {
    /// Everything shared.
    pub app: App,
    /// Who asks.
    pub viewer: Viewer,
    /// From which address, as far as the server can tell.
    pub address: Option<std::net::IpAddr>,
    /// Where the stream stands; none in queries and mutations.
    pub stream: Option<Arc<StreamPosition>>,
    public: Arc<PublicLoaders>,
    private: Arc<PrivateLoaders>,
}

impl Scope {
    /// The scope of one operation of `viewer`, which holds few connections at a time.
    pub fn new(app: App, public: Arc<PublicLoaders>, viewer: Viewer, address: Option<std::net::IpAddr>) -> Self {
        let private = Arc::new(PrivateLoaders::of(viewer));
        Self { app: app.for_operation(), viewer, address, stream: None, public, private }
    }

    /// The loaders of what only the viewer may see.
    pub fn own(&self) -> &Arc<PrivateLoaders> {
        &self.private
    }

    /// The scope of a subscription of `viewer`. Its loaders are those of all streams of this viewer, because one event comes to all of
    /// them at the same time.
    pub fn of_stream(
        app: App,
        loaders: &StreamLoaders,
        viewer: Viewer,
        address: Option<std::net::IpAddr>,
        stream: Arc<StreamPosition>,
    ) -> Self {
        let (public, private) = (Arc::clone(&loaders.public), loaders.private(viewer));
        Self { app: app.for_operation(), viewer, address, stream: Some(stream), public, private }
    }
}

/// What every resolver has at hand.
pub trait ContextExt {
    /// The scope of the operation.
    fn scope(&self) -> &Scope;

    /// Everything shared.
    fn app(&self) -> &App {
        &self.scope().app
    }

    /// Who asks.
    fn viewer(&self) -> &Viewer {
        &self.scope().viewer
    }

    /// What tells the client from others: its address, as far as the server knows it.
    fn client(&self) -> AddressPrefix {
        AddressPrefix::of(self.scope().address)
    }

    /// The proof that somebody is signed in.
    ///
    /// # Errors
    /// [`error::Error::Unauthenticated`] when nobody is.
    fn member(&self) -> error::Result<&Member> {
        self.viewer().member()
    }

    /// A public row, batched with everybody else's.
    fn load<K: Public>(&self, key: K) -> impl Future<Output = Result<Option<K::Row>>> + Send {
        let scope = self.scope();
        async move { Ok(scope.public.load(&scope.app, key).await?) }
    }

    /// A row that only some may see, batched for this viewer and operation; nothing when nobody is signed in.
    fn load_own<K: Private>(&self, key: K) -> impl Future<Output = Result<Option<K::Row>>> + Send {
        let scope = self.scope();
        async move { Ok(scope.private.load(&scope.app, key).await?) }
    }
}

impl ContextExt for Context<'_> {
    #[expect(clippy::expect_used, reason = "the server puts a scope into every operation; a test covers it")]
    fn scope(&self) -> &Scope {
        self.data_opt::<Scope>().expect("an operation without a scope")
    }
}
