//! Counts the bytes of incomplete websocket messages. A socket buffers them, so they count like
//! requests that are being read.

use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::memory_pool::{MemoryPool, MemoryShare};

/// Bytes of each socket that are not counted, and the step in which further ones are.
const STEP: usize = 16 * 1024;
/// Bytes of a control message besides its payload: head and mask.
const CONTROL_OVERHEAD: usize = 6;

/// The error of a connection whose address sends too much.
pub(super) const TOO_MANY_BYTES: &str = "too many unfinished messages come from this address";

/// The received bytes of a connection that were not read yet. Counted only for a websocket.
#[derive(Clone, Default)]
pub(super) struct UnreadBytes(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    counted: Option<(Arc<[MemoryPool; 2]>, Option<IpAddr>)>,
    bytes: usize,
    parts: Vec<MemoryShare>,
}

impl UnreadBytes {
    /// Starts counting received bytes for an address, in the pool of long requests.
    pub fn start_counting(&self, pools: Arc<[MemoryPool; 2]>, address: Option<IpAddr>) {
        self.state().counted = Some((pools, address));
    }

    /// Counts received bytes.
    ///
    /// # Errors
    ///
    /// When there is no memory for them.
    pub fn count_received(&self, bytes: usize) -> io::Result<()> {
        let mut state = self.state();
        let Some((pools, address)) = state.counted.clone() else { return Ok(()) };
        state.bytes += bytes;
        while state.bytes > (state.parts.len() + 1) * STEP {
            let part = pools[1].try_acquire(address, STEP).map_err(|_| io::Error::other(TOO_MANY_BYTES))?;
            state.parts.push(part);
        }
        Ok(())
    }

    /// Records that a whole message was read: resets the count.
    pub fn message_read(&self) {
        let mut state = self.state();
        state.bytes = 0;
        state.parts.clear();
    }

    /// Records that a control message was read, which may come between the parts of another
    /// message: subtracts it.
    pub fn control_read(&self, payload: usize) {
        let mut state = self.state();
        state.bytes = state.bytes.saturating_sub(payload + CONTROL_OVERHEAD);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pools() -> Arc<[MemoryPool; 2]> {
        Arc::new([MemoryPool::new(1, 1), MemoryPool::new(64, 32)])
    }

    #[test]
    fn only_incomplete_messages_are_counted() {
        let (pools, address) = (pools(), "192.0.2.1".parse().ok());
        let sockets = [UnreadBytes::default(), UnreadBytes::default()];
        assert!(sockets[0].count_received(1_000_000).is_ok(), "no websocket yet");
        sockets.iter().for_each(|socket| socket.start_counting(Arc::clone(&pools), address));
        for _ in 0..100 {
            assert!(sockets[0].count_received(STEP).is_ok());
            sockets[0].message_read();
            assert!(sockets[0].count_received(100 + CONTROL_OVERHEAD).is_ok());
            sockets[0].control_read(100);
        }
        assert_eq!(pools[1].used(), 0);
        assert!(sockets[0].count_received(3 * STEP).is_ok());
        sockets[0].control_read(0);
        assert_eq!(
            sockets[1].count_received(STEP + 1).unwrap_err().to_string(),
            TOO_MANY_BYTES,
            "the share is used up"
        );
        let other = UnreadBytes::default();
        other.start_counting(Arc::clone(&pools), "192.0.2.2".parse().ok());
        assert!(other.count_received(2 * STEP).is_ok());
        drop(sockets);
        assert_eq!(pools[1].used(), 16);
    }
}
