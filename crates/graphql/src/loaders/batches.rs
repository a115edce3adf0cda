//! Batches: keys that are requested at the same time are read together.

use std::{
    any::{Any, TypeId, type_name},
    collections::{HashMap, HashSet},
    hash::Hash,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use anyhow::anyhow;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tracing::field::Empty;
use tracing::{Instrument as _, Span};

use domain::{
    app::{App, OperationPermit},
    bisect::{Answer, Batch, Found, read_or_bisect},
};
use telemetry::logs;
use types::error::Error;

/// How often the reader of a batch yields, so that others can join it. There is no timer: an idle server does not wait.
const YIELDS: usize = 3;
/// How long a batch waits for the previous one, where batches are read sequentially.
const LONGEST_WAIT: Duration = Duration::from_millis(100);
/// The most keys of one statement.
const MAX_BATCH: usize = 500;

/// Batches by type of key.
#[derive(Default)]
pub(super) struct Kinds {
    kinds: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
    /// Whether batches of a type are read sequentially.
    sequential: bool,
}

impl Kinds {
    /// Reads the batches of each type sequentially: all keys that are requested while one is read are in the next one.
    pub(super) fn sequential() -> Self {
        Self { kinds: Mutex::default(), sequential: true }
    }

    /// The batches of keys of type `K` with rows of type `R`.
    pub(super) fn of<K: Send + Sync + 'static, R: Send + Sync + 'static>(&self) -> Arc<Batches<K, R>> {
        let mut kinds = locked(&self.kinds);
        let kind = kinds.entry(TypeId::of::<K>()).or_insert_with(|| {
            let sequence = self.sequential.then(|| Arc::new(Semaphore::new(1)));
            Arc::new(Batches::<K, R> { open: Mutex::new(None), sequence })
        });
        #[expect(clippy::expect_used, reason = "the map's key is the type of the key, which has one type of row")]
        Arc::clone(kind).downcast().expect("batches under their own type")
    }
}

/// The open batch, if there is one.
pub(super) struct Batches<K, R> {
    open: Mutex<Option<Arc<PendingBatch<K, R>>>>,
    /// Locked while a batch is read, if batches are read sequentially.
    sequence: Option<Arc<Semaphore>>,
}

/// A batch, from its first caller to its result.
struct PendingBatch<K, R> {
    keys: Mutex<HashSet<K>>,
    found: OnceLock<Found<K, R>>,
    read: Notify,
    /// Held until the batch is read, if batches are read sequentially.
    sequence: Mutex<Option<OwnedSemaphorePermit>>,
}

/// A batch that a caller has joined, and for its first caller the right to start the read.
type Joined<K, R> = (Arc<PendingBatch<K, R>>, Option<OperationPermit>);

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<K: Clone + Eq + Hash + Send + Sync + 'static, R: Clone + Send + Sync + 'static> Batches<K, R> {
    /// The row of `key`, batched with other requests at the same time. If this caller is the first of its batch, `read` reads the batch in
    /// a separate task, even if the caller is dropped. The first caller accounts for the connection before others can join, so that an
    /// operation at its limit of connections blocks nobody else.
    pub(super) async fn load<F>(
        self: &Arc<Self>,
        app: &App,
        key: K,
        read: impl Fn(Vec<K>) -> F + Send + 'static,
    ) -> Answer<R>
    where
        F: Future<Output = Batch<K, R>> + Send + 'static,
    {
        let (batch, turn) = match self.join(app, &key) {
            Some(joined) => joined,
            None => app.database.retry_on_release(|| self.join(app, &key)).await,
        };
        if let Some(turn) = turn {
            self.send(Arc::clone(&batch), turn, read);
        }
        let mut answered = pin!(batch.read.notified());
        // No notification is missed after this line.
        answered.as_mut().enable();
        if batch.found.get().is_none() {
            answered.await;
        }
        batch.found.get().map_or_else(|| Err(lost()), |found| found.answer(&key))
    }

    /// Waits until the previous batch is read, if batches are read sequentially, but only for a limited time.
    async fn wait_for_previous(&self) -> Option<OwnedSemaphorePermit> {
        let sequence = Arc::clone(self.sequence.as_ref()?);
        tokio::time::timeout(LONGEST_WAIT, sequence.acquire_owned()).await.ok()?.ok()
    }

    /// The batch with `key`; None while a new one is needed but its connection exceeds the limit of the operation.
    fn join(&self, app: &App, key: &K) -> Option<Joined<K, R>> {
        let mut open = locked(&self.open);
        if let Some(batch) = &*open {
            let mut keys = locked(&batch.keys);
            if keys.len() < MAX_BATCH || keys.contains(key) {
                keys.insert(key.clone());
                return Some((Arc::clone(batch), None));
            }
        }
        let turn = app.database.try_permit()?;
        let keys = Mutex::new(HashSet::from([key.clone()]));
        let batch =
            Arc::new(PendingBatch { keys, found: OnceLock::new(), read: Notify::new(), sequence: Mutex::new(None) });
        *open = Some(Arc::clone(&batch));
        Some((batch, Some(turn)))
    }

    /// Reads a batch after others had time to join it, in a separate task, because the first caller may not be polled for a long time, for
    /// example when its websocket client reads slowly.
    fn send<F>(
        self: &Arc<Self>,
        batch: Arc<PendingBatch<K, R>>,
        turn: OperationPermit,
        read: impl Fn(Vec<K>) -> F + Send + 'static,
    ) where
        F: Future<Output = Batch<K, R>> + Send + 'static,
    {
        let (batches, span) = (Arc::clone(self), span::<K>());
        let reading = async move {
            let reader = Reader(batch);
            *locked(&reader.0.sequence) = batches.wait_for_previous().await;
            for _ in 0..YIELDS {
                tokio::task::yield_now().await;
            }
            let keys = batches.close(&reader.0);
            Span::current().record("staygate.keys", keys.len());
            let first = read(keys.iter().cloned().collect());
            let found = read_or_bisect(keys, first, read).await;
            drop(turn);
            // Only the reader of a batch sends the result.
            let _ = reader.0.found.set(found);
        };
        tokio::spawn(reading.instrument(span));
    }

    /// Closes the batch and returns its keys.
    fn close(&self, batch: &Arc<PendingBatch<K, R>>) -> HashSet<K> {
        let mut open = locked(&self.open);
        // A full batch was replaced by another.
        open.take_if(|open| Arc::ptr_eq(open, batch));
        std::mem::take(&mut *locked(&batch.keys))
    }
}

/// The span of a batch, if the operation that began it is traced.
fn span<K>() -> Span {
    if !logs::is_traced() {
        return Span::none();
    }
    let path = type_name::<K>();
    let name = path.rsplit("::").next().unwrap_or(path);
    tracing::debug_span!(target: logs::TRACE, "batch", otel.name = name, staygate.keys = Empty)
}

/// Wakes the callers of a batch when it has been read, even if the read panics.
struct Reader<K, R>(Arc<PendingBatch<K, R>>);

impl<K, R> Drop for Reader<K, R> {
    fn drop(&mut self) {
        self.0.found.get_or_init(|| Found::Nothing(lost()));
        self.0.read.notify_waiters();
        // The next batch can start.
        drop(locked(&self.0.sequence).take());
    }
}

fn lost() -> Arc<Error> {
    Arc::new(Error::Internal(anyhow!("a batch was lost")))
}
