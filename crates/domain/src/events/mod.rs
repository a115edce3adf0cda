//! Events: written in the transaction of the change, read as history, followed live, and consumed as a feed of public changes
//! ([`catalog`]).
//!
//! The tables are the source of truth. A stream has a position, and gets later events from its topic's reader or from the table; so it
//! loses nothing when it is interrupted, when a server dies, or when another server makes the change.

pub mod catalog;
mod follow;
mod wake;

pub use follow::{Opening, follow, latest_of_feed};
pub use wake::{check_all_topics, wake_for_other_servers};

pub(super) use store::events::{Actor, BookingEvents, NewEvent, catalog::NewChange};
pub use store::events::{BookingDetails, Cause, Event, OfBooking};

use std::collections::{BTreeMap, HashMap};

use crate::app::App;
use auth::Member;
use mysql_engine::Conn;
use store::bookings::Booking;
use types::{
    BookingEventKind, BookingId, Page, PageError, PageOf, Side, Timestamp,
    error::{BadCursor, Result},
};

/// Which events to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// Those of one booking.
    Booking(BookingId),
    /// Those of all bookings on one side of the viewer.
    Feed(Side),
}

/// An event with its position in a stream or list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamEvent {
    /// The event.
    pub event: Event,
    /// Its position.
    pub position: EventPosition,
}

/// The position of an event in a stream. A stream that continues there begins with the next event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventPosition {
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

    /// The position with this number.
    fn position(self, number: u64) -> EventPosition {
        match self {
            // Positions of a booking are sequences, which have 32 bits.
            Self::Booking(id) => EventPosition::Booking(id, u32::try_from(number).unwrap_or(u32::MAX)),
            Self::Feed(side) => EventPosition::Feed(side, number),
        }
    }

    /// The number of a position, if it is of this topic.
    fn number(self, position: EventPosition) -> Option<u64> {
        match (self, position) {
            (Self::Booking(id), EventPosition::Booking(of, sequence)) if of == id => Some(sequence.into()),
            (Self::Feed(side), EventPosition::Feed(of, sequence)) if of == side => Some(sequence),
            _ => None,
        }
    }
}

impl EventPosition {
    /// The cursor: an opaque text for clients.
    pub fn to_cursor(self) -> String {
        match self {
            Self::Booking(booking, sequence) => format!("{booking}.{sequence}"),
            Self::Feed(side, sequence) => format!("{}.{sequence}", side.as_str().to_lowercase()),
        }
    }

    /// From a cursor of [`Self::to_cursor`].
    ///
    /// # Errors
    /// [`PageError::Cursor`] when the text is not a cursor of events.
    pub fn from_cursor(text: &str) -> Result<Self, PageError> {
        let read = || {
            let (name, sequence) = text.split_once('.')?;
            let position = match name {
                "guest" => Self::Feed(Side::Guest, sequence.parse().ok()?),
                "host" => Self::Feed(Side::Host, sequence.parse().ok()?),
                id => Self::Booking(id.parse().ok()?, sequence.parse().ok()?),
            };
            // One position has one text.
            (position.to_cursor() == text).then_some(position)
        };
        read().ok_or(PageError::Cursor)
    }
}

/// An event for each of `bookings`, which have expired.
pub(super) fn expired(bookings: &[Booking]) -> impl Iterator<Item = BookingEvents<'_>> {
    let expired = Actor::Platform.event(BookingEventKind::Expired);
    bookings.iter().map(move |booking| BookingEvents::new(booking, [expired]))
}

/// Appends events of `booking`, which the transaction has locked or created. Must be the last step of the transaction.
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
    append_all(app, tx, &[BookingEvents::new(booking, events)], now).await
}

/// Appends events of several bookings, as [`append`].
///
/// # Errors
/// When the database fails.
pub(super) async fn append_all(
    app: &App,
    tx: &mut Conn,
    booking_events: &[BookingEvents<'_>],
    now: Timestamp,
) -> Result<()> {
    append_with_changes(app, tx, (booking_events, &[]), now).await
}

/// Appends events of bookings, and changes to the catalog, as [`append`].
///
/// # Errors
/// When the database fails.
pub(super) async fn append_with_changes(
    app: &App,
    tx: &mut Conn,
    news: (&[BookingEvents<'_>], &[NewChange]),
    now: Timestamp,
) -> Result<()> {
    let origin = (&app.cause, app.acting().map(|acting| acting.impersonator));
    Ok(store::events::append(tx, origin, news, now).await?)
}

/// Appends changes to the catalog, as [`append`].
///
/// # Errors
/// When the database fails.
pub(super) async fn append_changes(app: &App, tx: &mut Conn, changes: &[NewChange], now: Timestamp) -> Result<()> {
    append_with_changes(app, tx, (&[], changes), now).await
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

/// The part for `page` of a booking's history.
///
/// # Errors
/// [`BadCursor`] when the cursor is of another booking.
pub fn part_of_history(booking: BookingId, page: &Page<EventPosition>) -> Result<OfBooking> {
    let after = match page.after {
        None => None,
        Some(EventPosition::Booking(of, sequence)) if of == booking => Some(sequence),
        Some(_) => return Err(BadCursor.into()),
    };
    Ok(OfBooking { booking, page: Page { first: page.first, after } })
}

/// A page of the history of each part's booking, oldest first; empty for bookings that `viewer` cannot see.
///
/// # Errors
/// When the database fails.
pub async fn histories(
    app: &App,
    viewer: &Member,
    parts: Vec<OfBooking>,
) -> Result<HashMap<OfBooking, PageOf<StreamEvent>>> {
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

fn of_booking(event: Event) -> StreamEvent {
    StreamEvent { position: EventPosition::Booking(event.booking_id, event.sequence), event }
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::SeededEntropy;

    #[test]
    fn a_cursor_has_its_position() {
        let at = chrono::DateTime::UNIX_EPOCH.into();
        let booking = BookingId::new(at, &SeededEntropy::new(1));
        for position in [
            EventPosition::Booking(booking, 7),
            EventPosition::Feed(Side::Guest, u64::MAX),
            EventPosition::Feed(Side::Host, 0),
        ] {
            assert_eq!(EventPosition::from_cursor(&position.to_cursor()), Ok(position));
        }
        for text in ["", "guest", "guest.", "guest.-1", "guest.+1", "guest.01", "admin.1", "bk_x.1"] {
            assert_eq!(EventPosition::from_cursor(text), Err(PageError::Cursor), "{text}");
        }
    }
}
