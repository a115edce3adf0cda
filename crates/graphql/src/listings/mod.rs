//! Places to stay.

mod inputs;
mod listing;
mod mutations;
mod pages;
mod fields;
mod input_parser;

use async_graphql::{Context, ID, Object};
pub use fields::{Amenity, GeoPoint, ListingPricing, Photo, Place, RatingSummary, StayRules};
use graphql_direct::Direct;
pub use listing::Listing;
pub use mutations::ListingMutation;
pub use pages::{ListingConnection, ListingEdge, page_of_host, published_of_host};

use super::{
    context::ContextExt,
    error::Result,
    ids,
    loaders::{KnownListing, PublishedListing, VisibleListing},
};
use types::ListingId;

/// Queries about listings.
#[derive(Debug, Default)]
pub struct ListingQuery;

#[Object]
impl ListingQuery {
    /// A listing; null when it does not exist, or is not published and neither the viewer's nor one that the viewer helps with.
    async fn listing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Opaque id, `lst_…`.")] id: ID,
    ) -> Option<Result<Direct<Listing>>> {
        match ids::argument(&id) {
            Ok(id) => find_listing(ctx, id).await.map(|found| found.map(Direct)).transpose(),
            Err(error) => Some(Err(error.into())),
        }
    }
}

/// The listing with this id, if it is published, the viewer's own, or one that the viewer helps with.
///
/// # Errors
/// When the batch failed.
pub async fn find_listing(ctx: &Context<'_>, id: ListingId) -> Result<Option<Listing>> {
    // Most are published, and public rows are batched with other operations.
    if let Some(published) = ctx.load(PublishedListing(id)).await? {
        return Ok(Some(Listing(published)));
    }
    Ok(ctx.load_own(VisibleListing(id)).await?.map(Listing))
}

/// The listing with this id, if it is published, the viewer's own, one that the viewer helps with, or was once quoted to the viewer: for
/// quotes, bookings and reviews of unlisted listings.
///
/// # Errors
/// When the batch failed.
pub async fn find_known(ctx: &Context<'_>, id: ListingId) -> Result<Option<Listing>> {
    if let Some(published) = ctx.load(PublishedListing(id)).await? {
        return Ok(Some(Listing(published)));
    }
    Ok(ctx.load_own(KnownListing(id)).await?.map(Listing))
}
