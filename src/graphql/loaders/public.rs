//! Batches for the whole process.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError, RwLock},
};

use anyhow::anyhow;
use tokio::sync::oneshot;

use super::Batch;
use crate::{app::App, error::Error};

/// How often the first caller steps back, so that others can join its batch. No timer: an idle server does not wait.
const YIELDS: usize = 3;
/// The most keys of one statement.
const MAX_BATCH: usize = 500;

/// A key of rows that everybody may see. It says its relation: `ReviewsOf(listing)`.
pub trait Public: Clone + Eq + Hash + Send + Sync + 'static {
    /// What is found under the key.
    type Row: Clone + Send + Sync + 'static;

    /// Reads the rows of `keys`, in one statement.
    fn load(app: &App, keys: Vec<Self>) -> impl Future<Output = Batch<Self, Self::Row>> + Send;
}

type Answer<K> = Result<Option<<K as Public>::Row>, Arc<Error>>;

struct Queue<K: Public> {
    waiting: HashMap<K, Vec<oneshot::Sender<Answer<K>>>>,
    /// A caller has taken it on itself to send the batch.
    taken: bool,
}

struct Batcher<K: Public>(Mutex<Queue<K>>);

/// The batches of the whole process, one queue a kind of key.
#[derive(Default)]
pub struct PublicLoaders(RwLock<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

impl PublicLoaders {
    /// The row of `key`, together with what others ask for at the same time.
    ///
    /// # Errors
    /// What the batch failed with.
    pub async fn load<K: Public>(&self, app: &App, key: K) -> Answer<K> {
        self.batcher::<K>().load(app, key).await
    }

    fn batcher<K: Public>(&self) -> Arc<Batcher<K>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner).get(&TypeId::of::<K>()).cloned();
        let batcher = known.unwrap_or_else(|| {
            let mut batchers = self.0.write().unwrap_or_else(PoisonError::into_inner);
            let new = || Arc::new(Batcher::<K>(Mutex::new(Queue { waiting: HashMap::new(), taken: false })));
            Arc::clone(batchers.entry(TypeId::of::<K>()).or_insert_with(|| new()))
        });
        #[expect(clippy::expect_used, reason = "the map's key is the type")]
        batcher.downcast().expect("a batcher under its own type")
    }
}

impl<K: Public> Batcher<K> {
    async fn load(self: Arc<Self>, app: &App, key: K) -> Answer<K> {
        let (answer, row) = oneshot::channel();
        let is_first = {
            let mut queue = self.lock();
            queue.waiting.entry(key).or_default().push(answer);
            !std::mem::replace(&mut queue.taken, true)
        };
        if is_first {
            // Sends the batch when it is dropped: also when this caller goes away while it steps back.
            let _dispatch = Dispatch { batcher: Arc::clone(&self), app: app.clone() };
            for _ in 0..YIELDS {
                tokio::task::yield_now().await;
            }
        }
        row.await.unwrap_or_else(|_| Err(Arc::new(Error::Internal(anyhow!("a batch was lost")))))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Queue<K>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Dispatch<K: Public> {
    batcher: Arc<Batcher<K>>,
    app: App,
}

impl<K: Public> Drop for Dispatch<K> {
    /// A batch runs in a task of its own, so that a caller who goes away does not fail the others.
    fn drop(&mut self) {
        let mut waiting = {
            let mut queue = self.batcher.lock();
            queue.taken = false;
            std::mem::take(&mut queue.waiting)
        };
        while !waiting.is_empty() {
            let keys: Vec<K> = waiting.keys().take(MAX_BATCH).cloned().collect();
            let part = keys.iter().filter_map(|key| waiting.remove_entry(key)).collect();
            tokio::spawn(answer(self.app.clone(), keys, part));
        }
    }
}

async fn answer<K: Public>(app: App, keys: Vec<K>, waiting: Vec<(K, Vec<oneshot::Sender<Answer<K>>>)>) {
    let rows = K::load(&app, keys).await.map_err(Arc::new);
    for (key, callers) in waiting {
        let row = rows.as_ref().map(|rows| rows.get(&key).cloned()).map_err(Arc::clone);
        for caller in callers {
            // A caller that went away needs no answer.
            let _ = caller.send(row.clone());
        }
    }
}
