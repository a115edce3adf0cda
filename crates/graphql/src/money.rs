//! Amounts and prices.

use async_graphql::Object;
use graphql_direct::direct;

use types::Currency;
use types::scalars::{Decimal, MinorUnits};

/// An exact amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money(pub types::Money);

/// An exact amount of money.
#[direct]
#[Object]
impl Money {
    /// The amount in minor units of the currency: 74230 for 742.30 EUR, 742 for 742 JPY.
    async fn minor_units(&self) -> MinorUnits {
        MinorUnits(self.0.minor)
    }

    /// The currency.
    async fn currency(&self) -> Currency {
        self.0.currency
    }

    /// The same amount as a decimal number with the currency's own number of decimals: `742.30`.
    async fn decimal(&self) -> Decimal {
        Decimal(self.0.decimal())
    }
}
