//! Bookings and their life cycle.

mod cancel;
mod claims;
mod confirm;
mod create;
mod elapsed;
mod holds;
mod respond;
mod times;
mod view;

pub(crate) use cancel::refuse_concerned;
pub use cancel::{Cancelled, DeskCancellation, Preview, cancel, cancel_on_behalf, preview, refunded_lines};
pub(super) use claims::expire_due_holds;
pub(super) use confirm::{Confirmed, SentRequest, confirm, send_to_host};
pub use create::{Created, create};
pub(super) use elapsed::apply_elapsed;
pub use elapsed::{apply_elapsed_to, due};
pub use respond::{accept, decline};
pub use times::{follow_time_zone, with_older_rules};
pub use view::{Action, ActionContext, actions, host_payout, status_at};

pub use store::bookings::{BookedPlace, Booking, ByCheckIn, Part, PartOfListing};

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{
    idempotency::{self, Idempotent},
    listings::access,
    outbox, payments, quotes,
    timezones::{TimeZones, Zone},
    transitions,
};
use crate::app::App;
use auth::Member;
use types::{
    BookingId, BookingStatus, ConfirmationCode, ListingId, Page, PageOf, Side,
    error::{Error, Result},
};

/// The stored response: a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredBooking {
    /// The booking.
    pub booking: BookingId,
}

/// The part for `page` of a user's bookings on `side` in any of `statuses` (None: all).
pub fn part(side: Side, statuses: Option<Vec<BookingStatus>>, page: Page<ByCheckIn>) -> Part {
    Part { side, statuses: statuses.map(once), page }
}

/// The part for `page` of the bookings of `listing` in any of `statuses` (None: all).
pub fn part_of_listing(
    listing: ListingId,
    statuses: Option<Vec<BookingStatus>>,
    page: Page<ByCheckIn>,
) -> PartOfListing {
    PartOfListing { listing, statuses: statuses.map(once), page }
}

/// Each of `statuses` once and in order.
fn once(statuses: Vec<BookingStatus>) -> Vec<BookingStatus> {
    statuses.into_iter().collect::<BTreeSet<_>>().into_iter().collect()
}

/// A page of the viewer's bookings for each part, the latest check-in first.
///
/// # Errors
/// When the database fails.
pub async fn lists(app: &App, viewer: &Member, parts: &[Part]) -> Result<HashMap<Part, PageOf<Arc<Booking>>>> {
    let rows = store::bookings::lists(&mut app.conn().await?, viewer.id(), parts, app.now()).await?;
    let cut = |(part, rows): (&Part, Vec<Booking>)| {
        let page = part.page.cut(rows.into_iter().map(Arc::new).collect());
        (part.clone(), page)
    };
    Ok(parts.iter().zip(rows).map(cut).collect())
}

/// A page of the bookings of a listing for each part, the latest check-in first: those that the viewer can see as host, or on the host's
/// behalf.
///
/// # Errors
/// When the database fails.
pub async fn of_listings(
    app: &App,
    viewer: &Member,
    parts: &[PartOfListing],
) -> Result<HashMap<PartOfListing, PageOf<Arc<Booking>>>> {
    let rows = store::bookings::of_listings(&mut app.conn().await?, viewer.id(), parts, app.now()).await?;
    let cut = |(part, rows): (&PartOfListing, Vec<Booking>)| {
        let page = part.page.cut(rows.into_iter().map(Arc::new).collect());
        (part.clone(), page)
    };
    Ok(parts.iter().zip(rows).map(cut).collect())
}

/// Those of `ids` that the viewer can see as guest, as host or on the host's behalf.
///
/// # Errors
/// When the database fails.
pub async fn visible(app: &App, viewer: &Member, ids: &[BookingId]) -> Result<Vec<Booking>> {
    Ok(store::bookings::visible(&mut app.conn().await?, viewer.id(), ids).await?)
}

/// Those with these confirmation codes that the viewer can see as guest, as host or on the host's behalf, by code.
///
/// # Errors
/// When the database fails.
pub async fn visible_by_code(
    app: &App,
    viewer: &Member,
    codes: &[ConfirmationCode],
) -> Result<HashMap<ConfirmationCode, Arc<Booking>>> {
    let found = store::bookings::visible_by_code(&mut app.conn().await?, viewer.id(), codes).await?;
    Ok(found.into_iter().map(|booking| (booking.id.into(), Arc::new(booking))).collect())
}

/// The booking, locked, if `viewer` is its guest or host, or may answer on the host's behalf, as `side` says.
async fn lock_as(
    tx: &mut mysql_engine::Conn,
    id: BookingId,
    viewer: &Member,
    side: Option<Side>,
) -> Result<(Booking, Side)> {
    let unknown = || Error::not_found("bookingId", "booking");
    let booking = store::bookings::lock(tx, id).await?.ok_or_else(unknown)?;
    let of = match booking.side_of(viewer.id()) {
        Some(of) => of,
        None if access::may_answer(tx, viewer, &booking).await? => Side::Host,
        None => return Err(unknown()),
    };
    if side.is_some_and(|side| side != of) {
        return Err(unknown());
    }
    // Staff who act as one side could decide for the other, which is theirs.
    if let Some((staff, _)) = viewer.impersonation() {
        refuse_concerned(tx, staff, &booking).await?;
    }
    Ok((booking, of))
}

/// The time zone of `booking`, even if its listing has moved.
///
/// # Errors
/// When the database fails, or the stored name is not a time zone.
pub(super) async fn zone(zones: &TimeZones, conn: &mut mysql_engine::Conn, booking: &Booking) -> Result<Zone> {
    let name = store::bookings::time_zone(conn, booking).await?;
    zones.zone(&name).map_err(|error| Error::Internal(error.into()))
}
