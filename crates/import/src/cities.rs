//! The cities and regions that the dataset is published for, with their locations.

use super::places;
use domain::listings::zone_at;
use types::Point;

/// The distance from its center within which the listings of a city are. Kilometers.
const CITY: f64 = 80.0;
/// The percentage of listings that must be that near. A few have wrong coordinates.
const MOST: usize = 90;
const EARTH_RADIUS: f64 = 6_371.0;

/// A city or region.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct City {
    /// Its name.
    pub(super) name: &'static str,
    /// Its country, ISO 3166-1.
    pub(super) country: &'static str,
    latitude: f64,
    longitude: f64,
    /// The distance from the center within which its listings are. Kilometers.
    reach: f64,
}

const fn city(name: &'static str, country: &'static str, latitude: f64, longitude: f64) -> City {
    region(name, country, latitude, longitude, CITY)
}

const fn region(name: &'static str, country: &'static str, latitude: f64, longitude: f64, reach: f64) -> City {
    City { name, country, latitude, longitude, reach }
}

#[rustfmt::skip]
const CITIES: &[City] = &[
    city("Albany", "US", 42.65, -73.76), city("Amsterdam", "NL", 52.37, 4.90), city("Antwerp", "BE", 51.22, 4.40),
    city("Asheville", "US", 35.60, -82.55), city("Athens", "GR", 37.98, 23.73), city("Austin", "US", 30.27, -97.74),
    city("Bangkok", "TH", 13.76, 100.50), city("Barcelona", "ES", 41.39, 2.17),
    city("Barossa Valley", "AU", -34.53, 138.95), region("Barwon South West", "AU", -38.35, 143.60, 180.0),
    region("Beijing", "CN", 39.90, 116.41, 150.0), region("Belize", "BZ", 17.25, -88.77, 250.0),
    city("Bergamo", "IT", 45.70, 9.67), city("Berlin", "DE", 52.52, 13.40), city("Bologna", "IT", 44.49, 11.34),
    city("Bordeaux", "FR", 44.84, -0.58), city("Boston", "US", 42.34, -71.08), city("Bozeman", "US", 45.68, -111.04),
    city("Bristol", "GB", 51.45, -2.59), city("Broward County", "US", 26.15, -80.30),
    city("Brussels", "BE", 50.85, 4.35), city("Budapest", "HU", 47.50, 19.04),
    city("Buenos Aires", "AR", -34.60, -58.38), city("Cambridge", "US", 42.38, -71.11),
    region("Cape Town", "ZA", -33.92, 18.42, 100.0), city("Chicago", "US", 41.88, -87.63),
    city("Clark County", "US", 36.11, -115.17), city("Columbus", "US", 39.96, -83.00),
    city("Copenhagen", "DK", 55.68, 12.57), region("Crete", "GR", 35.24, 24.81, 200.0),
    city("Dallas", "US", 32.78, -96.80), city("Denver", "US", 39.74, -104.99), city("Dublin", "IE", 53.35, -6.26),
    city("Edinburgh", "GB", 55.95, -3.19), region("Euskadi", "ES", 43.04, -2.62, 120.0),
    city("Florence", "IT", 43.77, 11.26), city("Fort Worth", "US", 32.76, -97.33), city("Geneva", "CH", 46.20, 6.14),
    city("Ghent", "BE", 51.05, 3.72), region("Girona", "ES", 41.98, 2.82, 120.0),
    city("Greater Manchester", "GB", 53.48, -2.24), region("Hawaii", "US", 20.80, -156.33, 450.0),
    city("Hong Kong", "HK", 22.32, 114.17), region("Ireland", "IE", 53.40, -7.90, 320.0),
    region("Istanbul", "TR", 41.01, 28.98, 120.0), city("Jersey City", "US", 40.73, -74.08),
    city("Lisbon", "PT", 38.72, -9.14), city("London", "GB", 51.51, -0.13),
    region("Los Angeles", "US", 34.05, -118.24, 120.0), city("Lyon", "FR", 45.76, 4.84),
    city("Madrid", "ES", 40.42, -3.70), city("Malaga", "ES", 36.72, -4.42),
    region("Mallorca", "ES", 39.70, 3.02, 100.0), region("Malta", "MT", 35.94, 14.38, 60.0),
    region("Melbourne", "AU", -37.81, 144.96, 120.0), city("Menorca", "ES", 39.95, 4.11),
    city("Mexico City", "MX", 19.43, -99.13), region("Mid North Coast", "AU", -31.43, 152.91, 150.0),
    city("Milan", "IT", 45.46, 9.19), city("Montreal", "CA", 45.50, -73.57),
    city("Mornington Peninsula", "AU", -38.37, 145.03), city("Munich", "DE", 48.14, 11.58),
    city("Naples", "IT", 40.85, 14.27), city("Nashville", "US", 36.16, -86.78),
    region("New Brunswick", "CA", 46.57, -66.46, 300.0), city("New Orleans", "US", 29.95, -90.07),
    city("New York City", "US", 40.73, -73.96), region("New Zealand", "NZ", -41.00, 174.00, 1000.0),
    city("Newark", "US", 40.74, -74.17), region("Northern Rivers", "AU", -28.81, 153.28, 120.0),
    city("Oakland", "US", 37.80, -122.27), city("Oslo", "NO", 59.91, 10.75), city("Ottawa", "CA", 45.42, -75.70),
    city("Pacific Grove", "US", 36.62, -121.92), city("Paris", "FR", 48.86, 2.35),
    city("Pays Basque", "FR", 43.40, -1.40), city("Portland", "US", 45.52, -122.68),
    city("Porto", "PT", 41.15, -8.61), city("Prague", "CZ", 50.08, 14.44),
    region("Puglia", "IT", 40.79, 17.10, 250.0), city("Quebec City", "CA", 46.81, -71.21),
    city("Rhode Island", "US", 41.58, -71.48), city("Riga", "LV", 56.95, 24.11),
    city("Rio de Janeiro", "BR", -22.91, -43.17), city("Rochester", "US", 43.16, -77.61),
    city("Rome", "IT", 41.90, 12.50), city("Rotterdam", "NL", 51.92, 4.48), city("Salem", "US", 44.94, -123.04),
    city("San Diego", "US", 32.72, -117.16), city("San Francisco", "US", 37.77, -122.42),
    city("Santa Clara County", "US", 37.36, -121.97), city("Santa Cruz County", "US", 37.03, -122.01),
    city("Santiago", "CL", -33.45, -70.67), city("Seattle", "US", 47.61, -122.33),
    city("Sevilla", "ES", 37.39, -5.98), region("Shanghai", "CN", 31.23, 121.47, 100.0),
    region("Sicily", "IT", 37.60, 14.02, 250.0), city("Singapore", "SG", 1.35, 103.82),
    region("South Aegean", "GR", 36.75, 26.00, 300.0), city("Stockholm", "SE", 59.33, 18.07),
    region("Sydney", "AU", -33.87, 151.21, 100.0), city("Taipei", "TW", 25.03, 121.57),
    region("Tasmania", "AU", -42.02, 146.59, 350.0), city("The Hague", "NL", 52.08, 4.30),
    city("Thessaloniki", "GR", 40.64, 22.94), city("Tokyo", "JP", 35.68, 139.69),
    city("Toronto", "CA", 43.65, -79.38), region("Trentino", "IT", 46.07, 11.12, 100.0),
    city("Twin Cities", "US", 44.96, -93.17), city("Valencia", "ES", 39.47, -0.38),
    city("Vancouver", "CA", 49.28, -123.12), region("Vaud", "CH", 46.57, 6.56, 80.0),
    city("Venice", "IT", 45.44, 12.33), city("Victoria", "CA", 48.43, -123.37), city("Vienna", "AT", 48.21, 16.37),
    city("Washington, D.C.", "US", 38.91, -77.04), region("Western Australia", "AU", -31.95, 115.86, 1800.0),
    city("Winnipeg", "CA", 49.90, -97.14), city("Zurich", "CH", 47.37, 8.54),
];

