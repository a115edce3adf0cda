use super::*;
use crate::error::Refusal;

/// The field at fault and the words for it.
fn fault<T: std::fmt::Debug>(result: Result<T>) -> (String, String) {
    match result {
        Err(Error::Refused(Refusal::InvalidInput(problem))) => (problem.path.join("."), problem.message),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

fn prices() -> NewPricing {
    NewPricing {
        currency: "SGD".parse().unwrap(),
        base_price: 10_000,
        weekend_price: None,
        cleaning_fee: None,
        extra_guest_fee: None,
        guests_included: None,
        pet_fee: None,
        weekly_discount: 0,
        monthly_discount: 0,
    }
}

fn somewhere() -> NewPlace {
    NewPlace {
        city: " Singapore ".into(),
        neighborhood: Some("  ".into()),
        region: None,
        country_code: Some("SG".into()),
        address: None,
        latitude: 1.36288,
        longitude: 103.86575,
    }
}

#[test]
fn bounds_are_inclusive_and_named() {
    assert_eq!(within(&["rules", "minNights"], 1_000, MIN_NIGHTS).unwrap(), 1_000);
    let (path, message) = fault(within(&["rules", "minNights"], 1_001, MIN_NIGHTS));
    assert_eq!((path.as_str(), message.as_str()), ("input.rules.minNights", "`minNights` must be from 1 to 1,000."));
    assert!(within(&["beds"], -1, 0..=100).is_err());
    assert!(within(&["beds"], i32::MAX, 0..=i32::MAX).is_err(), "more than the column holds");
}

#[test]
fn texts_are_plain_and_counted_in_characters() {
    assert_eq!(line(&["title"], "  A \n quiet\tplace ", 1..=120).unwrap(), "A quiet place");
    assert_eq!(line(&["title"], &"å".repeat(120), 1..=120).unwrap().chars().count(), 120);
    let (path, message) = fault(line(&["title"], &"å".repeat(121), 1..=120));
    assert_eq!((path.as_str(), message.as_str()), ("input.title", "`title` must have 1 to 120 characters."));
    assert!(line(&["title"], " \n ", 1..=120).is_err());
    assert_eq!(paragraphs(&["description"], "a\r\n\r\nb\rc\n", 10_000).unwrap(), "a\n\nb\nc");
    let (_, message) = fault(paragraphs(&["description"], &"x".repeat(10_001), 10_000));
    assert_eq!(message, "`description` must have at most 10,000 characters.");
    assert!(fault(paragraphs(&["description"], "a\0b", 10)).1.contains("control characters"));
}

#[test]
fn bathrooms_come_in_halves() {
    assert_eq!(bathroom_halves(1.5).unwrap(), 3);
    assert_eq!(bathroom_halves(50.0).unwrap(), 100);
    for wrong in [-0.5, 50.5, 1.25, f64::NAN, f64::INFINITY] {
        assert_eq!(fault(bathroom_halves(wrong)).0, "input.bathrooms", "{wrong}");
    }
}

#[test]
fn an_amenity_is_listed_once() {
    let names = ["Wi-Fi", "wi fi", "TV"].map(String::from);
    let slugs: Vec<_> = amenities(&names).unwrap().into_iter().map(|amenity| amenity.slug).collect();
    assert_eq!(slugs, ["wi-fi", "tv"]);
    assert_eq!(fault(amenities(&vec!["x".to_owned(); 101])).1, "`amenities` must have at most 100 items.");
    assert_eq!(fault(amenities(&["ok".to_owned(), " ".to_owned()])).0, "input.amenities.1");
}

#[test]
fn a_place_has_the_zone_of_its_point_and_a_coarse_square() {
    let place = place(&somewhere()).unwrap();
    assert_eq!((place.city.as_str(), place.time_zone.as_str()), ("Singapore", "Asia/Singapore"));
    assert_eq!(place.neighborhood, None);
    assert_ne!(place.area().0, place.exact());
    assert!(!format!("{place:?}").contains("103.86575"), "logs do not tell");
}

#[test]
fn a_place_off_the_map_is_refused() {
    for (latitude, longitude, field) in
        [(90.5, 0.0, "latitude"), (0.0, -180.5, "longitude"), (f64::NAN, 0.0, "latitude")]
    {
        let (path, message) = fault(place(&NewPlace { latitude, longitude, ..somewhere() }));
        assert_eq!(path, format!("input.place.{field}"));
        assert!(message.contains("degrees"), "{message}");
    }
    assert_eq!(fault(place(&NewPlace { city: String::new(), ..somewhere() })).0, "input.place.city");
    let country_code = Some("sg".to_owned());
    assert_eq!(fault(place(&NewPlace { country_code, ..somewhere() })).0, "input.place.countryCode");
}

#[test]
fn prices_have_a_floor_and_include_all_guests_unless_told() {
    assert_eq!(pricing(&prices(), 4).unwrap().guests_included, 4);
    let wrong = [
        ("basePrice", NewPricing { base_price: 0, ..prices() }, "`basePrice` must be at least 1."),
        ("weekendPrice", NewPricing { weekend_price: Some(0), ..prices() }, "`weekendPrice` must be at least 1."),
        ("petFee", NewPricing { pet_fee: Some(-1), ..prices() }, "`petFee` must be at least 0."),
        (
            "guestsIncluded",
            NewPricing { guests_included: Some(5), ..prices() },
            "`guestsIncluded` must be from 1 to 4.",
        ),
        (
            "weeklyDiscountPercent",
            NewPricing { weekly_discount: 100, ..prices() },
            "`weeklyDiscountPercent` must be from 0 to 99.",
        ),
    ];
    for (field, new, words) in wrong {
        let (path, message) = fault(pricing(&new, 4));
        assert_eq!((path, message.as_str()), (format!("input.pricing.{field}"), words));
    }
}

#[test]
fn long_term_policies_cannot_be_chosen() {
    assert!(policy(CancellationPolicy::Strict).is_ok());
    assert_eq!(fault(policy(CancellationPolicy::FirmLongTerm)).0, "input.cancellationPolicy");
}
