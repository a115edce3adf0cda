//! Clients that close their connection while they are answered.
//!
//! The web server notices them only when it has something to write. An event stream may have nothing to write for long, so the
//! connection itself tells it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::admission::Admitted;
use super::inflow::Inflow;

/// The open connections, by the address of the peer.
#[derive(Default)]
pub(super) struct Departures(Mutex<HashMap<SocketAddr, Open>>);

struct Open {
    has_left: watch::Receiver<bool>,
    inflow: Inflow,
    /// Its part of the connections that requests may have.
    admitted: Option<Admitted>,
}

/// One connection as long as it is open.
pub(super) struct Presence {
    departures: Arc<Departures>,
    peer: SocketAddr,
    has_left: watch::Sender<bool>,
}

impl Departures {
    /// Remembers a connection.
    pub fn arrive(self: &Arc<Self>, peer: SocketAddr, admitted: Option<Admitted>, inflow: Inflow) -> Presence {
        let (has_left, receiver) = watch::channel(false);
        self.open().insert(peer, Open { has_left: receiver, inflow, admitted });
        Presence { departures: Arc::clone(self), peer, has_left }
    }

    /// Turns true, or ends, once the client on a connection has left. None: the connection is gone already.
    pub fn of(&self, peer: SocketAddr) -> Option<watch::Receiver<bool>> {
        self.open().get(&peer).map(|open| open.has_left.clone())
    }

    /// What a connection has received that was not read yet.
    pub fn inflow(&self, peer: SocketAddr) -> Option<Inflow> {
        self.open().get(&peer).map(|open| open.inflow.clone())
    }

    /// The connection is a websocket or event stream from now on, which is counted elsewhere.
    pub fn stays(&self, peer: SocketAddr) {
        if let Some(open) = self.open().get_mut(&peer) {
            open.admitted = None;
        }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<SocketAddr, Open>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Presence {
    /// The client sends nothing more.
    pub fn leave(&self) {
        self.has_left.send_replace(true);
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        let mut open = self.departures.open();
        // The address may already belong to a later connection.
        if open.get(&self.peer).is_some_and(|open| open.has_left.same_channel(&self.has_left.subscribe())) {
            open.remove(&self.peer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_forgotten_when_it_closes_unless_a_later_one_has_its_address() {
        let departures = Arc::new(Departures::default());
        let peer = SocketAddr::from(([192, 0, 2, 1], 4711));
        let first = departures.arrive(peer, None, Inflow::default());
        let watched = departures.of(peer).unwrap();
        assert!(!*watched.borrow());
        first.leave();
        assert!(*watched.borrow());
        let second = departures.arrive(peer, None, Inflow::default());
        drop(first);
        assert!(departures.of(peer).is_some_and(|watched| !*watched.borrow()));
        drop(second);
        assert!(departures.of(peer).is_none());
    }
}
