//! The open connections, to detect clients that disconnect during a response.
//!
//! The web server detects them only when it writes. An event stream may have nothing to write for a
//! long time, so the connection itself reports it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::admission::Admitted;
use super::unread_bytes::UnreadBytes;

/// The open connections, by the address of the client.
#[derive(Default)]
pub(super) struct OpenConnections(Mutex<HashMap<SocketAddr, Open>>);

struct Open {
    has_left: watch::Receiver<bool>,
    unread_bytes: UnreadBytes,
    /// Its permit among the connections for requests.
    admitted: Option<Admitted>,
}

/// Keeps a connection registered while it is open.
pub(super) struct ConnectionGuard {
    open_connections: Arc<OpenConnections>,
    peer: SocketAddr,
    has_left: watch::Sender<bool>,
}

impl OpenConnections {
    /// Registers a connection.
    pub fn register(
        self: &Arc<Self>,
        peer: SocketAddr,
        admitted: Option<Admitted>,
        unread_bytes: UnreadBytes,
    ) -> ConnectionGuard {
        let (has_left, receiver) = watch::channel(false);
        self.open().insert(peer, Open { has_left: receiver, unread_bytes, admitted });
        ConnectionGuard { open_connections: Arc::clone(self), peer, has_left }
    }

    /// A value that becomes true, or a channel that closes, when the client has disconnected. None:
    /// the connection is already closed.
    pub fn of(&self, peer: SocketAddr) -> Option<watch::Receiver<bool>> {
        self.open().get(&peer).map(|open| open.has_left.clone())
    }

    /// The received bytes of a connection that were not read yet.
    pub fn unread_bytes(&self, peer: SocketAddr) -> Option<UnreadBytes> {
        self.open().get(&peer).map(|open| open.unread_bytes.clone())
    }

    /// Releases the permit of a connection that has become a websocket or event stream, which is
    /// counted separately.
    pub fn release_permit(&self, peer: SocketAddr) {
        if let Some(open) = self.open().get_mut(&peer) {
            open.admitted = None;
        }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<SocketAddr, Open>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConnectionGuard {
    /// Reports that the client sends nothing more.
    pub fn mark_closed(&self) {
        self.has_left.send_replace(true);
    }
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        let mut open = self.open_connections.open();
        // A later connection may have the same address already.
        if open.get(&self.peer).is_some_and(|open| open.has_left.same_channel(&self.has_left.subscribe())) {
            open.remove(&self.peer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_connection_is_removed_unless_a_later_one_has_its_address() {
        let open_connections = Arc::new(OpenConnections::default());
        let peer = SocketAddr::from(([192, 0, 2, 1], 4711));
        let first = open_connections.register(peer, None, UnreadBytes::default());
        let closed = open_connections.of(peer).unwrap();
        assert!(!*closed.borrow());
        first.mark_closed();
        assert!(*closed.borrow());
        let second = open_connections.register(peer, None, UnreadBytes::default());
        drop(first);
        assert!(open_connections.of(peer).is_some_and(|closed| !*closed.borrow()));
        drop(second);
        assert!(open_connections.of(peer).is_none());
    }
}
