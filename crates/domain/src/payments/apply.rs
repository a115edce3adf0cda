//! Applies the provider's notifications of a payment, each once, with all consequences.

use super::{
    cases, effects, is_awaited,
    notices::{Verdict, verdict},
    pay::return_attempt,
    refunds::refund_part,
};
use crate::{
    app::App,
    bookings::{Confirmed, SentRequest, apply_elapsed, confirm, send_to_host},
    events::{self, Actor, BookingEvents, NewEvent},
    outbox::{self, Effect, NewEffect},
};
use mysql_engine::Conn;
use providers::payments::{Card, IntentStatus, Notice};
use store::{
    bookings::Booking,
    inbox::Received,
    outbox::Ending,
    payment_cards::PaymentCard,
    payments::{Change, Payment},
};
use types::{
    BookingEventKind, BookingStatus, CaseKind, EffectKind, Money, NoticeOutcome, PaymentId, PaymentStatus,
    RefundReason, Timestamp,
    error::{Error, NightConflict, Result},
};

/// A payment and its booking after a notification.
#[derive(Debug, Clone)]
pub(crate) struct Applied {
    pub payment: Payment,
    pub booking: Booking,
    /// Conflicts with nights of a request that were taken before its payment was authorized.
    pub conflicts: Vec<NightConflict>,
}

impl Applied {
    /// The result for a notification that was applied before.
    pub(super) fn unchanged(payment: Payment, booking: Booking) -> Self {
        Self { payment, booking, conflicts: Vec::new() }
    }
}

/// The source of a notification.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source<'a> {
    /// The response to the call of an effect, which is done with it.
    Effect(&'a Effect),
    /// It was sent by the provider, and is in the inbox.
    Inbox,
}

/// Applies a notification: a captured payment confirms the booking if it still waits, and is refunded otherwise; an authorized payment
/// sends a request to its host. A notification that was applied before changes nothing. Returns the payment and its booking afterwards;
/// None when the payment does not exist.
pub(super) async fn apply(app: &App, notice: &Notice, source: Source<'_>) -> Result<Option<Applied>> {
    let now = app.now();
    let written = app.database.transaction(async |tx| write(app, tx, notice, source, now).await).await?;
    let Some((applied, changed)) = written else { return Ok(None) };
    changed.iter().for_each(|booking| events::announce(app, booking));
    Ok(Some(applied))
}

/// Also returns the bookings with new events.
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
    let booking = store::bookings::lock(tx, found.booking_id).await?.ok_or_else(|| missing(id))?;
    let payment = store::payments::lock(tx, id).await?.ok_or_else(|| missing(id))?;
    let verdict = verdict(payment.status, &notice.status, matches!(source, Source::Effect(_)));
    if !is_first(app, tx, notice, source, outcome(verdict), now).await? {
        return Ok(Some((Applied::unchanged(payment, booking), Vec::new())));
    }
    match verdict {
        Verdict::Moves(_) => {}
        Verdict::Known | Verdict::Late => {
            return_attempt(app, tx, booking.guest_id, &payment, payment.status).await?;
            return Ok(Some((Applied::unchanged(payment, booking), Vec::new())));
        }
        Verdict::AuthorizedAfterEnd => {
            void_again(tx, &payment, now).await?;
            return Ok(Some((Applied::unchanged(payment, booking), Vec::new())));
        }
        Verdict::EndedAfterCapture => {
            cases::open(app, tx, &payment, CaseKind::Contradiction, &contradiction(&payment, notice), now).await?;
            return Ok(Some((Applied::unchanged(payment, booking), Vec::new())));
        }
        Verdict::CapturedAfterEnd => {
            tracing::warn!(payment = %id, status = %payment.status, "a payment that had ended was captured; it is refunded");
        }
    }
    change_state(app, tx, (booking, payment), notice, now).await.map(Some)
}

/// Changes the payment, and its booking with it.
async fn change_state(
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
    if let Some(Card { brand, last_four }) = notice.card.filter(|_| payment.status == PaymentStatus::Authorizing) {
        store::payment_cards::record(tx, &PaymentCard { payment_id: id, brand, last_four }).await?;
    }
    let is_right = check_amount(app, tx, &payment, notice, now).await?;
    let was_over = matches!(payment.status, PaymentStatus::Declined | PaymentStatus::Voided);
    let consequences = if change.status == PaymentStatus::Captured && (was_over || !is_right) {
        let captured = by_provider(BookingEventKind::PaymentCaptured, &payment);
        let refunded =
            refund_payment(app, tx, &payment, (change.captured, RefundReason::UnexpectedCapture), now).await?;
        Consequences::only(booking, vec![captured, refunded])
    } else {
        follow(app, tx, booking, &payment, change.status, now).await?
    };
    return_attempt(app, tx, consequences.booking.guest_id, &payment, change.status).await?;
    if !is_awaited(&consequences.booking, now) {
        store::payments::void_open(tx, consequences.booking.id, now).await?;
    }
    events.extend(consequences.events);
    let mut booking_events: Vec<_> = events::expired(&consequences.expired).collect();
    let host_joins = consequences.host_joins;
    booking_events.push(BookingEvents { host_joins, ..BookingEvents::new(&consequences.booking, events) });
    events::append_all(app, tx, &booking_events, now).await?;
    let payment = store::payments::find(tx, id).await?.ok_or_else(|| missing(id))?;
    let mut changed = consequences.expired;
    changed.push(consequences.booking.clone());
    Ok((Applied { payment, booking: consequences.booking, conflicts: consequences.conflicts }, changed))
}

