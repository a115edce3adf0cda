//! Effects of payments: calls to the provider after the commit that decided them.

use serde::{Deserialize, Serialize};

use super::{
    answer_of,
    apply::{Applied, Source, apply},
    cases, is_awaited, refunds,
};
use crate::{
    app::App,
    events::Actor,
    outbox::{self, Effect, Failure, NewEffect},
};
use mysql_engine::{Conn, Database};
use providers::payments::{Answer, CaptureMode, IntentStatus, NewIntent, Notice, ProviderError};
use store::{outbox::Ending, payments::Payment};
use types::{
    CaseKind, EffectKind, Money, PaymentId, PaymentStatus, Timestamp, UserId,
    error::{Error, Result},
};

/// The stored request of an effect, so that each attempt sends the same one: built again from the booking at that time, a retry could
/// capture at once what was only to be authorized.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct StoredCall {
    /// When to capture; None for voids and captures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    capture: Option<CaptureMode>,
    /// Who has accepted the request, of captures.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    accepted_by: Option<UserId>,
    /// The member of staff who did it, acting as that person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    impersonator: Option<UserId>,
}

/// Writes an effect of `payment`, which the caller performs after the commit.
pub(super) async fn order(
    app: &App,
    tx: &mut Conn,
    payment: &Payment,
    (kind, capture): (EffectKind, Option<CaptureMode>),
    now: Timestamp,
) -> Result<Effect> {
    write(app, tx, payment, (kind, StoredCall { capture, accepted_by: None, impersonator: None }), now).await
}

/// Writes the capture of `payment`, which the caller performs after the commit.
pub(super) async fn order_capture(
    app: &App,
    tx: &mut Conn,
    payment: &Payment,
    accepted_by: UserId,
    now: Timestamp,
) -> Result<Effect> {
    let impersonator = app.acting().map(|acting| acting.impersonator.staff);
    let call = StoredCall { capture: None, accepted_by: Some(accepted_by), impersonator };
    write(app, tx, payment, (EffectKind::CapturePayment, call), now).await
}

async fn write(
    app: &App,
    tx: &mut Conn,
    payment: &Payment,
    (kind, call): (EffectKind, StoredCall),
    now: Timestamp,
) -> Result<Effect> {
    let payload = serde_json::to_string(&call).map_err(anyhow::Error::from)?;
    let group_id = payment.booking_id.into();
    let new = NewEffect { object_id: payment.id.into(), kind, group_id, payload: &payload };
    outbox::order_leased(app, tx, &new, now).await
}

/// Who has accepted the request that is paid with `payment`: its host, or somebody on the host's behalf. None when nobody has.
pub(super) async fn accepted_by(conn: &mut Conn, payment: PaymentId) -> Result<Option<Actor>> {
    let Some(payload) = store::outbox::payload(conn, payment.into(), EffectKind::CapturePayment).await? else {
        return Ok(None);
    };
    let call: StoredCall = serde_json::from_str(&payload).map_err(anyhow::Error::from)?;
    Ok(call.accepted_by.map(|host| match call.impersonator {
        Some(by) => Actor::Staff { by, on_behalf_of: host },
        None => Actor::Host(host),
    }))
}

/// Performs a leased effect. Returns the payment and booking afterwards; None when the effect was not needed, or was a refund.
pub(crate) async fn perform(app: &App, effect: &Effect) -> Result<Option<Applied>, Failure> {
    if effect.kind == EffectKind::SendRefund {
        return refunds::send(app, effect).await.map(|()| None);
    }
    let id = PaymentId::from(effect.object_id);
    let payment = store::payments::find(&mut app.conn().await?, id).await?;
    let payment = payment.ok_or_else(|| anyhow::anyhow!("payment {id} is not there"))?;
    if !is_needed(effect.kind, payment.status) {
        let now = app.now();
        let end = async |conn: &mut Conn| {
            store::outbox::end(conn, effect, Ending::Done, now).await?;
            Ok::<_, Error>(())
        };
        app.database.write(end).await?;
        return Ok(None);
    }
    let notice = answer_of(app, call(app, effect, &payment).await?).await?;
    if effect.kind == EffectKind::VoidPayment && is_open(&notice.status) {
        return Err(Failure::Provider(ProviderError::Unavailable("the payment is not voided yet".to_owned())));
    }
    let applied = apply(app, &notice, Source::Effect(effect)).await?;
    if let Some(applied) = &applied
        && !is_awaited(&applied.booking, app.now())
    {
        Box::pin(outbox::run_group(app, applied.booking.id)).await;
    }
    Ok(applied)
}

