//! The provider's answer, written once, with what follows from it.

use super::{is_awaited, pay::give_back_attempt, settle::refund_part};
use crate::{
    app::App,
    bookings::{Asked, Confirmed, ask_host, catch_up, confirm},
    events::{self, Happened},
};
use mysql_engine::Conn;
use providers::payments::{Intent, IntentStatus};
use store::{
    bookings::Booking,
    payments::{Change, Payment},
};
use types::{
    BookingEventKind, PaymentId, PaymentStatus, RefundReason, Timestamp,
    error::{Error, NightConflict, Result},
};

/// A payment and its booking after an answer of the provider.
pub(super) struct Applied {
    pub payment: Payment,
    pub booking: Booking,
    /// What took the nights of a request before its money was authorized.
    pub conflicts: Vec<NightConflict>,
}

impl Applied {
    /// An answer that was applied before.
    pub(super) fn before(payment: Payment, booking: Booking) -> Self {
        Self { payment, booking, conflicts: Vec::new() }
    }
}

/// Writes what the provider says of a payment: money that was taken confirms the booking if it still waits, and goes back if it does
/// not; money that is authorized brings a request to its host. An answer that is written already changes nothing. Returns the payment
/// and its booking as they are afterwards.
pub(super) async fn apply(app: &App, id: PaymentId, intent: &Intent) -> Result<Applied> {
    let now = app.now();
    let (applied, told) = app.database.transaction(async |tx| write(app, tx, id, intent, now).await).await?;
    told.iter().for_each(|booking| events::announce(app, booking));
    Ok(applied)
}

/// Returns also the bookings to which something happened.
async fn write(
    app: &App,
    tx: &mut Conn,
    id: PaymentId,
    intent: &Intent,
    now: Timestamp,
) -> Result<(Applied, Vec<Booking>)> {
    let found = store::payments::find(tx, id).await?.ok_or_else(|| lost(id))?;
    let booking = store::bookings::lock(tx, found.booking_id).await?.ok_or_else(|| lost(id))?;
    let payment = store::payments::lock(tx, id).await?.ok_or_else(|| lost(id))?;
    let change = change(&payment, intent, now);
    if !is_news(payment.status, change.status) {
        give_back_attempt(app, tx, booking.guest_id, &payment, change.status).await?;
        store::payments::answered(tx, id).await?;
        return Ok((Applied::before(payment, booking), Vec::new()));
    }
    let (booking, mut kinds) = catch_up(tx, booking, now).await?;
    store::payments::update(tx, id, &change).await?;
    let followed = follow(app, tx, booking, &payment, change.status, now).await?;
    give_back_attempt(app, tx, followed.booking.guest_id, &payment, change.status).await?;
    kinds.extend(followed.kinds);
    let mut happened: Vec<_> = Happened::expired(&followed.lapsed).collect();
    let host_joins = followed.host_joins;
    happened.push(Happened { host_joins, ..Happened::new(&followed.booking, &kinds) });
    events::append_all(tx, &happened, now).await?;
    let payment = store::payments::find(tx, id).await?.ok_or_else(|| lost(id))?;
    let mut told = followed.lapsed;
    told.push(followed.booking.clone());
    Ok((Applied { payment, booking: followed.booking, conflicts: followed.conflicts }, told))
}

fn lost(id: PaymentId) -> Error {
    anyhow::anyhow!("payment {id} or its booking is not there").into()
}

/// Whether a payment in `from` learns something by `to`. What has ended stays ended.
fn is_news(from: PaymentStatus, to: PaymentStatus) -> bool {
    use PaymentStatus::{Authorized, Processing, RequiresConfirmation};
    from != to
        && match from {
            Processing => true,
            RequiresConfirmation => to != Processing,
            Authorized => !matches!(to, Processing | RequiresConfirmation),
            _ => false,
        }
}

