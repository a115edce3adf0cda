//! Nights that allowed stays can include, and days on which they can begin and end.
//!
//! A free night is not always bookable: a gap of two nights is useless if the shortest stay is three. This considers all allowed stays in
//! one pass: of the stays that begin on one day the longest includes all others, so only its end is needed.

use std::cell::OnceCell;

use chrono::{Days, NaiveDate};

use super::{Calendar, in_window, limits, night, occupied, too_near};
use types::{Stay, UnavailableReason};

/// The most nights of a requested stay.
pub const LONGEST: u32 = 365;

/// Rules that can make a free night useless, alone or together.
const RULES: [UnavailableReason; 5] = [
    UnavailableReason::MinNights,
    UnavailableReason::MaxNights,
    UnavailableReason::ClosedToArrival,
    UnavailableReason::ClosedToDeparture,
    UnavailableReason::BookingWindow,
];

/// All stays that a calendar allows around a range of nights.
pub(super) struct Stays {
    first: NaiveDate,
    days: Vec<Day>,
    /// The stays without the rules whose bits are set.
    reached: [OnceCell<Reached>; 1 << RULES.len()],
}

/// One day, for the stays that begin and end on it.
struct Day {
    is_free: bool,
    /// Whether there is enough notice for an arrival.
    is_in_time: bool,
    in_window: bool,
    min_nights: usize,
    max_nights: usize,
    closed_to_arrival: bool,
    closed_to_departure: bool,
}

/// By day: whether a stay includes the night, begins, ends.
struct Reached {
    includes: Vec<bool>,
    begins: Vec<bool>,
    ends: Vec<bool>,
}

impl Stays {
    /// The stays that `calendar` allows and that touch `range`.
    pub(super) fn around(calendar: &Calendar, range: Stay) -> Self {
        let reach = Days::new(u64::from(LONGEST));
        let first = range.check_in().checked_sub_days(reach).unwrap_or(range.check_in());
        let last = range.check_out().checked_add_days(reach).unwrap_or(range.check_out());
        let days = first.iter_days().take_while(|date| *date <= last).map(|date| Day::of(calendar, date)).collect();
        Self { first, days, reached: Default::default() }
    }

    /// Whether a stay can include the night of `date`.
    pub(super) fn include(&self, date: NaiveDate) -> bool {
        self.at(date, |reached| &reached.includes, 0)
    }

    /// Whether a stay can begin on `date`.
    pub(super) fn begin(&self, date: NaiveDate) -> bool {
        self.at(date, |reached| &reached.begins, 0)
    }

    /// Whether a stay can end on `date`.
    pub(super) fn end(&self, date: NaiveDate) -> bool {
        self.at(date, |reached| &reached.ends, 0)
    }

    /// The rules that prevent all stays from including the free night of `date`: a smallest set without which one could.
    pub(super) fn reasons(&self, date: NaiveDate) -> Vec<UnavailableReason> {
        for size in 1..=RULES.len() as u32 {
            let sets = (0..1 << RULES.len()).filter(|set: &usize| set.count_ones() == size);
            let guilty =
                sets.filter(|&set| self.at(date, |reached| &reached.includes, set)).fold(0, |all, set| all | set);
            if guilty != 0 {
                let is_guilty = |(index, _): &(usize, &UnavailableReason)| guilty & (1 << index) != 0;
                return RULES.iter().enumerate().filter(is_guilty).map(|(_, &rule)| rule).collect();
            }
        }
        Vec::new()
    }

    fn at(&self, date: NaiveDate, what: impl Fn(&Reached) -> &Vec<bool>, without: usize) -> bool {
        let reached = self.reached[without].get_or_init(|| reached(&self.days, without));
        let index = usize::try_from((date - self.first).num_days()).ok();
        index.and_then(|index| what(reached).get(index)).copied().unwrap_or(false)
    }
}

impl Day {
    fn of(calendar: &Calendar, date: NaiveDate) -> Self {
        let (min_nights, max_nights) = limits(calendar, date);
        let own = night(calendar, date);
        Self {
            is_free: calendar.rules.published && occupied(calendar, date).is_none(),
            is_in_time: !too_near(calendar, date),
            in_window: in_window(calendar, date),
            min_nights: min_nights as usize,
            max_nights: max_nights as usize,
            closed_to_arrival: own.closed_to_arrival,
            closed_to_departure: own.closed_to_departure,
        }
    }
}

/// The stays on `days`, without the rules whose bits are set in `without`.
fn reached(days: &[Day], without: usize) -> Reached {
    let [no_min, no_max, any_arrival, any_departure, no_window] = std::array::from_fn(|bit| without & (1 << bit) != 0);
    let mut reached =
        Reached { includes: vec![false; days.len()], begins: vec![false; days.len()], ends: vec![false; days.len()] };
    let departs = |day: &Day| any_departure || !day.closed_to_departure;
    let (run_ends, departures) = (run_ends(days), last_departures(days, departs));
    let mut included = 0;
    // By day: how many arrivals can end from here on, minus those that no longer can.
    let mut changes = vec![0_i32; days.len() + 1];
    for (arrival, day) in days.iter().enumerate() {
        let begins =
            day.is_free && day.is_in_time && (no_window || day.in_window) && (any_arrival || !day.closed_to_arrival);
        let least = arrival + if no_min { 1 } else { day.min_nights.max(1) };
        let most = if no_max { LONGEST as usize } else { day.max_nights.min(LONGEST as usize) };
        let most = (arrival + most).min(run_ends[arrival]).min(days.len() - 1);
        let departure = departures[most].filter(|departure| *departure >= least);
        let Some(departure) = departure.filter(|_| begins) else { continue };
        reached.begins[arrival] = true;
        (included.max(arrival)..departure).for_each(|night| reached.includes[night] = true);
        included = included.max(departure);
        changes[least] += 1;
        changes[departure + 1] -= 1;
    }
    let mut open = 0;
    for (end, day) in days.iter().enumerate() {
        open += changes[end];
        reached.ends[end] = open > 0 && departs(day);
    }
    reached
}

/// For each day, the first day from it on whose night is not free.
fn run_ends(days: &[Day]) -> Vec<usize> {
    let mut ends = vec![days.len(); days.len()];
    let mut end = days.len();
    for (index, day) in days.iter().enumerate().rev() {
        if !day.is_free {
            end = index;
        }
        ends[index] = end;
    }
    ends
}

/// For each day, the last one up to it on which a stay can end.
fn last_departures(days: &[Day], departs: impl Fn(&Day) -> bool) -> Vec<Option<usize>> {
    let mut last = None;
    let departures = days.iter().enumerate().map(|(index, day)| {
        last = departs(day).then_some(index).or(last);
        last
    });
    departures.collect()
}
