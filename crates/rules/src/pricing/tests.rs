use proptest::prelude::*;

use super::*;
use crate::rule_sets::TaxRule;
use types::Money;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn stay(check_in: &str, nights: u64) -> Stay {
    Stay::stored(day(check_in), day(check_in) + chrono::Days::new(nights))
}

fn rates(currency: &str, base: i64) -> Rates {
    Rates {
        currency: currency.parse().unwrap(),
        base,
        weekend: None,
        cleaning_fee: 0,
        extra_guest_fee: 0,
        guests_included: 2,
        pet_fee: 0,
        weekly_discount: 0,
        monthly_discount: 0,
    }
}

fn adults(adults: u8) -> Guests {
    Guests { adults, ..Guests::ONE }
}

fn priced(rates: &Rates, stay: Stay, guests: Guests) -> PricedStay {
    price(rates, &Overrides::new(), stay, guests, RuleSet::current()).unwrap()
}

fn words(priced: &PricedStay) -> Vec<(PriceLineKind, &str, i64, Option<&str>)> {
    priced.lines.iter().map(|line| (line.kind, line.title.as_str(), line.amount, line.basis.as_deref())).collect()
}

#[test]
fn six_nights_with_cleaning_are_priced_by_the_rules() {
    let rates = Rates { cleaning_fee: 5_000, ..rates("EUR", 10_000) };
    let priced = priced(&rates, stay("2026-07-06", 6), Guests::ONE);
    assert_eq!(
        (priced.subtotal, priced.service_fee, priced.total, priced.host_payout),
        (65_000, 9_230, 74_230, 63_050)
    );
    assert_eq!(
        words(&priced),
        [
            (PriceLineKind::Nights, "6 nights", 60_000, Some("6 × 100.00")),
            (PriceLineKind::CleaningFee, "Cleaning", 5_000, None),
            (PriceLineKind::ServiceFee, "Service fee", 9_230, Some("14.2 % of 650.00")),
        ]
    );
}

#[test]
fn currencies_keep_their_own_decimals() {
    for (currency, base, service_fee, basis) in [
        ("JPY", 10_001, 1_420, "14.2 % of 10001"),
        ("KWD", 10_001, 1_420, "14.2 % of 10.001"),
        ("USD", 10_001, 1_420, "14.2 % of 100.01"),
    ] {
        let priced = priced(&rates(currency, base), stay("2026-07-06", 1), Guests::ONE);
        assert_eq!(priced.service_fee, service_fee);
        assert_eq!(priced.lines[1].basis.as_deref(), Some(basis));
        assert_eq!(priced.lines[0].title, "1 night");
    }
}

#[test]
fn fees_are_rounded_half_to_even() {
    // 14.2 % of 25 is 3.55, of 250 is 35.5, of 750 is 106.5.
    for (base, service_fee) in [(25, 4), (250, 36), (750, 106)] {
        assert_eq!(priced(&rates("EUR", base), stay("2026-07-06", 1), Guests::ONE).service_fee, service_fee);
    }
}

#[test]
fn a_nights_own_price_overrides_the_weekend_price() {
    // From Thursday: Thursday, Friday, Saturday, Sunday.
    let rates = Rates { weekend: Some(15_000), ..rates("EUR", 10_000) };
    let own = Overrides::from([(day("2026-07-04"), 20_000), (day("2026-08-01"), 1)]);
    let priced = price(&rates, &own, stay("2026-07-02", 4), Guests::ONE, RuleSet::current()).unwrap();
    assert_eq!(priced.lines[0].nightly, [10_000, 15_000, 20_000, 10_000]);
    assert_eq!(priced.lines[0].basis.as_deref(), Some("2 × 100.00 + 1 × 150.00 + 1 × 200.00"));
    assert_eq!(priced.lines[0].amount, 55_000);
}

#[test]
fn many_prices_are_a_range() {
    let own = (0..5).map(|index| (day("2026-07-06") + chrono::Days::new(index), 100 + index as i64)).collect();
    let priced = price(&rates("EUR", 1), &own, stay("2026-07-06", 5), Guests::ONE, RuleSet::current()).unwrap();
    assert_eq!(priced.lines[0].basis.as_deref(), Some("1.00 to 1.04 a night"));
}

