//! Guests pay, and confirm payments.

use super::{StoredPayment, apply::Applied, check_ending, effects, finish, perform_or_wait};
use crate::{
    app::App,
    bookings::{self, status_at},
    idempotency::{self, Idempotent},
    limits,
    outbox::Effect,
    transitions,
};
use auth::{AccountOwner, Member};
use mysql_engine::Conn;
use providers::payments::{CaptureMode, PaymentMethod};
use store::{bookings::Booking, idempotency::IdempotentRequest, payments::Payment};
use types::{
    BookingAction, BookingId, EffectKind, IdempotencyKey, PaymentId, PaymentStatus, Side, Timestamp, UserId,
    error::{Error, PaymentUnavailable, Refusal, Result, StateConflict},
};

/// A reference to a booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BookingRef {
    /// By its id.
    Id(BookingId),
    /// By the idempotency key of its creation.
    CreatedWith(IdempotencyKey),
}

/// The most payments of a booking: far more than a guest has cards.
const MAX_PAYMENTS: i64 = 10;

/// Pays for a booking: captures the payment with instant book, authorizes it for a request.
///
/// # Errors
/// Problems of the contract's `payBooking`.
pub async fn pay(
    app: &App,
    guest: &AccountOwner,
    booking: &BookingRef,
    method: PaymentMethod,
    key: &IdempotencyKey,
) -> Result<Idempotent<StoredPayment>> {
    let id = resolve(app, guest, booking).await?;
    let request = idempotency::request(guest, "payBooking", key, &(id, method.to_string()))?;
    let now = app.now();
    let in_flight = app
        .database
        .transaction(async |tx| {
            let payment = PaymentId::new(now, &*app.entropy);
            let awaited = StoredPayment::awaited(payment, id);
            let earlier = idempotency::claim_with(tx, &request, &awaited, now).await?;
            let booking = store::bookings::lock(tx, id).await?;
            let booking = booking.filter(|it| it.guest_id == guest.id());
            let booking = booking.ok_or_else(|| Error::not_found("booking", "booking"))?;
            if let Some(stored) = earlier {
                let payment = store::payments::find(tx, stored.answer.payment).await?;
                return Ok(PaymentInFlight {
                    stored,
                    payment: payment.ok_or_else(missing_payment)?,
                    booking,
                    effect: None,
                });
            }
            refuse_unless_payable(tx, &booking, now).await?;
            refuse_over_limit(tx, &booking).await?;
            limits::take(tx, &app.limits.declined_payments, &[guest.id().as_bytes()], now).await?;
            let payment = draft(app, payment, &booking, method, now);
            store::payments::insert(tx, &payment).await?;
            let effect = order(app, tx, &payment, EffectKind::AuthorizePayment, now).await?;
            Ok::<_, Error>(PaymentInFlight { stored: Idempotent::new(awaited), payment, booking, effect: Some(effect) })
        })
        .await?;
    in_flight.conclude(app, &request, EffectKind::AuthorizePayment).await
}

/// A payment whose response is awaited, by this request or an earlier one with the same key.
struct PaymentInFlight {
    stored: Idempotent<StoredPayment>,
    payment: Payment,
    booking: Booking,
    /// None: an earlier request wrote it.
    effect: Option<Effect>,
}

impl PaymentInFlight {
    /// Waits for the provider's response, stores the outcome, and returns it.
    async fn conclude(
        self,
        app: &App,
        request: &IdempotentRequest<'_>,
        kind: EffectKind,
    ) -> Result<Idempotent<StoredPayment>> {
        let Self { stored, payment, booking, effect } = self;
        if let Some(ending) = stored.answer.ending {
            check_ending(&payment, ending, &stored.answer.conflicts)?;
            return Ok(stored);
        }
        // New, or left by a crash: the provider knows the effect by its key, and charges once.
        let applied = match payment.status {
            PaymentStatus::Authorizing => perform_or_wait(app, payment.id, kind, effect).await?,
            _ => Applied::unchanged(payment, booking),
        };
        if applied.payment.status == PaymentStatus::Authorizing {
            return Err(Refusal::PaymentUnavailable(PaymentUnavailable).into());
        }
        finish(app, request, stored, applied).await
    }
}

/// Writes the effect that charges a payment. Instant bookings are captured at once, requests when the host accepts: as in the quote, even
/// if the listing has changed since.
async fn order(app: &App, tx: &mut Conn, payment: &Payment, kind: EffectKind, now: Timestamp) -> Result<Effect> {
    let is_instant = store::bookings::is_instant(tx, payment.booking_id).await?;
    let is_instant = is_instant.ok_or_else(|| anyhow::anyhow!("payment {} without its booking", payment.id))?;
    let capture = if is_instant { CaptureMode::Automatic } else { CaptureMode::Manual };
    effects::order(app, tx, payment, (kind, Some(capture)), now).await
}

