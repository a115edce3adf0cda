//! Reviews, and who can read them.

pub mod moderation;
mod write;

use std::{collections::HashMap, sync::Arc};

pub use write::{NewReview, reveal_due, text, write};

use super::listings::by_owner;
use crate::app::App;
use auth::Member;
pub use store::reviews::{Categories, OfListing, Review};
use types::{BookingId, Newest, PageOf, ReviewId, error::Result};

fn shared(reviews: Vec<Review>) -> Vec<Arc<Review>> {
    reviews.into_iter().map(Arc::new).collect()
}

/// Those of `ids` that everyone can see, in no order.
///
/// # Errors
/// When the database fails.
pub async fn by_ids(app: &App, ids: &[ReviewId]) -> Result<Vec<Arc<Review>>> {
    Ok(shared(store::reviews::published(&mut app.conn().await?, ids).await?))
}

/// Those of `ids` that `viewer` wrote or everyone can see, in no order.
///
/// # Errors
/// When the database fails.
pub async fn visible(app: &App, viewer: &Member, ids: &[ReviewId]) -> Result<Vec<Arc<Review>>> {
    Ok(shared(store::reviews::visible(&mut app.conn().await?, viewer.id(), ids).await?))
}

/// The reviews of these bookings that `viewer` wrote or everyone can see.
///
/// # Errors
/// When the database fails.
pub async fn of_bookings(app: &App, viewer: &Member, ids: &[BookingId]) -> Result<HashMap<BookingId, Arc<Review>>> {
    let reviews = store::reviews::of_bookings(&mut app.conn().await?, viewer.id(), ids).await?;
    Ok(reviews.into_iter().filter_map(|review| Some((review.booking_id?, Arc::new(review)))).collect())
}

/// A page of each part's published reviews, newest first.
///
/// # Errors
/// When the database fails.
pub async fn of_listings(app: &App, parts: &[OfListing]) -> Result<HashMap<OfListing, PageOf<Arc<Review>>>> {
    let rows = shared(store::reviews::of_listings(&mut app.conn().await?, parts).await?);
    let rows = by_owner(rows.into_iter().map(|row| (row.listing_id, row)));
    let cut = |part: &OfListing| {
        let rows = rows.get(&part.listing).map_or(&[][..], Vec::as_slice);
        let page = part.page.cut_out(rows, |row| place(row));
        (part.clone(), page)
    };
    Ok(parts.iter().map(cut).collect())
}

/// The position of `review` in a list, newest first.
pub fn place(review: &Review) -> Newest<ReviewId> {
    Newest { at: review.created_at, id: review.id }
}
