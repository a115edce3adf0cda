//! The provider's answer, written once, with what follows from it.

use super::{is_awaited, pay::give_back_attempt, settle::refund_part};
use crate::{
    app::App,
    bookings::{Asked, Confirmed, ask_host, catch_up, confirm},
    events::{self, Actor, Happened, NewEvent},
};
use mysql_engine::Conn;
use providers::payments::{Intent, IntentStatus};
use store::{
    bookings::Booking,
    payments::{Change, Payment},
};
use types::{
    BookingEventKind, BookingStatus, Money, PaymentId, PaymentStatus, RefundReason, Timestamp,
    error::{Error, NightConflict, Result},
};

/// A payment and its booking after an answer of the provider.
pub(super) struct Applied {
    pub payment: Payment,
    pub booking: Booking,
    /// What took the nights of a request before its money was authorized.
    pub conflicts: Vec<NightConflict>,
}

impl Applied {
    /// An answer that was applied before.
    pub(super) fn before(payment: Payment, booking: Booking) -> Self {
        Self { payment, booking, conflicts: Vec::new() }
    }
}

/// Writes what the provider says of a payment: money that was taken confirms the booking if it still waits, and goes back if it does
/// not; money that is authorized brings a request to its host. An answer that is written already changes nothing. Returns the payment
/// and its booking as they are afterwards.
pub(super) async fn apply(app: &App, id: PaymentId, intent: &Intent) -> Result<Applied> {
    let now = app.now();
    let (applied, told) = app.database.transaction(async |tx| write(app, tx, id, intent, now).await).await?;
    told.iter().for_each(|booking| events::announce(app, booking));
    Ok(applied)
}

/// Returns also the bookings to which something happened.
async fn write(
    app: &App,
    tx: &mut Conn,
    id: PaymentId,
    intent: &Intent,
    now: Timestamp,
) -> Result<(Applied, Vec<Booking>)> {
    let found = store::payments::find(tx, id).await?.ok_or_else(|| lost(id))?;
    let booking = store::bookings::lock(tx, found.booking_id).await?.ok_or_else(|| lost(id))?;
    let payment = store::payments::lock(tx, id).await?.ok_or_else(|| lost(id))?;
    let change = change(&payment, intent, now);
    if !is_news(payment.status, change.status) {
        give_back_attempt(app, tx, booking.guest_id, &payment, change.status).await?;
        store::payments::answered(tx, id).await?;
        return Ok((Applied::before(payment, booking), Vec::new()));
    }
    let (booking, mut events) = catch_up(tx, booking, now).await?;
    store::payments::update(tx, id, &change).await?;
    let followed = follow(app, tx, booking, &payment, change.status, now).await?;
    give_back_attempt(app, tx, followed.booking.guest_id, &payment, change.status).await?;
    events.extend(followed.events);
    let mut happened: Vec<_> = events::expired(&followed.lapsed).collect();
    let host_joins = followed.host_joins;
    happened.push(Happened { host_joins, ..Happened::new(&followed.booking, events) });
    events::append_all(app, tx, &happened, now).await?;
    let payment = store::payments::find(tx, id).await?.ok_or_else(|| lost(id))?;
    let mut told = followed.lapsed;
    told.push(followed.booking.clone());
    Ok((Applied { payment, booking: followed.booking, conflicts: followed.conflicts }, told))
}

fn lost(id: PaymentId) -> Error {
    anyhow::anyhow!("payment {id} or its booking is not there").into()
}

/// Whether a payment in `from` learns something by `to`. What has ended stays ended.
fn is_news(from: PaymentStatus, to: PaymentStatus) -> bool {
    use PaymentStatus::{Authorized, Processing, RequiresConfirmation};
    from != to
        && match from {
            Processing => true,
            RequiresConfirmation => to != Processing,
            Authorized => !matches!(to, Processing | RequiresConfirmation),
            _ => false,
        }
}

fn change(payment: &Payment, intent: &Intent, now: Timestamp) -> Change {
    let mut change = Change {
        status: payment.status,
        captured: 0,
        provider_ref: Some(intent.reference.clone()),
        decline_reason: None,
        action_url: None,
        asked_at: None,
        updated_at: now,
    };
    match &intent.status {
        IntentStatus::RequiresConfirmation { url } => {
            change.status = PaymentStatus::RequiresConfirmation;
            change.action_url.clone_from(url);
        }
        IntentStatus::Authorized => change.status = PaymentStatus::Authorized,
        IntentStatus::Captured => {
            change.status = PaymentStatus::Captured;
            change.captured = payment.amount;
        }
        IntentStatus::Declined(reason) => {
            change.status = PaymentStatus::Declined;
            change.decline_reason = Some(*reason);
        }
        IntentStatus::Voided => change.status = PaymentStatus::Voided,
    }
    change
}

