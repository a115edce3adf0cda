//! Nights as bits.

use std::ops::Range;

/// A set of nights by day number.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NightBits(Box<[u64]>);

impl NightBits {
    /// These nights.
    pub fn new(days: impl IntoIterator<Item = u16>) -> Self {
        let mut words: Vec<u64> = Vec::new();
        for day in days {
            let word = usize::from(day / 64);
            if words.len() <= word {
                words.resize(word + 1, 0);
            }
            words[word] |= 1 << (day % 64);
        }
        Self(words.into())
    }

    /// Whether any of the nights is in the set.
    pub fn any(&self, nights: Range<u16>) -> bool {
        if nights.is_empty() {
            return false;
        }
        let (first, last) = (usize::from(nights.start / 64), usize::from((nights.end - 1) / 64));
        let from = u64::MAX << (nights.start % 64);
        let to = u64::MAX >> (63 - (nights.end - 1) % 64);
        (first..=last).any(|word| {
            let Some(&bits) = self.0.get(word) else { return false };
            let bits = if word == first { bits & from } else { bits };
            (if word == last { bits & to } else { bits }) != 0
        })
    }

    /// Its memory besides itself.
    pub fn bytes(&self) -> usize {
        size_of_val(&*self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_range_is_free_when_none_of_its_nights_is_in_the_set(
            days in prop::collection::btree_set(0..300_u16, 0..20), from in 0..320_u16, nights in 0..200_u16
        ) {
            let bits = NightBits::new(days.iter().copied());
            let range = from..from + nights;
            prop_assert_eq!(bits.any(range.clone()), range.clone().any(|night| days.contains(&night)));
            prop_assert_eq!(NightBits::new(BTreeSet::new()).any(range), false);
        }
    }
}
