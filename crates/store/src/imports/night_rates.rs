//! Rates of single nights, as imports compare and write them.

use std::{collections::HashMap, fmt::Write};

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

use super::{ROWS, known_nights::KnownNight};
use crate::schema::night_rates;
use mysql_engine::Conn;
use types::ListingId;

/// Price and limits of stays of one night; `None`: those of the listing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Rate {
    pub(super) price: Option<i64>,
    pub(super) min_nights: Option<u16>,
    pub(super) max_nights: Option<u16>,
}

/// The listing's own rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Base {
    pub(super) price: i64,
    pub(super) min_nights: u16,
    pub(super) max_nights: u16,
}

/// The stored rate of a night, and whether it is closed to arrival or departure.
pub(super) type StoredRate = (Rate, bool);

impl Rate {
    pub(super) const NONE: Self = Self { price: None, min_nights: None, max_nights: None };

    /// Without the values that equal the listing's.
    pub(super) fn differing_from(self, base: Base) -> Self {
        Self {
            price: self.price.filter(|price| *price != base.price),
            min_nights: self.min_nights.filter(|nights| *nights != base.min_nights),
            max_nights: self.max_nights.filter(|nights| *nights != base.max_nights),
        }
    }

    /// This, with the values that the host has changed: those in `stored` that no import has written. Also returns whether there are any.
    pub(super) fn with_host_changes(
        self,
        stored: Self,
        known: Option<&KnownNight>,
        is_tracked: bool,
        base: Base,
    ) -> (Self, bool) {
        let Some(written) = known.map(|known| known.written).or(is_tracked.then_some(Self::NONE)) else {
            return (self, false);
        };
        let mut new = self;
        if stored.price != written.price {
            new.price = stored.price;
        }
        if stored.min_nights != written.min_nights {
            new.min_nights = stored.min_nights;
        }
        if stored.max_nights != written.max_nights {
            new.max_nights = stored.max_nights;
        }
        if !new.is_possible(base) {
            (new.min_nights, new.max_nights) = (stored.min_nights, stored.max_nights);
        }
        (new, stored != written)
    }

    /// Whether the fewest nights are at most the most nights.
    pub(super) fn is_possible(self, base: Base) -> bool {
        self.min_nights.unwrap_or(base.min_nights) <= self.max_nights.unwrap_or(base.max_nights)
    }
}

/// The rates of `listing` from `first` to `last`.
pub(super) async fn stored(
    tx: &mut Conn,
    listing: ListingId,
    (first, last): (NaiveDate, NaiveDate),
) -> QueryResult<HashMap<NaiveDate, StoredRate>> {
    type Row = (NaiveDate, (Option<i64>, Option<u16>, Option<u16>), bool, bool);
    let rows: Vec<Row> = night_rates::table
        .filter(night_rates::listing_id.eq(listing))
        .filter(night_rates::night.between(first, last))
        .select((
            night_rates::night,
            (night_rates::price, night_rates::min_nights, night_rates::max_nights),
            night_rates::closed_to_arrival,
            night_rates::closed_to_departure,
        ))
        .load(tx)
        .await?;
    let rates = rows.into_iter().map(|(night, (price, min_nights, max_nights), arrival, departure)| {
        (night, (Rate { price, min_nights, max_nights }, arrival || departure))
    });
    Ok(rates.collect())
}

/// Writes rates, replacing stored ones.
pub(super) async fn write(tx: &mut Conn, rates: &[(ListingId, NaiveDate, Rate)]) -> QueryResult<()> {
    for rows in rates.chunks(ROWS) {
        let rows = rows.iter().map(|(id, night, rate)| {
            let (min, max) = (number(rate.min_nights), number(rate.max_nights));
            format!("(X'{}','{night}',{},{min},{max})", hex(*id), number(rate.price))
        });
        let sql = statement(
            "night_rates (listing_id, night, price, min_nights, max_nights)",
            rows,
            "price = VALUES(price), min_nights = VALUES(min_nights), max_nights = VALUES(max_nights)",
        );
        tx.batch_execute(&sql).await?;
    }
    Ok(())
}

/// There are millions of rows, so the statements are texts: they contain ids in hexadecimal, dates and numbers, and no text of users.
pub(super) fn statement(into: &str, rows: impl Iterator<Item = String>, on_duplicate: &str) -> String {
    let mut sql = format!("INSERT INTO {into} VALUES ");
    for (index, row) in rows.enumerate() {
        if index > 0 {
            sql.push(',');
        }
        sql.push_str(&row);
    }
    sql.push_str(" ON DUPLICATE KEY UPDATE ");
    sql.push_str(on_duplicate);
    sql
}

fn number(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "NULL".to_owned(), |value| value.to_string())
}

/// The bytes of an id in hexadecimal.
pub(super) fn hex(id: ListingId) -> String {
    let mut text = String::with_capacity(32);
    for byte in id.as_bytes() {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
