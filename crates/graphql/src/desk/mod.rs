//! The desk of those who run the platform: what staff can find. Their mutations are beside their nouns.

mod analytics;
mod cancellations;
mod cases;
mod features;
mod objects;
mod refunds;
mod reviews;
mod searches;

use async_graphql::{Context, ID, Object};

use super::{
    audit::{self, AuditEntryConnection, AuditFilter},
    checked::Checked,
    context::ContextExt,
    error::Result,
    ids,
    loaders::keys::keys,
    privacy::holds::{self, LegalHoldConnection, PendingErasureConnection},
    role_grants::{self, RoleGrantConnection},
};
use analytics::AnalyticsRow;
pub use cancellations::DeskCancellationMutation;
pub use cases::DeskCaseMutation;
use cases::{DeskCaseConnection, DeskCaseFilter};
pub use features::FeatureMutation;
use features::FeatureSwitch;
pub(super) use objects::{DeskBooking, DeskListing, bookings_of, listings_of};
use objects::{DeskBookingConnection, DeskListingConnection, DeskPaymentConnection, DeskPersonConnection};
pub use refunds::DeskRefundMutation;
use reviews::DeskReviewConnection;
pub use reviews::ModerationMutation;
use searches::Wanted as Search;

use auth::{Admin, Recent, Staff};
use domain::accounts;
use domain::analytics::Wanted;
use domain::role_grants::{proofs, require_staff as staff_of};
use std::str::FromStr;
use types::scalars::{Cursor, Date};
use types::{
    AnalyticsBy, Currency, IdempotencyKey, StaffRole,
    error::{self, Validation},
};

keys! {
    /// The proof that the viewer is staff, read once for an operation.
    private OwnRoles(()) => Staff, of_parent proofs;
}

/// The desk, for a viewer with a role.
#[derive(Debug, Clone, Copy)]
pub struct Desk(Staff);

/// The desk of those who run the platform. What the roles of the viewer do not include is null.
#[Object]
impl Desk {
    /// The roles of the viewer that are in force.
    async fn roles(&self) -> Vec<StaffRole> {
        StaffRole::ALL.iter().copied().filter(|role| self.0.has(*role)).collect()
    }

    /// All grants of roles, newest first, also those that have ended. For `ADMIN`.
    async fn role_grants(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of items, 1 to 100.", default_with = "Some(20)")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<Cursor>,
    ) -> Option<Result<RoleGrantConnection>> {
        role_grants::page(ctx, &self.0, first, after).await.transpose()
    }

