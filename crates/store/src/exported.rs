//! What an export of a person's data reads: each kind in the order of its key, after the end of the previous page.

use diesel::{mysql::Mysql, prelude::*};
use diesel_async::RunQueryDsl;

use super::{
    bookings::Booking,
    impersonations::Impersonation,
    listings::Listing,
    payments::{Payment, Refund},
    photos::Photo,
    query_parts::among,
    quotes::Quote,
    reviews::Review,
    role_grants::RoleGrant,
    schema::{
        bookings, consents, devices, events, feed_entries, impersonations, listings, payments, photos, quotes, refunds,
        reviews, role_grants, sessions, users, wishlist_items, wishlists,
    },
    wishlists::{Wishlist, WishlistItem},
};
use crate::consents::Consent;
use mysql_engine::Conn;
use types::{EventSubject, FeedTopic, Json, ListingId, ObjectId, SessionId, Timestamp, UserId, WishlistId};

/// Which rows of a kind: of whom, after which id, and how many.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// Whose.
    pub person: UserId,
    /// Those after this id.
    pub after: Option<ObjectId>,
    /// At most so many.
    pub limit: i64,
}

/// `$query`, boxed: in the order of `$id`, after the end of the previous page.
macro_rules! by_id {
    ($query:expr, $id:expr, $part:expr) => {{
        let mut query = $query.order($id).limit($part.limit).into_boxed::<Mysql>();
        if let Some(after) = $part.after {
            query = query.filter($id.gt(after));
        }
        query
    }};
}

/// A whole account.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = users, check_for_backend(Mysql))]
#[expect(missing_docs, reason = "the columns, described in the migration")]
pub struct WholeAccount {
    pub id: UserId,
    pub display_name: String,
    pub about: Option<String>,
    pub location: Option<String>,
    pub avatar_url: Option<String>,
    pub languages: Json<Vec<String>>,
    pub member_since: chrono::NaiveDate,
    pub is_superhost: bool,
    pub email: Option<String>,
    pub unverified_email: Option<String>,
    pub locale: Option<String>,
    pub created_at: Timestamp,
    pub suspended_at: Option<Timestamp>,
}

/// A session that is stored, open or not.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = sessions, check_for_backend(Mysql))]
#[expect(missing_docs, reason = "the columns, described in the migration")]
pub struct StoredSession {
    pub id: SessionId,
    pub user_agent: Option<String>,
    pub network: Option<String>,
    pub created_at: Timestamp,
    pub last_used_at: Timestamp,
    pub expires_at: Timestamp,
    pub revoked_at: Option<Timestamp>,
}

/// A known device.
#[derive(Debug, Clone, Copy, Queryable, Selectable)]
#[diesel(table_name = devices, check_for_backend(Mysql))]
#[expect(missing_docs, reason = "the columns, described in the migration")]
pub struct StoredDevice {
    pub created_at: Timestamp,
    pub used_at: Timestamp,
    pub expires_at: Timestamp,
}

/// An event in a feed of a person.
#[derive(Debug, Clone, Queryable)]
#[expect(missing_docs, reason = "the columns, described in the migration")]
pub struct FeedEvent {
    pub position: u64,
    pub subject: EventSubject,
    pub subject_id: ObjectId,
    pub kind: String,
    pub happened_at: Timestamp,
}

/// The account.
pub async fn account(conn: &mut Conn, person: UserId) -> QueryResult<Option<WholeAccount>> {
    users::table.find(person).select(WholeAccount::as_select()).first(conn).await.optional()
}

/// Sessions.
pub async fn sessions(conn: &mut Conn, part: Part) -> QueryResult<Vec<StoredSession>> {
    let own = sessions::table.filter(sessions::user_id.eq(part.person)).select(StoredSession::as_select());
    by_id!(own, sessions::id, part).load(conn).await
}

/// All devices, of which an account has few.
pub async fn devices(conn: &mut Conn, person: UserId) -> QueryResult<Vec<StoredDevice>> {
    let own = devices::table.filter(devices::user_id.eq(person)).order(devices::created_at);
    own.select(StoredDevice::as_select()).load(conn).await
}

/// Decisions about documents.
pub async fn consents(conn: &mut Conn, part: Part) -> QueryResult<Vec<Consent>> {
    let own = consents::table.filter(consents::user_id.eq(part.person)).select(Consent::as_select());
    by_id!(own, consents::id, part).load(conn).await
}

/// The impersonations of a person.
pub async fn impersonations(conn: &mut Conn, part: Part) -> QueryResult<Vec<Impersonation>> {
    let own = impersonations::table.filter(impersonations::person_id.eq(part.person));
    by_id!(own.select(Impersonation::as_select()), impersonations::id, part).load(conn).await
}

