//! Amenities: one name and one slug for the common spellings of an amenity.

use std::{collections::HashMap, sync::LazyLock};

use super::{MAX_KEY, search_key, slug_of};

/// A name, and synonyms. Spellings that differ only in case, spaces, hyphens and similar characters
/// are not listed.
const NAMES: &str = "Wifi:wireless,wireless internet,internet wireless,wlan,wireless lan;TV:television;Air conditioning:aircon,a/c,\
air conditioner;Washer:washing machine;Dryer:tumble dryer;Refrigerator:fridge;BBQ grill:barbecue,bbq,barbecue grill,barbeque;\
Elevator:lift;Pool:swimming pool;Hot tub:jacuzzi,whirlpool;Crib:cot,baby cot,baby crib;Gym:fitness room,fitness center,fitness centre;\
Microwave:microwave oven;Hair dryer:blow dryer,hairdrier;Iron:clothes iron;\
Smoke alarm:smoke detector;Carbon monoxide alarm:carbon monoxide detector,co alarm,co detector;EV charger:electric vehicle charger,car charger;\
Dedicated workspace:laptop friendly workspace,workspace;Free parking on premises:free on-premises parking";

/// The common names by the keys of all names.
static USUAL: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    let lines = NAMES.split(';').filter_map(|line| line.split_once(':'));
    lines
        .flat_map(|(name, others)| others.split(',').chain([name]).map(move |other| (search_key(other), name)))
        .collect()
});

/// The slug of an amenity, the same for all spellings of its name.
pub fn amenity_key(name: &str) -> String {
    // A long name would be truncated; its slug ends in a hash.
    let key = if name.chars().count() > MAX_KEY { slug_of(name) } else { search_key(name) };
    USUAL.get(&key).map_or(key, |usual| search_key(usual))
}

/// The slug and name of an amenity: those of its common name, if there is one.
pub fn amenity_of(name: &str) -> (String, String) {
    let usual = if name.chars().count() > MAX_KEY { None } else { USUAL.get(&search_key(name)).copied() };
    let name = usual.unwrap_or(name);
    (slug_of(name), name.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// C28, and similar cases.
    #[test]
    fn common_spellings_are_one_amenity() {
        for (slug, names) in [
            ("wifi", &["Wi-Fi", "WiFi", "Wifi", "WI FI", "wi\u{2011}fi", "Wireless Internet"][..]),
            ("air-conditioning", &["Air-conditioning", "A/C", "aircon", "Airconditioning"]),
            ("hair-dryer", &["Hairdryer", "hair-dryer"]),
            ("tv", &["T.V.", "Television"]),
        ] {
            for name in names {
                assert_eq!((amenity_of(name).0, amenity_key(name)), (slug.to_owned(), slug.replace('-', "")), "{name}");
            }
        }
        assert_eq!(amenity_of("HDTV with Netflix"), ("hdtv-with-netflix".to_owned(), "HDTV with Netflix".to_owned()));
        assert_ne!(amenity_key(&"x".repeat(150)), amenity_key(&"x".repeat(151)));
    }

    #[test]
    fn names_are_unique() {
        let names: usize = NAMES.split(';').map(|line| line.split([':', ',']).count()).sum();
        assert_eq!(USUAL.len(), names);
    }

    proptest! {
        #[test]
        fn a_slug_has_one_key_and_fits(name in "\\PC{1,200}") {
            let (slug, usual) = amenity_of(&name);
            prop_assert!(amenity_key(&usual).chars().count() <= MAX_KEY);
            prop_assert!((1..=MAX_KEY).contains(&slug.len()));
        }
    }
}
