//! Limits the number of open connections, and of websockets and event streams: in total and per
//! address.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use client_limits::{AddressPrefix, Permit, Quota};
use telemetry::logs;

/// Admits connections up to its limits.
pub(super) struct Admission {
    all: Arc<Semaphore>,
    max: usize,
    by_address: Quota<AddressPrefix>,
}

/// A permit for one connection, released when dropped.
pub(super) struct Admitted {
    _one_of_all: OwnedSemaphorePermit,
    _one_of_address: Option<Permit<AddressPrefix>>,
}

impl Admission {
    pub fn new(max: usize, max_per_address: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(max)), max, by_address: Quota::new(max_per_address) }
    }

    /// Admits one more connection unless there are too many; logs a refusal.
    pub fn enter(&self, address: Option<IpAddr>) -> Option<Admitted> {
        let admitted = self.admit(address);
        if admitted.is_none() {
            let address = AddressPrefix::of(address);
            tracing::warn!(target: logs::SECURITY, event = "connection_refused", %address, "too many connections are open");
        }
        admitted
    }

    /// Like [`Self::enter`], without logging.
    pub fn admit(&self, address: Option<IpAddr>) -> Option<Admitted> {
        let one_of_address = match address {
            Some(_) => Some(self.by_address.acquire(AddressPrefix::of(address))?),
            None => None,
        };
        let one_of_all = Arc::clone(&self.all).try_acquire_owned().ok()?;
        Some(Admitted { _one_of_all: one_of_all, _one_of_address: one_of_address })
    }

    /// The number of open connections.
    pub fn open(&self) -> usize {
        self.max.saturating_sub(self.all.available_permits())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_network_count_as_one() {
        let admission = Admission::new(10, 1);
        let enter = |address: &str| admission.enter(Some(address.parse().unwrap()));
        let (first, other) = (enter("2001:db8::1"), enter("2001:db8:0:1::1"));
        assert!(first.is_some() && other.is_some() && enter("2001:db8::2").is_none());
        let mapped = enter("::ffff:192.0.2.1");
        assert!(mapped.is_some() && enter("192.0.2.1").is_none());
        let unknown = [admission.enter(None), admission.enter(None)];
        assert!(unknown.iter().all(Option::is_some));
        drop(first);
        assert!(enter("2001:db8::2").is_some());
    }
}
