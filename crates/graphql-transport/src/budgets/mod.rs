//! Budgets of viewers and addresses, in units of the contract's costs.
//!
//! Each has a token bucket that is refilled at a fixed rate. An operation takes its cost from it
//! before it runs, and is refused if there is too little.

mod bucket;

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_graphql::{ServerError, Value};

use super::response_body::error;
use bucket::{Buckets, UptimeClock};
use client_limits::{AddressPrefix, Budget};
use governor::clock::Clock;
use graphql_contract::documents::Cost;

/// Bytes of a body whose reading costs one unit.
const BODY_BYTES_PER_UNIT: usize = 1024;
/// Bytes of a document whose preparation costs one unit: parsing, validation and normalization.
const DOCUMENT_BYTES_PER_UNIT: usize = 64;

/// The budgets of addresses and viewers.
#[derive(Clone, Copy, Debug)]
pub struct BudgetSettings {
    /// Of a client address.
    pub address: Budget,
    /// Of a signed-in viewer.
    pub viewer: Budget,
    /// Of a client address, for introspection only.
    pub introspection: Budget,
}

impl Default for BudgetSettings {
    fn default() -> Self {
        Self {
            address: Budget { per_second: 20_000, burst: 200_000 },
            viewer: Budget { per_second: 10_000, burst: 100_000 },
            introspection: Budget { per_second: 50_000, burst: 3_000_000 },
        }
    }
}

/// The client that is charged.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Payer {
    pub address: Option<IpAddr>,
    pub viewer: Option<u128>,
}

/// The buckets of all clients.
pub(super) struct Budgets<C: Clock = UptimeClock> {
    address: Buckets<AddressPrefix, C>,
    viewer: Buckets<u128, C>,
    introspection: Buckets<AddressPrefix, C>,
    /// The number of refusals.
    refusals: AtomicU64,
}

/// A budget is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BudgetExhausted {
    /// The time after which a retry can succeed.
    pub after: Duration,
}

impl Budgets {
    pub fn new(rates: &BudgetSettings) -> Self {
        Self::with_clock(&UptimeClock::default(), rates)
    }
}

impl<C: Clock + Clone> Budgets<C> {
    fn with_clock(clock: &C, rates: &BudgetSettings) -> Self {
        Self {
            address: Buckets::new(rates.address, clock.clone()),
            viewer: Buckets::new(rates.viewer, clock.clone()),
            introspection: Buckets::new(rates.introspection, clock.clone()),
            refusals: AtomicU64::new(0),
        }
    }

    /// Charges the address for a body before it is read, even if the request is refused later.
    ///
    /// # Errors
    ///
    /// When the budget of the address is used up.
    pub fn charge_body(&self, payer: Payer, bytes: usize) -> Result<(), BudgetExhausted> {
        self.charge_address(payer, bytes.div_ceil(BODY_BYTES_PER_UNIT))
    }

    /// Charges the address for a document that is not cached, before it is prepared.
    ///
    /// # Errors
    ///
    /// When the budget of the address is used up.
    pub fn charge_document(&self, payer: Payer, bytes: usize) -> Result<(), BudgetExhausted> {
        self.charge_address(payer, bytes.div_ceil(DOCUMENT_BYTES_PER_UNIT))
    }

    fn charge_address(&self, payer: Payer, units: usize) -> Result<(), BudgetExhausted> {
        let units = units as u64;
        let taken = payer.prefix().map_or(Ok(()), |address| self.address.take(&address, units).map(|_| ()));
        taken.inspect_err(|_| self.count_refusal())
    }

    /// Charges an operation. Returns the rest of the smallest budget that was charged; none if no
    /// budget applies.
    ///
    /// # Errors
    ///
    /// When a budget is used up.
    pub fn charge(&self, payer: Payer, cost: Cost) -> Result<Option<u64>, BudgetExhausted> {
        self.take(payer, cost).inspect_err(|_| self.count_refusal())
    }

