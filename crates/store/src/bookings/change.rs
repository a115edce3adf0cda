//! Changes of the state of a booking.

use diesel::prelude::*;

use super::Booking;
use crate::schema::bookings;
use types::{BookingStatus, Json, RefundTier, Timestamp};

/// What a change of state writes.
#[derive(Debug, Clone, PartialEq, Eq, AsChangeset)]
#[diesel(table_name = bookings, treat_none_as_null = true)]
#[expect(missing_docs, reason = "the columns, described in the migration")]
pub struct Change {
    pub status: BookingStatus,
    pub deadline_at: Option<Timestamp>,
    pub cancellation_timeline: Option<Json<Vec<RefundTier>>>,
    pub decline_message: Option<String>,
    pub host_payout: i64,
    pub confirmed_at: Option<Timestamp>,
    pub cancelled_at: Option<Timestamp>,
    pub held_until: Option<Timestamp>,
    pub hidden_from_host: bool,
    pub updated_at: Timestamp,
    pub time_zone_rules: String,
}

impl Change {
    /// `booking` in state `to`, everything else unchanged; only waiting states keep their deadline. A confirmed booking is not an unpaid
    /// hold, unless it costs nothing and was not a request; a request that its host declined or did not answer does not count against the
    /// guest.
    pub fn to(booking: &Booking, to: BookingStatus, now: Timestamp) -> Self {
        let waits = matches!(to, BookingStatus::PendingPayment | BookingStatus::Requested);
        let is_held = match to {
            BookingStatus::Confirmed => booking.total == 0 && booking.held_since.is_some(),
            BookingStatus::Expired => booking.held_since.is_some() || booking.hidden_from_host,
            BookingStatus::Declined => false,
            _ => true,
        };
        Self {
            status: to,
            deadline_at: booking.deadline_at.filter(|_| waits),
            cancellation_timeline: booking.cancellation_timeline.clone(),
            decline_message: booking.decline_message.clone(),
            host_payout: booking.host_payout,
            confirmed_at: booking.confirmed_at,
            cancelled_at: booking.cancelled_at,
            held_until: booking.held_until.filter(|_| is_held),
            hidden_from_host: booking.hidden_from_host,
            updated_at: now,
            time_zone_rules: booking.time_zone_rules.clone(),
        }
    }

    /// `booking` as it is after this change.
    pub fn applied_to(&self, booking: Booking) -> Booking {
        let Self { status, deadline_at, host_payout, confirmed_at, cancelled_at, held_until, hidden_from_host, .. } =
            *self;
        Booking {
            status,
            deadline_at,
            cancellation_timeline: self.cancellation_timeline.clone(),
            decline_message: self.decline_message.clone(),
            host_payout,
            confirmed_at,
            cancelled_at,
            held_until,
            hidden_from_host,
            updated_at: self.updated_at,
            time_zone_rules: self.time_zone_rules.clone(),
            ..booking
        }
    }
}
