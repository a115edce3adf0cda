//! Maps values of the dataset to values of the contract: rooms, buildings, bathrooms, titles.

use types::{CancellationPolicy, PropertyType, RoomType};

/// `Entire home/apt` and similar values.
pub fn room(text: &str) -> Option<RoomType> {
    match text.trim().to_ascii_lowercase().as_str() {
        "entire home/apt" | "entire place" => Some(RoomType::EntireHome),
        "private room" => Some(RoomType::PrivateRoom),
        "shared room" => Some(RoomType::SharedRoom),
        "hotel room" => Some(RoomType::HotelRoom),
        _ => None,
    }
}

/// Words of a property type, the most specific ones first: a tiny home is not a house, and neither
/// is a houseboat.
const PROPERTIES: &[(PropertyType, &[&str])] = &[
    (
        PropertyType::UniqueStay,
        &[
            "boat",
            "houseboat",
            "tent",
            "tiny",
            "campsite",
            "camper",
            "camper/rv",
            "rv",
            "treehouse",
            "yurt",
            "barn",
            "hut",
            "earthen",
            "earth",
            "cave",
            "castle",
            "dome",
            "lighthouse",
            "train",
            "bus",
            "tower",
            "island",
            "windmill",
            "tipi",
            "igloo",
            "shepherd",
            "container",
            "ranch",
            "plane",
            "trullo",
            "dammuso",
            "farm",
        ],
    ),
    (PropertyType::ServicedApartment, &["serviced"]),
    (PropertyType::Hostel, &["hostel", "dorm", "dormitory"]),
    (PropertyType::BedAndBreakfast, &["breakfast"]),
    (PropertyType::Hotel, &["hotel", "aparthotel", "resort", "lodge", "ryokan", "kezhan"]),
    (PropertyType::Guesthouse, &["guesthouse", "guest", "minsu", "pension", "in-law"]),
    (PropertyType::Townhouse, &["townhouse"]),
    (PropertyType::Villa, &["villa"]),
    (PropertyType::Bungalow, &["bungalow", "cabin", "chalet", "cottage"]),
    (PropertyType::Loft, &["loft"]),
    (PropertyType::Condo, &["condo", "condominium"]),
    (PropertyType::Apartment, &["unit", "apartment", "flat", "penthouse"]),
    (PropertyType::House, &["house", "home", "casa", "riad", "cycladic"]),
];

/// `Private room in serviced apartment` and similar values, by their words.
pub fn property(text: &str) -> PropertyType {
    let text = text.to_ascii_lowercase();
    let words: Vec<&str> = text.split(|char: char| char.is_whitespace() || char == '(' || char == ')').collect();
    let known = PROPERTIES.iter().find(|(_, known)| known.iter().any(|word| words.contains(word)));
    known.map_or(PropertyType::Other, |(property, _)| *property)
}

/// The number of bathrooms in halves, and whether they are shared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bathrooms {
    /// 3 means one and a half; `None` if unknown.
    pub halves: Option<u16>,
    /// Whether other guests use them too.
    pub shared: bool,
}

/// `1.5 shared baths`, `Half-bath`, or a bare number. `None` when the text is neither.
pub fn bathrooms(text: &str) -> Option<Bathrooms> {
    let text = text.trim().to_ascii_lowercase();
    if text.is_empty() {
        return Some(Bathrooms::default());
    }
    let shared = text.contains("shared");
    if text.contains("half-bath") {
        return Some(Bathrooms { halves: Some(1), shared });
    }
    let number = text.split_whitespace().next()?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let half = match fraction.trim_end_matches('0') {
        "" => 0,
        "5" => 1,
        _ => return None,
    };
    let halves = whole.parse::<u16>().ok()?.checked_mul(2)?.checked_add(half)?;
    Some(Bathrooms { halves: Some(halves), shared })
}

/// Newer files compose titles from facts: `Villa in Singapore · ★4.44 · 2 bedrooms · 3 beds · 1
/// private bath`. Ratings change and bathrooms have their own field, so these parts are removed; a
/// title in a host's own words is unchanged.
pub fn title(name: &str) -> String {
    let mut pieces = name.split(" · ");
    let first = pieces.next().unwrap_or_default();
    let rest: Vec<&str> = pieces.collect();
    if rest.is_empty() || !rest.iter().all(|piece| is_rating(piece) || is_bath(piece) || is_room(piece)) {
        return name.to_owned();
    }
    let kept = rest.into_iter().filter(|piece| is_room(piece));
    std::iter::once(first).chain(kept).collect::<Vec<_>>().join(" · ")
}

fn is_rating(piece: &str) -> bool {
    let number = piece.strip_prefix('★').map(str::trim);
    number.is_some_and(|number| number == "New" || number.parse::<f64>().is_ok()) || piece == "New"
}

fn is_bath(piece: &str) -> bool {
    let last = piece.split_whitespace().next_back().unwrap_or_default().to_ascii_lowercase();
    matches!(last.as_str(), "bath" | "baths" | "half-bath")
}

fn is_room(piece: &str) -> bool {
    let counted = piece.split_once(' ').is_some_and(|(count, word)| {
        count.parse::<u16>().is_ok() && matches!(word, "bed" | "beds" | "bedroom" | "bedrooms")
    });
    counted || piece == "Studio"
}

