//! Pages of the bookings of listings.

use std::cmp::Reverse;

use diesel::{mysql::Mysql, prelude::*};
use diesel_async::RunQueryDsl;

use super::{Booking, ByCheckIn, ENDED, STANDING, WAITING, in_status};
use crate::{
    co_hosts::helped_by,
    query_parts::{UnionAll, among, by_part, numbered},
    schema::bookings,
};
use mysql_engine::Conn;
use types::{BookingStatus, ListingId, Page, Permission, Timestamp, UserId};

/// Which bookings of one listing to list.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PartOfListing {
    /// The listing.
    pub listing: ListingId,
    /// Only in these states, each once and in order; None: any.
    pub statuses: Option<Vec<BookingStatus>>,
    /// How much of them, the latest check-in first.
    pub page: Page<ByCheckIn>,
}

/// The bookings that `viewer` can see as host, or on the host's behalf, for each part, deadlines honored at `now`, and one more each: part by
/// part, the latest check-in first, in one statement.
pub async fn of_listings(
    conn: &mut Conn,
    viewer: UserId,
    parts: &[PartOfListing],
    now: Timestamp,
) -> QueryResult<Vec<Vec<Booking>>> {
    if parts.is_empty() {
        return Ok(Vec::new());
    }
    let part = |(number, part): (usize, &PartOfListing)| {
        let is_hosted =
            bookings::host_id.eq(viewer).or(helped_by!(bookings::listing_id, viewer, Permission::SeeBookings));
        let mut query = bookings::table
            .select((numbered(number), Booking::as_select()))
            .filter(bookings::listing_id.eq(part.listing))
            .filter(bookings::hidden_from_host.eq(false))
            .filter(is_hosted)
            .into_boxed::<Mysql>();
        if let Some(ByCheckIn { day, id }) = part.page.after {
            query = query
                .filter(bookings::check_in.lt(day).or(bookings::check_in.eq(day).and(bookings::id.lt(id))))
                // A redundant condition that lets the index start there.
                .filter(bookings::check_in.le(day));
        }
        if let Some(statuses) = &part.statuses {
            query = query.filter(in_status!(statuses, now));
        }
        query.order((bookings::check_in.desc(), bookings::id.desc())).limit(part.page.limit())
    };
    let mut rows: Vec<(i64, Booking)> =
        UnionAll::of(parts.iter().enumerate().map(part).collect(), parts.len() == 1).load(conn).await?;
    rows.sort_by_key(|(_, row)| Reverse((row.check_in, row.id)));
    Ok(by_part(parts.len(), rows))
}