/// Returns the attempt that `payment` has taken if `status`, the provider's response, is a success: a guest who can pay is not testing
/// stolen cards. An attempt is taken before the provider is called, because many calls can be in flight at once; without a response it
/// stays taken. `payment` is locked and as it was before the response, so that no attempt is returned twice.
pub(super) async fn return_attempt(
    app: &App,
    tx: &mut Conn,
    guest: UserId,
    payment: &Payment,
    status: PaymentStatus,
) -> Result<()> {
    use PaymentStatus::{Authorized, Authorizing, Captured, RequiresConfirmation};
    if payment.status == Authorizing && matches!(status, RequiresConfirmation | Authorized | Captured) {
        limits::return_one(tx, &app.limits.declined_payments, &[guest.as_bytes()]).await?;
    }
    Ok(())
}

fn missing_payment() -> Error {
    anyhow::anyhow!("a stored response has a payment that does not exist").into()
}

async fn resolve(app: &App, guest: &Member, booking: &BookingRef) -> Result<BookingId> {
    let key = match booking {
        BookingRef::Id(id) => return Ok(*id),
        BookingRef::CreatedWith(key) => key,
    };
    let stored = store::idempotency::find(&mut app.conn().await?, guest.id(), "createBooking", key).await?;
    let stored = stored.ok_or_else(|| Error::not_found("booking", "booking"))?;
    let stored: bookings::StoredBooking = serde_json::from_str(&stored.answer).map_err(anyhow::Error::from)?;
    Ok(stored.booking)
}

/// Refuses when `booking`, which the transaction has locked, cannot be paid for now.
async fn refuse_unless_payable(tx: &mut Conn, booking: &Booking, now: Timestamp) -> Result<()> {
    let (id, status) = (booking.id, status_at(booking, now));
    if !transitions::is_allowed(Side::Guest, BookingAction::Pay, status) {
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

/// Refuses when `booking`, which the transaction has locked, has had the most payments. This is the only limit that counts payments which
/// end without being declined.
async fn refuse_over_limit(tx: &mut Conn, booking: &Booking) -> Result<()> {
    if store::payments::count(tx, booking.id).await? < MAX_PAYMENTS {
        return Ok(());
    }
    let message =
        format!("This booking has reached its limit of {MAX_PAYMENTS} payment attempts. Book the stay again.");
    Err(Error::state(Some(booking.id), message))
}

fn draft(app: &App, id: PaymentId, booking: &Booking, method: PaymentMethod, now: Timestamp) -> Payment {
    Payment {
        id,
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

/// Continues a payment after the guest has confirmed it.
///
/// # Errors
/// Problems of the contract's `confirmPayment`.
pub async fn confirm(
    app: &App,
    guest: &AccountOwner,
    id: PaymentId,
    key: &IdempotencyKey,
) -> Result<Idempotent<StoredPayment>> {
    let request = idempotency::request(guest, "confirmPayment", key, &id)?;
    let now = app.now();
    let in_flight = app
        .database
        .transaction(async |tx| {
            let found = store::payments::visible(tx, guest.id(), &[id]).await?.pop();
            let found = found.ok_or_else(|| Error::not_found("paymentId", "payment"))?;
            let booking = store::bookings::lock(tx, found.booking_id).await?.ok_or_else(missing_payment)?;
            let awaited = StoredPayment::awaited(id, booking.id);
            let earlier = idempotency::claim_with(tx, &request, &awaited, now).await?;
            let payment = store::payments::lock(tx, id).await?.ok_or_else(missing_payment)?;
            if let Some(stored) = earlier {
                return Ok(PaymentInFlight { stored, payment, booking, effect: None });
            }
            refuse_unless_waiting(&payment)?;
            refuse_unless_payable(tx, &booking, now).await?;
            limits::take(tx, &app.limits.declined_payments, &[guest.id().as_bytes()], now).await?;
            store::payments::move_to(tx, id, PaymentStatus::Authorizing, now).await?;
            let effect = order(app, tx, &payment, EffectKind::ConfirmPayment, now).await?;
            let stored = Idempotent::new(awaited);
            let payment = Payment { status: PaymentStatus::Authorizing, ..payment };
            Ok::<_, Error>(PaymentInFlight { stored, payment, booking, effect: Some(effect) })
        })
        .await?;
    in_flight.conclude(app, &request, EffectKind::ConfirmPayment).await
}
