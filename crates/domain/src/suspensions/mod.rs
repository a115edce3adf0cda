//! Suspensions of people and listings by staff. One function plans what a suspension or restoration does; a dry run returns the plan, a
//! real run applies it.

mod plan;

pub use plan::Effect;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    app::App,
    audit::{self, NewEntry, Subject},
    events::{self, NewChange},
    idempotency::{self, Idempotent},
    impersonations::{self, Which},
    sessions::{Ended, end_locked},
};
use auth::Support;
use mysql_engine::Conn;
use plan::Plan;
use telemetry::logs;
use types::{
    AuditAction, IdempotencyKey, ListingId, Timestamp, UserId,
    error::{Error, Result},
};

/// What to suspend or restore.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Target {
    /// A person.
    Person(UserId),
    /// A listing.
    Listing(ListingId),
}

/// A suspension or a restoration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Order {
    /// Of what.
    pub target: Target,
    /// Whether to restore it.
    pub restores: bool,
    /// Why.
    pub reason: String,
}

/// The stored response: the effects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effects {
    /// What was done, or would be done.
    pub effects: Vec<Effect>,
}

impl Order {
    fn operation(&self) -> &'static str {
        match (self.target, self.restores) {
            (Target::Person(_), false) => "suspendPerson",
            (Target::Person(_), true) => "restorePerson",
            (Target::Listing(_), false) => "suspendListing",
            (Target::Listing(_), true) => "restoreListing",
        }
    }

    fn action(&self) -> AuditAction {
        match (self.target, self.restores) {
            (Target::Person(_), false) => AuditAction::PersonSuspended,
            (Target::Person(_), true) => AuditAction::PersonRestored,
            (Target::Listing(_), false) => AuditAction::ListingSuspended,
            (Target::Listing(_), true) => AuditAction::ListingRestored,
        }
    }

    fn entry(&self, by: UserId, plan: &Plan, now: Timestamp) -> NewEntry {
        let subject = match self.target {
            Target::Person(id) => Subject::Person(id),
            Target::Listing(id) => Subject::Listing(id),
        };
        let counts: Vec<_> =
            plan.effects.iter().map(|effect| json!({ "kind": effect.kind, "count": effect.count })).collect();
        NewEntry {
            actor: Some(by),
            on_behalf_of: None,
            action: self.action(),
            subject,
            reason: self.reason.clone(),
            before: json!({ "suspendedAt": plan.suspended_at }),
            after: json!({ "suspendedAt": (!self.restores).then_some(now), "effects": counts }),
        }
    }
}

/// What the order would do now. Nothing is changed.
///
/// # Errors
/// As [`run`].
pub async fn dry_run(app: &App, support: &Support, order: &Order) -> Result<Effects> {
    let now = app.now();
    let plan = app.database.transaction(async |tx| plan::of(tx, support, order, now).await).await?;
    Ok(Effects { effects: plan.effects })
}

/// Does what the order says.
///
/// # Errors
/// Problems of the contract's `suspendPerson`, `restorePerson`, `suspendListing` and `restoreListing`.
pub async fn run(app: &App, support: &Support, order: &Order, key: &IdempotencyKey) -> Result<Idempotent<Effects>> {
    let request = idempotency::request(support.member(), order.operation(), key, order)?;
    let now = app.now();
    let (done, ended) = app
        .database
        .transaction(async |tx| {
            if let Some(stored) = idempotency::claim::<Effects>(tx, &request, now).await? {
                return Ok((stored, Ended::default()));
            }
            let plan = plan::of(tx, support, order, now).await?;
            let ended = apply(tx, order, &plan, now).await?;
            let done = idempotency::store(tx, &request, Effects { effects: plan.effects.clone() }).await?;
            events::append_changes(app, tx, &changes(order, &plan), now).await?;
            audit::append(app, tx, vec![order.entry(support.member().id(), &plan, now)], now).await?;
            Ok::<_, Error>((done, ended))
        })
        .await?;
    ended.take_effect(app);
    if !done.replayed {
        app.zones.invalidate();
        tracing::info!(target: logs::SECURITY, event = %order.action(), by = %support.member().id(), "staff have decided");
    }
    Ok(done)
}

/// Writes what is planned.
async fn apply(tx: &mut Conn, order: &Order, plan: &Plan, now: Timestamp) -> Result<Ended> {
    let at = (!order.restores).then_some(now);
    if order.restores {
        store::suspensions::show(tx, &plan.listings, now).await?;
    } else {
        store::suspensions::hide(tx, &plan.listings, now).await?;
    }
    match order.target {
        Target::Person(id) => {
            store::suspensions::set_person(tx, id, at, now).await?;
            let ended = end_locked(tx, plan.sessions.clone(), now).await?;
            Ok(ended.and(impersonations::end_all(tx, Which::Of(id), now).await?))
        }
        Target::Listing(id) => {
            store::suspensions::mark_listing(tx, id, at).await?;
            Ok(Ended::default())
        }
    }
}

/// What everybody sees of it: published listings that are gone, or back.
fn changes(order: &Order, plan: &Plan) -> Vec<NewChange> {
    let kind = plan::public_change(order.restores);
    plan.listings
        .iter()
        .filter(|listing| plan::is_published(listing, order.restores))
        .map(|listing| NewChange::listing(kind, listing.id, listing.host_id))
        .collect()
}
