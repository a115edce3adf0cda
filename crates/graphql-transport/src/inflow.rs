//! Messages of websockets that have not come to their end. A socket keeps what it has received of one, so that counts as requests that are
//! being read do.

use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::rooms::{Part, Pool};

/// The bytes of each socket that are not counted; and those that are counted at a time.
const STEP: usize = 16 * 1024;
/// The bytes around a message of control: its head and mask.
const AROUND_CONTROL: usize = 6;

/// Why a connection ends whose address sends too much.
pub(super) const TOO_MUCH: &str = "too many unfinished messages come from this address";

/// What a connection has received that was not read yet. Counted once it is a websocket.
#[derive(Clone, Default)]
pub(super) struct Inflow(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    counted: Option<(Arc<[Pool; 2]>, Option<IpAddr>)>,
    bytes: usize,
    parts: Vec<Part>,
}

impl Inflow {
    /// From now on what is received counts for an address, in the pool of long requests.
    pub fn count(&self, pools: Arc<[Pool; 2]>, address: Option<IpAddr>) {
        self.state().counted = Some((pools, address));
    }

    /// So many bytes came in.
    ///
    /// # Errors
    ///
    /// There is no room for them.
    pub fn received(&self, bytes: usize) -> io::Result<()> {
        let mut state = self.state();
        let Some((pools, address)) = state.counted.clone() else { return Ok(()) };
        state.bytes += bytes;
        while state.bytes > (state.parts.len() + 1) * STEP {
            let part = pools[1].try_take(address, STEP).map_err(|_| io::Error::other(TOO_MUCH))?;
            state.parts.push(part);
        }
        Ok(())
    }

    /// A whole message was read.
    pub fn read_message(&self) {
        let mut state = self.state();
        state.bytes = 0;
        state.parts.clear();
    }

    /// A message of control was read, which may stand between the parts of another.
    pub fn read_control(&self, payload: usize) {
        let mut state = self.state();
        state.bytes = state.bytes.saturating_sub(payload + AROUND_CONTROL);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pools() -> Arc<[Pool; 2]> {
        Arc::new([Pool::new(1, 1), Pool::new(64, 32)])
    }

    #[test]
    fn only_messages_that_have_not_ended_take_room() {
        let (pools, address) = (pools(), "192.0.2.1".parse().ok());
        let sockets = [Inflow::default(), Inflow::default()];
        assert!(sockets[0].received(1_000_000).is_ok(), "no websocket yet");
        sockets.iter().for_each(|socket| socket.count(Arc::clone(&pools), address));
        for _ in 0..100 {
            assert!(sockets[0].received(STEP).is_ok());
            sockets[0].read_message();
            assert!(sockets[0].received(100 + AROUND_CONTROL).is_ok());
            sockets[0].read_control(100);
        }
        assert_eq!(pools[1].used(), 0);
        assert!(sockets[0].received(3 * STEP).is_ok());
        sockets[0].read_control(0);
        assert_eq!(sockets[1].received(STEP + 1).unwrap_err().to_string(), TOO_MUCH, "the share is used up");
        let other = Inflow::default();
        other.count(Arc::clone(&pools), "192.0.2.2".parse().ok());
        assert!(other.received(2 * STEP).is_ok());
        drop(sockets);
        assert_eq!(pools[1].used(), 16);
    }
}
