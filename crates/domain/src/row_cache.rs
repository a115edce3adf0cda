//! Public rows in memory. `catalog_follower` forgets those that changes concern.
//!
//! A row that is being read while its object changes is not kept: a reader takes a [`Ticket`] before its statement, and whoever forgets an object
//! notes when.

use std::{
    any::{Any, TypeId},
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use quick_cache::{Weighter, sync::Cache};

use crate::events::catalog::{CatalogEvent, Payload};
use telemetry::Metric;
use types::ObjectId;

/// A row is read again after this time, so that a change that was made by hand, in SQL, is seen at last.
const MAX_AGE: Duration = Duration::from_secs(600);
/// Objects that share a note of their last change.
const STRIPES: usize = 1_024;
/// About the memory of an object without its rows.
const OVERHEAD: usize = 256;
/// About the memory of an object with its rows: the cache is laid out for so many objects.
const TYPICAL: u64 = 2_048;

/// Rows by the object whose changes concern them: a listing, a person.
pub struct RowCache {
    /// The most bytes; 0: the cache is off.
    limit: u64,
    rows: Cache<ObjectId, Arc<Rows>, Bytes>,
    /// The number of the last change of any object of a stripe.
    stripes: Vec<Mutex<u64>>,
    /// The number of changes so far.
    changes: AtomicU64,
    hits: AtomicU64,
    misses: AtomicU64,
}

/// The changes that were known when a read began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(u64);

/// The rows of one object: one of each type of key.
#[derive(Clone)]
struct Rows {
    read_at: Instant,
    bytes: usize,
    by_key: HashMap<TypeId, (Arc<dyn Any + Send + Sync>, usize)>,
}

impl Rows {
    fn new() -> Self {
        Self { read_at: Instant::now(), bytes: OVERHEAD, by_key: HashMap::new() }
    }

    fn is_old(&self) -> bool {
        self.read_at.elapsed() > MAX_AGE
    }

    fn put<K: Send + Sync + 'static, R: Send + Sync + 'static>(&mut self, key: K, row: R, bytes: usize) {
        let replaced = self.by_key.insert(TypeId::of::<K>(), (Arc::new((key, row)), bytes));
        self.bytes = self.bytes + bytes - replaced.map_or(0, |(_, bytes)| bytes);
    }
}

/// Weighs rows by their memory.
#[derive(Clone)]
struct Bytes;

impl Weighter<ObjectId, Arc<Rows>> for Bytes {
    fn weight(&self, _: &ObjectId, rows: &Arc<Rows>) -> u64 {
        u64::try_from(rows.bytes).unwrap_or(u64::MAX)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl RowCache {
    /// A cache of at most so many bytes; 0: none.
    pub fn new(bytes: u64) -> Self {
        let objects = usize::try_from(bytes / TYPICAL).unwrap_or(usize::MAX).max(1);
        Self {
            limit: bytes,
            rows: Cache::with_weighter(objects, bytes, Bytes),
            stripes: (0..STRIPES).map(|_| Mutex::default()).collect(),
            changes: AtomicU64::new(0),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    /// Whether anything is kept.
    pub fn is_on(&self) -> bool {
        self.limit > 0
    }

    /// The most bytes; 0: nothing is kept.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// A ticket for a read that begins now.
    pub fn ticket(&self) -> Ticket {
        Ticket(self.changes.load(Ordering::SeqCst))
    }

    /// The row of `key`, if it is kept.
    pub fn get<K: Eq + Send + Sync + 'static, R: Clone + Send + Sync + 'static>(
        &self,
        object: ObjectId,
        key: &K,
    ) -> Option<R> {
        let row = self.rows.get(&object).filter(|rows| !rows.is_old()).and_then(|rows| {
            let (entry, _) = rows.by_key.get(&TypeId::of::<K>())?;
            let (kept, row) = entry.downcast_ref::<(K, R)>()?;
            (kept == key).then(|| row.clone())
        });
        let counter = if row.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        row
    }

    /// Keeps what a read with this ticket has found, of about so many bytes, unless the object has changed since.
    pub fn put<K: Send + Sync + 'static, R: Send + Sync + 'static>(
        &self,
        ticket: Ticket,
        object: ObjectId,
        (key, row): (K, R),
        bytes: usize,
    ) {
        let last = locked(self.stripe(object));
        if *last > ticket.0 || !self.is_on() {
            return;
        }
        let mut rows =
            self.rows.get(&object).filter(|rows| !rows.is_old()).map_or_else(Rows::new, |rows| (*rows).clone());
        rows.put(key, row, bytes);
        self.rows.insert(object, Arc::new(rows));
    }

    /// Numbers for operators.
    pub fn metrics(&self) -> [Metric; 4] {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let bytes = usize::try_from(self.rows.weight()).unwrap_or(usize::MAX);
        [
            Metric::counter("row_cache_hits", "Public rows that were read from memory", count(&self.hits)),
            Metric::counter("row_cache_misses", "Public rows that were not in memory", count(&self.misses)),
            Metric::counter("row_cache_changes", "Changes that made rows in memory obsolete", count(&self.changes)),
            Metric::count_gauge("row_cache_bytes", "Memory of public rows, estimated", bytes),
        ]
    }

    fn stripe(&self, object: ObjectId) -> &Mutex<u64> {
        use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(object);
        let index = usize::try_from(hash % STRIPES as u64).unwrap_or(0);
        &self.stripes[index]
    }

    /// Forgets what an event has changed.
    pub(crate) fn forget_changed(&self, event: &CatalogEvent) {
        match &event.payload {
            Payload::Subject {} | Payload::Nights(_) => self.forget(event.subject_id),
            Payload::Review { listing } => self.forget((*listing).into()),
            // Anything can have changed, hosts and reviewers too.
            Payload::Import { .. } => self.forget_all(),
            // A booking changes nights, which are not kept.
            Payload::Booking(_) => {}
        }
    }

    fn forget(&self, object: ObjectId) {
        let change = self.changes.fetch_add(1, Ordering::SeqCst) + 1;
        let mut last = locked(self.stripe(object));
        *last = change;
        self.rows.remove(&object);
    }

    /// Forgets everything.
    pub(crate) fn forget_all(&self) {
        let change = self.changes.fetch_add(1, Ordering::SeqCst) + 1;
        for stripe in &self.stripes {
            *locked(stripe) = change;
        }
        self.rows.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(number: u8) -> ObjectId {
        ObjectId::of_bytes([number; 16])
    }

    #[test]
    fn a_row_is_kept_under_its_key() {
        let cache = RowCache::new(1 << 20);
        cache.put(cache.ticket(), object(1), (7_u16, "seven".to_owned()), 5);
        cache.put(cache.ticket(), object(1), (7_u32, 49_u64), 8);
        assert_eq!(cache.get(object(1), &7_u16), Some("seven".to_owned()));
        assert_eq!(cache.get(object(1), &7_u32), Some(49_u64));
        assert_eq!(cache.get::<u16, String>(object(1), &8), None);
        assert_eq!(cache.get::<u16, String>(object(2), &7), None);
        cache.put(cache.ticket(), object(1), (8_u16, "eight".to_owned()), 5);
        assert_eq!(cache.get::<u16, String>(object(1), &7), None, "one key of a type");
    }

    #[test]
    fn a_row_that_was_read_before_its_object_changed_is_not_kept() {
        let cache = RowCache::new(1 << 20);
        let ticket = cache.ticket();
        cache.forget(object(1));
        cache.put(ticket, object(1), (1_u8, "old"), 3);
        assert_eq!(cache.get::<u8, &str>(object(1), &1), None);
        cache.put(cache.ticket(), object(1), (1_u8, "new"), 3);
        assert_eq!(cache.get(object(1), &1_u8), Some("new"));
        let ticket = cache.ticket();
        cache.forget_all();
        cache.put(ticket, object(2), (1_u8, "old"), 3);
        assert_eq!((cache.get::<u8, &str>(object(1), &1), cache.get::<u8, &str>(object(2), &1)), (None, None));
    }

    #[test]
    fn memory_is_bounded() {
        let cache = RowCache::new(64 << 10);
        for number in 0..=u8::MAX {
            cache.put(cache.ticket(), object(number), (1_u8, number), 1_000);
        }
        assert!(cache.rows.weight() <= 64 << 10 && cache.rows.len() > 20, "{}", cache.rows.weight());
        let none = RowCache::new(0);
        none.put(none.ticket(), object(1), (1_u8, 1_u8), 1);
        assert!(!none.is_on() && none.get::<u8, u8>(object(1), &1).is_none());
    }
}
