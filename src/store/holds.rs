//! Unpaid holds of guests.

use chrono::NaiveDate;
use diesel::{prelude::*, sql_types};
use diesel_async::RunQueryDsl;

use super::{Conn, schema::bookings};
use crate::types::{BookingId, ListingId, Stay, Timestamp, UserId};

/// More holds than a guest can have in the time that is looked back on, whatever the limits are.
const MOST: i64 = 1_000;

/// Nights that a guest holds, or held until a moment ago, without having paid.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = bookings, check_for_backend(diesel::mysql::Mysql))]
pub struct Hold {
    /// The booking.
    pub id: BookingId,
    /// The listing.
    pub listing_id: ListingId,
    /// First night.
    pub check_in: NaiveDate,
    /// Day after the last night.
    pub check_out: NaiveDate,
    /// Since when, the holds that it replaced included.
    pub held_since: Option<Timestamp>,
    /// Until when.
    pub held_until: Option<Timestamp>,
}

impl Hold {
    /// The nights.
    pub fn stay(&self) -> Stay {
        Stay::stored(self.check_in, self.check_out)
    }
}

/// Lets the holds of `guest` begin one after the other: who comes second waits here until the first transaction ends. A row of the
/// guest's own, so that no other guest waits; written, not only locked, so that a cluster of several writers sees the conflict.
pub async fn lock(tx: &mut Conn, guest: UserId) -> QueryResult<usize> {
    diesel::sql_query(
        "INSERT INTO guest_holds (guest_id, holds) VALUES (?, 1) ON DUPLICATE KEY UPDATE holds = holds + 1",
    )
    .bind::<sql_types::Binary, _>(guest)
    .execute(tx)
    .await
}

/// The unpaid holds of `guest` that last or lasted until after `after`, the first to end first.
pub async fn of_guest(conn: &mut Conn, guest: UserId, after: Timestamp) -> QueryResult<Vec<Hold>> {
    bookings::table
        .filter(bookings::guest_id.eq(guest))
        .filter(bookings::held_until.gt(after))
        .order(bookings::held_until)
        .limit(MOST)
        .select(Hold::as_select())
        .load(conn)
        .await
}
