//! Unpaid bookings of guests.

use chrono::NaiveDate;
use diesel::{prelude::*, sql_types};
use diesel_async::RunQueryDsl;

use super::schema::bookings;
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{BookingId, BookingStatus, ListingId, Stay, Timestamp, UserId};

/// More holds than a guest can have in the period that is read, whatever the limits are.
const MOST: i64 = 1_000;

/// Why a booking is unpaid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldKind {
    /// It holds nights until it is paid for.
    Unpaid,
    /// It is a request to a host, with or without authorized money.
    Request,
    /// It is confirmed and costs nothing.
    Free,
}

/// A booking that is unpaid, or was until recently.
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
    /// Since when, including the holds that it replaced.
    pub held_since: Option<Timestamp>,
    /// Until when.
    pub held_until: Option<Timestamp>,
    /// As stored.
    pub status: BookingStatus,
    /// What it costs, in minor units.
    pub total: i64,
    /// Whether it is a request for which no money was authorized.
    pub hidden_from_host: bool,
}

impl Hold {
    /// The nights.
    pub fn stay(&self) -> Stay {
        Stay::stored(self.check_in, self.check_out)
    }

    /// What it is.
    pub fn kind(&self) -> HoldKind {
        match (self.held_since, self.total) {
            (None, _) => HoldKind::Request,
            (Some(_), 0) => HoldKind::Free,
            (Some(_), _) => HoldKind::Unpaid,
        }
    }

    /// Whether it is open at `now`.
    pub fn is_open(&self, now: Timestamp) -> bool {
        use BookingStatus::{CheckedIn, Confirmed, PendingPayment, Requested};
        matches!(self.status, PendingPayment | Requested | Confirmed | CheckedIn)
            && self.held_until.is_some_and(|end| end > now)
    }

    /// Whether only its guest's payment is missing, so that the guest can replace it with another booking.
    pub fn awaits_payment(&self, now: Timestamp) -> bool {
        let is_unpaid = self.status == BookingStatus::PendingPayment || self.hidden_from_host;
        is_unpaid && self.is_open(now)
    }

    /// When its guest canceled it or let it expire, if so at `now`. A request that its host declined or did not answer does not count.
    pub fn abandoned_at(&self, now: Timestamp) -> Option<Timestamp> {
        let is_guests_doing = match self.status {
            BookingStatus::Cancelled => true,
            BookingStatus::PendingPayment | BookingStatus::Requested | BookingStatus::Expired => {
                self.held_since.is_some() || self.hidden_from_host
            }
            _ => false,
        };
        self.held_until.filter(|_| is_guests_doing && !self.is_open(now))
    }
}

/// Serializes new holds of `guest`: a second transaction waits here until the first ends. The row belongs to the guest alone, so that no
/// other guest waits; it is written, not only locked, so that a cluster with several writers sees the conflict.
pub async fn lock(tx: &mut Conn, guest: UserId) -> QueryResult<usize> {
    diesel::sql_query(
        "INSERT INTO guest_holds (guest_id, holds) VALUES (?, 1) ON DUPLICATE KEY UPDATE holds = holds + 1",
    )
    .bind::<sql_types::Binary, _>(guest)
    .prepared()
    .execute(tx)
    .await
}

/// The unpaid bookings of `guest` that end or ended after `after`, the first to end first.
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
