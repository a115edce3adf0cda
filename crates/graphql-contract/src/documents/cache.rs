//! A bounded cache of prepared documents by the hash of their text.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lru::LruCache;
use sha2::{Digest as _, Sha256};

/// The SHA-256 of a query text and the name of the operation in it.
pub(super) type Key = [u8; 32];

/// The memory of an entry besides its value: the key, the links of the list, the table.
const ENTRY: usize = 160;

/// The key of an operation in a text.
pub(super) fn key(query: &str, operation: Option<&str>) -> Key {
    let mut hash = Sha256::new();
    hash.update((query.len() as u64).to_le_bytes());
    hash.update(query);
    if let Some(operation) = operation {
        hash.update([1]);
        hash.update(operation);
    }
    hash.finalize().into()
}

/// A cache of the most recently used values, bounded by their number and their bytes on the heap.
pub(super) struct Cache<V> {
    max_bytes: usize,
    inner: Mutex<Inner<V>>,
}

struct Inner<V> {
    entries: LruCache<Key, Entry<V>>,
    bytes: usize,
}

struct Entry<V> {
    value: Arc<V>,
    bytes: usize,
}

impl<V> Cache<V> {
    pub fn new(max_entries: usize, max_bytes: usize) -> Self {
        let entries = NonZeroUsize::new(max_entries).map_or_else(LruCache::unbounded, LruCache::new);
        Self { max_bytes: if max_entries == 0 { 0 } else { max_bytes }, inner: Mutex::new(Inner { entries, bytes: 0 }) }
    }

    fn inner(&self) -> MutexGuard<'_, Inner<V>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn get(&self, key: &Key) -> Option<Arc<V>> {
        self.inner().entries.get(key).map(|entry| Arc::clone(&entry.value))
    }

    /// The number of values, and their bytes.
    pub fn size(&self) -> (usize, usize) {
        let inner = self.inner();
        (inner.entries.len(), inner.bytes)
    }

    /// Adds a value of `bytes` bytes, and removes the least recently used ones if needed.
    pub fn put(&self, key: Key, value: Arc<V>, bytes: usize) {
        let bytes = bytes + ENTRY;
        if bytes > self.max_bytes {
            return;
        }
        let mut inner = self.inner();
        inner.bytes += bytes;
        if let Some((_, old)) = inner.entries.push(key, Entry { value, bytes }) {
            inner.bytes -= old.bytes;
        }
        inner.shrink(self.max_bytes);
    }

    /// Adds `bytes` to the size of a value; ignored if the value has been removed.
    pub fn grow(&self, key: &Key, value: &Arc<V>, bytes: usize) {
        let mut inner = self.inner();
        let Some(entry) = inner.entries.get_mut(key).filter(|entry| Arc::ptr_eq(&entry.value, value)) else { return };
        entry.bytes += bytes;
        inner.bytes += bytes;
        inner.shrink(self.max_bytes);
    }
}

impl<V> Inner<V> {
    fn shrink(&mut self, max_bytes: usize) {
        while self.bytes > max_bytes {
            let Some((_, entry)) = self.entries.pop_lru() else { break };
            self.bytes -= entry.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_entry_is_removed_first() {
        let cache = Cache::new(2, 1_000);
        let [a, b, c] = ["a", "b", "c"].map(|text| key(text, None));
        cache.put(a, Arc::new(1), 10);
        cache.put(b, Arc::new(2), 10);
        assert!(cache.get(&a).is_some());
        cache.put(c, Arc::new(3), 10);
        assert!(cache.get(&a).is_some() && cache.get(&b).is_none() && cache.get(&c).is_some());
        assert_eq!(cache.size(), (2, 2 * (10 + ENTRY)));
    }

    #[test]
    fn bytes_are_bounded() {
        let cache = Cache::new(10, 100 + ENTRY);
        cache.put(key("a", None), Arc::new(1), 60);
        cache.put(key("b", None), Arc::new(2), 60);
        cache.put(key("c", None), Arc::new(3), 101);
        assert!(cache.get(&key("a", None)).is_none() && cache.get(&key("b", None)).is_some());
        assert!(cache.get(&key("c", None)).is_none());
    }

    #[test]
    fn a_value_that_grows_evicts_others_and_finally_itself() {
        let cache = Cache::new(10, 200 + 2 * ENTRY);
        let [a, b] = ["a", "b"].map(|text| key(text, None));
        let value = Arc::new(1);
        cache.put(a, Arc::new(2), 60);
        cache.put(b, Arc::clone(&value), 60);
        cache.grow(&b, &value, 100);
        assert_eq!(cache.size(), (1, 160 + ENTRY));
        cache.grow(&a, &value, 1_000_000);
        assert_eq!(cache.size(), (1, 160 + ENTRY), "a removed value does not count");
        cache.grow(&b, &value, 1_000);
        assert_eq!(cache.size(), (0, 0));
    }

    #[test]
    fn the_name_of_the_operation_is_part_of_the_key() {
        assert_ne!(key("a", None), key("a", Some("")));
        assert_ne!(key("ab", None), key("a", Some("b")));
    }
}
