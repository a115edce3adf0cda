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
pub(super) struct AdmissionPermit {
    _total: OwnedSemaphorePermit,
    _of_address: Option<Permit<AddressPrefix>>,
}

impl Admission {
    pub fn new(max: usize, max_per_address: usize) -> Self {
        Self { all: Arc::new(Semaphore::new(max)), max, by_address: Quota::new(max_per_address) }
    }

    /// Admits one more connection unless there are too many; logs a refusal.
    pub fn admit(&self, address: Option<IpAddr>) -> Option<AdmissionPermit> {
        let permit = self.try_admit(address);
        if permit.is_none() {
            let address = AddressPrefix::of(address);
            tracing::warn!(target: logs::SECURITY, event = "connection_refused", %address, "too many connections are open");
        }
        permit
    }

    /// Like [`Self::admit`], without logging.
    pub fn try_admit(&self, address: Option<IpAddr>) -> Option<AdmissionPermit> {
        let of_address = match address {
            Some(_) => Some(self.by_address.acquire(AddressPrefix::of(address))?),
            None => None,
        };
        let total = Arc::clone(&self.all).try_acquire_owned().ok()?;
        Some(AdmissionPermit { _total: total, _of_address: of_address })
    }

    /// The number of open connections.
    pub fn open_count(&self) -> usize {
        self.max.saturating_sub(self.all.available_permits())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_network_count_as_one() {
        let admission = Admission::new(10, 1);
        let admit = |address: &str| admission.admit(Some(address.parse().unwrap()));
        let (first, other) = (admit("2001:db8::1"), admit("2001:db8:0:1::1"));
        assert!(first.is_some() && other.is_some() && admit("2001:db8::2").is_none());
        let mapped = admit("::ffff:192.0.2.1");
        assert!(mapped.is_some() && admit("192.0.2.1").is_none());
        let unknown = [admission.admit(None), admission.admit(None)];
        assert!(unknown.iter().all(Option::is_some));
        drop(first);
        assert!(admit("2001:db8::2").is_some());
    }
}
