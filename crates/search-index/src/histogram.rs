//! Histograms of prices, with round bounds.

use types::{Currency, Money};

/// The share of prices in percent that determine the width of buckets. The few highest are in the last one, whatever they are: otherwise one
/// of them would leave all others in the first.
const REGULAR: usize = 98;

/// How many listings there are in ranges of prices of one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram {
    /// The currency.
    pub currency: Currency,
    /// All listings.
    pub listings: usize,
    /// Adjacent ranges, from that of the lowest price to that of the highest.
    pub buckets: Vec<Bucket>,
}

/// A range of prices, both ends included, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// Minimum.
    pub min: i64,
    /// Maximum.
    pub max: i64,
    /// How many listings have a price in it.
    pub listings: usize,
}

/// The histogram of prices, in at most `most` buckets. They are equally wide, but for the last one, which reaches to the highest price.
pub fn of(currency: Currency, mut prices: Vec<i64>, most: usize) -> Histogram {
    Histogram { currency, listings: prices.len(), buckets: buckets(&mut prices, most) }
}

fn buckets(prices: &mut [i64], most: usize) -> Vec<Bucket> {
    let (Some(&lowest), Some(&highest)) = (prices.iter().min(), prices.iter().max()) else { return Vec::new() };
    let regular = (prices.len() - 1) * REGULAR / 100;
    let high = *prices.select_nth_unstable(regular).1;
    let width = width(lowest, high, i64::try_from(most).unwrap_or(i64::MAX));
    let first = lowest / width;
    let mut buckets: Vec<_> = (first..=high / width)
        .map(|number| Bucket { min: number * width, max: number * width + (width - 1), listings: 0 })
        .collect();
    let last = buckets.len() - 1;
    for price in prices {
        let number = usize::try_from(*price / width - first).unwrap_or(last);
        buckets[number.min(last)].listings += 1;
    }
    buckets[last].max = buckets[last].max.clamp(highest, Money::MAX_MINOR.max(highest));
    buckets
}

/// Of the round numbers 1, 2, 5, 10, 20 and so on, the least width with which prices from `lowest` to `high` are in at most `most` buckets.
fn width(lowest: i64, high: i64, most: i64) -> i64 {
    let round = (0..=17).flat_map(|power| [1, 2, 5].map(|digit| digit * 10_i64.pow(power)));
    let mut fitting = round.filter(|width| high / width - lowest / width < most);
    // With a width above the greatest amount there is one bucket.
    fitting.next().unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bounds(prices: &[i64], most: usize) -> Vec<(i64, i64, usize)> {
        let buckets = buckets(&mut prices.to_vec(), most);
        buckets.iter().map(|bucket| (bucket.min, bucket.max, bucket.listings)).collect()
    }

    #[test]
    fn bounds_are_round_and_the_few_highest_prices_are_in_the_last_bucket() {
        assert_eq!(bounds(&[], 5), []);
        assert_eq!(bounds(&[700], 5), [(700, 700, 1)]);
        assert_eq!(bounds(&[120, 180, 320, 420], 4), [(100, 199, 2), (200, 299, 0), (300, 420, 2)]);
        let mut prices: Vec<i64> = (1..100).map(|number| number * 100).collect();
        prices.push(Money::MAX_MINOR);
        let found = bounds(&prices, 5);
        assert_eq!(found[0], (0, 1_999, 19));
        assert_eq!(found[4], (8_000, Money::MAX_MINOR, 21));
    }

    proptest! {
        #[test]
        fn every_price_is_in_one_bucket(
            prices in prop::collection::vec(prop_oneof![1..2_000_i64, 1..=Money::MAX_MINOR], 1..60), most in 1..40_usize
        ) {
            let found = bounds(&prices, most);
            prop_assert!((1..=most).contains(&found.len()));
            for (min, max, listings) in &found {
                prop_assert_eq!(prices.iter().filter(|price| (*min..=*max).contains(*price)).count(), *listings);
            }
            prop_assert_eq!(found.iter().map(|(.., listings)| listings).sum::<usize>(), prices.len());
            prop_assert!(found.windows(2).all(|pair| pair[0].1 + 1 == pair[1].0), "adjacent");
        }
    }
}