/// What followed for the booking.
struct Followed {
    /// As it is then.
    booking: Booking,
    /// Its new events.
    events: Vec<NewEvent>,
    /// Whether its host learns of it now.
    host_joins: bool,
    /// What took the nights of a request before its money was authorized.
    conflicts: Vec<NightConflict>,
    /// Bookings whose expired holds were in the way of a request.
    lapsed: Vec<Booking>,
}

impl Followed {
    fn only(booking: Booking, events: Vec<NewEvent>) -> Self {
        Self { booking, events, host_joins: false, conflicts: Vec::new(), lapsed: Vec::new() }
    }
}

async fn follow(
    app: &App,
    tx: &mut Conn,
    booking: Booking,
    payment: &Payment,
    status: PaymentStatus,
    now: Timestamp,
) -> Result<Followed> {
    use BookingEventKind as Kind;
    let waits = is_awaited(&booking, now);
    let by_provider = |kind| by_provider(kind, payment);
    Ok(match status {
        PaymentStatus::RequiresConfirmation if waits => {
            Followed::only(booking, vec![by_provider(Kind::PaymentConfirmationRequired)])
        }
        PaymentStatus::Authorized if waits && booking.hidden_from_host => {
            reach_host(app, tx, &booking, payment, now).await?
        }
        PaymentStatus::Authorized if waits => Followed::only(booking, vec![by_provider(Kind::PaymentAuthorized)]),
        PaymentStatus::Declined => Followed::only(booking, vec![by_provider(Kind::PaymentDeclined)]),
        PaymentStatus::Captured if waits => certify(app, tx, booking, payment, now).await?,
        PaymentStatus::Captured => {
            let refunded = give_back(app, tx, payment, now).await?;
            Followed::only(booking, vec![by_provider(Kind::PaymentCaptured), refunded])
        }
        _ => Followed::only(booking, Vec::new()),
    })
}

/// A request claims its nights and is shown to its host, or expires because they were taken meanwhile.
async fn reach_host(
    app: &App,
    tx: &mut Conn,
    booking: &Booking,
    payment: &Payment,
    now: Timestamp,
) -> Result<Followed> {
    let Asked { booking, conflicts, lapsed } = ask_host(app, tx, booking, now).await?;
    let host_joins = conflicts.is_empty();
    let event = if host_joins {
        by_provider(BookingEventKind::PaymentAuthorized, payment)
    } else {
        Actor::Platform.event(BookingEventKind::Expired)
    };
    Ok(Followed { booking, events: vec![event], host_joins, conflicts, lapsed })
}

/// Money was taken for a booking that waits for it: it is certain, if its nights are its own.
async fn certify(app: &App, tx: &mut Conn, booking: Booking, payment: &Payment, now: Timestamp) -> Result<Followed> {
    use BookingEventKind as Kind;
    // A host accepts a request; an instant booking needs nobody's consent.
    let by = if booking.status == BookingStatus::Requested { Actor::Host(booking.host_id) } else { Actor::Platform };
    // A request that a server of before took for one that holds its nights.
    let asked = if booking.hidden_from_host { Some(reach_host(app, tx, &booking, payment, now).await?) } else { None };
    let asked = asked.unwrap_or_else(|| Followed::only(booking, Vec::new()));
    let captured = by_provider(Kind::PaymentCaptured, payment);
    let confirmed = if asked.conflicts.is_empty() {
        confirm(app, tx, &asked.booking, now).await?
    } else {
        Confirmed::WithoutNights(asked.booking.clone())
    };
    let (booking, events) = match confirmed {
        Confirmed::Certain(booking) => (booking, vec![captured, by.event(Kind::Confirmed)]),
        Confirmed::WithoutNights(booking) => {
            let refunded = give_back(app, tx, payment, now).await?;
            (booking, vec![Actor::Platform.event(Kind::Expired), captured, refunded])
        }
    };
    Ok(Followed { booking, events, ..asked })
}

/// What the provider reports of a payment.
fn by_provider(kind: BookingEventKind, payment: &Payment) -> NewEvent {
    let amount = Money::new(payment.amount, payment.currency);
    Actor::PaymentProvider.event(kind).of_payment(payment.id).of_amount(amount)
}

/// This payment's own money goes back, whatever another one has paid. Returns the event.
async fn give_back(app: &App, tx: &mut Conn, payment: &Payment, now: Timestamp) -> Result<NewEvent> {
    let refund = refund_part(app, tx, payment, (payment.amount, RefundReason::HoldExpired), now).await?;
    let event = Actor::Platform.event(BookingEventKind::RefundCreated).of_refund(refund, payment.id);
    Ok(event.of_amount(Money::new(payment.amount, payment.currency)))
}