fn change(payment: &Payment, intent: &Intent, now: Timestamp) -> Change {
    let mut change = Change {
        status: payment.status,
        captured: 0,
        provider_ref: Some(intent.reference.clone()),
        decline_reason: None,
        action_url: None,
        asked_at: None,
        updated_at: now,
    };
    match &intent.status {
        IntentStatus::RequiresConfirmation { url } => {
            change.status = PaymentStatus::RequiresConfirmation;
            change.action_url.clone_from(url);
        }
        IntentStatus::Authorized => change.status = PaymentStatus::Authorized,
        IntentStatus::Captured => {
            change.status = PaymentStatus::Captured;
            change.captured = payment.amount;
        }
        IntentStatus::Declined(reason) => {
            change.status = PaymentStatus::Declined;
            change.decline_reason = Some(*reason);
        }
        IntentStatus::Voided => change.status = PaymentStatus::Voided,
    }
    change
}

/// What followed for the booking.
struct Followed {
    /// As it is then.
    booking: Booking,
    /// The events that tell of it.
    kinds: Vec<BookingEventKind>,
    /// Whether its host learns of it now.
    host_joins: bool,
    /// What took the nights of a request before its money was authorized.
    conflicts: Vec<NightConflict>,
    /// Bookings whose expired holds were in the way of a request.
    lapsed: Vec<Booking>,
}

impl Followed {
    fn only(booking: Booking, kinds: &[BookingEventKind]) -> Self {
        Self { booking, kinds: kinds.to_vec(), host_joins: false, conflicts: Vec::new(), lapsed: Vec::new() }
    }
}

async fn follow(
    app: &App,
    tx: &mut Conn,
    booking: Booking,
    payment: &Payment,
    status: PaymentStatus,
    now: Timestamp,
) -> Result<Followed> {
    use BookingEventKind as Kind;
    let waits = is_awaited(&booking, now);
    Ok(match status {
        PaymentStatus::RequiresConfirmation if waits => Followed::only(booking, &[Kind::PaymentConfirmationRequired]),
        PaymentStatus::Authorized if waits && booking.hidden_from_host => reach_host(app, tx, &booking, now).await?,
        PaymentStatus::Authorized if waits => Followed::only(booking, &[Kind::PaymentAuthorized]),
        PaymentStatus::Declined => Followed::only(booking, &[Kind::PaymentDeclined]),
        PaymentStatus::Captured if waits => certify(app, tx, booking, payment, now).await?,
        PaymentStatus::Captured => {
            give_back(app, tx, payment, now).await?;
            Followed::only(booking, &[Kind::PaymentCaptured, Kind::RefundCreated])
        }
        _ => Followed::only(booking, &[]),
    })
}

/// A request claims its nights and is shown to its host, or expires because they were taken meanwhile.
async fn reach_host(app: &App, tx: &mut Conn, booking: &Booking, now: Timestamp) -> Result<Followed> {
    let Asked { booking, conflicts, lapsed } = ask_host(app, tx, booking, now).await?;
    let host_joins = conflicts.is_empty();
    let kinds = if host_joins { vec![BookingEventKind::PaymentAuthorized] } else { vec![BookingEventKind::Expired] };
    Ok(Followed { booking, kinds, host_joins, conflicts, lapsed })
}

/// Money was taken for a booking that waits for it: it is certain, if its nights are its own.
async fn certify(app: &App, tx: &mut Conn, booking: Booking, payment: &Payment, now: Timestamp) -> Result<Followed> {
    use BookingEventKind as Kind;
    // A request that a server of before took for one that holds its nights.
    let asked = if booking.hidden_from_host { Some(reach_host(app, tx, &booking, now).await?) } else { None };
    let asked = asked.unwrap_or_else(|| Followed::only(booking, &[]));
    let confirmed = if asked.conflicts.is_empty() {
        confirm(app, tx, &asked.booking, now).await?
    } else {
        Confirmed::WithoutNights(asked.booking.clone())
    };
    let (booking, kinds) = match confirmed {
        Confirmed::Certain(booking) => (booking, vec![Kind::PaymentCaptured, Kind::Confirmed]),
        Confirmed::WithoutNights(booking) => {
            give_back(app, tx, payment, now).await?;
            (booking, vec![Kind::Expired, Kind::PaymentCaptured, Kind::RefundCreated])
        }
    };
    Ok(Followed { booking, kinds, ..asked })
}

/// This payment's own money goes back, whatever another one has paid.
async fn give_back(app: &App, tx: &mut Conn, payment: &Payment, now: Timestamp) -> Result<()> {
    refund_part(app, tx, payment, (payment.amount, RefundReason::HoldExpired), now).await
}
