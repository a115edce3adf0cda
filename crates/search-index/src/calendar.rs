//! The nights of a listing: what is held, and the prices and restrictions that some of them have.

use std::ops::Range;

use chrono::NaiveDate;

use crate::{day_number, dictionary::Dictionary, night_bits::NightBits};
use store::{night_rates::NightRate, search::source::HeldNight};
use types::{NightKind, Timestamp};

/// The nights of a listing, by day number.
#[derive(Debug, Clone, Default)]
pub struct Calendar {
    /// Held for ever.
    held: NightBits,
    /// Of these, those of guests: their stays need preparation.
    stays: NightBits,
    /// Held until some instant.
    expiring: Box<[Expiring]>,
    prices: Dictionary<i64>,
    limits: Dictionary<Limits>,
}

/// A night that is held until some instant.
#[derive(Debug, Clone, Copy)]
struct Expiring {
    night: u16,
    is_stay: bool,
    until: Timestamp,
}

/// The restrictions of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Fewest nights of a stay that begins on it.
    pub min_nights: Option<u16>,
    /// Most nights.
    pub max_nights: Option<u16>,
    /// No stay may begin on it.
    pub closed_to_arrival: bool,
    /// No stay may end on it.
    pub closed_to_departure: bool,
}

fn is_stay(kind: NightKind) -> bool {
    matches!(kind, NightKind::Hold | NightKind::Request | NightKind::Booking)
}

impl Calendar {
    /// The calendar of a listing.
    pub fn new(held: &[HeldNight], rates: &[NightRate], first_day: NaiveDate) -> Self {
        let mut calendar = Self::default();
        calendar.set_held(held, first_day);
        calendar.set_rates(rates, first_day);
        calendar
    }

    /// Replaces the held nights.
    pub fn set_held(&mut self, held: &[HeldNight], first_day: NaiveDate) {
        let numbered =
            |night: &HeldNight| Some((day_number(first_day, night.night)?, is_stay(night.kind), night.expires_at));
        let nights: Vec<_> = held.iter().filter_map(numbered).collect();
        let for_ever = nights.iter().filter(|(.., until)| until.is_none());
        self.held = NightBits::new(for_ever.clone().map(|(night, ..)| *night));
        self.stays = NightBits::new(for_ever.filter(|(_, is_stay, _)| *is_stay).map(|(night, ..)| *night));
        let expiring = |&(night, is_stay, until): &(u16, bool, Option<Timestamp>)| {
            until.map(|until| Expiring { night, is_stay, until })
        };
        self.expiring = nights.iter().filter_map(expiring).collect();
    }

    /// Replaces prices and restrictions.
    pub fn set_rates(&mut self, rates: &[NightRate], first_day: NaiveDate) {
        let (mut prices, mut limits) = (Vec::new(), Vec::new());
        for rate in rates {
            let Some(day) = day_number(first_day, rate.night) else { continue };
            prices.extend(rate.price.map(|price| (day, price)));
            let own = Limits {
                min_nights: rate.min_nights,
                max_nights: rate.max_nights,
                closed_to_arrival: rate.closed_to_arrival,
                closed_to_departure: rate.closed_to_departure,
            };
            limits.extend((own != Limits::default()).then_some((day, own)));
        }
        (self.prices, self.limits) = (Dictionary::new(&prices), Dictionary::new(&limits));
    }

    /// Whether something holds any of these nights.
    pub fn is_held(&self, nights: Range<u16>, now: Timestamp) -> bool {
        self.held.any(nights.clone())
            || self.expiring.iter().any(|held| nights.contains(&held.night) && held.until > now)
    }

    /// Whether a stay of a guest is in any of these nights.
    pub fn has_stay(&self, nights: Range<u16>, now: Timestamp) -> bool {
        self.stays.any(nights.clone())
            || self.expiring.iter().any(|held| held.is_stay && nights.contains(&held.night) && held.until > now)
    }

    /// The price of a night, if it has its own.
    pub fn price(&self, night: u16) -> Option<i64> {
        self.prices.get(night)
    }

    /// Whether any night has its own price.
    pub fn has_prices(&self) -> bool {
        !self.prices.is_empty()
    }

    /// The restrictions of a day.
    pub fn limits(&self, day: u16) -> Limits {
        self.limits.get(day).unwrap_or_default()
    }

    /// Its memory besides itself.
    pub fn bytes(&self) -> usize {
        let expiring = self.expiring.len() * size_of::<Expiring>();
        self.held.bytes() + self.stays.bytes() + expiring + self.prices.bytes() + self.limits.bytes()
    }
}
