//! The open connections, to detect clients that disconnect during a response.
//!
//! The web server detects them only when it writes. An event stream may have nothing to write for a
//! long time, so the connection itself reports it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::admission::AdmissionPermit;
use super::unread_bytes::UnreadBytes;

/// The open connections, by the address of the client.
#[derive(Default)]
pub(super) struct OpenConnections(Mutex<HashMap<SocketAddr, OpenConnection>>);

struct OpenConnection {
    is_closed: watch::Receiver<bool>,
    unread_bytes: UnreadBytes,
    /// Its permit among the connections for requests.
    permit: Option<AdmissionPermit>,
}

/// Keeps a connection registered while it is open.
pub(super) struct ConnectionGuard {
    open_connections: Arc<OpenConnections>,
    peer: SocketAddr,
    is_closed: watch::Sender<bool>,
}

impl OpenConnections {
    /// Registers a connection.
    pub fn register(
        self: &Arc<Self>,
        peer: SocketAddr,
        permit: Option<AdmissionPermit>,
        unread_bytes: UnreadBytes,
    ) -> ConnectionGuard {
        let (is_closed, receiver) = watch::channel(false);
        self.connections().insert(peer, OpenConnection { is_closed: receiver, unread_bytes, permit });
        ConnectionGuard { open_connections: Arc::clone(self), peer, is_closed }
    }

    /// A signal that becomes true, or closes, when the client has disconnected; none if the
    /// connection is already closed.
    pub fn closed_signal(&self, peer: SocketAddr) -> Option<watch::Receiver<bool>> {
        self.connections().get(&peer).map(|open| open.is_closed.clone())
    }

    /// The received bytes of a connection that were not read yet.
    pub fn unread_bytes(&self, peer: SocketAddr) -> Option<UnreadBytes> {
        self.connections().get(&peer).map(|open| open.unread_bytes.clone())
    }

    /// Releases the permit of a connection that has become a websocket or event stream, which is
    /// counted separately.
    pub fn release_permit(&self, peer: SocketAddr) {
        if let Some(open) = self.connections().get_mut(&peer) {
            open.permit = None;
        }
    }

    fn connections(&self) -> MutexGuard<'_, HashMap<SocketAddr, OpenConnection>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ConnectionGuard {
    /// Reports that the client sends nothing more.
    pub fn mark_closed(&self) {
        self.is_closed.send_replace(true);
    }
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        let mut connections = self.open_connections.connections();
        // A later connection may have the same address already.
        if connections.get(&self.peer).is_some_and(|open| open.is_closed.same_channel(&self.is_closed.subscribe())) {
            connections.remove(&self.peer);
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
        let closed = open_connections.closed_signal(peer).unwrap();
        assert!(!*closed.borrow());
        first.mark_closed();
        assert!(*closed.borrow());
        let second = open_connections.register(peer, None, UnreadBytes::default());
        drop(first);
        assert!(open_connections.closed_signal(peer).is_some_and(|closed| !*closed.borrow()));
        drop(second);
        assert!(open_connections.closed_signal(peer).is_none());
    }
}
