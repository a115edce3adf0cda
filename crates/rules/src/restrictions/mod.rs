//! Restrictions: which stays a listing allows.
//!
//! `availability` checks single nights, `violations` a whole stay, and both use the same rules, so that they agree. Decisions that the
//! rules leave open:
//!
//! - Notice is counted to the check-in instant of the arrival day; without notice, a stay can be booked until that instant. A night whose
//!   own check-in instant is too close cannot be part of any stay.
//! - The booking window limits the day of check-in. A night after it can be booked only by a stay that begins inside; a night that no stay
//!   can reach from there has the reason `BookingWindow`.
//! - The fewest and most nights are those of the arrival day; closed to departure is a property of the check-out day.
//! - A free night that no stay can include, because of the rules for length, arrival and departure, has these rules as its reasons.
//! - Two stays have `preparation_nights` between them, in either order of booking. A free night that is closer than that to another stay
//!   has the reason `Preparation`. Blocked nights count as preparation.

mod stays;
mod messages;

use std::collections::BTreeMap;

use chrono::{Days, Duration, NaiveDate, NaiveTime};

pub use stays::LONGEST;
use stays::Stays;

use crate::{
    pricing::{self, Rates},
    timezones::{Zone, local_date},
};
use types::{Guests, NightHold, Stay, Timestamp, UnavailableReason};

/// What takes a night.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Taken {
    /// A stay: held, requested or booked.
    Stay,
    /// Preparation before or after a stay.
    Preparation,
    /// Blocked by the host or an external calendar.
    Block,
}

impl From<NightHold> for Taken {
    fn from(hold: NightHold) -> Self {
        match hold {
            NightHold::Hold | NightHold::Request | NightHold::Booking => Self::Stay,
            NightHold::Block | NightHold::External => Self::Block,
        }
    }
}

/// The exceptions of one night. Nights that are not in the calendar are free and have the listing's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Night {
    /// What takes it; expired holds do not.
    pub taken: Option<Taken>,
    /// Its own price, in minor units.
    pub price: Option<i64>,
    /// Fewest nights of a stay that begins on this day.
    pub min_nights: Option<u32>,
    /// Most nights of a stay that begins on this day.
    pub max_nights: Option<u32>,
    /// Closed to arrival.
    pub closed_to_arrival: bool,
    /// Closed to departure.
    pub closed_to_departure: bool,
}

/// What a listing allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Whether it is published.
    pub published: bool,
    /// Fewest nights.
    pub min_nights: u32,
    /// Most nights.
    pub max_nights: u32,
    /// Fewest hours from booking to check-in.
    pub advance_notice_hours: u32,
    /// Fewest nights between two stays.
    pub preparation_nights: u32,
    /// How many days ahead check-in can be at most.
    pub booking_window_days: u32,
    /// Most adults and children.
    pub max_guests: u16,
    /// Whether pets are allowed.
    pub pets_allowed: bool,
}

/// A listing's nights as they are at one instant.
#[derive(Debug, Clone)]
pub struct Calendar {
    /// What the listing allows.
    pub rules: Rules,
    /// Its time zone.
    pub zone: Zone,
    /// Earliest arrival on the check-in day.
    pub check_in_from: NaiveTime,
    /// What time it is.
    pub now: Timestamp,
    /// Whether the viewer is the host.
    pub asked_by_host: bool,
    /// Nights with exceptions, among the requested nights, the check-out day, and `preparation_nights` before and after; for
    /// `availability`, among all nights of stays that include one of them, and around those.
    pub nights: BTreeMap<NaiveDate, Night>,
}

/// A rule that a stay breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub reason: UnavailableReason,
    /// The night or day that breaks it; `None`: the whole stay.
    pub night: Option<NaiveDate>,
    /// For people.
    pub message: String,
}

/// One night and whether a stay can include it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NightView {
    /// The night.
    pub night: NaiveDate,
    /// Why no stay can include it; empty when one can.
    pub reasons: Vec<UnavailableReason>,
    /// Its price before fees and discounts, in minor units.
    pub price: i64,
    /// Fewest nights of a stay that begins on this day.
    pub min_nights: u32,
    /// Most nights of a stay that begins on this day.
    pub max_nights: u32,
    /// Whether an allowed stay can begin on this day.
    pub check_in_allowed: bool,
    /// Whether an allowed stay can end on this day.
    pub check_out_allowed: bool,
    /// Whether the night is free and the host has not closed the day to arrivals.
    pub open_to_arrival: bool,
    /// Whether the host has not closed the day to departures.
    pub open_to_departure: bool,
}

impl NightView {
    /// Whether a stay can include this night.
    pub fn bookable(&self) -> bool {
        self.reasons.is_empty()
    }
}

/// The violations of `stay`, those of the whole stay first; empty: it can be booked.
pub fn violations(calendar: &Calendar, stay: Stay, guests: Guests) -> Vec<Violation> {
    let mut found = of_whole_stay(calendar, stay, guests);
    for night in stay.nights() {
        found.extend(occupied(calendar, night).map(|reason| messages::violation(calendar, reason, Some(night))));
    }
    found
}

/// Merges violations of one rule: the first night stands for all nights that break it.
pub fn each_rule_once(violations: Vec<Violation>) -> Vec<Violation> {
    let mut rules: Vec<(Violation, usize)> = Vec::new();
    for violation in violations {
        match rules.iter_mut().find(|(first, _)| first.reason == violation.reason) {
            Some((_, more)) => *more += 1,
            None => rules.push((violation, 0)),
        }
    }
    rules.into_iter().map(|(first, more)| messages::with_more(first, more)).collect()
}

