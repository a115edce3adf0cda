//! What a stay costs, in the integers of `store::search` and of the rules of pricing, but without the lines.

use std::ops::Range;

use crate::entry::Entry;
use rules::money::half_even;
use store::search::StayTerms;
use types::Money;

/// One more than the greatest amount: greater values are cut to this, so that nothing overflows, and are never found.
const TOO_GREAT: i128 = Money::MAX_MINOR as i128 + 1;

/// Whether the night that begins on a day is one of a Friday or Saturday, by the weekday of day 0, counted from Monday.
pub fn is_weekend(first_weekday: u32, day: u16) -> bool {
    matches!((first_weekday + u32::from(day)) % 7, 4 | 5)
}

/// The total of a stay of these nights; None: it has no price, because it is too great.
pub fn total(entry: &Entry, terms: &StayTerms, nights: Range<u16>, first_weekday: u32) -> Option<i64> {
    let nightly = nightly(entry, terms, nights, first_weekday).min(TOO_GREAT);
    if nightly >= TOO_GREAT {
        return None;
    }
    let discount = half_even(nightly * i128::from(discount(entry, terms)), 100);
    let subtotal = nightly + host_fees(entry, terms) - discount;
    if subtotal >= TOO_GREAT {
        return None;
    }
    let shares = terms.fees.shares.iter().map(|&share| half_even(subtotal * i128::from(share), 10_000));
    let total = subtotal + i128::from(terms.fees.fixed) + shares.sum::<i128>();
    i64::try_from(total).ok().filter(|total| *total <= Money::MAX_MINOR)
}

/// The sum of the nights' prices: each night's own, else the weekend price, else the base price.
fn nightly(entry: &Entry, terms: &StayTerms, nights: Range<u16>, first_weekday: u32) -> i128 {
    let weekends = terms.weekend_nights.min(terms.stay.len());
    let days = terms.stay.len() - weekends;
    let usual =
        i128::from(entry.base_price) * i128::from(days) + i128::from(entry.weekend_price) * i128::from(weekends);
    if !entry.calendar.has_prices() {
        return usual;
    }
    let difference = |night: u16| {
        let own = entry.calendar.price(night)?;
        let price = if is_weekend(first_weekday, night) { entry.weekend_price } else { entry.base_price };
        Some(i128::from(own) - i128::from(price))
    };
    usual + nights.filter_map(difference).sum::<i128>()
}

/// The percent off the nights.
fn discount(entry: &Entry, terms: &StayTerms) -> u16 {
    let weekly = if terms.weekly { entry.weekly_discount } else { 0 };
    let monthly = if terms.monthly { entry.monthly_discount } else { 0 };
    weekly.max(monthly)
}

/// Cleaning, pets and guests above the number included.
fn host_fees(entry: &Entry, terms: &StayTerms) -> i128 {
    let pets = if terms.guests.pets > 0 { entry.pet_fee } else { 0 };
    let extra = terms.guests.count().saturating_sub(entry.guests_included);
    let guests = i128::from(entry.extra_guest_fee) * i128::from(extra) * i128::from(terms.stay.len());
    i128::from(entry.cleaning_fee) + i128::from(pets) + guests
}
