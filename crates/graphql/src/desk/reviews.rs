//! Reviews, as staff see them, and their moderation.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::{
    DeskBooking, DeskListing, keyed,
    objects::{BookingForStaff, ListingForStaff},
    require_staff,
    searches::Wanted,
};
use crate::{
    checked::Checked,
    context::ContextExt,
    error::Result,
    pages::{self, Cursored, connection},
    payload::payload,
    suspensions::DeskEffect,
    users::{User, find_user},
};
use auth::{Staff, Support};
use domain::{
    desk::{self, Search},
    idempotency::Idempotent,
    reviews::moderation::{self, Moderation, ModerationEffects},
};
use types::{
    IdempotencyKey, Newest, StaffRole, Timestamp,
    error::{self, Error},
};

/// A review.
#[derive(Debug, Clone)]
pub struct DeskReview {
    row: desk::Review,
    support: Support,
}

/// A review, as staff see it: also before it is published, and while it is hidden.
#[Object]
impl DeskReview {
    /// The id of the review, `rev_…`.
    async fn id(&self) -> ID {
        self.row.id.to_string().into()
    }

    /// The listing.
    async fn listing(&self, ctx: &Context<'_>) -> Option<Result<DeskListing>> {
        let found = ctx.load_own(ListingForStaff((*self.support, self.row.listing_id))).await;
        found.map(|row| row.map(DeskListing)).transpose()
    }

    /// The stay; null for a review of an imported dataset.
    async fn booking(&self, ctx: &Context<'_>) -> Option<Result<DeskBooking>> {
        let found = ctx.load_own(BookingForStaff((*self.support, self.row.booking_id?))).await;
        found.map(|row| row.map(|row| DeskBooking { row, staff: *self.support })).transpose()
    }

    /// The author.
    async fn author(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        find_user(ctx, self.row.author_id).await.transpose()
    }

    /// Overall, 1 to 5; null when the source has no ratings per review.
    async fn rating(&self) -> Option<u8> {
        self.row.rating
    }

    /// The text, plain text with newlines.
    async fn text(&self) -> &str {
        &self.row.text
    }

    /// When it was written.
    async fn created_at(&self) -> Timestamp {
        self.row.created_at
    }

    /// When it becomes public, unless it is hidden.
    async fn published_at(&self) -> Timestamp {
        self.row.publish_at
    }

    /// Whether everybody can see it, and it counts in the ratings.
    async fn is_public(&self) -> bool {
        self.row.revealed
    }

    /// Since when staff hide it; null when they do not.
    async fn hidden_at(&self) -> Option<Timestamp> {
        self.row.hidden_at
    }
}

connection! {
    /// A page of reviews, as staff see them.
    DeskReviewConnection,
    /// One review of a page.
    DeskReviewEdge,
    /// The review.
    DeskReview
}

pub(super) async fn page(ctx: &Context<'_>, staff: &Staff, wanted: Wanted) -> Result<Option<DeskReviewConnection>> {
    let Ok(support) = staff.support() else { return Ok(None) };
    let page = pages::newest(wanted.first, wanted.after.as_ref())?;
    let rows = desk::reviews(ctx.app(), &support, &Search::read(&wanted.search)?, &page).await?;
    let rows = rows.map(|row| DeskReview { row, support });
    Ok(Some(Cursored::new(rows, |review| Newest { at: review.row.created_at, id: review.row.id }.to_cursor()).into()))
}

/// Input of `hideReview`.
#[derive(InputObject)]
pub struct HideReviewInput {
    /// The review.
    review_id: ID,
    /// Why, 1 to 500 characters of plain text, without personal data: it stays in the audit log.
    reason: String,
    /// Whether to return the effects without changing anything.
    #[graphql(default_with = "Some(false)")]
    dry_run: Option<bool>,
    /// The idempotency key.
    idempotency_key: Checked<IdempotencyKey>,
}

/// The review is hidden, or would be.
#[derive(SimpleObject)]
pub struct HideReviewSuccess {
    /// The review as it is now.
    review: DeskReview,
    /// What happened, or would happen: the same list for a dry run and a real run.
    effects: Vec<DeskEffect>,
    /// Whether nothing was changed.
    dry_run: bool,
    /// Whether this is the stored response to an earlier request with the same key.
    replayed: bool,
}