/// Whether a payment in this state still needs the effect.
fn is_needed(kind: EffectKind, status: PaymentStatus) -> bool {
    match kind {
        EffectKind::AuthorizePayment | EffectKind::ConfirmPayment => status == PaymentStatus::Authorizing,
        EffectKind::CapturePayment => status == PaymentStatus::Capturing,
        // An ended payment is voided again when the provider reports it as authorized.
        EffectKind::VoidPayment => {
            matches!(status, PaymentStatus::Voiding | PaymentStatus::Voided | PaymentStatus::Declined)
        }
        EffectKind::SendRefund | EffectKind::SendMail => true,
    }
}

fn is_open(status: &IntentStatus) -> bool {
    matches!(status, IntentStatus::Authorized | IntentStatus::RequiresConfirmation { .. })
}

/// The call to the provider. If the booking no longer waits, nothing is captured: the payment is voided instead, and if it was captured
/// already, the response says so.
async fn call<'a>(app: &'a App, effect: &Effect, payment: &Payment) -> Result<Answer<'a, Notice>> {
    let key = outbox::key_of(effect, &payment.id);
    let stored: StoredCall = serde_json::from_str(&effect.payload).map_err(anyhow::Error::from)?;
    let intent = intent_of(payment, stored.capture.unwrap_or(CaptureMode::Manual))?;
    if effect.kind == EffectKind::AuthorizePayment {
        return Ok(app.payments.create(key, intent));
    }
    let booking = store::bookings::find(&mut app.conn().await?, payment.booking_id).await?;
    let waits = booking.is_some_and(|booking| is_awaited(&booking, app.now()));
    Ok(match effect.kind {
        EffectKind::ConfirmPayment if waits => app.payments.confirm(key, intent),
        EffectKind::CapturePayment if waits => app.payments.capture(key, intent),
        _ => app.payments.void(key, payment.id),
    })
}

/// The request to the provider for the payment.
fn intent_of(payment: &Payment, capture: CaptureMode) -> Result<NewIntent> {
    Ok(NewIntent {
        payment: payment.id,
        amount: Money::new(payment.amount, payment.currency),
        method: payment.method.parse().map_err(anyhow::Error::from)?,
        capture,
    })
}

/// Gives up an effect that was refused or has failed too often, and opens a case.
///
/// # Errors
/// When the database fails.
pub(crate) async fn give_up(app: &App, effect: &Effect, ending: Ending<'_>, error: &str, now: Timestamp) -> Result<()> {
    if effect.kind == EffectKind::SendRefund {
        return refunds::give_up(app, effect, ending, error, now).await;
    }
    app.database
        .transaction(async |tx| {
            if store::outbox::end(tx, effect, ending, now).await? {
                let about = (PaymentId::from(effect.object_id), Some(effect.group_id.into()));
                let detail = format!("{}: {error}", effect.kind);
                cases::open_for(app, tx, about, CaseKind::EffectFailed, &detail, now).await?;
            }
            Ok::<_, Error>(())
        })
        .await
}

/// Retries the failed effects of a payment. Returns how many there were.
///
/// # Errors
/// When the database fails.
pub async fn retry(database: &Database, id: PaymentId, now: Timestamp) -> Result<usize> {
    database.transaction(async |tx| Ok::<_, Error>(store::outbox::revive(tx, id.into(), now).await?)).await
}
