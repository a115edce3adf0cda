//! What staff find: rows of anybody, by ids and by owner.

use std::{cmp::Reverse, collections::BTreeSet};

use diesel::{mysql::Mysql, prelude::*};
use diesel_async::RunQueryDsl;

use super::{
    bookings::{Booking, ByCheckIn},
    payments::Payment,
    query_parts::{UnionAll, among, newest_first},
    reviews::Review,
    schema::{bookings, listing_suspensions, listings, payment_cards, payments, reviews, users},
};
use mysql_engine::Conn;
use types::{
    BookingId, ConfirmationCode, LastFour, ListingId, ListingStatus, Newest, Page, PaymentId, ReviewId, Timestamp,
    UserId,
};

/// The most accounts that one email leads to: any number can wait for its verification.
const MOST_PEOPLE: i64 = 100;

/// A person, as staff see them.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = users, check_for_backend(Mysql))]
pub struct Person {
    /// The account.
    pub id: UserId,
    /// The verified email.
    pub email: Option<String>,
    /// The email that is not verified yet.
    pub unverified_email: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// Since when it is suspended.
    pub suspended_at: Option<Timestamp>,
}

/// A listing, as staff see it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct FoundListing {
    /// The listing.
    pub id: ListingId,
    /// Its host.
    pub host_id: UserId,
    /// Its state.
    pub status: ListingStatus,
    /// Headline.
    pub title: String,
    /// City.
    pub city: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// Since when it is suspended itself.
    pub suspended_at: Option<Timestamp>,
}

/// Listings as staff see them. A macro because the type of the query cannot be written down.
macro_rules! found_listings {
    () => {
        listings::table.left_join(listing_suspensions::table).select((
            listings::id,
            listings::host_id,
            listings::status,
            listings::title,
            listings::city,
            listings::created_at,
            listing_suspensions::suspended_at.nullable(),
        ))
    };
}

/// Which listings to find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listings {
    /// This one.
    One(ListingId),
    /// Those of these hosts.
    Of(Vec<UserId>),
}

/// Which bookings to find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bookings {
    /// This one.
    One(BookingId),
    /// Those of this listing.
    At(ListingId),
    /// Those of these people, as guests and as hosts.
    Of(Vec<UserId>),
}

/// Which payments to find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payments {
    /// This one.
    One(PaymentId),
    /// Those of this booking.
    For(BookingId),
    /// Those for bookings of these people, as guests and as hosts.
    Of(Vec<UserId>),
    /// Those with a card whose number ends so.
    With(LastFour),
}

/// Which reviews to find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reviews {
    /// This one.
    One(ReviewId),
    /// That of this stay.
    For(BookingId),
    /// Those of this listing.
    At(ListingId),
    /// Those that these people wrote.
    By(Vec<UserId>),
}

/// The accounts with this email, verified or not, at most 100.
pub async fn with_email(conn: &mut Conn, email: &str) -> QueryResult<Vec<UserId>> {
    let ids = || users::table.select(users::id).limit(MOST_PEOPLE).into_boxed::<Mysql>();
    let parts = vec![ids().filter(users::email.eq(email)), ids().filter(users::unverified_email.eq(email))];
    UnionAll::of(parts, true).load(conn).await
}

/// A page of these people and one more, newest first.
pub async fn people(conn: &mut Conn, ids: &[UserId], page: &Page<Newest<UserId>>) -> QueryResult<Vec<Person>> {
    let people = users::table.filter(among(users::id, ids.iter().copied())).select(Person::as_select());
    newest_first!(people, page, users::created_at, users::id).load(conn).await
}

/// A page of listings and one more, newest first.
pub async fn listings(
    conn: &mut Conn,
    which: &Listings,
    page: &Page<Newest<ListingId>>,
) -> QueryResult<Vec<FoundListing>> {
    let all = newest_first!(found_listings!(), page, listings::created_at, listings::id);
    match which {
        Listings::One(id) => all.filter(listings::id.eq(*id)).load(conn).await,
        Listings::Of(hosts) => all.filter(among(listings::host_id, hosts.iter().copied())).load(conn).await,
    }
}

/// The listings with these ids, in no order.
pub async fn listings_by_ids(conn: &mut Conn, ids: &[ListingId]) -> QueryResult<Vec<FoundListing>> {
    found_listings!().filter(among(listings::id, ids.iter().copied())).load(conn).await
}

/// The bookings with these ids, in no order.
pub async fn bookings_by_ids(conn: &mut Conn, ids: &[BookingId]) -> QueryResult<Vec<Booking>> {
    let found = bookings::table.filter(among(bookings::id, ids.iter().copied()));
    found.select(Booking::as_select()).load(conn).await
}

