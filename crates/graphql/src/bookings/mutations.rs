//! Mutations of bookings.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::Booking;
use crate::{checked::Checked, context::ContextExt, error::Result, ids, payload::payload, prices::Price};
use domain::{
    bookings::{self, Created, StoredBooking},
    idempotency::Idempotent,
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
    /// Makes the request idempotent: a repeated request returns the stored response.
    idempotency_key: Checked<IdempotencyKey>,
}

/// The stay is booked: see the booking's `status`.
#[derive(SimpleObject)]
pub struct CreateBookingSuccess {
    /// The booking.
    booking: Booking,
    /// Whether this is the stored response of an earlier request with the same key.
    replayed: bool,
}

payload! {
    /// The result of `createBooking`.
    CreateBookingPayload(CreateBookingSuccess) {
        EmailNotVerified => EmailNotVerifiedProblem,
        TermsNotAccepted => TermsNotAcceptedProblem,
        InvalidInput => InvalidInputProblem,
        NotFound => NotFoundProblem,
        NightsUnavailable => NightsUnavailableProblem,
        StayNotAllowed => StayNotAllowedProblem,
        QuoteExpired => QuoteExpiredProblem,
        StateConflict => StateConflictProblem,
        TooManyAttempts => TooManyAttemptsProblem,
        IdempotencyConflict => IdempotencyConflictProblem,
        FeatureOff => FeatureOffProblem,
    }
}

/// Input of `acceptBooking`.
#[derive(InputObject)]
pub struct AcceptBookingInput {
    /// The request.
    booking_id: ID,
    /// Makes the request idempotent: a repeated request returns the stored response.
    idempotency_key: Checked<IdempotencyKey>,
}

/// The booking is confirmed.
#[derive(SimpleObject)]
pub struct AcceptBookingSuccess {
    /// The booking as it is now.
    booking: Booking,
    /// Whether this is the stored response of an earlier request with the same key.
    replayed: bool,
}

payload! {
    /// The result of `acceptBooking`.
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
    /// A message to the guest, at most 1,000 characters.
    message: Option<String>,
    /// Makes the request idempotent: a repeated request returns the stored response.
    idempotency_key: Checked<IdempotencyKey>,
}

/// The request was declined.
#[derive(SimpleObject)]
pub struct DeclineBookingSuccess {
    /// The booking as it is now.
    booking: Booking,
    /// Whether this is the stored response of an earlier request with the same key.
    replayed: bool,
}

payload! {
    /// The result of `declineBooking`.
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
    /// The refund that the viewer was shown, at least 0; if it is given and has changed, nothing is canceled.
    expected_refund: Option<Checked<MinorUnits>>,
    /// Makes the request idempotent: a repeated request returns the stored response.
    idempotency_key: Checked<IdempotencyKey>,
}

impl CancelBookingInput {
    fn read(self) -> error::Result<(BookingId, Option<i64>, IdempotencyKey)> {
        let mut validation = Validation::default();
        let keyed = validation.check(ids::keyed(&self.booking_id, ("bookingId", "booking"), self.idempotency_key));
        let refund = self.expected_refund.and_then(|refund| validation.check(refund.at(&["expectedRefund"])));
        if refund.is_some_and(|refund| refund.0 < 0) {
            validation.refuse(&["expectedRefund"], "`expectedRefund` must be at least 0.");
        }
        validation.finish_with(keyed.map(|(booking, key)| (booking, refund.map(|refund| refund.0), key)))
    }
}

/// The booking was canceled.
#[derive(SimpleObject)]
pub struct CancelBookingSuccess {
    /// The booking as it is now.
    booking: Booking,
    /// The refund to the guest.
    refund: Price,
    /// Whether this is the stored response of an earlier request with the same key.
    replayed: bool,
}

payload! {
    /// The result of `cancelBooking`.
    CancelBookingPayload(CancelBookingSuccess) {
        InvalidInput => InvalidInputProblem,
        NotFound => NotFoundProblem,
        StateConflict => StateConflictProblem,
        IdempotencyConflict => IdempotencyConflictProblem,
    }
}

