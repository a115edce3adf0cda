//! Pages of listings.

use std::sync::Arc;

use async_graphql::Context;

use super::Listing;
use crate::{
    context::ContextExt,
    error::Result,
    loaders::{OwnListings, PrivateLoaders, PublishedListingsOf},
    pages::{Cursored, connection, newest},
};
use domain::listings;
use types::scalars::Cursor;
use types::{ListingStatus, PageOf, UserId};

connection! {
    /// A page of listings.
    ListingConnection,
    /// One listing of a page.
    ListingEdge,
    /// The listing.
    Listing
}

fn connect(page: PageOf<Arc<listings::ListingWithCover>>) -> ListingConnection {
    Cursored::new(page, |row| listings::place(row).to_cursor()).into()
}

/// A page of the public listings of `host`, newest first.
///
/// # Errors
/// When an argument is wrong or the batch failed.
pub async fn published_of_host(
    ctx: &Context<'_>,
    host: UserId,
    first: Option<i32>,
    after: Option<Cursor>,
) -> Result<ListingConnection> {
    let key = PublishedListingsOf { host, page: newest(first, after.as_ref())? };
    let rows = ctx.load(key).await?;
    Ok(connect(rows.map_or_else(PageOf::default, Arc::unwrap_or_clone)))
}

/// A page of the listings of one host, whose loaders are `own`, in any of the states `status` (None: all), newest first.
///
/// # Errors
/// When an argument is wrong or the batch failed.
pub async fn page_of_host(
    ctx: &Context<'_>,
    own: &PrivateLoaders,
    status: Option<Vec<ListingStatus>>,
    first: Option<i32>,
    after: Option<Cursor>,
) -> Result<ListingConnection> {
    let rows = own.load(ctx.app(), OwnListings(listings::own_part(status, newest(first, after.as_ref())?))).await?;
    Ok(connect(rows.map_or_else(PageOf::default, Arc::unwrap_or_clone)))
}
