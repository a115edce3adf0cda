//! Ratings of the dataset, and those of guests of Staygate.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use crate::schema::{listings, reviews};
use mysql_engine::Conn;
use types::ListingId;

/// Sums of ratings, in hundredths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = listings)]
#[expect(missing_docs, reason = "each is the column of its name")]
pub struct Ratings {
    pub rating_count: u32,
    pub rating_total: u64,
    pub category_count: u32,
    pub cleanliness_total: u64,
    pub accuracy_total: u64,
    pub check_in_total: u64,
    pub communication_total: u64,
    pub location_total: u64,
    pub value_total: u64,
}

impl Ratings {
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            rating_count: self.rating_count + other.rating_count,
            rating_total: self.rating_total + other.rating_total,
            category_count: self.category_count + other.category_count,
            cleanliness_total: self.cleanliness_total + other.cleanliness_total,
            accuracy_total: self.accuracy_total + other.accuracy_total,
            check_in_total: self.check_in_total + other.check_in_total,
            communication_total: self.communication_total + other.communication_total,
            location_total: self.location_total + other.location_total,
            value_total: self.value_total + other.value_total,
        }
    }
}

/// A row of `reviews` with its ratings: overall, cleanliness, accuracy, check-in, communication, location, value.
type Rated = (ListingId, [Option<u8>; 7]);

/// The public ratings of `listings` by guests of Staygate.
pub(super) async fn own(
    tx: &mut Conn,
    listings: impl Iterator<Item = &ListingId> + Send,
) -> QueryResult<HashMap<ListingId, Ratings>> {
    type Row = (ListingId, Option<u8>, Option<u8>, Option<u8>, Option<u8>, Option<u8>, Option<u8>, Option<u8>);
    let rows: Vec<Row> = reviews::table
        .filter(reviews::listing_id.eq_any(listings.copied().collect::<Vec<_>>()))
        .filter(reviews::revealed.eq(true))
        .filter(reviews::booking_id.is_not_null())
        .select((
            reviews::listing_id,
            reviews::rating,
            reviews::cleanliness,
            reviews::accuracy,
            reviews::check_in,
            reviews::communication,
            reviews::location,
            reviews::value,
        ))
        .load(tx)
        .await?;
    let mut sums: HashMap<ListingId, Ratings> = HashMap::new();
    for (id, rating, cleanliness, accuracy, check_in, communication, location, value) in rows {
        let rated: Rated = (id, [rating, cleanliness, accuracy, check_in, communication, location, value]);
        let sum = sums.entry(rated.0).or_default();
        *sum = sum.plus(hundredths(rated.1));
    }
    Ok(sums)
}

fn hundredths(ratings: [Option<u8>; 7]) -> Ratings {
    let [
        rating_total,
        cleanliness_total,
        accuracy_total,
        check_in_total,
        communication_total,
        location_total,
        value_total,
    ] = ratings.map(|rating| u64::from(rating.unwrap_or(0)) * 100);
    Ratings {
        rating_count: u32::from(ratings[0].is_some()),
        rating_total,
        category_count: u32::from(ratings[1..].iter().any(Option::is_some)),
        cleanliness_total,
        accuracy_total,
        check_in_total,
        communication_total,
        location_total,
        value_total,
    }
}
