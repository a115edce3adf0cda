//! Decides which statements stay prepared. Filters make countless different texts, and each prepared one costs memory of the database on
//! every connection; but most searches have one of a few texts. So the first few frequent texts stay prepared.

use std::{
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    sync::{LazyLock, Mutex, PoisonError},
};

use super::sql_text::SqlText;

/// The most statements that stay prepared on a connection.
const MAX_PREPARED: usize = 32;
/// A statement is frequent when it was seen so often …
const OFTEN: u32 = 4;
/// … among so many different ones.
const SEEN: usize = 1_024;

/// The statements of this process.
static SHAPES: LazyLock<Mutex<Shapes>> = LazyLock::new(Mutex::default);

#[derive(Debug, Default)]
struct Shapes {
    prepared: HashSet<u64>,
    seen: HashMap<u64, u32>,
}

impl Shapes {
    fn stays_prepared(&mut self, shape: u64) -> bool {
        if self.prepared.contains(&shape) || self.prepared.len() >= MAX_PREPARED {
            return self.prepared.contains(&shape);
        }
        if self.seen.len() >= SEEN {
            self.seen.clear();
        }
        let times = self.seen.entry(shape).or_default();
        *times += 1;
        *times >= OFTEN && self.prepared.insert(shape)
    }
}

/// Whether a statement of these texts should stay prepared.
pub(super) fn is_common<'a>(texts: impl IntoIterator<Item = &'a SqlText>) -> bool {
    let mut hasher = DefaultHasher::new();
    for text in texts {
        text.literals().for_each(|literal| literal.hash(&mut hasher));
    }
    SHAPES.lock().unwrap_or_else(PoisonError::into_inner).stays_prepared(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frequent_statements_stay_prepared_up_to_the_limit() {
        let mut shapes = Shapes::default();
        assert_eq!([1; 5].map(|shape| shapes.stays_prepared(shape)), [false, false, false, true, true]);
        for shape in 2..100 {
            let _ = [shape; 10].map(|shape| shapes.stays_prepared(shape));
        }
        assert_eq!(shapes.prepared.len(), MAX_PREPARED);
        assert!(shapes.stays_prepared(1) && !shapes.stays_prepared(99));
    }

    #[test]
    fn rare_statements_are_forgotten() {
        let mut shapes = Shapes::default();
        (0..10_000).for_each(|shape| assert!(!shapes.stays_prepared(shape)));
        assert!(shapes.seen.len() <= SEEN);
    }
}
