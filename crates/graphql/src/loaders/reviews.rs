//! Keys of reviews.

use std::sync::Arc;

use super::keys::keys;
use domain::reviews::{self, OfListing, Review};
use types::{BookingId, PageOf, ReviewId};

keys! {
    /// A page of a listing's published reviews, newest first.
    public ReviewsOf(OfListing) => Arc<PageOf<Arc<Review>>>, of_parent reviews::of_listings;
    /// The review with this id, if everyone can see it.
    public PublishedReview(ReviewId) => Arc<Review>, by_id reviews::by_ids;
    /// The review with this id, if the viewer wrote it or everyone can see it.
    private VisibleReview(ReviewId) => Arc<Review>, by_id reviews::visible;
    /// The review of a booking, if the viewer wrote it or everyone can see it.
    private ReviewOf(BookingId) => Arc<Review>, of_parent reviews::of_bookings;
}
