//! A document of a provider, read again when it is old. One caller at a time reads; the others wait for it.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::Duration;
use types::Timestamp;

use super::IdentityError;

/// How long after a failure callers fail at once: a provider that does not respond must not make every sign-in wait.
const PAUSE: Duration = Duration::seconds(5);

/// The document, and when it was read.
pub(super) struct Cached<T> {
    value: Mutex<Option<(Timestamp, Arc<T>)>>,
    /// Held by the caller who reads. When reading last failed.
    reading: tokio::sync::Mutex<Option<Timestamp>>,
    max_age: Duration,
}

impl<T> Cached<T> {
    /// A document that is used for at most `max_age`.
    pub(super) fn new(max_age: Duration) -> Self {
        Self { value: Mutex::new(None), reading: tokio::sync::Mutex::new(None), max_age }
    }

    /// The document, read with `read` if it is too old.
    ///
    /// # Errors
    /// Why it cannot be read, also for a short time after it could not be.
    pub(super) async fn get(
        &self,
        now: Timestamp,
        read: impl Future<Output = Result<T, IdentityError>>,
    ) -> Result<Arc<T>, IdentityError> {
        self.younger_than(self.max_age, now, read).await
    }

    /// The document, read again if it is older than `age`.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub(super) async fn younger_than(
        &self,
        age: Duration,
        now: Timestamp,
        read: impl Future<Output = Result<T, IdentityError>>,
    ) -> Result<Arc<T>, IdentityError> {
        if let Some(value) = self.fresh(age, now) {
            return Ok(value);
        }
        let mut failed_at = self.reading.lock().await;
        if let Some(value) = self.fresh(age, now) {
            return Ok(value);
        }
        if failed_at.is_some_and(|at| at <= now && now < at + PAUSE) {
            return Err(IdentityError::unavailable("it did not respond a moment ago"));
        }
        match read.await {
            Ok(value) => {
                let value = Arc::new(value);
                *failed_at = None;
                *self.value.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, Arc::clone(&value)));
                Ok(value)
            }
            Err(error) => {
                *failed_at = Some(now);
                Err(error)
            }
        }
    }

    fn fresh(&self, age: Duration, now: Timestamp) -> Option<Arc<T>> {
        let value = self.value.lock().unwrap_or_else(PoisonError::into_inner);
        value.as_ref().filter(|(read_at, _)| now < *read_at + age).map(|(_, value)| Arc::clone(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        chrono::DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap().into()
    }

    fn failure() -> Result<u32, IdentityError> {
        Err(IdentityError::unavailable("away"))
    }

    #[tokio::test]
    async fn a_document_is_read_again_when_it_is_old() {
        let cached = Cached::new(Duration::seconds(60));
        assert_eq!(*cached.get(at(0), async { Ok(1) }).await.unwrap(), 1);
        assert_eq!(*cached.get(at(59), async { Ok(2) }).await.unwrap(), 1);
        assert_eq!(*cached.get(at(60), async { Ok(3) }).await.unwrap(), 3);
        assert_eq!(*cached.younger_than(Duration::seconds(10), at(69), async { Ok(4) }).await.unwrap(), 3);
        assert_eq!(*cached.younger_than(Duration::seconds(10), at(70), async { Ok(5) }).await.unwrap(), 5);
    }

    #[tokio::test]
    async fn callers_fail_at_once_for_a_short_time_after_a_failure() {
        let cached = Cached::new(Duration::seconds(60));
        assert_eq!(cached.get(at(0), async { failure() }).await, failure().map(Arc::new));
        let error = cached.get(at(4), async { Ok(1) }).await.unwrap_err();
        assert_eq!(error, IdentityError::unavailable("it did not respond a moment ago"));
        assert_eq!(*cached.get(at(5), async { Ok(2) }).await.unwrap(), 2);
    }
}
