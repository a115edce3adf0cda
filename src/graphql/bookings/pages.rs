//! Pages of bookings.

use std::sync::Arc;

use async_graphql::Context;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

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
    types::{BookingStatus, Page, PageError, Side},
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
    URL_SAFE_NO_PAD.encode(format!("{}.{}", row.check_in, row.id))
}

fn from_cursor(cursor: &Cursor) -> std::result::Result<ByCheckIn, PageError> {
    let read = || {
        let plain = String::from_utf8(URL_SAFE_NO_PAD.decode(&cursor.0).ok()?).ok()?;
        let (day, id) = plain.split_once('.')?;
        Some(ByCheckIn { day: day.parse().ok()?, id: id.parse().ok()? })
    };
    read().ok_or(PageError::Cursor)
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
