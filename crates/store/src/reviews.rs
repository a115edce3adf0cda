//! Reviews by guests.

use diesel::{mysql::Mysql, prelude::*};
use diesel_async::RunQueryDsl;

use super::{
    query_parts::{UnionAll, among, newest_first},
    schema::{listings, reviews},
};
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{BookingId, ListingId, Newest, Page, ReviewId, Timestamp, UserId};

/// A review. Until it is revealed, only its author can see it.
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
    /// The text.
    pub text: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// When everyone can see it.
    pub publish_at: Timestamp,
    /// Whether everyone can see it.
    pub revealed: bool,
    /// Since when staff hide it.
    pub hidden_at: Option<Timestamp>,
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
pub async fn of_listings(conn: &mut Conn, parts: &[OfListing]) -> QueryResult<Vec<Review>> {
    if parts.is_empty() {
        return Ok(Vec::new());
    }
    let part = |part: &OfListing| {
        let reviews = reviews::table
            .select(Review::as_select())
            .filter(reviews::listing_id.eq(part.listing))
            .filter(reviews::revealed.eq(true));
        newest_first!(reviews, part.page, reviews::created_at, reviews::id)
    };
    let are_alike = parts.iter().all(|part| part.page.after.is_none());
    UnionAll::of(parts.iter().map(part).collect(), are_alike).load(conn).await
}

/// Those of `ids` that everyone can see, in no order.
pub async fn published(conn: &mut Conn, ids: &[ReviewId]) -> QueryResult<Vec<Review>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found = reviews::table
        .select(Review::as_select())
        .filter(among(reviews::id, ids.iter().copied()))
        .filter(reviews::revealed.eq(true));
    found.load(conn).await
}

/// Those of `ids` that `viewer` wrote or everyone can see, in no order.
pub async fn visible(conn: &mut Conn, viewer: UserId, ids: &[ReviewId]) -> QueryResult<Vec<Review>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found = reviews::table
        .select(Review::as_select())
        .filter(among(reviews::id, ids.iter().copied()))
        .filter(reviews::revealed.eq(true).or(reviews::author_id.eq(viewer)));
    found.load(conn).await
}

/// The reviews of these bookings that `viewer` wrote or everyone can see, in no order.
pub async fn of_bookings(conn: &mut Conn, viewer: UserId, ids: &[BookingId]) -> QueryResult<Vec<Review>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let found = reviews::table
        .select(Review::as_select())
        .filter(among(reviews::booking_id.assume_not_null(), ids.iter().copied()))
        .filter(reviews::revealed.eq(true).or(reviews::author_id.eq(viewer)));
    found.load(conn).await
}

/// The review, whoever can see it: for staff.
pub async fn find(conn: &mut Conn, id: ReviewId) -> QueryResult<Option<Review>> {
    reviews::table.find(id).select(Review::as_select()).first(conn).await.optional()
}

/// Writes a review of a stay.
pub async fn insert(tx: &mut Conn, review: &Review) -> QueryResult<()> {
    diesel::insert_into(reviews::table)
        .values((
            (
                reviews::id.eq(review.id),
                reviews::listing_id.eq(review.listing_id),
                reviews::author_id.eq(review.author_id),
                reviews::booking_id.eq(review.booking_id),
                reviews::text.eq(&review.text),
                reviews::created_at.eq(review.created_at),
                reviews::publish_at.eq(review.publish_at),
                reviews::revealed.eq(review.revealed),
            ),
            reviews::rating.eq(review.rating),
            reviews::cleanliness.eq(review.categories.cleanliness),
            reviews::accuracy.eq(review.categories.accuracy),
            reviews::check_in.eq(review.categories.check_in),
            reviews::communication.eq(review.categories.communication),
            reviews::location.eq(review.categories.location),
            reviews::value.eq(review.categories.value),
        ))
        .prepared()
        .execute(tx)
        .await?;
    Ok(())
}

/// Reviews that are not revealed and whose window closed at `now` or before, except those that staff hide.
pub async fn due(conn: &mut Conn, now: Timestamp, limit: i64) -> QueryResult<Vec<ReviewId>> {
    let due = reviews::table
        .filter(reviews::revealed.eq(false))
        .filter(reviews::publish_at.le(now))
        .filter(reviews::hidden_at.is_null());
    due.order(reviews::publish_at).select(reviews::id).limit(limit).load(conn).await
}

