//! Time zones of points, and countries.

use std::sync::LazyLock;

use tzf_rs::EmbeddedFinder;

use crate::types::{Point, TimeZones};

/// The boundaries of the zones, read where they lie in the program. Some are prepared on first use.
static ZONES: LazyLock<EmbeddedFinder> = LazyLock::new(EmbeddedFinder::new);

/// Countries of ISO 3166-1, alpha-2.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY \
    BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD \
    GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN \
    KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE \
    NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM \
    SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT \
    ZA ZM ZW";

/// The name of the time zone that holds at `point`, if its rules are known; zones at sea are.
pub fn zone_at(point: Point) -> Option<&'static str> {
    let name = ZONES.get_tz_name(point.longitude, point.latitude);
    TimeZones::built_in().zone(name).is_ok().then_some(name)
}

/// Whether `code` is a country of ISO 3166-1: two capital letters.
pub(super) fn is_country(code: &str) -> bool {
    COUNTRIES.split_ascii_whitespace().any(|country| country == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_point_has_the_zone_of_its_land_or_sea() {
        for (latitude, longitude, zone) in [
            (1.36288, 103.86575, "Asia/Singapore"),
            (40.7, -74.0, "America/New_York"),
            (-18.1, 178.4, "Pacific/Fiji"),
            (0.0, -150.0, "Etc/GMT+10"),
        ] {
            let point = Point::new(latitude, longitude).unwrap();
            assert_eq!(zone_at(point), Some(zone));
        }
    }

    #[test]
    fn countries_are_those_of_the_standard() {
        assert_eq!(COUNTRIES.split_ascii_whitespace().count(), 249);
        assert!(is_country("SG") && !is_country("sg") && !is_country("XX") && !is_country("S") && !is_country(""));
    }
}