/// Each night of `range`.
pub fn availability(calendar: &Calendar, rates: &Rates, range: Stay) -> Vec<NightView> {
    let (reach, stays) = (last_reachable(calendar), Stays::around(calendar, range));
    range
        .nights()
        .map(|date| {
            let night = night(calendar, date);
            let (min_nights, max_nights) = limits(calendar, date);
            let mut reasons = reasons(calendar, date, reach);
            let open_to_arrival = reasons.is_empty() && in_window(calendar, date) && !night.closed_to_arrival;
            if reasons.is_empty() && !stays.include(date) {
                reasons = stays.reasons(date);
            }
            NightView {
                night: date,
                reasons,
                price: pricing::nightly(rates, night.price, date),
                min_nights,
                max_nights,
                check_in_allowed: stays.begin(date),
                check_out_allowed: stays.end(date),
                open_to_arrival,
                open_to_departure: !night.closed_to_departure,
            }
        })
        .collect()
}

/// The prices of nights that have their own, as `pricing::price` wants them.
pub fn overrides(calendar: &Calendar) -> pricing::Overrides {
    calendar.nights.iter().filter_map(|(&date, night)| Some((date, night.price?))).collect()
}

/// The violation of a stay that has no price.
pub fn without_price(calendar: &Calendar) -> Violation {
    messages::violation(calendar, UnavailableReason::PriceTooHigh, None)
}

fn of_whole_stay(calendar: &Calendar, stay: Stay, guests: Guests) -> Vec<Violation> {
    use UnavailableReason as Reason;
    let rules = &calendar.rules;
    let (arrival, departure) = (stay.check_in(), stay.check_out());
    let (min_nights, max_nights) = limits(calendar, arrival);
    [
        (Reason::NotPublished, !rules.published, None),
        (Reason::OwnListing, calendar.asked_by_host, None),
        (Reason::MaxGuests, guests.count() > rules.max_guests, None),
        (Reason::NoPets, guests.pets > 0 && !rules.pets_allowed, None),
        (Reason::AdvanceNotice, too_near(calendar, arrival), Some(arrival)),
        (Reason::BookingWindow, !in_window(calendar, arrival), Some(arrival)),
        (Reason::MinNights, stay.len() < min_nights, Some(arrival)),
        (Reason::MaxNights, stay.len() > max_nights, Some(arrival)),
        (Reason::ClosedToArrival, night(calendar, arrival).closed_to_arrival, Some(arrival)),
        (Reason::ClosedToDeparture, night(calendar, departure).closed_to_departure, Some(departure)),
    ]
    .into_iter()
    .filter(|&(_, broken, _)| broken)
    .map(|(reason, _, night)| messages::violation(calendar, reason, night))
    .collect()
}

/// Why no stay can include this night.
fn reasons(calendar: &Calendar, night: NaiveDate, reach: Option<NaiveDate>) -> Vec<UnavailableReason> {
    let beyond = reach.is_some_and(|reach| night > reach);
    [
        (!calendar.rules.published).then_some(UnavailableReason::NotPublished),
        too_near(calendar, night).then_some(UnavailableReason::AdvanceNotice),
        beyond.then_some(UnavailableReason::BookingWindow),
        occupied(calendar, night),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn night(calendar: &Calendar, date: NaiveDate) -> Night {
    calendar.nights.get(&date).copied().unwrap_or_default()
}

/// Fewest and most nights of a stay that begins on this day.
fn limits(calendar: &Calendar, arrival: NaiveDate) -> (u32, u32) {
    let own = night(calendar, arrival);
    (own.min_nights.unwrap_or(calendar.rules.min_nights), own.max_nights.unwrap_or(calendar.rules.max_nights))
}

/// What takes this night, or is so close that the night must stay free.
fn occupied(calendar: &Calendar, date: NaiveDate) -> Option<UnavailableReason> {
    match night(calendar, date).taken {
        Some(Taken::Stay) => return Some(UnavailableReason::Booked),
        Some(Taken::Block) => return Some(UnavailableReason::Blocked),
        Some(Taken::Preparation) => return Some(UnavailableReason::Preparation),
        None => {}
    }
    let around = Days::new(u64::from(calendar.rules.preparation_nights));
    let first = date.checked_sub_days(around).unwrap_or(NaiveDate::MIN);
    let last = date.checked_add_days(around).unwrap_or(NaiveDate::MAX);
    let is_near = calendar.nights.range(first..=last).any(|(_, night)| night.taken == Some(Taken::Stay));
    is_near.then_some(UnavailableReason::Preparation)
}

fn too_near(calendar: &Calendar, arrival: NaiveDate) -> bool {
    let notice = Duration::hours(i64::from(calendar.rules.advance_notice_hours));
    calendar.zone.instant_of(arrival, calendar.check_in_from) < calendar.now + notice
}

/// The last day on which a stay can begin; `None`: there is none.
fn last_arrival(calendar: &Calendar) -> Option<NaiveDate> {
    let window = Days::new(u64::from(calendar.rules.booking_window_days));
    local_date(&calendar.zone, calendar.now).checked_add_days(window)
}

fn in_window(calendar: &Calendar, arrival: NaiveDate) -> bool {
    last_arrival(calendar).is_none_or(|last| arrival <= last)
}

/// The last night that a stay which begins inside the booking window can include.
fn last_reachable(calendar: &Calendar) -> Option<NaiveDate> {
    let last = last_arrival(calendar)?;
    let end =
        |(arrival, most): (NaiveDate, u32)| arrival.checked_add_days(Days::new(u64::from(most.saturating_sub(1))));
    let own = calendar.nights.range(..=last).filter_map(|(&arrival, night)| Some((arrival, night.max_nights?)));
    own.chain([(last, limits(calendar, last).1), (last, calendar.rules.max_nights)]).filter_map(end).max()
}

#[cfg(test)]
mod tests;
