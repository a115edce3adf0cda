//! The viewer's data as a host: listings, bookings and calendar; blocking and opening nights.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::{
    bookings::{Booking, BookingConnection, find_booking},
    calendar,
    checked::Checked,
    context::ContextExt,
    error::Result,
    events::{cursor_ahead, feed_cursor},
    ids,
    listings::{self, ListingConnection},
    loaders::{HostNightsOf, PrivateLoaders},
    money::Money,
    payload::payload,
};
use domain::{
    calendar::{
        HostNight, MAX_NIGHTS,
        blocks::{self, Changed},
    },
    idempotency::Idempotent,
};
use types::scalars::{Cursor, Date};
use types::{
    BookingStatus, IdempotencyKey, ListingId, ListingStatus, NightHold, Side, Stay,
    error::{self, Error, Validation},
};

/// The fields of hosts in `Me`.
pub struct MyHosting(pub Arc<PrivateLoaders>);

#[Object]
impl MyHosting {
    /// The viewer's data as a host.
    async fn hosting(&self, ctx: &Context<'_>) -> Hosting {
        let events = Box::pin(cursor_ahead(ctx, &self.0, Side::Host, "eventCursor")).await;
        Hosting { own: Arc::clone(&self.0), events }
    }
}

/// The viewer's private data as a host.
pub struct Hosting {
    /// The loaders of this member's private data.
    own: Arc<PrivateLoaders>,
    /// The cursor of the host's bookings, if it was read in advance.
    events: Option<Result<Cursor>>,
}

/// The viewer's data as a host.
#[Object]
impl Hosting {
    /// The viewer's listings in every state, newest first.
    async fn listings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only listings in one of these states.")] status: Option<Vec<ListingStatus>>,
        #[graphql(desc = "Maximum number of items, 1 to 100.", default_with = "Some(20)")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<Cursor>,
    ) -> Option<Result<ListingConnection>> {
        Some(Box::pin(listings::page_of_host(ctx, &self.own, status, first, after)).await)
    }

    /// Bookings of the viewer's listings, latest check-in first.
    async fn bookings(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Only bookings in one of these states; use `[REQUESTED]` for requests that wait for a response."
        )]
        status: Option<Vec<BookingStatus>>,
        #[graphql(desc = "Maximum number of items, 1 to 100.", default_with = "Some(20)")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<Cursor>,
    ) -> Option<Result<BookingConnection>> {
        Some(Box::pin(BookingConnection::of(ctx, &self.own, Side::Host, status, first, after)).await)
    }

    /// Every night in a range of one of the viewer's listings, or of one that the viewer helps with; null for other listings.
    async fn calendar(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The listing.")] listing_id: ID,
        #[graphql(desc = "First night.")] from: Date,
        #[graphql(desc = "Day after the last night, at most 366 nights later.")] to: Date,
    ) -> Option<Result<Vec<CalendarNight>>> {
        Box::pin(calendar_of(ctx, &self.own, &listing_id, from, to)).await.transpose()
    }

    /// The cursor of this state for `myHostingEvents`: pass it as `after` to get every later event. It is read before everything else under `hosting`.
    async fn event_cursor(&self, ctx: &Context<'_>) -> Option<Result<Cursor>> {
        Some(match &self.events {
            Some(cursor) => cursor.clone(),
            None => Box::pin(feed_cursor(ctx, &self.own, Side::Host)).await,
        })
    }
}

async fn calendar_of(
    ctx: &Context<'_>,
    own: &PrivateLoaders,
    id: &ID,
    from: Date,
    to: Date,
) -> Result<Option<Vec<CalendarNight>>> {
    let key = HostNightsOf((ids::argument(id)?, calendar::range(from, to)?));
    let nights = own.load(ctx.app(), key).await?;
    Ok(nights.map(|nights| nights.iter().cloned().map(CalendarNight).collect()))
}

/// A night of a listing, with its host's private data.
pub struct CalendarNight(HostNight);

/// One night, as seen by the host.
#[Object]
impl CalendarNight {
    /// The night, by the day on which it begins.
    async fn night(&self) -> Date {
        Date(self.0.view.night)
    }

    /// What occupies the night; null when it is free.
    async fn hold(&self) -> Option<NightHold> {
        self.0.hold
    }

    /// The booking that occupies the night; null when there is none.
    async fn booking(&self, ctx: &Context<'_>) -> Option<Result<Booking>> {
        find_booking(ctx, self.0.booking?).await.transpose()
    }

    /// Price of the night before fees and discounts.
    async fn price(&self) -> Money {
        Money(self.0.price)
    }

    /// Minimum nights of a stay that begins on this day.
    async fn min_nights(&self) -> u32 {
        self.0.view.min_nights
    }

