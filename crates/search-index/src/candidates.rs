//! Which listings are compared with a search: all in their order, or the few that one of its conditions leaves.

use crate::{Index, Slot, entry::Entry, query::Query};

/// Listings to compare.
pub enum Candidates {
    /// All.
    All,
    /// These, in no order.
    Some(Vec<Slot>),
}

impl Candidates {
    /// Those of a search of which `limit` hits are wanted, in an order that the index has or has not.
    ///
    /// In order, about every `all / few`-th listing is one of the few, so a page takes at least `limit * all / few` comparisons; without, `few`.
    pub fn of(index: &Index, query: &Query<'_>, limit: usize, is_ordered: bool) -> Self {
        let Some(amenities) = &query.amenities else { return Self::Some(Vec::new()) };
        let all = index.len();
        let worth = if is_ordered { all.saturating_mul(limit).isqrt() } else { all };
        let amenity = amenities.iter().copied().min_by_key(|slots| slots.len());
        let len = |len: u64| usize::try_from(len).unwrap_or(usize::MAX);
        let with_amenity = amenity.map_or(usize::MAX, |slots| len(slots.len()));
        let in_places = query.places.as_ref().map_or(usize::MAX, |places| len(places.len()));
        let few = with_amenity.min(in_places);
        // A box has some listings of its edge besides its own.
        if let Some(near) = query.filter.area.and_then(|area| index.map.near(area, few.min(worth))) {
            return Self::Some(near);
        }
        match (amenity, &query.places) {
            _ if few > worth => Self::All,
            (Some(slots), _) if with_amenity == few => Self::Some(slots.iter().collect()),
            (_, Some(places)) => Self::Some(places.slots().collect()),
            _ => Self::All,
        }
    }
}

impl Index {
    /// The listings to compare with a search of which all hits are wanted.
    pub(crate) fn candidates(&self, query: &Query<'_>) -> Box<dyn Iterator<Item = (Slot, &Entry)> + '_> {
        match Candidates::of(self, query, self.len(), false) {
            Candidates::All => {
                let all = (0..).zip(&self.entries);
                Box::new(all.filter_map(|(slot, entry)| Some((slot, entry.as_ref()?))))
            }
            Candidates::Some(slots) => Box::new(slots.into_iter().filter_map(|slot| Some((slot, self.entry(slot)?)))),
        }
    }
}
