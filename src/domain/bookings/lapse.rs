//! What time does to bookings. Readers honour deadlines by themselves; this writes down what has become true, with its event.

use super::{events, status_at};
use crate::{
    app::App,
    error::Result,
    store::{
        self, Conn,
        bookings::{Booking, Change},
    },
    types::{BookingEventKind, BookingId, BookingStatus, Timestamp},
};

/// Writes that nobody paid or answered in time, if that is so and not written yet. The nights are free again.
pub(crate) async fn lapse(tx: &mut Conn, id: BookingId, now: Timestamp) -> Result<Option<Booking>> {
    let Some(booking) = store::bookings::lock(tx, id).await? else { return Ok(None) };
    if booking.status == BookingStatus::Expired || status_at(&booking, now) != BookingStatus::Expired {
        return Ok(None);
    }
    store::bookings::update(tx, id, &Change::to(&booking, BookingStatus::Expired, now)).await?;
    store::nights::release(tx, id, None).await?;
    events::append(tx, &booking, &[BookingEventKind::Expired], now).await?;
    Ok(Some(booking))
}

/// Bookings that time has moved and nobody has written down yet, for the worker.
///
/// # Errors
/// When the database fails.
pub async fn overdue_and_moved(app: &App, limit: i64) -> Result<Vec<BookingId>> {
    let (conn, now) = (&mut app.conn().await?, app.now());
    let mut ids = store::bookings::overdue(conn, now, limit).await?;
    ids.extend(store::bookings::moved_on(conn, now, limit).await?);
    Ok(ids)
}

/// Writes what time has done to a booking. Two workers do it once: the second finds it done.
///
/// # Errors
/// When the database fails.
pub async fn move_on(app: &App, id: BookingId) -> Result<()> {
    let now = app.now();
    let moved = app
        .database
        .transaction(async |tx| {
            if let Some(lapsed) = lapse(tx, id, now).await? {
                return Ok(Some(lapsed));
            }
            begin_or_end(tx, id, now).await
        })
        .await?;
    if let Some(booking) = moved {
        events::announce(app, &booking);
    }
    Ok(())
}

async fn begin_or_end(tx: &mut Conn, id: BookingId, now: Timestamp) -> Result<Option<Booking>> {
    use BookingEventKind::{CheckedIn as Begun, Completed as Ended};
    use BookingStatus::{CheckedIn, Completed, Confirmed};
    let Some(booking) = store::bookings::lock(tx, id).await? else { return Ok(None) };
    let (to, kinds): (_, &[_]) = match (booking.status, status_at(&booking, now)) {
        (Confirmed, CheckedIn) => (CheckedIn, &[Begun]),
        (Confirmed, Completed) => (Completed, &[Begun, Ended]),
        (CheckedIn, Completed) => (Completed, &[Ended]),
        _ => return Ok(None),
    };
    store::bookings::update(tx, id, &Change::to(&booking, to, now)).await?;
    events::append(tx, &booking, kinds, now).await?;
    Ok(Some(booking))
}
