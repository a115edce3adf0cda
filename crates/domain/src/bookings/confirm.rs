//! Confirms bookings and sends requests to hosts, after a payment.

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

/// The result of a confirmation.
pub(crate) enum Confirmed {
    /// The booking is confirmed.
    WithNights(Booking),
    /// Its nights are gone: it has expired.
    WithoutNights(Booking),
}

/// Confirms the booking, which the transaction has locked: freezes its policy as refund tiers, and its nights no longer expire. A booking
/// that does not hold each of its nights expires instead, and its payment is refunded.
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
        // The tiers are computed with the rules of this server: a server with newer rules computes them again.
        time_zone_rules: booking.time_zone_rules.as_str().min(zones.version().as_str()).to_owned(),
        ..Change::to(booking, BookingStatus::Confirmed, now)
    };
    store::bookings::update(tx, booking.id, &change).await?;
    Ok(Confirmed::WithNights(change.applied_to(booking.clone())))
}

/// The result of sending a request to its host.
pub(crate) struct SentRequest {
    /// The request: it waits for its host or, if its nights were taken meanwhile, has expired.
    pub booking: Booking,
    /// Conflicts with its nights; empty: the request has them.
    pub conflicts: Vec<NightConflict>,
    /// Bookings that expired because of the claim; the caller appends their events.
    pub expired: Vec<Booking>,
}

/// Sends a request, which the transaction has locked, to its host, because its payment is authorized or it costs nothing: claims its
/// nights, and sets the deadline for the answer, at check-in at the latest.
pub(crate) async fn send_to_host(app: &App, tx: &mut Conn, booking: &Booking, now: Timestamp) -> Result<SentRequest> {
    let listing = store::listings::find(tx, booking.listing_id).await?;
    let listing = listing.ok_or_else(|| anyhow::anyhow!("booking {} without its listing", booking.id))?;
    let deadline = (now + app.terms.host_answer).min(booking.check_in_at);
    let preparation = listing.rules.preparation_nights;
    let wanted = NightClaim { booking, kind: NightKind::Request, expires_at: Some(deadline), preparation };
    let claimed = claim(app, tx, &wanted, now).await?;
    if !claimed.conflicts.is_empty() {
        let booking = expire(tx, booking, now).await?;
        return Ok(SentRequest { booking, conflicts: claimed.conflicts, expired: claimed.expired });
    }
    let change = Change {
        deadline_at: Some(deadline),
        held_until: Some(deadline),
        hidden_from_host: false,
        ..Change::to(booking, BookingStatus::Requested, now)
    };
    store::bookings::update(tx, booking.id, &change).await?;
    Ok(SentRequest { booking: change.applied_to(booking.clone()), conflicts: Vec::new(), expired: claimed.expired })
}

async fn expire(tx: &mut Conn, booking: &Booking, now: Timestamp) -> Result<Booking> {
    // It does not count as unpaid.
    let change = Change { held_until: None, ..Change::to(booking, BookingStatus::Expired, now) };
    store::bookings::update(tx, booking.id, &change).await?;
    store::nights::release(tx, booking.id, None).await?;
    Ok(change.applied_to(booking.clone()))
}
