//! Keys of bookings and their money: rows that only their two sides may see.

use std::{collections::HashMap, sync::Arc};

use super::{Batch, Private};
use auth::Member;
use domain::{
    app::App,
    bookings::{self, Booking, Part},
    events::{self, EventPosition, OfBooking, StreamEvent},
    payments::{self, Payment, Refund},
    quotes::{self, Quote},
};
use types::{BookingId, PageOf, PaymentId, QuoteId, RefundId, Side};

/// The booking with this id, if the viewer is its guest or host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BookingById(pub BookingId);

impl Private for BookingById {
    type Row = Arc<Booking>;

    async fn load(app: &App, viewer: &Member, keys: Vec<Self>) -> Batch<Self, Self::Row> {
        let ids: Vec<_> = keys.into_iter().map(|Self(id)| id).collect();
        Ok(bookings::visible(app, viewer, &ids).await?.into_iter().map(|row| (Self(row.id), Arc::new(row))).collect())
    }
}

/// The quote with this id, if it is the viewer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct QuoteById(pub QuoteId);

impl Private for QuoteById {
    type Row = Arc<Quote>;

    async fn load(app: &App, viewer: &Member, keys: Vec<Self>) -> Batch<Self, Self::Row> {
        let ids: Vec<_> = keys.into_iter().map(|Self(id)| id).collect();
        Ok(quotes::visible(app, viewer, &ids).await?.into_iter().map(|row| (Self(row.id), Arc::new(row))).collect())
    }
}

/// The payment with this id, if the viewer made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PaymentById(pub PaymentId);

impl Private for PaymentById {
    type Row = Arc<Payment>;

    async fn load(app: &App, viewer: &Member, keys: Vec<Self>) -> Batch<Self, Self::Row> {
        let ids: Vec<_> = keys.into_iter().map(|Self(id)| id).collect();
        Ok(payments::visible(app, viewer, &ids).await?.into_iter().map(|row| (Self(row.id), Arc::new(row))).collect())
    }
}

/// The payments of a booking, oldest first, if the viewer is its guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PaymentsOf(pub BookingId);

impl Private for PaymentsOf {
    type Row = Vec<Arc<Payment>>;

    async fn load(app: &App, viewer: &Member, keys: Vec<Self>) -> Batch<Self, Self::Row> {
        let ids: Vec<_> = keys.into_iter().map(|Self(id)| id).collect();
        let mut batch: HashMap<_, Self::Row> = HashMap::new();
        for payment in payments::of_bookings(app, viewer, &ids).await? {
            batch.entry(Self(payment.booking_id)).or_default().push(Arc::new(payment));
        }
        Ok(batch)
    }
}

/// Whether money is reserved for a booking, for the host who may accept it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IsReserved(pub BookingId);

impl Private for IsReserved {
    type Row = bool;

    async fn load(app: &App, viewer: &Member, keys: Vec<Self>) -> Batch<Self, Self::Row> {
        let ids: Vec<_> = keys.iter().map(|Self(id)| *id).collect();
        let reserved = payments::reserved_of_host(app, viewer, &ids).await?;
        Ok(keys.into_iter().map(|key| (key, reserved.contains(&key.0))).collect())
    }
}

/// The refund with this id, if the viewer booked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RefundById(pub RefundId);

impl Private for RefundById {
    type Row = Arc<Refund>;

    async fn load(app: &App, viewer: &Member, keys: Vec<Self>) -> Batch<Self, Self::Row> {
        let ids: Vec<_> = keys.into_iter().map(|Self(id)| id).collect();
        let refunds = payments::visible_refunds(app, viewer, &ids).await?;
        Ok(refunds.into_iter().map(|row| (Self(row.id), Arc::new(row))).collect())
    }
}

/// A page of the history of a booking, if the viewer is its guest or host.
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

/// What was given back for a booking, oldest first, if the viewer is its guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RefundsOf(pub BookingId);

impl Private for RefundsOf {
    type Row = Vec<Arc<Refund>>;

    async fn load(app: &App, viewer: &Member, keys: Vec<Self>) -> Batch<Self, Self::Row> {
        let ids: Vec<_> = keys.into_iter().map(|Self(id)| id).collect();
        let mut batch: HashMap<_, Self::Row> = HashMap::new();
        for refund in payments::refunds_of_bookings(app, viewer, &ids).await? {
            batch.entry(Self(refund.booking_id)).or_default().push(Arc::new(refund));
        }
        Ok(batch)
    }
}

/// A page of the viewer's bookings on one side, the latest check-in first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OwnBookings(pub Part);

impl Private for OwnBookings {
    type Row = Arc<PageOf<Arc<Booking>>>;

    async fn load(app: &App, viewer: &Member, keys: Vec<Self>) -> Batch<Self, Self::Row> {
        let pages = bookings::lists(app, viewer, keys.into_iter().map(|Self(part)| part).collect()).await?;
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
        // There are two sides.
        for key in keys {
            batch.insert(key, events::latest_of_feed(app, viewer, key.0).await?);
        }
        Ok(batch)
    }
}
