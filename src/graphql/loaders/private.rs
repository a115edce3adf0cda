//! Batches for one viewer and one operation.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    fmt::Debug,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::anyhow;
use dataloader::{BatchFn, non_cached::Loader};

use super::Batch;
use crate::{app::App, auth::Member, error::Error};

/// How often a caller steps back, so that its siblings can join the batch.
const YIELDS: usize = 3;
/// The most keys of one statement.
const MAX_BATCH: usize = 500;

/// A key of rows that only some may see. The statement itself asks for the viewer, so a row that is not theirs is not found.
pub trait Private: Clone + Debug + Eq + Hash + Send + Sync + 'static {
    /// What is found under the key.
    type Row: Clone + Send + Sync + 'static;

    /// Reads those rows of `keys` that `viewer` may see, in one statement.
    fn load(app: &App, viewer: &Member, keys: Vec<Self>) -> impl Future<Output = Batch<Self, Self::Row>> + Send;
}

type Answer<K> = Result<Option<<K as Private>::Row>, Arc<Error>>;

struct Fetch {
    app: App,
    viewer: Member,
}

impl<K: Private> BatchFn<K, Answer<K>> for Fetch {
    async fn load(&mut self, keys: &[K]) -> HashMap<K, Answer<K>> {
        let rows = K::load(&self.app, &self.viewer, keys.to_vec()).await.map_err(Arc::new);
        let row = |key: &K| rows.as_ref().map(|rows| rows.get(key).cloned()).map_err(Arc::clone);
        keys.iter().map(|key| (key.clone(), row(key))).collect()
    }
}

/// The batches of one operation, one a kind of key.
#[derive(Default)]
pub struct PrivateLoaders(Mutex<HashMap<TypeId, Box<dyn Any + Send>>>);

impl PrivateLoaders {
    /// The row of `key`, if `viewer` may see it.
    ///
    /// # Errors
    /// What the batch failed with.
    pub async fn load<K: Private>(&self, app: &App, viewer: &Member, key: K) -> Answer<K> {
        let loader = self.loader::<K>(app, viewer);
        loader.try_load(key).await.unwrap_or_else(|error| Err(Arc::new(Error::Internal(anyhow!("a batch: {error}")))))
    }

    fn loader<K: Private>(&self, app: &App, viewer: &Member) -> Loader<K, Answer<K>, Fetch> {
        let mut loaders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let loader = loaders.entry(TypeId::of::<K>()).or_insert_with(|| {
            let fetch = Fetch { app: app.clone(), viewer: *viewer };
            Box::new(Loader::<K, Answer<K>, Fetch>::new(fetch).with_yield_count(YIELDS).with_max_batch_size(MAX_BATCH))
        });
        #[expect(clippy::expect_used, reason = "the map's key is the type")]
        loader.downcast_ref::<Loader<K, Answer<K>, Fetch>>().expect("a loader under its own type").clone()
    }
}
