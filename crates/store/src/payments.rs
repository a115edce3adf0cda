//! Payments and refunds.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{
    co_hosts::helped_by,
    outbox,
    query_parts::among,
    schema::{bookings, payments, refunds},
};
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{
    BookingId, Currency, DeclineReason, PaymentId, PaymentStatus, Permission, RefundId, RefundReason, RefundStatus,
    Timestamp, UserId,
};

/// An attempt to pay for a booking.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = payments, check_for_backend(diesel::mysql::Mysql))]
#[expect(missing_docs, reason = "the columns, described in the migration")]
pub struct Payment {
    pub id: PaymentId,
    pub booking_id: BookingId,
    pub currency: Currency,
    pub amount: i64,
    pub captured: i64,
    pub refunded: i64,
    pub status: PaymentStatus,
    pub provider: String,
    pub method: String,
    pub provider_ref: Option<String>,
    pub decline_reason: Option<DeclineReason>,
    pub action_url: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A refund.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = refunds, check_for_backend(diesel::mysql::Mysql))]
#[expect(missing_docs, reason = "the columns, described in the migration")]
pub struct Refund {
    pub id: RefundId,
    pub payment_id: PaymentId,
    pub booking_id: BookingId,
    pub currency: Currency,
    pub amount: i64,
    pub reason: RefundReason,
    pub status: RefundStatus,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// The changes that a response of the provider makes.
#[derive(Debug, Clone, PartialEq, Eq, AsChangeset)]
#[diesel(table_name = payments, treat_none_as_null = true)]
#[expect(missing_docs, reason = "the columns, described in the migration")]
pub struct Change {
    pub status: PaymentStatus,
    pub captured: i64,
    pub provider_ref: Option<String>,
    pub decline_reason: Option<DeclineReason>,
    pub action_url: Option<String>,
    pub updated_at: Timestamp,
}

/// Writes a payment.
pub async fn insert(tx: &mut Conn, payment: &Payment) -> QueryResult<usize> {
    diesel::insert_into(payments::table).values(payment).prepared().execute(tx).await
}

/// The payment.
pub async fn find(conn: &mut Conn, id: PaymentId) -> QueryResult<Option<Payment>> {
    payments::table.find(id).select(Payment::as_select()).first(conn).await.optional()
}

/// The payment, locked until the transaction ends.
pub async fn lock(tx: &mut Conn, id: PaymentId) -> QueryResult<Option<Payment>> {
    payments::table.find(id).select(Payment::as_select()).for_update().first(tx).await.optional()
}

/// Writes the changes.
pub async fn update(tx: &mut Conn, id: PaymentId, change: &Change) -> QueryResult<usize> {
    diesel::update(payments::table.find(id)).set(change).prepared().execute(tx).await
}

/// Changes the state, and nothing else, of a payment that the transaction has locked.
pub async fn move_to(tx: &mut Conn, id: PaymentId, status: PaymentStatus, now: Timestamp) -> QueryResult<usize> {
    diesel::update(payments::table.find(id))
        .set((payments::status.eq(status), payments::updated_at.eq(now)))
        .prepared()
        .execute(tx)
        .await
}

/// States in which a payment is voided when its booking no longer needs one.
const VOIDABLE: [PaymentStatus; 2] = [PaymentStatus::Authorized, PaymentStatus::RequiresConfirmation];

/// Voids those payments of a booking that are authorized or wait for the guest. The transaction has locked the booking. Returns how many
/// there were.
pub async fn void_open(tx: &mut Conn, booking: BookingId, now: Timestamp) -> QueryResult<usize> {
    let open = payments::table.filter(payments::booking_id.eq(booking)).filter(among(payments::status, VOIDABLE));
    let moved = diesel::update(open)
        .set((payments::status.eq(PaymentStatus::Voiding), payments::updated_at.eq(now)))
        .prepared()
        .execute(tx)
        .await?;
    if moved > 0 {
        outbox::order_voids(tx, booking.into(), now).await?;
    }
    Ok(moved)
}

/// The oldest payment of a booking that prevents another one, if any: it is in flight, authorized or captured. Declined and voided payments
/// do not count, however many there are.
pub async fn blocking(conn: &mut Conn, booking: BookingId) -> QueryResult<Option<Payment>> {
    use PaymentStatus::{Authorized, Authorizing, Captured, Capturing};
    payments::table
        .filter(payments::booking_id.eq(booking))
        .filter(among(payments::status, [Authorizing, Authorized, Capturing, Captured]))
        .filter(payments::refunded.lt(payments::amount))
        .order(payments::id)
        .select(Payment::as_select())
        .first(conn)
        .await
        .optional()
}

/// How many payments a booking has had, in every state.
pub async fn count(conn: &mut Conn, booking: BookingId) -> QueryResult<i64> {
    payments::table.filter(payments::booking_id.eq(booking)).count().get_result(conn).await
}

/// Payments of a booking, oldest first. They cannot change while a transaction has locked the booking.
pub async fn of_booking(conn: &mut Conn, booking: BookingId) -> QueryResult<Vec<Payment>> {
    payments::table
        .filter(payments::booking_id.eq(booking))
        .order(payments::id)
        .select(Payment::as_select())
        .load(conn)
        .await
}

/// Payments of those of `ids` that `guest` booked, oldest first.
pub async fn visible_of_bookings(conn: &mut Conn, guest: UserId, ids: &[BookingId]) -> QueryResult<Vec<Payment>> {
    payments::table
        .inner_join(bookings::table)
        .filter(among(payments::booking_id, ids.iter().copied()))
        .filter(bookings::guest_id.eq(guest))
        .order(payments::id)
        .select(Payment::as_select())
        .load(conn)
        .await
}

/// Those of `ids` that `guest` made.
pub async fn visible(conn: &mut Conn, guest: UserId, ids: &[PaymentId]) -> QueryResult<Vec<Payment>> {
    payments::table
        .inner_join(bookings::table)
        .filter(among(payments::id, ids.iter().copied()))
        .filter(bookings::guest_id.eq(guest))
        .select(Payment::as_select())
        .load(conn)
        .await
}

/// Writes a refund: the database itself refuses more than was captured.
pub async fn insert_refund(tx: &mut Conn, refund: &Refund) -> QueryResult<usize> {
    diesel::update(payments::table.find(refund.payment_id))
        .set((payments::refunded.eq(payments::refunded + refund.amount), payments::updated_at.eq(refund.created_at)))
        .prepared()
        .execute(tx)
        .await?;
    diesel::insert_into(refunds::table).values(refund).prepared().execute(tx).await
}

/// The refund, locked until the transaction ends.
pub async fn lock_refund(tx: &mut Conn, id: RefundId) -> QueryResult<Option<Refund>> {
    refunds::table.find(id).select(Refund::as_select()).for_update().first(tx).await.optional()
}

/// The refund.
pub async fn find_refund(conn: &mut Conn, id: RefundId) -> QueryResult<Option<Refund>> {
    refunds::table.find(id).select(Refund::as_select()).first(conn).await.optional()
}

/// Changes the state of a refund that the transaction has locked.
pub async fn move_refund_to(tx: &mut Conn, id: RefundId, status: RefundStatus, now: Timestamp) -> QueryResult<usize> {
    diesel::update(refunds::table.find(id))
        .set((refunds::status.eq(status), refunds::updated_at.eq(now)))
        .prepared()
        .execute(tx)
        .await
}

/// Refunds of those of `ids` that `guest` booked, oldest first.
pub async fn visible_refunds(conn: &mut Conn, guest: UserId, ids: &[BookingId]) -> QueryResult<Vec<Refund>> {
    refunds::table
        .inner_join(bookings::table)
        .filter(among(refunds::booking_id, ids.iter().copied()))
        .filter(bookings::guest_id.eq(guest))
        .order(refunds::id)
        .select(Refund::as_select())
        .load(conn)
        .await
}

/// Those of `ids` whose stay `guest` booked, in no order.
pub async fn visible_refunds_by_ids(conn: &mut Conn, guest: UserId, ids: &[RefundId]) -> QueryResult<Vec<Refund>> {
    refunds::table
        .inner_join(bookings::table)
        .filter(among(refunds::id, ids.iter().copied()))
        .filter(bookings::guest_id.eq(guest))
        .select(Refund::as_select())
        .load(conn)
        .await
}

/// Those of `ids` that `host` can accept, as host or on the host's behalf, and for which money is authorized.
pub async fn authorized_of_host(conn: &mut Conn, host: UserId, ids: &[BookingId]) -> QueryResult<Vec<BookingId>> {
    payments::table
        .inner_join(bookings::table)
        .filter(among(payments::booking_id, ids.iter().copied()))
        .filter(payments::status.eq(PaymentStatus::Authorized))
        .filter(bookings::host_id.eq(host).or(helped_by!(bookings::listing_id, host, Permission::AnswerBookings)))
        .select(payments::booking_id)
        .load(conn)
        .await
}

/// What the cancellation of a booking refunded, in minor units. Refunds of money that was never due do not count.
pub async fn refunded_of(conn: &mut Conn, booking: BookingId) -> QueryResult<i64> {
    let canceled = refunds::table.filter(refunds::booking_id.eq(booking));
    let canceled = canceled.filter(among(refunds::reason, [RefundReason::GuestCancelled, RefundReason::HostCancelled]));
    let refunded: Vec<i64> = canceled.select(refunds::amount).load(conn).await?;
    Ok(refunded.into_iter().sum())
}