/// The city of listings at `points`: the one nearest to their center that most of them are within
/// reach of.
pub(super) fn around(points: &[Point]) -> Option<City> {
    let middle = middle(points)?;
    let country = zone_at(middle).and_then(places::country);
    let mut near: Vec<&City> = CITIES
        .iter()
        .filter(|city| country.is_none_or(|country| country == city.country))
        .filter(|city| city.has_most_of(points))
        .collect();
    near.sort_by(|a, b| a.distance(middle).total_cmp(&b.distance(middle)));
    near.first().map(|city| **city)
}

/// The city with this name, in any letter case.
pub(super) fn named(name: &str) -> Option<City> {
    CITIES.iter().find(|city| city.name.to_lowercase() == name.trim().to_lowercase()).copied()
}

/// The center of points: the median of each coordinate, which a few wrong points do not affect.
pub(super) fn middle(points: &[Point]) -> Option<Point> {
    let median = |of: fn(&Point) -> f64| {
        let mut all: Vec<f64> = points.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied()
    };
    Point::new(median(|point| point.latitude)?, median(|point| point.longitude)?)
}

impl City {
    /// Whether most of `points` are within its reach.
    pub(super) fn has_most_of(&self, points: &[Point]) -> bool {
        let near = points.iter().filter(|point| self.distance(**point) <= self.reach).count();
        near * 100 >= points.len() * MOST
    }

