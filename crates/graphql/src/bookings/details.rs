//! Parts of bookings.

use async_graphql::{Object, SimpleObject};

use crate::{listings::GeoPoint, money::Money, prices::Price};
use domain::bookings::{self, BookedPlace, Booking as Row, Preview};
use types::scalars::{LocalTime, TimeZone};
use types::{BookingAction, Currency, Timestamp};

/// Exact location of a stay, for the guest and the host of a confirmed booking. It does not change when the listing moves.
#[derive(SimpleObject)]
pub struct TripDetails {
    /// Street address; null when the host gave none.
    address: Option<String>,
    /// Exact point.
    point: GeoPoint,
    /// Time zone of the place.
    time_zone: TimeZone,
    /// Earliest arrival on the check-in day, in local time.
    check_in_from: LocalTime,
    /// Latest departure on the check-out day, in local time.
    check_out_by: LocalTime,
    /// When the guest can arrive.
    check_in_at: Timestamp,
    /// When the guest must leave.
    check_out_at: Timestamp,
}

impl TripDetails {
    /// Only for the two sides of a confirmed booking. None without a `place`.
    pub fn new(booking: &Row, place: &BookedPlace) -> Option<Self> {
        Some(Self {
            address: place.address.clone(),
            point: GeoPoint::from(place.exact()?),
            time_zone: TimeZone(place.time_zone.clone()?),
            check_in_from: LocalTime(place.check_in_from?),
            check_out_by: LocalTime(place.check_out_by?),
            check_in_at: booking.check_in_at,
            check_out_at: booking.check_out_at,
        })
    }
}

/// What a cancellation by the viewer would refund at a given time.
pub struct CancellationPreview {
    preview: Preview,
    currency: Currency,
}

impl CancellationPreview {
    /// The preview of a booking in `currency`.
    pub fn new(preview: Preview, currency: Currency) -> Self {
        Self { preview, currency }
    }
}

/// The refund if the guest cancels.
#[Object]
impl CancellationPreview {
    /// The time of the cancellation.
    async fn at(&self) -> Timestamp {
        self.preview.at
    }

    /// The refund, line by line.
    async fn refund(&self) -> Price {
        Price::new(self.preview.lines.clone(), self.currency)
    }

    /// The amount that is not refunded.
    async fn kept(&self) -> Money {
        Money(types::Money::new(self.preview.kept, self.currency))
    }
}

/// An action on a booking, and whether the viewer can do it.
#[derive(SimpleObject)]
pub struct AvailableAction {
    /// The action.
    action: BookingAction,
    /// Whether it is allowed now.
    allowed: bool,
    /// Why not; null when allowed.
    reason: Option<String>,
    /// Until when it is allowed; null when there is no deadline or it is not allowed.
    deadline: Option<Timestamp>,
    /// The amount of money: positive if the viewer pays, negative if the viewer gets it; null when no money moves.
    money_effect: Option<Money>,
}

impl From<bookings::Action> for AvailableAction {
    fn from(action: bookings::Action) -> Self {
        Self {
            action: action.action,
            allowed: action.refusal.is_none(),
            reason: action.refusal,
            deadline: action.deadline,
            money_effect: action.money.map(Money),
        }
    }
}
