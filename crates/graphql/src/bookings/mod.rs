//! Bookings.

mod mutations;
mod pages;
mod details;
mod roles;

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
pub use details::{AvailableAction, CancellationPreview, TripDetails};
use graphql_direct::Direct;
pub use mutations::BookingMutation;
pub use pages::{BookingConnection, BookingEdge, MyTrips};

use super::{
    context::ContextExt,
    error::Result,
    events::BookingEventConnection,
    ids,
    listings::{Listing, find_known},
    loaders::{BookingByCode, BookingById, IsAuthorized, PaymentsOf, RefundsOf},
    money::Money,
    payments::{Payment, Refund},
    prices::Price,
    quotes::{Quote, RefundTier, find_quote},
    reviews::{self, Review},
    stays::Guests,
    users::{User, find_user},
};
use domain::{
    bookings::{self, BookedPlace, Booking as Row},
    events::EventPosition,
};
use roles::Role;
use types::scalars::{Cursor, Date};
use types::{
    BookingId, BookingStatus, CancellationPolicy, ConfirmationCode, Side, Timestamp,
    error::{BadUserInput, Refusal},
};

/// A booking, for its guest and its host.
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
        if !is_certain || Role::of_viewer(ctx, &self.0).await?.is_none() {
            return Ok(None);
        }
        if let Some(details) = TripDetails::new(&self.0, &self.0.place) {
            return Ok(Some(details));
        }
        let listing = find_known(ctx, self.0.listing_id).await?;
        Ok(listing.and_then(|listing| TripDetails::new(&self.0, &BookedPlace::of(&listing.0))))
    }

    async fn actions(&self, ctx: &Context<'_>) -> Result<Vec<AvailableAction>> {
        let role = Role::of_viewer(ctx, &self.0).await?;
        let Some((role, side)) = role.and_then(|role| Some((role, role.acts_as()?))) else { return Ok(Vec::new()) };
        let id = self.0.id;
        let authorized = match side {
            Side::Guest => {
                let payments = ctx.load_own(PaymentsOf(id)).await?.unwrap_or_default();
                payments.iter().any(|payment| payment.status == types::PaymentStatus::Authorized)
            }
            Side::Host => ctx.load_own(IsAuthorized(id)).await?.unwrap_or(false),
        };
        let may_be_reviewed = bookings::status_at(&self.0, ctx.app().now()) == BookingStatus::Completed;
        let reviewed = may_be_reviewed && reviews::find_of_booking(ctx, id).await?.is_some();
        let known = bookings::ActionContext { authorized, reviewed, review_window: ctx.app().terms.review_window };
        let actions = bookings::actions(&self.0, side, known, ctx.app().now())?;
        // What the host earns is the host's alone.
        let shown = |action: bookings::Action| bookings::Action {
            money: action.money.filter(|_| !role.is_co_host()),
            ..action
        };
        Ok(actions.into_iter().map(|action| shown(action).into()).collect())
    }
}

/// A booked stay. Visible to its guest, its host, and co-hosts whose access includes bookings.
#[Object]
impl Booking {
    /// Opaque id, `bk_…`.
    pub async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// A short code for people, such as `K7QM2XWD9R`, to name the booking in mails and on the phone. It is not a secret.
    async fn confirmation_code(&self) -> String {
        ConfirmationCode::from(self.0.id).to_string()
    }

    /// The current status. Deadlines that have passed are taken into account at once.
    async fn status(&self, ctx: &Context<'_>) -> BookingStatus {
        bookings::status_at(&self.0, ctx.app().now())
    }

    /// The listing.
    async fn listing(&self, ctx: &Context<'_>) -> Option<Result<Direct<Listing>>> {
        find_known(ctx, self.0.listing_id).await.map(|found| found.map(Direct)).transpose()
    }

    /// The guest.
    async fn guest(&self, ctx: &Context<'_>) -> Option<Result<Direct<User>>> {
        find_user(ctx, self.0.guest_id).await.map(|found| found.map(Direct)).transpose()
    }

    /// The host.
    async fn host(&self, ctx: &Context<'_>) -> Option<Result<Direct<User>>> {
        find_user(ctx, self.0.host_id).await.map(|found| found.map(Direct)).transpose()
    }

    /// The quote it was made from; visible to its guest only.
    async fn quote(&self, ctx: &Context<'_>) -> Option<Result<Quote>> {
        find_quote(ctx, self.0.quote_id).await.transpose()
    }

    /// First night.
    async fn check_in(&self) -> Date {
        Date(self.0.check_in)
    }

    /// Day of departure.
    async fn check_out(&self) -> Date {
        Date(self.0.check_out)
    }

    /// Number of nights.
    async fn nights(&self) -> u32 {
        self.0.stay().len()
    }

    /// The guests.
    async fn guests(&self) -> Guests {
        Guests(self.0.guests())
    }

    /// The price for the guest, exactly as quoted.
    async fn price(&self) -> Result<Direct<Price>> {
        Ok(Direct(Price::new(self.0.price_lines.read()?, self.0.currency)))
    }

    /// The host's earnings if the stay takes place; after a cancellation, the host's share of the amount that is not refunded, 0 after a full refund or without payment. Visible to the host only.
    async fn host_payout(&self, ctx: &Context<'_>) -> Option<Money> {
        let payout = types::Money::new(bookings::host_payout(&self.0, ctx.app().now()), self.0.currency);
        (self.side(ctx) == Some(Side::Host)).then_some(Money(payout))
    }

