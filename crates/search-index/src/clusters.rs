//! What a map shows: the listings that a search finds, by the cells of a grid.
//!
//! The grid has the same cells for everybody, and only coarse points are in them. A cell of one zoom consists of four of the next. All numbers are
//! integers, so that a point is in the same cell everywhere.

use std::collections::BTreeMap;

use crate::{Index, entry::Entry, query::Query};
use store::search::Criteria;
use types::{Currency, GeoBox, ListingId, Money, Point};

/// The greatest zoom, at which a cell is smaller than the coarse squares.
pub const MAX_ZOOM: u8 = 20;
/// The most clusters of an answer.
pub const MAX_CLUSTERS: usize = 200;
/// Of zoom 0 and the zoom at which a cell is the whole earth: four cells in the width of a tile of web maps.
const CELLS: u8 = 2;
/// Units in a degree: coarse points have four decimals.
const UNITS: f64 = 10_000.0;
/// Half of the earth's circumference in units.
const HALF: i64 = 1_800_000;

/// The clusters of a map.
#[derive(Debug, Clone, PartialEq)]
pub struct Clusters {
    /// That of the grid: less than what was asked for if that had too many clusters.
    pub zoom: u8,
    /// From south to north, then from west to east.
    pub clusters: Vec<Cluster>,
}

/// The listings of a cell.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    /// How many.
    pub listings: usize,
    /// The mean of their coarse points.
    pub center: Point,
    /// The smallest box with all of their coarse points.
    pub area: GeoBox,
    /// The lowest price, if all have one currency.
    pub lowest_price: Option<Money>,
    /// The listing, if there is only one.
    pub only: Option<ListingId>,
}

impl Index {
    /// The clusters of all listings that a search finds. None: the index cannot answer.
    pub fn clusters(&self, criteria: &Criteria<'_>, zoom: u8) -> Option<Clusters> {
        let query = Query::new(self, criteria)?;
        let zoom = zoom.min(MAX_ZOOM);
        let mut cells = BTreeMap::new();
        for (_, entry) in self.fitting(&query) {
            if let Some((amount, _)) = query.amounts(entry).min() {
                let (key, cell) = Cell::of(entry, amount, zoom);
                add(&mut cells, key, cell);
            }
        }
        let (cells, zoom) = coarsened(cells, zoom);
        Some(Clusters { zoom, clusters: cells.values().map(Cell::cluster).collect() })
    }
}

/// Row from south to north, column from west to east.
type Key = (i64, i64);

/// The listings of a cell, in units.
#[derive(Debug, Clone, PartialEq)]
struct Cell {
    listings: i64,
    /// The sums of latitudes and longitudes.
    sums: [i64; 2],
    south_west: [i64; 2],
    north_east: [i64; 2],
    /// None: they have several.
    currency: Option<Currency>,
    lowest: i64,
    first: ListingId,
}

impl Cell {
    fn of(entry: &Entry, amount: i64, zoom: u8) -> (Key, Self) {
        // Whole numbers up to 1,800,000.
        let point = [entry.latitude, entry.longitude].map(|degrees| (degrees * UNITS).round() as i64);
        let all = 1_i64 << (zoom + CELLS);
        let number = |units: i64, half: i64, cells: i64| ((units + half) * all / (2 * HALF)).min(cells - 1);
        let key = (number(point[0], HALF / 2, all / 2), number(point[1], HALF, all));
        let (currency, first) = (Some(entry.currency), entry.id);
        let cell =
            Self { listings: 1, sums: point, south_west: point, north_east: point, currency, lowest: amount, first };
        (key, cell)
    }

    fn merge(&mut self, other: &Self) {
        self.listings += other.listings;
        for axis in 0..2 {
            self.sums[axis] += other.sums[axis];
            self.south_west[axis] = self.south_west[axis].min(other.south_west[axis]);
            self.north_east[axis] = self.north_east[axis].max(other.north_east[axis]);
        }
        self.currency = self.currency.filter(|currency| other.currency == Some(*currency));
        self.lowest = self.lowest.min(other.lowest);
        self.first = self.first.min(other.first);
    }

    fn cluster(&self) -> Cluster {
        // Less than 2^53, so exact.
        let degrees = |units: i64| units as f64 / UNITS;
        // The nearest unit, a half to the north and east.
        let [latitude, longitude] =
            self.sums.map(|sum| degrees((2 * sum + self.listings).div_euclid(2 * self.listings)));
        let ([south, west], [north, east]) = (self.south_west.map(degrees), self.north_east.map(degrees));
        Cluster {
            listings: usize::try_from(self.listings).unwrap_or(0),
            center: Point { latitude, longitude },
            area: GeoBox { south, west, north, east },
            lowest_price: self.currency.map(|currency| Money::new(self.lowest, currency)),
            only: (self.listings == 1).then_some(self.first),
        }
    }
}

fn add(cells: &mut BTreeMap<Key, Cell>, key: Key, cell: Cell) {
    cells.entry(key).and_modify(|known| known.merge(&cell)).or_insert(cell);
}

/// The cells at the greatest zoom at which they are few enough.
fn coarsened(mut cells: BTreeMap<Key, Cell>, mut zoom: u8) -> (BTreeMap<Key, Cell>, u8) {
    while cells.len() > MAX_CLUSTERS && zoom > 0 {
        zoom -= 1;
        let mut wider = BTreeMap::new();
        for ((row, column), cell) in cells {
            add(&mut wider, (row / 2, column / 2), cell);
        }
        cells = wider;
    }
    (cells, zoom)
}
