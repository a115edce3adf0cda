//! Changes of a listing that has bookings.

use super::{Changes, Listing, PlaceChanges};
use crate::{
    app::App,
    events::{self, Actor, BookingEvents, NewChange},
};
use auth::Member;
use mysql_engine::Conn;
use store::bookings::Booking;
use types::{
    BookingEventKind, ChangeKind, ListingId, Timestamp, UserId,
    error::{Result, Validation},
};

/// The most affected bookings that are returned to a host.
const MAX_AFFECTED: usize = 100;

/// Locks the open bookings of a listing that `editor` may change, if `changes` can move it, else None. Bookings are locked before their
/// listing.
pub(super) async fn lock_open(
    tx: &mut Conn,
    editor: &Member,
    (id, changes): (ListingId, &Changes),
    now: Timestamp,
) -> Result<Option<Vec<Booking>>> {
    let PlaceChanges { address, latitude, longitude, .. } = &changes.place;
    if address.is_none() && latitude.is_none() && longitude.is_none() {
        return Ok(None);
    }
    Ok(Some(store::bookings::lock_open_of_listing(tx, editor.id(), id, now).await?))
}

/// Reports when bookings, or prices of single nights, forbid the change from `before` to `after`.
pub(super) async fn check_currency(
    tx: &mut Conn,
    before: &Listing,
    after: &Listing,
    now: Timestamp,
    validation: &mut Validation,
) -> Result<()> {
    let currency = before.pricing.currency;
    if after.pricing.currency != currency {
        let message = if store::bookings::binds_currency(tx, before.id, now).await? {
            format!("The currency cannot be changed: this listing has bookings in {currency}.")
        } else if store::night_rates::has_prices(tx, before.id).await? {
            format!("Some nights have their own prices in {currency}. Reset them before you change the currency.")
        } else {
            return Ok(());
        };
        validation.refuse(&["pricing", "currency"], message);
    }
    Ok(())
}

/// Bookings keep the place and hours that they were made with.
pub(super) async fn preserve_places(tx: &mut Conn, before: &Listing, after: &Listing) -> Result<()> {
    let hours = |listing: &Listing| (listing.rules.check_in_from, listing.rules.check_out_by);
    if before.place != after.place || hours(before) != hours(after) {
        store::bookings::fill_in_places(tx, before).await?;
    }
    Ok(())
}

/// Appends the changes of a listing by `by` and, if it has moved, an event to each of `open`, which the transaction has locked. Must be the last
/// step of the transaction. If the point is the same, bookings without an address get the new one instead. Returns the bookings that keep
/// the old place, the earliest check-in first.
pub(super) async fn append_with_move(
    app: &App,
    tx: &mut Conn,
    by: UserId,
    (before, after): (&Listing, &Listing),
    open: Vec<Booking>,
    (kinds, now): (&[ChangeKind], Timestamp),
) -> Result<Vec<Booking>> {
    let change = |kind: &ChangeKind| NewChange::listing(*kind, after.id, by);
    let changes: Vec<_> = kinds.iter().map(change).collect();
    let stays = before.place.exact() == after.place.exact() && before.place.time_zone == after.place.time_zone;
    if stays && before.place.address.is_none() {
        store::bookings::fill_in_address(tx, after).await?;
    }
    if stays && (before.place.address.is_none() || before.place.address == after.place.address) {
        events::append_changes(app, tx, &changes, now).await?;
        return Ok(Vec::new());
    }
    let moved = Actor::Host(by).event(BookingEventKind::ListingMoved);
    let booking_events: Vec<_> = open.iter().map(|it| BookingEvents::new(it, [moved])).collect();
    events::append_with_changes(app, tx, (&booking_events, &changes), now).await?;
    let mut affected: Vec<_> = open.into_iter().filter(|booking| !booking.hidden_from_host).collect();
    affected.sort_by_key(|booking| (booking.check_in, booking.id));
    affected.truncate(MAX_AFFECTED);
    Ok(affected)
}
