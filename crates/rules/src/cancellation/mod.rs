//! Refunds of canceled bookings.
//!
//! On confirmation the policy is frozen as refund tiers; the preview and the real cancellation both use `refund_at`. Decisions that the
//! policies leave open:
//!
//! - "5 days before" is the same time of day by the listing's wall clock, 5 days earlier; "24 hours before" is 24 elapsed hours, even when
//!   clocks change. The instant itself has the better refund.
//! - Hours after booking are counted from the confirmation.
//! - A night is stayed at the check-out time of the next day.
//! - The value of a night is its own price, with its share of the length discount and the extra-guest fee, by largest remainder.
//! - Cleaning and pet fees are refunded in full until check-in, under every policy, and not at all after it.
//! - The service fee is refunded only with a full refund; taxes are refunded in proportion to the host's charges.
//! - From 28 nights on, `Strict` becomes `StrictLongTerm`, and every other policy `FirmLongTerm`.

mod lines;
mod paid_parts;

use chrono::Duration;
pub use lines::{payout_after, refund_lines};
use paid_parts::Parts;

use super::{
    money::half_even,
    rule_sets::{Before, FullRefund, Retained, RuleSet},
    timezones::{Zone, days_before},
};
use types::{CancellationPolicy, Currency, PriceLine, RefundTier, Stay, Timestamp};

/// Everything that determines refunds.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// The rules that priced the stay.
    pub rules: &'a RuleSet,
    /// The listing's policy, or the result of `applicable`.
    pub policy: CancellationPolicy,
    /// The nights.
    pub stay: Stay,
    /// Time zone of the listing.
    pub zone: &'a Zone,
    /// Instant of the earliest arrival.
    pub check_in_at: Timestamp,
    /// Instant of the latest departure.
    pub check_out_at: Timestamp,
    /// When the booking was confirmed; for a quote, now.
    pub confirmed_at: Timestamp,
    /// Currency of the lines.
    pub currency: Currency,
    /// What the guest paid, as quoted.
    pub lines: &'a [PriceLine],
}

/// The policy that applies to a stay of so many nights at a listing with this policy. Idempotent.
pub fn applicable(policy: CancellationPolicy, nights: u32, rules: &RuleSet) -> CancellationPolicy {
    use CancellationPolicy::{Firm, FirmLongTerm, Strict, StrictLongTerm};
    match (policy, nights >= rules.long_term_from) {
        (Strict | StrictLongTerm, true) => StrictLongTerm,
        (_, true) => FirmLongTerm,
        (StrictLongTerm, false) => Strict,
        (FirmLongTerm, false) => Firm,
        (short, false) => short,
    }
}

/// The refund tiers of a booking, in order; they cover all time without gap or overlap.
pub fn timeline(terms: &Terms<'_>) -> Vec<RefundTier> {
    let rule = terms.rules.policy(applicable(terms.policy, terms.stay.len(), terms.rules));
    let parts = Parts::of(terms.lines, terms.stay.len());
    let mut tiers = Tiers::default();
    tiers.until(full_until(terms, rule.full), parts.total());
    if let Some(days) = rule.half_until_days {
        let half = half_even(i128::from(parts.nights_from(0)), 2);
        tiers.until(before(terms, Before::Days(days)), parts.refund(half, true));
    }
    tiers.until(terms.check_in_at, parts.refund(nights_refund(&parts, rule.late, 0), true));
    for stayed in 0..terms.stay.len() {
        let refund = parts.refund(nights_refund(&parts, rule.late, stayed), false);
        tiers.until(stayed_at(terms, stayed + 1), refund);
    }
    tiers.end(0)
}

/// The refund of a cancellation at `at`, in minor units, both for previews and for real cancellations.
pub fn refund_at(tiers: &[RefundTier], at: Timestamp) -> i64 {
    tiers
        .iter()
        .filter(|tier| tier.from.is_none_or(|from| from <= at) && tier.until.is_none_or(|until| at <= until))
        .map(|tier| tier.refund)
        .max()
        .unwrap_or(0)
}

