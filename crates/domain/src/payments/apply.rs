//! What a provider said of a payment, written once, with what follows from it.

use super::{
    cases, is_awaited,
    notices::{Verdict, verdict},
    pay::return_attempt,
    refunds::refund_part,
};
use crate::{
    app::App,
    bookings::{Asked, Confirmed, apply_elapsed, ask_host, confirm},
    events::{self, Actor, Happened, NewEvent},
    outbox::{self, Effect, NewEffect},
};
use mysql_engine::Conn;
use providers::payments::{IntentStatus, Notice};
use store::{
    bookings::Booking,
    inbox::Received,
    outbox::Ending,
    payments::{Change, Payment},
};
use types::{
    BookingEventKind, BookingStatus, CaseKind, EffectKind, Money, NoticeOutcome, PaymentId, PaymentStatus,
    RefundReason, Timestamp,
    error::{Error, NightConflict, Result},
};

/// A payment and its booking after a statement of the provider.
#[derive(Debug, Clone)]
pub(crate) struct Applied {
    pub payment: Payment,
    pub booking: Booking,
    /// What took the nights of a request before its money was authorized.
    pub conflicts: Vec<NightConflict>,
}

impl Applied {
    /// What was applied before.
    pub(super) fn before(payment: Payment, booking: Booking) -> Self {
        Self { payment, booking, conflicts: Vec::new() }
    }
}

/// Where a statement comes from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source<'a> {
    /// It answers the call of an effect, which is done by it.
    Effect(&'a Effect),
    /// It came by itself, and waits in the inbox.
    Inbox,
}

/// Writes what the provider says of a payment: money that was captured confirms the booking if it still waits, and goes back if it does
/// not; money that is authorized brings a request to its host. A statement that was applied before changes nothing. Returns the payment
/// and its booking as they are afterwards; None when the payment is not here.
pub(super) async fn apply(app: &App, notice: &Notice, source: Source<'_>) -> Result<Option<Applied>> {
    let now = app.now();
    let written = app.database.transaction(async |tx| write(app, tx, notice, source, now).await).await?;
    let Some((applied, changed)) = written else { return Ok(None) };
    changed.iter().for_each(|booking| events::announce(app, booking));
    Ok(Some(applied))
}

/// Returns also the bookings to which something happened.
async fn write(
    app: &App,
    tx: &mut Conn,
    notice: &Notice,
    source: Source<'_>,
    now: Timestamp,
) -> Result<Option<(Applied, Vec<Booking>)>> {
    let id = notice.payment;
    let Some(found) = store::payments::find(tx, id).await? else {
        return unknown(app, tx, notice, now).await.map(|()| None);
    };
    let booking = store::bookings::lock(tx, found.booking_id).await?.ok_or_else(|| lost(id))?;
    let payment = store::payments::lock(tx, id).await?.ok_or_else(|| lost(id))?;
    let verdict = verdict(payment.status, &notice.status, matches!(source, Source::Effect(_)));
    if !is_first(app, tx, notice, source, outcome(verdict), now).await? {
        return Ok(Some((Applied::before(payment, booking), Vec::new())));
    }
    match verdict {
        Verdict::Moves(_) => {}
        Verdict::Known | Verdict::Late => {
            return_attempt(app, tx, booking.guest_id, &payment, payment.status).await?;
            return Ok(Some((Applied::before(payment, booking), Vec::new())));
        }
        Verdict::ReservedAfterEnd => {
            void_again(tx, &payment, now).await?;
            return Ok(Some((Applied::before(payment, booking), Vec::new())));
        }
        Verdict::EndedAfterCapture => {
            cases::open(app, tx, &payment, CaseKind::Contradiction, &contradiction(&payment, notice), now).await?;
            return Ok(Some((Applied::before(payment, booking), Vec::new())));
        }
        Verdict::CapturedAfterEnd => {
            tracing::warn!(payment = %id, status = %payment.status, "a payment that had ended was captured; it is refunded");
        }
    }
    move_on(app, tx, (booking, payment), notice, now).await.map(Some)
}

