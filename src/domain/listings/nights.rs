//! Prices and limits of single nights.

use chrono::NaiveDate;

use super::{Listing, checks, write::lock_own};
use crate::{
    app::App,
    auth::Member,
    domain::{
        calendars::{self, NightRate},
        restrictions::NightView,
    },
    error::{Error, Result},
    store,
    types::{Currency, ListingId, Stay},
};

/// What a host sets for some nights. None: as the listing says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NightPrices {
    /// First night.
    pub from: NaiveDate,
    /// Day after the last night, at most 366 nights later.
    pub to: NaiveDate,
    /// Price of a night in minor units of the listing's currency, at least 1.
    pub price: Option<i64>,
    /// Fewest nights of a stay that begins on one of these days, 1 to 1,000.
    pub min_nights: Option<i32>,
    /// Most nights of a stay that begins on one of these days, up to 1,125.
    pub max_nights: Option<i32>,
    /// Whether stays may begin on these days.
    pub check_in_allowed: bool,
    /// Whether stays may end on these days.
    pub check_out_allowed: bool,
}

impl NightPrices {
    /// Whether the nights are as the listing says, so that nothing need be written down.
    fn is_usual(&self) -> bool {
        let Self { price, min_nights, max_nights, check_in_allowed, check_out_allowed, .. } = *self;
        price.is_none() && min_nights.is_none() && max_nights.is_none() && check_in_allowed && check_out_allowed
    }

    fn range(&self) -> Result<Stay> {
        Stay::new(self.from, self.to, calendars::MAX_NIGHTS).map_err(|_| {
            Error::invalid(&["to"], format!("`to` must be 1 to {} days after `from`.", calendars::MAX_NIGHTS))
        })
    }

    /// The row of one night, if what is set is inside its bounds.
    fn rate(&self, listing: &Listing) -> Result<NightRate> {
        let price = self.price.map(|minor| checks::amount(&["price"], minor, 1)).transpose()?;
        let min =
            self.min_nights.map(|nights| checks::within(&["minNights"], nights, checks::MIN_NIGHTS)).transpose()?;
        let least = self.min_nights.unwrap_or(listing.rules.min_nights.into());
        let bounds = least..=checks::MAX_NIGHTS;
        let max = self.max_nights.map(|nights| checks::within(&["maxNights"], nights, bounds)).transpose()?;
        if max.is_none() && least > i32::from(listing.rules.max_nights) {
            let message = format!("`minNights` must be at most the listing's {} nights.", listing.rules.max_nights);
            return Err(Error::invalid(&["minNights"], message));
        }
        Ok(NightRate {
            listing_id: listing.id,
            night: self.from,
            price,
            min_nights: min,
            max_nights: max,
            closed_to_arrival: !self.check_in_allowed,
            closed_to_departure: !self.check_out_allowed,
        })
    }
}

/// Sets prices and limits of some nights of a listing of `host`. Answers with the nights as they are then, and the currency of their
/// prices.
///
/// # Errors
/// [`crate::error::Refusal::NotFound`] when the listing is not `host`'s, [`crate::error::Refusal::InvalidInput`] when a value is out of
/// bounds.
pub async fn set_night_prices(
    app: &App,
    host: &Member,
    id: ListingId,
    new: &NightPrices,
) -> Result<(Vec<NightView>, Currency)> {
    let range = new.range()?;
    let now = app.now();
    app.database
        .transaction(async |tx| {
            // The lock keeps the currency as it is.
            let listing = lock_own(tx, host, id).await?;
            let rate = new.rate(&listing)?;
            if new.is_usual() {
                store::night_rates::clear(tx, id, range).await?;
            } else {
                let rates: Vec<_> = range.nights().map(|night| NightRate { night, ..rate.clone() }).collect();
                store::night_rates::set(tx, &rates).await?;
            }
            let particulars = calendars::particulars(tx, &[id], range, now).await?.remove(&id).unwrap_or_default();
            let nights = calendars::availability(&listing, &particulars, range, now)?;
            Ok((nights, listing.pricing.currency))
        })
        .await
}
