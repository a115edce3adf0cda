//! Private rows: batches for one viewer and one operation.

use std::hash::Hash;

use super::{Answer, Batch, batches::Kinds};
use auth::{Member, Viewer};
use domain::app::App;

/// A key of private rows. The statement itself filters by the viewer, so that rows of others are not found.
pub trait Private: Clone + Eq + Hash + Send + Sync + 'static {
    /// The row of the key.
    type Row: Clone + Send + Sync + 'static;

    /// Reads those rows of `keys` that `viewer` can see, in one statement.
    fn load(app: &App, viewer: &Member, keys: Vec<Self>) -> impl Future<Output = Batch<Self, Self::Row>> + Send;
}

/// The batches of one operation of one viewer, by type of key.
pub struct PrivateLoaders {
    viewer: Viewer,
    kinds: Kinds,
}

impl PrivateLoaders {
    /// The loaders of an operation of `viewer`.
    pub fn of(viewer: Viewer) -> Self {
        Self { viewer, kinds: Kinds::default() }
    }

    /// The loaders of all streams of `viewer`: batches of a type are read sequentially.
    pub(super) fn sequential(viewer: Viewer) -> Self {
        Self { viewer, kinds: Kinds::sequential() }
    }

    /// The viewer, if signed in.
    pub fn member(&self) -> Option<&Member> {
        self.viewer.member().ok()
    }

    /// The row of `key`, if the viewer can see it; None for an anonymous viewer.
    ///
    /// # Errors
    /// Why the key cannot be read.
    pub async fn load<K: Private>(&self, app: &App, key: K) -> Answer<K::Row> {
        let Viewer::Member(viewer) = self.viewer else { return Ok(None) };
        // The first caller has already accounted for the connection in the operation's share.
        let reader = app.for_process();
        let read = move |keys| {
            let app = reader.clone();
            async move { K::load(&app, &viewer, keys).await }
        };
        self.kinds.of::<K, K::Row>().load(app, key, read).await
    }
}
