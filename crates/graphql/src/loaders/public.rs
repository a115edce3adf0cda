//! Public rows: batches for the whole process.

use std::hash::Hash;

use super::{
    Batch,
    batches::{Answer, Kinds},
};
use domain::app::App;

/// A key of public rows, named after its relation: `ReviewsOf(listing)`.
pub trait Public: Clone + Eq + Hash + Send + Sync + 'static {
    /// The row of the key.
    type Row: Clone + Send + Sync + 'static;

    /// Reads the rows of `keys`, in one statement.
    fn load(app: &App, keys: Vec<Self>) -> impl Future<Output = Batch<Self, Self::Row>> + Send;
}

/// The batches of the whole process, by type of key.
#[derive(Default)]
pub struct PublicLoaders(Kinds);

impl PublicLoaders {
    /// Loaders whose batches of a type are read sequentially.
    pub(super) fn sequential() -> Self {
        Self(Kinds::sequential())
    }

    /// The row of `key`, batched with other requests at the same time.
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
}
