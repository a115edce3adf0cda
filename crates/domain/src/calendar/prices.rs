//! Prices and restrictions of single nights.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::{Around, MAX_NIGHTS, NightRate, availability, exceptions, restrictions::NightView};
use crate::{
    app::App,
    events::{self, NewChange},
    listings::{Listing, Rules, access, checks},
};
use auth::Member;
use mysql_engine::Conn;
use types::{
    ChangeKind, Currency, ListingId, Permission, Stay,
    error::{Error, InvalidField, Result, Validation},
};

/// What a host sets for some nights. None leaves a value as it is, `Some(None)` resets it to the listing's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NightPrices {
    /// First night; None when it could not be parsed.
    pub from: Option<NaiveDate>,
    /// Day after the last night, at most 366 nights later; None when it could not be parsed.
    pub to: Option<NaiveDate>,
    /// Price of a night in minor units of the listing's currency, at least 1.
    pub price: Option<Option<i64>>,
    /// Fewest nights of a stay that begins on one of these days, 1 to 365.
    pub min_nights: Option<Option<i32>>,
    /// Most nights of a stay that begins on one of these days, up to 365.
    pub max_nights: Option<Option<i32>>,
    /// Whether stays can begin on these days.
    pub check_in_allowed: Option<bool>,
    /// Whether stays can end on these days.
    pub check_out_allowed: Option<bool>,
    /// Fields whose values could not be parsed. If there are any, nothing is changed.
    pub malformed: Vec<InvalidField>,
}

/// The checked changes of each night.
struct RateChanges {
    price: Option<Option<i64>>,
    min_nights: Option<Option<u16>>,
    max_nights: Option<Option<u16>>,
    closed_to_arrival: Option<bool>,
    closed_to_departure: Option<bool>,
}

impl NightPrices {
    /// Checks the values, for a listing that is priced in `currency`.
    fn check(&self, currency: Currency, validation: &mut Validation) -> (Option<Stay>, RateChanges) {
        let range = self.from.zip(self.to).and_then(|(from, to)| {
            let range = Stay::new(from, to, MAX_NIGHTS)
                .map_err(|_| Error::invalid(&["to"], format!("`to` must be 1 to {} days after `from`.", MAX_NIGHTS)));
            validation.check(range)
        });
        let price = self.price.and_then(|price| {
            validation.check(price.map(|minor| checks::amount(&["price"], minor, 1, currency)).transpose())
        });
        let mut nights = |name, number: Option<Option<i32>>| {
            let checked = |number: i32| checks::within(&[name], number, checks::NIGHTS);
            number.and_then(|number| validation.check(number.map(checked).transpose()))
        };
        let (min_nights, max_nights) = (nights("minNights", self.min_nights), nights("maxNights", self.max_nights));
        let closed = |allowed: Option<bool>| allowed.map(|allowed| !allowed);
        let (closed_to_arrival, closed_to_departure) = (closed(self.check_in_allowed), closed(self.check_out_allowed));
        (range, RateChanges { price, min_nights, max_nights, closed_to_arrival, closed_to_departure })
    }
}

impl RateChanges {
    fn apply(&self, rate: &mut NightRate) {
        rate.price = self.price.unwrap_or(rate.price);
        rate.min_nights = self.min_nights.unwrap_or(rate.min_nights);
        rate.max_nights = self.max_nights.unwrap_or(rate.max_nights);
        rate.closed_to_arrival = self.closed_to_arrival.unwrap_or(rate.closed_to_arrival);
        rate.closed_to_departure = self.closed_to_departure.unwrap_or(rate.closed_to_departure);
    }

    /// Whether the fewest nights of a changed night exceed its most nights.
    fn contradicts(&self, rate: &NightRate, rules: &Rules) -> bool {
        let changes = self.min_nights.is_some() || self.max_nights.is_some();
        changes && rate.min_nights.unwrap_or(rules.min_nights) > rate.max_nights.unwrap_or(rules.max_nights)
    }