    fn count_refusal(&self) {
        self.refusals.fetch_add(1, Ordering::Relaxed);
    }

    /// The number of refusals since the start.
    pub fn refusals(&self) -> u64 {
        self.refusals.load(Ordering::Relaxed)
    }

    fn take(&self, payer: Payer, cost: Cost) -> Result<Option<u64>, BudgetExhausted> {
        let (address, viewer) = (payer.prefix(), payer.viewer);
        // If the viewer's own budget refuses, the budget of the address, which others share, is not
        // charged.
        let of_viewer = viewer.map(|viewer| self.viewer.take(&viewer, cost.requested)).transpose()?.flatten();
        if let Some(address) = address.filter(|_| cost.introspection > 0) {
            self.introspection.take(&address, cost.introspection)?;
        }
        let of_address = address.map(|address| self.address.take(&address, cost.requested)).transpose()?.flatten();
        Ok([of_address, of_viewer].into_iter().flatten().min())
    }

    /// Charges as soon as the budget allows it.
    pub async fn wait(&self, payer: Payer, cost: Cost) {
        while let Err(exhausted) = self.take(payer, cost) {
            tokio::time::sleep(exhausted.after.max(Duration::from_millis(10))).await;
        }
    }
}

impl BudgetExhausted {
    /// Whole seconds until a retry can succeed.
    pub fn seconds(self) -> u64 {
        self.after.as_secs() + u64::from(self.after.subsec_nanos() > 0)
    }

    /// The error for the client.
    pub fn error(self) -> ServerError {
        let seconds = self.seconds().max(1);
        let unit = if seconds == 1 { "second" } else { "seconds" };
        let mut error = error("TOO_MANY_REQUESTS", format!("Too many requests. Try again in {seconds} {unit}."));
        error.extensions.get_or_insert_default().set("retryAfterSeconds", Value::from(seconds));
        error
    }
}

