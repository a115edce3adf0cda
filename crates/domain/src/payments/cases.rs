//! Cases that an operator must decide.

use crate::app::App;
use mysql_engine::Conn;
use store::{payment_cases::Case, payments::Payment};
use types::{BookingId, CaseId, CaseKind, PaymentId, Timestamp, error::Result};

/// Most characters of a detail.
const MAX_DETAIL: usize = 500;

/// Opens a case about `payment`.
pub(super) async fn open(
    app: &App,
    tx: &mut Conn,
    payment: &Payment,
    kind: CaseKind,
    detail: &str,
    now: Timestamp,
) -> Result<()> {
    open_for(app, tx, (payment.id, Some(payment.booking_id)), kind, detail, now).await
}

/// Opens a case about a payment that may not exist.
pub(super) async fn open_for(
    app: &App,
    tx: &mut Conn,
    (payment, booking): (PaymentId, Option<BookingId>),
    kind: CaseKind,
    detail: &str,
    now: Timestamp,
) -> Result<()> {
    let case = Case {
        id: CaseId::new(now, &*app.entropy),
        kind,
        payment_id: payment,
        booking_id: booking,
        detail: detail.chars().take(MAX_DETAIL).collect(),
        opened_at: now,
        closed_at: None,
    };
    store::payment_cases::open(tx, &case).await?;
    tracing::error!(case = %case.id, %kind, %payment, detail, "a person must look at a payment");
    Ok(())
}

/// Open cases, the oldest first.
///
/// # Errors
/// When the database fails.
pub async fn list_open(conn: &mut Conn, limit: i64) -> Result<Vec<Case>> {
    Ok(store::payment_cases::list_open(conn, limit).await?)
}

/// Closes a case. False when there is none, or it is closed.
///
/// # Errors
/// When the database fails.
pub async fn close(conn: &mut Conn, id: CaseId, now: Timestamp) -> Result<bool> {
    Ok(store::payment_cases::close(conn, id, now).await?)
}
