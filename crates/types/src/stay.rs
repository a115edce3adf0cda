//! Stays: half-open ranges of nights.

use chrono::{Days, NaiveDate};

/// The nights from check-in to the night before check-out. The next guest can arrive on the day of
/// check-out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stay {
    check_in: NaiveDate,
    check_out: NaiveDate,
}

/// A stay that ends before it begins, or is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidStay {
    /// Check-out is not after check-in.
    #[error("the stay must end at least one day after it begins")]
    Empty,
    /// More nights than can be requested at once.
    #[error("the stay must have at most {max} nights")]
    TooLong {
        /// The maximum number of nights.
        max: u32,
    },
}

impl Stay {
    /// The nights of `[check_in, check_out)`, at most `max` of them.
    pub fn new(check_in: NaiveDate, check_out: NaiveDate, max: u32) -> Result<Self, InvalidStay> {
        let nights = check_out.signed_duration_since(check_in).num_days();
        if nights < 1 {
            return Err(InvalidStay::Empty);
        }
        if nights > i64::from(max) {
            return Err(InvalidStay::TooLong { max });
        }
        Ok(Self { check_in, check_out })
    }

    /// A stay from the database, which was checked when it was written.
    pub fn stored(check_in: NaiveDate, check_out: NaiveDate) -> Self {
        Self { check_in, check_out }
    }

    /// The first night.
    pub fn check_in(self) -> NaiveDate {
        self.check_in
    }

    /// The day of check-out.
    pub fn check_out(self) -> NaiveDate {
        self.check_out
    }

    /// The number of nights.
    pub fn len(self) -> u32 {
        u32::try_from(self.check_out.signed_duration_since(self.check_in).num_days()).unwrap_or(0)
    }

    /// Always false: a stay has at least one night.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The nights in order.
    pub fn nights(self) -> impl Iterator<Item = NaiveDate> + Clone {
        (0..u64::from(self.len())).map(move |day| self.check_in + Days::new(day))
    }

    /// Whether both stays include a common night.
    pub fn overlaps(self, other: Self) -> bool {
        self.check_in < other.check_out && other.check_in < self.check_out
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(number: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + Days::new(number)
    }

    #[test]
    fn a_check_out_day_belongs_to_the_next_guest() {
        let first = Stay::new(day(0), day(2), 365).unwrap();
        let next = Stay::new(day(2), day(3), 365).unwrap();
        assert!(!first.overlaps(next));
        assert_eq!(first.nights().collect::<Vec<_>>(), [day(0), day(1)]);
        assert_eq!(Stay::new(day(2), day(2), 365), Err(InvalidStay::Empty));
        assert_eq!(Stay::new(day(0), day(3), 2), Err(InvalidStay::TooLong { max: 2 }));
    }

    proptest! {
        #[test]
        fn stays_overlap_exactly_when_they_share_a_night(a in 0u64..40, n in 1u64..10, b in 0u64..40, m in 1u64..10) {
            let (x, y) = (Stay::stored(day(a), day(a + n)), Stay::stored(day(b), day(b + m)));
            let shares = x.nights().any(|night| y.nights().any(|other| other == night));
            prop_assert_eq!(x.overlaps(y), shares);
            prop_assert_eq!(x.nights().count() as u32, x.len());
        }
    }
}
