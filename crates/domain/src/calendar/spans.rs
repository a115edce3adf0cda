//! Merges ranges of nights, so that each night is read once.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use store::nights::Span;
use types::ListingId;

/// The first and the last night of a range.
type Bounds = (NaiveDate, NaiveDate);

/// The spans that cover exactly `ranges`: touching ranges of one listing become one, and listings with the same range share it.
pub(super) fn of(ranges: impl Iterator<Item = (ListingId, Bounds)>) -> Vec<Span> {
    let mut of_listings: BTreeMap<ListingId, Vec<Bounds>> = BTreeMap::new();
    for (listing, bounds) in ranges {
        of_listings.entry(listing).or_default().push(bounds);
    }
    let mut listings: BTreeMap<Bounds, Vec<ListingId>> = BTreeMap::new();
    for (listing, ranges) in of_listings {
        for bounds in joined(ranges) {
            listings.entry(bounds).or_default().push(listing);
        }
    }
    listings.into_iter().map(|((first, last), listings)| Span { first, last, listings }).collect()
}

fn joined(mut ranges: Vec<Bounds>) -> Vec<Bounds> {
    ranges.sort_unstable();
    let mut joined: Vec<Bounds> = Vec::new();
    for (first, last) in ranges {
        match joined.last_mut() {
            Some(before) if before.1.succ_opt().is_none_or(|next| first <= next) => before.1 = before.1.max(last),
            _ => joined.push((first, last)),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use chrono::Days;
    use proptest::prelude::*;

    use super::*;
    use types::SeededEntropy;

    fn day(number: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + Days::new(number)
    }

    proptest! {
        #[test]
        fn spans_hold_the_nights_of_all_ranges_once(
            ranges in prop::collection::vec((0usize..3, 0u64..60, 0u64..10), 0..12)
        ) {
            let entropy = SeededEntropy::new(1);
            let listings = [0; 3].map(|_| ListingId::new(chrono::DateTime::UNIX_EPOCH.into(), &entropy));
            let bounds = |&(of, first, more): &(usize, u64, u64)| (listings[of], (day(first), day(first + more)));
            let nights = |listing: ListingId, (first, last): Bounds| {
                first.iter_days().take_while(move |day| *day <= last).map(move |day| (listing, day))
            };
            let wanted: BTreeSet<_> = ranges.iter().map(bounds).flat_map(|(of, bounds)| nights(of, bounds)).collect();
            let spans = of(ranges.iter().map(bounds));
            let read: Vec<_> = spans
                .iter()
                .flat_map(|span| span.listings.iter().flat_map(|id| nights(*id, (span.first, span.last))))
                .collect();
            prop_assert_eq!(read.len(), wanted.len());
            prop_assert_eq!(read.into_iter().collect::<BTreeSet<_>>(), wanted);
        }
    }

    #[test]
    fn listings_with_the_same_nights_share_a_span() {
        let entropy = SeededEntropy::new(1);
        let listings = [0; 20].map(|_| ListingId::new(chrono::DateTime::UNIX_EPOCH.into(), &entropy));
        let ranges = (0..50).flat_map(|n| listings.map(|id| (id, (day(n), day(n + 5)))));
        let spans = of(ranges);
        assert_eq!(spans.len(), 1);
        assert_eq!((spans[0].first, spans[0].last, spans[0].listings.len()), (day(0), day(54), 20));
    }
}
