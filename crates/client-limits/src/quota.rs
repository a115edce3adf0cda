//! Limits the number of things that each owner holds at a time: streams of a member, sockets of an
//! address.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

/// Counts what each owner holds, up to a limit. Only owners that hold something use memory.
#[derive(Debug)]
pub struct Quota<K> {
    limit: usize,
    held: Arc<Mutex<HashMap<K, usize>>>,
}

impl<K: Clone + Eq + Hash> Quota<K> {
    /// A quota of `limit` for each owner.
    pub fn new(limit: usize) -> Self {
        Self { limit, held: Arc::default() }
    }

    /// The maximum for one owner.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// A permit for `owner`, released when dropped; none when the limit is reached.
    pub fn acquire(&self, owner: K) -> Option<Permit<K>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.get(&owner).copied().unwrap_or_default();
        if count >= self.limit {
            return None;
        }
        held.insert(owner.clone(), count + 1);
        Some(Permit { owner, held: Arc::clone(&self.held) })
    }

    /// The number of owners that hold something.
    pub fn owners(&self) -> usize {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// A permit of an owner, released when dropped.
#[derive(Debug)]
pub struct Permit<K: Eq + Hash> {
    owner: K,
    held: Arc<Mutex<HashMap<K, usize>>>,
}

impl<K: Eq + Hash> Drop for Permit<K> {
    fn drop(&mut self) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        match held.get_mut(&self.owner) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                held.remove(&self.owner);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_holds_at_most_the_limit_and_others_are_not_affected() {
        let quota = Quota::new(2);
        let (first, second) = (quota.acquire("a"), quota.acquire("a"));
        assert!(first.is_some() && second.is_some() && quota.acquire("a").is_none());
        let other = quota.acquire("b");
        assert!(other.is_some());
        drop(first);
        assert!(quota.acquire("a").is_some());
        drop((second, other));
        assert_eq!(quota.owners(), 0, "owners without permits use no memory");
    }
}
