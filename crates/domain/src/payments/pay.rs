//! A guest pays, and confirms.

use super::{StoredPayment, apply::Applied, check_ending, done, effects, finish};
use crate::{
    app::App,
    bookings::{self, status_at},
    idempotency::{self, Once},
    limits,
    outbox::Effect,
    transitions,
};
use auth::Member;
use mysql_engine::Conn;
use providers::payments::{CaptureMode, PaymentMethod};
use store::{bookings::Booking, idempotency::IdempotentRequest, payments::Payment};
use types::{
    BookingAction, BookingId, EffectKind, IdempotencyKey, PaymentId, PaymentStatus, Side, Timestamp, UserId,
    error::{Error, PaymentUnavailable, Refusal, Result, StateConflict},
};

/// How a guest names a booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BookingRef {
    /// By its id.
    Id(BookingId),
    /// By the key it was created with.
    CreatedWith(IdempotencyKey),
}

/// The most payments of a booking: many more than anybody has cards.
const MAX_PAYMENTS: i64 = 10;

/// Pays for a booking: takes the money with instant book, reserves it for a request.
///
/// # Errors
/// Problems of the contract's `payBooking`.
pub async fn pay(
    app: &App,
    guest: &Member,
    booking: &BookingRef,
    method: PaymentMethod,
    key: &IdempotencyKey,
) -> Result<Once<StoredPayment>> {
    let id = resolve(app, guest, booking).await?;
    let request = idempotency::request(guest, "payBooking", key, &(id, method.to_string()))?;
    let now = app.now();
    let begun = app
        .database
        .transaction(async |tx| {
            let earlier = idempotency::take::<StoredPayment>(tx, &request, now).await?;
            let booking = store::bookings::lock(tx, id).await?;
            let booking = booking.filter(|it| it.guest_id == guest.id());
            let booking = booking.ok_or_else(|| Error::not_found("booking", "booking"))?;
            if let Some(kept) = earlier {
                let payment = store::payments::find(tx, kept.answer.payment).await?;
                return Ok(Begun { kept, payment: payment.ok_or_else(lost)?, booking, effect: None });
            }
            payable(tx, &booking, now).await?;
            has_room(tx, &booking).await?;
            limits::take(tx, &app.limits.declined_payments, &[guest.id().as_bytes()], now).await?;
            let payment = draft(app, &booking, method, now);
            store::payments::insert(tx, &payment).await?;
            let effect = order(app, tx, &payment, EffectKind::AuthorizePayment, now).await?;
            let kept = idempotency::keep(tx, &request, StoredPayment::awaited(payment.id, id)).await?;
            Ok::<_, Error>(Begun { kept, payment, booking, effect: Some(effect) })
        })
        .await?;
    begun.conclude(app, &request, EffectKind::AuthorizePayment).await
}

/// A payment whose answer is awaited, by this request or an earlier one with the same key.
struct Begun {
    kept: Once<StoredPayment>,
    payment: Payment,
    booking: Booking,
    /// None: an earlier request ordered it.
    effect: Option<Effect>,
}

impl Begun {
    /// Waits for the provider's answer, keeps how it ended, and answers the guest.
    async fn conclude(
        self,
        app: &App,
        request: &IdempotentRequest<'_>,
        kind: EffectKind,
    ) -> Result<Once<StoredPayment>> {
        let Self { kept, payment, booking, effect } = self;
        if let Some(ending) = kept.answer.ending {
            check_ending(&payment, ending, &kept.answer.conflicts)?;
            return Ok(kept);
        }
        // New, or left by a crash: the provider knows the effect by its key, and moves money once.
        let applied = match payment.status {
            PaymentStatus::Authorizing => done(app, payment.id, kind, effect).await?,
            _ => Applied::before(payment, booking),
        };
        if applied.payment.status == PaymentStatus::Authorizing {
            return Err(Refusal::PaymentUnavailable(PaymentUnavailable).into());
        }
        finish(app, request, kept, applied).await
    }
}

/// Orders an effect of a payment that takes money. Instant bookings are captured at once, requests when the host accepts: as the quote said,
/// whatever has become of the listing since.
async fn order(app: &App, tx: &mut Conn, payment: &Payment, kind: EffectKind, now: Timestamp) -> Result<Effect> {
    let is_instant = store::bookings::is_instant(tx, payment.booking_id).await?;
    let is_instant = is_instant.ok_or_else(|| anyhow::anyhow!("payment {} without its booking", payment.id))?;
    let capture = if is_instant { CaptureMode::Automatic } else { CaptureMode::Manual };
    effects::order(app, tx, payment, (kind, Some(capture)), now).await
}

/// Gives the attempt back that asking for `payment` has taken, when `status` is what the provider answers: a guest who can pay tries no
/// stolen cards. An attempt is taken before the provider is asked, because many may be on their way at once; that of an answer which never
/// comes stays taken. `payment` is locked and as it was before the answer, so that no attempt comes back twice.
pub(super) async fn return_attempt(
    app: &App,
    tx: &mut Conn,
    guest: UserId,
    payment: &Payment,
    status: PaymentStatus,
) -> Result<()> {
    use PaymentStatus::{Authorized, Authorizing, Captured, RequiresConfirmation};
    if payment.status == Authorizing && matches!(status, RequiresConfirmation | Authorized | Captured) {
        limits::give_back(tx, &app.limits.declined_payments, &[guest.as_bytes()]).await?;
    }
    Ok(())
}

