//! Prices and restrictions of single nights that differ from the listing's.

use chrono::NaiveDate;
use diesel::{mysql::Mysql, prelude::*};
use diesel_async::RunQueryDsl;

use super::{
    nights::Span,
    query_parts::{UnionAll, among},
    schema::night_rates,
};
use mysql_engine::Conn;
use types::{ListingId, Stay};

/// One night; None: the listing's value.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = night_rates, check_for_backend(Mysql), treat_none_as_default_value = false)]
pub struct NightRate {
    /// The listing.
    pub listing_id: ListingId,
    /// The night, by the day on which it begins.
    pub night: NaiveDate,
    /// Its price in minor units of the listing's currency.
    pub price: Option<i64>,
    /// Fewest nights of a stay that begins on this day.
    pub min_nights: Option<u16>,
    /// Most nights of a stay that begins on this day.
    pub max_nights: Option<u16>,
    /// No stay may begin on this day.
    pub closed_to_arrival: bool,
    /// No stay may end on this day.
    pub closed_to_departure: bool,
}

impl NightRate {
    /// A night with the listing's values.
    pub fn usual(listing_id: ListingId, night: NaiveDate) -> Self {
        Self {
            listing_id,
            night,
            price: None,
            min_nights: None,
            max_nights: None,
            closed_to_arrival: false,
            closed_to_departure: false,
        }
    }
}

/// The stored rates of `spans`, in no order and in one statement.
pub async fn of_spans(conn: &mut Conn, spans: &[Span]) -> QueryResult<Vec<NightRate>> {
    if spans.is_empty() {
        return Ok(Vec::new());
    }
    let part = |span: &Span| {
        night_rates::table
            .select(NightRate::as_select())
            .filter(among(night_rates::listing_id, span.listings.iter().copied()))
            .filter(night_rates::night.between(span.first, span.last))
    };
    UnionAll::of(spans.iter().map(part).collect(), spans.len() == 1).load(conn).await
}

/// The stored rates of one listing from `first` to `last`, both included, in no order.
pub async fn of_listing(
    conn: &mut Conn,
    listing: ListingId,
    first: NaiveDate,
    last: NaiveDate,
) -> QueryResult<Vec<NightRate>> {
    of_spans(conn, &[Span { first, last, listings: vec![listing] }]).await
}

/// Writes these nights, in ascending order, replacing what they had.
pub async fn set(tx: &mut Conn, rates: &[NightRate]) -> QueryResult<()> {
    if rates.is_empty() {
        return Ok(());
    }
    // Every column is given and nothing refers to the table, so replacing rows loses nothing.
    diesel::replace_into(night_rates::table).values(rates).execute(tx).await?;
    Ok(())
}

/// Resets the nights of `range` to the listing's values.
pub async fn clear(tx: &mut Conn, listing: ListingId, range: Stay) -> QueryResult<()> {
    let nights = night_rates::table
        .filter(night_rates::listing_id.eq(listing))
        .filter(night_rates::night.ge(range.check_in()))
        .filter(night_rates::night.lt(range.check_out()));
    diesel::delete(nights).execute(tx).await?;
    Ok(())
}

/// Whether some night of `listing` has a price of its own.
pub async fn has_prices(conn: &mut Conn, listing: ListingId) -> QueryResult<bool> {
    let priced = night_rates::table
        .filter(night_rates::listing_id.eq(listing))
        .filter(night_rates::price.is_not_null())
        .select(night_rates::night)
        .limit(1);
    Ok(priced.first::<NaiveDate>(conn).await.optional()?.is_some())
}
