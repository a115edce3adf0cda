//! A stay as seen from time zones. The database has no zone rules, so each query contains, for each zone with listings, how many days and
//! seconds are left until check-in; notice and booking window are then comparisons of numbers.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use chrono::{NaiveDate, NaiveTime};

use crate::{
    app::App,
    timezones::{self, TimeZones, Zone},
};
use store::search::{Arrival, ZoneTerms};
use types::{Timestamp, error::Result};

const DAY: i64 = 86_400;
/// How long the first listing in a time zone can be missing from searches for a stay on other servers.
const AGE: Duration = Duration::from_secs(5);

/// The earliest current date on earth: at 12 hours behind UTC.
pub(super) fn earliest_today(now: Timestamp) -> NaiveDate {
    (now - chrono::Duration::hours(12)).utc().date_naive()
}

/// The time zones of published listings, and how many are in each.
pub(super) async fn known(app: &App, in_memory: bool) -> Result<Arc<[(String, i64)]>> {
    if in_memory && let Some(zones) = app.search_index.answer(|index| Some(index.zones())) {
        return Ok(zones.into());
    }
    if let Some(known) = app.zones.get(AGE) {
        return Ok(known);
    }
    let begun = Instant::now();
    let zones: Arc<[_]> = store::search::zones(&mut app.conn().await?).await?.into();
    app.zones.put(begun, Arc::clone(&zones));
    Ok(zones)
}

/// The stay that begins on `check_in` as seen from `zone`; `None` when no listing there can take it: it has begun, or begins after any
/// booking window. `None` also for an unknown zone.
pub(super) fn terms(rules: &TimeZones, zone: String, check_in: NaiveDate, now: Timestamp) -> Option<ZoneTerms> {
    let of_zone = rules.zone(&zone).ok()?;
    let days_ahead = check_in.signed_duration_since(timezones::local_date(&of_zone, now)).num_days();
    // The column of the window has 16 bits. Check-in on a day that the clocks skipped is in the past.
    if !(-1..=i64::from(u16::MAX)).contains(&days_ahead) {
        return None;
    }
    let left = |second: i64| seconds_left(&of_zone, check_in, second, now);
    (left(DAY - 1) >= 0).then(|| ZoneTerms { zone, days_ahead, arrivals: arrivals(&left) })
}

/// Whole seconds, rounded down, from `now` to check-in at this second of the day.
fn seconds_left(zone: &Zone, check_in: NaiveDate, second: i64, now: Timestamp) -> i64 {
    let time = u32::try_from(second).ok().and_then(|second| NaiveTime::from_num_seconds_from_midnight_opt(second, 0));
    let at = zone.instant_of(check_in, time.unwrap_or(NaiveTime::MIN));
    at.unix_seconds() - now.unix_seconds() - i64::from(now.utc().timestamp_subsec_micros() > 0)
}

/// `left` over a day in pieces: one on most days, several when clocks change.
fn arrivals(left: &impl Fn(i64) -> i64) -> Vec<Arrival> {
    let mut pieces: Vec<Arrival> = Vec::new();
    let mut from = 0;
    while from < DAY {
        let moving = |second: i64| left(second) - left(from) == second - from;
        let standing = |second: i64| left(second) == left(from);
        // A piece of one second can be either; the next second decides.
        let from_midnight = from + 1 == DAY || moving(from + 1) || !standing(from + 1);
        let until = if from_midnight { end_of(from, moving) } else { end_of(from, standing) };
        let seconds = if from_midnight { left(from) - from } else { left(from) };
        pieces.push(Arrival { until, seconds, from_midnight });
        from = until;
    }
    pieces
}

/// The first second of the day for which `holds` is false. It is true at `from`, and false for a while after that second.
fn end_of(from: i64, holds: impl Fn(i64) -> bool) -> i64 {
    if holds(DAY - 1) {
        return DAY;
    }
    let (mut last, mut end) = (from, DAY - 1);
    while end - last > 1 {
        let middle = i64::midpoint(last, end);
        if holds(middle) {
            last = middle;
        } else {
            end = middle;
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        chrono::DateTime::parse_from_rfc3339(text).unwrap().to_utc().into()
    }

    fn agrees(zone: &str, check_in: &str, now: &str) -> usize {
        let (check_in, now) = (check_in.parse().unwrap(), at(now));
        let of_zone = TimeZones::built_in().zone(zone).unwrap();
        let terms = terms(TimeZones::built_in(), zone.to_owned(), check_in, now).unwrap();
        for second in (0..DAY).step_by(7).chain([DAY - 1]) {
            let piece = terms.arrivals.iter().find(|piece| second < piece.until).unwrap();
            let computed = piece.seconds + if piece.from_midnight { second } else { 0 };
            assert_eq!(computed, seconds_left(&of_zone, check_in, second, now), "{zone} {check_in} {second}");
        }
        terms.arrivals.len()
    }

    #[test]
    fn pieces_agree_with_the_local_clock() {
        assert_eq!(agrees("Asia/Singapore", "2026-07-01", "2026-06-30T10:00:00Z"), 1);
        // Forward: before, the gap, after. Back: before, after.
        assert_eq!(agrees("Europe/Berlin", "2026-03-29", "2026-03-28T10:00:00.5Z"), 3);
        assert_eq!(agrees("Europe/Berlin", "2026-10-25", "2026-10-20T10:00:00Z"), 2);
        agrees("Australia/Lord_Howe", "2026-10-04", "2026-10-01T00:00:00Z");
        agrees("America/Havana", "2026-03-08", "2026-03-01T00:00:00Z");
        agrees("America/Havana", "2026-11-01", "2026-10-01T00:00:00Z");
        // A whole day that never was.
        agrees("Pacific/Apia", "2011-12-30", "2011-12-01T00:00:00Z");
    }

    #[test]
    fn a_day_has_passed_when_it_has_passed_everywhere() {
        for (now, day) in [
            ("2026-07-01T11:59:59Z", "2026-06-30"),
            ("2026-07-01T12:00:00Z", "2026-07-01"),
            ("2026-07-01T23:00:00Z", "2026-07-01"),
        ] {
            assert_eq!(earliest_today(at(now)).to_string(), day);
        }
    }

    #[test]
    fn past_and_too_distant_days_have_no_stays() {
        let now = at("2026-07-01T16:30:00Z");
        let known =
            |zone: &str, day: &str| terms(TimeZones::built_in(), zone.to_owned(), day.parse().unwrap(), now).is_some();
        assert!(!known("Asia/Singapore", "2026-07-01"), "the second of July has begun there");
        assert!(known("Asia/Singapore", "2026-07-02"));
        assert!(known("Pacific/Honolulu", "2026-07-01"));
        assert!(!known("Asia/Singapore", "2300-01-01"));
        assert!(!known("Mars/Olympus", "2026-07-02"));
    }
}
