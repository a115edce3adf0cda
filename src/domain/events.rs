//! What happened to bookings: written with the change itself, read as history, and followed live.
//!
//! The tables are the truth. A stream remembers its place, is woken when something may be new, and reads what follows; so it loses
//! nothing when it is cut off, when a server dies, or when the change was made on another server.

use std::time::Duration;

use futures_util::{Stream, stream};
use tokio::sync::broadcast::error::RecvError;

use crate::{
    app::App,
    auth::Member,
    error::{Refusal, Result},
    outbound::wakes::Wake,
    store::{
        self, Conn,
        bookings::Booking,
        events::{Event, Parties},
    },
    types::{BookingEventKind, BookingId, Page, PageError, PageOf, Side, Timestamp},
};

/// Rows that a stream reads at once.
const BATCH: i64 = 100;
/// Seconds in which another server's change is looked for: longer than a transaction takes to commit.
const WRITTEN_LATELY: u32 = 3;
/// A stream that was not woken looks all the same: nothing that can fail is trusted with the last word.
const LOOK_ANYWAY: Duration = Duration::from_secs(20);

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

/// Appends `kinds` to the events of `booking`, which the transaction has locked or made. The last thing that it does.
///
/// # Errors
/// When the database fails.
pub async fn append(tx: &mut Conn, booking: &Booking, kinds: &[BookingEventKind], now: Timestamp) -> Result<()> {
    append_all(tx, &[(booking, kinds)], now).await
}

/// Appends what happened to several bookings, as [`append`].
///
/// # Errors
/// When the database fails.
pub async fn append_all(tx: &mut Conn, happened: &[(&Booking, &[BookingEventKind])], now: Timestamp) -> Result<()> {
    let parties = |booking: &Booking| Parties { booking: booking.id, guest: booking.guest_id, host: booking.host_id };
    let happened: Vec<_> = happened.iter().map(|(booking, kinds)| (parties(booking), kinds.to_vec())).collect();
    Ok(store::events::append(tx, &happened, now).await?)
}

/// Wakes the streams of this server, once the change is committed.
pub fn announce(app: &App, booking: &Booking) {
    app.wakes.send(Wake { booking: booking.id, guest: booking.guest_id, host: booking.host_id });
}

/// Wakes the streams of this server for what was written in the last seconds, on whichever server. A little more often than needed: a
/// stream that is woken for nothing reads nothing.
///
/// # Errors
/// When the database fails.
pub async fn wake_for_others(app: &App) -> Result<()> {
    if !app.wakes.anybody_listens() {
        return Ok(());
    }
    let recent = store::events::recent(&mut app.conn().await?, WRITTEN_LATELY).await?;
    for parties in recent {
        app.wakes.send(Wake { booking: parties.booking, guest: parties.guest, host: parties.host });
    }
    Ok(())
}

/// A page of a booking's history, oldest first. Whether the viewer may see the booking is for the caller to know.
///
/// # Errors
/// [`Refusal::BadCursor`] when the cursor is of another booking.
pub async fn history(app: &App, booking: BookingId, page: &Page<Place>) -> Result<PageOf<Placed>> {
    let after = match page.after {
        None => 0,
        Some(Place::Booking(of, sequence)) if of == booking => sequence,
        Some(_) => return Err(Refusal::BadCursor.into()),
    };
    let rows = store::events::of_booking(&mut app.conn().await?, booking, after, page.limit()).await?;
    Ok(page.cut(rows).map(of_booking))
}

fn of_booking(event: Event) -> Placed {
    Placed { place: Place::Booking(event.booking_id, event.sequence), event }
}

