//! Pricing: the price of a stay as a function of rates, nights, guests and a rule set.
//!
//! Amounts are in minor units of the listing's currency. Each line is rounded once, half-even; the lines sum exactly to the total.

mod line_texts;

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, Weekday};

use super::{
    money::{checked, share},
    rule_sets::{RuleSet, TaxKind, TaxRule},
};
use types::{Currency, Guests, PriceLine, PriceLineKind, Stay};

/// The rates of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rates {
    /// Currency of all amounts.
    pub currency: Currency,
    /// A night.
    pub base: i64,
    /// A night that begins on Friday or Saturday; `None`: as `base`.
    pub weekend: Option<i64>,
    /// Once per stay; 0: none.
    pub cleaning_fee: i64,
    /// Per guest above `guests_included` and night; 0: none.
    pub extra_guest_fee: i64,
    /// Guests that the nightly price includes.
    pub guests_included: u16,
    /// Once per stay with pets; 0: none.
    pub pet_fee: i64,
    /// Percent off the nights of stays from 7 nights, below 100.
    pub weekly_discount: u16,
    /// Percent off the nights of stays from 28 nights, below 100.
    pub monthly_discount: u16,
}

/// Prices of single nights, which override the listing's.
pub type Overrides = BTreeMap<NaiveDate, i64>;

/// A stay with its price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedStay {
    /// The currency of all amounts.
    pub currency: Currency,
    /// The lines of the price, in order.
    pub lines: Vec<PriceLine>,
    /// What the host charges: nights, discount and fees.
    pub subtotal: i64,
    /// The platform's fee for the guest; one of the lines.
    pub service_fee: i64,
    /// What the guest pays: the sum of the lines.
    pub total: i64,
    /// What the host earns: the subtotal without the host's fee.
    pub host_payout: i64,
}

/// Why a stay has no price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PricingError {
    /// An amount exceeds what JavaScript represents exactly.
    #[error("the price is too high")]
    TooGreat,
    /// A price below one minor unit, a fee below zero or a discount of 100 percent and more.
    #[error("the listing's prices are out of range")]
    RatesOutOfRange,
}

/// How the amount of one kind of line changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference {
    /// Which line; several taxes count as one.
    pub kind: PriceLineKind,
    /// Minor units before; `None`: the line is new.
    pub before: Option<i64>,
    /// Minor units now; `None`: the line is gone.
    pub after: Option<i64>,
}

/// The price of one night before fees and discounts: its own, else the weekend price, else the base price.
pub fn nightly(rates: &Rates, own: Option<i64>, night: NaiveDate) -> i64 {
    let is_weekend = matches!(night.weekday(), Weekday::Fri | Weekday::Sat);
    own.or(rates.weekend.filter(|_| is_weekend)).unwrap_or(rates.base)
}

/// The price of `stay` for `guests`. If both length discounts apply, the greater counts.
pub fn price(
    rates: &Rates,
    overrides: &Overrides,
    stay: Stay,
    guests: Guests,
    rules: &RuleSet,
) -> Result<PricedStay, PricingError> {
    check(rates, overrides, stay)?;
    let mut lines = host_lines(rates, overrides, stay, guests, rules)?;
    let subtotal = sum(&lines)?;
    let service_fee = amount(share(subtotal, rules.service_fee))?;
    if service_fee != 0 {
        let basis = line_texts::share_of(rules.service_fee, subtotal, rates.currency);
        lines.push(line(PriceLineKind::ServiceFee, "Service fee".to_owned(), service_fee, Some(basis)));
    }
    for tax in rules.taxes {
        lines.extend(tax_line(tax, subtotal, stay, guests, rates.currency)?);
    }
    let host_payout = amount(i128::from(subtotal) - share(subtotal, rules.host_fee))?;
    let total = sum(&lines)?;
    Ok(PricedStay { currency: rates.currency, lines, subtotal, service_fee, total, host_payout })
}

/// Pairs of `before` and `after`, by kind, in the order of the old lines and then the new ones.
pub fn pairs(before: &[PriceLine], after: &[PriceLine]) -> Vec<Difference> {
    let sum_of = |lines: &[PriceLine], kind| {
        lines.iter().filter(|line| line.kind == kind).map(|line| line.amount).reduce(|a, b| a.saturating_add(b))
    };
    let mut kinds: Vec<PriceLineKind> = Vec::new();
    for line in before.iter().chain(after) {
        if !kinds.contains(&line.kind) {
            kinds.push(line.kind);
        }
    }
    kinds
        .into_iter()
        .map(|kind| Difference { kind, before: sum_of(before, kind), after: sum_of(after, kind) })
        .collect()
}

