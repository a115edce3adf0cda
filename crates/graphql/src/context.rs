//! The context of resolvers: the app, the viewer, the loaders.

use std::sync::Arc;

use async_graphql::{Context, Name, SelectionField, Value, parser::types::OperationType};
use futures_util::future::join_all;
use tokio::sync::OnceCell;

use super::{
    cookies::OperationCookies,
    error::{Fault, Result},
    loaders::{Answer, Private, PrivateLoaders, Public, PublicLoaders, PublishedListing, StreamLoaders},
};
use auth::{AccountOwner, Member, Viewer};
use client_limits::AddressPrefix;
use domain::{app::App, impersonations::acting::About, listings::ListingWithCover, search::ListingSource};
use graphql_direct::{InMemory, Indirect};
use graphql_transport::StreamPosition;
use types::{ListingId, NodeId, error};

/// One operation: the viewer, the client address, and the loaders of the viewer's private data.
pub struct Scope {
    /// The application.
    pub app: App,
    /// Who asks.
    pub viewer: Viewer,
    /// The client address, as far as the server knows it.
    pub address: Option<std::net::IpAddr>,
    /// What the client says of itself.
    pub user_agent: Option<Arc<str>>,
    /// The cookies of the request.
    pub cookies: OperationCookies,
    /// The position of the stream; None in queries and mutations.
    pub stream: Option<Arc<StreamPosition>>,
    public: Arc<PublicLoaders>,
    private: Arc<PrivateLoaders>,
    /// Whether the query has learned of the changes of public rows.
    learned: OnceCell<()>,
}

impl Scope {
    /// The scope of one operation of `viewer`, which can hold few connections at a time.
    pub fn new(app: App, public: Arc<PublicLoaders>, viewer: Viewer, address: Option<std::net::IpAddr>) -> Self {
        let private = Arc::new(PrivateLoaders::of(viewer));
        Self {
            app: of_operation(&app, viewer),
            viewer,
            address,
            user_agent: None,
            cookies: OperationCookies::default(),
            stream: None,
            public,
            private,
            learned: OnceCell::new(),
        }
    }

    /// The scope, of a client that says this of itself.
    #[must_use]
    pub fn with_user_agent(self, user_agent: Option<Arc<str>>) -> Self {
        Self { user_agent, ..self }
    }

    /// The scope, of a request with these cookies.
    #[must_use]
    pub fn with_cookies(self, cookies: OperationCookies) -> Self {
        Self { cookies, ..self }
    }

    /// The loaders of the viewer's private data.
    pub fn own(&self) -> &Arc<PrivateLoaders> {
        &self.private
    }

    /// The scope of a subscription of `viewer`. All streams of a viewer share their loaders, because they receive an event at the same
    /// time.
    pub fn of_stream(
        app: App,
        loaders: &StreamLoaders,
        viewer: Viewer,
        address: Option<std::net::IpAddr>,
        stream: Arc<StreamPosition>,
    ) -> Self {
        let (public, private) = (Arc::clone(&loaders.public), loaders.private(viewer));
        Self {
            app: of_operation(&app, viewer),
            viewer,
            address,
            user_agent: None,
            cookies: OperationCookies::default(),
            stream: Some(stream),
            public,
            private,
            learned: OnceCell::new(),
        }
    }
}

/// The app for an operation of `viewer`.
fn of_operation(app: &App, viewer: Viewer) -> App {
    match viewer {
        Viewer::Anonymous => app.for_operation(),
        Viewer::Member(member) => app.for_operation().acting_as(&member),
    }
}

/// Reads public rows for an operation.
#[derive(Clone, Copy)]
pub struct PublicRows<'a> {
    scope: &'a Scope,
    /// Whether the reader has learned of all changes; None: it reads nothing from memory.
    learned: Option<&'a OnceCell<()>>,
}

impl PublicRows<'_> {
    async fn load<K: Public>(self, key: K) -> Answer<K::Row> {
        let Scope { public, app, .. } = self.scope;
        match self.learned {
            Some(learned) => public.load_for_query(app, learned, key).await,
            None => public.load(app, key).await,
        }
    }
}

impl PublicRows<'_> {
    /// The row of a key, if it is in memory, and the reader has learned of all changes.
    fn kept<K: Public>(self, key: &K) -> Option<K::Row> {
        self.learned?.get()?;
        self.scope.app.rows.get(key.object()?, key)
    }
}

