//! The pauses between attempts.

use chrono::Duration;

use types::Entropy;

/// Before the second attempt.
const FIRST: Duration = Duration::seconds(30);
/// The longest.
const LONGEST: Duration = Duration::hours(1);

/// The pause before attempt number `attempt`: it doubles each time, and up to a fifth is added at random, so that effects that failed
/// together are not retried together.
pub(super) fn before(attempt: u32, entropy: &dyn Entropy) -> Duration {
    let pause = doubled(FIRST, attempt.saturating_sub(2), LONGEST);
    let random: [u8; 1] = entropy.bytes();
    pause + pause * i32::from(random[0]) / (5 * 256)
}

/// `first`, doubled so many times, but at most `longest`.
pub(crate) fn doubled(first: Duration, times: u32, longest: Duration) -> Duration {
    (first * 2_i32.saturating_pow(times.min(16))).min(longest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::SeededEntropy;

    #[test]
    fn pauses_double_up_to_an_hour_with_jitter() {
        let entropy = SeededEntropy::new(7);
        for (attempt, seconds) in [(2, 30), (3, 60), (4, 120), (8, 1_920), (9, 3_600), (20, 3_600), (u32::MAX, 3_600)] {
            let least = Duration::seconds(seconds);
            for _ in 0..100 {
                let pause = before(attempt, &entropy);
                assert!(pause >= least && pause <= least * 6 / 5, "{attempt}: {pause}");
            }
        }
    }
}
