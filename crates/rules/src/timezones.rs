//! Local times in a listing's time zone: check-in, check-out, and days of the wall clock.

use chrono::{Days, Duration, NaiveDate, NaiveTime};

use types::{Stay, Timestamp};
pub use types::{TimeZones, Zone};

/// The instant from which the guest can arrive.
pub fn check_in_at(zone: &Zone, stay: Stay, from: NaiveTime) -> Timestamp {
    zone.instant_of(stay.check_in(), from)
}

/// The instant by which the guest must have left.
pub fn check_out_at(zone: &Zone, stay: Stay, by: NaiveTime) -> Timestamp {
    zone.instant_of(stay.check_out(), by)
}

/// The date in `zone` at `at`.
pub fn local_date(zone: &Zone, at: Timestamp) -> NaiveDate {
    zone.wall_clock(at).date()
}

/// The same wall time `days` days earlier. When clocks change in between, that is not a multiple of 24 hours.
pub fn days_before(zone: &Zone, at: Timestamp, days: u32) -> Timestamp {
    let wall = zone.wall_clock(at);
    match wall.date().checked_sub_days(Days::new(u64::from(days))) {
        Some(date) => zone.instant_of(date, wall.time()),
        None => at - Duration::days(i64::from(days)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_on_the_wall() {
        let zone = |name: &str| TimeZones::built_in().zone(name).unwrap();
        let at = |text: &str| Timestamp::from(text.parse::<chrono::DateTime<chrono::Utc>>().unwrap());
        let berlin = zone("Europe/Berlin");
        // 23 and 25 hours.
        assert_eq!(days_before(&berlin, at("2026-03-29T13:00:00Z"), 1), at("2026-03-28T14:00:00Z"));
        assert_eq!(days_before(&berlin, at("2026-10-25T14:00:00Z"), 1), at("2026-10-24T13:00:00Z"));
        assert_eq!(local_date(&zone("Pacific/Auckland"), at("2026-06-30T12:00:00Z")).to_string(), "2026-07-01");
    }
}
