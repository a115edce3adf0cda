//! Switches of features.

use async_graphql::{Context, InputObject, Object, SimpleObject};

use super::{explained, require_staff};
use crate::{checked::Checked, context::ContextExt, error::Result, payload::payload};
use auth::Staff;
use domain::{
    features::{self, SwitchOrder, Switched},
    idempotency::Idempotent,
};
use types::{Feature, IdempotencyKey, StaffRole, Timestamp, error};

/// A feature, and whether it is on.
#[derive(Debug, Clone, Copy, SimpleObject)]
pub struct FeatureSwitch {
    /// The feature.
    feature: Feature,
    /// Whether it is on.
    is_on: bool,
    /// When it was last switched; null when it never was. By whom, and why, is in the audit log.
    changed_at: Option<Timestamp>,
}

impl From<Switched> for FeatureSwitch {
    fn from(Switched { feature, is_on, changed_at }: Switched) -> Self {
        Self { feature, is_on, changed_at }
    }
}

pub(super) async fn list(ctx: &Context<'_>, staff: &Staff) -> Result<Vec<FeatureSwitch>> {
    Ok(features::all(ctx.app(), staff).await?.into_iter().map(Into::into).collect())
}

/// Input of `setFeature`.
#[derive(InputObject)]
pub struct SetFeatureInput {
    /// The feature.
    feature: Feature,
    /// Whether it is to be on.
    is_on: bool,
    /// Why, 1 to 500 characters of plain text, without personal data: it stays in the audit log.
    reason: String,
    /// The idempotency key.
    idempotency_key: Checked<IdempotencyKey>,
}

/// The feature is switched.
#[derive(SimpleObject)]
pub struct SetFeatureSuccess {
    /// The feature as it is now.
    feature: FeatureSwitch,
    /// Whether this is the stored response to an earlier request with the same key.
    replayed: bool,
}

payload! {
    /// The result of `setFeature`.
    SetFeaturePayload(SetFeatureSuccess) {
        InvalidInput => InvalidInputProblem,
        RoleRequired => RoleRequiredProblem,
        StateConflict => StateConflictProblem,
        IdempotencyConflict => IdempotencyConflictProblem,
    }
}

/// Mutations of features.
#[derive(Default)]
pub struct FeatureMutation;

#[Object]
impl FeatureMutation {
    /// Turns a feature off or on, for everybody, at every server within 2 seconds. While it is off, its mutations are a `FeatureOffProblem`. For `ADMIN` only. It is recorded in the audit log.
    async fn set_feature(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The feature, and whether it is to be on.")] input: SetFeatureInput,
    ) -> Result<SetFeaturePayload> {
        SetFeaturePayload::of(Box::pin(set(ctx, input)).await)
    }
}

async fn set(ctx: &Context<'_>, input: SetFeatureInput) -> error::Result<SetFeatureSuccess> {
    let admin = require_staff(ctx, StaffRole::Admin).await?.admin()?;
    let (reason, key) = explained(&input.reason, input.idempotency_key)?;
    let order = SwitchOrder { feature: input.feature, is_on: input.is_on, reason };
    let Idempotent { answer, replayed } = features::set(ctx.app(), &admin, &order, &key).await?;
    Ok(SetFeatureSuccess { feature: answer.into(), replayed })
}
