//! People, listings, bookings and payments, as staff see them.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};

use crate::{
    context::ContextExt,
    error::Result,
    loaders::keys::keys,
    money::Money,
    pages::connection,
    payments::{PaymentCard, PublicStatus},
    users::{User, find_user},
};
use auth::{Staff, Support};
use domain::{bookings, desk};
use types::scalars::Date;
use types::{BookingId, BookingStatus, Email, ListingId, ListingStatus, PaymentId, Timestamp, UserId};

keys! {
    /// The listing with this id, for staff.
    private ListingForStaff((Staff, ListingId)) => Arc<desk::FoundListing>, of_parent desk::listings_by_ids;
    /// The booking with this id, for staff.
    private BookingForStaff((Staff, BookingId)) => Arc<desk::Booking>, of_parent desk::bookings_by_ids;
    /// The card of a payment, for staff.
    private CardForStaff((Staff, PaymentId)) => desk::PaymentCard, of_parent desk::cards;
    /// The record that the email of a person is looked at.
    private EmailViewed((Support, UserId)) => (), of_parent desk::record_views;
}

/// A person.
#[derive(Debug, Clone)]
pub struct DeskPerson {
    pub(super) row: desk::Person,
    pub(super) support: Support,
}

impl DeskPerson {
    async fn known_email(&self, ctx: &Context<'_>) -> Result<Option<Email>> {
        ctx.load_own(EmailViewed((self.support, self.row.id))).await?;
        let email = self.row.email.clone().or_else(|| self.row.unverified_email.clone());
        Ok(email.map(Email::stored))
    }
}

/// A person, as staff see them.
#[Object]
impl DeskPerson {
    /// The id of the person, `usr_…`.
    async fn id(&self) -> ID {
        self.row.id.to_string().into()
    }

    /// Their public profile.
    async fn user(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        find_user(ctx, self.row.id).await.transpose()
    }

    /// Their email; null for a person of an imported dataset. Each look at it is recorded in the audit log.
    async fn email(&self, ctx: &Context<'_>) -> Option<Result<Email>> {
        self.known_email(ctx).await.transpose()
    }

    /// Whether their email is verified.
    async fn email_verified(&self) -> bool {
        self.row.email.is_some()
    }

    /// When the account was created.
    async fn created_at(&self) -> Timestamp {
        self.row.created_at
    }

    /// Since when they are suspended; null when they are not.
    async fn suspended_at(&self) -> Option<Timestamp> {
        self.row.suspended_at
    }
}

/// A listing.
#[derive(Debug, Clone)]
pub struct DeskListing(pub(super) Arc<desk::FoundListing>);

/// A listing, as staff see it, in every state.
#[Object]
impl DeskListing {
    /// The id of the listing, `lst_…`.
    async fn id(&self) -> ID {
        self.0.id.to_string().into()
    }

    /// Title.
    async fn title(&self) -> &str {
        &self.0.title
    }

    /// Whether guests can find and book it.
    async fn status(&self) -> ListingStatus {
        self.0.status
    }

    /// City.
    async fn city(&self) -> &str {
        &self.0.city
    }

    /// The host.
    async fn host(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        find_user(ctx, self.0.host_id).await.transpose()
    }

    /// When it was created.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }

    /// Since when staff suspended the listing itself; null when they did not, also while its host is suspended.
    async fn suspended_at(&self) -> Option<Timestamp> {
        self.0.suspended_at
    }
}

/// A booking.
#[derive(Debug, Clone)]
pub struct DeskBooking {
    pub(super) row: Arc<desk::Booking>,
    pub(super) staff: Staff,
}

/// A booking, as staff see it.
#[Object]
impl DeskBooking {
    /// The id of the booking, `bk_…`.
    async fn id(&self) -> ID {
        self.row.id.to_string().into()
    }

    /// The current status.
    async fn status(&self, ctx: &Context<'_>) -> BookingStatus {
        bookings::status_at(&self.row, ctx.app().now())
    }

    /// The listing.
    async fn listing(&self, ctx: &Context<'_>) -> Option<Result<DeskListing>> {
        let found = ctx.load_own(ListingForStaff((self.staff, self.row.listing_id))).await;
        found.map(|row| row.map(DeskListing)).transpose()
    }

