//! Keys that are asked for at the same time, read together.

use std::{
    any::{Any, TypeId},
    collections::{HashMap, HashSet},
    hash::Hash,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use anyhow::anyhow;
use tokio::sync::Notify;

use super::Batch;
use crate::error::Error;

/// How often the first caller steps back, so that others can join its batch. No timer: an idle server does not wait.
const YIELDS: usize = 3;
/// The most keys of one statement.
const MAX_BATCH: usize = 500;

/// The row of a key, if there is one, or why its batch failed.
pub type Answer<R> = Result<Option<R>, Arc<Error>>;

/// The batches of many kinds of keys, each kind by itself.
#[derive(Default)]
pub(super) struct Kinds(Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>);

impl Kinds {
    /// The batches of keys of type `K` with rows of type `R`.
    pub(super) fn of<K: Send + Sync + 'static, R: Send + Sync + 'static>(&self) -> Arc<Batches<K, R>> {
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = kinds.entry(TypeId::of::<K>()).or_insert_with(|| Arc::new(Batches::<K, R>(Mutex::new(None))));
        #[expect(clippy::expect_used, reason = "the map's key is the type of the key, which has one type of row")]
        Arc::clone(kind).downcast().expect("batches under their own type")
    }
}

/// The batch that is being gathered, if there is one.
pub(super) struct Batches<K, R>(Mutex<Option<Arc<Gathering<K, R>>>>);

/// A batch, from its first caller to its answer.
struct Gathering<K, R> {
    keys: Mutex<HashSet<K>>,
    rows: OnceLock<Result<HashMap<K, R>, Arc<Error>>>,
    read: Notify,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<K: Clone + Eq + Hash + Send + Sync + 'static, R: Clone + Send + Sync + 'static> Batches<K, R> {
    /// The row of `key`, together with what others ask for at the same time. `read` reads the batch if this caller is its first: in a
    /// task of its own, and also when this caller goes away.
    pub(super) async fn load<F>(&self, key: K, read: impl FnOnce(Vec<K>) -> F) -> Answer<R>
    where
        F: Future<Output = Batch<K, R>> + Send + 'static,
    {
        let (batch, is_first) = self.join(key.clone());
        if is_first {
            // Also when this caller goes away while it steps back.
            let _send = AtLast(Some(|| self.send(&batch, read)));
            for _ in 0..YIELDS {
                tokio::task::yield_now().await;
            }
        }
        let mut answered = pin!(batch.read.notified());
        // From here on no notification is missed.
        answered.as_mut().enable();
        if batch.rows.get().is_none() {
            answered.await;
        }
        match batch.rows.get() {
            Some(Ok(rows)) => Ok(rows.get(&key).cloned()),
            Some(Err(error)) => Err(Arc::clone(error)),
            None => Err(lost()),
        }
    }

    /// The batch that `key` is part of now, and whether it is the first there.
    fn join(&self, key: K) -> (Arc<Gathering<K, R>>, bool) {
        let mut open = locked(&self.0);
        if let Some(batch) = &*open {
            let mut keys = locked(&batch.keys);
            if keys.len() < MAX_BATCH || keys.contains(&key) {
                keys.insert(key);
                return (Arc::clone(batch), false);
            }
        }
        let keys = Mutex::new(HashSet::from([key]));
        let batch = Arc::new(Gathering { keys, rows: OnceLock::new(), read: Notify::new() });
        *open = Some(Arc::clone(&batch));
        (batch, true)
    }

    /// Has a batch read.
    fn send<F>(&self, batch: &Arc<Gathering<K, R>>, read: impl FnOnce(Vec<K>) -> F)
    where
        F: Future<Output = Batch<K, R>> + Send + 'static,
    {
        let keys = {
            let mut open = locked(&self.0);
            // A full batch has made way for another.
            open.take_if(|open| Arc::ptr_eq(open, batch));
            std::mem::take(&mut *locked(&batch.keys))
        };
        let reading = read(keys.into_iter().collect());
        let reader = Reader(Arc::clone(batch));
        tokio::spawn(async move {
            let rows = reading.await.map_err(Arc::new);
            // Only the reader of a batch answers.
            let _ = reader.0.rows.set(rows);
        });
    }
}

/// Does something once, when it is dropped.
struct AtLast<F: FnOnce()>(Option<F>);

impl<F: FnOnce()> Drop for AtLast<F> {
    fn drop(&mut self) {
        if let Some(act) = self.0.take() {
            act();
        }
    }
}

/// Wakes those who wait for a batch when it has been read, and also when reading it has panicked.
struct Reader<K, R>(Arc<Gathering<K, R>>);

impl<K, R> Drop for Reader<K, R> {
    fn drop(&mut self) {
        self.0.rows.get_or_init(|| Err(lost()));
        self.0.read.notify_waiters();
    }
}

fn lost() -> Arc<Error> {
    Arc::new(Error::Internal(anyhow!("a batch was lost")))
}
