//! Wake-up calls for streams. They carry no news: a stream that is woken reads what is new from the tables, so a call that is
//! lost or comes twice does no harm.

use tokio::sync::broadcast;

use crate::types::{BookingId, UserId};

/// Calls that a slow stream may miss before it is told to look anyway.
const BACKLOG: usize = 1_024;

/// Something happened to a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wake {
    /// The booking.
    pub booking: BookingId,
    /// Its guest.
    pub guest: UserId,
    /// Its host.
    pub host: UserId,
}

/// Wakes the streams of this process.
#[derive(Debug, Clone)]
pub struct Wakes(broadcast::Sender<Wake>);

impl Default for Wakes {
    fn default() -> Self {
        Self(broadcast::Sender::new(BACKLOG))
    }
}

impl Wakes {
    /// Calls every stream that may care.
    pub fn send(&self, wake: Wake) {
        // No stream is listening: nobody to wake.
        let _ = self.0.send(wake);
    }

    /// Whether any stream would hear a call.
    pub fn anybody_listens(&self) -> bool {
        self.0.receiver_count() > 0
    }

    /// The calls from now on.
    pub fn listen(&self) -> broadcast::Receiver<Wake> {
        self.0.subscribe()
    }
}
