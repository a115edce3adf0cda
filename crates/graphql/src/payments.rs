//! Payments and refunds.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, OneofObject, SimpleObject};

use super::{
    bookings::{Booking, find_booking},
    checked::Checked,
    context::ContextExt,
    error::Result,
    ids,
    loaders::{PaymentById, RefundById, keys::keys},
    money::Money,
    payload::payload,
};
use auth::Member;
use domain::payments::PaymentMethod;
use domain::{
    idempotency::Idempotent,
    payments::{self, BookingRef, Payment as Row, Refund as RefundRow, StoredPayment},
};
use types::scalars::Url;
use types::{
    CardBrand, DeclineReason, IdempotencyKey, PaymentId, PaymentNextActionKind, RefundId, RefundReason, RefundStatus,
    SandboxMethod, Timestamp,
    error::{self, Validation},
};

/// A payment for a booking, for its guest.
#[derive(Clone)]
pub struct Payment(pub Arc<Row>);

/// A payment attempt for a booking. Visible to its guest.
#[Object]
impl Payment {
    /// Opaque id, `pay_…`.
    pub async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The booking; null when the viewer may not see it.
    async fn booking(&self, ctx: &Context<'_>) -> Option<Result<Booking>> {
        find_booking(ctx, self.0.booking_id).await.transpose()
    }

    /// The amount.
    async fn amount(&self) -> Money {
        Money(types::Money::new(self.0.amount, self.0.currency))
    }

    /// The status.
    async fn status(&self) -> PublicStatus {
        PublicStatus::of(&self.0)
    }

    /// What the guest must do next; null when there is nothing to do.
    async fn next_action(&self) -> Option<PaymentNextAction> {
        let waits = self.0.status == types::PaymentStatus::RequiresConfirmation;
        let action =
            || PaymentNextAction { kind: PaymentNextActionKind::Confirm, url: self.0.action_url.clone().map(Url) };
        waits.then(action)
    }

    /// Why it was declined; null when it was not.
    async fn decline_reason(&self) -> Option<DeclineReason> {
        self.0.decline_reason
    }

    /// What is known of the card; null when nothing is.
    async fn card(&self, ctx: &Context<'_>) -> Option<Result<PaymentCard>> {
        ctx.load_own(CardOf(self.0.id)).await.map(|card| card.map(Into::into)).transpose()
    }

    /// How much of it was refunded.
    async fn refunded(&self) -> Money {
        Money(types::Money::new(self.0.refunded, self.0.currency))
    }

    /// When it was created.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }
}

keys! {
    /// The card of a payment that the viewer made.
    private CardOf(PaymentId) => payments::PaymentCard, of_parent payments::cards;
}

/// What the payment provider says of a card. Its number never comes to this platform.
#[derive(Debug, Clone, SimpleObject)]
pub struct PaymentCard {
    /// The brand.
    brand: CardBrand,
    /// The last four digits of its number.
    last_four: String,
}

impl From<payments::PaymentCard> for PaymentCard {
    fn from(card: payments::PaymentCard) -> Self {
        Self { brand: card.brand, last_four: card.last_four.to_string() }
    }
}

/// States of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(name = "PaymentStatus")]
pub enum PublicStatus {
    /// The payment provider was asked; its answer is awaited.
    Authorizing,
    /// The guest must confirm: see `nextAction`.
    RequiresConfirmation,
    /// The money is authorized, not captured: a request waits for the host.
    Authorized,
    /// The host has accepted; the money is being captured.
    Capturing,
    /// The money was captured.
    Captured,
    /// The money was captured, and part of it was refunded: see `refunded`.
    PartiallyRefunded,
    /// The money was captured, and all of it was refunded.
    Refunded,
    /// The payment is not needed; the authorization is being voided.
    Voiding,
    /// The authorization was voided, or the payment came too late and was reversed.
    Voided,
    /// The payment provider declined the payment.
    Declined,
}

