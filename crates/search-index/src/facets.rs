//! Facets: how many listings each choice of a filter would find.
//!
//! A facet counts the listings that fit all conditions of the search except for its own, so that it says what another choice would find. One
//! pass over the candidates serves all facets, because no condition that has a facet, but for amenities, makes the candidates fewer. Amenities
//! must all be there, so their facet counts what fits them too.

use std::{cmp::Reverse, collections::BTreeMap};

use crate::{
    Index, Slot,
    entry::Entry,
    histogram::{self, Histogram},
    query::Query,
};
use store::search::Criteria;
use types::{Currency, PropertyType, RoomType};

/// The facets that are wanted; those of types are cheap, and always there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WantedFacets {
    /// At most so many of the most common amenities.
    pub amenities: usize,
    /// At most so many histograms of prices.
    pub histograms: usize,
    /// At most so many buckets of each.
    pub buckets: usize,
}

/// How many listings there are of each kind, the most common first; kinds without listings are missing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facets {
    /// By type of room.
    pub room_types: Vec<(RoomType, usize)>,
    /// By type of building.
    pub property_types: Vec<(PropertyType, usize)>,
    /// By the slug of an amenity.
    pub amenities: Vec<(String, usize)>,
    /// By price, of the stay or of a night: one for each currency.
    pub prices: Vec<Histogram>,
}

/// A listing that fits all conditions but at most one, which has a facet.
struct Fit {
    /// The lowest price, also beyond the range.
    amount: i64,
    room_type: bool,
    property_type: bool,
    price: bool,
}

impl Fit {
    fn of(query: &Query<'_>, slot: Slot, entry: &Entry) -> Option<Self> {
        let (room_type, property_type) = (query.has_room_type(entry), query.has_property_type(entry));
        let currency = query.has_currency(entry);
        // What misses two is in no facet.
        if u8::from(room_type) + u8::from(property_type) + u8::from(currency) < 2 || !query.fits_others(slot, entry) {
            return None;
        }
        let amount = query.prices(entry).map(|(amount, _)| amount).min()?;
        let price = currency && query.amounts(entry).next().is_some();
        Some(Self { amount, room_type, property_type, price })
    }
}

/// The counts so far.
struct Counts {
    wanted: WantedFacets,
    room_types: BTreeMap<RoomType, usize>,
    property_types: BTreeMap<PropertyType, usize>,
    /// By the number of the amenity.
    amenities: Vec<usize>,
    prices: BTreeMap<Currency, Vec<i64>>,
}

impl Counts {
    fn add(&mut self, entry: &Entry, fit: &Fit) {
        if fit.property_type && fit.price {
            *self.room_types.entry(entry.room_type).or_default() += 1;
        }
        if fit.room_type && fit.price {
            *self.property_types.entry(entry.property_type).or_default() += 1;
        }
        if fit.room_type && fit.property_type && fit.price && self.wanted.amenities > 0 {
            entry.amenities.iter().for_each(|amenity| self.amenities[usize::from(*amenity)] += 1);
        }
        if fit.room_type && fit.property_type && self.wanted.histograms > 0 {
            self.prices.entry(entry.currency).or_default().push(fit.amount);
        }
    }

    fn into_facets(self, slugs: &[String]) -> Facets {
        let WantedFacets { amenities, histograms, buckets } = self.wanted;
        let mut prices: Vec<_> = self.prices.into_iter().collect();
        prices.sort_by_key(|(currency, amounts)| (Reverse(amounts.len()), *currency));
        prices.truncate(histograms);
        Facets {
            room_types: most_common(self.room_types, usize::MAX),
            property_types: most_common(self.property_types, usize::MAX),
            amenities: most_common(slugs.iter().zip(self.amenities), amenities)
                .into_iter()
                .map(|(slug, listings)| (slug.clone(), listings))
                .collect(),
            prices: prices.into_iter().map(|(currency, amounts)| histogram::of(currency, amounts, buckets)).collect(),
        }
    }
}

/// The first `most`, the most common first, without those that are not there.
fn most_common<T: Ord>(counts: impl IntoIterator<Item = (T, usize)>, most: usize) -> Vec<(T, usize)> {
    let mut counts: Vec<_> = counts.into_iter().filter(|(_, listings)| *listings > 0).collect();
    counts.sort_unstable_by(|(a, many), (b, more)| more.cmp(many).then_with(|| a.cmp(b)));
    counts.truncate(most);
    counts
}

impl Index {
    /// The facets of a search. None: the index cannot answer.
    pub fn facets(&self, criteria: &Criteria<'_>, wanted: WantedFacets) -> Option<Facets> {
        let query = Query::new(self, criteria)?;
        let slugs = self.names.amenities();
        let mut counts = Counts {
            wanted,
            room_types: BTreeMap::new(),
            property_types: BTreeMap::new(),
            amenities: vec![0; slugs.len()],
            prices: BTreeMap::new(),
        };
        for (slot, entry) in self.candidates(&query) {
            if let Some(fit) = Fit::of(&query, slot, entry) {
                counts.add(entry, &fit);
            }
        }
        Some(counts.into_facets(slugs))
    }
}
