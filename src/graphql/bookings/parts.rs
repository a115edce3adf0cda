//! What a booking is made of.

use async_graphql::{Object, SimpleObject};

use crate::{
    domain::bookings::{self, Preview},
    graphql::{listings::GeoPoint, money::Money, prices::Price},
    store::{bookings::Booking as Row, listings::Listing as ListingRow},
    types::{self, BookingAction, Currency, Timestamp},
};

#[derive(SimpleObject)]
pub struct TripDetails {
    address: Option<String>,
    point: GeoPoint,
    check_in_at: Timestamp,
    check_out_at: Timestamp,
}

impl TripDetails {
    /// For the two sides of a confirmed booking only.
    pub fn new(booking: &Row, listing: &ListingRow) -> Self {
        Self {
            address: listing.place.address.clone(),
            point: GeoPoint::from(listing.place.point()),
            check_in_at: booking.check_in_at,
            check_out_at: booking.check_out_at,
        }
    }
}

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

#[Object]
impl CancellationPreview {
    async fn at(&self) -> Timestamp {
        self.preview.at
    }

    async fn refund(&self) -> Price {
        Price::new(self.preview.lines.clone(), self.currency)
    }

    async fn kept(&self) -> Money {
        Money(types::Money::new(self.preview.kept, self.currency))
    }
}

#[derive(SimpleObject)]
pub struct AvailableAction {
    action: BookingAction,
    allowed: bool,
    reason: Option<String>,
    deadline: Option<Timestamp>,
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
