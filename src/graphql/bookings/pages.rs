//! Pages of bookings.

use std::sync::Arc;

use async_graphql::Context;

use super::Booking;
use crate::{
    auth::Member,
    domain::bookings::{self, Booking as Row, ByCheckIn},
    graphql::{
        context::ContextExt,
        error::Result,
        pages::{Cursored, connection},
        scalars::Cursor,
    },
    types::{BookingStatus, Page, PageError, Side, cursor},
};

connection! {
    /// A page of bookings.
    BookingConnection,
    /// One booking of a page.
    BookingEdge,
    /// The booking.
    Booking
}

impl From<Row> for Booking {
    fn from(row: Row) -> Self {
        Self(Arc::new(row))
    }
}

fn to_cursor(row: &Row) -> String {
    cursor::to_cursor(&row.check_in, &row.id)
}

fn from_cursor(text: &Cursor) -> std::result::Result<ByCheckIn, PageError> {
    cursor::from_cursor(&text.0).map(|(day, id)| ByCheckIn { day, id })
}

impl BookingConnection {
    /// A page of the viewer's bookings on one side.
    ///
    /// # Errors
    /// When an argument is wrong, or the database fails.
    pub async fn of(
        ctx: &Context<'_>,
        viewer: &Member,
        side: Side,
        status: Option<Vec<BookingStatus>>,
        first: Option<i32>,
        after: Option<Cursor>,
    ) -> Result<Self> {
        let after = after.as_ref().map(from_cursor).transpose().map_err(crate::error::Error::from)?;
        let page = Page::new(first, after).map_err(crate::error::Error::from)?;
        let rows = bookings::list(ctx.app(), viewer, side, status.as_deref(), &page).await?;
        Ok(Cursored::new(rows, to_cursor).into())
    }
}
