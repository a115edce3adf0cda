//! Updates bookings when the rules of their time zone change.
//!
//! A booking guarantees local times, so its instants move when the rules change. Each booking stores the version of the rules behind its
//! instants, and only a newer one changes them: among servers with different rules the newest wins, in any order of work. Instants that
//! have passed under the previous rules stay.

use chrono::NaiveTime;

use super::{BookedPlace, apply_elapsed, transitions};
use crate::{
    app::App,
    cancellation,
    events::{self, Actor},
    rule_sets::RuleSet,
    timezones,
};
use mysql_engine::Conn;
use store::{booking_times::Times, bookings::Booking};
use types::{
    BookingEventKind, BookingId, Json, TimeZones, Timestamp,
    error::{Error, Result},
};

/// Zones whose rules have changed since 2025b, the version behind bookings without one. In other zones their instants are right; computing
/// them again would apply later changes of hosts.
const CHANGED_SINCE_2025B: [&str; 8] = [
    "Africa/Casablanca",
    "Africa/El_Aaiun",
    "America/Edmonton",
    "America/Havana",
    "America/Inuvik",
    "America/Vancouver",
    "America/Winnipeg",
    "Europe/Chisinau",
];

/// Bookings that are not over and whose instants were computed with older rules than this server has, for the worker.
///
/// # Errors
/// When the database fails.
pub async fn with_older_rules(app: &App, limit: i64) -> Result<Vec<BookingId>> {
    Ok(store::booking_times::outdated(&mut app.conn().await?, app.time_zones().version(), limit).await?)
}

/// Computes the instants of a booking with the rules in force, if they are newer than those behind it. Both sides get an event when an
/// instant moves. With two workers it happens once: the second finds it done.
///
/// # Errors
/// When the database fails.
pub async fn follow_time_zone(app: &App, id: BookingId) -> Result<()> {
    let (zones, now) = (app.time_zones(), app.now());
    let moved = app
        .database
        .transaction(async |tx| {
            let Some(booking) = store::bookings::lock(tx, id).await? else { return Ok(None) };
            if booking.time_zone_rules.as_str() >= zones.version().as_str() {
                return Ok(None);
            }
            let (mut booking, mut events) = apply_elapsed(tx, booking, now).await?;
            let is_final = transitions::is_final(booking.status);
            let moved = if is_final { None } else { renew(tx, &booking, &zones, now).await? };
            if let Some(times) = moved {
                booking.deadline_at = times.deadline_at;
                events.push(Actor::Platform.event(BookingEventKind::TimesChanged));
            }
            let moved = (!events.is_empty()).then(|| booking.clone());
            events::append(app, tx, &booking, events, now).await?;
            Ok::<_, Error>(moved)
        })
        .await?;
    if let Some(booking) = moved {
        events::announce(app, &booking);
    }
    Ok(())
}

/// Writes the instants of `booking` by these rules. Returns them if one moved.
async fn renew(tx: &mut Conn, booking: &Booking, zones: &TimeZones, now: Timestamp) -> Result<Option<Times>> {
    let before = Times::of(booking);
    let clock = Clock::of(tx, booking).await?;
    let times = times(booking, &clock, zones, now).unwrap_or_else(|error| {
        // A retry would fail again; the next version may not.
        tracing::error!(booking = %booking.id, error = format!("{error:#}"), "cannot work out the times of a booking");
        before.clone()
    });
    if times == before {
        store::booking_times::mark_current(tx, booking.id, zones.version()).await?;
        return Ok(None);
    }
    store::booking_times::update(tx, booking.id, &times, zones.version(), now).await?;
    if let Some(deadline) = times.deadline_at.filter(|_| times.deadline_at != before.deadline_at) {
        store::nights::expire_at(tx, booking.id, deadline).await?;
    }
    Ok(Some(times))
}

/// The local times of a booking.
struct Clock {
    time_zone: String,
    check_in_from: NaiveTime,
    check_out_by: NaiveTime,
}

impl Clock {
    /// Those of `booking` or, if it has none, of its listing.
    async fn of(tx: &mut Conn, booking: &Booking) -> Result<Self> {
        let place = match booking.place.time_zone {
            Some(_) => booking.place.clone(),
            None => {
                let listing = store::listings::find(tx, booking.listing_id).await?;
                BookedPlace::of(&listing.ok_or_else(|| lacks(booking, "listing"))?)
            }
        };
        Ok(Self {
            time_zone: place.time_zone.ok_or_else(|| lacks(booking, "time zone"))?,
            check_in_from: place.check_in_from.ok_or_else(|| lacks(booking, "hour of check-in"))?,
            check_out_by: place.check_out_by.ok_or_else(|| lacks(booking, "hour of check-out"))?,
        })
    }
}

fn lacks(booking: &Booking, what: &str) -> anyhow::Error {
    anyhow::anyhow!("booking {} without its {what}", booking.id)
}

/// The instants of `booking` by these rules.
fn times(booking: &Booking, clock: &Clock, zones: &TimeZones, now: Timestamp) -> Result<Times> {
    let (from, by) = (clock.check_in_from, clock.check_out_by);
    let is_known_right = booking.time_zone_rules.is_empty() && !CHANGED_SINCE_2025B.contains(&clock.time_zone.as_str());
    if is_known_right {
        return Ok(Times::of(booking));
    }
    let zone = zones.zone(&clock.time_zone).map_err(|error| Error::Internal(error.into()))?;
    let unless_passed = |before: Timestamp, at: Timestamp| if before <= now { before } else { at };
    let check_in_at = unless_passed(booking.check_in_at, timezones::check_in_at(&zone, booking.stay(), from));
    let check_out_at = unless_passed(booking.check_out_at, timezones::check_out_at(&zone, booking.stay(), by));
    let tiers = |confirmed_at| {
        let tiers = cancellation::timeline(&cancellation::Terms {
            rules: RuleSet::of(booking.rules),
            policy: booking.cancellation_policy,
            stay: booking.stay(),
            zone: &zone,
            check_in_at,
            check_out_at,
            confirmed_at,
            currency: booking.currency,
            lines: &booking.price_lines.read()?,
        });
        Json::of(&tiers)
    };
    // A deadline is at check-in at the latest; one that was at check-in stays there.
    let deadline = |at: Timestamp| if at == booking.check_in_at { check_in_at } else { at.min(check_in_at) };
    Ok(Times {
        check_in_at,
        check_out_at,
        deadline_at: booking.deadline_at.map(deadline),
        // The hold of a booking that waits for payment lasts until then.
        held_until: if booking.held_until == booking.deadline_at {
            booking.deadline_at.map(deadline)
        } else {
            booking.held_until
        },
        cancellation_timeline: booking.confirmed_at.map(tiers).transpose()?,
    })
}
