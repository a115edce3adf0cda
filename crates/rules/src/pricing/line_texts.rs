//! Titles and details of price lines.

use crate::money::percent;
use types::{Currency, Money};

/// Up to so many different prices are listed; of more, only the range.
const WRITTEN_OUT: usize = 3;

/// `1 night`, `6 nights`.
pub(super) fn count(number: u32, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// `14.2 % of 650.00`.
pub(super) fn share_of(basis_points: u32, amount: i64, currency: Currency) -> String {
    format!("{} % of {}", percent(basis_points), Money::new(amount, currency).decimal())
}

/// `6 nights × 2.00`.
pub(super) fn times(what: &str, price: i64, currency: Currency) -> String {
    format!("{what} × {}", Money::new(price, currency).decimal())
}

/// `2 guests × 6 nights × 10.00`.
pub(super) fn per_guest_night(guests: u16, nights: u32, price: i64, currency: Currency) -> String {
    let guests = count(u32::from(guests), "guest", "guests");
    times(&format!("{guests} × {}", count(nights, "night", "nights")), price, currency)
}

/// `4 × 100.00 + 2 × 120.00`; with many prices only `80.00 to 120.00 a night`.
pub(super) fn nightly_prices(prices: &[i64], currency: Currency) -> String {
    let mut groups: Vec<(i64, u32)> = Vec::new();
    for &price in prices {
        match groups.iter_mut().find(|(known, _)| *known == price) {
            Some((_, nights)) => *nights += 1,
            None => groups.push((price, 1)),
        }
    }
    let decimal = |price: i64| Money::new(price, currency).decimal();
    if groups.len() > WRITTEN_OUT {
        let least = prices.iter().copied().min().unwrap_or(0);
        let most = prices.iter().copied().max().unwrap_or(0);
        return format!("{} to {} a night", decimal(least), decimal(most));
    }
    let parts: Vec<String> = groups.iter().map(|&(price, nights)| format!("{nights} × {}", decimal(price))).collect();
    parts.join(" + ")
}
