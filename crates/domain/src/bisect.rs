//! Reads a failed batch again in parts, so that a key that cannot be read fails only its own callers.

use std::{
    collections::{HashMap, HashSet},
    hash::Hash,
    sync::Arc,
    time::{Duration, Instant},
};

use types::error::{Error, Result as Read};

/// The rows of a batch by key. Keys without a row are left out.
pub type Batch<K, R> = Read<HashMap<K, R>>;

/// The row of a key, if there is one, or why it cannot be read.
pub type Answer<R> = Result<Option<R>, Arc<Error>>;

/// How long parts of a batch are read again. Keys that are not read by then fail with the error of the whole batch.
const TIMEOUT: Duration = Duration::from_secs(5);

/// The result of a batch.
pub enum Found<K, R> {
    /// The rows by key.
    Rows(HashMap<K, R>),
    /// The rows by key, and the errors of other keys.
    Some(HashMap<K, R>, HashMap<K, Arc<Error>>),
    /// The whole batch failed.
    Nothing(Arc<Error>),
}

impl<K: Eq + Hash, R: Clone> Found<K, R> {
    /// The result for `key`.
    pub fn answer(&self, key: &K) -> Answer<R> {
        match self {
            Self::Rows(rows) => Ok(rows.get(key).cloned()),
            Self::Some(rows, failed) => {
                failed.get(key).map_or_else(|| Ok(rows.get(key).cloned()), |error| Err(Arc::clone(error)))
            }
            Self::Nothing(error) => Err(Arc::clone(error)),
        }
    }
}

/// The rows of `keys`, which `first` reads together. If that fails, `read` reads each half, and of a half that fails each half again: a bad
/// key among five hundred is found with eighteen statements, one after the other on one connection. Nothing is read again if the database
/// is unavailable or busy.
pub async fn read_or_bisect<K: Clone + Eq + Hash, R, F>(
    keys: HashSet<K>,
    first: F,
    read: impl Fn(Vec<K>) -> F,
) -> Found<K, R>
where
    F: Future<Output = Batch<K, R>>,
{
    let failure = match first.await {
        Ok(rows) => return Found::Rows(rows),
        Err(error) => Arc::new(error),
    };
    if keys.len() < 2 || is_unavailable(&failure) {
        return Found::Nothing(failure);
    }
    let (mut rows, mut failed) = (HashMap::new(), HashMap::new());
    let (begun, mut unavailable) = (Instant::now(), false);
    let mut parts = vec![(keys.into_iter().collect::<Vec<_>>(), failure)];
    while let Some((mut keys, failure)) = parts.pop() {
        if keys.len() == 1 || unavailable || begun.elapsed() > TIMEOUT {
            failed.extend(keys.into_iter().map(|key| (key, Arc::clone(&failure))));
            continue;
        }
        let other = keys.split_off(keys.len() / 2);
        for half in [keys, other] {
            match read(half.clone()).await {
                Ok(found) => rows.extend(found),
                Err(error) => {
                    unavailable = is_unavailable(&error);
                    parts.push((half, Arc::new(error)));
                }
            }
        }
    }
    Found::Some(rows, failed)
}

fn is_unavailable(error: &Error) -> bool {
    matches!(error, Error::Busy(_) | Error::Unavailable(_))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use anyhow::anyhow;

    use super::*;

    /// Reads `count` keys of which the bad ones fail their statement. Returns the keys that failed, and how many statements it took.
    async fn read(count: u32, bad: &[u32], error: fn() -> Error) -> (Vec<u32>, u32) {
        let statements = Cell::new(0);
        let read = |keys: Vec<u32>| {
            statements.set(statements.get() + 1);
            let fails = keys.iter().any(|key| bad.contains(key));
            std::future::ready(if fails { Err(error()) } else { Ok(keys.into_iter().map(|key| (key, key)).collect()) })
        };
        let keys: HashSet<u32> = (0..count).collect();
        let found = read_or_bisect(keys, read((0..count).collect()), read).await;
        let failed = (0..count).filter(|key| found.answer(key).is_err()).collect();
        (failed, statements.get())
    }

    #[tokio::test]
    async fn only_bad_keys_fail() {
        let bug = || Error::Internal(anyhow!("a bad key"));
        assert_eq!(read(500, &[], bug).await, (vec![], 1));
        let (failed, statements) = read(500, &[77], bug).await;
        assert_eq!(failed, [77]);
        assert!(statements <= 19, "{statements} statements");
        let (failed, statements) = read(64, &[0, 1, 40, 63], bug).await;
        assert_eq!(failed, [0, 1, 40, 63]);
        assert!(statements < 64, "{statements} statements");
        assert_eq!(read(1, &[0], bug).await, (vec![0], 1), "one key is not read twice");
    }

    #[tokio::test]
    async fn an_unavailable_database_is_not_read_again() {
        let unavailable = || Error::Unavailable(anyhow!("away"));
        assert_eq!(read(4, &[2], unavailable).await, (vec![0, 1, 2, 3], 1));
    }
}
