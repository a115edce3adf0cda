//! The instants of bookings, and the version of the time zone rules that they were computed with.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{bookings::Booking, query_parts::among, schema::bookings};
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{BookingId, BookingStatus, Json, RefundTier, RulesVersion, Timestamp};

/// States of bookings that are not over.
const OPEN: [BookingStatus; 4] =
    [BookingStatus::PendingPayment, BookingStatus::Requested, BookingStatus::Confirmed, BookingStatus::CheckedIn];

/// The instants of a booking, as computed with one version of the rules.
#[derive(Debug, Clone, PartialEq, Eq, AsChangeset)]
#[diesel(table_name = bookings, treat_none_as_null = true)]
#[expect(missing_docs, reason = "the columns, described in the migration")]
pub struct Times {
    pub check_in_at: Timestamp,
    pub check_out_at: Timestamp,
    pub deadline_at: Option<Timestamp>,
    pub held_until: Option<Timestamp>,
    pub cancellation_timeline: Option<Json<Vec<RefundTier>>>,
}

impl Times {
    /// Those that `booking` has.
    pub fn of(booking: &Booking) -> Self {
        Self {
            check_in_at: booking.check_in_at,
            check_out_at: booking.check_out_at,
            deadline_at: booking.deadline_at,
            held_until: booking.held_until,
            cancellation_timeline: booking.cancellation_timeline.clone(),
        }
    }
}

/// Bookings that are not over and whose instants were computed with rules older than `version`.
pub async fn outdated(conn: &mut Conn, version: &RulesVersion, limit: i64) -> QueryResult<Vec<BookingId>> {
    bookings::table
        .filter(among(bookings::status, OPEN))
        .filter(bookings::time_zone_rules.lt(version.as_str()))
        .select(bookings::id)
        .limit(limit)
        .load(conn)
        .await
}

/// Writes the instants of a booking, computed with the rules of `version`.
pub async fn update(
    tx: &mut Conn,
    id: BookingId,
    times: &Times,
    version: &RulesVersion,
    now: Timestamp,
) -> QueryResult<usize> {
    let rules = bookings::time_zone_rules.eq(version.as_str());
    diesel::update(bookings::table.find(id))
        .set((times, rules, bookings::updated_at.eq(now)))
        .prepared()
        .execute(tx)
        .await
}

/// Records that the instants of a booking are the same under the rules of `version`.
pub async fn mark_current(tx: &mut Conn, id: BookingId, version: &RulesVersion) -> QueryResult<usize> {
    let rules = bookings::time_zone_rules.eq(version.as_str());
    diesel::update(bookings::table.find(id)).set(rules).prepared().execute(tx).await
}
