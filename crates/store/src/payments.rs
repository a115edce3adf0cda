//! Payments and refunds.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{
    each::among,
    schema::{bookings, payments, refunds},
};
use mysql_engine::Conn;
use types::{
    BookingId, Currency, DeclineReason, PaymentId, PaymentStatus, RefundId, RefundReason, RefundStatus, Timestamp,
    UserId,
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
    /// Since when an answer of the provider is awaited: to the payment, to a confirmation or to a capture, as the status tells.
    pub asked_at: Option<Timestamp>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// Money given back.
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

/// What an answer of the provider writes.
#[derive(Debug, Clone, PartialEq, Eq, AsChangeset)]
#[diesel(table_name = payments, treat_none_as_null = true)]
#[expect(missing_docs, reason = "the columns, described in the migration")]
pub struct Change {
    pub status: PaymentStatus,
    pub captured: i64,
    pub provider_ref: Option<String>,
    pub decline_reason: Option<DeclineReason>,
    pub action_url: Option<String>,
    pub asked_at: Option<Timestamp>,
    pub updated_at: Timestamp,
}

/// Writes a payment.
pub async fn insert(tx: &mut Conn, payment: &Payment) -> QueryResult<usize> {
    diesel::insert_into(payments::table).values(payment).execute(tx).await
}

/// The payment.
pub async fn find(conn: &mut Conn, id: PaymentId) -> QueryResult<Option<Payment>> {
    payments::table.find(id).select(Payment::as_select()).first(conn).await.optional()
}

/// The payment, locked until the transaction ends.
pub async fn lock(tx: &mut Conn, id: PaymentId) -> QueryResult<Option<Payment>> {
    payments::table.find(id).select(Payment::as_select()).for_update().first(tx).await.optional()
}

/// Writes what the provider said.
pub async fn update(tx: &mut Conn, id: PaymentId, change: &Change) -> QueryResult<usize> {
    diesel::update(payments::table.find(id)).set(change).execute(tx).await
}

/// Writes that the provider is asked now, so that the answer is looked for if it does not come.
pub async fn ask(conn: &mut Conn, id: PaymentId, now: Timestamp) -> QueryResult<usize> {
    diesel::update(payments::table.find(id)).set(payments::asked_at.eq(now)).execute(conn).await
}

/// Writes that the provider is asked again, if its answer is awaited still: it may have come meanwhile.
pub async fn ask_again(conn: &mut Conn, id: PaymentId, now: Timestamp) -> QueryResult<bool> {
    let awaited = payments::table.find(id).filter(payments::asked_at.is_not_null());
    Ok(diesel::update(awaited).set(payments::asked_at.eq(now)).execute(conn).await? > 0)
}

/// The provider has answered, and said nothing new.
pub async fn answered(tx: &mut Conn, id: PaymentId) -> QueryResult<usize> {
    diesel::update(payments::table.find(id)).set(payments::asked_at.eq(None::<Timestamp>)).execute(tx).await
}

/// The oldest payment of a booking that keeps another from being made, if there is one: it is being made, authorized or captured. Payments
/// that were declined or voided do not count, however many there are.
pub async fn blocking(conn: &mut Conn, booking: BookingId) -> QueryResult<Option<Payment>> {
    payments::table
        .filter(payments::booking_id.eq(booking))
        .filter(among(
            payments::status,
            [PaymentStatus::Processing, PaymentStatus::Authorized, PaymentStatus::Captured],
        ))
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

/// Payments of a booking, oldest first; in a transaction that has locked the booking nobody changes them.
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

/// Payments whose provider was asked before `before` and whose answer was never written, for the worker.
pub async fn unanswered(conn: &mut Conn, before: Timestamp, limit: i64) -> QueryResult<Vec<Payment>> {
    payments::table
        .filter(payments::asked_at.le(before))
        .order(payments::asked_at)
        .limit(limit)
        .select(Payment::as_select())
        .load(conn)
        .await
}

/// Reservations and unconfirmed payments that nobody waits for any more (of one booking, or of all), to be let go: the booking has ended,
/// or another payment has paid for it.
pub async fn orphaned(conn: &mut Conn, only: Option<BookingId>, limit: i64) -> QueryResult<Vec<Payment>> {
    use types::BookingStatus as Is;
    let mut query = payments::table
        .inner_join(bookings::table)
        .filter(among(payments::status, [PaymentStatus::Authorized, PaymentStatus::RequiresConfirmation]))
        .filter(bookings::status.ne_all([Is::PendingPayment, Is::Requested]))
        .order(payments::updated_at)
        .limit(limit)
        .select(Payment::as_select())
        .into_boxed();
    if let Some(booking) = only {
        query = query.filter(payments::booking_id.eq(booking));
    }
    query.load(conn).await
}

/// Decides a refund: the database itself refuses more than was taken.
pub async fn insert_refund(tx: &mut Conn, refund: &Refund) -> QueryResult<usize> {
    diesel::update(payments::table.find(refund.payment_id))
        .set((payments::refunded.eq(payments::refunded + refund.amount), payments::updated_at.eq(refund.created_at)))
        .execute(tx)
        .await?;
    diesel::insert_into(refunds::table).values(refund).execute(tx).await
}

/// Refunds (of one booking, or of all) that were decided before `before` and that the provider has not been told of.
pub async fn pending_refunds(
    conn: &mut Conn,
    only: Option<BookingId>,
    before: Timestamp,
    limit: i64,
) -> QueryResult<Vec<Refund>> {
    let mut query = refunds::table
        .filter(refunds::status.eq(RefundStatus::Pending))
        .filter(refunds::updated_at.le(before))
        .order(refunds::updated_at)
        .limit(limit)
        .select(Refund::as_select())
        .into_boxed();
    if let Some(booking) = only {
        query = query.filter(refunds::booking_id.eq(booking));
    }
    query.load(conn).await
}

/// The provider has sent it.
pub async fn settle_refund(conn: &mut Conn, id: RefundId, now: Timestamp) -> QueryResult<usize> {
    diesel::update(refunds::table.find(id))
        .set((refunds::status.eq(RefundStatus::Succeeded), refunds::updated_at.eq(now)))
        .execute(conn)
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

/// Those of `ids` that `host` hosts and for which money is reserved.
pub async fn reserved_of_host(conn: &mut Conn, host: UserId, ids: &[BookingId]) -> QueryResult<Vec<BookingId>> {
    payments::table
        .inner_join(bookings::table)
        .filter(among(payments::booking_id, ids.iter().copied()))
        .filter(payments::status.eq(PaymentStatus::Authorized))
        .filter(bookings::host_id.eq(host))
        .select(payments::booking_id)
        .load(conn)
        .await
}

/// What the cancellation of a booking gave back, in minor units. Money that was never due does not count.
pub async fn refunded_of(conn: &mut Conn, booking: BookingId) -> QueryResult<i64> {
    let cancelled = refunds::table.filter(refunds::booking_id.eq(booking));
    let cancelled = cancelled.filter(refunds::reason.ne(RefundReason::HoldExpired));
    let refunded: Vec<i64> = cancelled.select(refunds::amount).load(conn).await?;
    Ok(refunded.into_iter().sum())
}
