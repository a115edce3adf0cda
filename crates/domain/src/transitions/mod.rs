//! How a booking goes from state to state. Who may do what follows from one table.

use types::{BookingAction, BookingStatus, Side, Timestamp};

/// Who makes a transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mover {
    /// The guest asks for it.
    Guest,
    /// The host asks for it.
    Host,
    /// A deadline passes.
    Time,
    /// The payment succeeds.
    Payment,
}

/// Something a side may want to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    /// What.
    pub action: BookingAction,
    /// Why it cannot be done now, for people; `None`: the state allows it.
    pub refusal: Option<&'static str>,
}

/// All transitions: from, to, who. Everything that is not here is refused. A booking moves one step at a time: who finds a confirmed
/// booking after its check-out takes it through `CheckedIn` to `Completed`.
pub const TRANSITIONS: &[(BookingStatus, BookingStatus, Mover)] = {
    use BookingStatus::{Cancelled, CheckedIn, Completed, Confirmed, Declined, Expired, PendingPayment, Requested};
    &[
        (PendingPayment, Confirmed, Mover::Payment),
        (PendingPayment, Expired, Mover::Time),
        (PendingPayment, Cancelled, Mover::Guest),
        (Requested, Confirmed, Mover::Host),
        (Requested, Declined, Mover::Host),
        (Requested, Expired, Mover::Time),
        (Requested, Cancelled, Mover::Guest),
        (Confirmed, CheckedIn, Mover::Time),
        (Confirmed, Cancelled, Mover::Guest),
        (Confirmed, Cancelled, Mover::Host),
        (CheckedIn, Completed, Mover::Time),
        (CheckedIn, Cancelled, Mover::Guest),
        (CheckedIn, Cancelled, Mover::Host),
    ]
};

/// Whether anybody can take a booking from `from` to `to`.
pub fn allowed(from: BookingStatus, to: BookingStatus) -> bool {
    TRANSITIONS.iter().any(|&(start, end, _)| (start, end) == (from, to))
}

/// Whether `mover` can take a booking from `from` to `to`.
pub fn allowed_for(from: BookingStatus, to: BookingStatus, mover: Mover) -> bool {
    TRANSITIONS.contains(&(from, to, mover))
}

/// Whether nothing can happen to a booking any more.
pub fn is_final(status: BookingStatus) -> bool {
    !TRANSITIONS.iter().any(|&(from, ..)| from == status)
}

/// Whether a booking in this state holds its nights. Of final states only past nights stay, for the record.
pub fn holds_nights(status: BookingStatus) -> bool {
    !is_final(status)
}

/// The state at `now` of a booking that is stored as `stored`, whether or not a worker has run. At its deadline a hold is over; at
/// check-in the stay has begun; at check-out it is over.
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

/// Everything that `side` may ever want to do, and what stands against it in this state. Whether a request was paid for and whether
/// a review was written already is for the caller to add.
pub fn actions(side: Side, status: BookingStatus) -> Vec<Offer> {
    let all: &[BookingAction] = match side {
        Side::Guest => &[BookingAction::Pay, BookingAction::Cancel, BookingAction::Review],
        Side::Host => &[BookingAction::Accept, BookingAction::Decline, BookingAction::Cancel],
    };
    all.iter()
        .map(|&action| Offer { action, refusal: (!may(side, action, status)).then(|| refusal(action, status)) })
        .collect()
}

/// Whether `side` can do `action` in this state.
pub fn may(side: Side, action: BookingAction, status: BookingStatus) -> bool {
    let leads_to = |to, mover| allowed_for(status, to, mover);
    match (side, action) {
        // A request is paid for too: the money is reserved until the host answers.
        (Side::Guest, BookingAction::Pay) => {
            status == BookingStatus::Requested || leads_to(BookingStatus::Confirmed, Mover::Payment)
        }
        (Side::Guest, BookingAction::Cancel) => leads_to(BookingStatus::Cancelled, Mover::Guest),
        (Side::Guest, BookingAction::Review) => status == BookingStatus::Completed,
        (Side::Host, BookingAction::Accept) => leads_to(BookingStatus::Confirmed, Mover::Host),
        (Side::Host, BookingAction::Decline) => leads_to(BookingStatus::Declined, Mover::Host),
        (Side::Host, BookingAction::Cancel) => leads_to(BookingStatus::Cancelled, Mover::Host),
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
