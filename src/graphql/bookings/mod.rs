//! Bookings.

mod mutations;
mod pages;
mod parts;

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
pub use mutations::BookingMutation;
pub use pages::{BookingConnection, BookingEdge};
pub use parts::{AvailableAction, CancellationPreview, TripDetails};

use super::{
    context::ContextExt,
    error::Result,
    events::BookingEventConnection,
    ids,
    listings::{Listing, find_known},
    loaders::bookings::{BookingById, IsReserved, PaymentsOf, QuoteById, RefundsOf},
    money::Money,
    payments::{Payment, Refund},
    prices::Price,
    quotes::{Quote, RefundTier},
    reviews::{self, Review},
    scalars::{Cursor, Date},
    stays::Guests,
    users::{User, find_user},
};
use crate::{
    domain::{bookings, quotes},
    store::bookings::Booking as Row,
    types::{self, BookingId, BookingStatus, CancellationPolicy, Side, Timestamp},
};

#[derive(Clone)]
pub struct Booking(pub Arc<Row>);

impl Booking {
    fn side(&self, ctx: &Context<'_>) -> Option<Side> {
        ctx.viewer().id().and_then(|viewer| self.0.side_of(viewer))
    }

    fn is_guests(&self, ctx: &Context<'_>) -> bool {
        self.side(ctx) == Some(Side::Guest)
    }

    async fn details_for(&self, ctx: &Context<'_>) -> Result<Option<TripDetails>> {
        let now = ctx.app().now();
        let status = bookings::status_at(&self.0, now);
        let is_certain =
            matches!(status, BookingStatus::Confirmed | BookingStatus::CheckedIn | BookingStatus::Completed);
        if !is_certain || self.side(ctx).is_none() {
            return Ok(None);
        }
        Ok(find_known(ctx, self.0.listing_id).await?.map(|listing| TripDetails::new(&self.0, &listing.0)))
    }

    async fn actions(&self, ctx: &Context<'_>) -> Result<Vec<AvailableAction>> {
        let Some(side) = self.side(ctx) else { return Ok(Vec::new()) };
        let id = self.0.id;
        let reserved = match side {
            Side::Guest => {
                let payments = ctx.load_own(PaymentsOf(id)).await?.unwrap_or_default();
                payments.iter().any(|payment| payment.status == types::PaymentStatus::Authorized)
            }
            Side::Host => ctx.load_own(IsReserved(id)).await?.unwrap_or(false),
        };
        let may_be_reviewed = bookings::status_at(&self.0, ctx.app().now()) == BookingStatus::Completed;
        let reviewed = may_be_reviewed && reviews::find_of_booking(ctx, id).await?.is_some();
        let known =
            bookings::Circumstances { reserved, reviewed, review_window: ctx.app().terms.review_window };
        let actions = bookings::actions(&self.0, side, known, ctx.app().now())?;
        Ok(actions.into_iter().map(Into::into).collect())
    }
}

#[Object]
impl Booking {
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    async fn status(&self, ctx: &Context<'_>) -> BookingStatus {
        bookings::status_at(&self.0, ctx.app().now())
    }

    async fn listing(&self, ctx: &Context<'_>) -> Option<Result<Listing>> {
        find_known(ctx, self.0.listing_id).await.transpose()
    }

    async fn guest(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        find_user(ctx, self.0.guest_id).await.transpose()
    }

    async fn host(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        find_user(ctx, self.0.host_id).await.transpose()
    }

    async fn quote(&self, ctx: &Context<'_>) -> Option<Result<Quote>> {
        ctx.load_own(QuoteById(self.0.quote_id)).await.map(|quote| quote.map(Quote)).transpose()
    }

    async fn check_in(&self) -> Date {
        Date(self.0.check_in)
    }

    async fn check_out(&self) -> Date {
        Date(self.0.check_out)
    }

    async fn nights(&self) -> u32 {
        self.0.stay().len()
    }

