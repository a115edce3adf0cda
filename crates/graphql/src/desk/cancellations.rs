//! Cancellations on behalf of a guest or a host.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::{DeskBooking, explained, require_staff};
use crate::{checked::Checked, context::ContextExt, error::Result, ids, money::Money, payload::payload};
use domain::{
    bookings::{self, DeskCancellation},
    desk, payments,
};
use types::scalars::MinorUnits;
use types::{
    IdempotencyKey, Side, StaffRole,
    error::{self, Validation},
};

/// Input of `deskCancelBooking`.
#[derive(InputObject)]
pub struct DeskCancelBookingInput {
    /// The booking.
    booking_id: ID,
    /// For whom it is canceled: the rules and the refund are those of this side.
    on_behalf_of: Side,
    /// The refund that staff expect, in minor units of the booking's currency; if it differs, nothing is canceled. Not checked when omitted.
    expected_refund: Option<Checked<MinorUnits>>,
    /// Why, 1 to 500 characters of plain text, without personal data: it stays in the audit log.
    reason: String,
    /// The idempotency key.
    idempotency_key: Checked<IdempotencyKey>,
}

impl DeskCancelBookingInput {
    fn read(self) -> error::Result<(DeskCancellation, IdempotencyKey)> {
        let mut validation = Validation::default();
        let booking = validation.check(ids::input(&self.booking_id, "bookingId", "booking"));
        let expected = self.expected_refund.map(|refund| refund.at(&["expectedRefund"])).transpose();
        let expected = validation.check(expected);
        let explained = validation.check(explained(&self.reason, self.idempotency_key));
        let fields = booking.zip(expected).zip(explained);
        validation.finish_with(fields.map(|((booking, expected), (reason, key))| {
            let expected_refund = expected.map(|MinorUnits(refund)| refund);
            (DeskCancellation { booking, side: self.on_behalf_of, expected_refund, reason }, key)
        }))
    }
}

/// The booking is canceled.
#[derive(SimpleObject)]
pub struct DeskCancelBookingSuccess {
    /// The booking as it is now.
    booking: DeskBooking,
    /// What the guest is refunded.
    refund: Money,
    /// Whether this is the stored response to an earlier request with the same key.
    replayed: bool,
}

payload! {
    /// The result of `deskCancelBooking`.
    DeskCancelBookingPayload(DeskCancelBookingSuccess) {
        InvalidInput => InvalidInputProblem,
        RoleRequired => RoleRequiredProblem,
        NotFound => NotFoundProblem,
        StateConflict => StateConflictProblem,
        IdempotencyConflict => IdempotencyConflictProblem,
    }
}

/// Cancellations by staff.
#[derive(Default)]
pub struct DeskCancellationMutation;

#[Object]
impl DeskCancellationMutation {
    /// Cancels a booking on behalf of its guest or its host, with the refund that `cancelBooking` gives that side. Both see that staff did it. For `SUPPORT` and `FINANCE`. It is recorded in the audit log.
    async fn desk_cancel_booking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The booking, and for whom.")] input: DeskCancelBookingInput,
    ) -> Result<DeskCancelBookingPayload> {
        DeskCancelBookingPayload::of(Box::pin(cancel(ctx, input)).await)
    }
}

async fn cancel(ctx: &Context<'_>, input: DeskCancelBookingInput) -> error::Result<DeskCancelBookingSuccess> {
    let staff = require_staff(ctx, StaffRole::Support).await?;
    let (order, key) = input.read()?;
    let done = bookings::cancel_on_behalf(ctx.app(), &staff, &order, &key).await?;
    let wanted = (staff, done.answer.booking);
    let row = desk::bookings_by_ids(ctx.app(), staff.member(), &[wanted]).await?.remove(&wanted);
    let row: Arc<desk::Booking> = row.ok_or_else(|| error::Error::not_found("bookingId", "booking"))?;
    let refunded = payments::refunded_of(ctx.app(), row.id).await?;
    let refund = Money(types::Money::new(refunded, row.currency));
    Ok(DeskCancelBookingSuccess { booking: DeskBooking { row, staff }, refund, replayed: done.replayed })
}
