mod properties;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};

use super::*;
use crate::timezones;
use types::{PriceLineKind, RuleSetVersion, TimeZones};

const HOUR: i64 = 3_600;

/// A booking to cancel: nights at 100.00 in Singapore, check-in at 15:00 and check-out at 11:00.
#[derive(Debug, Clone)]
struct Case {
    rules: RuleSet,
    policy: CancellationPolicy,
    stay: Stay,
    zone: Zone,
    times: (NaiveTime, NaiveTime),
    confirmed_at: Timestamp,
    currency: Currency,
    lines: Vec<PriceLine>,
}

impl Case {
    fn new(policy: CancellationPolicy, nights: u64) -> Self {
        let check_in: NaiveDate = "2026-07-01".parse().unwrap();
        let case = Self {
            rules: *RuleSet::current(),
            policy,
            stay: Stay::stored(check_in, check_in + Days::new(nights)),
            zone: zone_of("Asia/Singapore"),
            times: ("15:00:00".parse().unwrap(), "11:00:00".parse().unwrap()),
            confirmed_at: "2026-01-01T00:00:00Z".parse::<DateTime<Utc>>().unwrap().into(),
            currency: "SGD".parse().unwrap(),
            lines: vec![line(PriceLineKind::Nights, 10_000 * nights as i64)],
        };
        case.confirmed(-100 * 24 * HOUR)
    }

    fn terms(&self) -> Terms<'_> {
        Terms {
            rules: &self.rules,
            policy: self.policy,
            stay: self.stay,
            zone: &self.zone,
            check_in_at: timezones::check_in_at(&self.zone, self.stay, self.times.0),
            check_out_at: timezones::check_out_at(&self.zone, self.stay, self.times.1),
            confirmed_at: self.confirmed_at,
            currency: self.currency,
            lines: &self.lines,
        }
    }

    /// So many seconds after check-in.
    fn at(&self, seconds: i64) -> Timestamp {
        self.terms().check_in_at + Duration::seconds(seconds)
    }

    /// Confirmed so many seconds after check-in.
    fn confirmed(self, seconds: i64) -> Self {
        Self { confirmed_at: self.at(seconds), ..self }
    }

    /// Fee and refund, in whole units, so many seconds after check-in.
    fn fee_and_refund(&self, seconds: i64) -> (i64, i64) {
        let terms = self.terms();
        let back = refund_at(&timeline(&terms), self.at(seconds));
        let paid: i64 = self.lines.iter().map(|line| line.amount).sum();
        ((paid - back) / 100, back / 100)
    }
}

fn zone_of(name: &str) -> Zone {
    TimeZones::built_in().zone(name).unwrap()
}

fn line(kind: PriceLineKind, amount: i64) -> PriceLine {
    PriceLine { kind, title: kind.as_str().to_owned(), amount, basis: None, nightly: Vec::new() }
}

fn days(days: i64) -> i64 {
    days * 24 * HOUR
}

#[test]
fn guests_are_refunded_by_policy() {
    use CancellationPolicy::{Firm, Flexible, Limited, Moderate, Strict};
    for (policy, at, expected) in [
        (Flexible, -days(1) - 1, (0, 600)),
        (Flexible, -days(1), (0, 600)),
        (Flexible, -days(1) + 1, (100, 500)),
        (Flexible, 0, (100, 500)),
        (Flexible, HOUR, (100, 500)),
        (Flexible, days(2), (300, 300)),
        (Flexible, days(4), (500, 100)),
        (Flexible, days(5), (600, 0)),
        (Flexible, days(50), (600, 0)),
        (Moderate, -days(5) - 1, (0, 600)),
        (Moderate, -days(5), (0, 600)),
        (Moderate, -days(5) + 1, (350, 250)),
        (Moderate, -days(4), (350, 250)),
        (Moderate, days(2), (450, 150)),
        (Moderate, days(5), (600, 0)),
        (Limited, -days(15), (0, 600)),
        (Limited, -days(14), (0, 600)),
        (Limited, -days(14) + 1, (300, 300)),
        (Limited, -days(10), (300, 300)),
        (Limited, -days(7), (300, 300)),
        (Limited, -days(7) + 1, (600, 0)),
        (Limited, -days(6), (600, 0)),
        (Firm, -days(31), (0, 600)),
        (Firm, -days(29), (300, 300)),
        (Firm, -days(6), (600, 0)),
        (Strict, -days(20), (300, 300)),
        (Strict, -days(6), (600, 0)),
    ] {
        assert_eq!(Case::new(policy, 6).fee_and_refund(at), expected, "{policy:?} at {at} s");
    }
}

