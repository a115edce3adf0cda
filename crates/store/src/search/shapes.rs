//! Which statements stay prepared. Filters make countless different texts, and one that is kept costs memory of the server on every
//! connection; but most searches have one of a few. So the first few texts that come again and again are kept.

use std::{
    collections::{HashMap, HashSet},
    hash::{DefaultHasher, Hash, Hasher},
    sync::{LazyLock, Mutex, PoisonError},
};

use super::text::Text;

/// The most statements that are kept prepared on a connection.
const KEPT: usize = 32;
/// A statement is kept when it has come so often …
const OFTEN: u32 = 4;
/// … among so many others.
const SEEN: usize = 1_024;

/// Those of this process.
static SHAPES: LazyLock<Mutex<Shapes>> = LazyLock::new(Mutex::default);

#[derive(Debug, Default)]
struct Shapes {
    kept: HashSet<u64>,
    seen: HashMap<u64, u32>,
}

impl Shapes {
    fn is_kept(&mut self, shape: u64) -> bool {
        if self.kept.contains(&shape) || self.kept.len() >= KEPT {
            return self.kept.contains(&shape);
        }
        if self.seen.len() >= SEEN {
            self.seen.clear();
        }
        let times = self.seen.entry(shape).or_default();
        *times += 1;
        *times >= OFTEN && self.kept.insert(shape)
    }
}

/// Whether a statement of these texts is to stay prepared.
pub(super) fn is_common<'a>(texts: impl IntoIterator<Item = &'a Text>) -> bool {
    let mut hasher = DefaultHasher::new();
    for text in texts {
        text.literals().for_each(|literal| literal.hash(&mut hasher));
    }
    SHAPES.lock().unwrap_or_else(PoisonError::into_inner).is_kept(hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_often_is_kept_and_no_more_than_fit() {
        let mut shapes = Shapes::default();
        assert_eq!([1; 5].map(|shape| shapes.is_kept(shape)), [false, false, false, true, true]);
        for shape in 2..100 {
            let _ = [shape; 10].map(|shape| shapes.is_kept(shape));
        }
        assert_eq!(shapes.kept.len(), KEPT);
        assert!(shapes.is_kept(1) && !shapes.is_kept(99));
    }

    #[test]
    fn what_comes_once_is_not_remembered_for_ever() {
        let mut shapes = Shapes::default();
        (0..10_000).for_each(|shape| assert!(!shapes.is_kept(shape)));
        assert!(shapes.seen.len() <= SEEN);
    }
}
