//! The viewer's side as a host: listings, bookings, the calendar, and the nights to block and open.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::{
    bookings::{Booking, BookingConnection, find_booking},
    calendars,
    context::ContextExt,
    error::Result,
    ids,
    listings::{self, ListingConnection},
    money::Money,
    payload::payload,
    scalars::{Cursor, Date},
};
use crate::{
    auth::Member,
    domain::{
        blocks::{self, Changed},
        calendars::{HostNight, MAX_NIGHTS, host_calendar},
        idempotency::Once,
    },
    error::{self, Error},
    types::{BookingStatus, IdempotencyKey, ListingId, ListingStatus, NightHold, Side, Stay},
};

pub struct Hosting(pub(super) Member);

#[Object]
impl Hosting {
    async fn listings(
        &self,
        ctx: &Context<'_>,
        status: Option<Vec<ListingStatus>>,
        #[graphql(default_with = "Some(20)")] first: Option<i32>,
        after: Option<Cursor>,
    ) -> Option<Result<ListingConnection>> {
        Some(listings::page_of_host(ctx, status, first, after).await)
    }

    async fn bookings(
        &self,
        ctx: &Context<'_>,
        status: Option<Vec<BookingStatus>>,
        #[graphql(default_with = "Some(20)")] first: Option<i32>,
        after: Option<Cursor>,
    ) -> Option<Result<BookingConnection>> {
        Some(BookingConnection::of(ctx, &self.0, Side::Host, status, first, after).await)
    }

    async fn calendar(
        &self,
        ctx: &Context<'_>,
        listing_id: ID,
        from: Date,
        to: Date,
    ) -> Option<Result<Vec<CalendarNight>>> {
        calendar_of(ctx, &self.0, &listing_id, from, to).await.transpose()
    }
}

async fn calendar_of(
    ctx: &Context<'_>,
    host: &Member,
    id: &ID,
    from: Date,
    to: Date,
) -> Result<Option<Vec<CalendarNight>>> {
    let nights = host_calendar(ctx.app(), host, ids::argument(id)?, calendars::range(from, to)?).await?;
    Ok(nights.map(|nights| nights.into_iter().map(CalendarNight).collect()))
}

pub struct CalendarNight(HostNight);

#[Object]
impl CalendarNight {
    async fn night(&self) -> Date {
        Date(self.0.view.night)
    }

    async fn hold(&self) -> Option<NightHold> {
        self.0.hold
    }

    async fn booking(&self, ctx: &Context<'_>) -> Option<Result<Booking>> {
        find_booking(ctx, self.0.booking?).await.transpose()
    }

    async fn price(&self) -> Money {
        Money(self.0.price)
    }

    async fn min_nights(&self) -> u32 {
        self.0.view.min_nights
    }

    async fn max_nights(&self) -> u32 {
        self.0.view.max_nights
    }

    async fn check_in_allowed(&self) -> bool {
        self.0.view.check_in_allowed
    }

    async fn check_out_allowed(&self) -> bool {
        self.0.view.check_out_allowed
    }
}

#[derive(InputObject)]
pub struct BlockNightsInput {
    listing_id: ID,
    from: Date,
    to: Date,
    idempotency_key: IdempotencyKey,
}

#[derive(SimpleObject)]
pub struct BlockNightsSuccess {
    nights: Vec<Date>,
    replayed: bool,
}

payload! {
    /// What `blockNights` can answer.
    BlockNightsPayload(BlockNightsSuccess) {
        InvalidInput => InvalidInputProblem,
        NotFound => NotFoundProblem,
        NightsUnavailable => NightsUnavailableProblem,
        IdempotencyConflict => IdempotencyConflictProblem,
    }
}

#[derive(InputObject)]
pub struct OpenNightsInput {
    listing_id: ID,
    from: Date,
    to: Date,
    idempotency_key: IdempotencyKey,
}

#[derive(SimpleObject)]
pub struct OpenNightsSuccess {
    nights: Vec<Date>,
    replayed: bool,
}

payload! {
    /// What `openNights` can answer.
    OpenNightsPayload(OpenNightsSuccess) {
        InvalidInput => InvalidInputProblem,
        NotFound => NotFoundProblem,
        IdempotencyConflict => IdempotencyConflictProblem,
    }
}

fn parse(listing: &ID, from: Date, to: Date) -> error::Result<(ListingId, Stay)> {
    let listing = ids::input(listing, "listingId", "listing")?;
    let wrong = |_| Error::invalid(&["to"], format!("Must be 1 to {MAX_NIGHTS} days after `from`."));
    Ok((listing, Stay::new(from.0, to.0, MAX_NIGHTS).map_err(wrong)?))
}

fn days(changed: Once<Changed>) -> (Vec<Date>, bool) {
    (changed.answer.nights.into_iter().map(Date).collect(), changed.replayed)
}

#[derive(Default)]
pub struct CalendarMutation;

#[Object]
impl CalendarMutation {
    /// Blocks free nights of a listing: all or none.
    async fn block_nights(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which nights.")] input: BlockNightsInput,
    ) -> Result<BlockNightsPayload> {
        let host = ctx.member()?;
        let outcome = match parse(&input.listing_id, input.from, input.to) {
            Ok((listing, range)) => blocks::block(ctx.app(), host, listing, range, &input.idempotency_key).await,
            Err(error) => Err(error),
        };
        let success = |(nights, replayed)| BlockNightsSuccess { nights, replayed };
        BlockNightsPayload::of(outcome.map(days).map(success))
    }

    /// Opens nights that the host or an outside calendar blocked; nights that guests hold stay.
    async fn open_nights(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which nights.")] input: OpenNightsInput,
    ) -> Result<OpenNightsPayload> {
        let host = ctx.member()?;
        let outcome = match parse(&input.listing_id, input.from, input.to) {
            Ok((listing, range)) => blocks::open(ctx.app(), host, listing, range, &input.idempotency_key).await,
            Err(error) => Err(error),
        };
        let success = |(nights, replayed)| OpenNightsSuccess { nights, replayed };
        OpenNightsPayload::of(outcome.map(days).map(success))
    }
}
