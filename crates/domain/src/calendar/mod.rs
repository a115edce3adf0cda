//! The calendar of a listing: its nights, what holds them, their prices and restrictions, and which can be booked.

pub mod blocks;
mod prices;
mod spans;

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{Days, NaiveDate};

use crate::{
    app::App,
    listings::{self, Listing, by_owner},
};
use auth::Member;
use mysql_engine::Conn;
pub use prices::{NightPrices, set_night_prices};
pub use rules::restrictions;
use rules::restrictions::{Calendar, NightView, Taken};
pub use store::{night_rates::NightRate, nights::Night};
use types::{
    BookingId, ListingId, ListingStatus, Money, NightHold, Permission, Stay, TimeZones, Timestamp, error::Result,
};

/// The most nights of one request.
pub const MAX_NIGHTS: u32 = 366;
/// The most preparation nights around a stay: so far beyond a range its calendar must be known.
pub const MAX_PREPARATION: u64 = 30;

/// A listing, and nights of it.
pub type ListingNights = (ListingId, Stay);

/// Stored exceptions of nights of one listing.
#[derive(Debug, Clone, Default)]
pub struct NightExceptions {
    /// Held nights.
    pub held: Vec<Night>,
    /// Nights with their own prices or restrictions.
    pub rates: Vec<NightRate>,
}

/// A night as its host, or somebody who helps with the calendar, sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostNight {
    /// The public view.
    pub view: NightView,
    /// Its price before fees and discounts.
    pub price: Money,
    /// What holds it. Preparation nights are not held.
    pub hold: Option<NightHold>,
    /// The booking that holds it.
    pub booking: Option<BookingId>,
}

/// How far around a range its calendar must be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Around {
    /// As far as another stay can be too close to one of these nights.
    Stay,
    /// As far as the longest stay that includes one of these nights.
    Nights,
}

impl Around {
    /// The first and the last night that must be known. Stays cannot begin in the past.
    fn bounds(self, range: Stay, now: Timestamp) -> (NaiveDate, NaiveDate) {
        let near = Days::new(MAX_PREPARATION);
        let far = Days::new(MAX_PREPARATION + u64::from(restrictions::LONGEST));
        let before = |date: NaiveDate, days| date.checked_sub_days(days).unwrap_or(date);
        let after = |days| range.check_out().checked_add_days(days).unwrap_or(range.check_out());
        let (first, last) = match self {
            Self::Stay => (before(range.check_in(), near), after(near)),
            Self::Nights => {
                // The local date may still be yesterday.
                let earliest = before(now.utc().date_naive(), Days::new(MAX_PREPARATION + 1));
                let first = before(range.check_in(), far).max(earliest).min(before(range.check_in(), near));
                (first, after(far))
            }
        };
        let bounds = [(1, 1, 1), (9999, 12, 31)].map(|(year, month, day)| NaiveDate::from_ymd_opt(year, month, day));
        // The column has four digits for the year.
        (Some(first).max(bounds[0]).unwrap_or(first), Some(last).min(bounds[1]).unwrap_or(last))
    }
}

/// The exceptions of the nights of `range`, its last day, and the nights around it that the rules need. Two statements.
///
/// # Errors
/// When the database fails.
pub async fn exceptions(
    conn: &mut Conn,
    ids: &[ListingId],
    (range, around): (Stay, Around),
    now: Timestamp,
) -> Result<HashMap<ListingId, NightExceptions>> {
    let wanted: Vec<ListingNights> = ids.iter().map(|&listing| (listing, range)).collect();
    let found = of_all(conn, &wanted, around, now).await?;
    Ok(found.into_iter().map(|((listing, _), exceptions)| (listing, exceptions)).collect())
}

/// [`exceptions`] for each of `wanted`, on a connection of its own. Two statements for all of them, which read no night twice.
///
/// # Errors
/// When the database fails.
pub async fn exceptions_of_listings(
    app: &App,
    wanted: &[ListingNights],
) -> Result<HashMap<ListingNights, NightExceptions>> {
    of_all(&mut app.conn().await?, wanted, Around::Nights, app.now()).await
}