/// The host's fee for canceling at `at`, in minor units: a part of the host's charges for the stay, close to and after check-in a part of
/// the nights not stayed, and at least the minimum. A time exactly on a limit has the greater fee.
pub fn host_fee(terms: &Terms<'_>, at: Timestamp) -> i64 {
    let fees = terms.rules.host_cancellation;
    let parts = Parts::of(terms.lines, terms.stay.len());
    let (value, percent) = if at < before(terms, Before::Days(fees.early_days)) {
        (parts.subtotal(), fees.early_percent)
    } else if at < before(terms, fees.middle) {
        (parts.subtotal(), fees.middle_percent)
    } else {
        let stayed = (1..=terms.stay.len()).filter(|&nights| stayed_at(terms, nights) < at).count();
        (parts.nights_from(stayed), fees.late_percent)
    };
    let fee = half_even(i128::from(value) * i128::from(percent), 100);
    // At most the value of the stay, or the minimum: both fit.
    (fee as i64).max(fees.minimum * 10_i64.pow(terms.currency.decimals()))
}

/// The instant at which so many nights are stayed.
fn stayed_at(terms: &Terms<'_>, nights: u32) -> Timestamp {
    let left = terms.stay.len().saturating_sub(nights);
    days_before(terms.zone, terms.check_out_at, left)
}

/// The instant that is `before` check-in.
fn before(terms: &Terms<'_>, span: Before) -> Timestamp {
    match span {
        Before::Hours(hours) => terms.check_in_at - Duration::hours(hours.into()),
        Before::Days(days) => days_before(terms.zone, terms.check_in_at, days),
    }
}

fn full_until(terms: &Terms<'_>, rule: FullRefund) -> Timestamp {
    let after_booking = |hours: u32| terms.confirmed_at + Duration::hours(i64::from(hours));
    let by_policy = match rule {
        FullRefund::Until(span) => before(terms, span),
        FullRefund::AfterBooking { hours, days } => after_booking(hours).min(before(terms, Before::Days(days))),
    };
    if terms.confirmed_at <= before(terms, Before::Days(terms.rules.grace_days_before)) {
        by_policy.max(after_booking(terms.rules.grace_hours))
    } else {
        by_policy
    }
}

/// The refund of the nights when so many were stayed, after the periods of full and half refunds.
fn nights_refund(parts: &Parts, late: Retained, stayed: u32) -> i128 {
    match late {
        Retained::All => 0,
        Retained::Stayed { and, percent_of_rest } => {
            let rest = i128::from(parts.nights_from((stayed + and) as usize));
            half_even(rest * i128::from(100 - percent_of_rest), 100)
        }
    }
}

/// Builds tiers: each begins where the previous one ended.
#[derive(Default)]
struct Tiers(Vec<RefundTier>);

impl Tiers {
    /// Adds a tier with `refund` until `until`. No tier if the previous one ends later.
    fn until(&mut self, until: Timestamp, refund: i64) {
        let from = self.0.last().and_then(|tier| tier.until);
        if from.is_some_and(|from| until <= from) {
            return;
        }
        match self.0.last_mut().filter(|tier| tier.refund == refund) {
            Some(same) => same.until = Some(until),
            None => self.0.push(RefundTier { from, until: Some(until), refund }),
        }
    }

    /// Adds the last tier, with `refund` and no end.
    fn end(mut self, refund: i64) -> Vec<RefundTier> {
        match self.0.last_mut().filter(|tier| tier.refund == refund) {
            Some(same) => same.until = None,
            None => {
                let from = self.0.last().and_then(|tier| tier.until);
                self.0.push(RefundTier { from, until: None, refund });
            }
        }
        self.0
    }
}

#[cfg(test)]
mod tests;
