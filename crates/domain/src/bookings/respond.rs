//! The host's answer to a request.

use serde::{Deserialize, Serialize};

use super::{
    Confirmed, Once, StoredBooking, confirm, idempotency, lock_as, outbox,
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

/// Most characters of a word to the guest.
const MAX_MESSAGE: usize = 1_000;

/// The stored response of an acceptance: the payment that it captures, if the stay costs anything.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Accepted {
    booking: BookingId,
    payment: Option<PaymentId>,
}

/// What is to be done when an acceptance is committed.
enum Next {
    /// It was done before.
    Nothing,
    /// The authorized money is captured.
    Capture(Box<Capture>),
    /// The stay costs nothing: it is certain.
    Tell(Box<Booking>),
}

/// The host accepts: the authorized payment is captured, which confirms the booking. One that costs nothing is confirmed at once.
///
/// # Errors
/// Problems of the contract's `acceptBooking`.
pub async fn accept(app: &App, host: &Member, id: BookingId, key: &IdempotencyKey) -> Result<Once<StoredBooking>> {
    let request = idempotency::request(host, "acceptBooking", key, &id)?;
    let now = app.now();
    let (accepted, next) = app.database.transaction(async |tx| decide(app, tx, host, id, &request, now).await).await?;
    match next {
        Next::Capture(capture) => capture.finish(app).await?,
        Next::Tell(booking) => events::announce(app, &booking),
        Next::Nothing => {}
    }
    Ok(Once { answer: StoredBooking { booking: accepted.answer.booking }, replayed: accepted.replayed })
}

async fn decide(
    app: &App,
    tx: &mut mysql_engine::Conn,
    host: &Member,
    id: BookingId,
    request: &IdempotentRequest<'_>,
    now: Timestamp,
) -> Result<(Once<Accepted>, Next)> {
    let kept = idempotency::take::<Accepted>(tx, request, now).await?;
    let (booking, _) = lock_as(tx, id, host, Some(Side::Host)).await?;
    if let Some(kept) = kept.filter(|_| booking.confirmed_at.is_some()) {
        return Ok((kept, Next::Nothing));
    }
    refuse_unless_allowed(&booking, BookingAction::Accept, now)?;
    if let Some(kept) = kept {
        // The provider did not answer, or a crash came before: what is still open goes on.
        let payment = match kept.answer.payment {
            Some(payment) => Capture::begun(tx, payment).await?,
            None => None,
        };
        return Ok((kept, payment.map_or(Next::Nothing, |capture| Next::Capture(Box::new(capture)))));
    }
    if booking.total == 0 {
        return accept_free(app, tx, &booking, request, now).await;
    }
    let unpaid = || Error::state(Some(id), "The guest has not paid yet.");
    let capture = payments::begin_capture(app, tx, &booking, now).await?.ok_or_else(unpaid)?;
    let accepted = Accepted { booking: id, payment: Some(capture.payment()) };
    Ok((idempotency::keep(tx, request, accepted).await?, Next::Capture(Box::new(capture))))
}

async fn accept_free(
    app: &App,
    tx: &mut mysql_engine::Conn,
    booking: &Booking,
    request: &IdempotentRequest<'_>,
    now: Timestamp,
) -> Result<(Once<Accepted>, Next)> {
    let Confirmed::Certain(booking) = confirm(app, tx, booking, now).await? else {
        return Err(anyhow::anyhow!("request {} has lost its nights", booking.id).into());
    };
    let kept = idempotency::keep(tx, request, Accepted { booking: booking.id, payment: None }).await?;
    let accepted = Actor::Host(booking.host_id).event(BookingEventKind::Confirmed);
    events::append(app, tx, &booking, [accepted], now).await?;
    Ok((kept, Next::Tell(Box::new(booking))))
}

fn refuse_unless_allowed(booking: &Booking, action: BookingAction, now: Timestamp) -> Result<()> {
    let status = status_at(booking, now);
    if transitions::may(Side::Host, action, status) {
        return Ok(());
    }
    let label = transitions::label(status);
    Err(Error::state(Some(booking.id), format!("The booking is {label}. There is nothing to accept or decline.")))
}

/// The host declines: the nights are free again, and the reserved money is let go.
///
/// # Errors
/// Problems of the contract's `declineBooking`.
pub async fn decline(
    app: &App,
    host: &Member,
    id: BookingId,
    message: Option<String>,
    key: &IdempotencyKey,
) -> Result<Once<StoredBooking>> {
    let message = message.map(|message| text::paragraphs(&message, 0..=MAX_MESSAGE)).transpose();
    let message = message.map_err(|unfit| Error::invalid(&["message"], format!("A message {unfit}.")))?;
    let message = message.filter(|message| !message.is_empty());
    let request = idempotency::request(host, "declineBooking", key, &(id, &message))?;
    let now = app.now();
    let (declined, booking) = app
        .database
        .transaction(async |tx| {
            if let Some(kept) = idempotency::take(tx, &request, now).await? {
                return Ok((kept, None));
            }
            let (booking, _) = lock_as(tx, id, host, Some(Side::Host)).await?;
            refuse_unless_allowed(&booking, BookingAction::Decline, now)?;
            payments::refuse_while_captured(tx, &booking).await?;
            let change =
                Change { decline_message: message.clone(), ..Change::to(&booking, BookingStatus::Declined, now) };
            store::bookings::update(tx, id, &change).await?;
            store::nights::release(tx, id, None).await?;
            let kept = idempotency::keep(tx, &request, StoredBooking { booking: id }).await?;
            let declined = Actor::Host(host.id()).event(BookingEventKind::Declined);
            events::append(app, tx, &booking, [declined], now).await?;
            Ok::<_, Error>((kept, Some(booking)))
        })
        .await?;
    if let Some(booking) = booking {
        events::announce(app, &booking);
        outbox::run_group(app, id).await;
    }
    Ok(declined)
}