/// The payment changes, and its booking with it.
async fn move_on(
    app: &App,
    tx: &mut Conn,
    (booking, payment): (Booking, Payment),
    notice: &Notice,
    now: Timestamp,
) -> Result<(Applied, Vec<Booking>)> {
    let id = payment.id;
    let (booking, mut events) = apply_elapsed(tx, booking, now).await?;
    let change = change(&payment, notice, now);
    store::payments::update(tx, id, &change).await?;
    let is_right = check_amount(app, tx, &payment, notice, now).await?;
    let was_over = matches!(payment.status, PaymentStatus::Declined | PaymentStatus::Voided);
    let followed = if change.status == PaymentStatus::Captured && (was_over || !is_right) {
        let captured = by_provider(BookingEventKind::PaymentCaptured, &payment);
        let refunded = give_back(app, tx, &payment, (change.captured, RefundReason::UnexpectedCapture), now).await?;
        Followed::only(booking, vec![captured, refunded])
    } else {
        follow(app, tx, booking, &payment, change.status, now).await?
    };
    return_attempt(app, tx, followed.booking.guest_id, &payment, change.status).await?;
    if !is_awaited(&followed.booking, now) {
        store::payments::void_open(tx, followed.booking.id, now).await?;
    }
    events.extend(followed.events);
    let mut happened: Vec<_> = events::expired(&followed.expired).collect();
    let host_joins = followed.host_joins;
    happened.push(Happened { host_joins, ..Happened::new(&followed.booking, events) });
    events::append_all(app, tx, &happened, now).await?;
    let payment = store::payments::find(tx, id).await?.ok_or_else(|| lost(id))?;
    let mut changed = followed.expired;
    changed.push(followed.booking.clone());
    Ok((Applied { payment, booking: followed.booking, conflicts: followed.conflicts }, changed))
}

fn lost(id: PaymentId) -> Error {
    anyhow::anyhow!("payment {id} or its booking is not there").into()
}

/// Writes into the inbox what becomes of a statement, and ends the effect that it answers. False when it was applied before, unless it is an
/// answer: that tells where the payment stands now, whether or not the provider said the same before.
async fn is_first(
    app: &App,
    tx: &mut Conn,
    notice: &Notice,
    source: Source<'_>,
    outcome: NoticeOutcome,
    now: Timestamp,
) -> Result<bool> {
    match source {
        Source::Inbox => Ok(store::inbox::settle(tx, (app.payments.name(), &notice.event), outcome).await?),
        Source::Effect(effect) => {
            store::inbox::record(tx, &received(app, notice)?, Some(outcome), now).await?;
            store::outbox::end(tx, effect, Ending::Done, now).await?;
            Ok(true)
        }
    }
}

/// A statement as the inbox has it.
pub(super) fn received(app: &App, notice: &Notice) -> Result<Received> {
    Ok(Received {
        provider: app.payments.name().to_owned(),
        event_id: notice.event.clone(),
        payment_id: notice.payment,
        payload: serde_json::to_string(notice).map_err(anyhow::Error::from)?,
        attempts: 0,
    })
}

fn outcome(verdict: Verdict) -> NoticeOutcome {
    match verdict {
        Verdict::Moves(_) => NoticeOutcome::Applied,
        Verdict::Known => NoticeOutcome::Known,
        Verdict::Late => NoticeOutcome::Late,
        Verdict::CapturedAfterEnd | Verdict::ReservedAfterEnd | Verdict::EndedAfterCapture => {
            NoticeOutcome::Contradiction
        }
    }
}

/// The provider speaks of a payment that is not here: of another system, or of one that a lost transaction asked for.
async fn unknown(app: &App, tx: &mut Conn, notice: &Notice, now: Timestamp) -> Result<()> {
    let source = (app.payments.name(), notice.event.as_str());
    if store::inbox::settle(tx, source, NoticeOutcome::UnknownPayment).await? {
        let detail = format!("The provider says of `{}`: {:?}.", notice.reference, notice.status);
        cases::open_for(app, tx, (notice.payment, None), CaseKind::UnknownPayment, &detail, now).await?;
    }
    Ok(())
}

async fn void_again(tx: &mut Conn, payment: &Payment, now: Timestamp) -> Result<()> {
    let void = NewEffect {
        object_id: payment.id.into(),
        kind: EffectKind::VoidPayment,
        group_id: payment.booking_id.into(),
        payload: "{}",
    };
    outbox::order(tx, &void, now).await
}

fn contradiction(payment: &Payment, notice: &Notice) -> String {
    format!("The payment is {}, and the provider now says: {:?}.", payment.status, notice.status)
}

/// Whether the provider captured what it was asked for, if it captured. Another amount is a case for a person.
async fn check_amount(app: &App, tx: &mut Conn, payment: &Payment, notice: &Notice, now: Timestamp) -> Result<bool> {
    let IntentStatus::Captured(captured) = notice.status else { return Ok(true) };
    if captured != payment.amount {
        let (currency, amount) = (payment.currency, payment.amount);
        let detail = format!("Captured {captured} minor units of {currency} instead of {amount}.");
        cases::open(app, tx, payment, CaseKind::WrongAmount, &detail, now).await?;
    }
    Ok(captured >= payment.amount)
}

