//! Public rows: batches for the whole process, and rows that stay in memory.

use std::{collections::HashMap, hash::Hash};

use tokio::sync::OnceCell;

use super::{Answer, Batch, batches::Kinds};
use domain::app::App;
use types::ObjectId;

/// A key of public rows, named after its relation: `ReviewsOf(listing)`.
pub trait Public: Clone + Eq + Hash + Send + Sync + 'static {
    /// The row of the key.
    type Row: Clone + Send + Sync + 'static;

    /// Reads the rows of `keys`, in one statement.
    fn load(app: &App, keys: Vec<Self>) -> impl Future<Output = Batch<Self, Self::Row>> + Send;

    /// The object whose changes in the catalog concern the row, if it can stay in memory; `None`: it is always read.
    fn object(&self) -> Option<ObjectId> {
        None
    }

    /// About how many bytes a row takes.
    fn bytes(_: &Self::Row) -> usize {
        size_of::<Self::Row>()
    }
}

/// The batches of the whole process, by type of key.
#[derive(Default)]
pub struct PublicLoaders(Kinds);

/// Asks the catalog for changes. Queries that arrive together ask once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct CatchUp;

impl Public for CatchUp {
    type Row = ();

    async fn load(app: &App, _: Vec<Self>) -> Batch<Self, ()> {
        app.follower.catch_up(app).await?;
        Ok(HashMap::from([(Self, ())]))
    }
}

impl PublicLoaders {
    /// Loaders whose batches of a type are read sequentially.
    pub(super) fn sequential() -> Self {
        Self(Kinds::sequential())
    }

    /// The row of `key`, from the database, batched with other requests at the same time.
    ///
    /// # Errors
    /// Why the key cannot be read.
    pub async fn load<K: Public>(&self, app: &App, key: K) -> Answer<K::Row> {
        let reader = app.for_process();
        let read = move |keys| {
            let app = reader.clone();
            async move { K::load(&app, keys).await }
        };
        self.0.of::<K, K::Row>().load(app, key, read).await
    }

    /// Applies all changes that were committed before a query arrived to what is in memory, once for the query; `learned` is its own.
    ///
    /// # Errors
    /// Why the changes cannot be read.
    pub async fn catch_up(&self, app: &App, learned: &OnceCell<()>) -> Answer<()> {
        learned.get_or_try_init(|| async { self.load(app, CatchUp).await.map(drop) }).await.map(|()| Some(()))
    }

    /// The row of `key` for a query: from memory if it is there. Before the first one, the query learns of all changes that were committed
    /// before it arrived; `learned` is its own.
    ///
    /// # Errors
    /// Why the key, or the changes, cannot be read.
    pub async fn load_for_query<K: Public>(&self, app: &App, learned: &OnceCell<()>, key: K) -> Answer<K::Row> {
        let Some(object) = key.object().filter(|_| app.rows.is_on()) else { return self.load(app, key).await };
        self.catch_up(app, learned).await?;
        if let Some(row) = app.rows.get(object, &key) {
            return Ok(Some(row));
        }
        let reader = app.for_process();
        let read = move |keys| {
            let app = reader.clone();
            async move { load_and_keep(&app, keys).await }
        };
        self.0.of::<K, K::Row>().load(app, key, read).await
    }
}

async fn load_and_keep<K: Public>(app: &App, keys: Vec<K>) -> Batch<K, K::Row> {
    let ticket = app.rows.ticket();
    let found = K::load(app, keys).await?;
    for (key, row) in &found {
        if let Some(object) = key.object() {
            app.rows.put(ticket, object, (key.clone(), row.clone()), K::bytes(row));
        }
    }
    Ok(found)
}
