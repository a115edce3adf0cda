//! Names that many listings share, each with a number.

use std::{collections::HashMap, hash::Hash};

use roaring::RoaringBitmap;

use crate::{
    Full, Slot,
    entry::Entry,
    gazetteer::{Gazetteer, SpelledPlace},
    hosts::Hosts,
};
use store::search::places::PlaceName;

/// Names with their numbers.
#[derive(Debug)]
struct Numbered<T> {
    numbers: HashMap<T, u32>,
    names: Vec<T>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self { numbers: HashMap::new(), names: Vec::new() }
    }
}

impl<T: Eq + Hash + Clone> Numbered<T> {
    /// The number of a name; at most `most` names have one.
    fn number(&mut self, name: &T, most: u32) -> Result<u32, Full> {
        if let Some(number) = self.numbers.get(name) {
            return Ok(*number);
        }
        let number = u32::try_from(self.names.len()).ok().filter(|number| *number < most).ok_or(Full)?;
        self.numbers.insert(name.clone(), number);
        self.names.push(name.clone());
        Ok(number)
    }
}

/// The names of time zones, places and amenities, and which listings have the last two.
#[derive(Debug, Default)]
pub struct Names {
    zones: Numbered<String>,
    /// Listings in each zone.
    in_zone: Vec<i64>,
    places: Numbered<SpelledPlace>,
    in_place: Vec<RoaringBitmap>,
    gazetteer: Gazetteer,
    amenities: Numbered<String>,
    with_amenity: Vec<RoaringBitmap>,
    pub hosts: Hosts,
}

impl Names {
    /// The number of a time zone.
    pub fn zone(&mut self, name: &String) -> Result<u16, Full> {
        let number = self.zones.number(name, u32::from(u16::MAX))?;
        self.in_zone.resize(self.zones.names.len(), 0);
        u16::try_from(number).map_err(|_| Full)
    }

    /// The number of a place.
    pub fn place(&mut self, place: &SpelledPlace) -> Result<u32, Full> {
        let number = self.places.number(place, u32::MAX)?;
        if self.in_place.len() < self.places.names.len() {
            self.in_place.push(RoaringBitmap::new());
            self.gazetteer.add(number, place);
        }
        Ok(number)
    }

    /// The number of an amenity.
    pub fn amenity(&mut self, slug: &String) -> Result<u16, Full> {
        let number = self.amenities.number(slug, u32::from(u16::MAX))?;
        self.with_amenity.resize_with(self.amenities.names.len(), RoaringBitmap::new);
        u16::try_from(number).map_err(|_| Full)
    }

    /// The listings with an amenity; none: no listing ever had it.
    pub fn with_amenity(&self, slug: &str) -> Option<&RoaringBitmap> {
        let number = *self.amenities.numbers.get(slug)?;
        self.with_amenity.get(number as usize)
    }

    /// All amenities, by number.
    pub fn amenities(&self) -> &[String] {
        &self.amenities.names
    }

    /// The places that a name matches.
    pub fn places(&self, name: &PlaceName) -> Places<'_> {
        let all = self.places.names.iter().zip(&self.in_place);
        let matching: Vec<_> = all.map(|(place, slots)| !slots.is_empty() && name.matches(&place.keys)).collect();
        Places { in_place: &self.in_place, matching }
    }

    /// The names that can be suggested, and the listings of each place.
    pub fn gazetteer(&self) -> (&Gazetteer, &[RoaringBitmap]) {
        (&self.gazetteer, &self.in_place)
    }

    /// The number of a known time zone.
    pub fn known_zone(&self, name: &str) -> Option<u16> {
        self.zones.numbers.get(name).and_then(|number| u16::try_from(*number).ok())
    }

    /// How many time zones have a number.
    pub fn zone_count(&self) -> usize {
        self.zones.names.len()
    }

    /// The time zones that have listings, and how many are in each.
    pub fn zones(&self) -> Vec<(String, i64)> {
        let all = self.zones.names.iter().cloned().zip(self.in_zone.iter().copied());
        all.filter(|(_, listings)| *listings > 0).collect()
    }

    /// Notes that a listing has its names.
    pub fn add(&mut self, slot: Slot, entry: &Entry) {
        self.in_zone[usize::from(entry.zone)] += 1;
        self.in_place[entry.place as usize].insert(slot);
        for amenity in &entry.amenities {
            self.with_amenity[usize::from(*amenity)].insert(slot);
        }
    }

    /// Notes that a listing has them no more.
    pub fn remove(&mut self, slot: Slot, entry: &Entry) {
        self.in_zone[usize::from(entry.zone)] -= 1;
        self.in_place[entry.place as usize].remove(slot);
        for amenity in &entry.amenities {
            self.with_amenity[usize::from(*amenity)].remove(slot);
        }
    }

    /// About its memory.
    pub fn bytes(&self) -> usize {
        let sets = self.in_place.iter().chain(&self.with_amenity);
        sets.map(RoaringBitmap::serialized_size).sum::<usize>() + self.gazetteer.bytes() + self.hosts.bytes()
    }
}

/// Places that a name matches. Few places have many listings, so they are not made one set for each search.
pub struct Places<'a> {
    in_place: &'a [RoaringBitmap],
    /// By the number of the place.
    matching: Vec<bool>,
}

impl Places<'_> {
    /// Whether a listing is in one of them.
    pub fn has(&self, entry: &Entry) -> bool {
        self.matching.get(entry.place as usize).copied().unwrap_or(false)
    }

    /// How many listings they have.
    pub fn len(&self) -> u64 {
        self.sets().map(RoaringBitmap::len).sum()
    }

    /// Their listings.
    pub fn slots(&self) -> impl Iterator<Item = Slot> {
        self.sets().flatten()
    }

    fn sets(&self) -> impl Iterator<Item = &RoaringBitmap> {
        self.in_place.iter().zip(&self.matching).filter(|(_, matches)| **matches).map(|(slots, _)| slots)
    }
}
