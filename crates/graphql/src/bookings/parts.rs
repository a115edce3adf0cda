//! What a booking is made of.

use async_graphql::{Object, SimpleObject};

use crate::{listings::GeoPoint, money::Money, prices::Price};
use domain::bookings::{self, BookedPlace, Booking as Row, Preview};
use types::scalars::{LocalTime, TimeZone};
use types::{self, BookingAction, Currency, Timestamp};

/// Exact place of a stay, for the two sides of a confirmed booking. It stays as it was when the booking was made, also when the listing moves.
#[derive(SimpleObject)]
pub struct TripDetails {
    /// Street address; null when the host gave none.
    address: Option<String>,
    /// Exact point.
    point: GeoPoint,
    /// Time zone of the place.
    time_zone: TimeZone,
    /// Earliest arrival on the check-in day, by the clocks of the place.
    check_in_from: LocalTime,
    /// Latest departure on the check-out day, by the clocks of the place.
    check_out_by: LocalTime,
    /// When the guest can arrive.
    check_in_at: Timestamp,
    /// When the guest must have left.
    check_out_at: Timestamp,
}

impl TripDetails {
    /// For the two sides of a confirmed booking only. None when `place` is not known.
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

/// What a cancellation by the guest would give back.
#[Object]
impl CancellationPreview {
    /// At this instant.
    async fn at(&self) -> Timestamp {
        self.preview.at
    }

    /// What comes back, line by line.
    async fn refund(&self) -> Price {
        Price::new(self.preview.lines.clone(), self.currency)
    }

    /// What is kept.
    async fn kept(&self) -> Money {
        Money(types::Money::new(self.preview.kept, self.currency))
    }
}

/// Something the viewer may want to do with a booking.
#[derive(SimpleObject)]
pub struct AvailableAction {
    /// What.
    action: BookingAction,
    /// Whether it can be done now.
    allowed: bool,
    /// Why not; null when allowed.
    reason: Option<String>,
    /// Until when it can be done; null when there is no limit or it cannot be done.
    deadline: Option<Timestamp>,
    /// What would flow: positive, the viewer pays; negative, the viewer gets it; null when no money would.
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
