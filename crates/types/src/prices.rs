//! Money in lines and tiers, as quotes and bookings keep it.

use serde::{Deserialize, Serialize};

use crate::{PriceLineKind, Timestamp};

/// One line of a price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceLine {
    /// What it is for.
    pub kind: PriceLineKind,
    /// In words: `6 nights`.
    pub title: String,
    /// Minor units; negative for discounts.
    pub amount: i64,
    /// How it was computed: `14.2 % of 650.00`; `None`: a plain amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
    /// Only of the line of the nights: the price of each, in order, so that a cancellation knows what a single night cost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nightly: Vec<i64>,
}

/// What a cancellation by the guest gives back in a span of time. Both ends belong to it: at an instant that two tiers share, the
/// guest has the better of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundTier {
    /// From this instant on; `None`: from the beginning.
    pub from: Option<Timestamp>,
    /// Until this instant; `None`: for ever.
    pub until: Option<Timestamp>,
    /// What comes back, in minor units.
    pub refund: i64,
}
