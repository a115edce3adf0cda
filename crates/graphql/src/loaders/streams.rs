//! The loaders of streams: shared by all streams of a viewer, because one event comes to all of them at the same time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use super::{PrivateLoaders, PublicLoaders};
use auth::Viewer;
use types::UserId;

/// The loaders of all streams of a process. Their batches are read one after another, so what comes while one is read is the next: an
/// event that comes to any number of streams costs two statements of a kind at the most. Nothing is cached here either.
pub struct StreamLoaders {
    pub(crate) public: Arc<PublicLoaders>,
    private: Mutex<HashMap<UserId, Weak<PrivateLoaders>>>,
}

impl Default for StreamLoaders {
    fn default() -> Self {
        Self { public: Arc::new(PublicLoaders::one_by_one()), private: Mutex::default() }
    }
}

impl StreamLoaders {
    /// Those of private rows, shared with the viewer's other streams. Every row depends on the account alone, not on the session.
    pub(crate) fn private(&self, viewer: Viewer) -> Arc<PrivateLoaders> {
        let Some(user) = viewer.id() else { return Arc::new(PrivateLoaders::of(viewer)) };
        let mut known = self.private.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(loaders) = known.get(&user).and_then(Weak::upgrade) {
            return loaders;
        }
        if known.len() == known.capacity() {
            known.retain(|_, loaders| loaders.strong_count() > 0);
        }
        let loaders = Arc::new(PrivateLoaders::one_by_one(viewer));
        known.insert(user, Arc::downgrade(&loaders));
        loaders
    }
}
