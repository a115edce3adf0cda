//! Who holds a night.

use chrono::NaiveDate;
use diesel::{
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    mysql::{Mysql, MysqlValue},
    prelude::*,
    serialize::{self, Output, ToSql},
    sql_types::Text,
};
use diesel_async::RunQueryDsl;

use super::{Conn, each::among, schema::nights};
use crate::{
    error::Result,
    types::{BookingId, ListingId, NightHold, Timestamp},
};

/// The word of the table for nights kept free around a stay; all others are those of [`NightHold`].
const PREPARATION: &str = "PREPARATION";

/// What a night is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub enum NightKind {
    /// Something that the host sees by name.
    Held(NightHold),
    /// Kept free before or after a stay.
    Preparation,
}

impl FromSql<Text, Mysql> for NightKind {
    fn from_sql(value: MysqlValue<'_>) -> deserialize::Result<Self> {
        match std::str::from_utf8(value.as_bytes())? {
            PREPARATION => Ok(Self::Preparation),
            other => Ok(Self::Held(other.parse()?)),
        }
    }
}

impl ToSql<Text, Mysql> for NightKind {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Mysql>) -> serialize::Result {
        let word = match self {
            Self::Held(hold) => hold.as_str(),
            Self::Preparation => PREPARATION,
        };
        <str as ToSql<Text, Mysql>>::to_sql(word, out)
    }
}

/// A night that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = nights, check_for_backend(Mysql))]
pub struct Night {
    /// The listing.
    pub listing_id: ListingId,
    /// The night, by the day on which it begins.
    pub night: NaiveDate,
    /// What for.
    pub kind: NightKind,
    /// The booking that has it.
    pub booking_id: Option<BookingId>,
}

/// The nights of `listings` from `first` to `last`, both included, that something holds at `now`, in no order. A hold that has
/// expired holds nothing, whether or not a worker has swept it away.
pub async fn of_listings(
    conn: &mut Conn,
    listings: &[ListingId],
    first: NaiveDate,
    last: NaiveDate,
    now: Timestamp,
) -> Result<Vec<Night>> {
    if listings.is_empty() {
        return Ok(Vec::new());
    }
    let held = nights::table
        .select(Night::as_select())
        .filter(among(nights::listing_id, listings.iter().copied()))
        .filter(nights::night.between(first, last))
        .filter(nights::expires_at.is_null().or(nights::expires_at.gt(now)));
    Ok(held.load(conn).await?)
}
