//! Keys of reviews.

use std::sync::Arc;

use super::{
    Batch, Public,
    keys::{keys, of_parent},
    sizes::Size,
};
use domain::{
    app::App,
    reviews::{self, OfListing, Review},
};
use types::{BookingId, ObjectId, PageOf, ReviewId};

keys! {
    /// The review with this id, if everyone can see it.
    public PublishedReview(ReviewId) => Arc<Review>, by_id reviews::by_ids;
    /// The review with this id, if the viewer wrote it or everyone can see it.
    private VisibleReview(ReviewId) => Arc<Review>, by_id reviews::visible;
    /// The review of a booking, if the viewer wrote it or everyone can see it.
    private ReviewOf(BookingId) => Arc<Review>, of_parent reviews::of_bookings;
}

/// A page of a listing's published reviews, newest first. The first one stays in memory.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ReviewsOf(pub OfListing);

impl Public for ReviewsOf {
    type Row = Arc<PageOf<Arc<Review>>>;

    async fn load(app: &App, keys: Vec<Self>) -> Batch<Self, Self::Row> {
        let parts: Vec<_> = keys.into_iter().map(|Self(part)| part).collect();
        Ok(of_parent(reviews::of_listings(app, &parts).await?, Self))
    }

    fn object(&self) -> Option<ObjectId> {
        self.0.page.after.is_none().then(|| self.0.listing.into())
    }

    fn bytes(row: &Self::Row) -> usize {
        row.bytes()
    }
}
