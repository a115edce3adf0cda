//! Keys of reviews.

use std::sync::Arc;

use super::{Batch, Private, Public};
use auth::Member;
use domain::{
    app::App,
    reviews::{self, OfListing, Review},
};
use types::{BookingId, ListingId, Newest, Page, PageOf, ReviewId};

/// A page of a listing's published reviews, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReviewsOf {
    /// The listing.
    pub listing: ListingId,
    /// Which page.
    pub page: Page<Newest<ReviewId>>,
}

impl Public for ReviewsOf {
    type Row = Arc<PageOf<Arc<Review>>>;

    async fn load(app: &App, keys: Vec<Self>) -> Batch<Self, Self::Row> {
        let parts = keys.into_iter().map(|Self { listing, page }| OfListing { listing, page }).collect();
        let pages = reviews::of_listings(app, parts).await?;
        Ok(pages
            .into_iter()
            .map(|(OfListing { listing, page }, rows)| (Self { listing, page }, Arc::new(rows)))
            .collect())
    }
}

/// The review with this id, if everyone can see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublishedReview(pub ReviewId);

impl Public for PublishedReview {
    type Row = Arc<Review>;

    async fn load(app: &App, keys: Vec<Self>) -> Batch<Self, Self::Row> {
        let ids: Vec<_> = keys.into_iter().map(|Self(id)| id).collect();
        Ok(reviews::by_ids(app, &ids).await?.into_iter().map(|row| (Self(row.id), row)).collect())
    }
}

/// The review with this id, if the viewer wrote it or everyone can see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VisibleReview(pub ReviewId);

impl Private for VisibleReview {
    type Row = Arc<Review>;

    async fn load(app: &App, viewer: &Member, keys: Vec<Self>) -> Batch<Self, Self::Row> {
        let ids: Vec<_> = keys.into_iter().map(|Self(id)| id).collect();
        Ok(reviews::visible_to(app, viewer, &ids).await?.into_iter().map(|row| (Self(row.id), row)).collect())
    }
}

/// The review of a booking, if the viewer wrote it or everyone can see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReviewOf(pub BookingId);

impl Private for ReviewOf {
    type Row = Arc<Review>;

    async fn load(app: &App, viewer: &Member, keys: Vec<Self>) -> Batch<Self, Self::Row> {
        let ids: Vec<_> = keys.into_iter().map(|Self(id)| id).collect();
        Ok(reviews::of_bookings(app, viewer, &ids).await?.into_iter().map(|(id, row)| (Self(id), row)).collect())
    }
}