/// Grants of roles.
pub async fn roles(conn: &mut Conn, part: Part) -> QueryResult<Vec<RoleGrant>> {
    let own = role_grants::table.filter(role_grants::user_id.eq(part.person)).select(RoleGrant::as_select());
    by_id!(own, role_grants::id, part).load(conn).await
}

/// Listings.
pub async fn listings(conn: &mut Conn, part: Part) -> QueryResult<Vec<Listing>> {
    let own = listings::table.filter(listings::host_id.eq(part.person)).select(Listing::as_select());
    by_id!(own, listings::id, part).load(conn).await
}

/// The photos of listings, in order.
pub async fn photos(conn: &mut Conn, ids: &[ListingId]) -> QueryResult<Vec<Photo>> {
    let all = photos::table.filter(among(photos::listing_id, ids.iter().copied()));
    all.order((photos::listing_id, photos::position)).select(Photo::as_select()).load(conn).await
}

/// Wishlists.
pub async fn wishlists(conn: &mut Conn, part: Part) -> QueryResult<Vec<Wishlist>> {
    let own = wishlists::table.filter(wishlists::user_id.eq(part.person)).select(Wishlist::as_select());
    by_id!(own, wishlists::id, part).load(conn).await
}

/// The items of wishlists, in order.
pub async fn wishlist_items(conn: &mut Conn, ids: &[WishlistId]) -> QueryResult<Vec<WishlistItem>> {
    let all = wishlist_items::table.filter(among(wishlist_items::wishlist_id, ids.iter().copied()));
    all.order((wishlist_items::wishlist_id, wishlist_items::id)).select(WishlistItem::as_select()).load(conn).await
}

/// Quotes.
pub async fn quotes(conn: &mut Conn, part: Part) -> QueryResult<Vec<Quote>> {
    let own = quotes::table.filter(quotes::guest_id.eq(part.person)).select(Quote::as_select());
    by_id!(own, quotes::id, part).load(conn).await
}

/// Bookings as a guest.
pub async fn trips(conn: &mut Conn, part: Part) -> QueryResult<Vec<Booking>> {
    let own = bookings::table.filter(bookings::guest_id.eq(part.person)).select(Booking::as_select());
    by_id!(own, bookings::id, part).load(conn).await
}

/// Bookings that a host sees.
pub async fn hosted(conn: &mut Conn, part: Part) -> QueryResult<Vec<Booking>> {
    let own = bookings::table
        .filter(bookings::host_id.eq(part.person))
        .filter(bookings::hidden_from_host.eq(false))
        .select(Booking::as_select());
    by_id!(own, bookings::id, part).load(conn).await
}

/// Payments of a guest.
pub async fn payments(conn: &mut Conn, part: Part) -> QueryResult<Vec<Payment>> {
    let own = payments::table
        .inner_join(bookings::table)
        .filter(bookings::guest_id.eq(part.person))
        .select(Payment::as_select());
    by_id!(own, payments::id, part).load(conn).await
}

/// Refunds of a guest.
pub async fn refunds(conn: &mut Conn, part: Part) -> QueryResult<Vec<Refund>> {
    let own = refunds::table
        .inner_join(bookings::table.on(bookings::id.eq(refunds::booking_id)))
        .filter(bookings::guest_id.eq(part.person))
        .select(Refund::as_select());
    by_id!(own, refunds::id, part).load(conn).await
}

/// Reviews that the person wrote.
pub async fn reviews(conn: &mut Conn, part: Part) -> QueryResult<Vec<Review>> {
    let own = reviews::table.filter(reviews::author_id.eq(part.person)).select(Review::as_select());
    by_id!(own, reviews::id, part).load(conn).await
}

/// At most `limit` events in a feed of a person, after a position.
pub async fn events(
    conn: &mut Conn,
    (person, topic): (UserId, FeedTopic),
    after: u64,
    limit: i64,
) -> QueryResult<Vec<FeedEvent>> {
    feed_entries::table
        .inner_join(
            events::table.on(events::subject_id
                .eq(feed_entries::subject_id)
                .and(events::sequence.eq(feed_entries::event_sequence))),
        )
        .filter(feed_entries::owner_id.eq(person))
        .filter(feed_entries::topic.eq(topic))
        .filter(feed_entries::position.gt(after))
        .order(feed_entries::position)
        .limit(limit)
        .select((feed_entries::position, events::subject, events::subject_id, events::kind, events::happened_at))
        .load(conn)
        .await
}
