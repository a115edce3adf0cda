//! Refunds by staff.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, OneofObject, SimpleObject};

use super::{DeskBooking, explained, objects::DeskPayment, require_staff};
use crate::{checked::Checked, context::ContextExt, error::Result, ids, money::Money, payload::payload};
use auth::Finance;
use domain::{
    accounts, desk,
    idempotency::Idempotent,
    payments::desk_refunds::{self, DecidedRefund, DeskRefund, RefundTarget},
};
use types::scalars::MinorUnits;
use types::{
    Currency, IdempotencyKey, StaffRole,
    error::{self, Error, Validation},
};

/// What to refund from: one of these.
#[derive(OneofObject)]
pub enum DeskRefundTarget {
    /// From all payments of this booking, the oldest first.
    BookingId(ID),
    /// From this payment alone.
    PaymentId(ID),
}

impl DeskRefundTarget {
    fn read(&self) -> error::Result<RefundTarget> {
        match self {
            Self::BookingId(id) => ids::input(id, "target", "booking").map(RefundTarget::Booking),
            Self::PaymentId(id) => ids::input(id, "target", "payment").map(RefundTarget::Payment),
        }
    }
}

/// Input of `deskRefund`.
#[derive(InputObject)]
pub struct DeskRefundInput {
    /// What to refund from.
    target: DeskRefundTarget,
    /// The amount in minor units, at least 1, and at most what was captured and is not refunded yet.
    amount: Checked<MinorUnits>,
    /// The currency of the amount, which must be that of the booking.
    currency: Checked<Currency>,
    /// Why, 1 to 500 characters of plain text, without personal data: it stays in the audit log.
    reason: String,
    /// Whether to return what would be refunded without changing anything.
    #[graphql(default_with = "Some(false)")]
    dry_run: Option<bool>,
    /// The idempotency key.
    idempotency_key: Checked<IdempotencyKey>,
}

impl DeskRefundInput {
    fn read(self) -> error::Result<(DeskRefund, IdempotencyKey)> {
        let mut validation = Validation::default();
        let target = validation.check(self.target.read());
        let amount = validation.check(self.amount.at(&["amount"]).and_then(positive));
        let currency = validation.check(self.currency.at(&["currency"]));
        let explained = validation.check(explained(&self.reason, self.idempotency_key));
        let fields = target.zip(amount).zip(currency.zip(explained));
        validation.finish_with(fields.map(|((target, amount), (currency, (reason, key)))| {
            (DeskRefund { target, amount, currency, reason }, key)
        }))
    }
}

fn positive(MinorUnits(amount): MinorUnits) -> error::Result<i64> {
    if amount > 0 { Ok(amount) } else { Err(Error::invalid(&["amount"], "`amount` must be at least 1.")) }
}

/// What is refunded from one payment.
#[derive(SimpleObject)]
pub struct DeskRefundPart {
    /// The payment as it is now.
    payment: DeskPayment,
    /// What is refunded from it.
    amount: Money,
}

/// The refund is decided, or would be.
#[derive(SimpleObject)]
pub struct DeskRefundSuccess {
    /// The booking as it is now.
    booking: DeskBooking,
    /// What is refunded from which payment, the oldest first; the same for a dry run and a real run.
    parts: Vec<DeskRefundPart>,
    /// What can be refunded from the target afterwards.
    refundable: Money,
    /// Whether nothing was changed.
    dry_run: bool,
    /// Whether this is the stored response to an earlier request with the same key.
    replayed: bool,
}

payload! {
    /// The result of `deskRefund`.
    DeskRefundPayload(DeskRefundSuccess) {
        InvalidInput => InvalidInputProblem,
        RoleRequired => RoleRequiredProblem,
        RecentSignInRequired => RecentSignInRequiredProblem,
        NotFound => NotFoundProblem,
        StateConflict => StateConflictProblem,
        IdempotencyConflict => IdempotencyConflictProblem,
    }
}

/// Refunds by staff.
#[derive(Default)]
pub struct DeskRefundMutation;

#[Object]
impl DeskRefundMutation {
    /// Refunds a part of what a guest paid, apart from a cancellation. The host's payout stays. A later cancellation refunds at most the rest. For `FINANCE`, with a recent proof of who the viewer is. It is recorded in the audit log.
    async fn desk_refund(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The amount, and from what.")] input: DeskRefundInput,
    ) -> Result<DeskRefundPayload> {
        DeskRefundPayload::of(Box::pin(refund(ctx, input)).await)
    }
}

async fn refund(ctx: &Context<'_>, input: DeskRefundInput) -> error::Result<DeskRefundSuccess> {
    let finance = require_staff(ctx, StaffRole::Finance).await?.finance()?;
    let finance = accounts::recent_staff(ctx.app(), finance).await?;
    let dry_run = input.dry_run.unwrap_or(false);
    let (order, key) = input.read()?;
    let Idempotent { answer, replayed } = if dry_run {
        Idempotent::new(desk_refunds::dry_run(ctx.app(), &finance, &order).await?)
    } else {
        desk_refunds::run(ctx.app(), &finance, &order, &key).await?
    };
    let parts = parts_of(ctx, &finance, &answer).await?;
    let wanted = (**finance, answer.booking);
    let row = desk::bookings_by_ids(ctx.app(), finance.member(), &[wanted]).await?.remove(&wanted);
    let row: Arc<desk::Booking> = row.ok_or_else(|| Error::not_found("target", "booking"))?;
    let refundable = Money(types::Money::new(answer.refundable, answer.currency));
    Ok(DeskRefundSuccess { booking: DeskBooking { row, staff: **finance }, parts, refundable, dry_run, replayed })
}

async fn parts_of(ctx: &Context<'_>, finance: &Finance, decided: &DecidedRefund) -> error::Result<Vec<DeskRefundPart>> {
    let ids: Vec<_> = decided.parts.iter().map(|(id, _)| *id).collect();
    let rows = desk::payments_by_ids(ctx.app(), finance, &ids).await?;
    let part = |(id, amount): &(types::PaymentId, i64)| {
        let row = rows.iter().find(|row| row.id == *id)?.clone();
        let amount = Money(types::Money::new(*amount, decided.currency));
        Some(DeskRefundPart { payment: DeskPayment { row, staff: **finance }, amount })
    };
    Ok(decided.parts.iter().filter_map(part).collect())
}