impl ListingSource for PublicRows<'_> {
    type Error = Fault;

    async fn catch_up(&self) -> Result<bool> {
        let Scope { public, app, .. } = self.scope;
        let Some(learned) = self.learned.filter(|_| app.search_index.is_on()) else { return Ok(false) };
        public.catch_up(app, learned).await?;
        Ok(true)
    }

    async fn published(&self, ids: Vec<ListingId>) -> Result<Vec<Arc<ListingWithCover>>> {
        let rows = join_all(ids.into_iter().map(|id| self.load(PublishedListing(id)))).await;
        rows.into_iter().filter_map(|row| row.map_err(Fault::from).transpose()).collect()
    }
}

/// Access to the context of resolvers.
pub trait ContextExt {
    /// The scope of the operation.
    fn scope(&self) -> &Scope;

    /// The application.
    fn app(&self) -> &App {
        &self.scope().app
    }

    /// Who asks.
    fn viewer(&self) -> &Viewer {
        &self.scope().viewer
    }

    /// The anonymous client, identified by its address.
    fn client(&self) -> AddressPrefix {
        AddressPrefix::of(self.scope().address)
    }

    /// The proof that the viewer is signed in.
    ///
    /// # Errors
    /// [`error::Error::Unauthenticated`] when the viewer is anonymous.
    fn member(&self) -> error::Result<&Member> {
        self.viewer().member()
    }

    /// The proof that the viewer is the member, not staff who act as them.
    ///
    /// # Errors
    /// As [`Self::member`]; [`error::Refusal::Impersonated`] when staff act as the member.
    fn owner(&self) -> error::Result<AccountOwner> {
        self.member()?.owner()
    }

    /// Whether the operation only reads: then rows can come from memory.
    fn is_query(&self) -> bool;

    /// A public row, batched for the whole process, or from memory.
    fn load<K: Public>(&self, key: K) -> impl Future<Output = Result<Option<K::Row>>> + Send {
        let rows = self.public_rows();
        async move { Ok(rows.load(key).await?) }
    }

    /// A public row that is in memory.
    ///
    /// # Errors
    /// When it is not.
    fn kept<K: Public>(&self, key: &K) -> InMemory<K::Row> {
        self.public_rows().kept(key).ok_or(Indirect)
    }

    /// What reads public rows: for a query those of its beginning or later, for a mutation those of the database.
    fn public_rows(&self) -> PublicRows<'_> {
        let scope = self.scope();
        PublicRows { scope, learned: Some(&scope.learned).filter(|_| self.is_query()) }
    }

    /// What reads public rows of this instant or later, from memory too. `learned` is new.
    fn newest_rows<'a>(&'a self, learned: &'a OnceCell<()>) -> PublicRows<'a> {
        PublicRows { scope: self.scope(), learned: Some(learned) }
    }

    /// A private row, batched for this viewer and operation; None for an anonymous viewer.
    fn load_own<K: Private>(&self, key: K) -> impl Future<Output = Result<Option<K::Row>>> + Send {
        let scope = self.scope();
        async move { Ok(scope.private.load(&scope.app, key).await?) }
    }
}

/// The ids in the input of a mutation. Other texts can be about a person.
fn ids_in(field: SelectionField<'_>) -> About {
    let arguments = field.arguments().unwrap_or_default();
    let inputs = arguments.into_iter().filter_map(|(_, value)| match value {
        Value::Object(input) => Some(input),
        _ => None,
    });
    let id = |(name, value): (Name, Value)| match value {
        Value::String(text) => text.parse::<NodeId>().is_ok().then(|| (name.to_string(), text)),
        _ => None,
    };
    inputs.flatten().filter_map(id).collect()
}

impl ContextExt for Context<'_> {
    #[expect(clippy::expect_used, reason = "the server puts a scope into every operation; a test covers it")]
    fn scope(&self) -> &Scope {
        self.data_opt::<Scope>().expect("an operation without a scope")
    }

    fn app(&self) -> &App {
        let app = &self.scope().app;
        let is_mutation = self.query_env.operation.node.ty == OperationType::Mutation;
        if let Some(acting) = app.acting().filter(|_| is_mutation)
            && self.path_node.is_some_and(|path| path.parent.is_none())
        {
            let field = self.field();
            acting.begin(field.alias().unwrap_or(field.name()), field.name(), || ids_in(field));
        }
        app
    }

    fn is_query(&self) -> bool {
        self.query_env.operation.node.ty == OperationType::Query
    }
}
