//! Which listings are compared with a search: all in their order, or the few that one of its conditions leaves.

use crate::{Index, Slot, query::Query};

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
        let sets = amenities.iter().copied().chain(&query.place);
        let smallest = sets.min_by_key(|slots| slots.len());
        let few = smallest.and_then(|slots| usize::try_from(slots.len()).ok()).filter(|few| *few <= worth);
        let most = few.unwrap_or(worth);
        // A box has some listings of its edge besides its own.
        let near = query.filter.area.and_then(|area| index.map.near(area, most));
        match (near, smallest.filter(|_| few.is_some())) {
            (Some(near), _) => Self::Some(near),
            (None, Some(slots)) => Self::Some(slots.iter().collect()),
            (None, None) => Self::All,
        }
    }
}