    /// The error when the fewest nights of `rate` exceed its most nights.
    fn contradiction(&self, rate: &NightRate, rules: &Rules) -> InvalidField {
        let (min, max) = (rate.min_nights.unwrap_or(rules.min_nights), rate.max_nights.unwrap_or(rules.max_nights));
        let name = if matches!(self.max_nights, Some(Some(_))) { "maxNights" } else { "minNights" };
        let limit = if name == "maxNights" { format!("at least {min}") } else { format!("at most {max}") };
        InvalidField::new(
            &[name],
            format!("`{name}` must be {limit}: on {} it would contradict the other.", rate.night),
        )
    }
}

/// Whether a night has only the listing's values, so that it needs no row.
fn is_usual(rate: &NightRate) -> bool {
    let NightRate { price, min_nights, max_nights, closed_to_arrival, closed_to_departure, .. } = rate;
    price.is_none() && min_nights.is_none() && max_nights.is_none() && !closed_to_arrival && !closed_to_departure
}

/// The nights of `range` with `changes` applied, in ascending order.
async fn changed(tx: &mut Conn, listing: &Listing, range: Stay, changes: &RateChanges) -> Result<Vec<NightRate>> {
    let last = range.check_out().pred_opt().unwrap_or(range.check_in());
    let rows = store::night_rates::of_listing(tx, listing.id, range.check_in(), last).await?;
    let mut known: HashMap<_, _> = rows.into_iter().map(|row| (row.night, row)).collect();
    let mut validation = Validation::default();
    let mut rates = Vec::new();
    for night in range.nights() {
        let mut rate = known.remove(&night).unwrap_or_else(|| NightRate::usual(listing.id, night));
        changes.apply(&mut rate);
        if validation.is_clean() && changes.contradicts(&rate, &listing.rules) {
            validation.record(changes.contradiction(&rate, &listing.rules));
        }
        rates.push(rate);
    }
    validation.finish_with(Some(rates))
}

/// Writes the nights of `range`, all of them in `rates`.
async fn write(tx: &mut Conn, listing: ListingId, range: Stay, rates: Vec<NightRate>) -> Result<()> {
    let (usual, own): (Vec<_>, Vec<_>) = rates.into_iter().partition(is_usual);
    if !usual.is_empty() {
        store::night_rates::clear(tx, listing, range).await?;
    }
    Ok(store::night_rates::set(tx, &own).await?)
}

/// Sets prices and restrictions of nights of a listing of `host`, or one whose calendar they help with. Returns the nights afterwards, and the currency of their prices.
///
/// # Errors
/// [`types::error::Refusal::NotFound`] when the listing is not `host`'s, [`types::error::Refusal::InvalidInput`] when a value is out of
/// bounds.
pub async fn set_night_prices(
    app: &App,
    host: &Member,
    id: ListingId,
    new: &NightPrices,
) -> Result<(Vec<NightView>, Currency)> {
    let now = app.now();
    app.database
        .transaction(async |tx| {
            // Under the lock, currency and nights cannot change.
            let listing = access::lock(tx, host, id, Permission::ManageCalendar).await?.into_listing();
            let mut validation = Validation::of(&new.malformed);
            let (range, changes) = new.check(listing.pricing.currency, &mut validation);
            let range = validation.finish_with(range)?;
            let rates = changed(tx, &listing, range, &changes).await?;
            write(tx, id, range, rates).await?;
            let around = (range, Around::Nights);
            let exceptions = exceptions(tx, &[id], around, now).await?.remove(&id).unwrap_or_default();
            let nights = availability(&app.time_zones(), &listing, &exceptions, range, now)?;
            let nights_of = (range.check_in(), range.check_out());
            let change = NewChange::nights(ChangeKind::NightRatesChanged, id, nights_of, host.id());
            events::append_changes(app, tx, &[change], now).await?;
            Ok((nights, listing.pricing.currency))
        })
        .await
}
