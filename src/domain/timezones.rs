//! Wall clocks of places, and the instants they mean.
//!
//! When clocks jump forward, a wall time in the gap means the first instant after it. When they go back, a wall time that comes twice
//! means the later instant. Both favour the guest who must do something *until* then.

use chrono::{DateTime, Days, Duration, MappedLocalTime, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
pub use chrono_tz::Tz;

use crate::types::{Stay, Timestamp};

/// A text that names no zone of the IANA database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time zone of the IANA database")]
pub struct UnknownZone(pub String);

/// The zone of this IANA name, in its own letter case: `Asia/Singapore`.
pub fn parse(name: &str) -> Result<Tz, UnknownZone> {
    name.parse().map_err(|_| UnknownZone(name.chars().take(64).collect()))
}

/// The instant at which clocks of `zone` show `time` on `date`.
pub fn instant_of(zone: Tz, date: NaiveDate, time: NaiveTime) -> Timestamp {
    let wall = date.and_time(time);
    match zone.from_local_datetime(&wall) {
        MappedLocalTime::Single(at) | MappedLocalTime::Ambiguous(_, at) => at.with_timezone(&Utc).into(),
        MappedLocalTime::None => after_gap(zone, wall).into(),
    }
}

/// The first instant whose wall time is not before `wall`, which lies in a gap. Offsets are between -12 and +14 hours, so it is found
/// between 15 hours before and 13 hours after `wall` taken as UTC.
fn after_gap(zone: Tz, wall: NaiveDateTime) -> DateTime<Utc> {
    let middle = wall.and_utc().timestamp();
    let reached = |second: i64| zone.timestamp_opt(second, 0).single().is_some_and(|at| at.naive_local() >= wall);
    let (mut before, mut after) = (middle - 15 * 3600, middle + 13 * 3600);
    while after - before > 1 {
        let between = before.midpoint(after);
        if reached(between) {
            after = between;
        } else {
            before = between;
        }
    }
    DateTime::from_timestamp(after, 0).unwrap_or_else(|| wall.and_utc())
}

/// The instant from which the guest can arrive.
pub fn check_in_at(zone: Tz, stay: Stay, from: NaiveTime) -> Timestamp {
    instant_of(zone, stay.check_in(), from)
}

/// The instant by which the guest must have left.
pub fn check_out_at(zone: Tz, stay: Stay, by: NaiveTime) -> Timestamp {
    instant_of(zone, stay.check_out(), by)
}

/// Date and time that clocks of `zone` show at `at`.
pub fn wall_clock(zone: Tz, at: Timestamp) -> NaiveDateTime {
    at.utc().with_timezone(&zone).naive_local()
}

/// The date in `zone` at `at`.
pub fn local_date(zone: Tz, at: Timestamp) -> NaiveDate {
    wall_clock(zone, at).date()
}

/// The same wall time `days` days earlier. Across a change of clocks that is not a multiple of 24 hours.
pub fn days_before(zone: Tz, at: Timestamp, days: u32) -> Timestamp {
    let wall = wall_clock(zone, at);
    match wall.date().checked_sub_days(Days::new(u64::from(days))) {
        Some(date) => instant_of(zone, date, wall.time()),
        None => at - Duration::days(i64::from(days)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn instant(zone: &str, date: &str, time: &str) -> String {
        let at = instant_of(parse(zone).unwrap(), date.parse().unwrap(), time.parse().unwrap());
        at.utc().to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
    }

    #[test]
    fn wall_times_mean_one_instant_each() {
        for (zone, date, time, expected) in [
            ("Europe/Berlin", "2026-07-01", "15:00:00", "2026-07-01T13:00:00Z"),
            ("Asia/Singapore", "2026-07-01", "15:00:00", "2026-07-01T07:00:00Z"),
            // In a gap: the first instant after it.
            ("Europe/Berlin", "2026-03-29", "02:00:00", "2026-03-29T01:00:00Z"),
            ("Europe/Berlin", "2026-03-29", "02:30:00", "2026-03-29T01:00:00Z"),
            ("Europe/Berlin", "2026-03-29", "03:00:00", "2026-03-29T01:00:00Z"),
            ("America/New_York", "2026-03-08", "02:59:59", "2026-03-08T07:00:00Z"),
            ("Australia/Lord_Howe", "2026-10-04", "02:15:00", "2026-10-03T15:30:00Z"),
            // In an overlap: the later one.
            ("Europe/Berlin", "2026-10-25", "02:30:00", "2026-10-25T01:30:00Z"),
            ("America/New_York", "2026-11-01", "01:30:00", "2026-11-01T06:30:00Z"),
            ("Australia/Lord_Howe", "2026-04-05", "01:45:00", "2026-04-04T15:15:00Z"),
            // A whole day that never was: Samoa went over the date line.
            ("Pacific/Apia", "2011-12-30", "00:00:00", "2011-12-30T10:00:00Z"),
            ("Pacific/Apia", "2011-12-30", "12:00:00", "2011-12-30T10:00:00Z"),
            ("Pacific/Apia", "2011-12-31", "00:00:00", "2011-12-30T10:00:00Z"),
            ("Pacific/Apia", "2011-12-29", "23:59:59", "2011-12-30T09:59:59Z"),
        ] {
            assert_eq!(instant(zone, date, time), expected, "{zone} {date} {time}");
        }
    }

    #[test]
    fn days_are_counted_on_the_wall() {
        let berlin = Tz::Europe__Berlin;
        let at = |text: &str| Timestamp::from(text.parse::<DateTime<Utc>>().unwrap());
        // 23 and 25 hours.
        assert_eq!(days_before(berlin, at("2026-03-29T13:00:00Z"), 1), at("2026-03-28T14:00:00Z"));
        assert_eq!(days_before(berlin, at("2026-10-25T14:00:00Z"), 1), at("2026-10-24T13:00:00Z"));
        assert_eq!(local_date(Tz::Pacific__Auckland, at("2026-06-30T12:00:00Z")).to_string(), "2026-07-01");
    }

    #[test]
    fn only_names_of_the_database_are_zones() {
        assert_eq!(parse("Asia/Singapore"), Ok(Tz::Asia__Singapore));
        for name in ["", "Mars/Olympus", "asia/singapore", "+08:00"] {
            assert_eq!(parse(name), Err(UnknownZone(name.to_owned())));
        }
    }

    proptest! {
        #[test]
        fn an_instant_shows_its_wall_time_unless_that_never_was(zone in 0..chrono_tz::TZ_VARIANTS.len(), day in 0u64..25_000, second in 0u32..86_400) {
            let zone = chrono_tz::TZ_VARIANTS[zone];
            let date = NaiveDate::from_ymd_opt(1975, 1, 1).unwrap() + Days::new(day);
            let time = NaiveTime::from_num_seconds_from_midnight_opt(second, 0).unwrap();
            let at = instant_of(zone, date, time);
            let shown = wall_clock(zone, at);
            prop_assert!(shown >= date.and_time(time));
            if shown != date.and_time(time) {
                prop_assert!(wall_clock(zone, at - Duration::seconds(1)) < date.and_time(time), "an earlier instant would do");
            }
        }
    }
}
