//! When a listing's own price or limits change, nights keep the ones that a calendar gave them.

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{
    known_nights::{self, KnownNights},
    listings::ListingFacts,
    night_rates::{self, Base, Rate},
};
use crate::schema::night_rates as table;
use mysql_engine::Conn;
use types::ListingId;

/// A listing whose own price or limits of stays change.
pub(super) struct Repriced {
    listing: ListingId,
    /// Its new rate.
    base: Base,
    /// Whether its currency changes.
    has_new_currency: bool,
}

impl Repriced {
    pub(super) fn new(old: &ListingFacts, new: &ListingFacts) -> Self {
        let base = Base { price: new.base_price, min_nights: new.min_nights, max_nights: new.max_nights };
        Self { listing: new.id, base, has_new_currency: old.currency != new.currency }
    }
}

/// Writes rates of single nights that calendars had and that were not written because they equaled the listing's.
pub(super) async fn preserve(tx: &mut Conn, listings: &[Repriced]) -> QueryResult<()> {
    if listings.is_empty() {
        return Ok(());
    }
    let mut known = known_nights::of(tx, listings.iter().map(|repriced| repriced.listing)).await?;
    for repriced in listings {
        let id = repriced.listing;
        if repriced.has_new_currency {
            // Prices of calendars were in the old currency.
            let rates = table::table.filter(table::listing_id.eq(id)).filter(table::price.is_not_null());
            diesel::update(rates).set(table::price.eq(None::<i64>)).execute(tx).await?;
        }
        let Some(mut nights) = known.remove(&id) else { continue };
        let rates = preserved_rates(tx, repriced, &mut nights).await?;
        night_rates::write(tx, &rates).await?;
        known_nights::set(tx, id, &nights).await?;
    }
    Ok(())
}

/// The rates to write for one listing.
async fn preserved_rates(
    tx: &mut Conn,
    repriced: &Repriced,
    known: &mut KnownNights,
) -> QueryResult<Vec<(ListingId, NaiveDate, Rate)>> {
    let (id, base) = (repriced.listing, repriced.base);
    let ends = known.nights.first_key_value().zip(known.nights.last_key_value());
    let Some(range) = ends.map(|(first, last)| (*first.0, *last.0)) else { return Ok(Vec::new()) };
    let stored = night_rates::stored(tx, id, range).await?;
    let mut rates = Vec::new();
    for (night, known) in &mut known.nights {
        if repriced.has_new_currency {
            (known.imported.price, known.written.price) = (None, None);
        }
        let old = stored.get(night).map_or(Rate::NONE, |(rate, _)| *rate);
        let (new, _) = known.imported.differing_from(base).with_host_changes(old, Some(known), true, base);
        // Written values stay, even where they now equal the listing's.
        let new = Rate {
            price: new.price.or(old.price),
            min_nights: new.min_nights.or(old.min_nights),
            max_nights: new.max_nights.or(old.max_nights),
        };
        let new = if new.is_possible(base) { new } else { Rate { price: new.price, ..old } };
        if new != old {
            rates.push((id, *night, new));
            let written = &mut known.written;
            written.price = added(old.price, new.price, written.price);
            written.min_nights = added(old.min_nights, new.min_nights, written.min_nights);
            written.max_nights = added(old.max_nights, new.max_nights, written.max_nights);
        }
    }
    Ok(rates)
}

/// The value that imports have written, after `old` has become `new`.
fn added<T>(old: Option<T>, new: Option<T>, written: Option<T>) -> Option<T> {
    if old.is_none() { new.or(written) } else { written }
}
