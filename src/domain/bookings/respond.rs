//! The host's answer to a request.

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
        BookingAction, BookingEventKind, BookingId, BookingStatus, IdempotencyKey, PaymentStatus, Side, Timestamp,
    },
};

/// Most characters of a word to the guest.
const MAX_MESSAGE: usize = 1_000;

/// The host accepts: the reserved money is taken, and with it the booking is certain.
///
/// # Errors
/// Problems of the contract's `acceptBooking`.
pub async fn accept(app: &App, host: &Member, id: BookingId, key: &IdempotencyKey) -> Result<Once<Kept>> {
    let intention = idempotency::intention(host, "acceptBooking", key, &id)?;
    let now = app.now();
    let (accepted, to_capture) = app
        .database
        .transaction(async |tx| {
            let kept = idempotency::take(tx, &intention, now).await?;
            let (booking, _) = lock_as(tx, id, host, Some(Side::Host)).await?;
            let reserved = reserved(tx, &booking).await?;
            if let Some(kept) = kept {
                // A crash may have come between the promise and the money: what is still open goes on.
                let is_open = status_at(&booking, now) == BookingStatus::Requested;
                return Ok((kept, reserved.filter(|_| is_open)));
            }
            may(&booking, BookingAction::Accept, now)?;
            let unpaid = || Error::state(Some(id), "The guest has not paid yet.");
            let payment = reserved.ok_or_else(unpaid)?;
            Ok::<_, Error>((idempotency::keep(tx, &intention, Kept { booking: id }).await?, Some(payment)))
        })
        .await?;
    if let Some(payment) = to_capture {
        payments::capture(app, payment).await?;
    }
    Ok(accepted)
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
    if message.as_ref().is_some_and(|message| message.chars().count() > MAX_MESSAGE) {
        return Err(Error::invalid(&["message"], format!("A message has at most {MAX_MESSAGE} characters.")));
    }
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
