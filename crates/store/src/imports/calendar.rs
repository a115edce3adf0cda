//! Days of calendars: external nights, and prices and restrictions of single nights.
//!
//! An import does not overwrite what the host has changed since the previous import: prices and limits of nights, blocks, and opened
//! nights.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

use super::{
    Batch, Outcome, ROWS,
    known_nights::{self, KnownNight, KnownNights},
    night_rates::{self, Base, Rate, StoredRate, hex, statement},
};
use crate::schema::{listings, night_rates as rates, nights};
use mysql_engine::Conn;
use types::{Currency, ListingId, Money, NightHold, Timestamp};

/// One night of a calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// The listing.
    pub listing: ListingId,
    /// The night.
    pub night: NaiveDate,
    /// Whether the night is free.
    pub available: bool,
    /// Price of the night; `None`: the listing's own. A price in another currency than the listing's is ignored.
    pub price: Option<Money>,
    /// Fewest nights of a stay; `None`: the listing's own.
    pub min_nights: Option<u16>,
    /// Most nights of a stay; `None`: the listing's own.
    pub max_nights: Option<u16>,
}

/// Days that are written together. Of two days for one night the last counts.
pub struct Days(pub Vec<Day>);

/// A listing's own rate, and its currency.
type Listing = (Base, Currency);

/// The stored nights of one listing.
struct Stored {
    /// By night: whether an imported calendar holds it; otherwise a booking or block in Staygate does.
    held: HashMap<NaiveDate, bool>,
    rates: HashMap<NaiveDate, StoredRate>,
}

/// The writes for all listings of the batch. Everything is read and compared before the first row is locked, because guests may be booking
/// these nights.
#[derive(Default)]
struct Writes {
    gone: Vec<(ListingId, Deletes)>,
    taken: Vec<(ListingId, NaiveDate)>,
    rates: Vec<(ListingId, NaiveDate, Rate)>,
    outcome: Outcome,
}

impl Batch for Days {
    fn listings(&self) -> Vec<ListingId> {
        let listings: BTreeSet<_> = self.0.iter().map(|day| day.listing).collect();
        listings.into_iter().collect()
    }

    async fn write(&self, tx: &mut Conn, _: Timestamp) -> QueryResult<Outcome> {
        let mut calendars: BTreeMap<ListingId, BTreeMap<NaiveDate, usize>> = BTreeMap::new();
        let mut writes = Writes::default();
        for (index, day) in self.0.iter().enumerate() {
            if let Some(earlier) = calendars.entry(day.listing).or_default().insert(day.night, index) {
                writes.outcome.refused.push((earlier, "a later record is about the same night"));
            }
        }
        let bases = bases(tx, calendars.keys()).await?;
        let mut known = known_nights::of(tx, calendars.keys().copied()).await?;
        for (id, calendar) in &calendars {
            let Some(listing) = bases.get(id) else {
                let orphans = calendar.values().map(|index| (*index, "its listing was not imported"));
                writes.outcome.refused.extend(orphans);
                continue;
            };
            let days = calendar.values().map(|index| &self.0[*index]);
            let mut known_nights = known.remove(id);
            let before = known_nights.clone();
            compare(tx, &mut writes, (*id, *listing), &mut known_nights, days).await?;
            if let Some(known_nights) = known_nights.filter(|after| before.as_ref() != Some(after)) {
                known_nights::set(tx, *id, &known_nights).await?;
            }
        }
        let touched = writes.rated();
        if !touched.is_empty() {
            // A day may allow a shorter stay now. Locks the listings, so that the shortest stay is not counted before these days are
            // committed.
            diesel::update(listings::table.filter(listings::id.eq_any(touched)))
                .set(listings::shortest_stay.eq(0))
                .execute(tx)
                .await?;
        }
        for (id, deletes) in &writes.gone {
            delete(tx, *id, deletes).await?;
        }
        insert(tx, &writes).await?;
        Ok(writes.outcome)
    }
}

/// The listings' own rates. Missing listings are left out.
async fn bases(
    tx: &mut Conn,
    ids: impl Iterator<Item = &ListingId> + Send,
) -> QueryResult<HashMap<ListingId, Listing>> {
    let rows: Vec<(ListingId, (i64, u16, u16), Currency)> = listings::table
        .filter(listings::id.eq_any(ids.copied().collect::<Vec<_>>()))
        .select((listings::id, (listings::base_price, listings::min_nights, listings::max_nights), listings::currency))
        .load(tx)
        .await?;
    let base =
        |(id, (price, min_nights, max_nights), currency)| (id, (Base { price, min_nights, max_nights }, currency));
    Ok(rows.into_iter().map(base).collect())
}

impl Writes {
    /// The listings whose rates change.
    fn rated(&self) -> BTreeSet<ListingId> {
        let gone = self.gone.iter().filter(|(_, deletes)| !deletes.equal.is_empty()).map(|(id, _)| *id);
        gone.chain(self.rates.iter().map(|(id, ..)| *id)).collect()
    }
}

/// How a day changes one table. Ordered by weight: the greater of two changes is the record's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    None,
    Created,
    Updated,
}

/// The deletes for one listing: nights that are free again, rates that equal the listing's own.
#[derive(Default)]
struct Deletes {
    freed: Vec<NaiveDate>,
    equal: Vec<NaiveDate>,
}

impl Deletes {
    fn is_empty(&self) -> bool {
        self.freed.is_empty() && self.equal.is_empty()
    }
}

