//! A cache of one value.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// One cached value. The reader chooses how old it can be.
#[derive(Debug)]
pub struct TtlCell<T>(Mutex<Content<T>>);

#[derive(Debug)]
struct Content<T> {
    value: Option<(Instant, T)>,
    invalidated: Option<Instant>,
}

impl<T> Default for TtlCell<T> {
    fn default() -> Self {
        Self(Mutex::new(Content { value: None, invalidated: None }))
    }
}

impl<T: Clone> TtlCell<T> {
    /// The value, if it was read at most `age` ago.
    pub fn get(&self, age: Duration) -> Option<T> {
        let content = self.content();
        content.value.as_ref().filter(|(read_at, _)| read_at.elapsed() <= age).map(|(_, value)| value.clone())
    }

    /// Stores a value whose read began at `read_at`, unless it was invalidated since.
    pub fn put(&self, read_at: Instant, value: T) {
        let mut content = self.content();
        if content.invalidated.is_none_or(|at| at < read_at) {
            content.value = Some((read_at, value));
        }
    }

    /// Removes the value, because it has changed, and rejects those that are being read now.
    pub fn invalidate(&self) {
        *self.content() = Content { value: None, invalidated: Some(Instant::now()) };
    }

    fn content(&self) -> MutexGuard<'_, Content<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_was_read_before_it_changed_is_not_stored() {
        let cell = TtlCell::default();
        let read_at = Instant::now();
        cell.put(read_at, 1);
        assert_eq!(cell.get(Duration::MAX), Some(1));
        cell.invalidate();
        cell.put(read_at, 1);
        assert_eq!(cell.get(Duration::MAX), None);
    }
}
