//! Keys of bookings, payments and refunds: rows that only their two sides can see.

use std::{collections::HashMap, sync::Arc};

use super::{Batch, Private, keys::keys};
use auth::Member;
use domain::{
    app::App,
    bookings::{self, Booking, Part, PartOfListing},
    events::{self, EventPosition, OfBooking, StreamEvent},
    payments::{self, Payment, Refund},
    quotes::{self, Quote},
};
use types::{BookingId, ConfirmationCode, PageOf, PaymentId, QuoteId, RefundId, Side};

keys! {
    /// The booking with this id, if the viewer is its guest or host, or helps its host.
    private BookingById(BookingId) => Arc<Booking>, by_id bookings::visible;
    /// The booking with this confirmation code, if the viewer is its guest or host, or helps its host.
    private BookingByCode(ConfirmationCode) => Arc<Booking>, of_parent bookings::visible_by_code;
    /// A page of the viewer's bookings on one side, the latest check-in first.
    private OwnBookings(Part) => Arc<PageOf<Arc<Booking>>>, of_parent bookings::lists;
    /// A page of the bookings of a listing that the viewer hosts or helps with, the latest check-in first.
    private BookingsOfListing(PartOfListing) => Arc<PageOf<Arc<Booking>>>, of_parent bookings::of_listings;
    /// The quote with this id, if it is the viewer's.
    private QuoteById(QuoteId) => Arc<Quote>, by_id quotes::visible;
    /// The payment with this id, if the viewer made it.
    private PaymentById(PaymentId) => Arc<Payment>, by_id payments::visible;
    /// The payments of a booking, oldest first, if the viewer is its guest.
    private PaymentsOf(BookingId) => Vec<Arc<Payment>>, of_parent payments::of_bookings(booking_id);
    /// The refund with this id, if the viewer booked.
    private RefundById(RefundId) => Arc<Refund>, by_id payments::visible_refunds;
    /// The refunds of a booking, oldest first, if the viewer is its guest.
    private RefundsOf(BookingId) => Vec<Arc<Refund>>, of_parent payments::refunds_of_bookings(booking_id);
}

/// Whether money is authorized for a booking, for those who can accept it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IsAuthorized(pub BookingId);

impl Private for IsAuthorized {
    type Row = bool;

    async fn load(app: &App, viewer: &Member, keys: Vec<Self>) -> Batch<Self, Self::Row> {
        let ids: Vec<_> = keys.iter().map(|Self(id)| *id).collect();
        let authorized = payments::authorized_of_host(app, viewer, &ids).await?;
        Ok(keys.into_iter().map(|key| (key, authorized.contains(&key.0))).collect())
    }
}

/// A page of the history of a booking, if the viewer can see it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EventsOf(pub OfBooking);

impl Private for EventsOf {
    type Row = Arc<PageOf<StreamEvent>>;

    async fn load(app: &App, viewer: &Member, keys: Vec<Self>) -> Batch<Self, Self::Row> {
        let parts = keys.into_iter().map(|Self(part)| part).collect();
        let pages = events::histories(app, viewer, parts).await?;
        Ok(pages.into_iter().map(|(part, page)| (Self(part), Arc::new(page))).collect())
    }
}

/// The position of the latest event in the viewer's feed of this side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LatestOf(pub Side);

impl Private for LatestOf {
    type Row = EventPosition;

    async fn load(app: &App, viewer: &Member, keys: Vec<Self>) -> Batch<Self, Self::Row> {
        let mut batch = HashMap::new();
        // There are only two sides.
        for key in keys {
            batch.insert(key, events::latest_of_feed(app, viewer, key.0).await?);
        }
        Ok(batch)
    }
}
