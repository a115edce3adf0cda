//! What staff find by ids and emails. What a role does not include is None.

use std::sync::Arc;

use async_graphql::Context;

use super::objects::{
    DeskBooking, DeskBookingConnection, DeskListing, DeskListingConnection, DeskPayment, DeskPaymentConnection,
    DeskPerson, DeskPersonConnection,
};
use crate::{
    context::ContextExt,
    error::Result,
    pages::{self, Cursored},
};
use auth::Staff;
use domain::desk::{self, ByCheckIn, Search};
use types::scalars::Cursor;
use types::{Newest, Page, PageError, cursor, error::Error};

/// The arguments of a search.
pub(super) struct Wanted {
    pub search: String,
    pub first: Option<i32>,
    pub after: Option<Cursor>,
}

pub(super) async fn people(ctx: &Context<'_>, staff: &Staff, wanted: Wanted) -> Result<Option<DeskPersonConnection>> {
    let Ok(support) = staff.support() else { return Ok(None) };
    let page = pages::newest(wanted.first, wanted.after.as_ref())?;
    let rows = desk::people(ctx.app(), &support, &Search::read(&wanted.search)?, &page).await?;
    let rows = rows.map(|row| DeskPerson { row, support });
    Ok(Some(Cursored::new(rows, |person| Newest { at: person.row.created_at, id: person.row.id }.to_cursor()).into()))
}

pub(super) async fn listings(
    ctx: &Context<'_>,
    staff: &Staff,
    wanted: Wanted,
) -> Result<Option<DeskListingConnection>> {
    let Ok(support) = staff.support() else { return Ok(None) };
    let page = pages::newest(wanted.first, wanted.after.as_ref())?;
    let rows = desk::listings(ctx.app(), &support, &Search::read(&wanted.search)?, &page).await?;
    let rows = rows.map(|row| DeskListing(Arc::new(row)));
    Ok(Some(Cursored::new(rows, |listing| Newest { at: listing.0.created_at, id: listing.0.id }.to_cursor()).into()))
}

fn by_check_in(text: &Cursor) -> std::result::Result<ByCheckIn, PageError> {
    cursor::from_cursor(&text.0).map(|(day, id)| ByCheckIn { day, id })
}

pub(super) async fn bookings(
    ctx: &Context<'_>,
    staff: &Staff,
    wanted: Wanted,
) -> Result<Option<DeskBookingConnection>> {
    let after = wanted.after.as_ref().map(by_check_in).transpose().map_err(Error::from)?;
    let page = Page::new(wanted.first, after).map_err(Error::from)?;
    let rows = desk::bookings(ctx.app(), staff, &Search::read(&wanted.search)?, &page).await?;
    let rows = rows.map(|row| DeskBooking { row: Arc::new(row), staff: *staff });
    Ok(Some(Cursored::new(rows, |booking| cursor::to_cursor(&booking.row.check_in, &booking.row.id)).into()))
}

pub(super) async fn payments(
    ctx: &Context<'_>,
    staff: &Staff,
    wanted: Wanted,
) -> Result<Option<DeskPaymentConnection>> {
    let Ok(finance) = staff.finance() else { return Ok(None) };
    let page = pages::newest(wanted.first, wanted.after.as_ref())?;
    let rows = desk::payments(ctx.app(), &finance, &Search::read(&wanted.search)?, &page).await?;
    let rows = rows.map(|row| DeskPayment { row, staff: *staff });
    Ok(Some(
        Cursored::new(rows, |payment| Newest { at: payment.row.created_at, id: payment.row.id }.to_cursor()).into(),
    ))
}
