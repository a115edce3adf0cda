//! What the bookings of a listing mean for its changes, and its changes for them.

use super::{Changes, Listing, PlaceChanges};
use crate::{
    app::App,
    events::{self, Actor, Happened, NewChange},
};
use auth::Member;
use mysql_engine::Conn;
use store::bookings::Booking;
use types::{
    BookingEventKind, ChangeKind, ListingId, Timestamp,
    error::{Result, Validation},
};

/// The most bookings that a host is told of.
const TOLD: usize = 100;

/// Locks the open bookings of a listing of `host` if `changes` may move it, else None: bookings are locked before what they belong to.
pub(super) async fn lock_open(
    tx: &mut Conn,
    host: &Member,
    (id, changes): (ListingId, &Changes),
    now: Timestamp,
) -> Result<Option<Vec<Booking>>> {
    let PlaceChanges { address, latitude, longitude, .. } = &changes.place;
    if address.is_none() && latitude.is_none() && longitude.is_none() {
        return Ok(None);
    }
    Ok(Some(store::bookings::lock_open_of_listing(tx, host.id(), id, now).await?))
}

/// Notes it when bookings, or prices of single nights, stand against a change of `before` to `after`.
pub(super) async fn allow(
    tx: &mut Conn,
    before: &Listing,
    after: &Listing,
    now: Timestamp,
    validation: &mut Validation,
) -> Result<()> {
    let currency = before.pricing.currency;
    if after.pricing.currency != currency {
        let message = if store::bookings::bind_currency(tx, before.id, now).await? {
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
pub(super) async fn keep_places(tx: &mut Conn, before: &Listing, after: &Listing) -> Result<()> {
    let hours = |listing: &Listing| (listing.rules.check_in_from, listing.rules.check_out_by);
    if before.place != after.place || hours(before) != hours(after) {
        store::bookings::keep_places(tx, before).await?;
    }
    Ok(())
}

/// Appends the changes of a listing and tells both sides of `open`, which the transaction has locked, that it has moved, if it has; the last
/// thing that the transaction does. An address that a booking had none of, at the same point, is given to it instead. Returns the bookings that keep the old place,
/// the nearest check-in first.
pub(super) async fn tell_of_move(
    app: &App,
    tx: &mut Conn,
    (before, after): (&Listing, &Listing),
    open: Vec<Booking>,
    (kinds, now): (&[ChangeKind], Timestamp),
) -> Result<Vec<Booking>> {
    let change = |kind: &ChangeKind| NewChange::listing(*kind, after.id, after.host_id);
    let changes: Vec<_> = kinds.iter().map(change).collect();
    let stays = before.place.exact() == after.place.exact() && before.place.time_zone == after.place.time_zone;
    if stays && before.place.address.is_none() {
        store::bookings::add_address(tx, after).await?;
    }
    if stays && (before.place.address.is_none() || before.place.address == after.place.address) {
        events::append_changes(app, tx, &changes, now).await?;
        return Ok(Vec::new());
    }
    let moved = Actor::Host(after.host_id).event(BookingEventKind::ListingMoved);
    let happened: Vec<_> = open.iter().map(|it| Happened::new(it, [moved])).collect();
    events::append_with_changes(app, tx, (&happened, &changes), now).await?;
    let mut told: Vec<_> = open.into_iter().filter(|booking| !booking.hidden_from_host).collect();
    told.sort_by_key(|booking| (booking.check_in, booking.id));
    told.truncate(TOLD);
    Ok(told)
}
