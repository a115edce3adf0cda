//! The host's answer to a request.

use serde::{Deserialize, Serialize};

use super::{Kept, Once, events, idempotency, lock_as, payments, status_at, transitions};
use crate::{
    app::App,
    auth::Member,
    error::{Error, Result},
    store::{
        self,
        bookings::{Booking, Change},
        payments::Payment,
    },
    types::{
        BookingAction, BookingEventKind, BookingId, BookingStatus, IdempotencyKey, PaymentId, PaymentStatus, Side,
        Timestamp, text,
    },
};

/// Most characters of a word to the guest.
const MAX_MESSAGE: usize = 1_000;

/// What is kept under the key of an acceptance: the money that it takes.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Accepted {
    booking: BookingId,
    payment: PaymentId,
}

/// The host accepts: the reserved money is taken, and with it the booking is certain.
///
/// # Errors
/// Problems of the contract's `acceptBooking`.
pub async fn accept(app: &App, host: &Member, id: BookingId, key: &IdempotencyKey) -> Result<Once<Kept>> {
    let intention = idempotency::intention(host, "acceptBooking", key, &id)?;
    let now = app.now();
    let (accepted, payment) = app
        .database
        .transaction(async |tx| {
            let kept = idempotency::take::<Accepted>(tx, &intention, now).await?;
            let (booking, _) = lock_as(tx, id, host, Some(Side::Host)).await?;
            if let Some(kept) = kept.filter(|_| booking.confirmed_at.is_some()) {
                return Ok((kept, None));
            }
            may(&booking, BookingAction::Accept, now)?;
            if let Some(kept) = kept {
                // The provider did not answer, or a crash came before: what is still open goes on.
                let payment = store::payments::find(tx, kept.answer.payment).await?;
                return Ok((kept, payment));
            }
            let unpaid = || Error::state(Some(id), "The guest has not paid yet.");
            let payment = reserved(tx, &booking).await?.ok_or_else(unpaid)?;
            store::payments::ask(tx, payment.id, now).await?;
            let accepted = Accepted { booking: id, payment: payment.id };
            Ok::<_, Error>((idempotency::keep(tx, &intention, accepted).await?, Some(payment)))
        })
        .await?;
    if let Some(payment) = payment {
        payments::capture(app, payment).await?;
    }
    Ok(Once { answer: Kept { booking: accepted.answer.booking }, replayed: accepted.replayed })
}

async fn reserved(tx: &mut store::Conn, booking: &Booking) -> Result<Option<Payment>> {
    let payments = store::payments::of_booking(tx, booking.id).await?;
    Ok(payments.into_iter().find(|payment| payment.status == PaymentStatus::Authorized))
}

fn may(booking: &Booking, action: BookingAction, now: Timestamp) -> Result<()> {
    let status = status_at(booking, now);
    if transitions::may(Side::Host, action, status) {
        return Ok(());
    }
    let word = status.as_str().to_lowercase().replace('_', " ");
    Err(Error::state(Some(booking.id), format!("The booking is {word}; there is nothing to answer.")))
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
) -> Result<Once<Kept>> {
    let message = message.map(|message| text::paragraphs(&message, 0..=MAX_MESSAGE)).transpose();
    let message = message.map_err(|unfit| Error::invalid(&["message"], format!("A message {unfit}.")))?;
    let message = message.filter(|message| !message.is_empty());
    let intention = idempotency::intention(host, "declineBooking", key, &(id, &message))?;
    let now = app.now();
    let (declined, booking) = app
        .database
        .transaction(async |tx| {
            if let Some(kept) = idempotency::take(tx, &intention, now).await? {
                return Ok((kept, None));
            }
            let (booking, _) = lock_as(tx, id, host, Some(Side::Host)).await?;
            may(&booking, BookingAction::Decline, now)?;
            let change =
                Change { decline_message: message.clone(), ..Change::to(&booking, BookingStatus::Declined, now) };
            store::bookings::update(tx, id, &change).await?;
            store::nights::release(tx, id, None).await?;
            let kept = idempotency::keep(tx, &intention, Kept { booking: id }).await?;
            events::append(tx, &booking, &[BookingEventKind::Declined], now).await?;
            Ok::<_, Error>((kept, Some(booking)))
        })
        .await?;
    if let Some(booking) = booking {
        events::announce(app, &booking);
        payments::settle_soon(app, id).await;
    }
    Ok(declined)
}
