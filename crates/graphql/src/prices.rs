//! Prices with their lines, of hits, quotes and bookings.

use async_graphql::{Object, SimpleObject};
use graphql_direct::{WriteDirect, direct};

use super::{money::Money, problems::StayViolation};
use domain::{estimates::Estimate, pricing};
use types::{Currency, PriceLineKind};

/// A price: its lines, and the currency of them all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Price {
    lines: Vec<types::PriceLine>,
    currency: Currency,
}

impl Price {
    /// The price with these `lines`, in minor units of `currency`.
    pub fn new(lines: Vec<types::PriceLine>, currency: Currency) -> Self {
        Self { lines, currency }
    }

    fn money(&self, minor: i64) -> Money {
        Money(types::Money::new(minor, self.currency))
    }
}

impl From<pricing::PricedStay> for Price {
    fn from(priced: pricing::PricedStay) -> Self {
        Self::new(priced.lines, priced.currency)
    }
}

/// A price in lines that sum exactly to the total.
#[direct]
#[Object]
impl Price {
    /// The lines, in order.
    async fn lines(&self) -> Vec<PriceLine> {
        let line = |line: &types::PriceLine| PriceLine {
            kind: line.kind,
            title: line.title.clone(),
            amount: self.money(line.amount),
            basis: line.basis.clone(),
        };
        self.lines.iter().map(line).collect()
    }

    /// The sum of the lines: what the guest pays.
    async fn total(&self) -> Money {
        self.money(self.lines.iter().map(|line| line.amount).sum())
    }
}

/// One line of a price.
#[derive(Debug, Clone, SimpleObject, WriteDirect)]
pub struct PriceLine {
    /// The purpose of the line.
    kind: PriceLineKind,
    /// A title for people: `6 nights`.
    title: String,
    /// Amount; negative for discounts.
    amount: Money,
    /// How it was computed: `14.2 % of 650.00`; null for a fixed amount.
    basis: Option<String>,
}

/// The current price of a stay at a listing, if it can be booked.
#[derive(Debug, Clone, SimpleObject)]
pub struct StayPrice {
    /// Whether the stay can be booked now.
    bookable: bool,
    /// The price, equal to that of a new quote; null when it cannot be booked.
    price: Option<Price>,
    /// Every rule that the stay breaks, each once, including taken nights; empty when it can be booked.
    violations: Vec<StayViolation>,
}

impl From<Estimate> for StayPrice {
    fn from(estimate: Estimate) -> Self {
        Self {
            bookable: estimate.violations.is_empty(),
            price: estimate.price.map(Into::into),
            violations: estimate.violations.into_iter().map(Into::into).collect(),
        }
    }
}
