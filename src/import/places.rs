//! Time zones of places, and the countries of some zones.

/// Zones that belong to one country only, for the cities that the datasets are published for. Other places have no country.
const COUNTRIES: &[(&str, &str)] = &[
    ("Africa/Johannesburg", "ZA"),
    ("America/Argentina/Buenos_Aires", "AR"),
    ("America/Belize", "BZ"),
    ("America/Chicago", "US"),
    ("America/Denver", "US"),
    ("America/Los_Angeles", "US"),
    ("America/Mexico_City", "MX"),
    ("America/New_York", "US"),
    ("America/Santiago", "CL"),
    ("America/Sao_Paulo", "BR"),
    ("America/Toronto", "CA"),
    ("America/Vancouver", "CA"),
    ("Asia/Bangkok", "TH"),
    ("Asia/Hong_Kong", "HK"),
    ("Asia/Singapore", "SG"),
    ("Asia/Taipei", "TW"),
    ("Asia/Tokyo", "JP"),
    ("Australia/Brisbane", "AU"),
    ("Australia/Hobart", "AU"),
    ("Australia/Melbourne", "AU"),
    ("Australia/Perth", "AU"),
    ("Australia/Sydney", "AU"),
    ("Europe/Amsterdam", "NL"),
    ("Europe/Athens", "GR"),
    ("Europe/Berlin", "DE"),
    ("Europe/Brussels", "BE"),
    ("Europe/Budapest", "HU"),
    ("Europe/Copenhagen", "DK"),
    ("Europe/Dublin", "IE"),
    ("Europe/Istanbul", "TR"),
    ("Europe/Lisbon", "PT"),
    ("Europe/London", "GB"),
    ("Europe/Madrid", "ES"),
    ("Europe/Malta", "MT"),
    ("Europe/Oslo", "NO"),
    ("Europe/Paris", "FR"),
    ("Europe/Prague", "CZ"),
    ("Europe/Riga", "LV"),
    ("Europe/Rome", "IT"),
    ("Europe/Stockholm", "SE"),
    ("Europe/Vienna", "AT"),
    ("Europe/Zurich", "CH"),
    ("Pacific/Auckland", "NZ"),
    ("Pacific/Honolulu", "US"),
];

/// The country of a zone, where that is certain.
pub fn country(time_zone: &str) -> Option<&'static str> {
    COUNTRIES.iter().find(|(zone, _)| *zone == time_zone).map(|(_, country)| *country)
}

/// The city that a zone is named after: the name of last resort.
pub fn city(time_zone: &str) -> String {
    time_zone.rsplit('/').next().unwrap_or(time_zone).replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::listings::zone_at,
        types::{Point, TimeZones},
    };

    #[test]
    fn places_are_in_their_zone() {
        for (latitude, longitude, zone) in [
            (1.36288, 103.86575, "Asia/Singapore"),
            (1.4578, 103.82, "Asia/Singapore"),
            (40.7, -74.0, "America/New_York"),
            (52.37, 4.89, "Europe/Amsterdam"),
            (-18.1, 178.4, "Pacific/Fiji"),
        ] {
            assert_eq!(zone_at(Point::new(latitude, longitude).unwrap()), Some(zone));
        }
        assert!(zone_at(Point::new(0.0, -150.0).unwrap()).is_some(), "zones at sea are known too");
    }

    #[test]
    fn countries_are_named_only_where_they_are_certain() {
        assert_eq!(country("Asia/Singapore"), Some("SG"));
        assert_eq!(country("Asia/Urumqi"), None);
        assert!(COUNTRIES.iter().all(|(zone, _)| TimeZones::built_in().zone(zone).is_ok()));
        assert_eq!(city("America/New_York"), "New York");
    }
}