#[test]
fn the_greater_applicable_discount_counts() {
    let discount = |weekly_discount, monthly_discount, nights| {
        let rates = Rates { weekly_discount, monthly_discount, ..rates("EUR", 10_000) };
        let priced = priced(&rates, stay("2026-07-06", nights), Guests::ONE);
        let line = priced.lines.into_iter().find(|line| line.kind == PriceLineKind::LengthDiscount);
        line.map(|line| (line.title, line.amount, line.basis.unwrap()))
    };
    let weekly = |off: i64, of: &str| Some(("Weekly discount".to_owned(), off, format!("10 % of {of}")));
    assert_eq!(discount(10, 30, 6), None);
    assert_eq!(discount(10, 30, 7), weekly(-7_000, "700.00"));
    assert_eq!(discount(10, 30, 27), weekly(-27_000, "2700.00"));
    assert_eq!(discount(10, 30, 28), Some(("Monthly discount".to_owned(), -84_000, "30 % of 2800.00".to_owned())));
    assert_eq!(discount(10, 0, 28), weekly(-28_000, "2800.00"));
    assert_eq!(discount(0, 0, 28), None);
}

#[test]
fn extra_guests_and_pets_are_charged_and_infants_are_not() {
    let rates = Rates { extra_guest_fee: 1_000, pet_fee: 2_500, ..rates("EUR", 10_000) };
    let guests = Guests { adults: 2, children: 2, infants: 3, pets: 2 };
    let priced = priced(&rates, stay("2026-07-06", 3), guests);
    assert_eq!(
        words(&priced)[1..3],
        [
            (PriceLineKind::ExtraGuestFee, "2 extra guests", 6_000, Some("2 guests × 3 nights × 10.00")),
            (PriceLineKind::PetFee, "Pets", 2_500, None),
        ]
    );
    assert_eq!(priced.subtotal, 38_500);
}

