//! Notifications of payment providers. Each is stored once, under the provider's own id.

use diesel::{prelude::*, sql_types};
use diesel_async::RunQueryDsl;

use super::schema::inbox;
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{NoticeOutcome, PaymentId, Timestamp};

/// A provider's notification.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = inbox, check_for_backend(diesel::mysql::Mysql))]
pub struct Received {
    /// The provider.
    pub provider: String,
    /// The provider's id of the notification.
    pub event_id: String,
    /// The payment that it is about.
    pub payment_id: PaymentId,
    /// The body: JSON.
    pub payload: String,
    /// How often applying it has failed.
    pub attempts: u32,
}

/// Stores a notification with its outcome; without an outcome it is still to be applied. False when it is already stored.
pub async fn record(
    conn: &mut Conn,
    new: &Received,
    outcome: Option<NoticeOutcome>,
    now: Timestamp,
) -> QueryResult<bool> {
    let inserted = diesel::sql_query(
        "INSERT INTO inbox (provider, event_id, payment_id, payload, outcome, due_at, received_at) VALUES (?, ?, ?, ?, ?, ?, ?) \
         ON DUPLICATE KEY UPDATE event_id = inbox.event_id",
    )
    .bind::<sql_types::Text, _>(&new.provider)
    .bind::<sql_types::Text, _>(&new.event_id)
    .bind::<sql_types::Binary, _>(new.payment_id)
    .bind::<sql_types::Text, _>(&new.payload)
    .bind::<sql_types::Nullable<sql_types::Text>, _>(outcome)
    .bind::<sql_types::Datetime, _>(now)
    .bind::<sql_types::Datetime, _>(now)
    .prepared()
    .execute(conn)
    .await?;
    Ok(inserted == 1)
}

/// Notifications that are to be applied, the oldest first.
pub async fn open(conn: &mut Conn, now: Timestamp, limit: i64) -> QueryResult<Vec<Received>> {
    inbox::table
        .filter(inbox::outcome.is_null())
        .filter(inbox::due_at.le(now))
        .order(inbox::due_at)
        .limit(limit)
        .select(Received::as_select())
        .load(conn)
        .await
}

/// Writes the outcome of a notification. False when it has one already: another server has applied it.
pub async fn settle(tx: &mut Conn, (provider, event_id): (&str, &str), outcome: NoticeOutcome) -> QueryResult<bool> {
    let open = inbox::table.find((provider, event_id)).filter(inbox::outcome.is_null());
    Ok(diesel::update(open).set(inbox::outcome.eq(outcome)).prepared().execute(tx).await? > 0)
}

/// Records that applying a notification has failed and is retried at `due_at`.
pub async fn postpone(conn: &mut Conn, (provider, event_id): (&str, &str), due_at: Timestamp) -> QueryResult<usize> {
    diesel::update(inbox::table.find((provider, event_id)))
        .set((inbox::attempts.eq(inbox::attempts + 1), inbox::due_at.eq(due_at)))
        .prepared()
        .execute(conn)
        .await
}

/// How many notifications are to be applied.
pub async fn waiting(conn: &mut Conn) -> QueryResult<i64> {
    inbox::table.filter(inbox::outcome.is_null()).count().get_result(conn).await
}

/// Deletes at most `limit` applied notifications that were received before `before`, the oldest first.
pub async fn delete_applied(conn: &mut Conn, before: Timestamp, limit: u32) -> QueryResult<usize> {
    diesel::sql_query("DELETE FROM inbox WHERE received_at < ? AND outcome IS NOT NULL ORDER BY received_at LIMIT ?")
        .bind::<sql_types::Datetime, _>(before)
        .bind::<sql_types::Unsigned<sql_types::Integer>, _>(limit)
        .prepared()
        .execute(conn)
        .await
}
