//! Messages of violations.

use chrono::NaiveDate;

use super::{Calendar, Violation, last_arrival, limits};
use types::UnavailableReason;

/// The violation of a rule. `night`: the night or day that breaks it.
pub(super) fn violation(calendar: &Calendar, reason: UnavailableReason, night: Option<NaiveDate>) -> Violation {
    let rules = &calendar.rules;
    let date = night.map_or_else(String::new, |night| night.to_string());
    let (min, max) = night.map_or((rules.min_nights, rules.max_nights), |night| limits(calendar, night));
    let message = match reason {
        UnavailableReason::Booked => format!("The night of {date} is taken."),
        UnavailableReason::Blocked => format!("The night of {date} is blocked."),
        UnavailableReason::Preparation => format!("The night of {date} is too close to another stay."),
        UnavailableReason::AdvanceNotice if rules.advance_notice_hours == 0 => {
            format!("Check-in on {date} is no longer possible.")
        }
        UnavailableReason::AdvanceNotice => {
            format!("Check-in on {date} is too soon: the host requires {} hours of notice.", rules.advance_notice_hours)
        }
        UnavailableReason::BookingWindow => last_arrival(calendar).map_or_else(
            || "Check-in is too far in the future.".to_owned(),
            |last| format!("Check-in must be on {last} or earlier."),
        ),
        UnavailableReason::MinNights => format!("A stay that begins on {date} must have at least {min} nights."),
        UnavailableReason::MaxNights => format!("A stay that begins on {date} can have at most {max} nights."),
        UnavailableReason::ClosedToArrival => format!("Check-in is not possible on {date}."),
        UnavailableReason::ClosedToDeparture => format!("Check-out is not possible on {date}."),
        UnavailableReason::MaxGuests => format!("At most {} guests can stay, not counting infants.", rules.max_guests),
        UnavailableReason::NoPets => "Pets are not allowed.".to_owned(),
        UnavailableReason::NotPublished => "The listing is not published.".to_owned(),
        UnavailableReason::OwnListing => "Hosts and co-hosts cannot book their own listings.".to_owned(),
        UnavailableReason::PriceTooHigh => "The price of this stay is too high.".to_owned(),
    };
    Violation { reason, night, message }
}

/// The violation of a rule that `more` further nights break.
pub(super) fn with_more(first: Violation, more: usize) -> Violation {
    let others = match more {
        0 => return first,
        1 => "is 1 more night".to_owned(),
        more => format!("are {more} more nights"),
    };
    let message = format!("{}, and so {others} of the stay.", first.message.trim_end_matches('.'));
    Violation { message, ..first }
}