/// A page of bookings and one more, the latest check-in first.
pub async fn bookings(conn: &mut Conn, which: &Bookings, page: &Page<ByCheckIn>) -> QueryResult<Vec<Booking>> {
    let part = || {
        let mut query = bookings::table.select(Booking::as_select()).into_boxed::<Mysql>();
        if let Some(ByCheckIn { day, id }) = page.after {
            query = query
                .filter(bookings::check_in.lt(day).or(bookings::check_in.eq(day).and(bookings::id.lt(id))))
                // A redundant condition that lets the index start there.
                .filter(bookings::check_in.le(day));
        }
        query.order((bookings::check_in.desc(), bookings::id.desc())).limit(page.limit())
    };
    let parts = match which {
        Bookings::One(id) => vec![part().filter(bookings::id.eq(*id))],
        Bookings::At(listing) => vec![part().filter(bookings::listing_id.eq(*listing))],
        // Each side reads its own index.
        Bookings::Of(people) => vec![
            part().filter(among(bookings::guest_id, people.iter().copied())),
            part().filter(among(bookings::host_id, people.iter().copied())),
        ],
    };
    let mut rows: Vec<Booking> = UnionAll::of(parts, false).load(conn).await?;
    rows.sort_by_key(|row| Reverse((row.check_in, row.id)));
    let mut seen = BTreeSet::new();
    rows.retain(|row| seen.insert(row.id));
    Ok(rows)
}

/// A page of payments with a card and one more, newest first. Ids are in the order of time, and the index of cards is in that of ids, so
/// that it reads no more than the page, however many cards end so.
async fn with_card(conn: &mut Conn, last_four: LastFour, page: &Page<Newest<PaymentId>>) -> QueryResult<Vec<Payment>> {
    let mut query = payment_cards::table
        .inner_join(payments::table)
        .filter(payment_cards::last_four.eq(last_four))
        .order(payment_cards::payment_id.desc())
        .limit(page.limit())
        .select(Payment::as_select())
        .into_boxed::<Mysql>();
    if let Some(after) = page.after {
        query = query.filter(payment_cards::payment_id.lt(after.id));
    }
    query.load(conn).await
}

/// A page of payments and one more, newest first.
pub async fn payments(conn: &mut Conn, which: &Payments, page: &Page<Newest<PaymentId>>) -> QueryResult<Vec<Payment>> {
    if let Payments::With(last_four) = which {
        return with_card(conn, *last_four, page).await;
    }
    let part = || {
        let all = payments::table.inner_join(bookings::table).select(Payment::as_select());
        newest_first!(all, page, payments::created_at, payments::id)
    };
    let parts = match which {
        Payments::With(_) => Vec::new(),
        Payments::One(id) => vec![part().filter(payments::id.eq(*id))],
        Payments::For(booking) => vec![part().filter(payments::booking_id.eq(*booking))],
        // Each side reads its own index.
        Payments::Of(people) => vec![
            part().filter(among(bookings::guest_id, people.iter().copied())),
            part().filter(among(bookings::host_id, people.iter().copied())),
        ],
    };
    let mut rows: Vec<Payment> = UnionAll::of(parts, false).load(conn).await?;
    rows.sort_by_key(|row| Reverse((row.created_at, row.id)));
    let mut seen = BTreeSet::new();
    rows.retain(|row| seen.insert(row.id));
    Ok(rows)
}

/// A page of reviews and one more, newest first: revealed, not revealed yet, and hidden.
pub async fn reviews(conn: &mut Conn, which: &Reviews, page: &Page<Newest<ReviewId>>) -> QueryResult<Vec<Review>> {
    let part = || {
        let all = reviews::table.select(Review::as_select());
        newest_first!(all, page, reviews::created_at, reviews::id)
    };
    let parts = match which {
        Reviews::One(id) => vec![part().filter(reviews::id.eq(*id))],
        Reviews::For(booking) => vec![part().filter(reviews::booking_id.eq(*booking))],
        // Each reads its own range of an index.
        Reviews::At(listing) => {
            let of = |revealed| part().filter(reviews::listing_id.eq(*listing)).filter(reviews::revealed.eq(revealed));
            vec![of(true), of(false)]
        }
        Reviews::By(people) => vec![part().filter(among(reviews::author_id, people.iter().copied()))],
    };
    let mut rows: Vec<Review> = UnionAll::of(parts, false).load(conn).await?;
    rows.sort_by_key(|row| Reverse((row.created_at, row.id)));
    Ok(rows)
}

/// The payments with these ids, in no order.
pub async fn payments_by_ids(conn: &mut Conn, ids: &[PaymentId]) -> QueryResult<Vec<Payment>> {
    let found = payments::table.filter(among(payments::id, ids.iter().copied()));
    found.select(Payment::as_select()).load(conn).await
}

/// The booking with this confirmation code.
pub async fn booking_with_code(conn: &mut Conn, code: ConfirmationCode) -> QueryResult<Option<BookingId>> {
    let found = bookings::table.filter(bookings::confirmation_number.eq(code)).select(bookings::id);
    found.first(conn).await.optional()
}

/// The guest and the host of a booking.
pub async fn people_of_booking(conn: &mut Conn, id: BookingId) -> QueryResult<Option<(UserId, UserId)>> {
    bookings::table.find(id).select((bookings::guest_id, bookings::host_id)).first(conn).await.optional()
}

/// The host of a listing.
pub async fn host_of_listing(conn: &mut Conn, id: ListingId) -> QueryResult<Option<UserId>> {
    listings::table.find(id).select(listings::host_id).first(conn).await.optional()
}

/// The booking of a payment.
pub async fn booking_of_payment(conn: &mut Conn, id: PaymentId) -> QueryResult<Option<BookingId>> {
    payments::table.find(id).select(payments::booking_id).first(conn).await.optional()
}