impl PublicStatus {
    /// The status of `payment`, including refunds since the capture.
    pub(crate) fn of(payment: &Row) -> Self {
        match payment.status {
            types::PaymentStatus::Authorizing => Self::Authorizing,
            types::PaymentStatus::RequiresConfirmation => Self::RequiresConfirmation,
            types::PaymentStatus::Authorized => Self::Authorized,
            types::PaymentStatus::Capturing => Self::Capturing,
            types::PaymentStatus::Captured if payment.refunded == 0 => Self::Captured,
            types::PaymentStatus::Captured if payment.refunded < payment.captured => Self::PartiallyRefunded,
            types::PaymentStatus::Captured => Self::Refunded,
            types::PaymentStatus::Declined => Self::Declined,
            types::PaymentStatus::Voiding => Self::Voiding,
            types::PaymentStatus::Voided => Self::Voided,
        }
    }
}

/// The payment, if the viewer made it.
///
/// # Errors
/// When the database fails.
pub async fn find_payment(ctx: &Context<'_>, id: PaymentId) -> Result<Option<Payment>> {
    Ok(ctx.load_own(PaymentById(id)).await?.map(Payment))
}

/// The refund, if the viewer is the guest.
///
/// # Errors
/// When the database fails.
pub async fn find_refund(ctx: &Context<'_>, id: RefundId) -> Result<Option<Refund>> {
    Ok(ctx.load_own(RefundById(id)).await?.map(Refund))
}

/// What the guest must do to continue a payment.
#[derive(SimpleObject)]
pub struct PaymentNextAction {
    /// Do this, then send `confirmPayment`.
    kind: PaymentNextActionKind,
    /// The bank's page for the guest; null when the client can confirm at once.
    url: Option<Url>,
}

/// A refund of a payment.
#[derive(Clone)]
pub struct Refund(pub Arc<RefundRow>);

/// A refund.
#[Object]
impl Refund {
    /// Opaque id, `rf_…`.
    pub async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The amount.
    async fn amount(&self) -> Money {
        Money(types::Money::new(self.0.amount, self.0.currency))
    }

    /// Why.
    async fn reason(&self) -> RefundReason {
        self.0.reason
    }

    /// The status.
    async fn status(&self) -> RefundStatus {
        self.0.status
    }

    /// When it was decided.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }
}

/// The booking, by one of these.
#[derive(OneofObject)]
pub enum BookingSelector {
    /// By its id.
    Id(ID),
    /// By the idempotency key that created it, so that one operation can create and pay.
    CreatedWith(Checked<IdempotencyKey>),
}

impl BookingSelector {
    fn parse(self) -> error::Result<BookingRef> {
        Ok(match self {
            Self::Id(id) => BookingRef::Id(ids::input(&id, "booking", "booking")?),
            Self::CreatedWith(key) => BookingRef::CreatedWith(key.at(&["booking", "createdWith"])?),
        })
    }
}

/// The payment method: one of these.
#[derive(OneofObject)]
pub enum PaymentMethodInput {
    /// A test method of the embedded sandbox provider.
    Sandbox(SandboxMethod),
}

impl From<PaymentMethodInput> for PaymentMethod {
    fn from(method: PaymentMethodInput) -> Self {
        match method {
            PaymentMethodInput::Sandbox(method) => Self::Sandbox(method),
        }
    }
}

/// Input of `payBooking`.
#[derive(InputObject)]
pub struct PayBookingInput {
    /// The booking.
    booking: BookingSelector,
    /// How to pay.
    method: PaymentMethodInput,
    /// Makes the request idempotent: a repeated request returns the stored response.
    idempotency_key: Checked<IdempotencyKey>,
}

impl PayBookingInput {
    fn read(self) -> error::Result<(BookingRef, PaymentMethod, IdempotencyKey)> {
        let mut validation = Validation::default();
        let booking = validation.check(self.booking.parse());
        let key = validation.check(self.idempotency_key.at(&["idempotencyKey"]));
        let method = self.method.into();
        validation.finish_with(booking.zip(key).map(|(booking, key)| (booking, method, key)))
    }
}

/// The payment was captured or authorized, or waits for the guest.
#[derive(SimpleObject)]
pub struct PayBookingSuccess {
    /// The payment; check its `nextAction`.
    payment: Payment,
    /// The booking as it is now.
    booking: Booking,
    /// Whether this is the stored response of an earlier request with the same key.
    replayed: bool,
}

