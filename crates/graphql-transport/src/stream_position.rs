//! The position of a stream, shared by resolvers and the transport.

use std::sync::{Mutex, PoisonError};

/// The position of a stream. A resolver finds it in the data of its operation.
#[derive(Debug, Default)]
pub struct StreamPosition {
    resume_after: Option<String>,
    reached: Mutex<Option<String>>,
}

impl StreamPosition {
    /// A stream that starts after this cursor, whatever its arguments say.
    pub fn resuming(after: Option<String>) -> Self {
        Self { resume_after: after, reached: Mutex::new(None) }
    }

    /// The cursor to start after, instead of the one in the arguments.
    pub fn resume_after(&self) -> Option<&str> {
        self.resume_after.as_deref()
    }

    /// Records that the event with this cursor is sent next.
    pub fn set_reached(&self, cursor: String) {
        *self.reached.lock().unwrap_or_else(PoisonError::into_inner) = Some(cursor);
    }

    /// The cursor of the last event, once.
    pub fn take_reached(&self) -> Option<String> {
        self.reached.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}
