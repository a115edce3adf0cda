//! The provider's answer, written once, with what follows from it.

use super::{is_awaited, settle::refund_part};
use crate::{
    app::App,
    domain::{bookings::catch_up, cancellation, events, listings, quotes, rule_sets::RuleSet},
    error::{Error, Result},
    outbound::payments::{Intent, IntentStatus},
    store::{
        self, Conn,
        bookings::{Booking, Change as BookingChange},
        payments::{Change, Payment},
    },
    types::{BookingEventKind, BookingStatus, PaymentId, PaymentStatus, RefundReason, Timestamp},
};

/// Writes what the provider says of a payment: money that was taken confirms the booking if it still waits, and goes back if it does
/// not. An answer that is written already changes nothing. Returns the payment and its booking as they are afterwards.
pub(super) async fn apply(app: &App, id: PaymentId, intent: &Intent) -> Result<(Payment, Booking)> {
    let now = app.now();
    let (payment, booking, is_news) = app
        .database
        .transaction(async |tx| {
            let found = store::payments::find(tx, id).await?.ok_or_else(|| lost(id))?;
            let booking = store::bookings::lock(tx, found.booking_id).await?.ok_or_else(|| lost(id))?;
            let payment = store::payments::lock(tx, id).await?.ok_or_else(|| lost(id))?;
            let change = change(&payment, intent, now);
            if !is_news(payment.status, change.status) {
                store::payments::answered(tx, id).await?;
                return Ok((payment, booking, false));
            }
            let (booking, mut kinds) = catch_up(tx, booking, now).await?;
            store::payments::update(tx, id, &change).await?;
            kinds.extend(follow(app, tx, &booking, &payment, change.status, now).await?);
            events::append(tx, &booking, &kinds, now).await?;
            let payment = store::payments::find(tx, id).await?.ok_or_else(|| lost(id))?;
            let booking = store::bookings::find(tx, booking.id).await?.ok_or_else(|| lost(id))?;
            Ok::<_, Error>((payment, booking, true))
        })
        .await?;
    if is_news {
        events::announce(app, &booking);
    }
    Ok((payment, booking))
}

fn lost(id: PaymentId) -> Error {
    anyhow::anyhow!("payment {id} or its booking is not there").into()
}

/// Whether a payment in `from` learns something by `to`. What has ended stays ended.
fn is_news(from: PaymentStatus, to: PaymentStatus) -> bool {
    use PaymentStatus::{Authorized, Processing, RequiresConfirmation};
    from != to
        && match from {
            Processing => true,
            RequiresConfirmation => to != Processing,
            Authorized => !matches!(to, Processing | RequiresConfirmation),
            _ => false,
        }
}

fn change(payment: &Payment, intent: &Intent, now: Timestamp) -> Change {
    let mut change = Change {
        status: payment.status,
        captured: 0,
        provider_ref: Some(intent.reference.clone()),
        decline_reason: None,
        action_url: None,
        asked_at: None,
        updated_at: now,
    };
    match &intent.status {
        IntentStatus::RequiresConfirmation { url } => {
            change.status = PaymentStatus::RequiresConfirmation;
            change.action_url.clone_from(url);
        }
        IntentStatus::Authorized => change.status = PaymentStatus::Authorized,
        IntentStatus::Captured => {
            change.status = PaymentStatus::Captured;
            change.captured = payment.amount;
        }
        IntentStatus::Declined(reason) => {
            change.status = PaymentStatus::Declined;
            change.decline_reason = Some(*reason);
        }
        IntentStatus::Voided => change.status = PaymentStatus::Voided,
    }
    change
}

/// What follows for the booking; the events that tell of it.
async fn follow(
    app: &App,
    tx: &mut Conn,
    booking: &Booking,
    payment: &Payment,
    status: PaymentStatus,
    now: Timestamp,
) -> Result<Vec<BookingEventKind>> {
    use BookingEventKind as Kind;
    let waits = is_awaited(booking, now);
    Ok(match status {
        PaymentStatus::RequiresConfirmation if waits => vec![Kind::PaymentConfirmationRequired],
        PaymentStatus::Authorized if waits => vec![Kind::PaymentAuthorized],
        PaymentStatus::Declined => vec![Kind::PaymentDeclined],
        PaymentStatus::Captured if waits => {
            confirm(app, tx, booking, now).await?;
            vec![Kind::PaymentCaptured, Kind::Confirmed]
        }
        PaymentStatus::Captured => {
            // This payment's own money, whatever another one has paid.
            let refund = (payment.amount, RefundReason::HoldExpired);
            refund_part(app, tx, payment, refund, now).await?;
            vec![Kind::PaymentCaptured, Kind::RefundCreated]
        }
        _ => Vec::new(),
    })
}

/// The booking is certain: its policy is frozen as instants, and its nights no longer expire.
async fn confirm(app: &App, tx: &mut Conn, booking: &Booking, now: Timestamp) -> Result<()> {
    let listing = store::listings::find(tx, booking.listing_id).await?;
    let listing = listing.ok_or_else(|| anyhow::anyhow!("booking {} without its listing", booking.id))?;
    let zones = app.time_zones();
    let tiers = cancellation::timeline(&cancellation::Terms {
        rules: RuleSet::by_version(&booking.rules).unwrap_or_else(RuleSet::current),
        policy: booking.cancellation_policy,
        stay: booking.stay(),
        zone: &listings::zone(&zones, &listing)?,
        check_in_at: booking.check_in_at,
        check_out_at: booking.check_out_at,
        confirmed_at: now,
        currency: booking.currency,
        lines: &quotes::lines(&booking.price_lines)?,
    });
    let change = BookingChange {
        confirmed_at: Some(now),
        cancellation_timeline: Some(serde_json::to_string(&tiers).map_err(anyhow::Error::from)?),
        // The tiers are no newer than the rules of this server: one with newer rules looks at them again.
        time_zone_rules: booking.time_zone_rules.as_str().min(zones.version().as_str()).to_owned(),
        ..BookingChange::to(booking, BookingStatus::Confirmed, now)
    };
    store::bookings::update(tx, booking.id, &change).await?;
    store::nights::confirm(tx, booking.id).await?;
    Ok(())
}
