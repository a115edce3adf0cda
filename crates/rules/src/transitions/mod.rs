//! The state machine of bookings. One table defines who can make which transition.

use types::{BookingAction, BookingStatus, Side, Timestamp};

/// Who makes a transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trigger {
    /// The guest.
    Guest,
    /// The host.
    Host,
    /// A deadline passes.
    Time,
    /// The payment succeeds.
    Payment,
}

/// An action of a side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    /// What.
    pub action: BookingAction,
    /// Why it is not possible now, for people; `None`: the state allows it.
    pub refusal: Option<&'static str>,
}

/// All transitions: from, to, who. All others are refused. A booking moves one step at a time: a confirmed booking after its check-out
/// moves to `CheckedIn` and then to `Completed`.
pub const TRANSITIONS: &[(BookingStatus, BookingStatus, Trigger)] = {
    use BookingStatus::{Cancelled, CheckedIn, Completed, Confirmed, Declined, Expired, PendingPayment, Requested};
    &[
        (PendingPayment, Confirmed, Trigger::Payment),
        (PendingPayment, Expired, Trigger::Time),
        (PendingPayment, Cancelled, Trigger::Guest),
        (Requested, Confirmed, Trigger::Host),
        (Requested, Declined, Trigger::Host),
        (Requested, Expired, Trigger::Time),
        (Requested, Cancelled, Trigger::Guest),
        (Confirmed, CheckedIn, Trigger::Time),
        (Confirmed, Cancelled, Trigger::Guest),
        (Confirmed, Cancelled, Trigger::Host),
        (CheckedIn, Completed, Trigger::Time),
        (CheckedIn, Cancelled, Trigger::Guest),
        (CheckedIn, Cancelled, Trigger::Host),
    ]
};

/// Whether any trigger can take a booking from `from` to `to`.
pub fn allowed(from: BookingStatus, to: BookingStatus) -> bool {
    TRANSITIONS.iter().any(|&(start, end, _)| (start, end) == (from, to))
}

/// Whether `trigger` can take a booking from `from` to `to`.
pub fn allowed_for(from: BookingStatus, to: BookingStatus, trigger: Trigger) -> bool {
    TRANSITIONS.contains(&(from, to, trigger))
}

/// Whether the state is final.
pub fn is_final(status: BookingStatus) -> bool {
    !TRANSITIONS.iter().any(|&(from, ..)| from == status)
}

/// Whether a booking in this state holds its nights. In final states only past nights stay, for the record.
pub fn holds_nights(status: BookingStatus) -> bool {
    !is_final(status)
}

/// The effective status at `now` of a booking that is stored as `stored`, whether or not a worker has run. A hold expires at its deadline;
/// a stay begins at check-in and is completed at check-out.
pub fn status_at(
    stored: BookingStatus,
    deadline: Option<Timestamp>,
    check_in_at: Timestamp,
    check_out_at: Timestamp,
    now: Timestamp,
) -> BookingStatus {
    match stored {
        BookingStatus::PendingPayment | BookingStatus::Requested
            if deadline.is_some_and(|deadline| now >= deadline) =>
        {
            BookingStatus::Expired
        }
        BookingStatus::Confirmed | BookingStatus::CheckedIn if now >= check_out_at => BookingStatus::Completed,
        BookingStatus::Confirmed if now >= check_in_at => BookingStatus::CheckedIn,
        status => status,
    }
}

/// All actions of `side`, and why they are not possible in this state. The caller must also check whether a request is paid and whether a
/// review exists.
pub fn actions(side: Side, status: BookingStatus) -> Vec<Offer> {
    let all: &[BookingAction] = match side {
        Side::Guest => &[BookingAction::Pay, BookingAction::Cancel, BookingAction::Review],
        Side::Host => &[BookingAction::Accept, BookingAction::Decline, BookingAction::Cancel],
    };
    all.iter()
        .map(|&action| Offer { action, refusal: (!is_allowed(side, action, status)).then(|| refusal(action, status)) })
        .collect()
}

/// Whether `side` can perform `action` in this state.
pub fn is_allowed(side: Side, action: BookingAction, status: BookingStatus) -> bool {
    let leads_to = |to, trigger| allowed_for(status, to, trigger);
    match (side, action) {
        // A request is paid too: the payment is authorized until the host answers.
        (Side::Guest, BookingAction::Pay) => {
            status == BookingStatus::Requested || leads_to(BookingStatus::Confirmed, Trigger::Payment)
        }
        (Side::Guest, BookingAction::Cancel) => leads_to(BookingStatus::Cancelled, Trigger::Guest),
        (Side::Guest, BookingAction::Review) => status == BookingStatus::Completed,
        (Side::Host, BookingAction::Accept) => leads_to(BookingStatus::Confirmed, Trigger::Host),
        (Side::Host, BookingAction::Decline) => leads_to(BookingStatus::Declined, Trigger::Host),
        (Side::Host, BookingAction::Cancel) => leads_to(BookingStatus::Cancelled, Trigger::Host),
        (Side::Guest, BookingAction::Accept | BookingAction::Decline)
        | (Side::Host, BookingAction::Pay | BookingAction::Review) => false,
    }
}

/// The state in a sentence: "The booking is …".
pub fn label(status: BookingStatus) -> &'static str {
    match status {
        BookingStatus::PendingPayment => "not paid yet",
        BookingStatus::Requested => "requested",
        BookingStatus::Confirmed => "confirmed",
        BookingStatus::CheckedIn => "in progress",
        BookingStatus::Completed => "completed",
        BookingStatus::Declined => "declined",
        BookingStatus::Expired => "expired",
        BookingStatus::Cancelled => "canceled",
    }
}

fn refusal(action: BookingAction, status: BookingStatus) -> &'static str {
    match (action, status) {
        (_, BookingStatus::Cancelled) => "The booking was canceled.",
        (_, BookingStatus::Declined) => "The host declined the request.",
        (_, BookingStatus::Expired) => "The deadline has passed.",
        (BookingAction::Review, _) => "The stay has not ended yet.",
        (_, BookingStatus::Completed) => "The stay has ended.",
        (BookingAction::Pay, _) => "The booking is already paid.",
        (BookingAction::Accept | BookingAction::Decline, BookingStatus::PendingPayment) => {
            "The booking is not a request. It waits for its payment."
        }
        (BookingAction::Accept | BookingAction::Decline, _) => "The booking is already confirmed.",
        (BookingAction::Cancel, BookingStatus::Requested) => "Decline the request instead.",
        (BookingAction::Cancel, _) => "The booking is not paid yet.",
    }
}

#[cfg(test)]
mod tests;
