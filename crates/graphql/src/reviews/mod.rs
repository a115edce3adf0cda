//! Reviews.

mod mutations;

use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject};
use graphql_direct::{InMemory, WriteDirect, direct};
pub use mutations::ReviewMutation;

use super::{
    context::ContextExt,
    error::Result,
    listings::{self, Listing},
    loaders::{PublishedReview, ReviewOf, VisibleReview},
    pages::connection,
    users::{self, User},
};
use domain::reviews::{self, Categories};
use types::{BookingId, ReviewId, Timestamp};

/// A review that is visible to the viewer.
#[derive(Debug, Clone)]
pub struct Review(pub Arc<reviews::Review>);

impl From<Arc<reviews::Review>> for Review {
    fn from(row: Arc<reviews::Review>) -> Self {
        Self(row)
    }
}

/// A guest's review of a stay.
#[direct]
#[Object]
impl Review {
    /// Opaque id, `rev_…`.
    pub async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// The listing.
    async fn listing(&self, ctx: &Context<'_>) -> Option<Result<Listing>> {
        listings::find_known(ctx, self.0.listing_id).await.transpose()
    }

    /// The author.
    #[direct(in_memory = kept_author, of = Option<User>)]
    async fn author(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        users::find_user(ctx, self.0.author_id).await.transpose()
    }

    /// Overall, 1 to 5; null when the source has no ratings per review.
    async fn rating(&self) -> Option<u8> {
        self.0.rating
    }

    /// Ratings by category; null when the source has none.
    async fn ratings(&self) -> Option<CategoryRatings> {
        CategoryRatings::of(self.0.categories)
    }

    /// The text, plain text with newlines.
    async fn text(&self) -> &str {
        &self.0.text
    }

    /// When it was written.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }

    /// When it becomes public; in the future while only the author can see it.
    async fn published_at(&self) -> Timestamp {
        self.0.publish_at
    }

    /// Since when the platform hides it from everybody but its author; null when it does not.
    async fn hidden_at(&self) -> Option<Timestamp> {
        self.0.hidden_at
    }
}

/// Ratings by category, each 1 to 5.
#[derive(Debug, Clone, Copy, SimpleObject, WriteDirect)]
pub struct CategoryRatings {
    /// Cleanliness.
    cleanliness: u8,
    /// Accuracy of the description.
    accuracy: u8,
    /// Check-in.
    check_in: u8,
    /// Communication.
    communication: u8,
    /// Location.
    location: u8,
    /// Value for money.
    value: u8,
}

impl CategoryRatings {
    fn of(ratings: Categories) -> Option<Self> {
        Some(Self {
            cleanliness: ratings.cleanliness?,
            accuracy: ratings.accuracy?,
            check_in: ratings.check_in?,
            communication: ratings.communication?,
            location: ratings.location?,
            value: ratings.value?,
        })
    }
}

connection! {
    /// A page of reviews.
    #[derive(WriteDirect)]
    ReviewConnection,
    /// One review of a page.
    #[derive(WriteDirect)]
    ReviewEdge,
    /// The review.
    Review
}

fn kept_author(review: &Review, ctx: &Context<'_>) -> InMemory<Option<User>> {
    users::kept_user(ctx, review.0.author_id)
}

/// The review with this id, if everyone can see it or the viewer wrote it.
///
/// # Errors
/// When the batch failed.
pub async fn find_review(ctx: &Context<'_>, id: ReviewId) -> Result<Option<Review>> {
    if let Some(published) = ctx.load(PublishedReview(id)).await? {
        return Ok(Some(Review(published)));
    }
    Ok(ctx.load_own(VisibleReview(id)).await?.map(Review))
}

/// The review of a booking, if everyone can see it or the viewer wrote it.
///
/// # Errors
/// When the batch failed.
pub async fn find_of_booking(ctx: &Context<'_>, booking: BookingId) -> Result<Option<Review>> {
    Ok(ctx.load_own(ReviewOf(booking)).await?.map(Review))
}
