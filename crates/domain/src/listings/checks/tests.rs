use super::*;
use types::error::Refusal;

/// The invalid field and its message.
fn fault<T: std::fmt::Debug>(result: Result<T>) -> (String, String) {
    match result {
        Err(Error::Refused(Refusal::InvalidInput(problem))) => (problem.path().join("."), problem.message().to_owned()),
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[test]
fn bounds_are_inclusive_and_named() {
    assert_eq!(within(&["rules", "advanceNoticeHours"], 8_760, 0..=8_760).unwrap(), 8_760);
    let (path, message) = fault(within(&["rules", "advanceNoticeHours"], 8_761, 0..=8_760));
    assert_eq!(path, "input.rules.advanceNoticeHours");
    assert_eq!(message, "`advanceNoticeHours` must be from 0 to 8,760.");
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
    assert_eq!(slugs, ["wifi", "tv"]);
    assert_eq!(fault(amenities(&vec!["x".to_owned(); 101])).1, "`amenities` must have at most 100 items.");
    assert_eq!(fault(amenities(&["ok".to_owned(), " ".to_owned()])).0, "input.amenities.1");
}

/// S2: no price or fee can be so high that a stay cannot be priced. M12: none can be below its minimum.
#[test]
fn amounts_are_bounded_by_currency() {
    let [sgd, jpy]: [Currency; 2] = ["SGD", "JPY"].map(|code| code.parse().unwrap());
    for (currency, most) in [(sgd, 100_000_000_000), (jpy, 10_000_000_000)] {
        assert_eq!(amount(&["price"], most, 1, currency).unwrap(), most);
        for wrong in [i64::MIN, -1, 0, most + 1, 8_500_000_000_000_000, i64::MAX] {
            assert_eq!(fault(amount(&["price"], wrong, 1, currency)).0, "input.price", "{wrong}");
        }
        // The most expensive stay: 365 nights, 49 more guests, cleaning and a pet, with fees of less than the whole again.
        let most_expensive = i128::from(most) * (365 * 50 + 2) * 2;
        assert!(most_expensive < i128::from(types::Money::MAX_MINOR), "{most_expensive}");
    }
    assert_eq!(
        fault(amount(&["price"], 1 << 40, 1, sgd)).1,
        "`price` must be at most 100,000,000,000 minor units of SGD."
    );
}

#[test]
fn long_term_policies_cannot_be_chosen() {
    assert!(policy(CancellationPolicy::Strict).is_ok());
    assert_eq!(fault(policy(CancellationPolicy::FirmLongTerm)).0, "input.cancellationPolicy");
}
