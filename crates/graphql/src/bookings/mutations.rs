//! Mutations of bookings.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::Booking;
use crate::{context::ContextExt, error::Result, given::Given, ids, payload::payload, prices::Price};
use domain::{
    bookings::{self, Kept},
    idempotency::Once,
    payments,
};
use types::scalars::MinorUnits;
use types::{
    BookingId, IdempotencyKey,
    error::{self, Validation},
};

/// Input of `createBooking`.
#[derive(InputObject)]
pub struct CreateBookingInput {
    /// The quote.
    quote_id: ID,
    /// Names this intention; sent again with the same input it returns the first answer.
    idempotency_key: Given<IdempotencyKey>,
}

/// The stay is booked: see the booking's `status`.
#[derive(SimpleObject)]
pub struct CreateBookingSuccess {
    /// The booking.
    booking: Booking,
    /// Whether this is the answer of an earlier request with the same key.
    replayed: bool,
}

payload! {
    /// What `createBooking` can answer.
    CreateBookingPayload(CreateBookingSuccess) {
        InvalidInput => InvalidInputProblem,
        NotFound => NotFoundProblem,
        NightsUnavailable => NightsUnavailableProblem,
        StayNotAllowed => StayNotAllowedProblem,
        QuoteExpired => QuoteExpiredProblem,
        StateConflict => StateConflictProblem,
        TooManyAttempts => TooManyAttemptsProblem,
        IdempotencyConflict => IdempotencyConflictProblem,
    }
}

/// Input of `acceptBooking`.
#[derive(InputObject)]
pub struct AcceptBookingInput {
    /// The request.
    booking_id: ID,
    /// Names this intention; sent again with the same input it returns the first answer.
    idempotency_key: Given<IdempotencyKey>,
}

/// The booking is certain.
#[derive(SimpleObject)]
pub struct AcceptBookingSuccess {
    /// The booking as it is now.
    booking: Booking,
    /// Whether this is the answer of an earlier request with the same key.
    replayed: bool,
}

payload! {
    /// What `acceptBooking` can answer.
    AcceptBookingPayload(AcceptBookingSuccess) {
        InvalidInput => InvalidInputProblem,
        NotFound => NotFoundProblem,
        StateConflict => StateConflictProblem,
        PaymentDeclined => PaymentDeclinedProblem,
        PaymentUnavailable => PaymentUnavailableProblem,
        IdempotencyConflict => IdempotencyConflictProblem,
    }
}

/// Input of `declineBooking`.
#[derive(InputObject)]
pub struct DeclineBookingInput {
    /// The request.
    booking_id: ID,
    /// A word to the guest, at most 1,000 characters.
    message: Option<String>,
    /// Names this intention; sent again with the same input it returns the first answer.
    idempotency_key: Given<IdempotencyKey>,
}

/// The request is declined.
#[derive(SimpleObject)]
pub struct DeclineBookingSuccess {
    /// The booking as it is now.
    booking: Booking,
    /// Whether this is the answer of an earlier request with the same key.
    replayed: bool,
}

payload! {
    /// What `declineBooking` can answer.
    DeclineBookingPayload(DeclineBookingSuccess) {
        InvalidInput => InvalidInputProblem,
        NotFound => NotFoundProblem,
        StateConflict => StateConflictProblem,
        IdempotencyConflict => IdempotencyConflictProblem,
    }
}

/// Input of `cancelBooking`.
#[derive(InputObject)]
pub struct CancelBookingInput {
    /// The booking.
    booking_id: ID,
    /// The refund that the viewer was shown, at least 0; when it is given and no longer right, nothing is cancelled.
    expected_refund: Option<Given<MinorUnits>>,
    /// Names this intention; sent again with the same input it returns the first answer.
    idempotency_key: Given<IdempotencyKey>,
}

impl CancelBookingInput {
    fn read(self) -> error::Result<(BookingId, Option<i64>, IdempotencyKey)> {
        let mut validation = Validation::default();
        let keyed = validation.take(ids::keyed(&self.booking_id, ("bookingId", "booking"), self.idempotency_key));
        let refund = self.expected_refund.and_then(|refund| validation.take(refund.at(&["expectedRefund"])));
        if refund.is_some_and(|refund| refund.0 < 0) {
            validation.refuse(&["expectedRefund"], "`expectedRefund` must be at least 0.");
        }
        validation.finish_with(keyed.map(|(booking, key)| (booking, refund.map(|refund| refund.0), key)))
    }
}