async fn of_all(
    conn: &mut Conn,
    wanted: &[ListingNights],
    around: Around,
    now: Timestamp,
) -> Result<HashMap<ListingNights, NightExceptions>> {
    let spans = spans::of(wanted.iter().map(|&(listing, range)| (listing, around.bounds(range, now))));
    let held = store::nights::of_spans(conn, &spans, now).await?;
    let rates = store::night_rates::of_spans(conn, &spans).await?;
    let held = by_owner(held.into_iter().map(|night| (night.listing_id, night)));
    let rates = by_owner(rates.into_iter().map(|rate| (rate.listing_id, rate)));
    let of = |&(listing, range): &ListingNights| {
        let (first, last) = around.bounds(range, now);
        let nights = first..=last;
        let held = held.get(&listing).into_iter().flatten().filter(|held| nights.contains(&held.night));
        let rates = rates.get(&listing).into_iter().flatten().filter(|rate| nights.contains(&rate.night));
        ((listing, range), NightExceptions { held: held.cloned().collect(), rates: rates.cloned().collect() })
    };
    Ok(wanted.iter().map(of).collect())
}

/// The calendar of `listing` at `now`, for the rules. `asked_by_host`: whether the viewer is its host.
///
/// # Errors
/// When the listing's row names no time zone.
pub fn of_listing(
    zones: &TimeZones,
    listing: &Listing,
    exceptions: &NightExceptions,
    now: Timestamp,
    asked_by_host: bool,
) -> Result<Calendar> {
    let mut nights: BTreeMap<NaiveDate, restrictions::Night> = BTreeMap::new();
    for rate in &exceptions.rates {
        let night = nights.entry(rate.night).or_default();
        night.price = rate.price;
        night.min_nights = rate.min_nights.map(u32::from);
        night.max_nights = rate.max_nights.map(u32::from);
        night.closed_to_arrival = rate.closed_to_arrival;
        night.closed_to_departure = rate.closed_to_departure;
    }
    for held in &exceptions.held {
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
    exceptions: &NightExceptions,
    range: Stay,
    now: Timestamp,
) -> Result<Vec<NightView>> {
    let calendar = of_listing(zones, listing, exceptions, now, false)?;
    Ok(restrictions::availability(&calendar, &listings::rates(listing), range))
}

/// Each night of each range of those listings that are `host`'s, or whose calendar they help with, with what holds it.
///
/// # Errors
/// When the database fails.
pub async fn host_calendars(
    app: &App,
    host: &Member,
    wanted: &[ListingNights],
) -> Result<HashMap<ListingNights, Vec<HostNight>>> {
    let mut conn = app.conn().await?;
    let ids: HashSet<ListingId> = wanted.iter().map(|(listing, _)| *listing).collect();
    let listings = store::listings::by_ids(&mut conn, &ids.into_iter().collect::<Vec<_>>()).await?;
    let own = listings::access::permitted(&mut conn, listings, host, Permission::ManageCalendar).await?;
    let own: HashMap<ListingId, Listing> = own.into_iter().map(|listing| (listing.id, listing)).collect();
    let wanted: Vec<ListingNights> = wanted.iter().filter(|(listing, _)| own.contains_key(listing)).copied().collect();
    let (now, zones) = (app.now(), app.time_zones());
    let found = of_all(&mut conn, &wanted, Around::Nights, now).await?;
    drop(conn);
    let mut calendars = HashMap::new();
    for (wanted, exceptions) in found {
        let Some(listing) = own.get(&wanted.0) else { continue };
        calendars.insert(wanted, host_calendar(&zones, listing, &exceptions, wanted.1, now)?);
    }
    Ok(calendars)
}

fn host_calendar(
    zones: &TimeZones,
    listing: &Listing,
    exceptions: &NightExceptions,
    range: Stay,
    now: Timestamp,
) -> Result<Vec<HostNight>> {
    let held: HashMap<NaiveDate, &Night> = exceptions.held.iter().map(|night| (night.night, night)).collect();
    let nights = availability(zones, listing, exceptions, range, now)?.into_iter().map(|view| {
        let (hold, booking) = match held.get(&view.night) {
            Some(night) => (night.hold(), night.booking_id.filter(|_| night.hold().is_some())),
            None => (None, None),
        };
        HostNight { price: listing.pricing.money(view.price), view, hold, booking }
    });
    Ok(nights.collect())
}