/// The policy with the refunds closest to those of a policy in the dataset, which files until 2019
/// have. `None` when it is unknown.
pub fn policy(text: &str) -> Option<CancellationPolicy> {
    Some(match text.trim().to_ascii_lowercase().as_str() {
        "flexible" => CancellationPolicy::Flexible,
        "moderate" => CancellationPolicy::Moderate,
        // Half until a week before; since 2018 also everything within 48 hours.
        "strict" | "strict_14_with_grace_period" => CancellationPolicy::Strict,
        // At most half, until 30 days before or earlier: no policy of the contract keeps as much.
        "super_strict_30" | "super_strict_60" | "no_refunds" => CancellationPolicy::Strict,
        luxury if luxury.starts_with("luxury_") => CancellationPolicy::Strict,
        // Everything until 30 days before.
        "long_term" => CancellationPolicy::FirmLongTerm,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_property_type_of_the_city_has_a_kind() {
        use PropertyType as P;
        for (text, property_type) in [
            ("Private room in rental unit", P::Apartment),
            ("Entire condo", P::Condo),
            ("Entire serviced apartment", P::ServicedApartment),
            ("Room in serviced apartment", P::ServicedApartment),
            ("Room in hotel", P::Hotel),
            ("Room in boutique hotel", P::Hotel),
            ("Room in aparthotel", P::Hotel),
            ("Private room in resort", P::Hotel),
            ("Shared room in hostel", P::Hostel),
            ("Private room in home", P::House),
            ("Entire vacation home", P::House),
            ("Casa particular", P::House),
            ("Shared room in riad", P::House),
            ("Private room in townhouse", P::Townhouse),
            ("Private room in bungalow", P::Bungalow),
            ("Shared room in cabin", P::Bungalow),
            ("Room in bed and breakfast", P::BedAndBreakfast),
            ("Shared room in guesthouse", P::Guesthouse),
            ("Entire guest suite", P::Guesthouse),
            ("Entire loft", P::Loft),
            ("Entire villa", P::Villa),
            ("Private room in boat", P::UniqueStay),
            ("Tiny home", P::UniqueStay),
            ("Private room in earthen home", P::UniqueStay),
            ("Campsite", P::UniqueStay),
            ("Private room in barn", P::UniqueStay),
            ("Private room in tent", P::UniqueStay),
            ("Private room", P::Other),
            ("Entire place", P::Other),
            ("Apartment", P::Apartment),
            ("", P::Other),
        ] {
            assert_eq!(property(text), property_type, "{text}");
        }
    }

    #[test]
    fn bathrooms_are_counted_in_halves() {
        let halves = |halves, shared| Some(Bathrooms { halves: Some(halves), shared });
        for (text, bathrooms_of) in [
            ("1 bath", halves(2, false)),
            ("1 private bath", halves(2, false)),
            ("1.5 shared baths", halves(3, true)),
            ("21 shared baths", halves(42, true)),
            ("0 shared baths", halves(0, true)),
            ("Half-bath", halves(1, false)),
            ("Private half-bath", halves(1, false)),
            ("Shared half-bath", halves(1, true)),
            ("2.0", halves(4, false)),
            ("", Some(Bathrooms::default())),
            ("some baths", None),
            ("1.3 baths", None),
            ("40000 baths", None),
        ] {
            assert_eq!(bathrooms(text), bathrooms_of, "{text}");
        }
    }

    #[test]
    fn composed_titles_lose_parts_with_their_own_field() {
        for (name, title_of) in [
            (
                "Villa in Singapore · ★4.44 · 2 bedrooms · 3 beds · 1 private bath",
                "Villa in Singapore · 2 bedrooms · 3 beds",
            ),
            ("Home in Singapore · ★4.69 · 1 bedroom · 1.5 baths", "Home in Singapore · 1 bedroom"),
            ("Hotel in Singapore · ★New · 1 bedroom · 2 beds · 1 bath", "Hotel in Singapore · 1 bedroom · 2 beds"),
            ("Home in Tanjong Pagar · ★3.50 · Studio · 1 bed · Half-bath", "Home in Tanjong Pagar · Studio · 1 bed"),
            ("Bright loft · 5 min to MRT", "Bright loft · 5 min to MRT"),
            ("★ Cozy ★", "★ Cozy ★"),
            ("", ""),
        ] {
            assert_eq!(title(name), title_of);
        }
    }

    /// I7.
    #[test]
    fn policies_of_old_files_are_mapped() {
        for (text, expected) in [
            ("flexible", Some(CancellationPolicy::Flexible)),
            ("moderate", Some(CancellationPolicy::Moderate)),
            ("strict", Some(CancellationPolicy::Strict)),
            ("strict_14_with_grace_period", Some(CancellationPolicy::Strict)),
            ("super_strict_60", Some(CancellationPolicy::Strict)),
            ("luxury_moderate", Some(CancellationPolicy::Strict)),
            ("long_term", Some(CancellationPolicy::FirmLongTerm)),
            (" Flexible ", Some(CancellationPolicy::Flexible)),
            ("", None),
            ("whatever", None),
        ] {
            assert_eq!(policy(text), expected, "{text}");
        }
    }

    #[test]
    fn room_types_are_mapped() {
        assert_eq!(room("Entire home/apt"), Some(RoomType::EntireHome));
        assert_eq!(room("Hotel room"), Some(RoomType::HotelRoom));
        assert_eq!(room("Private room"), Some(RoomType::PrivateRoom));
        assert_eq!(room("Shared room"), Some(RoomType::SharedRoom));
        assert_eq!(room("Castle"), None);
    }
}
