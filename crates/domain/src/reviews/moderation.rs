//! Staff hide and restore reviews. A hidden review is gone from lists and ratings, and only its author sees it. One function plans what a
//! decision does; a dry run returns the plan, a real run applies it.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Review;
use crate::{
    app::App,
    audit::{self, NewEntry, Subject},
    events::{self, NewChange},
    idempotency::{self, Idempotent},
    listings::access,
    suspensions::Effect,
};
use auth::{Member, Support};
use mysql_engine::Conn;
use types::{
    AuditAction, DeskEffectKind, IdempotencyKey, ReviewId, Timestamp, UserId,
    error::{Error, Result},
};

/// A decision about a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moderation {
    /// The review.
    pub review: ReviewId,
    /// Whether to restore it.
    pub restores: bool,
    /// Why.
    pub reason: String,
}

/// The stored response: the effects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModerationEffects {
    /// What was done, or would be done.
    pub effects: Vec<Effect>,
}

/// What a decision does, under the lock of the review.
struct Plan {
    review: Review,
    effects: Vec<Effect>,
    /// Whether everybody sees the review afterwards, and saw it before.
    revealed: bool,
}

/// What the decision would do now. Nothing is changed.
///
/// # Errors
/// As [`moderate`].
pub async fn dry_run(app: &App, support: &Support, order: &Moderation) -> Result<ModerationEffects> {
    let now = app.now();
    let plan = app.database.transaction(async |tx| plan(tx, support.member(), order, now).await).await?;
    Ok(ModerationEffects { effects: plan.effects })
}

/// Hides or restores a review.
///
/// # Errors
/// Problems of the contract's `hideReview` and `restoreReview`.
pub async fn moderate(
    app: &App,
    support: &Support,
    order: &Moderation,
    key: &IdempotencyKey,
) -> Result<Idempotent<ModerationEffects>> {
    let operation = if order.restores { "restoreReview" } else { "hideReview" };
    let request = idempotency::request(support.member(), operation, key, order)?;
    let now = app.now();
    app.database
        .transaction(async |tx| {
            if let Some(stored) = idempotency::claim::<ModerationEffects>(tx, &request, now).await? {
                return Ok(stored);
            }
            let plan = plan(tx, support.member(), order, now).await?;
            let effects = ModerationEffects { effects: plan.effects.clone() };
            let done = idempotency::store(tx, &request, effects).await?;
            apply(app, tx, order, &plan, now).await?;
            audit::append(app, tx, vec![entry(order, support.member().id(), &plan, now)], now).await?;
            Ok(done)
        })
        .await
}

async fn plan(tx: &mut Conn, by: &Member, order: &Moderation, now: Timestamp) -> Result<Plan> {
    let review = store::reviews::lock(tx, order.review).await?;
    let review = review.ok_or_else(|| Error::not_found("reviewId", "review"))?;
    let host = store::desk::host_of_listing(tx, review.listing_id).await?;
    let host = host.ok_or_else(|| Error::not_found("reviewId", "review"))?;
    if by.id() == review.author_id || access::concerns(tx, by.id(), review.listing_id, host).await? {
        return Err(Error::state(None, "This review concerns you. Ask a colleague."));
    }
    if review.hidden_at.is_some() != order.restores {
        let message = if order.restores { "This review is not hidden." } else { "This review is hidden already." };
        return Err(Error::state(None, message));
    }
    let revealed = if order.restores { review.publish_at <= now } else { review.revealed };
    let kind = match (order.restores, revealed) {
        (false, _) => DeskEffectKind::ReviewHidden,
        (true, true) => DeskEffectKind::ReviewShown,
        (true, false) => DeskEffectKind::ReviewWaits,
    };
    let mut effects = vec![Effect::of_one(kind, Vec::new())];
    if revealed {
        effects.push(Effect::of_one(DeskEffectKind::RatingsChange, vec![review.listing_id]));
    }
    Ok(Plan { review, effects, revealed })
}

/// Writes what is planned. The ratings of the listing change in the same transaction.
async fn apply(app: &App, tx: &mut Conn, order: &Moderation, plan: &Plan, now: Timestamp) -> Result<()> {
    let review = &plan.review;
    let change = if order.restores {
        store::reviews::unhide(tx, review.id).await?;
        if plan.revealed {
            store::reviews::reveal(tx, review).await?;
        }
        NewChange::review(review.id, review.listing_id)
    } else {
        store::reviews::hide(tx, review, now).await?;
        NewChange::hidden_review(review.id, review.listing_id)
    };
    // Of a review that nobody else has seen, nobody else needs to know.
    if plan.revealed { events::append_changes(app, tx, &[change], now).await } else { Ok(()) }
}

fn entry(order: &Moderation, by: UserId, plan: &Plan, now: Timestamp) -> NewEntry {
    let action = if order.restores { AuditAction::ReviewRestored } else { AuditAction::ReviewHidden };
    let hidden_at = (!order.restores).then_some(now);
    NewEntry {
        actor: Some(by),
        on_behalf_of: None,
        action,
        subject: Subject::Review(order.review),
        reason: order.reason.clone(),
        before: json!({ "hiddenAt": plan.review.hidden_at }),
        after: json!({ "hiddenAt": hidden_at, "listing": plan.review.listing_id }),
    }
}
