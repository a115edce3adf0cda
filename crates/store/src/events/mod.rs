//! Events of bookings, listings, users, reviews and imports, in the order of their commits.
//!
//! An event has a sequence within its subject, and a position in each of any number of feeds. Sequences and positions are assigned under a
//! row lock, not by AUTO_INCREMENT: that assigns numbers when a row is written, not when it is committed, so a reader could skip a row that
//! is committed later.

mod append;
pub mod catalog;
mod feeds;
mod payload;
mod retention;
mod streams;

pub use append::{BookingEvents, append};
pub use payload::{BookingDetails, NightRange, NightsChange, Payload};
pub use retention::{Expired, delete, delete_entries, expired};
pub use streams::{
    Event, OfBooking, Topic, latest, latest_of_booking, latest_of_feed, of_booking, of_topic, recent, visible,
};

use std::sync::Arc;

use crate::bookings::Booking;
use types::{BookingEventKind, CauseKind, EventActor, Money, PaymentId, RefundId, Side, UserId};

/// Who caused an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Actor {
    /// The guest of a booking.
    Guest(UserId),
    /// The host of a booking, or of a listing.
    Host(UserId),
    /// Staff, on behalf of the guest or the host of a booking.
    Staff {
        /// Who did it.
        by: UserId,
        /// For whom.
        on_behalf_of: UserId,
    },
    /// The payment provider.
    PaymentProvider,
    /// Staygate: a deadline passed, rules changed, or a dataset was imported.
    Platform,
}

impl Actor {
    /// The guest or host of a booking.
    pub fn on_side(side: Side, person: UserId) -> Self {
        match side {
            Side::Guest => Self::Guest(person),
            Side::Host => Self::Host(person),
        }
    }

    /// An event of this kind by this actor.
    pub fn event(self, kind: BookingEventKind) -> NewEvent {
        NewEvent { kind, actor: self, payment: None, refund: None, amount: None }
    }

    fn word(self) -> EventActor {
        match self {
            Self::Guest(_) => EventActor::Guest,
            Self::Host(_) => EventActor::Host,
            Self::Staff { .. } => EventActor::Staff,
            Self::PaymentProvider => EventActor::PaymentProvider,
            Self::Platform => EventActor::Platform,
        }
    }

    fn person(self) -> Option<UserId> {
        match self {
            Self::Guest(person) | Self::Host(person) | Self::Staff { by: person, .. } => Some(person),
            Self::PaymentProvider | Self::Platform => None,
        }
    }

    /// For whom staff did it.
    fn on_behalf_of(self) -> Option<UserId> {
        match self {
            Self::Staff { on_behalf_of, .. } => Some(on_behalf_of),
            _ => None,
        }
    }
}

/// A member of staff who acts as a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Impersonator {
    /// Who acts.
    pub staff: UserId,
    /// As whom.
    pub person: UserId,
}

impl Impersonator {
    /// Who did what `actor` did: the member of staff, if it is the person.
    fn actor(self, actor: Actor) -> Actor {
        match actor {
            Actor::Guest(person) | Actor::Host(person) if person == self.person => {
                Actor::Staff { by: self.staff, on_behalf_of: person }
            }
            other => other,
        }
    }
}

/// What caused an event.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Cause {
    /// A client request, by its id.
    Request(Arc<str>),
    /// A job, by its name.
    Job(&'static str),
    /// A notification of the payment provider, by the provider's id.
    ProviderEvent(Arc<str>),
    /// The import of a dataset, by its name.
    Import(Arc<str>),
}

impl Cause {
    fn kind(&self) -> CauseKind {
        match self {
            Self::Request(_) => CauseKind::Request,
            Self::Job(_) => CauseKind::Job,
            Self::ProviderEvent(_) => CauseKind::ProviderEvent,
            Self::Import(_) => CauseKind::Import,
        }
    }

    /// The id of the request or notification, or the name of the job or dataset.
    pub fn id(&self) -> &str {
        match self {
            Self::Request(id) | Self::ProviderEvent(id) | Self::Import(id) => id,
            Self::Job(name) => name,
        }
    }
}

/// An event of a booking to append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewEvent {
    /// What happened.
    pub kind: BookingEventKind,
    /// Who caused it.
    pub actor: Actor,
    /// The payment that it concerns.
    pub payment: Option<PaymentId>,
    /// The refund that it concerns.
    pub refund: Option<RefundId>,
    /// The amount that was or will be moved.
    pub amount: Option<Money>,
}

impl NewEvent {
    /// The event, with its payment.
    #[must_use]
    pub fn of_payment(self, id: PaymentId) -> Self {
        Self { payment: Some(id), ..self }
    }

    /// The event, with its payment and refund.
    #[must_use]
    pub fn of_refund(self, id: RefundId, payment: PaymentId) -> Self {
        Self { payment: Some(payment), refund: Some(id), ..self }
    }

    /// The event, with its amount.
    #[must_use]
    pub fn of_amount(self, amount: Money) -> Self {
        Self { amount: Some(amount), ..self }
    }

    /// How it changes the nights of the listing. `booking` is as the event leaves it, or as it was before it released its nights.
    fn nights(&self, booking: &Booking) -> Option<NightsChange> {
        use BookingEventKind as Kind;
        let taken = match self.kind {
            Kind::Created | Kind::Requested | Kind::PaymentAuthorized | Kind::Confirmed | Kind::TimesChanged => true,
            Kind::Declined | Kind::Expired | Kind::CancelledByGuest | Kind::CancelledByHost => false,
            _ => return None,
        };
        if booking.hidden_from_host {
            // A request holds no nights until its money is authorized.
            return None;
        }
        let until = booking.deadline_at.filter(|_| taken && booking.confirmed_at.is_none());
        let range = NightRange { from: booking.check_in, to: booking.check_out };
        Some(NightsChange { listing: booking.listing_id, range, taken, until })
    }
}
