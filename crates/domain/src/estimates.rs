//! Price estimates of stays, for any viewer. Computed like a quote, but neither stored nor guaranteed.

use super::{
    calendar::{
        self, NightExceptions,
        restrictions::{self, Violation},
    },
    listings::{self, Listing},
    pricing::{self, PricedStay},
    rule_sets::RuleSet,
};
use types::{Guests, Stay, TimeZones, Timestamp, error::Result};

/// A stay with its price, or with the reasons why it cannot be booked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Estimate {
    /// Its price; `None`: it cannot be booked.
    pub price: Option<PricedStay>,
    /// The rules that it breaks; none: it can be booked.
    pub violations: Vec<Violation>,
}

/// The estimate of `stay` at `listing`, with its nights in `exceptions`, at `now`. The same for every viewer, including the host.
///
/// # Errors
/// When the listing's row names no time zone.
pub fn of(
    zones: &TimeZones,
    listing: &Listing,
    exceptions: &NightExceptions,
    stay: Stay,
    guests: Guests,
    now: Timestamp,
) -> Result<Estimate> {
    let calendar = calendar::of_listing(zones, listing, exceptions, now, false)?;
    let mut violations = restrictions::violations(&calendar, stay, guests);
    let (rates, overrides) = (listings::rates(listing), restrictions::overrides(&calendar));
    let price = match pricing::price(&rates, &overrides, stay, guests, RuleSet::current()) {
        Ok(price) => Some(price).filter(|_| violations.is_empty()),
        Err(_) => {
            violations.push(restrictions::without_price(&calendar));
            None
        }
    };
    Ok(Estimate { price, violations: restrictions::each_rule_once(violations) })
}
