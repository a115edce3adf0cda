//! Nights of listings.

use async_graphql::Object;

use super::money::Money;
use domain::calendar::{MAX_NIGHTS, restrictions::NightView};
use types::scalars::Date;
use types::{
    Currency, Stay, UnavailableReason,
    error::{Error, Result},
};

/// A night, and the currency of its price.
#[derive(Debug, Clone)]
pub struct NightAvailability {
    view: NightView,
    currency: Currency,
}

impl NightAvailability {
    /// The nights of a listing that is priced in `currency`.
    pub fn all(views: Vec<NightView>, currency: Currency) -> Vec<Self> {
        views.into_iter().map(|view| Self { view, currency }).collect()
    }
}

/// One night and whether it can be booked.
#[Object]
impl NightAvailability {
    /// The night, by the day on which it begins.
    async fn night(&self) -> Date {
        Date(self.view.night)
    }

    /// Whether a stay can include this night.
    async fn bookable(&self) -> bool {
        self.view.bookable()
    }

    /// Why it cannot be booked; empty when bookable.
    async fn reasons(&self) -> &[UnavailableReason] {
        &self.view.reasons
    }

    /// Price of the night before fees and discounts.
    async fn price(&self) -> Money {
        Money(types::Money::new(self.view.price, self.currency))
    }

    /// Minimum nights of a stay that begins on this day.
    async fn min_nights(&self) -> u32 {
        self.view.min_nights
    }

    /// Maximum nights of a stay that begins on this day.
    async fn max_nights(&self) -> u32 {
        self.view.max_nights
    }

    /// Whether a stay may begin on this day.
    async fn check_in_allowed(&self) -> bool {
        self.view.check_in_allowed
    }

    /// Whether a stay may end on this day.
    async fn check_out_allowed(&self) -> bool {
        self.view.check_out_allowed
    }
}

/// The nights from the arguments `from` and `to` of a query.
///
/// # Errors
/// [`types::error::Refusal::BadUserInput`] when there are none or too many.
pub fn range(from: Date, to: Date) -> Result<Stay> {
    Stay::new(from.0, to.0, MAX_NIGHTS)
        .map_err(|_| Error::bad_user_input(format!("`to` must be 1 to {MAX_NIGHTS} days after `from`.")))
}