#[test]
fn a_new_booking_is_refunded_in_full() {
    use CancellationPolicy::{Firm, Limited, Strict};
    for (policy, confirmed, after, expected) in [
        (Firm, -days(8), 23 * HOUR + 59 * 60, (0, 600)),
        (Firm, -days(8), 24 * HOUR, (0, 600)),
        (Firm, -days(8), 24 * HOUR + 1, (600, 0)),
        (Firm, -days(9), 24 * HOUR + 1, (300, 300)),
        (Firm, -days(7), 24 * HOUR, (0, 600)),
        (Firm, -days(7), 24 * HOUR + 1, (600, 0)),
        (Firm, -days(7) + 1, HOUR, (600, 0)),
        (Firm, -days(6), HOUR, (600, 0)),
        (Limited, -days(6), HOUR, (600, 0)),
        (Strict, -days(20), 47 * HOUR, (0, 600)),
        (Strict, -days(20), 48 * HOUR, (0, 600)),
        (Strict, -days(20), 48 * HOUR + 1, (300, 300)),
        (Strict, -days(20), days(12), (300, 300)),
        (Strict, -days(20), days(14), (600, 0)),
        (Strict, -days(15), 24 * HOUR + 1, (300, 300)),
        (Strict, -days(13), 23 * HOUR, (0, 600)),
        (Strict, -days(13), 25 * HOUR, (300, 300)),
    ] {
        let case = Case::new(policy, 6).confirmed(confirmed);
        assert_eq!(case.fee_and_refund(confirmed + after), expected, "{policy:?} {confirmed} + {after} s");
    }
}

#[test]
fn long_stays_have_their_own_policies() {
    use CancellationPolicy::{Firm, FirmLongTerm, Flexible, Limited, Moderate, Strict, StrictLongTerm};
    let rules = RuleSet::current();
    for policy in [Flexible, Moderate, Limited, Firm] {
        assert_eq!(applicable(policy, 27, rules), policy);
        assert_eq!(applicable(policy, 28, rules), FirmLongTerm);
    }
    assert_eq!((applicable(Strict, 27, rules), applicable(Strict, 28, rules)), (Strict, StrictLongTerm));
    assert_eq!((applicable(FirmLongTerm, 3, rules), applicable(StrictLongTerm, 3, rules)), (Firm, Strict));
    for (policy, confirmed, at, expected) in [
        (Strict, -days(60), -days(60) + 40 * HOUR, (0, 3_500)),
        (Strict, -days(60), -days(58) + 1, (3_000, 500)),
        (Strict, -days(60), -days(20), (3_000, 500)),
        (Strict, -days(60), days(2), (3_200, 300)),
        (Strict, -days(60), days(10), (3_500, 0)),
        (Flexible, -days(60), -days(30), (0, 3_500)),
        (Flexible, -days(60), -days(30) + 1, (3_000, 500)),
        (Firm, -days(60), days(4), (3_400, 100)),
        (Firm, -days(60), days(5), (3_500, 0)),
    ] {
        let case = Case::new(policy, 35).confirmed(confirmed);
        assert_eq!(case.fee_and_refund(at), expected, "{policy:?} at {at} s");
    }
    assert_eq!(Case::new(Firm, 28).fee_and_refund(-days(10)), (2_800, 0), "no more is kept than was paid");
}

