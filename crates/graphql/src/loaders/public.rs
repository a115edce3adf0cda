//! Rows that everybody may see: batches for the whole process.

use std::hash::Hash;

use super::{
    Batch,
    batches::{Answer, Kinds},
};
use domain::app::App;

/// A key of rows that everybody may see. It says its relation: `ReviewsOf(listing)`.
pub trait Public: Clone + Eq + Hash + Send + Sync + 'static {
    /// What is found under the key.
    type Row: Clone + Send + Sync + 'static;

    /// Reads the rows of `keys`, in one statement.
    fn load(app: &App, keys: Vec<Self>) -> impl Future<Output = Batch<Self, Self::Row>> + Send;
}

/// The batches of the whole process, one a kind of key.
#[derive(Default)]
pub struct PublicLoaders(Kinds);

impl PublicLoaders {
    /// Loaders whose batches of a kind are read one after another.
    pub(super) fn one_by_one() -> Self {
        Self(Kinds::one_by_one())
    }

    /// The row of `key`, together with what others ask for at the same time.
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