#[test]
fn taxes_are_rules_and_long_stays_can_be_exempt() {
    const TAXES: &[TaxRule] = &[
        TaxRule { name: "Sales tax", kind: TaxKind::Percent(825), exempt_from_nights: Some(28) },
        TaxRule { name: "Per guest", kind: TaxKind::PerGuest(100), exempt_from_nights: None },
        TaxRule { name: "Per night", kind: TaxKind::PerNight(200), exempt_from_nights: None },
        TaxRule { name: "City tax", kind: TaxKind::PerGuestNight(150), exempt_from_nights: Some(7) },
    ];
    let rules = RuleSet { taxes: TAXES, ..*RuleSet::current() };
    let taxes = |nights| {
        let priced =
            price(&rates("EUR", 10_000), &Overrides::new(), stay("2026-07-06", nights), adults(2), &rules).unwrap();
        assert_eq!(priced.total, priced.lines.iter().map(|line| line.amount).sum::<i64>());
        let taxes = priced.lines.into_iter().filter(|line| line.kind == PriceLineKind::Tax);
        taxes.map(|line| (line.title, line.amount, line.basis.unwrap())).collect::<Vec<_>>()
    };
    let expected = |lines: &[(&str, i64, &str)]| {
        lines.iter().map(|&(title, amount, basis)| (title.to_owned(), amount, basis.to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(
        taxes(6),
        expected(&[
            ("Sales tax", 4_950, "8.25 % of 600.00"),
            ("Per guest", 200, "2 guests × 1.00"),
            ("Per night", 1_200, "6 nights × 2.00"),
            ("City tax", 1_800, "2 guests × 6 nights × 1.50"),
        ])
    );
    assert_eq!(taxes(7).len(), 3);
    assert_eq!(taxes(28), expected(&[("Per guest", 200, "2 guests × 1.00"), ("Per night", 5_600, "28 nights × 2.00")]));
}

#[test]
fn values_out_of_range_have_no_price() {
    let good = rates("EUR", 10_000);
    let result =
        |rates: &Rates| price(rates, &Overrides::new(), stay("2026-07-06", 30), adults(50), RuleSet::current());
    for bad in [
        Rates { base: 0, ..good.clone() },
        Rates { base: -1, ..good.clone() },
        Rates { weekend: Some(0), ..good.clone() },
        Rates { cleaning_fee: -1, ..good.clone() },
        Rates { extra_guest_fee: -1, ..good.clone() },
        Rates { pet_fee: i64::MIN, ..good.clone() },
        Rates { weekly_discount: 100, ..good.clone() },
        Rates { monthly_discount: u16::MAX, ..good.clone() },
    ] {
        assert_eq!(result(&bad), Err(PricingError::RatesOutOfRange), "{bad:?}");
    }
    for great in [
        Rates { base: i64::MAX, ..good.clone() },
        Rates { base: Money::MAX_MINOR / 30 + 1, ..good.clone() },
        Rates { base: Money::MAX_MINOR / 30, ..good.clone() },
        Rates { cleaning_fee: i64::MAX, ..good.clone() },
        Rates { extra_guest_fee: i64::MAX, ..good.clone() },
    ] {
        assert_eq!(result(&great), Err(PricingError::TooGreat), "{great:?}");
    }
    let own = Overrides::from([(day("2026-07-07"), 0)]);
    let free = price(&good, &own, stay("2026-07-06", 3), Guests::ONE, RuleSet::current());
    assert_eq!(free, Err(PricingError::RatesOutOfRange));
}

#[test]
fn pairs_contain_new_gone_and_changed_lines() {
    let old = priced(&Rates { cleaning_fee: 5_000, ..rates("EUR", 10_000) }, stay("2026-07-06", 6), Guests::ONE);
    let new = priced(
        &Rates { pet_fee: 700, ..rates("EUR", 10_000) },
        stay("2026-07-06", 6),
        Guests { pets: 1, ..Guests::ONE },
    );
    let differences = |before: &[PriceLine], after: &[PriceLine]| -> Vec<_> {
        pairs(before, after).into_iter().filter(|pair| pair.before != pair.after).collect()
    };
    assert_eq!(differences(&old.lines, &old.lines), []);
    assert_eq!(
        differences(&old.lines, &new.lines),
        [
            Difference { kind: PriceLineKind::CleaningFee, before: Some(5_000), after: None },
            Difference { kind: PriceLineKind::ServiceFee, before: Some(9_230), after: Some(8_619) },
            Difference { kind: PriceLineKind::PetFee, before: None, after: Some(700) },
        ]
    );
}

#[test]
fn lines_are_stored_without_loss() {
    let lines =
        priced(&Rates { cleaning_fee: 5_000, ..rates("EUR", 10_000) }, stay("2026-07-06", 2), Guests::ONE).lines;
    let text = serde_json::to_string(&lines).unwrap();
    assert!(text.starts_with(
        r#"[{"kind":"NIGHTS","title":"2 nights","amount":20000,"basis":"2 × 100.00","nightly":[10000,10000]},{"kind":"CLEANING_FEE","title":"Cleaning","amount":5000},"#
    ));
    assert_eq!(serde_json::from_str::<Vec<PriceLine>>(&text).unwrap(), lines);
}

prop_compose! {
    fn any_rates()(
        currency in prop::sample::select(vec!["EUR", "JPY", "KWD"]),
        base in 1i64..10_000_000,
        weekend in prop::option::of(1i64..10_000_000),
        cleaning_fee in 0i64..1_000_000,
        extra_guest_fee in 0i64..100_000,
        guests_included in 1u16..10,
        pet_fee in 0i64..100_000,
        weekly_discount in 0u16..100,
        monthly_discount in 0u16..100,
    ) -> Rates {
        Rates {
            currency: currency.parse().unwrap(), base, weekend, cleaning_fee, extra_guest_fee, guests_included, pet_fee,
            weekly_discount, monthly_discount,
        }
    }
}

proptest! {
    #[test]
    fn lines_sum_to_the_total_and_nothing_is_lost(
        rates in any_rates(),
        start in 0u64..3_000,
        nights in 1u64..366,
        guests in (1u8..50, 0u8..50, 0u8..6, 0u8..6),
        own in prop::collection::btree_map(0u64..366, 1i64..10_000_000, 0..20),
    ) {
        let first = day("2026-01-01") + chrono::Days::new(start);
        let stay = Stay::stored(first, first + chrono::Days::new(nights));
        let own: Overrides = own.into_iter().map(|(index, price)| (first + chrono::Days::new(index), price)).collect();
        let guests = Guests { adults: guests.0, children: guests.1, infants: guests.2, pets: guests.3 };
        let priced = price(&rates, &own, stay, guests, RuleSet::current()).unwrap();
        let sum: i64 = priced.lines.iter().map(|line| line.amount).sum();
        prop_assert_eq!(sum, priced.total);
        prop_assert_eq!(priced.subtotal + priced.service_fee, priced.total);
        prop_assert!(priced.lines.iter().all(|line| (line.amount < 0) == (line.kind == PriceLineKind::LengthDiscount)));
        prop_assert_eq!(priced.lines[0].nightly.iter().sum::<i64>(), priced.lines[0].amount);
        prop_assert_eq!(priced.lines[0].nightly.len() as u64, nights);
        // Within half a unit of the exact fees.
        prop_assert!((i128::from(priced.service_fee) * 10_000 - i128::from(priced.subtotal) * 1_420).abs() <= 5_000);
        let host_fee = i128::from(priced.subtotal - priced.host_payout);
        prop_assert!((host_fee * 10_000 - i128::from(priced.subtotal) * 300).abs() <= 5_000);
    }
}
