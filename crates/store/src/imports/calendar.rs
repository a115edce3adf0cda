//! Days of calendars: nights that are taken elsewhere, and what differs from the listing on single nights.
//!
//! What the host has changed since the last import stays: prices and bounds of nights, blocks, and nights that the host opened.

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

/// What a calendar says about one night.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// The listing.
    pub listing: ListingId,
    /// The night.
    pub night: NaiveDate,
    /// Whether the night is free.
    pub available: bool,
    /// Price of the night; `None`: the listing's own. One in another currency than the listing's does not count.
    pub price: Option<Money>,
    /// Fewest nights of a stay; `None`: the listing's own.
    pub min_nights: Option<u16>,
    /// Most nights of a stay; `None`: the listing's own.
    pub max_nights: Option<u16>,
}

/// Days that are written together. Of two days for one night the later counts.
pub struct Days(pub Vec<Day>);

/// A listing: what it says itself, and in which currency.
type Listing = (Base, Currency);

/// What the database has of the nights of one listing.
struct Stored {
    /// Whether an imported calendar holds the night, else somebody does through Staygate.
    held: HashMap<NaiveDate, bool>,
    rates: HashMap<NaiveDate, StoredRate>,
}

/// What is to be written, of all listings of the batch. It is all read and compared before the first row is locked, because guests may
/// want these nights too.
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
            // Some day may allow a shorter stay now. Locks the listings, so that nobody counts while these days are on their way.
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

/// What the listings say themselves. Those that are not there are left out.
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

/// What a day means for one table. Ordered by weight: of two changes the greater is the record's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    None,
    Created,
    Updated,
}

/// What is to be deleted of one listing: nights that are free again, rates that are the listing's own.
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
    /// What it says of a listing with prices in `currency`.
    fn said(&self, currency: Currency, before: Option<KnownNight>) -> Rate {
        let price = self.price.filter(|price| price.currency == currency).map(|price| price.minor);
        // Newer files have calendars without prices: they do not take back what an older one said.
        let price = price.or(before.and_then(|before| before.said.price));
        Rate { price, min_nights: self.min_nights, max_nights: self.max_nights }
    }
}

/// Compares the days of one listing with the tables, and notes what is to be deleted and inserted, and what is known of the nights then.
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
        let said = day.said(currency, before);
        let written = said.beside(base);
        let old = stored.rates.get(&day.night);
        let old_rate = old.map_or(Rate::NONE, |(rate, _)| *rate);
        let (new, keeps) = written.keeping(old_rate, before.as_ref(), is_tracked, base);
        let rate = compare_rate(writes, &mut deletes, day, new, old);
        let outcome = &mut writes.outcome;
        outcome.kept += u64::from(keeps || is_opened);
        match night.max(rate) {
            Change::Updated => outcome.updated += 1,
            Change::Created => outcome.created += 1,
            Change::None => outcome.unchanged += 1,
        }
        if let Some(known) = known {
            known.nights.insert(day.night, KnownNight { is_taken, said, written });
        }
    }
    if !deletes.is_empty() {
        writes.gone.push((id, deletes));
    }
    Ok(())
}

/// What becomes of a night, and whether it is taken from now on, or was until the host opened it.
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
    // The conditions are said again: since they were read, a guest may have come.
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
        // Whoever holds the night keeps it.
        let sql = statement("nights (listing_id, night, kind)", rows, "night = night");
        tx.batch_execute(&sql).await?;
    }
    night_rates::write(tx, &writes.rates).await
}
