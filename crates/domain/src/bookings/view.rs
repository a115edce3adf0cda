//! The state of a booking at an instant, and the actions of its sides.

use super::{cancel::left_of, transitions};
use crate::cancellation;
use store::bookings::Booking;
use types::{BookingAction, BookingStatus, Json, Money, Side, Timestamp, error::Result};

/// The status of `booking` at `now`, deadlines honored.
pub fn status_at(booking: &Booking, now: Timestamp) -> BookingStatus {
    transitions::status_at(booking.status, booking.deadline_at, booking.check_in_at, booking.check_out_at, now)
}

/// What the host earns from `booking` as of `now`, in minor units: nothing if it ended without a payment.
pub fn host_payout(booking: &Booking, now: Timestamp) -> i64 {
    use BookingStatus::{Cancelled, Declined, Expired};
    match status_at(booking, now) {
        Declined | Expired => 0,
        Cancelled if booking.confirmed_at.is_none() => 0,
        _ => booking.host_payout,
    }
}

/// An action of a side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// What.
    pub action: BookingAction,
    /// Why not; None: it can be done.
    pub refusal: Option<String>,
    /// Until when.
    pub deadline: Option<Timestamp>,
    /// The amount: positive if the viewer pays, negative if the viewer receives it.
    pub money: Option<Money>,
}

/// Facts besides the booking itself.
#[derive(Debug, Clone, Copy)]
pub struct ActionContext {
    /// Whether money is authorized for it.
    pub authorized: bool,
    /// Whether the guest has written a review.
    pub reviewed: bool,
    /// How long after the end of the stay a review can be written.
    pub review_window: chrono::Duration,
}

/// All actions of `side` on `booking` at `now`, possible or not.
///
/// # Errors
/// When the stored refund tiers are damaged.
pub fn actions(booking: &Booking, side: Side, context: ActionContext, now: Timestamp) -> Result<Vec<Action>> {
    let tiers = booking.cancellation_timeline.as_ref().map(Json::read).transpose()?;
    let offers = transitions::actions(side, status_at(booking, now));
    Ok(offers
        .into_iter()
        .map(|offer| {
            let obstacle = || obstacle(booking, offer.action, context, now).map(str::to_owned);
            let refusal = offer.refusal.map(str::to_owned).or_else(obstacle);
            let is_allowed = refusal.is_none();
            let money = |minor: i64| Some(Money::new(minor, booking.currency)).filter(|_| is_allowed && minor != 0);
            Action {
                action: offer.action,
                deadline: deadline(booking, offer.action, context).filter(|_| is_allowed),
                money: match (offer.action, side) {
                    (BookingAction::Pay, _) => money(booking.total),
                    (BookingAction::Accept, _) => money(-booking.host_payout),
                    (BookingAction::Cancel, Side::Guest) => {
                        tiers.as_ref().and_then(|tiers| money(-left_of(booking, cancellation::refund_at(tiers, now))))
                    }
                    _ => None,
                },
                refusal,
            }
        })
        .collect())
}

/// Why an action that the state allows is not possible, if it is not.
fn obstacle(booking: &Booking, action: BookingAction, context: ActionContext, now: Timestamp) -> Option<&'static str> {
    match action {
        BookingAction::Pay if booking.total == 0 => Some("There is nothing to pay."),
        BookingAction::Pay if context.authorized => Some("The payment is authorized. Wait for the host's response."),
        BookingAction::Accept if !context.authorized && booking.total > 0 => Some("The guest has not paid yet."),
        BookingAction::Review if context.reviewed => Some("You have already reviewed this stay."),
        BookingAction::Review if now > booking.check_out_at + context.review_window => {
            Some("The deadline for a review has passed.")
        }
        _ => None,
    }
}

fn deadline(booking: &Booking, action: BookingAction, context: ActionContext) -> Option<Timestamp> {
    match action {
        BookingAction::Pay | BookingAction::Accept | BookingAction::Decline => booking.deadline_at,
        BookingAction::Review => Some(booking.check_out_at + context.review_window),
        BookingAction::Cancel => booking.deadline_at.or(Some(booking.check_out_at)),
    }
}
