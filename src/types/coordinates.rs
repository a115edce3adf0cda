//! Points, boxes and coarse squares on the map.

/// Side of the squares that stand for a place in public, in degrees: some 550 m of latitude.
const SQUARE: f64 = 0.005;

/// A point on earth, WGS 84.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Degrees north, -90 to 90.
    pub latitude: f64,
    /// Degrees east, -180 to 180.
    pub longitude: f64,
}

/// The middle of the coarse square that holds a point: all that strangers learn, and what search looks at, so that neither many
/// answers nor a narrow box tell more.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area(pub Point);

impl Point {
    /// A point, if it is on earth.
    pub fn new(latitude: f64, longitude: f64) -> Option<Self> {
        ((-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude))
            .then_some(Self { latitude, longitude })
    }

    /// Its coarse square.
    pub fn area(self) -> Area {
        let middle = |degrees: f64, bound: f64| {
            let cell = (degrees / SQUARE).floor() * SQUARE + SQUARE / 2.0;
            // Rounded, so that the same square is the same number for ever.
            ((cell * 10_000.0).round() / 10_000.0).clamp(-bound, bound)
        };
        Area(Self { latitude: middle(self.latitude, 90.0), longitude: middle(self.longitude, 180.0) })
    }
}

/// A box on the map. When west is greater than east it crosses the 180° meridian.
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
    /// A box, if its edges are on earth and south is not north of north.
    pub fn new(south: f64, west: f64, north: f64, east: f64) -> Option<Self> {
        let edges = Point::new(south, west).is_some() && Point::new(north, east).is_some();
        (edges && south <= north).then_some(Self { south, west, north, east })
    }

    /// Whether it crosses the 180° meridian.
    pub fn crosses_meridian(self) -> bool {
        self.west > self.east
    }

    /// The point in the middle.
    pub fn middle(self) -> Point {
        let span = if self.crosses_meridian() { self.east + 360.0 - self.west } else { self.east - self.west };
        let longitude = self.west + span / 2.0;
        Point {
            latitude: f64::midpoint(self.south, self.north),
            longitude: if longitude > 180.0 { longitude - 360.0 } else { longitude },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_share_a_square_and_its_middle_is_in_it() {
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
}