fn lost() -> Error {
    anyhow::anyhow!("a kept answer names a payment that is not there").into()
}

async fn resolve(app: &App, guest: &Member, booking: &BookingRef) -> Result<BookingId> {
    let key = match booking {
        BookingRef::Id(id) => return Ok(*id),
        BookingRef::CreatedWith(key) => key,
    };
    let kept = store::idempotency::find(&mut app.conn().await?, guest.id(), "createBooking", key).await?;
    let kept = kept.ok_or_else(|| Error::not_found("booking", "booking"))?;
    let kept: bookings::StoredBooking = serde_json::from_str(&kept.answer).map_err(anyhow::Error::from)?;
    Ok(kept.booking)
}

/// Refuses when `booking`, which the transaction has locked, cannot be paid for now.
async fn payable(tx: &mut Conn, booking: &Booking, now: Timestamp) -> Result<()> {
    let (id, status) = (booking.id, status_at(booking, now));
    if !transitions::may(Side::Guest, BookingAction::Pay, status) {
        let label = transitions::label(status);
        return Err(Error::state(Some(id), format!("The booking is {label}. There is nothing to pay.")));
    }
    if booking.total == 0 {
        return Err(Error::state(Some(id), "There is nothing to pay."));
    }
    let Some(payment) = store::payments::blocking(tx, id).await? else { return Ok(()) };
    let (message, retryable) = match payment.status {
        PaymentStatus::Authorizing | PaymentStatus::Capturing => {
            ("Another payment for this booking is in progress.", true)
        }
        PaymentStatus::Authorized => ("The payment is authorized. Wait for the host's response.", false),
        _ => ("The booking is already paid.", false),
    };
    Err(Refusal::StateConflict(StateConflict { booking: Some(id), message: message.to_owned(), retryable }).into())
}

/// Refuses when `payment`, which the transaction has locked, does not wait for its guest.
fn refuse_unless_waiting(payment: &Payment) -> Result<()> {
    let (message, retryable) = match payment.status {
        PaymentStatus::RequiresConfirmation => return Ok(()),
        PaymentStatus::Authorizing => ("The payment is being confirmed. Try again in a moment.", true),
        _ => ("The payment is not waiting for a confirmation.", false),
    };
    let conflict = StateConflict { booking: Some(payment.booking_id), message: message.to_owned(), retryable };
    Err(Refusal::StateConflict(conflict).into())
}

/// Refuses when `booking`, which the transaction has locked, has had as many payments as it can have. Those that end by themselves, without
/// a refusal of the provider, count for no other limit.
async fn has_room(tx: &mut Conn, booking: &Booking) -> Result<()> {
    if store::payments::count(tx, booking.id).await? < MAX_PAYMENTS {
        return Ok(());
    }
    let message =
        format!("This booking has reached its limit of {MAX_PAYMENTS} payment attempts. Book the stay again.");
    Err(Error::state(Some(booking.id), message))
}

fn draft(app: &App, booking: &Booking, method: PaymentMethod, now: Timestamp) -> Payment {
    Payment {
        id: PaymentId::new(now, &*app.entropy),
        booking_id: booking.id,
        currency: booking.currency,
        amount: booking.total,
        captured: 0,
        refunded: 0,
        status: PaymentStatus::Authorizing,
        provider: app.payments.name().to_owned(),
        method: method.to_string(),
        provider_ref: None,
        decline_reason: None,
        action_url: None,
        created_at: now,
        updated_at: now,
    }
}

/// Goes on with a payment after the guest has confirmed.
///
/// # Errors
/// Problems of the contract's `confirmPayment`.
pub async fn confirm(app: &App, guest: &Member, id: PaymentId, key: &IdempotencyKey) -> Result<Once<StoredPayment>> {
    let request = idempotency::request(guest, "confirmPayment", key, &id)?;
    let now = app.now();
    let begun = app
        .database
        .transaction(async |tx| {
            let found = store::payments::visible(tx, guest.id(), &[id]).await?.pop();
            let found = found.ok_or_else(|| Error::not_found("paymentId", "payment"))?;
            let booking = store::bookings::lock(tx, found.booking_id).await?.ok_or_else(lost)?;
            let earlier = idempotency::take::<StoredPayment>(tx, &request, now).await?;
            let payment = store::payments::lock(tx, id).await?.ok_or_else(lost)?;
            if let Some(kept) = earlier {
                return Ok(Begun { kept, payment, booking, effect: None });
            }
            refuse_unless_waiting(&payment)?;
            payable(tx, &booking, now).await?;
            limits::take(tx, &app.limits.declined_payments, &[guest.id().as_bytes()], now).await?;
            store::payments::move_to(tx, id, PaymentStatus::Authorizing, now).await?;
            let effect = order(app, tx, &payment, EffectKind::ConfirmPayment, now).await?;
            let kept = idempotency::keep(tx, &request, StoredPayment::awaited(id, booking.id)).await?;
            let payment = Payment { status: PaymentStatus::Authorizing, ..payment };
            Ok::<_, Error>(Begun { kept, payment, booking, effect: Some(effect) })
        })
        .await?;
    begun.conclude(app, &request, EffectKind::ConfirmPayment).await
}
