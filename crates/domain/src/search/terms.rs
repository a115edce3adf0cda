//! Prepares a search for an instant: what is left until check-in, and the fees that depend on the stay alone.

use chrono::{Datelike, NaiveDate, Weekday};

use super::{Prepared, Search, zones};
use crate::{
    app::App,
    rule_sets::{RuleSet, TaxKind},
};
use store::search::{Fees, StayTerms, ZoneTerms};
use types::{
    Guests, Stay, Timestamp,
    error::{Error, Result},
};

impl Search {
    pub(super) async fn at_now(self, app: &App, in_memory: bool) -> Result<Prepared> {
        let (stays, guests) = match (&self.stay, &self.flexible) {
            (Some((stay, guests)), _) => (vec![*stay], *guests),
            (None, Some((stays, guests))) => (stays.clone(), *guests),
            (None, None) => {
                let (terms, flexible) = (None, Vec::new());
                return Ok(Prepared { search: self, terms, flexible, is_large: false, in_memory });
            }
        };
        let now = app.now();
        if stays.last().is_none_or(|stay| stay.check_in() < zones::earliest_today(now)) {
            let argument = if self.stay.is_some() { "stay.checkIn" } else { "flexible.dates" };
            return Err(Error::bad_user_input(format!(
                "`{argument}`: The day has ended in every time zone. Choose today or a later day."
            )));
        }
        let known = zones::known(app, in_memory).await?;
        let mut terms = stays.into_iter().map(|stay| of_stay((stay, guests), now, seen_from(app, &known, stay, now)));
        let (terms, flexible) = if self.stay.is_some() {
            (terms.next(), Vec::new())
        } else {
            (None, terms.filter(|terms| !terms.zones.is_empty()).collect())
        };
        // No shortlist is needed if all listings fit into it.
        let is_large = known.iter().map(|(_, listings)| listings).sum::<i64>() > app.reach.length();
        Ok(Prepared { search: self, terms, flexible, is_large, in_memory })
    }
}

/// A stay as seen from the time zones that have listings.
fn seen_from(app: &App, known: &[(String, i64)], stay: Stay, now: Timestamp) -> Vec<ZoneTerms> {
    let rules = app.time_zones();
    let terms = |(name, _): &(String, i64)| zones::terms(&rules, name.clone(), stay.check_in(), now);
    known.iter().filter_map(terms).collect()
}

/// What decides about one stay at an instant, as seen from these time zones.
pub(super) fn of_stay((stay, guests): (Stay, Guests), now: Timestamp, zones: Vec<ZoneTerms>) -> StayTerms {
    let rules = RuleSet::current();
    let weekend = |night: &NaiveDate| matches!(night.weekday(), Weekday::Fri | Weekday::Sat);
    StayTerms {
        stay,
        guests,
        now,
        weekend_nights: u32::try_from(stay.nights().filter(weekend).count()).unwrap_or(u32::MAX),
        weekly: stay.len() >= rules.weekly_from,
        monthly: stay.len() >= rules.monthly_from,
        fees: fees(rules, stay, guests),
        zones,
    }
}

/// The platform's fee and the taxes from which the stay is not exempt.
fn fees(rules: &RuleSet, stay: Stay, guests: Guests) -> Fees {
    let (nights, people) = (i64::from(stay.len()), i64::from(guests.count()));
    let mut fees = Fees { shares: vec![rules.service_fee], fixed: 0 };
    let applies = |exempt_from: Option<u32>| exempt_from.is_none_or(|from| stay.len() < from);
    for tax in rules.taxes.iter().filter(|tax| applies(tax.exempt_from_nights)) {
        match tax.kind {
            TaxKind::Percent(share) => fees.shares.push(share),
            TaxKind::PerGuest(fee) => fees.fixed += fee * people,
            TaxKind::PerNight(fee) => fees.fixed += fee * nights,
            TaxKind::PerGuestNight(fee) => fees.fixed += fee * people * nights,
        }
    }
    fees
}