fn missing(id: PaymentId) -> Error {
    anyhow::anyhow!("payment {id} or its booking is not there").into()
}

/// Records the outcome of a notification in the inbox, and ends the effect it responds to. False when it was applied before, unless it is a
/// response: that is the current state of the payment, even if the provider has reported the same before.
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

/// The row of a notification in the inbox.
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
        Verdict::CapturedAfterEnd | Verdict::AuthorizedAfterEnd | Verdict::EndedAfterCapture => {
            NoticeOutcome::Contradiction
        }
    }
}

/// The payment does not exist: it belongs to another system, or its transaction was missing.
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

/// Checks that the provider captured the requested amount. Opens a case for another amount.
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
            // The case has the amount above the requested one.
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

/// The consequences for the booking.
struct Consequences {
    /// The booking afterwards.
    booking: Booking,
    /// Its new events.
    events: Vec<NewEvent>,
    /// Whether it becomes visible to its host now.
    host_joins: bool,
    /// Conflicts with nights of a request that were taken before its payment was authorized.
    conflicts: Vec<NightConflict>,
    /// Bookings that expired because of the claim of a request.
    expired: Vec<Booking>,
}

impl Consequences {
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
) -> Result<Consequences> {
    use BookingEventKind as Kind;
    let waits = is_awaited(&booking, now);
    let by_provider = |kind| by_provider(kind, payment);
    Ok(match status {
        PaymentStatus::RequiresConfirmation if waits => {
            Consequences::only(booking, vec![by_provider(Kind::PaymentConfirmationRequired)])
        }
        PaymentStatus::Authorized if waits && booking.hidden_from_host => {
            send_request_to_host(app, tx, &booking, payment, now).await?
        }
        PaymentStatus::Authorized if waits => Consequences::only(booking, vec![by_provider(Kind::PaymentAuthorized)]),
        PaymentStatus::Declined => Consequences::only(booking, vec![by_provider(Kind::PaymentDeclined)]),
        PaymentStatus::Captured if waits => confirm_paid(app, tx, booking, payment, now).await?,
        PaymentStatus::Captured => {
            let refunded = refund_payment(app, tx, payment, (payment.amount, RefundReason::HoldExpired), now).await?;
            Consequences::only(booking, vec![by_provider(Kind::PaymentCaptured), refunded])
        }
        _ => Consequences::only(booking, Vec::new()),
    })
}

/// Claims the nights of a request and makes it visible to its host, or expires it because they were taken meanwhile.
async fn send_request_to_host(
    app: &App,
    tx: &mut Conn,
    booking: &Booking,
    payment: &Payment,
    now: Timestamp,
) -> Result<Consequences> {
    let SentRequest { booking, conflicts, expired } = send_to_host(app, tx, booking, now).await?;
    let host_joins = conflicts.is_empty();
    let event = if host_joins {
        by_provider(BookingEventKind::PaymentAuthorized, payment)
    } else {
        Actor::Platform.event(BookingEventKind::Expired)
    };
    Ok(Consequences { booking, events: vec![event], host_joins, conflicts, expired })
}

/// Confirms a booking that waits for the captured payment, if it still has its nights.
async fn confirm_paid(
    app: &App,
    tx: &mut Conn,
    booking: Booking,
    payment: &Payment,
    now: Timestamp,
) -> Result<Consequences> {
    use BookingEventKind as Kind;
    // A host accepts a request; an instant booking needs no acceptance.
    let by = match booking.status {
        BookingStatus::Requested => effects::accepted_by(tx, payment.id).await?.unwrap_or(Actor::Host(booking.host_id)),
        _ => Actor::Platform,
    };
    // A request that an older server treated as one that holds its nights.
    let sent = if booking.hidden_from_host {
        Some(send_request_to_host(app, tx, &booking, payment, now).await?)
    } else {
        None
    };
    let sent = sent.unwrap_or_else(|| Consequences::only(booking, Vec::new()));
    let captured = by_provider(Kind::PaymentCaptured, payment);
    let confirmed = if sent.conflicts.is_empty() {
        confirm(app, tx, &sent.booking, now).await?
    } else {
        Confirmed::WithoutNights(sent.booking.clone())
    };
    let (booking, events) = match confirmed {
        Confirmed::WithNights(booking) => (booking, vec![captured, by.event(Kind::Confirmed)]),
        Confirmed::WithoutNights(booking) => {
            let refunded = refund_payment(app, tx, payment, (payment.amount, RefundReason::HoldExpired), now).await?;
            (booking, vec![Actor::Platform.event(Kind::Expired), captured, refunded])
        }
    };
    Ok(Consequences { booking, events, ..sent })
}

/// An event by the payment provider.
fn by_provider(kind: BookingEventKind, payment: &Payment) -> NewEvent {
    let amount = Money::new(payment.amount, payment.currency);
    Actor::PaymentProvider.event(kind).of_payment(payment.id).of_amount(amount)
}

/// Refunds this payment in full. Returns the event.
async fn refund_payment(
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