    async fn guests(&self) -> Guests {
        Guests(self.0.guests())
    }

    async fn price(&self) -> Result<Price> {
        Ok(Price::new(quotes::lines(&self.0.price_lines)?, self.0.currency))
    }

    async fn host_payout(&self, ctx: &Context<'_>) -> Option<Money> {
        let payout = types::Money::new(self.0.host_payout, self.0.currency);
        (self.side(ctx) == Some(Side::Host)).then_some(Money(payout))
    }

    async fn cancellation_policy(&self) -> CancellationPolicy {
        self.0.cancellation_policy
    }

    async fn cancellation_timeline(&self) -> Option<Result<Vec<RefundTier>>> {
        let tiers = bookings::timeline(&self.0).transpose()?;
        Some(tiers.map(|tiers| RefundTier::all(&tiers, self.0.currency)).map_err(Into::into))
    }

    async fn cancellation_preview(&self, ctx: &Context<'_>, at: Option<Timestamp>) -> Option<Result<CancellationPreview>> {
        let at = at.unwrap_or_else(|| ctx.app().now());
        let preview = bookings::preview(&self.0, at).transpose()?;
        Some(preview.map(|preview| CancellationPreview::new(preview, self.0.currency)).map_err(Into::into))
    }

    async fn available_actions(&self, ctx: &Context<'_>) -> Result<Vec<AvailableAction>> {
        self.actions(ctx).await
    }

    async fn deadline(&self, ctx: &Context<'_>) -> Option<Timestamp> {
        self.0.deadline_at.filter(|deadline| *deadline > ctx.app().now())
    }

    async fn payments(&self, ctx: &Context<'_>) -> Option<Result<Vec<Payment>>> {
        if !self.is_guests(ctx) {
            return None;
        }
        let payments = ctx.load_own(PaymentsOf(self.0.id)).await;
        Some(payments.map(|payments| payments.unwrap_or_default().into_iter().map(Payment).collect()))
    }

    async fn refunds(&self, ctx: &Context<'_>) -> Option<Result<Vec<Refund>>> {
        if !self.is_guests(ctx) {
            return None;
        }
        let refunds = ctx.load_own(RefundsOf(self.0.id)).await;
        Some(refunds.map(|refunds| refunds.unwrap_or_default().into_iter().map(Refund).collect()))
    }

    async fn timeline(
        &self,
        ctx: &Context<'_>,
        #[graphql(default_with = "Some(20)")] first: Option<i32>,
        after: Option<Cursor>,
    ) -> Option<Result<BookingEventConnection>> {
        Some(BookingEventConnection::of(ctx, self.0.id, first, after).await)
    }

    async fn details(&self, ctx: &Context<'_>) -> Option<Result<TripDetails>> {
        self.details_for(ctx).await.transpose()
    }

    async fn review(&self, ctx: &Context<'_>) -> Option<Result<Review>> {
        reviews::find_of_booking(ctx, self.0.id).await.transpose()
    }

    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }

    async fn confirmed_at(&self) -> Option<Timestamp> {
        self.0.confirmed_at
    }

    async fn cancelled_at(&self) -> Option<Timestamp> {
        self.0.cancelled_at
    }
}

/// The booking, if the viewer is its guest or host.
///
/// # Errors
/// When the database fails.
pub async fn find_booking(ctx: &Context<'_>, id: BookingId) -> Result<Option<Booking>> {
    Ok(ctx.load_own(BookingById(id)).await?.map(Booking))
}

#[derive(Default)]
pub struct BookingQuery;

#[Object]
impl BookingQuery {
    /// A booking; null when it does not exist or the viewer is neither its guest nor its host.
    async fn booking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Opaque id, `bk_…`.")] id: ID,
    ) -> Option<Result<Booking>> {
        match ids::argument(&id) {
            Ok(id) => find_booking(ctx, id).await.transpose(),
            Err(error) => Some(Err(error.into())),
        }
    }
}