payload! {
    /// The result of `hideReview`.
    HideReviewPayload(HideReviewSuccess) {
        InvalidInput => InvalidInputProblem,
        RoleRequired => RoleRequiredProblem,
        NotFound => NotFoundProblem,
        StateConflict => StateConflictProblem,
        IdempotencyConflict => IdempotencyConflictProblem,
    }
}

/// Input of `restoreReview`.
#[derive(InputObject)]
pub struct RestoreReviewInput {
    /// The review.
    review_id: ID,
    /// Why, 1 to 500 characters of plain text, without personal data: it stays in the audit log.
    reason: String,
    /// Whether to return the effects without changing anything.
    #[graphql(default_with = "Some(false)")]
    dry_run: Option<bool>,
    /// The idempotency key.
    idempotency_key: Checked<IdempotencyKey>,
}

/// The review is restored, or would be.
#[derive(SimpleObject)]
pub struct RestoreReviewSuccess {
    /// The review as it is now.
    review: DeskReview,
    /// What happened, or would happen: the same list for a dry run and a real run.
    effects: Vec<DeskEffect>,
    /// Whether nothing was changed.
    dry_run: bool,
    /// Whether this is the stored response to an earlier request with the same key.
    replayed: bool,
}

payload! {
    /// The result of `restoreReview`.
    RestoreReviewPayload(RestoreReviewSuccess) {
        InvalidInput => InvalidInputProblem,
        RoleRequired => RoleRequiredProblem,
        NotFound => NotFoundProblem,
        StateConflict => StateConflictProblem,
        IdempotencyConflict => IdempotencyConflictProblem,
    }
}

/// Moderation of reviews.
#[derive(Default)]
pub struct ModerationMutation;

#[Object]
impl ModerationMutation {
    /// Hides a review: it is gone from lists and ratings, and only its author sees it. For `SUPPORT`. It is recorded in the audit log.
    async fn hide_review(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The review.")] input: HideReviewInput,
    ) -> Result<HideReviewPayload> {
        let given = (&input.review_id, &*input.reason, input.dry_run.unwrap_or(false), input.idempotency_key);
        let done = Box::pin(moderate(ctx, given, false)).await;
        HideReviewPayload::of(done.map(|Done { review, effects, dry_run, replayed }| HideReviewSuccess {
            review,
            effects,
            dry_run,
            replayed,
        }))
    }

    /// Restores a hidden review. If the time to write one has not passed, it becomes public then. For `SUPPORT`. It is recorded in the audit log.
    async fn restore_review(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The review.")] input: RestoreReviewInput,
    ) -> Result<RestoreReviewPayload> {
        let given = (&input.review_id, &*input.reason, input.dry_run.unwrap_or(false), input.idempotency_key);
        let done = Box::pin(moderate(ctx, given, true)).await;
        RestoreReviewPayload::of(done.map(|Done { review, effects, dry_run, replayed }| RestoreReviewSuccess {
            review,
            effects,
            dry_run,
            replayed,
        }))
    }
}

/// The outcome of a decision about a review.
struct Done {
    review: DeskReview,
    effects: Vec<DeskEffect>,
    dry_run: bool,
    replayed: bool,
}

/// What an input has: the id, the reason, whether it is a dry run, and the key.
type Given<'a> = (&'a ID, &'a str, bool, Checked<IdempotencyKey>);

async fn moderate(ctx: &Context<'_>, (id, reason, dry_run, key): Given<'_>, restores: bool) -> error::Result<Done> {
    let support = require_staff(ctx, StaffRole::Support).await?.support()?;
    let (review, reason, key) = keyed(id, ("reviewId", "review"), reason, key)?;
    let order = Moderation { review, restores, reason };
    let Idempotent { answer: ModerationEffects { effects }, replayed } = if dry_run {
        Idempotent::new(moderation::dry_run(ctx.app(), &support, &order).await?)
    } else {
        moderation::moderate(ctx.app(), &support, &order, &key).await?
    };
    let row = desk::review(ctx.app(), &support, review).await?;
    let row = row.ok_or_else(|| Error::not_found("reviewId", "review"))?;
    let effects = effects.into_iter().map(|effect| DeskEffect::new(effect, *support)).collect();
    Ok(Done { review: DeskReview { row, support }, effects, dry_run, replayed })
}
