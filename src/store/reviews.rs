//! What guests wrote: the read side.

use diesel::{mysql::Mysql, prelude::*};
use diesel_async::RunQueryDsl;

use super::{
    Conn,
    each::{Each, among},
    schema::reviews,
};
use crate::{
    error::Result,
    types::{BookingId, ListingId, Newest, Page, ReviewId, Timestamp, UserId},
};

/// A review. Only a revealed one may be seen by others than its author.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = reviews, check_for_backend(Mysql))]
pub struct Review {
    /// The review.
    pub id: ReviewId,
    /// The listing.
    pub listing_id: ListingId,
    /// Who wrote it.
    pub author_id: UserId,
    /// The stay; None: imported.
    pub booking_id: Option<BookingId>,
    /// Overall, 1 to 5.
    pub rating: Option<u8>,
    /// By category.
    #[diesel(embed)]
    pub categories: Categories,
    /// The words.
    pub text: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// When everyone can see it.
    pub publish_at: Timestamp,
    /// Whether everyone can.
    pub revealed: bool,
}

/// Ratings by category, each 1 to 5; all or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Queryable, Selectable)]
#[diesel(table_name = reviews, check_for_backend(Mysql))]
pub struct Categories {
    /// Cleanliness.
    pub cleanliness: Option<u8>,
    /// Accuracy of the description.
    pub accuracy: Option<u8>,
    /// Check-in.
    pub check_in: Option<u8>,
    /// Communication.
    pub communication: Option<u8>,
    /// Location.
    pub location: Option<u8>,
    /// Value for money.
    pub value: Option<u8>,
}

/// Which reviews of one listing to read.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OfListing {
    /// The listing.
    pub listing: ListingId,
    /// How much of them, newest first.
    pub page: Page<Newest<ReviewId>>,
}

/// The published reviews that each part asks for, and one more of each, in no order and in one statement. Each part reads its own range of
/// the key `reviews_listing` and no more, so a listing with thousands of reviews costs what one with few does.
pub async fn of_listings(conn: &mut Conn, parts: &[OfListing]) -> Result<Vec<Review>> {
    if parts.is_empty() {
        return Ok(Vec::new());
    }
    let part = |part: &OfListing| {
        let mut query = reviews::table
            .select(Review::as_select())
            .filter(reviews::listing_id.eq(part.listing))
            .filter(reviews::revealed.eq(true))
            .order((reviews::created_at.desc(), reviews::id.desc()))
            .limit(part.page.limit())
            .into_boxed::<Mysql>();
        if let Some(after) = part.page.after {
            query = query
                .filter(reviews::created_at.le(after.at))
                .filter(reviews::created_at.lt(after.at).or(reviews::id.lt(after.id)));
        }
        query
    };
    Ok(Each(parts.iter().map(part).collect()).load(conn).await?)
}

/// Those of `ids` that everyone can see, in no order.
pub async fn published(conn: &mut Conn, ids: &[ReviewId]) -> Result<Vec<Review>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found = reviews::table
        .select(Review::as_select())
        .filter(among(reviews::id, ids.iter().copied()))
        .filter(reviews::revealed.eq(true));
    Ok(found.load(conn).await?)
}

/// Those of `ids` that `viewer` wrote or everyone can see, in no order.
pub async fn visible(conn: &mut Conn, ids: &[ReviewId], viewer: UserId) -> Result<Vec<Review>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found = reviews::table
        .select(Review::as_select())
        .filter(among(reviews::id, ids.iter().copied()))
        .filter(reviews::revealed.eq(true).or(reviews::author_id.eq(viewer)));
    Ok(found.load(conn).await?)
}

/// The reviews of these bookings that `viewer` wrote or everyone can see, in no order.
pub async fn of_bookings(conn: &mut Conn, ids: &[BookingId], viewer: UserId) -> Result<Vec<Review>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found = reviews::table
        .select(Review::as_select())
        .filter(among(reviews::booking_id.assume_not_null(), ids.iter().copied()))
        .filter(reviews::revealed.eq(true).or(reviews::author_id.eq(viewer)));
    Ok(found.load(conn).await?)
}