/// The booking is cancelled.
#[derive(SimpleObject)]
pub struct CancelBookingSuccess {
    /// The booking as it is now.
    booking: Booking,
    /// What goes back to the guest.
    refund: Price,
    /// Whether this is the answer of an earlier request with the same key.
    replayed: bool,
}

payload! {
    /// What `cancelBooking` can answer.
    CancelBookingPayload(CancelBookingSuccess) {
        InvalidInput => InvalidInputProblem,
        NotFound => NotFoundProblem,
        StateConflict => StateConflictProblem,
        IdempotencyConflict => IdempotencyConflictProblem,
    }
}

/// The booking as it is now.
async fn answer(ctx: &Context<'_>, outcome: error::Result<Once<Kept>>) -> error::Result<(Booking, bool)> {
    let Once { answer, replayed } = outcome?;
    let row = bookings::visible(ctx.app(), ctx.member()?, &[answer.booking]).await?.pop();
    let row = row.ok_or_else(|| error::Error::not_found("bookingId", "booking"))?;
    Ok((Booking(Arc::new(row)), replayed))
}

/// Mutations of bookings.
#[derive(Default)]
pub struct BookingMutation;

#[Object]
impl BookingMutation {
    /// Books a stay at the price of a quote. With instant book the nights are held for the payment. Else it is a request: it holds nothing and the host does not see it until money is authorized. The viewer's own unpaid booking of nights of the same listing that are wanted again is cancelled. A stay that costs nothing needs no payment.
    async fn create_booking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The quote.")] input: CreateBookingInput,
    ) -> Result<CreateBookingPayload> {
        let guest = ctx.member()?;
        let outcome = match ids::keyed(&input.quote_id, ("quoteId", "quote"), input.idempotency_key) {
            Ok((quote, key)) => bookings::create(ctx.app(), guest, ctx.client(), quote, &key).await,
            Err(error) => Err(error),
        };
        let answer = answer(ctx, outcome).await;
        CreateBookingPayload::of(answer.map(|(booking, replayed)| CreateBookingSuccess { booking, replayed }))
    }

    /// The host accepts a request; the reserved money is taken.
    async fn accept_booking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The request.")] input: AcceptBookingInput,
    ) -> Result<AcceptBookingPayload> {
        let host = ctx.member()?;
        let outcome = match ids::keyed(&input.booking_id, ("bookingId", "booking"), input.idempotency_key) {
            Ok((booking, key)) => bookings::accept(ctx.app(), host, booking, &key).await,
            Err(error) => Err(error),
        };
        let answer = answer(ctx, outcome).await;
        AcceptBookingPayload::of(answer.map(|(booking, replayed)| AcceptBookingSuccess { booking, replayed }))
    }

    /// The host declines a request; the reserved money is let go.
    async fn decline_booking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The request.")] input: DeclineBookingInput,
    ) -> Result<DeclineBookingPayload> {
        let host = ctx.member()?;
        let outcome = match ids::keyed(&input.booking_id, ("bookingId", "booking"), input.idempotency_key) {
            Ok((booking, key)) => bookings::decline(ctx.app(), host, booking, input.message, &key).await,
            Err(error) => Err(error),
        };
        let answer = answer(ctx, outcome).await;
        DeclineBookingPayload::of(answer.map(|(booking, replayed)| DeclineBookingSuccess { booking, replayed }))
    }

    /// Guest or host cancel a booking. The guest gets back what `cancellationPreview` says; when the host cancels, everything.
    async fn cancel_booking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The booking.")] input: CancelBookingInput,
    ) -> Result<CancelBookingPayload> {
        let member = ctx.member()?;
        let outcome = match input.read() {
            Ok((booking, expected, key)) => bookings::cancel(ctx.app(), member, booking, expected, &key).await,
            Err(error) => Err(error),
        };
        CancelBookingPayload::of(cancelled(ctx, outcome).await)
    }
}

async fn cancelled(ctx: &Context<'_>, outcome: error::Result<Once<Kept>>) -> error::Result<CancelBookingSuccess> {
    let (booking, replayed) = answer(ctx, outcome).await?;
    let refunded = payments::refunded_of(ctx.app(), booking.0.id).await?;
    let lines = bookings::refunded_lines(&booking.0, refunded)?;
    Ok(CancelBookingSuccess { refund: Price::new(lines, booking.0.currency), booking, replayed })
}
