//! Quotes: stays at a guaranteed price.

use chrono::NaiveDate;
use diesel::{
    dsl::{not, sql},
    prelude::*,
    sql_types::{BigInt, Binary, Bool, Date, Datetime, Text, TinyInt, Unsigned},
};
use diesel_async::RunQueryDsl;

use super::{
    co_hosts::helped_by,
    listings::Listing,
    query_parts::{Shared, among},
    schema::{bookings, listings, quotes},
};
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{
    CancellationPolicy, Currency, Guests, Json, ListingId, Permission, PriceLine, QuoteId, RuleSetVersion, Stay,
    Timestamp, UserId,
};

/// A stay at a locked price.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = quotes, check_for_backend(diesel::mysql::Mysql))]
#[expect(missing_docs, reason = "the columns, described in the migration")]
pub struct Quote {
    pub id: QuoteId,
    pub listing_id: ListingId,
    pub guest_id: UserId,
    pub check_in: NaiveDate,
    pub check_out: NaiveDate,
    pub adults: u8,
    pub children: u8,
    pub infants: u8,
    pub pets: u8,
    pub currency: Currency,
    pub price_lines: Json<Vec<PriceLine>>,
    pub total: i64,
    pub host_payout: i64,
    pub rules: RuleSetVersion,
    pub cancellation_policy: CancellationPolicy,
    pub instant_book: bool,
    pub content_hash: Vec<u8>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
}

impl Quote {
    /// The nights.
    pub fn stay(&self) -> Stay {
        Stay::stored(self.check_in, self.check_out)
    }

    /// The guests.
    pub fn guests(&self) -> Guests {
        Guests { adults: self.adults, children: self.children, infants: self.infants, pets: self.pets }
    }
}

/// Bytes among the columns of a SELECT: without the cast the database may take them for text, and replace those that are none.
macro_rules! binary {
    ($bytes:expr) => {
        sql::<Binary>("CAST(").bind::<Binary, _>($bytes).sql(" AS BINARY)")
    };
}

/// Writes a quote; false: its guest hosts the listing or helps with it, or there is no such listing.
pub async fn insert(conn: &mut Conn, quote: &Quote) -> QueryResult<bool> {
    let row = listings::table
        .find(quote.listing_id)
        .filter(listings::host_id.ne(quote.guest_id))
        .filter(not(helped_by!(listings::id, quote.guest_id, Permission::SeeListing)))
        .select((
            binary!(quote.id),
            listings::id,
            binary!(quote.guest_id),
            quote.check_in.into_sql::<Date>(),
            quote.check_out.into_sql::<Date>(),
            quote.adults.into_sql::<Unsigned<TinyInt>>(),
            quote.children.into_sql::<Unsigned<TinyInt>>(),
            quote.infants.into_sql::<Unsigned<TinyInt>>(),
            quote.pets.into_sql::<Unsigned<TinyInt>>(),
            quote.currency.into_sql::<Text>(),
            (&quote.price_lines).into_sql::<Text>(),
            quote.total.into_sql::<BigInt>(),
            quote.host_payout.into_sql::<BigInt>(),
            quote.rules.into_sql::<Text>(),
            quote.cancellation_policy.into_sql::<Text>(),
            quote.instant_book.into_sql::<Bool>(),
            binary!(quote.content_hash.as_slice()),
            quote.created_at.into_sql::<Datetime>(),
            quote.expires_at.into_sql::<Datetime>(),
        ));
    let insert = diesel::insert_into(quotes::table).values(row).into_columns(quotes::all_columns);
    Ok(insert.prepared().execute(conn).await? > 0)
}

/// The quote with this id, if it is the guest's, and its listing in whatever state. Both are locked in share mode until the transaction ends:
/// others can read and share them, but not change them.
pub async fn share_with_listing(tx: &mut Conn, guest: UserId, id: QuoteId) -> QueryResult<Option<(Quote, Listing)>> {
    let query = quotes::table
        .inner_join(listings::table)
        .filter(quotes::id.eq(id))
        .filter(quotes::guest_id.eq(guest))
        .select((Quote::as_select(), Listing::as_select()));
    Shared { query, locks: true }.get_result(tx).await.optional()
}

/// Those of `ids` that are the guest's.
pub async fn visible(conn: &mut Conn, guest: UserId, ids: &[QuoteId]) -> QueryResult<Vec<Quote>> {
    quotes::table
        .filter(among(quotes::id, ids.iter().copied()))
        .filter(quotes::guest_id.eq(guest))
        .select(Quote::as_select())
        .load(conn)
        .await
}

/// A quote's position in the order of expiry.
pub type ByExpiry = (Timestamp, QuoteId);

/// The next `limit` quotes after `after` that expired before `before`, in order of expiry, and whether each was booked.
pub async fn expired(
    conn: &mut Conn,
    after: Option<ByExpiry>,
    before: Timestamp,
    limit: i64,
) -> QueryResult<Vec<(ByExpiry, bool)>> {
    let mut query = quotes::table
        .left_join(bookings::table)
        .filter(quotes::expires_at.lt(before))
        .order((quotes::expires_at, quotes::id))
        .limit(limit)
        .select(((quotes::expires_at, quotes::id), bookings::id.nullable().is_not_null()))
        .into_boxed();
    if let Some((at, id)) = after {
        let is_behind = quotes::expires_at.gt(at).or(quotes::expires_at.eq(at).and(quotes::id.gt(id)));
        query = query.filter(is_behind);
    }
    query.load(conn).await
}

/// Deletes quotes. Fails for one that was booked.
pub async fn delete(conn: &mut Conn, ids: &[QuoteId]) -> QueryResult<usize> {
    diesel::delete(quotes::table.filter(among(quotes::id, ids.iter().copied()))).execute(conn).await
}

/// Deletes the quotes of a guest that were not booked.
pub async fn delete_unbooked(tx: &mut Conn, guest: UserId) -> QueryResult<usize> {
    diesel::sql_query(
        "DELETE q FROM quotes q LEFT JOIN bookings b ON b.quote_id = q.id WHERE q.guest_id = ? AND b.id IS NULL",
    )
    .bind::<diesel::sql_types::Binary, _>(guest)
    .prepared()
    .execute(tx)
    .await
}