impl Payer {
    /// The prefix of the address; clients with an unknown address are not limited.
    fn prefix(self) -> Option<AddressPrefix> {
        self.address.map(|address| AddressPrefix::of(Some(address)))
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn rates(address: u32, viewer: u32) -> BudgetSettings {
        let budget = |per_second: u32| Budget { per_second, burst: per_second * 10 };
        BudgetSettings { address: budget(address), viewer: budget(viewer), introspection: budget(100) }
    }

    fn payer(address: &str, viewer: Option<u128>) -> Payer {
        Payer { address: address.parse().ok(), viewer }
    }

    fn cost(requested: u64) -> Cost {
        Cost { requested, ..Cost::default() }
    }

    #[test]
    fn a_bucket_is_emptied_and_refilled() {
        let clock = FakeRelativeClock::default();
        let budgets = Budgets::with_clock(&clock, &rates(100, 0));
        let guest = payer("192.0.2.1", None);
        assert_eq!(budgets.charge(guest, cost(400)), Ok(Some(600)));
        assert_eq!(budgets.charge(guest, cost(600)), Ok(Some(0)));
        let exhausted = budgets.charge(guest, cost(250)).unwrap_err();
        assert_eq!(exhausted.seconds(), 3);
        assert_eq!(budgets.charge(payer("192.0.2.2", None), cost(1)), Ok(Some(999)), "others are not affected");
        clock.advance(Duration::from_millis(2_500));
        assert_eq!(budgets.charge(guest, cost(250)), Ok(Some(0)));
        clock.advance(Duration::from_secs(3_600));
        assert_eq!(budgets.charge(guest, cost(1)), Ok(Some(999)), "it never exceeds its capacity");
    }

    #[test]
    fn a_cost_above_the_capacity_empties_the_bucket() {
        let clock = FakeRelativeClock::default();
        let budgets = Budgets::with_clock(&clock, &rates(100, 0));
        let guest = payer("192.0.2.1", None);
        assert_eq!(budgets.charge(guest, cost(5_000)), Ok(Some(0)));
        assert!(budgets.charge(guest, cost(1)).is_err());
    }

    #[test]
    fn an_ipv6_network_is_one_client() {
        let clock = FakeRelativeClock::default();
        let budgets = Budgets::with_clock(&clock, &rates(100, 0));
        assert!(budgets.charge(payer("2001:db8:0:1::1", None), cost(1_000)).is_ok());
        assert!(budgets.charge(payer("2001:db8:0:1:ffff::2", None), cost(1)).is_err());
        assert!(budgets.charge(payer("2001:db8:0:2::1", None), cost(1)).is_ok());
        assert!(budgets.charge(payer("192.0.2.1", None), cost(1_000)).is_ok());
        assert!(budgets.charge(payer("::ffff:192.0.2.1", None), cost(1)).is_err());
    }

    #[test]
    fn a_viewer_has_one_budget_at_all_addresses() {
        let budgets = Budgets::new(&rates(1_000, 100));
        assert_eq!(budgets.charge(payer("192.0.2.1", Some(1)), cost(600)), Ok(Some(400)));
        assert!(budgets.charge(payer("192.0.2.2", Some(1)), cost(600)).is_err());
        assert!(budgets.charge(payer("192.0.2.2", Some(2)), cost(600)).is_ok());
        assert!(budgets.charge(payer("192.0.2.2", None), cost(600)).is_ok());
    }

    #[test]
    fn a_refusal_by_the_viewer_budget_does_not_charge_the_address() {
        let budgets = Budgets::new(&rates(1_000, 100));
        assert!(budgets.charge(payer("192.0.2.1", Some(1)), cost(1_000)).is_ok());
        for _ in 0..100 {
            assert!(budgets.charge(payer("192.0.2.1", Some(1)), cost(1_000)).is_err());
        }
        assert!(
            budgets.charge(payer("192.0.2.1", None), cost(8_000)).is_ok(),
            "the rest is left for others at the address"
        );
    }

    #[test]
    fn introspection_bodies_and_documents_are_charged() {
        let clock = FakeRelativeClock::default();
        let budgets = Budgets::with_clock(&clock, &rates(100, 0));
        let guest = payer("192.0.2.1", None);
        let introspection = Cost { introspection: 600, ..Cost::default() };
        assert!(budgets.charge(guest, introspection).is_ok());
        assert!(budgets.charge(guest, introspection).is_err());
        assert_eq!(budgets.charge(guest, cost(100)), Ok(Some(900)));
        assert!(budgets.charge_body(guest, 799 * 1024).is_ok());
        assert!(budgets.charge_document(guest, 100 * 64).is_ok());
        assert_eq!(budgets.charge_body(guest, 1025).unwrap_err().seconds(), 1);
        assert_eq!(budgets.charge_document(guest, 65).unwrap_err().seconds(), 1);
        assert_eq!(budgets.charge_body(guest, 1024), Ok(()));
    }

    #[tokio::test]
    async fn an_event_waits_until_the_budget_allows_it() {
        let clock = FakeRelativeClock::default();
        let budgets = Budgets::with_clock(&clock, &rates(1_000, 0));
        let guest = payer("192.0.2.1", None);
        budgets.charge(guest, cost(10_000)).unwrap();
        let mut waiting = std::pin::pin!(budgets.wait(guest, cost(10)));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        clock.advance(Duration::from_millis(10));
        waiting.await;
        assert!(budgets.charge(guest, cost(1)).is_err(), "it has been charged");
    }

    #[test]
    fn the_error_says_when_to_retry() {
        let error = BudgetExhausted { after: Duration::from_millis(41_200) }.error();
        assert_eq!(error.message, "Too many requests. Try again in 42 seconds.");
        let json = serde_json::to_value(&error).unwrap();
        assert_eq!(json["extensions"]["retryAfterSeconds"], 42);
        assert_eq!(json["extensions"]["retryable"], true);
    }
}
