//! Figures for finance.

use async_graphql::{Context, Object};

use crate::{
    context::ContextExt,
    error::Result,
    money::Money,
    users::{User, find_user},
};
use auth::Staff;
use domain::analytics::{self, Figures, Wanted};
use types::scalars::Date;
use types::{Currency, Page, error::Error};

/// The figures of one day, city or host.
#[derive(Debug, Clone)]
pub struct AnalyticsRow {
    figures: Figures,
    currency: Currency,
}

impl AnalyticsRow {
    fn money(&self, minor: i64) -> Money {
        Money(types::Money::new(minor, self.currency))
    }
}

/// The figures of one day, one city or one host.
#[Object]
impl AnalyticsRow {
    /// The day, UTC; null unless grouped by day.
    async fn day(&self) -> Option<Date> {
        self.figures.day.map(Date)
    }

    /// The city; null unless grouped by city.
    async fn city(&self) -> Option<&str> {
        self.figures.city.as_deref()
    }

    /// The host; null unless grouped by host.
    async fn host(&self, ctx: &Context<'_>) -> Option<Result<User>> {
        find_user(ctx, self.figures.host?).await.transpose()
    }

    /// Bookings that were confirmed in the range, also those that were canceled later.
    async fn bookings(&self) -> i32 {
        whole(self.figures.bookings)
    }

    /// What was captured for these bookings, less what was refunded of it until now.
    async fn revenue(&self) -> Money {
        self.money(self.figures.captured - self.figures.refunded)
    }

    /// What was refunded of what was captured for these bookings.
    async fn refunded(&self) -> Money {
        self.money(self.figures.refunded)
    }

    /// Nights in the range that are sold, in the currency.
    async fn nights_sold(&self) -> i32 {
        whole(self.figures.nights)
    }

    /// These nights, as a part of all nights of the listings that are published now, 0 to 1; null without such a listing. More than 1 if listings were unlisted since.
    async fn occupancy(&self) -> Option<f64> {
        self.figures.occupancy
    }

    /// Quotes that were made in the range. Quotes that were not booked are deleted after some days.
    async fn quotes(&self) -> i32 {
        whole(self.figures.quotes)
    }

    /// The part of these quotes that became confirmed bookings, 0 to 1; null without a quote.
    async fn conversion(&self) -> Option<f64> {
        self.figures.conversion
    }
}

fn whole(number: i64) -> i32 {
    types::int(number)
}

pub(super) async fn rows(
    ctx: &Context<'_>,
    staff: &Staff,
    wanted: Wanted,
    first: Option<i32>,
) -> Result<Option<Vec<AnalyticsRow>>> {
    let Ok(finance) = staff.finance() else { return Ok(None) };
    let first = Page::<()>::new(first, None).map_err(Error::from)?.first;
    let figures = analytics::figures(ctx.app(), &finance, &wanted).await?.into_iter().take(first);
    let currency = wanted.currency;
    Ok(Some(figures.map(|figures| AnalyticsRow { figures, currency }).collect()))
}
