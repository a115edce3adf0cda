//! Switches of features: an admin turns one off, and every server refuses what belongs to it within [`AGE`]. What was begun before goes on.
//!
//! A feature is a value of [`Feature`] and a call of [`require`] in the functions that it covers.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    app::App,
    audit::{self, NewEntry, Subject},
    idempotency::{self, Idempotent},
};
use auth::{Admin, Staff};
pub use store::feature_switches::FeatureSwitch;
use telemetry::logs;
use types::{
    AuditAction, Feature, IdempotencyKey, Timestamp,
    error::{Error, FeatureOff, Result},
};

/// How old the switches can be that a server knows.
const AGE: Duration = Duration::from_secs(2);

/// A feature to switch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SwitchOrder {
    /// Which.
    pub feature: Feature,
    /// Whether it is to be on.
    pub is_on: bool,
    /// Why.
    pub reason: String,
}

/// The stored response: the switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Switched {
    /// Which.
    pub feature: Feature,
    /// Whether it is on.
    pub is_on: bool,
    /// When it was last switched; None: never.
    pub changed_at: Option<Timestamp>,
}

/// Refuses while `feature` is off. Reads the switches if this server has not for [`AGE`]; call it outside of transactions.
///
/// # Errors
/// [`types::error::Refusal::FeatureOff`].
pub async fn require(app: &App, feature: Feature) -> Result<()> {
    if off(app).await?.contains(&feature) { Err(FeatureOff { feature }.into()) } else { Ok(()) }
}

/// The features that are off.
async fn off(app: &App) -> Result<Arc<[Feature]>> {
    if let Some(off) = app.features_off.get(AGE) {
        return Ok(off);
    }
    let read_at = Instant::now();
    let switches = store::feature_switches::all(&mut app.conn().await?).await?;
    let off: Arc<[Feature]> = switches.iter().filter(|switch| !switch.is_on).map(|switch| switch.feature).collect();
    app.features_off.put(read_at, Arc::clone(&off));
    Ok(off)
}

/// All features, in order.
///
/// # Errors
/// When the database fails.
pub async fn all(app: &App, _staff: &Staff) -> Result<Vec<Switched>> {
    let switches = store::feature_switches::all(&mut app.conn().await?).await?;
    let state = |&feature: &Feature| {
        let switch = switches.iter().find(|switch| switch.feature == feature);
        Switched {
            feature,
            is_on: switch.is_none_or(|switch| switch.is_on),
            changed_at: switch.map(|switch| switch.changed_at),
        }
    };
    Ok(Feature::ALL.iter().map(state).collect())
}

/// Switches a feature.
///
/// # Errors
/// Problems of the contract's `setFeature`.
pub async fn set(app: &App, admin: &Admin, order: &SwitchOrder, key: &IdempotencyKey) -> Result<Idempotent<Switched>> {
    let request = idempotency::request(admin.member(), "setFeature", key, order)?;
    let now = app.now();
    let SwitchOrder { feature, is_on, reason } = order.clone();
    let switched = Switched { feature, is_on, changed_at: Some(now) };
    let done = app
        .database
        .transaction(async |tx| {
            if let Some(stored) = idempotency::claim_with(tx, &request, &switched, now).await? {
                return Ok(stored);
            }
            let before = store::feature_switches::lock(tx, feature, now).await?;
            if before == is_on {
                let state = if is_on { "on" } else { "off" };
                return Err(Error::state(None, format!("This feature is {state} already.")));
            }
            store::feature_switches::set(tx, feature, is_on, now).await?;
            let entry = NewEntry {
                actor: Some(admin.member().id()),
                on_behalf_of: None,
                action: AuditAction::FeatureSwitched,
                subject: Subject::Feature(feature),
                reason: reason.clone(),
                before: json!({ "isOn": before }),
                after: json!({ "isOn": is_on }),
            };
            audit::append(app, tx, vec![entry], now).await?;
            Ok::<_, Error>(Idempotent::new(switched))
        })
        .await?;
    app.features_off.invalidate();
    if !done.replayed {
        let by = admin.member().id();
        tracing::info!(target: logs::SECURITY, event = "feature_switched", %feature, is_on, %by, "an admin has switched a feature");
    }
    Ok(done)
}