    /// The cancellation policy of the booking.
    async fn cancellation_policy(&self) -> CancellationPolicy {
        self.0.cancellation_policy
    }

    /// The refund tiers; null until it is confirmed.
    async fn cancellation_timeline(
        &self,
        #[graphql(
            desc = "Maximum number of tiers, 1 to 400, from the first; the very last one has no `until`. A long stay has one for each of its nights.",
            default_with = "Some(20)"
        )]
        first: Option<i32>,
    ) -> Option<Result<Vec<RefundTier>>> {
        let tiers = self.0.cancellation_timeline.as_ref()?.read();
        let cut = |first| tiers.map(|tiers| RefundTier::all(&tiers, first, self.0.currency));
        Some(RefundTier::count(first).and_then(cut).map_err(Into::into))
    }

    /// The refund if the guest cancels; null when it can no longer be canceled at that time.
    async fn cancellation_preview(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The time of the cancellation; now when omitted.")] at: Option<Timestamp>,
    ) -> Option<Result<CancellationPreview>> {
        let at = at.unwrap_or_else(|| ctx.app().now());
        let preview = bookings::preview(&self.0, at).transpose()?;
        Some(preview.map(|preview| CancellationPreview::new(preview, self.0.currency)).map_err(Into::into))
    }

    /// The host's message to the guest on declining the request; null when there is none.
    async fn decline_message(&self) -> Option<&str> {
        self.0.decline_message.as_deref()
    }

    /// The actions of the viewer, and for those that are not allowed now, the reason.
    async fn available_actions(&self, ctx: &Context<'_>) -> Result<Vec<AvailableAction>> {
        self.actions(ctx).await
    }

    /// The deadline for the payment or the host's response; null when there is none.
    async fn deadline(&self, ctx: &Context<'_>) -> Option<Timestamp> {
        self.0.deadline_at.filter(|deadline| *deadline > ctx.app().now())
    }

    /// Payments, oldest first, at most 10; visible to its guest only.
    async fn payments(&self, ctx: &Context<'_>) -> Option<Result<Vec<Payment>>> {
        if !self.is_guests(ctx) {
            return None;
        }
        let payments = ctx.load_own(PaymentsOf(self.0.id)).await;
        Some(payments.map(|payments| payments.unwrap_or_default().into_iter().map(Payment).collect()))
    }

    /// Refunds, oldest first, at most one per payment; visible to its guest only.
    async fn refunds(&self, ctx: &Context<'_>) -> Option<Result<Vec<Refund>>> {
        if !self.is_guests(ctx) {
            return None;
        }
        let refunds = ctx.load_own(RefundsOf(self.0.id)).await;
        Some(refunds.map(|refunds| refunds.unwrap_or_default().into_iter().map(Refund).collect()))
    }

    /// Events of the booking, oldest first; the same as those of `bookingEvents`.
    async fn timeline(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of items, 1 to 100.", default_with = "Some(20)")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<Cursor>,
    ) -> Option<Result<BookingEventConnection>> {
        // Every field of a type needs as much memory as its largest future: futures that contain a query's are boxed, here and elsewhere.
        Some(Box::pin(BookingEventConnection::of(ctx, self.0.id, first, after)).await)
    }

    /// The cursor of this state for `bookingEvents`: pass it as `after` to get every later event.
    async fn event_cursor(&self) -> Cursor {
        Cursor(EventPosition::Booking(self.0.id, self.0.event_sequence).to_cursor())
    }

    /// Exact location; null until the booking is confirmed, and after it was canceled.
    async fn details(&self, ctx: &Context<'_>) -> Option<Result<TripDetails>> {
        self.details_for(ctx).await.transpose()
    }

    /// The guest's review of the stay; null when there is none or the viewer may not see it yet.
    async fn review(&self, ctx: &Context<'_>) -> Option<Result<Review>> {
        reviews::find_of_booking(ctx, self.0.id).await.transpose()
    }

    /// When it was created.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }

    /// When it was confirmed; null until then.
    async fn confirmed_at(&self) -> Option<Timestamp> {
        self.0.confirmed_at
    }

    /// When it was canceled; null when it was not.
    async fn cancelled_at(&self) -> Option<Timestamp> {
        self.0.cancelled_at
    }
}

/// The booking, if the viewer is its guest or host, or helps its host.
///
/// # Errors
/// When the database fails.
pub async fn find_booking(ctx: &Context<'_>, id: BookingId) -> Result<Option<Booking>> {
    Ok(ctx.load_own(BookingById(id)).await?.map(Booking))
}

/// Queries about bookings.
#[derive(Default)]
pub struct BookingQuery;

#[Object]
impl BookingQuery {
    /// A booking; null when it does not exist or the viewer may not see it.
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

    /// A booking by its short code; null when it does not exist or the viewer may not see it.
    async fn booking_by_code(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The `confirmationCode`. Letter case, spaces and hyphens do not matter.")]
        confirmation_code: String,
    ) -> Option<Result<Booking>> {
        match confirmation_code.parse::<ConfirmationCode>() {
            Ok(code) => ctx.load_own(BookingByCode(code)).await.map(|found| found.map(Booking)).transpose(),
            Err(error) => Some(Err(Refusal::BadUserInput(BadUserInput { message: error.to_string() }).into())),
        }
    }
}