#[test]
fn hosts_pay_a_fee_for_canceling() {
    let fee = |nights, at| {
        let case = Case::new(CancellationPolicy::Flexible, nights);
        host_fee(&case.terms(), case.at(at))
    };
    for (nights, at, expected) in [
        (6, -days(31), 6_000),
        (6, -days(30) - 1, 6_000),
        (6, -days(30), 15_000),
        (6, -days(10), 15_000),
        (6, -days(2) - 1, 15_000),
        (6, -days(2), 30_000),
        (6, -days(1), 30_000),
        (6, days(2), 20_000),
        (6, days(6), 5_000),
        (2, -days(31), 5_000),
    ] {
        assert_eq!(fee(nights, at), expected, "{nights} nights at {at} s");
    }
    for (currency, expected) in [("JPY", 50), ("EUR", 5_000), ("KWD", 50_000)] {
        let mut case = Case::new(CancellationPolicy::Flexible, 1);
        (case.currency, case.lines) = (currency.parse().unwrap(), vec![line(PriceLineKind::Nights, 100)]);
        assert_eq!(host_fee(&case.terms(), case.at(-days(40))), expected);
    }
}

#[test]
fn a_night_is_stayed_at_the_check_out_time_of_the_next_day() {
    let case = Case::new(CancellationPolicy::Flexible, 6);
    assert_eq!(case.fee_and_refund(20 * HOUR), (100, 500));
    assert_eq!(case.fee_and_refund(20 * HOUR + 1), (200, 400));
}

