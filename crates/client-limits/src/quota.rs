//! How many of something each owner holds at a time: streams of a member, sockets of an address.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, PoisonError},
};

/// Counts what each owner holds, and refuses more than a limit. Only owners that hold something take memory.
#[derive(Debug)]
pub struct Quota<K> {
    limit: usize,
    held: Arc<Mutex<HashMap<K, usize>>>,
}

impl<K: Clone + Eq + Hash> Quota<K> {
    /// One that lets each owner hold at most `limit`.
    pub fn new(limit: usize) -> Self {
        Self { limit, held: Arc::default() }
    }

    /// The most that one owner can hold.
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// One more for `owner`, until what is returned is dropped; none when the limit is reached.
    pub fn take(&self, owner: K) -> Option<Permit<K>> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.get(&owner).copied().unwrap_or_default();
        if count >= self.limit {
            return None;
        }
        held.insert(owner.clone(), count + 1);
        Some(Permit { owner, held: Arc::clone(&self.held) })
    }

    /// How many owners hold something.
    pub fn owners(&self) -> usize {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// One of what an owner may hold. Dropping it gives it back.
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
    fn an_owner_holds_at_most_the_limit_and_others_are_not_concerned() {
        let quota = Quota::new(2);
        let (first, second) = (quota.take("a"), quota.take("a"));
        assert!(first.is_some() && second.is_some() && quota.take("a").is_none());
        let other = quota.take("b");
        assert!(other.is_some());
        drop(first);
        assert!(quota.take("a").is_some());
        drop((second, other));
        assert_eq!(quota.owners(), 0, "nobody is remembered who holds nothing");
    }
}
