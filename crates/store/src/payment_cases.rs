//! Cases that an operator must decide, because no program can.

use diesel::{prelude::*, sql_types};
use diesel_async::RunQueryDsl;

use super::schema::payment_cases;
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{BookingId, CaseId, CaseKind, PaymentId, Timestamp};

/// A problem with a payment that an operator must decide.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = payment_cases, check_for_backend(diesel::mysql::Mysql))]
pub struct Case {
    /// The case.
    pub id: CaseId,
    /// Why.
    pub kind: CaseKind,
    /// The payment; it may not be here.
    pub payment_id: PaymentId,
    /// Its booking, if it is here.
    pub booking_id: Option<BookingId>,
    /// What happened, for people; at most 500 characters.
    pub detail: String,
    /// Since when.
    pub opened_at: Timestamp,
    /// Until when; None: it is open.
    pub closed_at: Option<Timestamp>,
}

/// Opens a case.
pub async fn open(tx: &mut Conn, case: &Case) -> QueryResult<usize> {
    diesel::insert_into(payment_cases::table).values(case).prepared().execute(tx).await
}

/// Open cases, the oldest first.
pub async fn list_open(conn: &mut Conn, limit: i64) -> QueryResult<Vec<Case>> {
    payment_cases::table
        .filter(payment_cases::closed_at.is_null())
        .order(payment_cases::opened_at)
        .limit(limit)
        .select(Case::as_select())
        .load(conn)
        .await
}

/// How many are open.
pub async fn count_open(conn: &mut Conn) -> QueryResult<i64> {
    payment_cases::table.filter(payment_cases::closed_at.is_null()).count().get_result(conn).await
}

/// Closes a case. False when there is none, or it is closed.
pub async fn close(conn: &mut Conn, id: CaseId, now: Timestamp) -> QueryResult<bool> {
    let open = payment_cases::table.find(id).filter(payment_cases::closed_at.is_null());
    Ok(diesel::update(open).set(payment_cases::closed_at.eq(now)).prepared().execute(conn).await? > 0)
}

/// Deletes at most `limit` cases that were closed before `before`, the oldest first.
pub async fn delete_closed(conn: &mut Conn, before: Timestamp, limit: u32) -> QueryResult<usize> {
    diesel::sql_query("DELETE FROM payment_cases WHERE closed_at < ? ORDER BY closed_at LIMIT ?")
        .bind::<sql_types::Datetime, _>(before)
        .bind::<sql_types::Unsigned<sql_types::Integer>, _>(limit)
        .prepared()
        .execute(conn)
        .await
}