impl Day {
    /// Its rate, for a listing with prices in `currency`.
    fn rate(&self, currency: Currency, before: Option<KnownNight>) -> Rate {
        let price = self.price.filter(|price| price.currency == currency).map(|price| price.minor);
        // Newer files have calendars without prices: the price of an older file stays.
        let price = price.or(before.and_then(|before| before.imported.price));
        Rate { price, min_nights: self.min_nights, max_nights: self.max_nights }
    }
}

/// Compares the days of one listing with the tables, and collects the rows to delete and insert, and the new state of `known`.
async fn compare<'a>(
    tx: &mut Conn,
    writes: &mut Writes,
    (id, (base, currency)): (ListingId, Listing),
    known: &mut Option<KnownNights>,
    days: impl Iterator<Item = &'a Day> + Clone + Send,
) -> QueryResult<()> {
    let nights = days.clone().map(|day| day.night);
    let (Some(first), Some(last)) = (nights.clone().min(), nights.max()) else { return Ok(()) };
    let stored = stored(tx, id, (first, last)).await?;
    let is_tracked = known.as_ref().is_some_and(|known| known.is_tracked);
    let mut deletes = Deletes::default();
    for day in days {
        let before = known.as_ref().and_then(|known| known.nights.get(&day.night)).copied();
        let held = stored.held.get(&day.night);
        let (night, is_taken) = compare_night(writes, &mut deletes, day, held, before);
        let is_opened = is_taken && held.is_none() && night == Change::None;
        let imported = day.rate(currency, before);
        let written = imported.differing_from(base);
        let old = stored.rates.get(&day.night);
        let old_rate = old.map_or(Rate::NONE, |(rate, _)| *rate);
        let (new, keeps) = written.with_host_changes(old_rate, before.as_ref(), is_tracked, base);
        let rate = compare_rate(writes, &mut deletes, day, new, old);
        let outcome = &mut writes.outcome;
        outcome.kept += u64::from(keeps || is_opened);
        match night.max(rate) {
            Change::Updated => outcome.updated += 1,
            Change::Created => outcome.created += 1,
            Change::None => outcome.unchanged += 1,
        }
        if let Some(known) = known {
            known.nights.insert(day.night, KnownNight { is_taken, imported, written });
        }
    }
    if !deletes.is_empty() {
        writes.gone.push((id, deletes));
    }
    Ok(())
}

/// The change of a night, and whether the calendar takes it, including a night that the host has opened since.
fn compare_night(
    writes: &mut Writes,
    deletes: &mut Deletes,
    day: &Day,
    held: Option<&bool>,
    before: Option<KnownNight>,
) -> (Change, bool) {
    let was_taken = before.is_some_and(|before| before.is_taken);
    match (day.available, held) {
        (true, None) => (Change::None, false),
        (false, Some(true)) => (Change::None, true),
        (true, Some(true)) => {
            deletes.freed.push(day.night);
            (Change::Updated, false)
        }
        // The host has opened it.
        (false, None) if was_taken => (Change::None, true),
        (false, None) => {
            writes.taken.push((day.listing, day.night));
            (Change::Created, true)
        }
        (_, Some(false)) => {
            writes.outcome.held += 1;
            (Change::None, was_taken && !day.available)
        }
    }
}

fn compare_rate(
    writes: &mut Writes,
    deletes: &mut Deletes,
    day: &Day,
    rate: Rate,
    known: Option<&StoredRate>,
) -> Change {
    match known {
        Some((old, _)) if *old == rate => Change::None,
        None if rate == Rate::NONE => Change::None,
        Some((_, false)) if rate == Rate::NONE => {
            deletes.equal.push(day.night);
            Change::Updated
        }
        _ => {
            writes.rates.push((day.listing, day.night, rate));
            if known.is_some() { Change::Updated } else { Change::Created }
        }
    }
}

async fn stored(tx: &mut Conn, id: ListingId, range: (NaiveDate, NaiveDate)) -> QueryResult<Stored> {
    let held: Vec<(NaiveDate, String)> = nights::table
        .filter(nights::listing_id.eq(id))
        .filter(nights::night.between(range.0, range.1))
        .select((nights::night, nights::kind))
        .load(tx)
        .await?;
    let external = NightHold::External.as_str();
    let held = held.into_iter().map(|(night, kind)| (night, kind == external));
    Ok(Stored { held: held.collect(), rates: night_rates::stored(tx, id, range).await? })
}

async fn delete(tx: &mut Conn, id: ListingId, deletes: &Deletes) -> QueryResult<()> {
    let Deletes { freed, equal } = deletes;
    // The conditions are repeated: a guest may have booked since they were read.
    let of_listing = nights::table.filter(nights::listing_id.eq(id));
    if !freed.is_empty() {
        let external = of_listing.filter(nights::kind.eq(NightHold::External));
        diesel::delete(external.filter(nights::night.eq_any(freed))).execute(tx).await?;
    }
    if !equal.is_empty() {
        let open = rates::table
            .filter(rates::listing_id.eq(id))
            .filter(rates::closed_to_arrival.eq(false))
            .filter(rates::closed_to_departure.eq(false));
        diesel::delete(open.filter(rates::night.eq_any(equal))).execute(tx).await?;
    }
    Ok(())
}

async fn insert(tx: &mut Conn, writes: &Writes) -> QueryResult<()> {
    for rows in writes.taken.chunks(ROWS) {
        let rows = rows.iter().map(|(id, night)| format!("(X'{}','{night}','EXTERNAL')", hex(*id)));
        // A night that is held by now stays as it is.
        let sql = statement("nights (listing_id, night, kind)", rows, "night = night");
        tx.batch_execute(&sql).await?;
    }
    night_rates::write(tx, &writes.rates).await
}
