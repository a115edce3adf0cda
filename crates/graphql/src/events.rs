//! Events of bookings: history and subscriptions.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, Subscription};
use futures_util::{Stream, StreamExt};

use super::{
    bookings::{Booking, find_booking},
    context::ContextExt,
    error::Result,
    ids,
    loaders::{EventsOf, LatestOf, PrivateLoaders},
    pages::{Cursored, connection},
    payments::{Payment, Refund, find_payment, find_refund},
};
use domain::events::{self, EventPosition, Opening, StreamEvent, Topic};
use types::scalars::Cursor;
use types::{BookingEventKind, BookingId, EventActor, Page, PageOf, Side, Timestamp, error::Error};

/// An event of a booking, with its position in the stream that it was read from.
#[derive(Clone)]
pub struct BookingEvent(StreamEvent);

/// An event of a booking. History and subscriptions use the same type.
#[Object]
impl BookingEvent {
    /// Stable id of the event: an event that is delivered twice has the same id.
    async fn id(&self) -> ID {
        // The booking and the event's sequence, which are the same in every stream.
        let event = &self.0.event;
        ID(format!("ev_{}_{}", event.booking_id.to_string().trim_start_matches("bk_"), event.sequence))
    }

    /// Its position in the stream or list that it comes from, for `after`.
    async fn cursor(&self) -> Cursor {
        Cursor(self.0.position.to_cursor())
    }

    /// When it happened.
    async fn at(&self) -> Timestamp {
        self.0.event.happened_at
    }

    /// What happened.
    async fn kind(&self) -> BookingEventKind {
        self.0.event.kind
    }

    /// Who caused it.
    async fn actor(&self) -> EventActor {
        self.0.event.actor
    }

    /// The payment that it concerns; null when there is none, or the viewer is not the guest.
    async fn payment(&self, ctx: &Context<'_>) -> Option<Result<Payment>> {
        find_payment(ctx, self.0.event.details.payment?).await.transpose()
    }

    /// The refund that it concerns; null when there is none, or the viewer is not the guest.
    async fn refund(&self, ctx: &Context<'_>) -> Option<Result<Refund>> {
        find_refund(ctx, self.0.event.details.refund?).await.transpose()
    }

    /// The message that came with it: the host's on `DECLINED`; null when there is none.
    async fn message(&self, ctx: &Context<'_>) -> Option<Result<String>> {
        message_of(ctx, &self.0).await.transpose()
    }

    /// The booking as it is now; null when the viewer may no longer see it.
    async fn booking(&self, ctx: &Context<'_>) -> Option<Result<Booking>> {
        find_booking(ctx, self.0.event.booking_id).await.transpose()
    }
}

async fn message_of(ctx: &Context<'_>, placed: &StreamEvent) -> Result<Option<String>> {
    if placed.event.kind != BookingEventKind::Declined {
        return Ok(None);
    }
    let booking = find_booking(ctx, placed.event.booking_id).await?;
    Ok(booking.and_then(|booking| booking.0.decline_message.clone()))
}

connection! {
    /// A page of a booking's events.
    BookingEventConnection,
    /// One event of a page.
    BookingEventEdge,
    /// The event.
    BookingEvent
}

impl From<StreamEvent> for BookingEvent {
    fn from(placed: StreamEvent) -> Self {
        Self(placed)
    }
}

fn position(after: Option<&Cursor>) -> Result<Option<EventPosition>> {
    Ok(after.map(|cursor| EventPosition::from_cursor(&cursor.0)).transpose().map_err(Error::from)?)
}

impl BookingEventConnection {
    /// A page of the history of a booking that the viewer can see.
    ///
    /// # Errors
    /// When an argument is wrong, or the database fails.
    pub async fn of(ctx: &Context<'_>, booking: BookingId, first: Option<i32>, after: Option<Cursor>) -> Result<Self> {
        let page = Page::new(first, position(after.as_ref())?).map_err(Error::from)?;
        let rows = ctx.load_own(EventsOf(events::part_of_history(booking, &page)?)).await?;
        let rows = rows.map_or_else(PageOf::default, Arc::unwrap_or_clone);
        Ok(Cursored::new(rows, |placed: &StreamEvent| placed.position.to_cursor()).into())
    }
}

/// The cursor of the latest event in a feed of the user whose loaders are `own`.
///
/// # Errors
/// When the database fails.
pub async fn feed_cursor(ctx: &Context<'_>, own: &PrivateLoaders, side: Side) -> Result<Cursor> {
    let latest = own.load(ctx.app(), LatestOf(side)).await?;
    Ok(Cursor(latest.unwrap_or(EventPosition::Feed(side, 0)).to_cursor()))
}

/// The same, if `field` is selected below. Reading it before resolving the fields below ensures that they are at least as new as the
/// cursor, so that a client misses no event.
pub async fn cursor_ahead(
    ctx: &Context<'_>,
    own: &PrivateLoaders,
    side: Side,
    field: &'static str,
) -> Option<Result<Cursor>> {
    if !ctx.look_ahead().field(field).exists() {
        return None;
    }
    Some(feed_cursor(ctx, own, side).await)
}

async fn follow(
    ctx: &Context<'_>,
    topic: Topic,
    after: Option<Cursor>,
) -> Result<impl Stream<Item = Result<BookingEvent>> + use<>> {
    let member = *ctx.member()?;
    let stream = &ctx.scope().stream;
    let resumed = stream.as_ref().and_then(|stream| stream.resume_after()).map(|cursor| Cursor(cursor.to_owned()));
    let opening = position(resumed.or(after).as_ref())?.map_or(Opening::Now, Opening::After);
    let (events, stream) = (events::follow(ctx.app(), &member, topic, opening).await?, stream.clone());
    Ok(events.map(move |placed| {
        let event = BookingEvent(placed?);
        if let Some(stream) = &stream {
            stream.set_reached(event.0.position.to_cursor());
        }
        Ok(event)
    }))
}

/// Subscriptions to the events of bookings.
#[derive(Default)]
pub struct EventSubscription;

#[Subscription]
impl EventSubscription {
    /// Events of one booking, for those who can see it.
    async fn booking_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Opaque id, `bk_…`.")] booking_id: ID,
        #[graphql(desc = "Start after this cursor; only new events when omitted.")] after: Option<Cursor>,
    ) -> Result<impl Stream<Item = Result<BookingEvent>>> {
        // Boxed here and below: a waiting stream does not need this memory.
        Box::pin(follow(ctx, Topic::Booking(ids::argument(&booking_id)?), after)).await
    }

    /// Events of all bookings that the viewer made as a guest.
    async fn my_trip_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Start after this cursor; only new events when omitted.")] after: Option<Cursor>,
    ) -> Result<impl Stream<Item = Result<BookingEvent>>> {
        Box::pin(follow(ctx, Topic::Feed(Side::Guest), after)).await
    }

    /// Events of all bookings of the viewer's listings.
    async fn my_hosting_events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Start after this cursor; only new events when omitted.")] after: Option<Cursor>,
    ) -> Result<impl Stream<Item = Result<BookingEvent>>> {
        Box::pin(follow(ctx, Topic::Feed(Side::Host), after)).await
    }
}
