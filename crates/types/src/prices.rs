//! Price lines and refund tiers, as stored in quotes and bookings.

use serde::{Deserialize, Serialize};

use crate::{PriceLineKind, Timestamp};

/// One line of a price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceLine {
    /// Its purpose.
    pub kind: PriceLineKind,
    /// Its title: `6 nights`.
    pub title: String,
    /// Minor units; negative for discounts.
    pub amount: i64,
    /// How it was computed: `14.2 % of 650.00`; `None`: a plain amount.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
    /// Only for the line of the nights: the price of each, in order, for refunds of single nights.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nightly: Vec<i64>,
}

/// The refund of a cancellation by the guest in a span of time. Both ends are inclusive: at an instant that two tiers share, the better one
/// applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundTier {
    /// From this instant on; `None`: from the beginning.
    pub from: Option<Timestamp>,
    /// Until this instant; `None`: no end.
    pub until: Option<Timestamp>,
    /// The refund, in minor units.
    pub refund: i64,
}