    fn distance(&self, from: Point) -> f64 {
        kilometers(from, (self.latitude, self.longitude))
    }
}

/// The distance on a sphere.
pub(super) fn kilometers(from: Point, (latitude, longitude): (f64, f64)) -> f64 {
    let (a, b) = (from.latitude.to_radians(), latitude.to_radians());
    let (north, east) = ((b - a) / 2.0, (longitude - from.longitude).to_radians() / 2.0);
    let half_chord = north.sin().powi(2) + a.cos() * b.cos() * east.sin().powi(2);
    2.0 * EARTH_RADIUS * half_chord.sqrt().min(1.0).asin()
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::Currency;

    fn point(latitude: f64, longitude: f64) -> Point {
        Point::new(latitude, longitude).unwrap()
    }

    /// I1: the coordinates determine the city, and its country the currency.
    #[test]
    fn coordinates_determine_the_city_and_its_currency() {
        for (latitude, longitude, name, currency) in [
            (1.32, 103.85, "Singapore", "SGD"),
            (-33.86, 151.20, "Sydney", "AUD"),
            (52.36, 4.89, "Amsterdam", "EUR"),
            (40.73, -73.95, "New York City", "USD"),
            (40.73, -74.06, "Jersey City", "USD"),
            (46.21, 6.13, "Geneva", "CHF"),
            (31.2, 121.4, "Shanghai", "CNY"),
            (-36.8, 174.7, "New Zealand", "NZD"),
        ] {
            let city = around(&[point(latitude, longitude)]).unwrap();
            assert_eq!((city.name, Currency::of_country(city.country).unwrap().as_str()), (name, currency));
            assert_eq!(named(&name.to_uppercase()), Some(city));
        }
        for (latitude, longitude, what) in [(0.0, -30.0, "in the Atlantic"), (1.49, 103.74, "beyond a border")] {
            assert_eq!(around(&[point(latitude, longitude)]), None, "{what}");
        }
        assert_eq!(around(&[]), None);
        assert!(!named("Sydney").unwrap().has_most_of(&[point(1.3, 103.8)]));
    }

    #[test]
    fn listings_all_over_a_country_are_not_assigned_to_its_capital() {
        let dublin = vec![point(53.35, -6.26); 50];
        assert_eq!(around(&dublin).unwrap().name, "Dublin");
        let country = [dublin, vec![point(51.9, -8.47); 30], vec![point(53.27, -9.05); 20]].concat();
        assert_eq!(around(&country).unwrap().name, "Ireland");
    }

    #[test]
    fn a_few_wrong_coordinates_do_not_matter() {
        let points = [vec![point(1.3, 103.8); 95], vec![point(0.0, 0.0); 5]].concat();
        assert_eq!(around(&points).unwrap().name, "Singapore");
    }

    #[test]
    fn every_city_has_a_currency_and_a_separate_location() {
        for city in CITIES {
            assert!(Currency::of_country(city.country).is_some(), "{city:?}");
            assert_eq!(around(&[point(city.latitude, city.longitude)]), Some(*city));
        }
    }
}