/// The booking that was created, or as it is now.
async fn created(ctx: &Context<'_>, outcome: error::Result<Created>) -> error::Result<(Booking, bool)> {
    let Created { stored, booking } = outcome?;
    match booking {
        Some(row) => Ok((Booking(row.into()), stored.replayed)),
        None => answer(ctx, Ok(stored)).await,
    }
}

/// The booking as it is now.
async fn answer(
    ctx: &Context<'_>,
    outcome: error::Result<Idempotent<StoredBooking>>,
) -> error::Result<(Booking, bool)> {
    let Idempotent { answer, replayed } = outcome?;
    let row = bookings::visible(ctx.app(), ctx.member()?, &[answer.booking]).await?.pop();
    let row = row.ok_or_else(|| error::Error::not_found("bookingId", "booking"))?;
    Ok((Booking(Arc::new(row)), replayed))
}

/// Mutations of bookings.
#[derive(Default)]
pub struct BookingMutation;

#[Object]
impl BookingMutation {
    /// Books a stay at the price of a quote. With instant book the nights are held until the payment. Otherwise it is a request: it holds no nights and the host does not see it until the payment is authorized. An unpaid booking by the same viewer that overlaps at this listing is canceled. A free stay needs no payment.
    async fn create_booking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The quote.")] input: CreateBookingInput,
    ) -> Result<CreateBookingPayload> {
        let guest = ctx.member()?.verified();
        let read = ids::keyed(&input.quote_id, ("quoteId", "quote"), input.idempotency_key);
        let outcome = match guest.and_then(|guest| Ok((guest, read?))) {
            Ok((guest, (quote, key))) => Box::pin(bookings::create(ctx.app(), &guest, ctx.client(), quote, &key)).await,
            Err(error) => Err(error),
        };
        let answer = created(ctx, outcome).await;
        CreateBookingPayload::of(answer.map(|(booking, replayed)| CreateBookingSuccess { booking, replayed }))
    }

    /// The host accepts a request; the authorized payment is captured.
    async fn accept_booking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The request.")] input: AcceptBookingInput,
    ) -> Result<AcceptBookingPayload> {
        let host = ctx.member()?;
        let outcome = match ids::keyed(&input.booking_id, ("bookingId", "booking"), input.idempotency_key) {
            Ok((booking, key)) => Box::pin(bookings::accept(ctx.app(), host, booking, &key)).await,
            Err(error) => Err(error),
        };
        let answer = answer(ctx, outcome).await;
        AcceptBookingPayload::of(answer.map(|(booking, replayed)| AcceptBookingSuccess { booking, replayed }))
    }

    /// The host declines a request; the authorization of the payment is voided.
    async fn decline_booking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The request.")] input: DeclineBookingInput,
    ) -> Result<DeclineBookingPayload> {
        let host = ctx.member()?;
        let outcome = match ids::keyed(&input.booking_id, ("bookingId", "booking"), input.idempotency_key) {
            Ok((booking, key)) => Box::pin(bookings::decline(ctx.app(), host, booking, input.message, &key)).await,
            Err(error) => Err(error),
        };
        let answer = answer(ctx, outcome).await;
        DeclineBookingPayload::of(answer.map(|(booking, replayed)| DeclineBookingSuccess { booking, replayed }))
    }

    /// The guest or the host cancels a booking. The guest gets the refund of `cancellationPreview`, or a full refund when the host cancels.
    async fn cancel_booking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The booking.")] input: CancelBookingInput,
    ) -> Result<CancelBookingPayload> {
        let member = ctx.member()?;
        let outcome = match input.read() {
            Ok((booking, expected, key)) => {
                Box::pin(bookings::cancel(ctx.app(), member, booking, expected, &key)).await
            }
            Err(error) => Err(error),
        };
        CancelBookingPayload::of(cancelled(ctx, outcome).await)
    }
}

async fn cancelled(
    ctx: &Context<'_>,
    outcome: error::Result<Idempotent<StoredBooking>>,
) -> error::Result<CancelBookingSuccess> {
    let (booking, replayed) = answer(ctx, outcome).await?;
    let refunded = payments::refunded_of(ctx.app(), booking.0.id).await?;
    let lines = bookings::refunded_lines(&booking.0, refunded)?;
    Ok(CancelBookingSuccess { refund: Price::new(lines, booking.0.currency), booking, replayed })
}