    /// The guest.
    async fn guest(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        find_user(ctx, self.row.guest_id).await.transpose()
    }

    /// The host.
    async fn host(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        find_user(ctx, self.row.host_id).await.transpose()
    }

    /// Check-in day.
    async fn check_in(&self) -> Date {
        Date(self.row.check_in)
    }

    /// Check-out day.
    async fn check_out(&self) -> Date {
        Date(self.row.check_out)
    }

    /// Price of the stay.
    async fn total(&self) -> Money {
        Money(types::Money::new(self.row.total, self.row.currency))
    }

    /// When it was created.
    async fn created_at(&self) -> Timestamp {
        self.row.created_at
    }
}

/// The bookings with these ids, in their order.
pub(crate) async fn bookings_of(ctx: &Context<'_>, staff: Staff, ids: &[BookingId]) -> Result<Vec<DeskBooking>> {
    let found = ids.iter().map(|id| ctx.load_own(BookingForStaff((staff, *id))));
    let found = futures_util::future::try_join_all(found).await?;
    Ok(found.into_iter().flatten().map(|row| DeskBooking { row, staff }).collect())
}

/// The listings with these ids, in their order.
pub(crate) async fn listings_of(ctx: &Context<'_>, staff: Staff, ids: &[ListingId]) -> Result<Vec<DeskListing>> {
    let found = ids.iter().map(|id| ctx.load_own(ListingForStaff((staff, *id))));
    let found = futures_util::future::try_join_all(found).await?;
    Ok(found.into_iter().flatten().map(DeskListing).collect())
}

/// A payment.
#[derive(Debug, Clone)]
pub struct DeskPayment {
    pub(super) row: desk::Payment,
    pub(super) staff: Staff,
}

/// A payment attempt, as staff see it.
#[Object]
impl DeskPayment {
    /// The id of the payment, `pay_…`.
    async fn id(&self) -> ID {
        self.row.id.to_string().into()
    }

    /// The current status.
    async fn status(&self) -> PublicStatus {
        PublicStatus::of(&self.row)
    }

    /// The amount.
    async fn amount(&self) -> Money {
        Money(types::Money::new(self.row.amount, self.row.currency))
    }

    /// What was captured of it.
    async fn captured(&self) -> Money {
        Money(types::Money::new(self.row.captured, self.row.currency))
    }

    /// What was refunded of that.
    async fn refunded(&self) -> Money {
        Money(types::Money::new(self.row.refunded, self.row.currency))
    }

    /// The payment provider.
    async fn provider(&self) -> &str {
        &self.row.provider
    }

    /// What is known of the card; null when nothing is.
    async fn card(&self, ctx: &Context<'_>) -> Option<Result<PaymentCard>> {
        ctx.load_own(CardForStaff((self.staff, self.row.id))).await.map(|card| card.map(Into::into)).transpose()
    }

    /// The booking.
    async fn booking(&self, ctx: &Context<'_>) -> Option<Result<DeskBooking>> {
        let found = ctx.load_own(BookingForStaff((self.staff, self.row.booking_id))).await;
        found.map(|row| row.map(|row| DeskBooking { row, staff: self.staff })).transpose()
    }

    /// When it was created.
    async fn created_at(&self) -> Timestamp {
        self.row.created_at
    }
}

connection! {
    /// A page of people.
    DeskPersonConnection,
    /// One person of a page.
    DeskPersonEdge,
    /// The person.
    DeskPerson
}

connection! {
    /// A page of listings, as staff see them.
    DeskListingConnection,
    /// One listing of a page.
    DeskListingEdge,
    /// The listing.
    DeskListing
}

connection! {
    /// A page of bookings, as staff see them.
    DeskBookingConnection,
    /// One booking of a page.
    DeskBookingEdge,
    /// The booking.
    DeskBooking
}

connection! {
    /// A page of payments, as staff see them.
    DeskPaymentConnection,
    /// One payment of a page.
    DeskPaymentEdge,
    /// The payment.
    DeskPayment
}