payload! {
    /// The result of `payBooking`.
    PayBookingPayload(PayBookingSuccess) {
        InvalidInput => InvalidInputProblem,
        NotFound => NotFoundProblem,
        NightsUnavailable => NightsUnavailableProblem,
        StateConflict => StateConflictProblem,
        PaymentDeclined => PaymentDeclinedProblem,
        PaymentUnavailable => PaymentUnavailableProblem,
        IdempotencyConflict => IdempotencyConflictProblem,
        TooManyAttempts => TooManyAttemptsProblem,
        Impersonated => ImpersonatedProblem,
    }
}

/// Input of `confirmPayment`.
#[derive(InputObject)]
pub struct ConfirmPaymentInput {
    /// The payment.
    payment_id: ID,
    /// Makes the request idempotent: a repeated request returns the stored response.
    idempotency_key: Checked<IdempotencyKey>,
}

/// The payment continued.
#[derive(SimpleObject)]
pub struct ConfirmPaymentSuccess {
    /// The payment.
    payment: Payment,
    /// The booking as it is now.
    booking: Booking,
    /// Whether this is the stored response of an earlier request with the same key.
    replayed: bool,
}

payload! {
    /// The result of `confirmPayment`.
    ConfirmPaymentPayload(ConfirmPaymentSuccess) {
        InvalidInput => InvalidInputProblem,
        NotFound => NotFoundProblem,
        NightsUnavailable => NightsUnavailableProblem,
        StateConflict => StateConflictProblem,
        PaymentDeclined => PaymentDeclinedProblem,
        PaymentUnavailable => PaymentUnavailableProblem,
        IdempotencyConflict => IdempotencyConflictProblem,
        TooManyAttempts => TooManyAttemptsProblem,
        Impersonated => ImpersonatedProblem,
    }
}

/// The payment and its booking as they are now.
async fn answer(
    ctx: &Context<'_>,
    outcome: error::Result<Idempotent<StoredPayment>>,
) -> error::Result<(Payment, Booking, bool)> {
    let Idempotent { answer, replayed } = outcome?;
    let viewer: &Member = ctx.member()?;
    let payment = payments::visible(ctx.app(), viewer, &[answer.payment]).await?.pop();
    let booking = domain::bookings::visible(ctx.app(), viewer, &[answer.booking]).await?.pop();
    match (payment, booking) {
        (Some(payment), Some(booking)) => Ok((Payment(Arc::new(payment)), Booking(Arc::new(booking)), replayed)),
        _ => Err(error::Error::not_found("booking", "booking")),
    }
}

/// Mutations of payments.
#[derive(Default)]
pub struct PaymentMutation;

#[Object]
impl PaymentMutation {
    /// Pays for a booking: captures the payment with instant book, authorizes it for a request.
    async fn pay_booking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Booking and payment method.")] input: PayBookingInput,
    ) -> Result<PayBookingPayload> {
        let outcome = async {
            let (guest, (booking, method, key)) = (ctx.owner()?, input.read()?);
            payments::pay(ctx.app(), &guest, &booking, method, &key).await
        };
        let answer = answer(ctx, Box::pin(outcome).await).await;
        PayBookingPayload::of(answer.map(|(payment, booking, replayed)| PayBookingSuccess {
            payment,
            booking,
            replayed,
        }))
    }

    /// Continues a payment after its `nextAction`.
    async fn confirm_payment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The payment.")] input: ConfirmPaymentInput,
    ) -> Result<ConfirmPaymentPayload> {
        let outcome = async {
            let guest = ctx.owner()?;
            let (payment, key) = ids::keyed(&input.payment_id, ("paymentId", "payment"), input.idempotency_key)?;
            payments::confirm(ctx.app(), &guest, payment, &key).await
        };
        let answer = answer(ctx, Box::pin(outcome).await).await;
        ConfirmPaymentPayload::of(answer.map(|(payment, booking, replayed)| ConfirmPaymentSuccess {
            payment,
            booking,
            replayed,
        }))
    }
}
