//! Applies elapsed transitions of bookings. Readers honor deadlines by themselves; this writes the new state, with its event.

use super::status_at;
use crate::{
    app::App,
    events::{self, Actor, NewEvent},
};
use mysql_engine::Conn;
use store::bookings::{Booking, Change};
use types::{
    BookingEventKind, BookingId, BookingStatus, Timestamp,
    error::{Error, Result},
};

/// Applies the elapsed transitions of `booking`, which the transaction has locked. Returns the booking afterwards, and the events, which
/// the caller appends as the last step.
pub(crate) async fn apply_elapsed(tx: &mut Conn, booking: Booking, now: Timestamp) -> Result<(Booking, Vec<NewEvent>)> {
    use BookingEventKind as Kind;
    use BookingStatus::{CheckedIn, Completed, Confirmed, Expired, PendingPayment, Requested};
    let to = status_at(&booking, now);
    let kinds = match (booking.status, to) {
        (PendingPayment | Requested, Expired) => vec![Kind::Expired],
        (Confirmed, CheckedIn) => vec![Kind::CheckedIn],
        (Confirmed, Completed) => vec![Kind::CheckedIn, Kind::Completed],
        (CheckedIn, Completed) => vec![Kind::Completed],
        _ => return Ok((booking, Vec::new())),
    };
    let change = Change::to(&booking, to, now);
    store::bookings::update(tx, booking.id, &change).await?;
    if to == Expired {
        store::nights::release(tx, booking.id, None).await?;
    }
    let events = kinds.into_iter().map(|kind| Actor::Platform.event(kind)).collect();
    Ok((change.applied_to(booking), events))
}

/// Bookings with elapsed transitions to apply, for the worker.
///
/// # Errors
/// When the database fails.
pub async fn due(app: &App, limit: i64) -> Result<Vec<BookingId>> {
    let (conn, now) = (&mut app.conn().await?, app.now());
    let mut ids = store::bookings::due_to_expire(conn, now, limit).await?;
    ids.extend(store::bookings::due_to_start_or_end(conn, now, limit).await?);
    Ok(ids)
}

/// Applies the elapsed transitions of a booking. With two workers it happens once: the second finds it done.
///
/// # Errors
/// When the database fails.
pub async fn apply_elapsed_to(app: &App, id: BookingId) -> Result<()> {
    let now = app.now();
    let changed = app
        .database
        .transaction(async |tx| {
            let Some(booking) = store::bookings::lock(tx, id).await? else { return Ok(None) };
            let (booking, events) = apply_elapsed(tx, booking, now).await?;
            let changed = (!events.is_empty()).then(|| booking.clone());
            events::append(app, tx, &booking, events, now).await?;
            Ok::<_, Error>(changed)
        })
        .await?;
    if let Some(booking) = changed {
        events::announce(app, &booking);
    }
    Ok(())
}
