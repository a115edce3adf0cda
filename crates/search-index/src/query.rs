//! A search, ready to be compared with entries.

use std::ops::Range;

use chrono::Datelike;
use roaring::RoaringBitmap;

use crate::{Index, Slot, day_number, entry::Entry, hosts::Hosts, names::Places, price};
use store::search::{Criteria, Filter, PriceRange, StayTerms, ZoneTerms, places::PlaceName};
use types::{GeoBox, ListingOrder, Point, Stay, Timestamp};

/// Mean radius of the earth in meters.
const EARTH: f64 = 6_371_008.8;

/// A search of an index.
pub struct Query<'a> {
    pub filter: &'a Filter,
    pub order: ListingOrder,
    /// The listings with each amenity; None: no listing has one of them.
    pub amenities: Option<Vec<&'a RoaringBitmap>>,
    /// The places with the name that is asked for.
    pub places: Option<Places<'a>>,
    hosts: &'a Hosts,
    /// The stays to try, of which a listing needs one; None: prices are per night.
    pub stays: Option<Vec<StayQuery<'a>>>,
}

/// A stay, by the numbers of its days.
pub struct StayQuery<'a> {
    terms: &'a StayTerms,
    nights: Range<u16>,
    length: u16,
    first_weekday: u32,
    /// By the number of the time zone.
    zones: Vec<Option<&'a ZoneTerms>>,
}

impl<'a> Query<'a> {
    /// The search; None: the index cannot answer it.
    pub fn new(index: &'a Index, criteria: &Criteria<'a>) -> Option<Self> {
        let filter = criteria.filter;
        if !filter.words.is_empty() {
            return None;
        }
        Some(Self {
            filter,
            order: criteria.order,
            amenities: filter.amenities.iter().map(|slug| index.names.with_amenity(slug)).collect(),
            places: filter.place.as_deref().map(|place| index.names.places(&PlaceName::new(place))),
            hosts: &index.names.hosts,
            stays: match (criteria.stay, criteria.flexible) {
                (Some(terms), _) => Some(vec![StayQuery::new(index, terms)?]),
                (None, []) => None,
                // What is beyond the calendars is beyond every booking window too.
                (None, stays) => Some(stays.iter().filter_map(|terms| StayQuery::new(index, terms)).collect()),
            },
        })
    }

    /// Whether it finds all listings.
    pub fn is_unconditional(&self) -> bool {
        self.stays.is_none() && *self.filter == Filter::default()
    }

    /// What a listing costs, if it is found, with the number of the stay: of several stays the cheapest, and of these the first.
    pub fn amount(&self, slot: Slot, entry: &Entry) -> Option<(i64, usize)> {
        if !self.fits(slot, entry) {
            return None;
        }
        self.amounts(entry).min_by_key(|(amount, _)| *amount)
    }

    /// Whether a listing is found, at whatever price.
    pub fn is_found(&self, slot: Slot, entry: &Entry) -> bool {
        self.fits(slot, entry) && self.amounts(entry).next().is_some()
    }

    /// What a listing that fits the filter costs for each stay that can be booked and is in the range of prices, with the number of the stay.
    pub fn amounts(&self, entry: &Entry) -> impl Iterator<Item = (i64, usize)> {
        self.prices(entry).filter(|(amount, _)| self.is_in_range(*amount))
    }

    /// The same, also beyond the range of prices.
    pub fn prices(&self, entry: &Entry) -> impl Iterator<Item = (i64, usize)> {
        let nightly = self.stays.is_none().then_some((entry.base_price, 0));
        let stays = self.stays.iter().flatten().enumerate();
        nightly.into_iter().chain(stays.filter_map(|(number, stay)| Some((stay.amount(entry)?, number))))
    }

    fn is_in_range(&self, amount: i64) -> bool {
        self.filter.price.is_none_or(|range: PriceRange| {
            range.min.is_none_or(|min| amount >= min) && range.max.is_none_or(|max| amount <= max)
        })
    }

    /// Whether a listing fits the filter, except for its price.
    pub fn fits(&self, slot: Slot, entry: &Entry) -> bool {
        self.has_currency(entry)
            && self.has_room_type(entry)
            && self.has_property_type(entry)
            && self.fits_others(slot, entry)
    }

    /// Whether a listing has the currency of the price range.
    pub fn has_currency(&self, entry: &Entry) -> bool {
        self.filter.price.is_none_or(|range| entry.currency == range.currency)
    }

    /// Whether a listing is of one of the room types.
    pub fn has_room_type(&self, entry: &Entry) -> bool {
        self.filter.room_types.is_empty() || self.filter.room_types.contains(&entry.room_type)
    }

    /// Whether a listing is of one of the property types.
    pub fn has_property_type(&self, entry: &Entry) -> bool {
        self.filter.property_types.is_empty() || self.filter.property_types.contains(&entry.property_type)
    }

