//! The host's answer to a request.

use serde::{Deserialize, Serialize};

use super::{
    Confirmed, Idempotent, StoredBooking, confirm, idempotency, lock_as, outbox,
    payments::{self, Capture},
    status_at, transitions,
};
use crate::{
    app::App,
    events::{self, Actor},
};
use auth::Member;
use store::{
    bookings::{Booking, Change},
    idempotency::IdempotentRequest,
};
use types::{
    BookingAction, BookingEventKind, BookingId, BookingStatus, IdempotencyKey, PaymentId, Side, Timestamp,
    error::{Error, Result},
    text,
};

/// Most characters of a message to the guest.
const MAX_MESSAGE: usize = 1_000;

/// The stored response of an acceptance: the payment that it captures, if the stay costs anything.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Accepted {
    booking: BookingId,
    payment: Option<PaymentId>,
}

/// What to do after an acceptance is committed.
enum Next {
    /// Nothing: a replay.
    Nothing,
    /// Capture the authorized payment.
    Capture(Box<Capture>),
    /// Announce the events: the stay costs nothing and is confirmed.
    Announce(Box<Booking>),
}

/// The host accepts: the authorized payment is captured, which confirms the booking. One that costs nothing is confirmed at once.
///
/// # Errors
/// Problems of the contract's `acceptBooking`.
pub async fn accept(
    app: &App,
    host: &Member,
    id: BookingId,
    key: &IdempotencyKey,
) -> Result<Idempotent<StoredBooking>> {
    let request = idempotency::request(host, "acceptBooking", key, &id)?;
    let now = app.now();
    let (accepted, next) = app.database.transaction(async |tx| decide(app, tx, host, id, &request, now).await).await?;
    match next {
        Next::Capture(capture) => capture.finish(app).await?,
        Next::Announce(booking) => events::announce(app, &booking),
        Next::Nothing => {}
    }
    Ok(Idempotent { answer: StoredBooking { booking: accepted.answer.booking }, replayed: accepted.replayed })
}

async fn decide(
    app: &App,
    tx: &mut mysql_engine::Conn,
    host: &Member,
    id: BookingId,
    request: &IdempotentRequest<'_>,
    now: Timestamp,
) -> Result<(Idempotent<Accepted>, Next)> {
    let stored = idempotency::claim::<Accepted>(tx, request, now).await?;
    let (booking, _) = lock_as(tx, id, host, Some(Side::Host)).await?;
    if let Some(stored) = stored.filter(|_| booking.confirmed_at.is_some()) {
        return Ok((stored, Next::Nothing));
    }
    refuse_unless_allowed(&booking, BookingAction::Accept, now)?;
    if let Some(stored) = stored {
        // The provider did not respond, or the server crashed: the capture continues.
        let payment = match stored.answer.payment {
            Some(payment) => Capture::begun(tx, payment).await?,
            None => None,
        };
        return Ok((stored, payment.map_or(Next::Nothing, |capture| Next::Capture(Box::new(capture)))));
    }
    if booking.total == 0 {
        return accept_free(app, tx, host, &booking, request, now).await;
    }
    let unpaid = || Error::state(Some(id), "The guest has not paid yet.");
    let capture = payments::begin_capture(app, tx, &booking, host.id(), now).await?.ok_or_else(unpaid)?;
    let accepted = Accepted { booking: id, payment: Some(capture.payment()) };
    Ok((idempotency::store(tx, request, accepted).await?, Next::Capture(Box::new(capture))))
}

async fn accept_free(
    app: &App,
    tx: &mut mysql_engine::Conn,
    host: &Member,
    booking: &Booking,
    request: &IdempotentRequest<'_>,
    now: Timestamp,
) -> Result<(Idempotent<Accepted>, Next)> {
    let Confirmed::WithNights(booking) = confirm(app, tx, booking, now).await? else {
        return Err(anyhow::anyhow!("request {} has lost its nights", booking.id).into());
    };
    let stored = idempotency::store(tx, request, Accepted { booking: booking.id, payment: None }).await?;
    let accepted = Actor::Host(host.id()).event(BookingEventKind::Confirmed);
    events::append(app, tx, &booking, [accepted], now).await?;
    Ok((stored, Next::Announce(Box::new(booking))))
}

fn refuse_unless_allowed(booking: &Booking, action: BookingAction, now: Timestamp) -> Result<()> {
    let status = status_at(booking, now);
    if transitions::is_allowed(Side::Host, action, status) {
        return Ok(());
    }
    let label = transitions::label(status);
    Err(Error::state(Some(booking.id), format!("The booking is {label}. There is nothing to accept or decline.")))
}

/// The host declines: the nights are released, and the authorization is voided.
///
/// # Errors
/// Problems of the contract's `declineBooking`.
pub async fn decline(
    app: &App,
    host: &Member,
    id: BookingId,
    message: Option<String>,
    key: &IdempotencyKey,
) -> Result<Idempotent<StoredBooking>> {
    let message = message.map(|message| text::paragraphs(&message, 0..=MAX_MESSAGE)).transpose();
    let message = message.map_err(|unfit| Error::invalid(&["message"], format!("A message {unfit}.")))?;
    let message = message.filter(|message| !message.is_empty());
    let request = idempotency::request(host, "declineBooking", key, &(id, &message))?;
    let now = app.now();
    let (declined, booking) = app
        .database
        .transaction(async |tx| {
            let declined = StoredBooking { booking: id };
            if let Some(stored) = idempotency::claim_with(tx, &request, &declined, now).await? {
                return Ok((stored, None));
            }
            let (booking, _) = lock_as(tx, id, host, Some(Side::Host)).await?;
            refuse_unless_allowed(&booking, BookingAction::Decline, now)?;
            payments::refuse_while_captured(tx, &booking).await?;
            let change =
                Change { decline_message: message.clone(), ..Change::to(&booking, BookingStatus::Declined, now) };
            store::bookings::update(tx, id, &change).await?;
            store::nights::release(tx, id, None).await?;
            let event = Actor::Host(host.id()).event(BookingEventKind::Declined);
            events::append(app, tx, &booking, [event], now).await?;
            Ok::<_, Error>((Idempotent::new(declined), Some(booking)))
        })
        .await?;
    if let Some(booking) = booking {
        events::announce(app, &booking);
        outbox::run_group(app, id).await;
    }
    Ok(declined)
}
