//! Points, boxes and coarse squares on the map.

/// The side of the squares that replace exact locations in public, in degrees: about 550 m of
/// latitude.
const SQUARE: f64 = 0.005;

/// A point on earth, WGS 84.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Degrees north, -90 to 90.
    pub latitude: f64,
    /// Degrees east, -180 to 180.
    pub longitude: f64,
}

/// The center of the coarse square that contains a point: the only public location, which search uses too, so that neither many queries nor
/// a narrow box reveal more.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area(pub Point);

impl Point {
    /// A point, if its coordinates are valid.
    pub fn new(latitude: f64, longitude: f64) -> Option<Self> {
        ((-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude))
            .then_some(Self { latitude, longitude })
    }

    /// The center of its coarse square.
    pub fn area(self) -> Area {
        let middle = |degrees: f64, bound: f64| {
            let cell = (degrees / SQUARE).floor() * SQUARE + SQUARE / 2.0;
            // Rounded, so that the same square always has the same number.
            ((cell * 10_000.0).round() / 10_000.0).clamp(-bound, bound)
        };
        Area(Self { latitude: middle(self.latitude, 90.0), longitude: middle(self.longitude, 180.0) })
    }
}

/// A box on the map; longitudes from -180 to 180. When west is greater than east it crosses the
/// 180° meridian.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GeoBox {
    /// Southern edge.
    pub south: f64,
    /// Western edge.
    pub west: f64,
    /// Northern edge.
    pub north: f64,
    /// Eastern edge.
    pub east: f64,
}

impl GeoBox {
    /// The greatest longitude of an edge: maps continue counting when they are turned around the
    /// earth, but not this often.
    pub const MAX_TURNED: f64 = 36_000.0;

    /// A box, if its latitudes are valid and south is not north of north. Longitudes beyond 180°
    /// are wrapped around the earth; a box that goes all the way around has all longitudes.
    pub fn new(south: f64, west: f64, north: f64, east: f64) -> Option<Self> {
        let is_latitude = |degrees: f64| (-90.0..=90.0).contains(&degrees);
        let is_longitude = |degrees: f64| (-Self::MAX_TURNED..=Self::MAX_TURNED).contains(&degrees);
        if !(is_latitude(south) && is_latitude(north) && south <= north && is_longitude(west) && is_longitude(east)) {
            return None;
        }
        let (west, east) = if east - west >= 360.0 { (-180.0, 180.0) } else { (wrapped(west), wrapped(east)) };
        Some(Self { south, west, north, east })
    }

    /// Whether it crosses the 180° meridian.
    pub fn crosses_meridian(self) -> bool {
        self.west > self.east
    }

    /// The center.
    pub fn middle(self) -> Point {
        let span = if self.crosses_meridian() { self.east + 360.0 - self.west } else { self.east - self.west };
        let longitude = self.west + span / 2.0;
        Point {
            latitude: f64::midpoint(self.south, self.north),
            longitude: if longitude > 180.0 { longitude - 360.0 } else { longitude },
        }
    }
}

/// The same meridian, from -180 to 180.
fn wrapped(longitude: f64) -> f64 {
    if (-180.0..=180.0).contains(&longitude) { longitude } else { (longitude + 180.0).rem_euclid(360.0) - 180.0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn neighbors_share_a_square_and_its_middle_is_in_it() {
        let a = Point::new(1.36288, 103.86575).unwrap();
        let b = Point::new(1.36101, 103.86999).unwrap();
        assert_eq!(a.area(), b.area());
        assert_eq!(a.area().0, Point { latitude: 1.3625, longitude: 103.8675 });
        assert_eq!(a.area().0.area(), a.area(), "the middle of a square is its own square");
    }

    #[test]
    fn a_box_over_the_date_line_has_its_middle_there() {
        let fiji = GeoBox::new(-20.0, 177.0, -16.0, -179.0).unwrap();
        assert!(fiji.crosses_meridian());
        assert_eq!(fiji.middle(), Point { latitude: -18.0, longitude: 179.0 });
        assert!(GeoBox::new(2.0, 0.0, 1.0, 1.0).is_none());
        assert!(GeoBox::new(f64::NAN, 0.0, 1.0, 1.0).is_none());
    }

    /// C31: a map that was turned around the earth.
    #[test]
    fn longitudes_beyond_180_are_wrapped() {
        for (west, east, wrapped) in [
            (179.0, 181.0, (179.0, -179.0)),
            (539.0, 541.0, (179.0, -179.0)),
            (-181.0, -179.0, (179.0, -179.0)),
            (363.0, 364.5, (3.0, 4.5)),
            (180.0, 190.0, (180.0, -170.0)),
            (530.0, 540.0, (170.0, -180.0)),
            (-180.0, 180.0, (-180.0, 180.0)),
            (0.0, 360.0, (-180.0, 180.0)),
            (-1_000.0, 1_000.0, (-180.0, 180.0)),
            (177.0, -179.0, (177.0, -179.0)),
        ] {
            let area = GeoBox::new(-1.0, west, 1.0, east).unwrap();
            assert_eq!((area.west, area.east), wrapped, "{west} to {east}");
        }
        for (west, east) in [(f64::NAN, 0.0), (0.0, f64::INFINITY), (f64::NEG_INFINITY, 0.0), (0.0, 36_001.0)] {
            assert!(GeoBox::new(-1.0, west, 1.0, east).is_none(), "{west} to {east}");
        }
        for (south, north) in [(-90.1, 0.0), (0.0, 90.1), (1.0, 0.0), (0.0, f64::NAN)] {
            assert!(GeoBox::new(south, 0.0, north, 1.0).is_none(), "{south} to {north}");
        }
    }

    proptest! {
        #[test]
        fn a_box_holds_the_same_points_however_often_the_map_was_turned(
            west in -180i32..180, width in 0i32..360, turns in -99i32..99, longitude in -180i32..=180,
        ) {
            let holds = |area: GeoBox| {
                let at = f64::from(longitude);
                if area.crosses_meridian() { at >= area.west || at <= area.east } else { (area.west..=area.east).contains(&at) }
            };
            let turned = |turns: i32| {
                let west = f64::from(west + turns * 360);
                GeoBox::new(0.0, west, 1.0, west + f64::from(width)).unwrap()
            };
            // The meridians of 180 and -180 degrees are the same.
            prop_assume!(longitude.abs() != 180);
            prop_assert_eq!(holds(turned(turns)), (longitude - west).rem_euclid(360) <= width);
        }
    }
}