/// Follows `topic` for `member`: first what came after `after`, then what happens, in order, at least once. An error ends the stream,
/// so that the client comes back with its last cursor.
///
/// # Errors
/// [`Refusal::BadCursor`] when the cursor is of another stream; [`Refusal::NotFound`] when the booking is not the member's.
pub async fn follow(
    app: &App,
    member: &Member,
    topic: Topic,
    after: Option<Place>,
) -> Result<impl Stream<Item = Result<Placed>> + Send + use<>> {
    // Listening begins before the place is known: what happens in between wakes the stream.
    let wakes = app.wakes.listen();
    let place = start(app, member, topic, after).await?;
    let follower = Follower { app: app.clone(), member: *member, topic, place, wakes };
    Ok(stream::unfold((follower, Vec::new().into_iter()), |(mut follower, mut ready)| async move {
        loop {
            if let Some(placed) = ready.next() {
                return Some((Ok(placed), (follower, ready)));
            }
            match follower.next_batch().await {
                Ok(batch) => ready = batch.into_iter(),
                Err(error) => {
                    follower.place = None;
                    return Some((Err(error), (follower, Vec::new().into_iter())));
                }
            }
            follower.place?;
        }
    }))
}

async fn start(app: &App, member: &Member, topic: Topic, after: Option<Place>) -> Result<Option<Place>> {
    let conn = &mut app.conn().await?;
    if let Topic::Booking(id) = topic
        && store::bookings::visible(conn, member.id(), &[id]).await?.is_empty()
    {
        return Err(crate::error::Error::not_found("bookingId", "booking"));
    }
    let place = match (topic, after) {
        (Topic::Booking(id), None) => Place::Booking(id, store::events::latest_of_booking(conn, id).await?),
        (Topic::Feed(side), None) => Place::Feed(side, store::events::latest_of_feed(conn, member.id(), side).await?),
        (Topic::Booking(id), Some(Place::Booking(of, sequence))) if of == id => Place::Booking(id, sequence),
        (Topic::Feed(side), Some(Place::Feed(of, sequence))) if of == side => Place::Feed(side, sequence),
        _ => return Err(Refusal::BadCursor.into()),
    };
    Ok(Some(place))
}

struct Follower {
    app: App,
    member: Member,
    topic: Topic,
    /// None: the stream has ended.
    place: Option<Place>,
    wakes: tokio::sync::broadcast::Receiver<Wake>,
}

impl Follower {
    /// What follows the place, as soon as there is something.
    async fn next_batch(&mut self) -> Result<Vec<Placed>> {
        loop {
            let Some(place) = self.place else { return Ok(Vec::new()) };
            let batch = self.read(place).await?;
            if let Some(last) = batch.last() {
                self.place = Some(last.place);
                return Ok(batch);
            }
            self.sleep().await;
        }
    }

    async fn read(&self, place: Place) -> Result<Vec<Placed>> {
        let conn = &mut self.app.conn().await?;
        Ok(match place {
            Place::Booking(id, after) => {
                store::events::of_booking(conn, id, after, BATCH).await?.into_iter().map(of_booking).collect()
            }
            Place::Feed(side, after) => {
                let entries = store::events::of_feed(conn, self.member.id(), side, after, BATCH).await?;
                let placed = |entry: store::events::FeedEntry| Placed {
                    place: Place::Feed(side, entry.sequence),
                    event: entry.event,
                };
                entries.into_iter().map(placed).collect()
            }
        })
    }

    /// Until something may be new.
    async fn sleep(&mut self) {
        let called = async {
            loop {
                match self.wakes.recv().await {
                    Ok(wake) if self.topic.concerns(&wake, &self.member) => return,
                    Ok(_) => {}
                    // Calls were missed, or there will be none: look.
                    Err(RecvError::Lagged(_)) => return,
                    Err(RecvError::Closed) => std::future::pending().await,
                }
            }
        };
        // Either way the stream looks for itself.
        let _ = tokio::time::timeout(LOOK_ANYWAY, called).await;
    }
}

impl Topic {
    fn concerns(self, wake: &Wake, member: &Member) -> bool {
        match self {
            Self::Booking(id) => wake.booking == id,
            Self::Feed(Side::Guest) => wake.guest == member.id(),
            Self::Feed(Side::Host) => wake.host == member.id(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::SeededEntropy;

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
