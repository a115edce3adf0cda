//! What a booking is at an instant, and what its sides can do then.

use super::transitions;
use crate::cancellation;
use store::bookings::Booking;
use types::{BookingAction, BookingStatus, Json, Money, Side, Timestamp, error::Result};

/// Where `booking` stands at `now`, deadlines honored.
pub fn status_at(booking: &Booking, now: Timestamp) -> BookingStatus {
    transitions::status_at(booking.status, booking.deadline_at, booking.check_in_at, booking.check_out_at, now)
}

/// What the host earns by `booking` as it stands at `now`, in minor units: nothing when it ended without a payment.
pub fn host_payout(booking: &Booking, now: Timestamp) -> i64 {
    use BookingStatus::{Cancelled, Declined, Expired};
    match status_at(booking, now) {
        Declined | Expired => 0,
        Cancelled if booking.confirmed_at.is_none() => 0,
        _ => booking.host_payout,
    }
}

/// Something that a side may want to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// What.
    pub action: BookingAction,
    /// Why not; None: it can be done.
    pub refusal: Option<String>,
    /// Until when.
    pub deadline: Option<Timestamp>,
    /// What would flow: positive, the viewer pays; negative, the viewer gets it.
    pub money: Option<Money>,
}

/// What is known besides the booking itself.
#[derive(Debug, Clone, Copy)]
pub struct ActionContext {
    /// Whether money is reserved for it.
    pub reserved: bool,
    /// Whether the guest has written a review.
    pub reviewed: bool,
    /// How long after the end of the stay a review can be written.
    pub review_window: chrono::Duration,
}

/// Everything that `side` may want to do with `booking` at `now`.
///
/// # Errors
/// When the stored timeline is damaged.
pub fn actions(booking: &Booking, side: Side, known: ActionContext, now: Timestamp) -> Result<Vec<Action>> {
    let tiers = booking.cancellation_timeline.as_ref().map(Json::read).transpose()?;
    let offers = transitions::actions(side, status_at(booking, now));
    Ok(offers
        .into_iter()
        .map(|offer| {
            let particular = || particular(booking, offer.action, known, now).map(str::to_owned);
            let refusal = offer.refusal.map(str::to_owned).or_else(particular);
            let is_allowed = refusal.is_none();
            let money = |minor: i64| Some(Money::new(minor, booking.currency)).filter(|_| is_allowed && minor != 0);
            Action {
                action: offer.action,
                deadline: deadline(booking, offer.action, known).filter(|_| is_allowed),
                money: match (offer.action, side) {
                    (BookingAction::Pay, _) => money(booking.total),
                    (BookingAction::Accept, _) => money(-booking.host_payout),
                    (BookingAction::Cancel, Side::Guest) => {
                        tiers.as_ref().and_then(|tiers| money(-cancellation::refund_at(tiers, now)))
                    }
                    _ => None,
                },
                refusal,
            }
        })
        .collect())
}

/// What stands against an action that the state allows.
fn particular(booking: &Booking, action: BookingAction, known: ActionContext, now: Timestamp) -> Option<&'static str> {
    match action {
        BookingAction::Pay if booking.total == 0 => Some("There is nothing to pay."),
        BookingAction::Pay if known.reserved => Some("The payment is authorized. Wait for the host's response."),
        BookingAction::Accept if !known.reserved && booking.total > 0 => Some("The guest has not paid yet."),
        BookingAction::Review if known.reviewed => Some("You have already reviewed this stay."),
        BookingAction::Review if now > booking.check_out_at + known.review_window => {
            Some("The deadline for a review has passed.")
        }
        _ => None,
    }
}

fn deadline(booking: &Booking, action: BookingAction, known: ActionContext) -> Option<Timestamp> {
    match action {
        BookingAction::Pay | BookingAction::Accept | BookingAction::Decline => booking.deadline_at,
        BookingAction::Review => Some(booking.check_out_at + known.review_window),
        BookingAction::Cancel => booking.deadline_at.or(Some(booking.check_out_at)),
    }
}
