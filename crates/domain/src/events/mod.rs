//! What happened to bookings: written with the change itself, read as history, and followed live.
//!
//! The tables are the truth. A stream knows its position, and gets what is behind it from its topic's reader or from the table; so it
//! loses nothing when it is cut off, when a server dies, or when the change was made on another server.

mod follow;
mod wake;

pub use follow::{Opening, follow, latest_of_feed};
pub use wake::{look_at_all, wake_for_others};

pub(super) use store::events::{Actor, Happened, NewEvent};
pub use store::events::{Cause, OfBooking};

use std::collections::{BTreeMap, HashMap};

use crate::app::App;
use auth::Member;
use mysql_engine::Conn;
use store::{bookings::Booking, events::Event};
use types::{
    BookingEventKind, BookingId, Page, PageError, PageOf, Side, Timestamp,
    error::{Refusal, Result},
};

/// Which events to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// Those of one booking.
    Booking(BookingId),
    /// Those of all bookings on one side of the viewer.
    Feed(Side),
}

/// An event at its place in a stream or list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// The event.
    pub event: Event,
    /// Where it stands.
    pub place: Place,
}

/// A place in a stream: that of the event before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Among the events of a booking.
    Booking(BookingId, u32),
    /// In a feed of one side.
    Feed(Side, u64),
}

impl Topic {
    /// The topic, if it is followed by `member`.
    fn of(self, member: &Member) -> store::events::Topic {
        match self {
            Self::Booking(id) => store::events::Topic::Booking(id),
            Self::Feed(side) => store::events::Topic::Feed(member.id(), side),
        }
    }

    /// The place of a position in it.
    fn place(self, position: u64) -> Place {
        match self {
            // A booking's positions are sequences, which are that short.
            Self::Booking(id) => Place::Booking(id, u32::try_from(position).unwrap_or(u32::MAX)),
            Self::Feed(side) => Place::Feed(side, position),
        }
    }

    /// The position of a place, if the place is in it.
    fn position(self, place: Place) -> Option<u64> {
        match (self, place) {
            (Self::Booking(id), Place::Booking(of, sequence)) if of == id => Some(sequence.into()),
            (Self::Feed(side), Place::Feed(of, sequence)) if of == side => Some(sequence),
            _ => None,
        }
    }
}

impl Place {
    /// As an opaque text that clients hand back.
    pub fn to_cursor(self) -> String {
        match self {
            Self::Booking(booking, sequence) => format!("{booking}.{sequence}"),
            Self::Feed(side, sequence) => format!("{}.{sequence}", side.as_str().to_lowercase()),
        }
    }

    /// From the text that [`Self::to_cursor`] made.
    ///
    /// # Errors
    /// [`PageError::Cursor`] when nothing of ours made the text.
    pub fn from_cursor(text: &str) -> Result<Self, PageError> {
        let read = || {
            let (name, sequence) = text.split_once('.')?;
            let place = match name {
                "guest" => Self::Feed(Side::Guest, sequence.parse().ok()?),
                "host" => Self::Feed(Side::Host, sequence.parse().ok()?),
                id => Self::Booking(id.parse().ok()?, sequence.parse().ok()?),
            };
            // One place has one text.
            (place.to_cursor() == text).then_some(place)
        };
        read().ok_or(PageError::Cursor)
    }
}

/// That nobody paid or responded in time, for each of `bookings`.
pub(super) fn expired(bookings: &[Booking]) -> impl Iterator<Item = Happened<'_>> {
    let expired = Actor::Platform.event(BookingEventKind::Expired);
    bookings.iter().map(move |booking| Happened::new(booking, [expired]))
}

/// Appends events of `booking`, which the transaction has locked or created. The last thing that it does.
///
/// # Errors
/// When the database fails.
pub(super) async fn append(
    app: &App,
    tx: &mut Conn,
    booking: &Booking,
    events: impl IntoIterator<Item = NewEvent>,
    now: Timestamp,
) -> Result<()> {
    append_all(app, tx, &[Happened::new(booking, events)], now).await
}

/// Appends events of several bookings, as [`append`].
///
/// # Errors
/// When the database fails.
pub(super) async fn append_all(app: &App, tx: &mut Conn, happened: &[Happened<'_>], now: Timestamp) -> Result<()> {
    Ok(store::events::append(tx, &app.cause, happened, now).await?)
}

/// Wakes the streams of this server, once the change is committed.
pub fn announce(app: &App, booking: &Booking) {
    use store::events::Topic::{Booking, Feed};
    let wake = |topic| app.streams.hub.wake(&topic);
    wake(Booking(booking.id));
    wake(Feed(booking.guest_id, Side::Guest));
    if !booking.hidden_from_host {
        wake(Feed(booking.host_id, Side::Host));
    }
}

/// Which page of a booking's history `page` is.
///
/// # Errors
/// [`Refusal::BadCursor`] when the cursor is of another booking.
pub fn part_of_history(booking: BookingId, page: &Page<Place>) -> Result<OfBooking> {
    let after = match page.after {
        None => None,
        Some(Place::Booking(of, sequence)) if of == booking => Some(sequence),
        Some(_) => return Err(Refusal::BadCursor.into()),
    };
    Ok(OfBooking { booking, page: Page { first: page.first, after } })
}

/// A page of the history of each part's booking, oldest first; nothing of bookings that `viewer` may not see.
///
/// # Errors
/// When the database fails.
pub async fn histories(
    app: &App,
    viewer: &Member,
    parts: Vec<OfBooking>,
) -> Result<HashMap<OfBooking, PageOf<Placed>>> {
    let mut rows: HashMap<BookingId, BTreeMap<u32, Event>> = HashMap::new();
    for event in store::events::visible(&mut app.conn().await?, viewer.id(), &parts).await? {
        rows.entry(event.booking_id).or_default().insert(event.sequence, event);
    }
    let cut = |part: OfBooking| {
        let after = part.page.after.unwrap_or(0).saturating_add(1);
        let rows = rows.get(&part.booking).into_iter().flat_map(|rows| rows.range(after..));
        let rows = rows.take(part.page.first + 1).map(|(_, event)| *event).collect();
        let page = part.page.cut(rows).map(of_booking);
        (part, page)
    };
    Ok(parts.into_iter().map(cut).collect())
}

fn of_booking(event: Event) -> Placed {
    Placed { place: Place::Booking(event.booking_id, event.sequence), event }
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::SeededEntropy;

    #[test]
    fn a_cursor_leads_back_to_its_place() {
        let at = chrono::DateTime::UNIX_EPOCH.into();
        let booking = BookingId::new(at, &SeededEntropy::new(1));
        for place in [Place::Booking(booking, 7), Place::Feed(Side::Guest, u64::MAX), Place::Feed(Side::Host, 0)] {
            assert_eq!(Place::from_cursor(&place.to_cursor()), Ok(place));
        }
        for text in ["", "guest", "guest.", "guest.-1", "guest.+1", "guest.01", "admin.1", "bk_x.1"] {
            assert_eq!(Place::from_cursor(text), Err(PageError::Cursor), "{text}");
        }
    }
}
