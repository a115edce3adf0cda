//! Pages of bookings.

use std::sync::Arc;

use async_graphql::{Context, Object};

use super::Booking;
use crate::{
    context::ContextExt,
    error::Result,
    loaders::{BookingsOfListing, OwnBookings, PrivateLoaders},
    pages::{Cursored, connection},
};
use domain::bookings::{self, Booking as Row, ByCheckIn};
use types::scalars::Cursor;
use types::{BookingStatus, ListingId, Page, PageError, PageOf, Side, cursor};

connection! {
    /// A page of bookings.
    BookingConnection,
    /// One booking of a page.
    BookingEdge,
    /// The booking.
    Booking
}

impl From<Arc<Row>> for Booking {
    fn from(row: Arc<Row>) -> Self {
        Self(row)
    }
}

fn to_cursor(row: &Arc<Row>) -> String {
    cursor::to_cursor(&row.check_in, &row.id)
}

fn from_cursor(text: &Cursor) -> std::result::Result<ByCheckIn, PageError> {
    cursor::from_cursor(&text.0).map(|(day, id)| ByCheckIn { day, id })
}

impl BookingConnection {
    /// A page of the bookings of one user, whose loaders are `own`, on one side.
    ///
    /// # Errors
    /// When an argument is wrong, or the database fails.
    pub async fn of(
        ctx: &Context<'_>,
        own: &PrivateLoaders,
        side: Side,
        status: Option<Vec<BookingStatus>>,
        first: Option<i32>,
        after: Option<Cursor>,
    ) -> Result<Self> {
        let rows = own.load(ctx.app(), OwnBookings(bookings::part(side, status, page(first, after)?))).await?;
        let rows = rows.map_or_else(PageOf::default, Arc::unwrap_or_clone);
        Ok(Cursored::new(rows, to_cursor).into())
    }

    /// A page of the bookings of a listing that the viewer hosts or helps with.
    ///
    /// # Errors
    /// When an argument is wrong, or the database fails.
    pub async fn of_listing(
        ctx: &Context<'_>,
        listing: ListingId,
        status: Option<Vec<BookingStatus>>,
        first: Option<i32>,
        after: Option<Cursor>,
    ) -> Result<Self> {
        let part = bookings::part_of_listing(listing, status, page(first, after)?);
        let rows = ctx.load_own(BookingsOfListing(part)).await?.map_or_else(PageOf::default, Arc::unwrap_or_clone);
        Ok(Cursored::new(rows, to_cursor).into())
    }
}

fn page(first: Option<i32>, after: Option<Cursor>) -> types::error::Result<Page<ByCheckIn>> {
    Ok(Page::new(first, after.as_ref().map(from_cursor).transpose()?)?)
}

/// The fields of guests in `Me`.
pub struct MyTrips(pub Arc<PrivateLoaders>);

#[Object]
impl MyTrips {
    /// Bookings that the viewer made as a guest, latest check-in first.
    async fn trips(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only bookings in one of these states.")] status: Option<Vec<BookingStatus>>,
        #[graphql(desc = "Maximum number of items, 1 to 100.", default_with = "Some(20)")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<Cursor>,
    ) -> Option<Result<BookingConnection>> {
        Some(Box::pin(BookingConnection::of(ctx, &self.0, Side::Guest, status, first, after)).await)
    }
}
