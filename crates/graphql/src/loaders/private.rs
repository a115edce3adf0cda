//! Rows that only some may see: batches for one viewer and one operation.

use std::hash::Hash;

use super::{
    Batch,
    batches::{Answer, Kinds},
};
use auth::{Member, Viewer};
use domain::app::App;

/// A key of rows that only some may see. The statement itself asks for the viewer, so a row that is not theirs is not found.
pub trait Private: Clone + Eq + Hash + Send + Sync + 'static {
    /// What is found under the key.
    type Row: Clone + Send + Sync + 'static;

    /// Reads those rows of `keys` that `viewer` may see, in one statement.
    fn load(app: &App, viewer: &Member, keys: Vec<Self>) -> impl Future<Output = Batch<Self, Self::Row>> + Send;
}

/// The batches of one operation of one viewer, one a kind of key.
pub struct PrivateLoaders {
    viewer: Viewer,
    kinds: Kinds,
}

impl PrivateLoaders {
    /// Those of an operation of `viewer`.
    pub fn of(viewer: Viewer) -> Self {
        Self { viewer, kinds: Kinds::default() }
    }

    /// Those of all streams of `viewer`: the batches of a kind are read one after another.
    pub(super) fn one_by_one(viewer: Viewer) -> Self {
        Self { viewer, kinds: Kinds::one_by_one() }
    }

    /// The row of `key`, if the viewer may see it: nothing when nobody is signed in.
    ///
    /// # Errors
    /// Why the key cannot be read.
    pub async fn load<K: Private>(&self, app: &App, key: K) -> Answer<K::Row> {
        let Viewer::Member(viewer) = self.viewer else { return Ok(None) };
        // The batch has its connection from the operation's share, which its beginning has accounted for.
        let reader = app.for_process();
        let read = move |keys| {
            let app = reader.clone();
            async move { K::load(&app, &viewer, keys).await }
        };
        self.kinds.of::<K, K::Row>().load(app, key, read).await
    }
}