    /// Whether a listing fits the filter, except for its price and types.
    pub fn fits_others(&self, slot: Slot, entry: &Entry) -> bool {
        let filter = self.filter;
        filter.area.is_none_or(|area| is_inside(area, entry))
            && filter.guests.is_none_or(|guests| entry.max_guests >= guests)
            && filter.min_rating.is_none_or(|rating| entry.rating >= rating)
            && filter.min_bedrooms.is_none_or(|bedrooms| entry.bedrooms >= bedrooms)
            && filter.min_beds.is_none_or(|beds| entry.beds >= beds)
            && filter.min_bathroom_halves.is_none_or(|halves| entry.bathroom_halves >= halves)
            && filter.instant_book.is_none_or(|instant| entry.instant_book == instant)
            && filter.pets_allowed.is_none_or(|allowed| entry.pets_allowed == allowed)
            && filter.superhost.is_none_or(|superhost| self.hosts.is_superhost(entry.host) == superhost)
            && (filter.cancellation_policies.is_empty()
                || filter.cancellation_policies.contains(&entry.cancellation_policy))
            && self.places.as_ref().is_none_or(|places| places.has(entry))
            && self.amenities.as_ref().is_some_and(|lists| lists.iter().all(|slots| slots.contains(slot)))
    }

    /// Whole meters from the middle of the box, if there is one: the formula of `store::search`.
    pub fn distance(&self, entry: &Entry) -> Option<i64> {
        let middle = self.filter.area?.middle();
        let half = |degrees: f64| (degrees.to_radians() / 2.0).sin().powi(2);
        let Point { latitude, longitude } = middle;
        let square = half(entry.latitude - latitude)
            + latitude.to_radians().cos() * entry.latitude.to_radians().cos() * half(entry.longitude - longitude);
        // At most half of the circumference.
        Some((2.0 * EARTH * square.sqrt().min(1.0).asin()).round_ties_even() as i64)
    }
}

impl<'a> StayQuery<'a> {
    /// None: some of its days are beyond the calendars.
    fn new(index: &'a Index, terms: &'a StayTerms) -> Option<Self> {
        let day = |day| day_number(index.first_day, day);
        let nights = day(terms.stay.check_in())?..day(terms.stay.check_out())?;
        // The preparation after the stay is in the calendars too.
        nights.end.checked_add(u16::try_from(crate::LOOK_BACK).ok()?)?;
        let mut zones = vec![None; index.names.zone_count()];
        for zone in &terms.zones {
            if let Some(number) = index.names.known_zone(&zone.zone) {
                zones[usize::from(number)] = Some(zone);
            }
        }
        Some(Self {
            terms,
            length: u16::try_from(terms.stay.len()).ok()?,
            nights,
            first_weekday: index.first_day.weekday().num_days_from_monday(),
            zones,
        })
    }

    /// The price of the stay, if it can be booked.
    fn amount(&self, entry: &Entry) -> Option<i64> {
        let guests = self.terms.guests;
        let takes = entry.shortest_stay <= self.length
            && entry.max_guests >= guests.count()
            && (guests.pets == 0 || entry.pets_allowed);
        let is_free = takes && self.is_allowed(entry) && self.is_in_time(entry) && self.is_free(entry);
        if !is_free {
            return None;
        }
        price::total(entry, self.terms, self.nights.clone(), self.first_weekday)
    }

    /// The restrictions of the days of arrival and departure.
    fn is_allowed(&self, entry: &Entry) -> bool {
        let arrival = entry.calendar.limits(self.nights.start);
        arrival.min_nights.unwrap_or(entry.min_nights) <= self.length
            && arrival.max_nights.unwrap_or(entry.max_nights) >= self.length
            && !arrival.closed_to_arrival
            && !entry.calendar.limits(self.nights.end).closed_to_departure
    }

    /// The limits of notice and booking window.
    fn is_in_time(&self, entry: &Entry) -> bool {
        let Some(zone) = self.zones.get(usize::from(entry.zone)).copied().flatten() else { return false };
        let from = i64::from(entry.check_in_from);
        let arrival = zone.arrivals.iter().find(|arrival| from < arrival.until);
        let left = arrival.map(|arrival| arrival.seconds + if arrival.from_midnight { from } else { 0 });
        zone.days_ahead <= i64::from(entry.booking_window_days)
            && left.is_some_and(|seconds| seconds >= i64::from(entry.advance_notice_hours) * 3_600)
    }

    /// Nothing holds a night, and no other stay is closer than the nights of preparation.
    fn is_free(&self, entry: &Entry) -> bool {
        let now: Timestamp = self.terms.now;
        let (nights, preparation) = (self.nights.clone(), entry.preparation_nights);
        !entry.calendar.is_held(nights.clone(), now)
            && (preparation == 0 || {
                let around = nights.start.saturating_sub(preparation)..nights.end.saturating_add(preparation);
                !entry.calendar.has_stay(around, now)
            })
    }

    /// The stay itself.
    pub fn stay(&self) -> Stay {
        self.terms.stay
    }

    /// The prices of nights that a listing has of its own.
    pub fn own_prices(&self, entry: &Entry) -> store::search::OwnPrices {
        let days = self.nights.clone().zip(self.terms.stay.nights());
        store::search::OwnPrices(days.filter_map(|(night, day)| Some((day, entry.calendar.price(night)?))).collect())
    }
}

fn is_inside(area: GeoBox, entry: &Entry) -> bool {
    let longitude = if area.crosses_meridian() {
        entry.longitude >= area.west || entry.longitude <= area.east
    } else {
        (area.west..=area.east).contains(&entry.longitude)
    };
    (area.south..=area.north).contains(&entry.latitude) && longitude
}
