//! Features that an admin has switched.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::schema::feature_switches;
use crate::prepared::Prepare as _;
use mysql_engine::Conn;
use types::{Feature, Timestamp};

/// The switch of a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeatureSwitch {
    /// The feature.
    pub feature: Feature,
    /// Whether it is on.
    pub is_on: bool,
    /// When it was last switched.
    pub changed_at: Timestamp,
}

/// All switches of features that this server knows.
pub async fn all(conn: &mut Conn) -> QueryResult<Vec<FeatureSwitch>> {
    let rows: Vec<(String, bool, Timestamp)> = feature_switches::table
        .select((feature_switches::feature, feature_switches::is_on, feature_switches::changed_at))
        // There are as many as features, and few of these.
        .order(feature_switches::feature)
        .limit(100)
        .load(conn)
        .await?;
    let known = |(feature, is_on, changed_at): (String, bool, Timestamp)| {
        Some(FeatureSwitch { feature: feature.parse().ok()?, is_on, changed_at })
    };
    Ok(rows.into_iter().filter_map(known).collect())
}

/// Creates the row of a feature, which is on, and locks it until the transaction ends. Whether it is on.
pub async fn lock(tx: &mut Conn, feature: Feature, now: Timestamp) -> QueryResult<bool> {
    let row = (
        feature_switches::feature.eq(feature.as_str()),
        feature_switches::is_on.eq(true),
        feature_switches::changed_at.eq(now),
    );
    diesel::insert_or_ignore_into(feature_switches::table).values(row).prepared().execute(tx).await?;
    feature_switches::table.find(feature.as_str()).select(feature_switches::is_on).for_update().first(tx).await
}

/// Switches a feature, whose row is locked.
pub async fn set(tx: &mut Conn, feature: Feature, is_on: bool, now: Timestamp) -> QueryResult<usize> {
    diesel::update(feature_switches::table.find(feature.as_str()))
        .set((feature_switches::is_on.eq(is_on), feature_switches::changed_at.eq(now)))
        .prepared()
        .execute(tx)
        .await
}