    /// What staff did and looked at, newest first. For `ADMIN`.
    async fn audit_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "where", desc = "Conditions; all entries when omitted.")] filter: Option<AuditFilter>,
        #[graphql(desc = "Maximum number of items, 1 to 100.", default_with = "Some(20)")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<Cursor>,
    ) -> Option<Result<AuditEntryConnection>> {
        audit::page(ctx, &self.0, filter, first, after).await.transpose()
    }

    /// Legal holds, newest first, also those that have ended. For `ADMIN`.
    async fn legal_holds(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of items, 1 to 100.", default_with = "Some(20)")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<Cursor>,
    ) -> Option<Result<LegalHoldConnection>> {
        holds::page(ctx, &self.0, first, after).await.transpose()
    }

    /// Accounts that are to be erased, the last requested first. For `ADMIN`.
    async fn erasures(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Maximum number of items, 1 to 100.", default_with = "Some(20)")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<Cursor>,
    ) -> Option<Result<PendingErasureConnection>> {
        holds::erasures(ctx, &self.0, first, after).await.transpose()
    }

    /// People, newest first: by `usr_…` or email, or the host of `lst_…`, or guest and host of `bk_…` or a confirmation code. For `SUPPORT`.
    async fn people(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "An id, an email or a confirmation code.")] search: String,
        #[graphql(desc = "Maximum number of items, 1 to 100.", default_with = "Some(20)")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<Cursor>,
    ) -> Option<Result<DeskPersonConnection>> {
        searches::people(ctx, &self.0, Search { search, first, after }).await.transpose()
    }

    /// Listings in every state, newest first: by `lst_…`, or those of a host by `usr_…`, email, `bk_…` or confirmation code. For `SUPPORT`.
    async fn listings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "An id, an email or a confirmation code.")] search: String,
        #[graphql(desc = "Maximum number of items, 1 to 100.", default_with = "Some(20)")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<Cursor>,
    ) -> Option<Result<DeskListingConnection>> {
        searches::listings(ctx, &self.0, Search { search, first, after }).await.transpose()
    }

    /// Bookings in every state, latest check-in first: by `bk_…`, confirmation code, `pay_…` or `lst_…`, or those of a guest or host by `usr_…` or email.
    async fn bookings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "An id, an email or a confirmation code.")] search: String,
        #[graphql(desc = "Maximum number of items, 1 to 100.", default_with = "Some(20)")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<Cursor>,
    ) -> Option<Result<DeskBookingConnection>> {
        searches::bookings(ctx, &self.0, Search { search, first, after }).await.transpose()
    }

    /// Payments, newest first: by `pay_…`, `bk_…`, confirmation code or the last four digits of the card, or those for bookings of a guest or host by `usr_…` or email. For `FINANCE`.
    async fn payments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "An id, an email, a confirmation code, or the last four digits of a card.")] search: String,
        #[graphql(desc = "Maximum number of items, 1 to 100.", default_with = "Some(20)")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<Cursor>,
    ) -> Option<Result<DeskPaymentConnection>> {
        searches::payments(ctx, &self.0, Search { search, first, after }).await.transpose()
    }

    /// Reviews, also hidden ones and those that are not published yet, newest first: by `rev_…`, `bk_…`, confirmation code or `lst_…`, or those of an author by `usr_…` or email. For `SUPPORT`.
    async fn reviews(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "An id, an email or a confirmation code.")] search: String,
        #[graphql(desc = "Maximum number of items, 1 to 100.", default_with = "Some(20)")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<Cursor>,
    ) -> Option<Result<DeskReviewConnection>> {
        reviews::page(ctx, &self.0, Search { search, first, after }).await.transpose()
    }

    /// What was sold in a range of at most 366 days: on its first days, or by the cities or hosts that sold most. For `FINANCE`.
    async fn analytics(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The first day, UTC; when omitted, 30 days before `to`.")] from: Option<Date>,
        #[graphql(desc = "The day after the last one; when omitted, tomorrow.")] to: Option<Date>,
        #[graphql(desc = "How to group.")] by: AnalyticsBy,
        #[graphql(desc = "Only bookings, nights and quotes in this currency.")] currency: Currency,
        #[graphql(desc = "Maximum number of items, 1 to 100.", default_with = "Some(100)")] first: Option<i32>,
    ) -> Option<Result<Vec<AnalyticsRow>>> {
        let wanted = Wanted { from: from.map(|day| day.0), to: to.map(|day| day.0), by, currency };
        analytics::rows(ctx, &self.0, wanted, first).await.transpose()
    }

    /// The features that can be turned off.
    async fn features(&self, ctx: &Context<'_>) -> Option<Result<Vec<FeatureSwitch>>> {
        Some(features::list(ctx, &self.0).await)
    }

    /// Cases that people have opened and that do not concern the viewer, the first due first. For `SUPPORT`.
    async fn cases(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "where", desc = "Conditions; undecided cases when omitted.")] filter: Option<DeskCaseFilter>,
        #[graphql(desc = "Maximum number of items, 1 to 100.", default_with = "Some(20)")] first: Option<i32>,
        #[graphql(desc = "Start after this cursor.")] after: Option<Cursor>,
    ) -> Option<Result<DeskCaseConnection>> {
        cases::page(ctx, &self.0, filter, first, after).await.transpose()
    }
}

/// The query for the desk.
#[derive(Default)]
pub struct DeskQuery;

#[Object]
impl DeskQuery {
    /// The desk of those who run the platform; null for a viewer without a role.
    async fn desk(&self, ctx: &Context<'_>) -> Option<Result<Desk>> {
        ctx.load_own(OwnRoles(())).await.map(|staff| staff.map(Desk)).transpose()
    }
}

/// The proof that the viewer is staff, for a mutation that requires `role`.
pub(super) async fn require_staff(ctx: &Context<'_>, role: StaffRole) -> error::Result<Staff> {
    staff_of(ctx.app(), ctx.member()?, role).await
}

/// The proof that the viewer is an admin who has shown a short time ago who they are.
pub(super) async fn require_recent_admin(ctx: &Context<'_>) -> error::Result<Recent<Admin>> {
    let admin = require_staff(ctx, StaffRole::Admin).await?.admin()?;
    accounts::recent_staff(ctx.app(), admin).await
}

/// The id, the reason and the idempotency key of a mutation's input.
pub(super) fn keyed<T: FromStr>(
    id: &ID,
    (field, what): (&str, &'static str),
    reason: &str,
    key: Checked<IdempotencyKey>,
) -> error::Result<(T, String, IdempotencyKey)> {
    let mut validation = Validation::default();
    let id = validation.check(ids::input(id, field, what));
    let explained = validation.check(explained(reason, key));
    validation.finish_with(id.zip(explained).map(|(id, (reason, key))| (id, reason, key)))
}

/// The reason and the idempotency key of a mutation's input.
pub(super) fn explained(reason: &str, key: Checked<IdempotencyKey>) -> error::Result<(String, IdempotencyKey)> {
    let mut validation = Validation::default();
    let reason = validation.check(domain::audit::reason(reason));
    let key = validation.check(key.at(&["idempotencyKey"]));
    validation.finish_with(reason.zip(key))
}