fn check(rates: &Rates, overrides: &Overrides, stay: Stay) -> Result<(), PricingError> {
    let fees = [rates.cleaning_fee, rates.extra_guest_fee, rates.pet_fee];
    let mut own = overrides.range(stay.check_in()..stay.check_out()).map(|(_, &price)| price);
    let in_range = rates.base > 0
        && rates.weekend.is_none_or(|price| price > 0)
        && own.all(|price| price > 0)
        && fees.iter().all(|&fee| fee >= 0)
        && rates.weekly_discount < 100
        && rates.monthly_discount < 100;
    in_range.then_some(()).ok_or(PricingError::RatesOutOfRange)
}

fn line(kind: PriceLineKind, title: String, amount: i64, basis: Option<String>) -> PriceLine {
    PriceLine { kind, title, amount, basis, nightly: Vec::new() }
}

fn amount(exact: i128) -> Result<i64, PricingError> {
    checked(exact).ok_or(PricingError::TooGreat)
}

fn sum(lines: &[PriceLine]) -> Result<i64, PricingError> {
    amount(lines.iter().map(|line| i128::from(line.amount)).sum())
}

/// What the host charges, line by line.
fn host_lines(
    rates: &Rates,
    overrides: &Overrides,
    stay: Stay,
    guests: Guests,
    rules: &RuleSet,
) -> Result<Vec<PriceLine>, PricingError> {
    let nights = stay.len();
    let nightly: Vec<i64> =
        stay.nights().map(|night| self::nightly(rates, overrides.get(&night).copied(), night)).collect();
    let of_nights = amount(nightly.iter().map(|&price| i128::from(price)).sum())?;
    let basis = line_texts::nightly_prices(&nightly, rates.currency);
    let mut lines = vec![PriceLine {
        nightly,
        ..line(PriceLineKind::Nights, line_texts::count(nights, "night", "nights"), of_nights, Some(basis))
    }];
    lines.extend(discount(rates, nights, of_nights, rules)?);
    let extra = guests.count().saturating_sub(rates.guests_included);
    if extra > 0 && rates.extra_guest_fee > 0 {
        let fee = amount(i128::from(rates.extra_guest_fee) * i128::from(extra) * i128::from(nights))?;
        let title = line_texts::count(u32::from(extra), "extra guest", "extra guests");
        let basis = line_texts::per_guest_night(extra, nights, rates.extra_guest_fee, rates.currency);
        lines.push(line(PriceLineKind::ExtraGuestFee, title, fee, Some(basis)));
    }
    if rates.cleaning_fee > 0 {
        let fee = amount(i128::from(rates.cleaning_fee))?;
        lines.push(line(PriceLineKind::CleaningFee, "Cleaning".to_owned(), fee, None));
    }
    if guests.pets > 0 && rates.pet_fee > 0 {
        lines.push(line(PriceLineKind::PetFee, "Pets".to_owned(), amount(i128::from(rates.pet_fee))?, None));
    }
    Ok(lines)
}

fn discount(rates: &Rates, nights: u32, of_nights: i64, rules: &RuleSet) -> Result<Option<PriceLine>, PricingError> {
    let monthly = (nights >= rules.monthly_from).then_some((rates.monthly_discount, "Monthly discount"));
    let weekly = (nights >= rules.weekly_from).then_some((rates.weekly_discount, "Weekly discount"));
    // Of equal ones `max_by_key` takes the last.
    let Some((percent, title)) = weekly.into_iter().chain(monthly).max_by_key(|&(percent, _)| percent) else {
        return Ok(None);
    };
    let basis_points = u32::from(percent) * 100;
    let off = amount(share(of_nights, basis_points))?;
    Ok((off > 0).then(|| {
        let basis = line_texts::share_of(basis_points, of_nights, rates.currency);
        line(PriceLineKind::LengthDiscount, title.to_owned(), -off, Some(basis))
    }))
}

fn tax_line(
    tax: &TaxRule,
    subtotal: i64,
    stay: Stay,
    guests: Guests,
    currency: Currency,
) -> Result<Option<PriceLine>, PricingError> {
    let nights = stay.len();
    if tax.exempt_from_nights.is_some_and(|from| nights >= from) {
        return Ok(None);
    }
    let (exact, basis) = match tax.kind {
        TaxKind::Percent(points) => (share(subtotal, points), line_texts::share_of(points, subtotal, currency)),
        TaxKind::PerGuest(fee) => (
            i128::from(fee) * i128::from(guests.count()),
            line_texts::times(&line_texts::count(u32::from(guests.count()), "guest", "guests"), fee, currency),
        ),
        TaxKind::PerNight(fee) => (
            i128::from(fee) * i128::from(nights),
            line_texts::times(&line_texts::count(nights, "night", "nights"), fee, currency),
        ),
        TaxKind::PerGuestNight(fee) => (
            i128::from(fee) * i128::from(guests.count()) * i128::from(nights),
            line_texts::per_guest_night(guests.count(), nights, fee, currency),
        ),
    };
    let amount = amount(exact)?;
    Ok((amount != 0).then(|| line(PriceLineKind::Tax, tax.name.to_owned(), amount, Some(basis))))
}

#[cfg(test)]
mod tests;
