//! Prepared documents, kept by the hash of their text, within bounds.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

/// The SHA-256 of a query text and the name of the operation in it.
pub(super) type Key = [u8; 32];

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

/// The values last used, at most so many entries and bytes.
pub(super) struct Cache<V> {
    max_entries: usize,
    max_bytes: usize,
    inner: Mutex<Inner<V>>,
}

struct Inner<V> {
    entries: HashMap<Key, Entry<V>>,
    bytes: usize,
    clock: u64,
}

struct Entry<V> {
    value: Arc<V>,
    bytes: usize,
    used: u64,
}

impl<V> Cache<V> {
    pub fn new(max_entries: usize, max_bytes: usize) -> Self {
        let inner = Inner { entries: HashMap::new(), bytes: 0, clock: 0 };
        Self { max_entries, max_bytes, inner: Mutex::new(inner) }
    }

    pub fn get(&self, key: &Key) -> Option<Arc<V>> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.clock += 1;
        let now = inner.clock;
        let entry = inner.entries.get_mut(key)?;
        entry.used = now;
        Some(entry.value.clone())
    }

    /// How many values are kept, and for how many bytes they stand.
    #[cfg(test)]
    pub fn held(&self) -> (usize, usize) {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        (inner.entries.len(), inner.bytes)
    }

    /// Keeps a value that stands for so many bytes, and lets go of those that were used longest ago.
    pub fn put(&self, key: Key, value: Arc<V>, bytes: usize) {
        if bytes > self.max_bytes || self.max_entries == 0 {
            return;
        }
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.clock += 1;
        let used = inner.clock;
        inner.bytes += bytes;
        if let Some(old) = inner.entries.insert(key, Entry { value, bytes, used }) {
            inner.bytes -= old.bytes;
        }
        while inner.entries.len() > self.max_entries || inner.bytes > self.max_bytes {
            let oldest = inner.entries.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| *key);
            let Some(entry) = oldest.and_then(|key| inner.entries.remove(&key)) else { break };
            inner.bytes -= entry.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_used_longest_ago_goes_first() {
        let cache = Cache::new(2, 100);
        let [a, b, c] = ["a", "b", "c"].map(|text| key(text, None));
        cache.put(a, Arc::new(1), 10);
        cache.put(b, Arc::new(2), 10);
        assert!(cache.get(&a).is_some());
        cache.put(c, Arc::new(3), 10);
        assert!(cache.get(&a).is_some() && cache.get(&b).is_none() && cache.get(&c).is_some());
    }

    #[test]
    fn bytes_are_bounded_too() {
        let cache = Cache::new(10, 100);
        cache.put(key("a", None), Arc::new(1), 60);
        cache.put(key("b", None), Arc::new(2), 60);
        cache.put(key("c", None), Arc::new(3), 101);
        assert!(cache.get(&key("a", None)).is_none() && cache.get(&key("b", None)).is_some());
        assert!(cache.get(&key("c", None)).is_none());
    }

    #[test]
    fn the_name_of_the_operation_is_part_of_the_key() {
        assert_ne!(key("a", None), key("a", Some("")));
        assert_ne!(key("ab", None), key("a", Some("b")));
    }
}
