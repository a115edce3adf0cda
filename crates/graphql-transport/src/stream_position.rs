//! Where a stream stands: what resolvers and the wire tell each other.

use std::sync::{Mutex, PoisonError};

/// Where a stream stands. A resolver finds it in the data of its operation.
#[derive(Debug, Default)]
pub struct StreamPosition {
    resume_after: Option<String>,
    reached: Mutex<Option<String>>,
}

impl StreamPosition {
    /// A stream that begins after this cursor, whatever its arguments say.
    pub fn resuming(after: Option<String>) -> Self {
        Self { resume_after: after, reached: Mutex::new(None) }
    }

    /// The cursor to begin after instead of that in the arguments.
    pub fn resume_after(&self) -> Option<&str> {
        self.resume_after.as_deref()
    }

    /// The stream gives the event with this cursor next.
    pub fn reached(&self, cursor: String) {
        *self.reached.lock().unwrap_or_else(PoisonError::into_inner) = Some(cursor);
    }

    /// The cursor of the event that was given last, once.
    pub fn take_reached(&self) -> Option<String> {
        self.reached.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
