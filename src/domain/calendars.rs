//! Nights of listings: which can be booked, and what their host sees.

use std::collections::{BTreeMap, HashMap};

use chrono::{Days, NaiveDate};

use super::{
    listings::{self, Listing, by_owner},
    restrictions::{self, Calendar, NightView, Taken},
};
pub use crate::store::{night_rates::NightRate, nights::Night};
use crate::{
    app::App,
    auth::Member,
    error::Result,
    store::{self, Conn},
    types::{BookingId, ListingId, ListingStatus, Money, NightHold, Stay, TimeZones, Timestamp},
};

/// The most nights of one request.
pub const MAX_NIGHTS: u32 = 366;
/// The most nights that a listing keeps free around a stay: so far beyond a range its calendar must be known.
pub const MAX_PREPARATION: u64 = 30;

/// What is particular about nights of one listing, as the tables say.
#[derive(Debug, Clone, Default)]
pub struct Particulars {
    /// The nights that something holds.
    pub held: Vec<Night>,
    /// The nights with prices or limits of their own.
    pub rates: Vec<NightRate>,
}

/// A night as its host sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostNight {
    /// What everybody sees.
    pub view: NightView,
    /// Its price before fees and discounts.
    pub price: Money,
    /// What holds it. Nights kept free around a stay are not held.
    pub hold: Option<NightHold>,
    /// The booking that holds it.
    pub booking: Option<BookingId>,
}

/// How far around a range its calendar must be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Around {
    /// As far as another stay can be too close to one of just these nights.
    Stay,
    /// As far as the longest stay reaches that has one of these nights.
    Nights,
}

impl Around {
    /// The first and the last night that must be known. No stay begins in the past.
    fn bounds(self, range: Stay, now: Timestamp) -> (NaiveDate, NaiveDate) {
        let near = Days::new(MAX_PREPARATION);
        let far = Days::new(MAX_PREPARATION + u64::from(restrictions::LONGEST));
        let before = |date: NaiveDate, days| date.checked_sub_days(days).unwrap_or(date);
        let after = |days| range.check_out().checked_add_days(days).unwrap_or(range.check_out());
        let (first, last) = match self {
            Self::Stay => (before(range.check_in(), near), after(near)),
            Self::Nights => {
                // It may still be yesterday in the zone.
                let earliest = before(now.utc().date_naive(), Days::new(MAX_PREPARATION + 1));
                let first = before(range.check_in(), far).max(earliest).min(before(range.check_in(), near));
                (first, after(far))
            }
        };
        let bounds = [(1, 1, 1), (9999, 12, 31)].map(|(year, month, day)| NaiveDate::from_ymd_opt(year, month, day));
        // A column holds four digits of the year.
        (Some(first).max(bounds[0]).unwrap_or(first), Some(last).min(bounds[1]).unwrap_or(last))
    }
}

/// What is particular about the nights of `range`, its last day, and the nights around it that its rules look at. Two statements.
///
/// # Errors
/// When the database fails.
pub async fn particulars(
    conn: &mut Conn,
    ids: &[ListingId],
    (range, around): (Stay, Around),
    now: Timestamp,
) -> Result<HashMap<ListingId, Particulars>> {
    let (first, last) = around.bounds(range, now);
    let held = store::nights::of_listings(conn, ids, first, last, now).await?;
    let rates = store::night_rates::of_listings(conn, ids, first, last).await?;
    let mut held = by_owner(held.into_iter().map(|night| (night.listing_id, night)));
    let mut rates = by_owner(rates.into_iter().map(|rate| (rate.listing_id, rate)));
    let of = |&id: &ListingId| {
        let held = held.remove(&id).unwrap_or_default();
        (id, Particulars { held, rates: rates.remove(&id).unwrap_or_default() })
    };
    Ok(ids.iter().map(of).collect())
}

/// [`particulars`] on a connection of its own.
///
/// # Errors
/// When the database fails.
pub async fn of_listings(app: &App, ids: &[ListingId], range: Stay) -> Result<HashMap<ListingId, Particulars>> {
    particulars(&mut app.conn().await?, ids, (range, Around::Nights), app.now()).await
}

/// The calendar of `listing` at `now`, for the rules. `asked_by_host` tells whether its host asks.
///
/// # Errors
/// When the listing's row names no time zone.
pub fn calendar(
    zones: &TimeZones,
    listing: &Listing,
    particulars: &Particulars,
    now: Timestamp,
    asked_by_host: bool,
) -> Result<Calendar> {
    let mut nights: BTreeMap<NaiveDate, restrictions::Night> = BTreeMap::new();
    for rate in &particulars.rates {
        let night = nights.entry(rate.night).or_default();
        night.price = rate.price;
        night.min_nights = rate.min_nights.map(u32::from);
        night.max_nights = rate.max_nights.map(u32::from);
        night.closed_to_arrival = rate.closed_to_arrival;
        night.closed_to_departure = rate.closed_to_departure;
    }
    for held in &particulars.held {
        nights.entry(held.night).or_default().taken = Some(held.hold().map_or(Taken::Preparation, Taken::from));
    }
    let rules = &listing.rules;
    Ok(Calendar {
        rules: restrictions::Rules {
            published: listing.status == ListingStatus::Published,
            min_nights: rules.min_nights.into(),
            max_nights: rules.max_nights.into(),
            advance_notice_hours: rules.advance_notice_hours.into(),
            preparation_nights: rules.preparation_nights.into(),
            booking_window_days: rules.booking_window_days.into(),
            max_guests: listing.home.max_guests,
            pets_allowed: rules.pets_allowed,
        },
        zone: listings::zone(zones, listing)?,
        check_in_from: rules.check_in_from,
        now,
        asked_by_host,
        nights,
    })
}

/// Each night of `range`, with the reasons why it cannot be booked.
///
/// # Errors
/// When the listing's row names no time zone.
pub fn availability(
    zones: &TimeZones,
    listing: &Listing,
    particulars: &Particulars,
    range: Stay,
    now: Timestamp,
) -> Result<Vec<NightView>> {
    let calendar = calendar(zones, listing, particulars, now, false)?;
    Ok(restrictions::availability(&calendar, &listings::rates(listing), range))
}

/// Each night of `range` of the listing, with what holds it; None when the listing is not `host`'s.
///
/// # Errors
/// When the database fails.
pub async fn host_calendar(app: &App, host: &Member, id: ListingId, range: Stay) -> Result<Option<Vec<HostNight>>> {
    let mut conn = app.conn().await?;
    let listing = store::listings::find(&mut conn, id).await?.filter(|listing| listing.host_id == host.id());
    let Some(listing) = listing else { return Ok(None) };
    let now = app.now();
    let around = (range, Around::Nights);
    let particulars = particulars(&mut conn, &[id], around, now).await?.remove(&id).unwrap_or_default();
    let held: HashMap<NaiveDate, &Night> = particulars.held.iter().map(|night| (night.night, night)).collect();
    let nights = availability(&app.time_zones(), &listing, &particulars, range, now)?.into_iter().map(|view| {
        let (hold, booking) = match held.get(&view.night) {
            Some(night) => (night.hold(), night.booking_id.filter(|_| night.hold().is_some())),
            None => (None, None),
        };
        HostNight { price: listing.pricing.money(view.price), view, hold, booking }
    });
    Ok(Some(nights.collect()))
}
