use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::{
    pricing::{self, Rates},
    rule_sets::{TaxKind, TaxRule},
};
use types::Guests;

const TAXES: &[TaxRule] = &[
    TaxRule { name: "Sales tax", kind: TaxKind::Percent(825), exempt_from_nights: None },
    TaxRule { name: "City tax", kind: TaxKind::PerGuestNight(151), exempt_from_nights: Some(20) },
    TaxRule { name: "Levy", kind: TaxKind::PerGuest(3), exempt_from_nights: None },
];

prop_compose! {
    fn any_case()(
        policy in prop::sample::select(CancellationPolicy::ALL),
        zone in prop::sample::select(TimeZones::built_in().names()),
        start in 0u64..3_000,
        nights in prop_oneof![4 => 1u64..28, 1 => 28u64..120],
        minutes in (0u32..1_440, 0u32..1_440),
        confirmed in 0i64..100 * 86_400,
        base in prop_oneof![1i64..20, 1i64..1_000_000],
        weekend in prop::option::of(1i64..1_000_000),
        cleaning_fee in prop_oneof![Just(0i64), 0i64..100_000],
        pet_fee in prop_oneof![Just(0i64), 0i64..100_000],
        discount in 0u16..100,
        taxed in any::<bool>(),
    ) -> Case {
        let check_in = "2025-01-01".parse::<NaiveDate>().unwrap() + Days::new(start);
        let stay = Stay::stored(check_in, check_in + Days::new(nights));
        let rules = RuleSet { taxes: if taxed { TAXES } else { &[] }, ..*RuleSet::current() };
        let currency = "SGD".parse().unwrap();
        let rates = Rates {
            currency, base, weekend, cleaning_fee, extra_guest_fee: 7, guests_included: 1, pet_fee,
            weekly_discount: discount, monthly_discount: discount,
        };
        let guests = Guests { adults: 2, children: 0, infants: 0, pets: 1 };
        let priced = pricing::price(&rates, &BTreeMap::new(), stay, guests, &rules).unwrap();
        let time = |minutes: u32| NaiveTime::from_num_seconds_from_midnight_opt(minutes * 60, 0).unwrap();
        Case {
            rules, policy, stay, zone: zone_of(zone), times: (time(minutes.0), time(minutes.1)),
            confirmed_at: Case::new(policy, 1).confirmed_at, currency, lines: priced.lines,
        }.confirmed(-confirmed)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn tiers_tile_all_time_and_refunds_only_fall(case in any_case()) {
        let tiers = timeline(&case.terms());
        let paid: i64 = case.lines.iter().map(|line| line.amount).sum();
        prop_assert_eq!(tiers.first().unwrap().from, None);
        prop_assert_eq!(tiers.last().unwrap().until, None);
        prop_assert_eq!(tiers.first().unwrap().refund, paid);
        prop_assert_eq!(tiers.last().unwrap().refund, 0);
        for pair in tiers.windows(2) {
            prop_assert!(pair[0].until.is_some());
            prop_assert_eq!(pair[0].until, pair[1].from);
            prop_assert!(pair[0].from < pair[0].until);
            prop_assert!(pair[0].refund > pair[1].refund, "never better later");
        }
        prop_assert!(tiers.iter().all(|tier| (0..=paid).contains(&tier.refund)));
    }

    #[test]
    fn a_preview_equals_the_cancellation(case in any_case(), minutes in -150_000i64..200_000) {
        let terms = case.terms();
        let at = terms.check_in_at + Duration::minutes(minutes);
        let tiers = timeline(&terms);
        let stored: Vec<RefundTier> = serde_json::from_str(&serde_json::to_string(&tiers).unwrap()).unwrap();
        let refund = refund_at(&stored, at);
        prop_assert_eq!(refund_at(&tiers, at), refund);
        let lines = refund_lines(&case.lines, terms.check_in_at, at, refund);
        prop_assert_eq!(lines.iter().map(|line| line.amount).sum::<i64>(), refund);
        let sum = |lines: &[PriceLine], kind| lines.iter().filter(|line| line.kind == kind).map(|line| line.amount).sum::<i64>();
        let paid: i64 = case.lines.iter().map(|line| line.amount).sum();
        for kind in [PriceLineKind::CleaningFee, PriceLineKind::PetFee] {
            let expected = if at <= terms.check_in_at { sum(&case.lines, kind) } else { 0 };
            prop_assert_eq!(sum(&lines, kind), expected);
        }
        prop_assert!((0..=sum(&case.lines, PriceLineKind::Tax)).contains(&sum(&lines, PriceLineKind::Tax)));
        if refund < paid {
            prop_assert_eq!(sum(&lines, PriceLineKind::ServiceFee), 0);
        }
    }

    #[test]
    fn at_a_boundary_the_guest_has_the_better_refund(case in any_case()) {
        let tiers = timeline(&case.terms());
        for pair in tiers.windows(2) {
            let boundary = pair[0].until.unwrap();
            prop_assert_eq!(refund_at(&tiers, boundary), pair[0].refund);
            prop_assert_eq!(refund_at(&tiers, boundary + Duration::microseconds(1)), pair[1].refund);
        }
    }

    #[test]
    fn a_refund_of_other_rules_still_sums_up(case in any_case(), part in 0i64..=1_000, after in any::<bool>()) {
        let terms = case.terms();
        let paid: i64 = case.lines.iter().map(|line| line.amount).sum();
        let refund = i64::try_from(i128::from(paid) * i128::from(part) / 1_000).unwrap();
        let at = terms.check_in_at + Duration::seconds(i64::from(after));
        let lines = refund_lines(&case.lines, terms.check_in_at, at, refund);
        prop_assert_eq!(lines.iter().map(|line| line.amount).sum::<i64>(), refund);
    }
}