    /// Maximum nights of a stay that begins on this day.
    async fn max_nights(&self) -> u32 {
        self.0.view.max_nights
    }

    /// Whether a stay may begin on this day.
    async fn check_in_allowed(&self) -> bool {
        self.0.view.open_to_arrival
    }

    /// Whether a stay may end on this day.
    async fn check_out_allowed(&self) -> bool {
        self.0.view.open_to_departure
    }
}

/// Input of `blockNights`.
#[derive(InputObject)]
pub struct BlockNightsInput {
    /// The listing.
    listing_id: ID,
    /// First night.
    from: Checked<Date>,
    /// Day after the last night, at most 366 nights later.
    to: Checked<Date>,
    /// Makes the request idempotent: a repeated request returns the stored response.
    idempotency_key: Checked<IdempotencyKey>,
}

/// The nights are blocked.
#[derive(SimpleObject)]
pub struct BlockNightsSuccess {
    /// The nights that this request blocked, in order.
    nights: Vec<Date>,
    /// Whether this is the stored response of an earlier request with the same key.
    replayed: bool,
}

payload! {
    /// The result of `blockNights`.
    BlockNightsPayload(BlockNightsSuccess) {
        InvalidInput => InvalidInputProblem,
        NotFound => NotFoundProblem,
        NightsUnavailable => NightsUnavailableProblem,
        IdempotencyConflict => IdempotencyConflictProblem,
    }
}

/// Input of `openNights`.
#[derive(InputObject)]
pub struct OpenNightsInput {
    /// The listing.
    listing_id: ID,
    /// First night.
    from: Checked<Date>,
    /// Day after the last night, at most 366 nights later.
    to: Checked<Date>,
    /// Makes the request idempotent: a repeated request returns the stored response.
    idempotency_key: Checked<IdempotencyKey>,
}

/// The nights are open.
#[derive(SimpleObject)]
pub struct OpenNightsSuccess {
    /// The nights that this request opened, in order.
    nights: Vec<Date>,
    /// Whether this is the stored response of an earlier request with the same key.
    replayed: bool,
}

payload! {
    /// The result of `openNights`.
    OpenNightsPayload(OpenNightsSuccess) {
        InvalidInput => InvalidInputProblem,
        NotFound => NotFoundProblem,
        IdempotencyConflict => IdempotencyConflictProblem,
    }
}

/// Which nights of which listing, and the key.
fn read(
    listing: &ID,
    from: Checked<Date>,
    to: Checked<Date>,
    key: Checked<IdempotencyKey>,
) -> error::Result<(ListingId, Stay, IdempotencyKey)> {
    let mut validation = Validation::default();
    let listing = validation.check(ids::input(listing, "listingId", "listing"));
    let (from, to) = (validation.check(from.at(&["from"])), validation.check(to.at(&["to"])));
    let range = from.zip(to).and_then(|(from, to)| {
        let wrong = |_| Error::invalid(&["to"], format!("Must be 1 to {MAX_NIGHTS} days after `from`."));
        validation.check(Stay::new(from.0, to.0, MAX_NIGHTS).map_err(wrong))
    });
    let key = validation.check(key.at(&["idempotencyKey"]));
    validation.finish_with(listing.zip(range).zip(key).map(|((listing, range), key)| (listing, range, key)))
}

fn days(changed: Idempotent<Changed>) -> (Vec<Date>, bool) {
    (changed.answer.nights.into_iter().map(Date).collect(), changed.replayed)
}

/// Mutations of a listing's nights.
#[derive(Default)]
pub struct CalendarMutation;

#[Object]
impl CalendarMutation {
    /// Blocks free nights of a listing: all of them or none.
    async fn block_nights(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The nights.")] input: BlockNightsInput,
    ) -> Result<BlockNightsPayload> {
        let host = ctx.member()?;
        let outcome = match read(&input.listing_id, input.from, input.to, input.idempotency_key) {
            Ok((listing, range, key)) => blocks::block(ctx.app(), host, listing, range, &key).await,
            Err(error) => Err(error),
        };
        let success = |(nights, replayed)| BlockNightsSuccess { nights, replayed };
        BlockNightsPayload::of(outcome.map(days).map(success))
    }

    /// Opens nights that the host or an external calendar blocked; nights of bookings are not affected.
    async fn open_nights(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The nights.")] input: OpenNightsInput,
    ) -> Result<OpenNightsPayload> {
        let host = ctx.member()?;
        let outcome = match read(&input.listing_id, input.from, input.to, input.idempotency_key) {
            Ok((listing, range, key)) => blocks::open(ctx.app(), host, listing, range, &key).await,
            Err(error) => Err(error),
        };
        let success = |(nights, replayed)| OpenNightsSuccess { nights, replayed };
        OpenNightsPayload::of(outcome.map(days).map(success))
    }
}
