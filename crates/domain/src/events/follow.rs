//! Live streams of events.

use std::sync::Arc;

use futures_util::{FutureExt as _, Stream, stream};

use super::{EventPosition, StreamEvent, Topic};
use crate::app::App;
use auth::Member;
use providers::hub::{self, Entry, Read};
use store::events::{Event, Topic as StoredTopic};
use types::{
    BookingId, Side,
    error::{BadCursor, Error, Result, TooManySubscriptions},
};

/// Where a stream begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// With new events.
    Now,
    /// With the events after a position.
    After(EventPosition),
}

/// Follows `topic` for `member`: first the events after the opening, then new ones as they happen, in order, at least once. An error ends
/// the stream, so that the client resumes from its last cursor. A stream of somebody who helps the host ends when they no longer may see the
/// booking.
///
/// # Errors
/// [`BadCursor`] when the cursor is of another stream or ahead of this one; [`types::error::Refusal::NotFound`] when the booking is not the
/// member's; [`TooManySubscriptions`] when the member has too many streams open.
pub async fn follow(
    app: &App,
    member: &Member,
    topic: Topic,
    opening: Opening,
) -> Result<impl Stream<Item = Result<StreamEvent, Arc<Error>>> + Send + use<>> {
    let limit = app.streams.open.limit();
    let permit = app.streams.open.acquire(member.id()).ok_or(TooManySubscriptions { limit })?;
    let (latest, watched) = latest(app, member, topic).await?;
    let position = match opening {
        Opening::Now => latest,
        Opening::After(position) => topic.number(position).ok_or(BadCursor)?,
    };
    // A stream from a future position would miss the events up to it.
    if position > latest {
        return Err(BadCursor.into());
    }
    let stored = topic.of(member);
    let follower = app.streams.hub.follow(stored, position, latest, reading(app, stored));
    let watch = watched.map(|booking| Watch { app: app.for_process(), member: *member, booking });
    Ok(stream::unfold(Some((follower, watch, permit)), move |open| async move {
        let (mut follower, watch, permit) = open?;
        let next = follower.next().await;
        // On the heap, which a waiting stream does not need.
        if let (Ok(_), Some(watch)) = (&next, &watch)
            && let Err(error) = Box::pin(watch.check()).await
        {
            return Some((Err(Arc::new(error)), None));
        }
        match next {
            Ok(Entry { position, value: event }) => {
                Some((Ok(StreamEvent { event, position: topic.position(position) }), Some((follower, watch, permit))))
            }
            Err(error) => Some((Err(error), None)),
        }
    }))
}

/// A booking whose events somebody follows who is neither its guest nor its host: what lets them see it can end.
struct Watch {
    app: App,
    member: Member,
    booking: BookingId,
}

impl Watch {
    /// Refuses when the member no longer may see the booking.
    async fn check(&self) -> Result<()> {
        let seen = store::bookings::visible(&mut self.app.conn().await?, self.member.id(), &[self.booking]).await?;
        if seen.is_empty() { Err(unknown()) } else { Ok(()) }
    }
}

fn unknown() -> Error {
    Error::not_found("bookingId", "booking")
}

/// The last position of `topic`, if `member` can follow it; and its booking, if `member` is neither guest nor host.
async fn latest(app: &App, member: &Member, topic: Topic) -> Result<(u64, Option<BookingId>)> {
    let conn = &mut app.conn().await?;
    match topic {
        Topic::Booking(id) => {
            let latest = store::events::latest_of_booking(conn, id, member.id()).await?;
            let (latest, is_party) = latest.ok_or_else(unknown)?;
            Ok((latest.into(), Some(id).filter(|_| !is_party)))
        }
        Topic::Feed(side) => Ok((store::events::latest_of_feed(conn, member.id(), side).await?, None)),
    }
}

/// The position of the latest event in a feed of `member`.
///
/// # Errors
/// When the database fails.
pub async fn latest_of_feed(app: &App, member: &Member, side: Side) -> Result<EventPosition> {
    Ok(EventPosition::Feed(side, latest(app, member, Topic::Feed(side)).await?.0))
}

fn reading(app: &App, topic: StoredTopic) -> Arc<Read<Event>> {
    // A read serves all followers, not only the operation that followed first.
    let app = app.for_process();
    Arc::new(move |after| {
        let app = app.clone();
        async move {
            let conn = &mut app.conn().await?;
            let rows = store::events::of_topic(conn, topic, after, hub::BATCH as i64).await?;
            Ok(rows.into_iter().map(|(position, value)| Entry { position, value }).collect())
        }
        .boxed()
    })
}
