//! The listings by their place on the map.

use std::collections::BTreeMap;

use crate::{Slot, entry::Entry};
use types::GeoBox;

/// Cells in a degree.
const CELLS: f64 = 100.0;

/// Listings by cell of a grid: row from south to north, then column from west to east.
#[derive(Debug, Default)]
pub struct Map {
    cells: BTreeMap<(i32, i32), Vec<Slot>>,
}

fn cell(degrees: f64) -> i32 {
    // At most 18,000.
    (degrees * CELLS).floor() as i32
}

impl Map {
    /// Adds a listing.
    pub fn insert(&mut self, slot: Slot, entry: &Entry) {
        self.cells.entry((cell(entry.latitude), cell(entry.longitude))).or_default().push(slot);
    }

    /// Removes a listing.
    pub fn remove(&mut self, slot: Slot, entry: &Entry) {
        let key = (cell(entry.latitude), cell(entry.longitude));
        let Some(slots) = self.cells.get_mut(&key) else { return };
        slots.retain(|other| *other != slot);
        if slots.is_empty() {
            self.cells.remove(&key);
        }
    }

    /// The listings of all cells that a box touches, some of which are outside of it; None: more than `most`.
    pub fn near(&self, area: GeoBox, most: usize) -> Option<Vec<Slot>> {
        let columns = if area.crosses_meridian() {
            vec![(cell(area.west), i32::MAX), (i32::MIN, cell(area.east))]
        } else {
            vec![(cell(area.west), cell(area.east))]
        };
        let mut found = Vec::new();
        let (first, last) = (cell(area.south), cell(area.north));
        let mut row = first;
        // Rows without listings are skipped.
        while let Some((&(next, _), _)) =
            self.cells.range((row, i32::MIN)..).next().filter(|((next, _), _)| *next <= last)
        {
            for &(west, east) in &columns {
                for slots in self.cells.range((next, west)..=(next, east)).map(|(_, slots)| slots) {
                    found.extend(slots);
                    if found.len() > most {
                        return None;
                    }
                }
            }
            row = next + 1;
        }
        Some(found)
    }
}
