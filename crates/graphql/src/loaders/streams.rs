//! The loaders of streams: shared by all streams of a viewer, because they receive an event at the same time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use super::{PrivateLoaders, PublicLoaders};
use auth::Viewer;
use types::UserId;

/// The loaders of all streams of a process. Batches are read sequentially, so that all keys that are requested while one is read are in the
/// next one: an event costs at most two statements of a type, for any number of streams. Nothing is cached here either.
pub struct StreamLoaders {
    pub(crate) public: Arc<PublicLoaders>,
    private: Mutex<HashMap<UserId, Weak<PrivateLoaders>>>,
}

impl Default for StreamLoaders {
    fn default() -> Self {
        Self { public: Arc::new(PublicLoaders::sequential()), private: Mutex::default() }
    }
}

impl StreamLoaders {
    /// The loaders of private rows, shared with the viewer's other streams. Rows depend only on the account, not on the session.
    pub(crate) fn private(&self, viewer: Viewer) -> Arc<PrivateLoaders> {
        let Some(user) = viewer.id() else { return Arc::new(PrivateLoaders::of(viewer)) };
        let mut known = self.private.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(loaders) = known.get(&user).and_then(Weak::upgrade) {
            return loaders;
        }
        if known.len() == known.capacity() {
            known.retain(|_, loaders| loaders.strong_count() > 0);
        }
        let loaders = Arc::new(PrivateLoaders::sequential(viewer));
        known.insert(user, Arc::downgrade(&loaders));
        loaders
    }
}
