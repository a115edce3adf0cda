use super::*;
use types::error::{Error, Refusal};

fn faults(validation: Validation) -> Vec<(String, String)> {
    match validation.finish() {
        Ok(()) => Vec::new(),
        Err(Error::Refused(Refusal::InvalidInput(problem))) => {
            problem.fields().iter().map(|field| (field.path[1..].join("."), field.message.clone())).collect()
        }
        Err(other) => panic!("{other:?}"),
    }
}

fn paths(validation: Validation) -> Vec<String> {
    faults(validation).into_iter().map(|(path, _)| path).collect()
}

fn somewhere() -> Place {
    Place::new("Singapore".into(), Point::new(1.36288, 103.86575).unwrap(), "Asia/Singapore".into())
}

fn prices() -> Pricing {
    Pricing {
        currency: "SGD".parse().unwrap(),
        base_price: 10_000,
        weekend_price: Some(12_000),
        cleaning_fee: 5_000,
        extra_guest_fee: 0,
        guests_included: 2,
        pet_fee: 0,
        weekly_discount: 10,
        monthly_discount: 20,
    }
}

#[test]
fn a_place_has_the_zone_of_its_point_and_a_coarse_square() {
    let mut validation = Validation::default();
    let mut place = somewhere();
    let move_to_fiji = PlaceChanges { latitude: Some(-18.1), longitude: Some(178.41234), ..PlaceChanges::default() };
    apply_place(&move_to_fiji, &mut place, &mut validation);
    assert_eq!((place.city.as_str(), place.time_zone.as_str()), ("Singapore", "Pacific/Fiji"));
    assert_ne!(place.area().0, place.exact());
    assert!(!format!("{place:?}").contains("178.41234"), "logs do not tell");
    let north = PlaceChanges { latitude: Some(-17.0), ..PlaceChanges::default() };
    apply_place(&north, &mut place, &mut validation);
    assert_eq!(place.exact(), Point::new(-17.0, 178.41234).unwrap(), "the other coordinate stays");
    assert!(faults(validation).is_empty());
}

#[test]
fn all_errors_of_a_place_are_reported_at_once() {
    let mut validation = Validation::default();
    let wrong = PlaceChanges {
        city: Some(String::new()),
        country_code: Some(Some("sg".into())),
        latitude: Some(f64::NAN),
        longitude: Some(-180.5),
        ..PlaceChanges::default()
    };
    apply_place(&wrong, &mut somewhere(), &mut validation);
    assert_eq!(paths(validation), ["place.city", "place.countryCode", "place.latitude", "place.longitude"]);
}

/// C1, for prices.
#[test]
fn prices_that_are_not_given_stay_and_null_clears() {
    let mut validation = Validation::default();
    let mut pricing = prices();
    let base = PricingChanges { currency: Some(pricing.currency), base_price: Some(1), ..PricingChanges::default() };
    apply_pricing(&base, &mut pricing, 4, &mut validation);
    assert_eq!(pricing, Pricing { base_price: 1, ..prices() });
    let clear = PricingChanges {
        weekend_price: Some(None),
        cleaning_fee: Some(None),
        guests_included: Some(None),
        weekly_discount: Some(None),
        ..PricingChanges::default()
    };
    apply_pricing(&clear, &mut pricing, 4, &mut validation);
    let cleared = Pricing {
        base_price: 1,
        weekend_price: None,
        cleaning_fee: 0,
        guests_included: 4,
        weekly_discount: 0,
        ..prices()
    };
    assert_eq!(pricing, cleared);
    assert!(faults(validation).is_empty());
}

#[test]
fn each_price_has_bounds() {
    let wrong = [
        ("basePrice", PricingChanges { base_price: Some(0), ..PricingChanges::default() }, "at least 1."),
        ("weekendPrice", PricingChanges { weekend_price: Some(Some(0)), ..PricingChanges::default() }, "at least 1."),
        ("petFee", PricingChanges { pet_fee: Some(Some(-1)), ..PricingChanges::default() }, "at least 0."),
        ("cleaningFee", PricingChanges { cleaning_fee: Some(Some(1 << 50)), ..PricingChanges::default() }, "of SGD."),
        ("extraGuestFee", PricingChanges { extra_guest_fee: Some(Some(1 << 50)), ..PricingChanges::default() }, "SGD."),
        ("guestsIncluded", PricingChanges { guests_included: Some(Some(5)), ..PricingChanges::default() }, "1 to 4."),
        (
            "weeklyDiscountPercent",
            PricingChanges { weekly_discount: Some(Some(100)), ..PricingChanges::default() },
            "99.",
        ),
    ];
    for (field, changes, words) in wrong {
        let mut validation = Validation::default();
        apply_pricing(&changes, &mut prices(), 4, &mut validation);
        let faults = faults(validation);
        assert_eq!((faults.len(), faults[0].0.clone()), (1, format!("pricing.{field}")));
        assert!(faults[0].1.ends_with(words), "{}", faults[0].1);
    }
}

#[test]
fn a_currency_with_other_decimals_needs_every_amount() {
    let to = |code: &str| PricingChanges {
        currency: Some(code.parse().unwrap()),
        base_price: Some(10_000),
        ..PricingChanges::default()
    };
    let mut validation = Validation::default();
    apply_pricing(&to("EUR"), &mut prices(), 4, &mut validation);
    assert!(validation.is_clean());
    apply_pricing(&to("JPY"), &mut prices(), 4, &mut validation);
    assert_eq!(paths(validation), ["pricing.weekendPrice", "pricing.cleaningFee"]);
}
