//! A booking becomes certain, or a request reaches its host: what happens when money comes.

use super::{
    claims::{NightClaim, claim},
    zone,
};
use crate::{app::App, cancellation, rule_sets::RuleSet};
use mysql_engine::Conn;
use store::bookings::{Booking, Change};
use types::{
    BookingStatus, Json, NightKind, Timestamp,
    error::{NightConflict, Result},
};

/// How a confirmation ended.
pub(crate) enum Confirmed {
    /// The booking is certain.
    Certain(Booking),
    /// Its nights are not there: it has expired.
    WithoutNights(Booking),
}

/// The booking, which the transaction has locked, is certain: its policy is frozen as instants, and its nights no longer expire. One that
/// does not hold each of its nights expires instead; whoever has paid gets the money back.
pub(crate) async fn confirm(app: &App, tx: &mut Conn, booking: &Booking, now: Timestamp) -> Result<Confirmed> {
    let held = store::nights::confirm(tx, booking.id, booking.stay()).await?;
    if held != booking.stay().len() as usize {
        tracing::error!(booking = %booking.id, held, "a booking that waits for money has lost its nights");
        return Ok(Confirmed::WithoutNights(expire(tx, booking, now).await?));
    }
    let zones = app.time_zones();
    let tiers = cancellation::timeline(&cancellation::Terms {
        rules: RuleSet::of(booking.rules),
        policy: booking.cancellation_policy,
        stay: booking.stay(),
        zone: &zone(&zones, tx, booking).await?,
        check_in_at: booking.check_in_at,
        check_out_at: booking.check_out_at,
        confirmed_at: now,
        currency: booking.currency,
        lines: &booking.price_lines.read()?,
    });
    let change = Change {
        confirmed_at: Some(now),
        cancellation_timeline: Some(Json::of(&tiers)?),
        // The tiers are no newer than the rules of this server: one with newer rules looks at them again.
        time_zone_rules: booking.time_zone_rules.as_str().min(zones.version().as_str()).to_owned(),
        ..Change::to(booking, BookingStatus::Confirmed, now)
    };
    store::bookings::update(tx, booking.id, &change).await?;
    Ok(Confirmed::Certain(change.applied_to(booking.clone())))
}

/// What became of a request whose money is authorized.
pub(crate) struct Asked {
    /// The request: it waits for its host or, when its nights were taken meanwhile, has expired.
    pub booking: Booking,
    /// What took its nights; empty: they are the request's.
    pub conflicts: Vec<NightConflict>,
    /// Bookings whose expired holds were in the way; their events are for the caller to append.
    pub expired: Vec<Booking>,
}

/// The money of a request, which the transaction has locked, is authorized: it claims its nights now, and its host has the time to answer
/// that the rules give, at most until check-in.
pub(crate) async fn ask_host(app: &App, tx: &mut Conn, booking: &Booking, now: Timestamp) -> Result<Asked> {
    let listing = store::listings::find(tx, booking.listing_id).await?;
    let listing = listing.ok_or_else(|| anyhow::anyhow!("booking {} without its listing", booking.id))?;
    let deadline = (now + app.terms.host_answer).min(booking.check_in_at);
    let preparation = listing.rules.preparation_nights;
    let wanted = NightClaim { booking, kind: NightKind::Request, expires_at: Some(deadline), preparation };
    let claimed = claim(tx, &wanted, now).await?;
    if !claimed.conflicts.is_empty() {
        let booking = expire(tx, booking, now).await?;
        return Ok(Asked { booking, conflicts: claimed.conflicts, expired: claimed.expired });
    }
    let change = Change {
        deadline_at: Some(deadline),
        held_until: Some(deadline),
        hidden_from_host: false,
        ..Change::to(booking, BookingStatus::Requested, now)
    };
    store::bookings::update(tx, booking.id, &change).await?;
    Ok(Asked { booking: change.applied_to(booking.clone()), conflicts: Vec::new(), expired: claimed.expired })
}

async fn expire(tx: &mut Conn, booking: &Booking, now: Timestamp) -> Result<Booking> {
    // Its guest did pay.
    let change = Change { held_until: None, ..Change::to(booking, BookingStatus::Expired, now) };
    store::bookings::update(tx, booking.id, &change).await?;
    store::nights::release(tx, booking.id, None).await?;
    Ok(change.applied_to(booking.clone()))
}
