//! Time zones of points.

use std::sync::LazyLock;

use tzf_rs::EmbeddedFinder;

use types::{Point, TimeZones};

/// The boundaries of the zones, read in place from the program's data. Some are prepared on first use.
static ZONES: LazyLock<EmbeddedFinder> = LazyLock::new(EmbeddedFinder::new);

/// The name of the time zone at `point`, if its rules are known. Points at sea have zones too.
pub fn zone_at(point: Point) -> Option<&'static str> {
    let name = ZONES.get_tz_name(point.longitude, point.latitude);
    TimeZones::built_in().zone(name).is_ok().then_some(name)
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
}