fn change(payment: &Payment, notice: &Notice, now: Timestamp) -> Change {
    let mut change = Change {
        status: payment.status,
        captured: 0,
        provider_ref: Some(notice.reference.clone()),
        decline_reason: None,
        action_url: None,
        updated_at: now,
    };
    match &notice.status {
        IntentStatus::RequiresConfirmation { url } => {
            change.status = PaymentStatus::RequiresConfirmation;
            change.action_url.clone_from(url);
        }
        IntentStatus::Authorized => change.status = PaymentStatus::Authorized,
        IntentStatus::Captured(captured) => {
            change.status = PaymentStatus::Captured;
            // What is more than was asked for stands in a case.
            change.captured = (*captured).clamp(1, payment.amount);
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
    /// Its new events.
    events: Vec<NewEvent>,
    /// Whether its host learns of it now.
    host_joins: bool,
    /// What took the nights of a request before its money was authorized.
    conflicts: Vec<NightConflict>,
    /// Bookings whose expired holds were in the way of a request.
    expired: Vec<Booking>,
}

impl Followed {
    fn only(booking: Booking, events: Vec<NewEvent>) -> Self {
        Self { booking, events, host_joins: false, conflicts: Vec::new(), expired: Vec::new() }
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
    let by_provider = |kind| by_provider(kind, payment);
    Ok(match status {
        PaymentStatus::RequiresConfirmation if waits => {
            Followed::only(booking, vec![by_provider(Kind::PaymentConfirmationRequired)])
        }
        PaymentStatus::Authorized if waits && booking.hidden_from_host => {
            reach_host(app, tx, &booking, payment, now).await?
        }
        PaymentStatus::Authorized if waits => Followed::only(booking, vec![by_provider(Kind::PaymentAuthorized)]),
        PaymentStatus::Declined => Followed::only(booking, vec![by_provider(Kind::PaymentDeclined)]),
        PaymentStatus::Captured if waits => confirm_paid(app, tx, booking, payment, now).await?,
        PaymentStatus::Captured => {
            let refunded = give_back(app, tx, payment, (payment.amount, RefundReason::HoldExpired), now).await?;
            Followed::only(booking, vec![by_provider(Kind::PaymentCaptured), refunded])
        }
        _ => Followed::only(booking, Vec::new()),
    })
}

/// A request claims its nights and is shown to its host, or expires because they were taken meanwhile.
async fn reach_host(
    app: &App,
    tx: &mut Conn,
    booking: &Booking,
    payment: &Payment,
    now: Timestamp,
) -> Result<Followed> {
    let Asked { booking, conflicts, expired } = ask_host(app, tx, booking, now).await?;
    let host_joins = conflicts.is_empty();
    let event = if host_joins {
        by_provider(BookingEventKind::PaymentAuthorized, payment)
    } else {
        Actor::Platform.event(BookingEventKind::Expired)
    };
    Ok(Followed { booking, events: vec![event], host_joins, conflicts, expired })
}

/// Money was taken for a booking that waits for it: it is certain, if its nights are its own.
async fn confirm_paid(
    app: &App,
    tx: &mut Conn,
    booking: Booking,
    payment: &Payment,
    now: Timestamp,
) -> Result<Followed> {
    use BookingEventKind as Kind;
    // A host accepts a request; an instant booking needs nobody's consent.
    let by = if booking.status == BookingStatus::Requested { Actor::Host(booking.host_id) } else { Actor::Platform };
    // A request that a server of before took for one that holds its nights.
    let asked = if booking.hidden_from_host { Some(reach_host(app, tx, &booking, payment, now).await?) } else { None };
    let asked = asked.unwrap_or_else(|| Followed::only(booking, Vec::new()));
    let captured = by_provider(Kind::PaymentCaptured, payment);
    let confirmed = if asked.conflicts.is_empty() {
        confirm(app, tx, &asked.booking, now).await?
    } else {
        Confirmed::WithoutNights(asked.booking.clone())
    };
    let (booking, events) = match confirmed {
        Confirmed::Certain(booking) => (booking, vec![captured, by.event(Kind::Confirmed)]),
        Confirmed::WithoutNights(booking) => {
            let refunded = give_back(app, tx, payment, (payment.amount, RefundReason::HoldExpired), now).await?;
            (booking, vec![Actor::Platform.event(Kind::Expired), captured, refunded])
        }
    };
    Ok(Followed { booking, events, ..asked })
}

/// What the provider reports of a payment.
fn by_provider(kind: BookingEventKind, payment: &Payment) -> NewEvent {
    let amount = Money::new(payment.amount, payment.currency);
    Actor::PaymentProvider.event(kind).of_payment(payment.id).of_amount(amount)
}

/// This payment's own money goes back, whatever another one has paid. Returns the event.
async fn give_back(
    app: &App,
    tx: &mut Conn,
    payment: &Payment,
    (amount, reason): (i64, RefundReason),
    now: Timestamp,
) -> Result<NewEvent> {
    let refund = refund_part(app, tx, payment, (amount, reason), now).await?;
    let event = Actor::Platform.event(BookingEventKind::RefundCreated).of_refund(refund, payment.id);
    Ok(event.of_amount(Money::new(amount, payment.currency)))
}