/// When the full refund ends, in UTC.
fn full_until(rules: RuleSetVersion, policy: CancellationPolicy, zone: &str, check_in: &str, from: &str) -> String {
    let check_in: NaiveDate = check_in.parse().unwrap();
    let case = Case {
        rules: *RuleSet::of(rules),
        zone: zone_of(zone),
        stay: Stay::stored(check_in, check_in + Days::new(2)),
        times: (from.parse().unwrap(), "11:00:00".parse().unwrap()),
        ..Case::new(policy, 2)
    };
    let case = case.confirmed(-days(300));
    timeline(&case.terms())[0].until.unwrap().utc().to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

#[test]
fn cut_offs_in_days_are_local_wall_times() {
    use CancellationPolicy::{Firm, Limited, Moderate};
    for (policy, zone, check_in, from, expected) in [
        // Clocks go forward, then back, between the cut-off and check-in.
        (Moderate, "Europe/Berlin", "2026-03-31", "15:00:00", "2026-03-26T14:00:00Z"),
        (Moderate, "Europe/Berlin", "2026-10-27", "15:00:00", "2026-10-22T13:00:00Z"),
        (Moderate, "America/New_York", "2026-03-10", "15:00:00", "2026-03-05T20:00:00Z"),
        (Limited, "America/New_York", "2026-11-05", "15:00:00", "2026-10-22T19:00:00Z"),
        (Firm, "Australia/Lord_Howe", "2026-10-20", "15:00:00", "2026-09-20T04:30:00Z"),
        // The cut-off is in a gap: the first instant after it.
        (Moderate, "Europe/Berlin", "2026-04-03", "02:30:00", "2026-03-29T01:00:00Z"),
        (Moderate, "Australia/Lord_Howe", "2026-10-09", "02:15:00", "2026-10-03T15:30:00Z"),
        (Moderate, "Pacific/Apia", "2012-01-04", "15:00:00", "2011-12-30T10:00:00Z"),
        // The cut-off comes twice: the later one.
        (Moderate, "Europe/Berlin", "2026-10-30", "02:30:00", "2026-10-25T01:30:00Z"),
        (Moderate, "America/New_York", "2026-11-06", "01:30:00", "2026-11-01T06:30:00Z"),
        (Moderate, "Australia/Lord_Howe", "2026-04-10", "01:45:00", "2026-04-04T15:15:00Z"),
    ] {
        for rules in RuleSetVersion::ALL {
            assert_eq!(full_until(*rules, policy, zone, check_in, from), expected, "{zone} {check_in} {from}");
        }
    }
}

/// M10: 24 hours are elapsed hours, even when clocks change; earlier rules counted a day of the wall clock, and bookings made under them
/// keep that.
#[test]
fn cut_offs_in_hours_are_elapsed_hours() {
    let flexible = CancellationPolicy::Flexible;
    for (zone, check_in, from, hours, a_day) in [
        ("Europe/Berlin", "2026-03-29", "15:00:00", "2026-03-28T13:00:00Z", "2026-03-28T14:00:00Z"),
        ("Europe/Berlin", "2026-10-25", "15:00:00", "2026-10-24T14:00:00Z", "2026-10-24T13:00:00Z"),
        ("Europe/Berlin", "2026-03-30", "02:30:00", "2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z"),
        ("America/New_York", "2026-03-08", "15:00:00", "2026-03-07T19:00:00Z", "2026-03-07T20:00:00Z"),
        ("Australia/Lord_Howe", "2026-04-05", "15:00:00", "2026-04-04T04:30:00Z", "2026-04-04T04:00:00Z"),
        ("Asia/Singapore", "2026-03-29", "15:00:00", "2026-03-28T07:00:00Z", "2026-03-28T07:00:00Z"),
    ] {
        assert_eq!(
            full_until(RuleSetVersion::November2026, flexible, zone, check_in, from),
            hours,
            "{zone} {check_in} {from}"
        );
        assert_eq!(
            full_until(RuleSetVersion::January2026, flexible, zone, check_in, from),
            a_day,
            "{zone} {check_in} {from}"
        );
    }
}

/// M10: other spans in hours are elapsed hours too.
#[test]
fn every_span_in_hours_is_elapsed_time() {
    let berlin = |policy, check_in: &str| {
        let check_in: NaiveDate = check_in.parse().unwrap();
        Case {
            zone: zone_of("Europe/Berlin"),
            stay: Stay::stored(check_in, check_in + Days::new(6)),
            ..Case::new(policy, 6)
        }
    };
    // Confirmed on the day before clocks go forward: 24 and 48 hours later, the clock shows one hour more.
    for (policy, hours) in [(CancellationPolicy::Firm, 24), (CancellationPolicy::Strict, 48)] {
        let case = berlin(policy, "2026-04-17").confirmed(-days(20));
        let until = timeline(&case.terms())[0].until.unwrap();
        assert_eq!(until - case.confirmed_at, Duration::hours(hours), "{policy:?}");
    }
    // 48 hours before check-in, at 14:00 local time, the host's fee rises; earlier rules had 47 hours here.
    let case = berlin(CancellationPolicy::Flexible, "2026-03-30");
    assert_eq!(host_fee(&case.terms(), case.at(-48 * HOUR - 1)), 15_000);
    assert_eq!(host_fee(&case.terms(), case.at(-48 * HOUR)), 30_000);
    let before = Case { rules: *RuleSet::of(RuleSetVersion::January2026), ..case };
    assert_eq!(host_fee(&before.terms(), before.at(-48 * HOUR)), 15_000);
    assert_eq!(host_fee(&before.terms(), before.at(-47 * HOUR)), 30_000);
}

#[test]
fn nights_of_a_stay_end_by_the_wall_clock() {
    let check_in: NaiveDate = "2026-10-23".parse().unwrap();
    let stay = Stay::stored(check_in, check_in + Days::new(4));
    let case = Case { zone: zone_of("Europe/Berlin"), stay, ..Case::new(CancellationPolicy::Flexible, 4) };
    let ends: Vec<_> =
        timeline(&case.terms()).iter().filter_map(|tier| tier.until).map(|at| at.utc().to_string()).collect();
    // Clocks go back in the night to the 25th.
    assert_eq!(
        ends,
        ["2026-10-22 13:00:00 UTC", "2026-10-24 09:00:00 UTC", "2026-10-25 10:00:00 UTC", "2026-10-26 10:00:00 UTC"]
    );
}

/// 6 nights of which the last cost more, with a discount, fees and a tax.
fn with_everything(policy: CancellationPolicy) -> Case {
    let nights = PriceLine {
        nightly: vec![10_000, 10_000, 10_000, 10_000, 10_000, 16_000],
        ..line(PriceLineKind::Nights, 66_000)
    };
    let lines = vec![
        nights,
        line(PriceLineKind::LengthDiscount, -6_600),
        line(PriceLineKind::CleaningFee, 5_000),
        line(PriceLineKind::PetFee, 1_000),
        line(PriceLineKind::ServiceFee, 9_287),
        line(PriceLineKind::Tax, 6_540),
    ];
    Case { lines, ..Case::new(policy, 6) }
}

#[test]
fn fees_are_refunded_until_check_in_and_the_service_fee_only_in_full_refunds() {
    use PriceLineKind::{CleaningFee, LengthDiscount, Nights, PetFee, ServiceFee, Tax};
    let back = |policy, at| {
        let case = with_everything(policy);
        let (terms, at) = (case.terms(), case.at(at));
        let refund = refund_at(&timeline(&terms), at);
        let lines = refund_lines(&case.lines, terms.check_in_at, at, refund);
        assert_eq!(lines.iter().map(|line| line.amount).sum::<i64>(), refund);
        lines.into_iter().map(|line| (line.kind, line.amount)).collect::<Vec<_>>()
    };
    let all = [
        (Nights, 66_000),
        (LengthDiscount, -6_600),
        (CleaningFee, 5_000),
        (PetFee, 1_000),
        (ServiceFee, 9_287),
        (Tax, 6_540),
    ];
    assert_eq!(back(CancellationPolicy::Flexible, -days(2)), all);
    // The first night is 9,000 of 59,400; the tax is a tenth.
    assert_eq!(
        back(CancellationPolicy::Flexible, -HOUR),
        [(Nights, 50_400), (CleaningFee, 5_000), (PetFee, 1_000), (Tax, 5_640)]
    );
    assert_eq!(
        back(CancellationPolicy::Flexible, 0),
        back(CancellationPolicy::Flexible, -HOUR),
        "the instant of check-in"
    );
    assert_eq!(back(CancellationPolicy::Flexible, HOUR), [(Nights, 50_400), (Tax, 5_040)]);
    assert_eq!(
        back(CancellationPolicy::Flexible, days(4)),
        [(Nights, 14_400), (Tax, 1_440)],
        "the expensive last night"
    );
    assert_eq!(back(CancellationPolicy::Limited, -HOUR), [(CleaningFee, 5_000), (PetFee, 1_000), (Tax, 600)]);
    assert_eq!(back(CancellationPolicy::Limited, HOUR), []);
}

#[test]
fn tiers_are_stored_without_loss() {
    let tiers = timeline(&Case::new(CancellationPolicy::Limited, 6).terms());
    let text = serde_json::to_string(&tiers).unwrap();
    assert_eq!(
        text,
        r#"[{"from":null,"until":"2026-06-17T07:00:00Z","refund":60000},{"from":"2026-06-17T07:00:00Z","until":"2026-06-24T07:00:00Z","refund":30000},{"from":"2026-06-24T07:00:00Z","until":null,"refund":0}]"#
    );
    assert_eq!(serde_json::from_str::<Vec<RefundTier>>(&text).unwrap(), tiers);
}

#[test]
fn the_most_tiers_fit_their_column() {
    let mut case = Case::new(CancellationPolicy::Flexible, 365);
    case.lines = vec![line(PriceLineKind::Nights, types::Money::MAX_MINOR)];
    let text = serde_json::to_string(&timeline(&case.terms())).unwrap();
    assert!(text.len() < 65_535, "{} bytes", text.len());
}
