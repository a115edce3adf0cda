//! Keys that are asked for at the same time, read together.

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

use super::{
    Batch,
    apart::{Found, together_or_apart},
};
use domain::app::App;
use domain::app::OperationPermit;
use telemetry::logs;
use types::error::Error;

/// How often the reader of a batch steps back, so that others can join it. No timer: an idle server does not wait.
const YIELDS: usize = 3;
/// How long a batch waits for the one before it, where they are read one after another.
const LONGEST_WAIT: Duration = Duration::from_millis(100);
/// The most keys of one statement.
const MAX_BATCH: usize = 500;

/// The row of a key, if there is one, or why it cannot be read.
pub type Answer<R> = Result<Option<R>, Arc<Error>>;

/// The batches of many kinds of keys, each kind by itself.
#[derive(Default)]
pub(super) struct Kinds {
    kinds: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
    /// Whether the batches of a kind are read one after another.
    one_by_one: bool,
}

impl Kinds {
    /// Kinds whose batches are read one after another: what comes while one is read is all in the next.
    pub(super) fn one_by_one() -> Self {
        Self { kinds: Mutex::default(), one_by_one: true }
    }

    /// The batches of keys of type `K` with rows of type `R`.
    pub(super) fn of<K: Send + Sync + 'static, R: Send + Sync + 'static>(&self) -> Arc<Batches<K, R>> {
        let mut kinds = locked(&self.kinds);
        let kind = kinds.entry(TypeId::of::<K>()).or_insert_with(|| {
            let alone = self.one_by_one.then(|| Arc::new(Semaphore::new(1)));
            Arc::new(Batches::<K, R> { open: Mutex::new(None), alone })
        });
        #[expect(clippy::expect_used, reason = "the map's key is the type of the key, which has one type of row")]
        Arc::clone(kind).downcast().expect("batches under their own type")
    }
}

/// The batch that is being gathered, if there is one.
pub(super) struct Batches<K, R> {
    open: Mutex<Option<Arc<Gathering<K, R>>>>,
    /// Held while a batch is read, if they are read one after another.
    alone: Option<Arc<Semaphore>>,
}

/// A batch, from its first caller to its answer.
struct Gathering<K, R> {
    keys: Mutex<HashSet<K>>,
    found: OnceLock<Found<K, R>>,
    read: Notify,
    /// Held until it is read, if batches are read one after another.
    alone: Mutex<Option<OwnedSemaphorePermit>>,
}

/// A batch that a caller is part of, and for its first caller the right to have it read.
type Joined<K, R> = (Arc<Gathering<K, R>>, Option<OperationPermit>);

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<K: Clone + Eq + Hash + Send + Sync + 'static, R: Clone + Send + Sync + 'static> Batches<K, R> {
    /// The row of `key`, together with what others ask for at the same time. `read` reads the batch if this caller is its first: in a
    /// task of its own, and also when this caller goes away. Whoever begins a batch accounts for its connection, and does so before
    /// anybody else can join: an operation that has all it may hold keeps nobody waiting.
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
        // From here on no notification is missed.
        answered.as_mut().enable();
        if batch.found.get().is_none() {
            answered.await;
        }
        batch.found.get().map_or_else(|| Err(lost()), |found| found.answer(&key))
    }

    /// Waits until the batch before is read, if they are read one after another; but not for long.
    async fn wait_for_the_last(&self) -> Option<OwnedSemaphorePermit> {
        let alone = Arc::clone(self.alone.as_ref()?);
        tokio::time::timeout(LONGEST_WAIT, alone.acquire_owned()).await.ok()?.ok()
    }

    /// The batch that `key` is part of now; none while a new one would be needed and its connection is more than the operation may hold.
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
        let batch = Arc::new(Gathering { keys, found: OnceLock::new(), read: Notify::new(), alone: Mutex::new(None) });
        *open = Some(Arc::clone(&batch));
        Some((batch, Some(turn)))
    }

    /// Has a batch read, when others have had the time to join it: in a task of its own, because nobody knows when its first caller runs
    /// again. The client of a websocket may take its time to read.
    fn send<F>(
        self: &Arc<Self>,
        batch: Arc<Gathering<K, R>>,
        turn: OperationPermit,
        read: impl Fn(Vec<K>) -> F + Send + 'static,
    ) where
        F: Future<Output = Batch<K, R>> + Send + 'static,
    {
        let (batches, span) = (Arc::clone(self), span::<K>());
        let reading = async move {
            let reader = Reader(batch);
            *locked(&reader.0.alone) = batches.wait_for_the_last().await;
            for _ in 0..YIELDS {
                tokio::task::yield_now().await;
            }
            let keys = batches.close(&reader.0);
            Span::current().record("staygate.keys", keys.len());
            let first = read(keys.iter().cloned().collect());
            let found = together_or_apart(keys, first, read).await;
            drop(turn);
            // Only the reader of a batch answers.
            let _ = reader.0.found.set(found);
        };
        tokio::spawn(reading.instrument(span));
    }

    /// Lets nobody join any more. The keys.
    fn close(&self, batch: &Arc<Gathering<K, R>>) -> HashSet<K> {
        let mut open = locked(&self.open);
        // A full batch has made way for another.
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

/// Wakes those who wait for a batch when it has been read, and also when reading it has panicked.
struct Reader<K, R>(Arc<Gathering<K, R>>);

impl<K, R> Drop for Reader<K, R> {
    fn drop(&mut self) {
        self.0.found.get_or_init(|| Found::Nothing(lost()));
        self.0.read.notify_waiters();
        // The next batch may go.
        drop(locked(&self.0.alone).take());
    }
}

fn lost() -> Arc<Error> {
    Arc::new(Error::Internal(anyhow!("a batch was lost")))
}