/// The review, if it is not revealed and staff do not hide it, locked until the transaction ends.
pub async fn lock_unrevealed(tx: &mut Conn, id: ReviewId) -> QueryResult<Option<Review>> {
    let found = lock(tx, id).await?;
    Ok(found.filter(|review| !review.revealed && review.hidden_at.is_none()))
}

/// The review, locked until the transaction ends.
pub async fn lock(tx: &mut Conn, id: ReviewId) -> QueryResult<Option<Review>> {
    reviews::table.find(id).select(Review::as_select()).for_update().first(tx).await.optional()
}

/// Hides a review, which is locked, and removes it from the ratings of its listing if it is in them.
pub async fn hide(tx: &mut Conn, review: &Review, now: Timestamp) -> QueryResult<()> {
    diesel::update(reviews::table.find(review.id))
        .set((reviews::revealed.eq(false), reviews::hidden_at.eq(now)))
        .prepared()
        .execute(tx)
        .await?;
    if review.revealed { uncount(tx, review).await } else { Ok(()) }
}

/// Shows a hidden review again, which is locked. It is not revealed by this.
pub async fn unhide(tx: &mut Conn, id: ReviewId) -> QueryResult<usize> {
    diesel::update(reviews::table.find(id)).set(reviews::hidden_at.eq(None::<Timestamp>)).prepared().execute(tx).await
}

/// Reveals the review and adds it to the ratings of its listing, in one transaction.
pub async fn reveal(tx: &mut Conn, review: &Review) -> QueryResult<()> {
    diesel::update(reviews::table.find(review.id)).set(reviews::revealed.eq(true)).prepared().execute(tx).await?;
    let of = &review.categories;
    diesel::update(listings::table.find(review.listing_id))
        .set((
            listings::review_count.eq(listings::review_count + 1),
            listings::rating_count.eq(listings::rating_count + u32::from(review.rating.is_some())),
            listings::rating_total.eq(listings::rating_total + hundredths(review.rating)),
            listings::category_count.eq(listings::category_count + u32::from(of.cleanliness.is_some())),
            listings::cleanliness_total.eq(listings::cleanliness_total + hundredths(of.cleanliness)),
            listings::accuracy_total.eq(listings::accuracy_total + hundredths(of.accuracy)),
            listings::check_in_total.eq(listings::check_in_total + hundredths(of.check_in)),
            listings::communication_total.eq(listings::communication_total + hundredths(of.communication)),
            listings::location_total.eq(listings::location_total + hundredths(of.location)),
            listings::value_total.eq(listings::value_total + hundredths(of.value)),
        ))
        .prepared()
        .execute(tx)
        .await?;
    Ok(())
}

/// Removes a review from the ratings of its listing.
async fn uncount(tx: &mut Conn, review: &Review) -> QueryResult<()> {
    let of = &review.categories;
    diesel::update(listings::table.find(review.listing_id))
        .set((
            listings::review_count.eq(listings::review_count - 1),
            listings::rating_count.eq(listings::rating_count - u32::from(review.rating.is_some())),
            listings::rating_total.eq(listings::rating_total - hundredths(review.rating)),
            listings::category_count.eq(listings::category_count - u32::from(of.cleanliness.is_some())),
            listings::cleanliness_total.eq(listings::cleanliness_total - hundredths(of.cleanliness)),
            listings::accuracy_total.eq(listings::accuracy_total - hundredths(of.accuracy)),
            listings::check_in_total.eq(listings::check_in_total - hundredths(of.check_in)),
            listings::communication_total.eq(listings::communication_total - hundredths(of.communication)),
            listings::location_total.eq(listings::location_total - hundredths(of.location)),
            listings::value_total.eq(listings::value_total - hundredths(of.value)),
        ))
        .prepared()
        .execute(tx)
        .await?;
    Ok(())
}

fn hundredths(rating: Option<u8>) -> u64 {
    u64::from(rating.unwrap_or(0)) * 100
}
