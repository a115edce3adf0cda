//! Exact arithmetic on minor units, independent of currencies.

use types::Money;

/// `numerator / denominator`, rounded to the nearest whole number; a half goes to the even neighbor. `denominator` is above 0.
pub fn half_even(numerator: i128, denominator: i128) -> i128 {
    let floor = numerator.div_euclid(denominator);
    let rest = numerator.rem_euclid(denominator) * 2;
    let up = rest > denominator || (rest == denominator && floor % 2 != 0);
    floor + i128::from(up)
}

/// `basis_points` ten-thousandths of `amount`, rounded half-even.
pub fn share(amount: i64, basis_points: u32) -> i128 {
    half_even(i128::from(amount) * i128::from(basis_points), 10_000)
}

/// An amount that JavaScript represents exactly, or `None`.
pub fn checked(amount: i128) -> Option<i64> {
    i64::try_from(amount).ok().filter(|amount| (-Money::MAX_MINOR..=Money::MAX_MINOR).contains(amount))
}

/// Splits `amount` in proportion to `weights`, by largest remainder: the parts sum exactly to `amount`, and of equal remainders the first
/// gets the odd unit. If all weights are 0 the parts are equal; without weights the result is empty.
pub fn split(amount: i64, weights: &[u64]) -> Vec<i64> {
    let sum: i128 = weights.iter().map(|&weight| i128::from(weight)).sum();
    if sum == 0 {
        return if weights.is_empty() { Vec::new() } else { split(amount, &vec![1; weights.len()]) };
    }
    let size = i128::from(amount.unsigned_abs());
    let mut parts: Vec<i128> = weights.iter().map(|&weight| size * i128::from(weight) / sum).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    // The sort is stable: equal remainders keep their order.
    order.sort_by_key(|&index| std::cmp::Reverse(size * i128::from(weights[index]) % sum));
    let left = size - parts.iter().sum::<i128>();
    for &index in order.iter().take(usize::try_from(left).unwrap_or(0)) {
        parts[index] += 1;
    }
    // No part is greater than `amount`, so each fits.
    parts.into_iter().map(|part| (part * i128::from(amount.signum())) as i64).collect()
}

/// Basis points as percent: `14.2`.
pub fn percent(basis_points: u32) -> String {
    let text = format!("{}.{:02}", basis_points / 100, basis_points % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_half_goes_to_the_even_neighbor() {
        for (numerator, denominator, rounded) in [
            (5, 10, 0),
            (15, 10, 2),
            (25, 10, 2),
            (26, 10, 3),
            (-5, 10, 0),
            (-15, 10, -2),
            (-16, 10, -2),
            (7, 3, 2),
            (-7, 3, -2),
        ] {
            assert_eq!(half_even(numerator, denominator), rounded, "{numerator}/{denominator}");
        }
    }

    #[test]
    fn thirds_of_a_hundred_sum_to_a_hundred() {
        assert_eq!(split(10_000, &[1, 1, 1]), [3334, 3333, 3333]);
        assert_eq!(split(-10_000, &[1, 1, 1]), [-3334, -3333, -3333]);
        assert_eq!(split(1, &[1, 3]), [0, 1]);
        assert_eq!(split(5, &[0, 0]), [3, 2]);
        assert_eq!(split(5, &[]), [0; 0]);
        assert_eq!(split(Money::MAX_MINOR, &[u64::MAX, 0]), [Money::MAX_MINOR, 0]);
    }

    #[test]
    fn percents_are_short() {
        for (basis_points, text) in [(1420, "14.2"), (300, "3"), (25, "0.25"), (0, "0"), (10_000, "100")] {
            assert_eq!(percent(basis_points), text);
        }
    }

    proptest! {
        #[test]
        fn splits_lose_nothing_and_are_off_by_less_than_one(
            amount in -Money::MAX_MINOR..=Money::MAX_MINOR,
            weights in prop::collection::vec(0u64..1_000_000, 1..40),
        ) {
            let parts = split(amount, &weights);
            prop_assert_eq!(parts.iter().map(|&part| i128::from(part)).sum::<i128>(), i128::from(amount));
            let sum: i128 = weights.iter().map(|&weight| i128::from(weight)).sum();
            for (part, weight) in parts.iter().zip(&weights).filter(|_| sum > 0) {
                let distance = i128::from(*part) * sum - i128::from(amount) * i128::from(*weight);
                prop_assert!(distance.abs() < sum);
            }
        }

        #[test]
        fn rounding_is_off_by_half_at_most(numerator in any::<i64>(), denominator in 1i64..i64::MAX) {
            let (numerator, denominator) = (i128::from(numerator), i128::from(denominator));
            prop_assert!((half_even(numerator, denominator) * denominator - numerator).abs() * 2 <= denominator);
        }
    }
}
