//! Business parameters, by version. Quotes and bookings store the version they were made with, so a change is a new entry in `ALL`, never
//! an edit.

use chrono::NaiveDate;

use types::{CancellationPolicy, RuleSetVersion};

/// One version of all parameters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RuleSet {
    /// Its name.
    pub version: RuleSetVersion,
    /// Day on which it came into force.
    pub since: NaiveDate,
    /// The guest's fee, in basis points of the subtotal.
    pub service_fee: u32,
    /// The host's fee, in basis points of the subtotal.
    pub host_fee: u32,
    /// Taxes, in the order of their lines.
    pub taxes: &'static [TaxRule],
    /// From how many nights the weekly discount applies.
    pub weekly_from: u32,
    /// From how many nights the monthly discount applies.
    pub monthly_from: u32,
    /// Hours after confirmation with a full refund …
    pub grace_hours: u32,
    /// … if confirmation was at least this many days before check-in.
    pub grace_days_before: u32,
    /// From how many nights the long-term policies apply.
    pub long_term_from: u32,
    /// One rule per policy, in the order of `CancellationPolicy::ALL`.
    pub policies: [PolicyRule; 7],
    /// The host's fee for canceling.
    pub host_cancellation: HostCancellation,
}

/// A tax.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TaxRule {
    /// Its name: the title of the line.
    pub name: &'static str,
    /// How it is computed.
    pub kind: TaxKind,
    /// From how many nights a stay is exempt; `None`: never.
    pub exempt_from_nights: Option<u32>,
}

/// How a tax is computed. Fixed amounts are in minor units of the listing's currency.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TaxKind {
    /// In basis points of the subtotal.
    Percent(u32),
    /// For each guest who is counted.
    PerGuest(i64),
    /// For each night.
    PerNight(i64),
    /// For each night of each guest who is counted.
    PerGuestNight(i64),
}

/// The refunds of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PolicyRule {
    /// Which policy.
    pub policy: CancellationPolicy,
    /// Until when the refund is full.
    pub full: FullRefund,
    /// Until how many days before check-in half of the nights are refunded; `None`: there is no such period.
    pub half_until_days: Option<u32>,
    /// What is not refunded after that.
    pub late: Retained,
}

/// How long before check-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// So many elapsed hours, whether or not clocks change meanwhile.
    Hours(u32),
    /// At the same time of day, so many days earlier by the listing's wall clock.
    Days(u32),
}

/// Until when the refund is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FullRefund {
    /// Until so long before check-in.
    Until(Before),
    /// For some hours after the booking, but only until so many days before check-in.
    AfterBooking {
        /// Hours after the booking.
        hours: u32,
        /// Days before check-in.
        days: u32,
    },
}

/// What is not refunded of the nights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retained {
    /// All of them.
    All,
    /// The nights stayed, some more nights, and a part of the rest.
    Stayed {
        /// How many nights more.
        and: u32,
        /// Percent of the remaining nights.
        percent_of_rest: u32,
    },
}

/// The host's fee for canceling, by the time left to check-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HostCancellation {
    /// More than this many days before check-in …
    pub early_days: u32,
    /// … percent of the stay's value.
    pub early_percent: u32,
    /// More than this before check-in …
    pub middle: Before,
    /// … percent of the stay's value.
    pub middle_percent: u32,
    /// After that: percent of the nights not stayed.
    pub late_percent: u32,
    /// At least this, in whole units of the currency.
    pub minimum: i64,
}

const fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    match NaiveDate::from_ymd_opt(year, month, day) {
        Some(date) => date,
        None => panic!("no such day"),
    }
}

const fn rule(
    policy: CancellationPolicy,
    full: FullRefund,
    half_until_days: Option<u32>,
    late: Retained,
) -> PolicyRule {
    PolicyRule { policy, full, half_until_days, late }
}

/// The first rule set.
const FIRST: RuleSet = RuleSet {
    version: RuleSetVersion::January2026,
    since: day(2026, 1, 1),
    service_fee: 1_420,
    host_fee: 300,
    taxes: &[],
    weekly_from: 7,
    monthly_from: 28,
    grace_hours: 24,
    grace_days_before: 7,
    long_term_from: 28,
    policies: {
        use Before::Days;
        use CancellationPolicy::{Firm, FirmLongTerm, Flexible, Limited, Moderate, Strict, StrictLongTerm};
        use FullRefund::{AfterBooking, Until};
        [
            rule(Flexible, Until(Days(1)), None, Retained::Stayed { and: 1, percent_of_rest: 0 }),
            rule(Moderate, Until(Days(5)), None, Retained::Stayed { and: 1, percent_of_rest: 50 }),
            rule(Limited, Until(Days(14)), Some(7), Retained::All),
            rule(Firm, Until(Days(30)), Some(7), Retained::All),
            rule(Strict, AfterBooking { hours: 48, days: 14 }, Some(7), Retained::All),
            rule(FirmLongTerm, Until(Days(30)), None, Retained::Stayed { and: 30, percent_of_rest: 0 }),
            rule(
                StrictLongTerm,
                AfterBooking { hours: 48, days: 28 },
                None,
                Retained::Stayed { and: 30, percent_of_rest: 0 },
            ),
        ]
    },
    host_cancellation: HostCancellation {
        early_days: 30,
        early_percent: 10,
        middle: Before::Days(2),
        middle_percent: 25,
        late_percent: 50,
        minimum: 50,
    },
};

/// All rule sets, in the order of [`RuleSetVersion::ALL`].
static ALL: [RuleSet; RuleSetVersion::ALL.len()] = [
    FIRST,
    // Hours of policies are elapsed hours, even when clocks change.
    RuleSet {
        version: RuleSetVersion::November2026,
        since: day(2026, 11, 26),
        policies: {
            let mut policies = FIRST.policies;
            policies[CancellationPolicy::Flexible as usize].full = FullRefund::Until(Before::Hours(24));
            policies
        },
        host_cancellation: HostCancellation { middle: Before::Hours(48), ..FIRST.host_cancellation },
        ..FIRST
    },
];

impl RuleSet {
    /// The rule set for new prices.
    pub fn current() -> &'static Self {
        let [.., current] = &ALL;
        current
    }

    /// The rule set of this version.
    pub fn of(version: RuleSetVersion) -> &'static Self {
        &ALL[version as usize]
    }

    /// The rule of a policy.
    pub fn policy(&self, policy: CancellationPolicy) -> &PolicyRule {
        &self.policies[policy as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_and_complete() {
        assert!(ALL.is_sorted_by(|a, b| a.since < b.since), "oldest first");
        for set in &ALL {
            assert!(set.version.as_str().len() <= 16, "it fits its column");
            assert_eq!(RuleSet::of(set.version), set);
            for &policy in CancellationPolicy::ALL {
                assert_eq!(set.policy(policy).policy, policy);
            }
        }
    }
}
