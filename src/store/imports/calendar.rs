//! Days of calendars: nights that are taken elsewhere, and what differs from the listing on single nights.
//!
//! There are millions of them, so the statements that write them are texts: they hold ids in hexadecimal, dates and
//! numbers, and nothing that anybody wrote.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Write,
};

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

use super::{Batch, Outcome, ROWS};
use crate::{
    store::{
        Conn,
        schema::{listings, night_rates, nights},
    },
    types::{ListingId, NightHold, Timestamp},
};

/// What a calendar says about one night.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    /// The listing.
    pub listing: ListingId,
    /// The night.
    pub night: NaiveDate,
    /// Whether the night is free.
    pub available: bool,
    /// Price of the night, in minor units of the listing's currency; `None`: the listing's own.
    pub price: Option<i64>,
    /// Fewest nights of a stay; `None`: the listing's own.
    pub min_nights: Option<u16>,
    /// Most nights of a stay; `None`: the listing's own.
    pub max_nights: Option<u16>,
}

/// Days that are written together. Of two days for one night the later counts.
pub struct Days(pub Vec<Day>);

/// What the listing itself says.
#[derive(Queryable)]
struct Base {
    price: i64,
    min_nights: u16,
    max_nights: u16,
}

/// What differs from the listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rate {
    price: Option<i64>,
    min_nights: Option<u16>,
    max_nights: Option<u16>,
}

impl Rate {
    const NONE: Self = Self { price: None, min_nights: None, max_nights: None };

    fn of(day: &Day, base: &Base) -> Self {
        Self {
            price: day.price.filter(|price| *price != base.price),
            min_nights: day.min_nights.filter(|nights| *nights != base.min_nights),
            max_nights: day.max_nights.filter(|nights| *nights != base.max_nights),
        }
    }
}

/// What the tables have for a range of nights of one listing.
struct Known {
    /// Whether an imported calendar holds the night, else somebody does through Staygate.
    held: HashMap<NaiveDate, bool>,
    /// The rate, and whether the host closed the day for arrivals or departures.
    rates: HashMap<NaiveDate, (Rate, bool)>,
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
        let rows: Vec<(ListingId, (i64, u16, u16))> = listings::table
            .filter(listings::id.eq_any(calendars.keys()))
            .select((listings::id, (listings::base_price, listings::min_nights, listings::max_nights)))
            .load(tx)
            .await?;
        let bases: HashMap<ListingId, Base> = rows
            .into_iter()
            .map(|(id, (price, min_nights, max_nights))| (id, Base { price, min_nights, max_nights }))
            .collect();
        for (id, calendar) in &calendars {
            let Some(base) = bases.get(id) else {
                let orphans = calendar.values().map(|index| (*index, "its listing was not imported"));
                writes.outcome.refused.extend(orphans);
                continue;
            };
            compare(tx, &mut writes, (*id, base), calendar.values().map(|index| &self.0[*index])).await?;
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

/// Compares the days of one listing with the tables, and notes what is to be deleted and inserted.
async fn compare<'a>(
    tx: &mut Conn,
    writes: &mut Writes,
    (id, base): (ListingId, &Base),
    days: impl Iterator<Item = &'a Day> + Clone + Send,
) -> QueryResult<()> {
    let nights = days.clone().map(|day| day.night);
    let (Some(first), Some(last)) = (nights.clone().min(), nights.max()) else { return Ok(()) };
    let known = known(tx, id, (first, last)).await?;
    let mut deletes = Deletes::default();
    for day in days {
        let night = compare_night(writes, &mut deletes, day, known.held.get(&day.night));
        let rate = compare_rate(writes, &mut deletes, day, Rate::of(day, base), known.rates.get(&day.night));
        let outcome = &mut writes.outcome;
        match night.max(rate) {
            Change::Updated => outcome.updated += 1,
            Change::Created => outcome.created += 1,
            Change::None => outcome.unchanged += 1,
        }
    }
    if !deletes.is_empty() {
        writes.gone.push((id, deletes));
    }
    Ok(())
}

fn compare_night(writes: &mut Writes, deletes: &mut Deletes, day: &Day, held: Option<&bool>) -> Change {
    match (day.available, held) {
        (true, None) | (false, Some(true)) => Change::None,
        (true, Some(true)) => {
            deletes.freed.push(day.night);
            Change::Updated
        }
        (false, None) => {
            writes.taken.push((day.listing, day.night));
            Change::Created
        }
        (_, Some(false)) => {
            writes.outcome.held += 1;
            Change::None
        }
    }
}

fn compare_rate(
    writes: &mut Writes,
    deletes: &mut Deletes,
    day: &Day,
    rate: Rate,
    known: Option<&(Rate, bool)>,
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

async fn known(tx: &mut Conn, id: ListingId, (first, last): (NaiveDate, NaiveDate)) -> QueryResult<Known> {
    let held: Vec<(NaiveDate, String)> = nights::table
        .filter(nights::listing_id.eq(id))
        .filter(nights::night.between(first, last))
        .select((nights::night, nights::kind))
        .load(tx)
        .await?;
    type RateRow = (NaiveDate, (Option<i64>, Option<u16>, Option<u16>), bool, bool);
    let rates: Vec<RateRow> = night_rates::table
        .filter(night_rates::listing_id.eq(id))
        .filter(night_rates::night.between(first, last))
        .select((
            night_rates::night,
            (night_rates::price, night_rates::min_nights, night_rates::max_nights),
            night_rates::closed_to_arrival,
            night_rates::closed_to_departure,
        ))
        .load(tx)
        .await?;
    let rates = rates.into_iter().map(|(night, (price, min_nights, max_nights), arrival, departure)| {
        (night, (Rate { price, min_nights, max_nights }, arrival || departure))
    });
    let external = NightHold::External.as_str();
    let held = held.into_iter().map(|(night, kind)| (night, kind == external));
    Ok(Known { held: held.collect(), rates: rates.collect() })
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
        let open = night_rates::table
            .filter(night_rates::listing_id.eq(id))
            .filter(night_rates::closed_to_arrival.eq(false))
            .filter(night_rates::closed_to_departure.eq(false));
        diesel::delete(open.filter(night_rates::night.eq_any(equal))).execute(tx).await?;
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
    for rows in writes.rates.chunks(ROWS) {
        let rows = rows.iter().map(|(id, night, rate)| {
            let (min, max) = (number(rate.min_nights), number(rate.max_nights));
            format!("(X'{}','{night}',{},{min},{max})", hex(*id), number(rate.price))
        });
        let sql = statement(
            "night_rates (listing_id, night, price, min_nights, max_nights)",
            rows,
            "price = VALUES(price), min_nights = VALUES(min_nights), max_nights = VALUES(max_nights)",
        );
        tx.batch_execute(&sql).await?;
    }
    Ok(())
}

fn statement(into: &str, rows: impl Iterator<Item = String>, on_duplicate: &str) -> String {
    let mut sql = format!("INSERT INTO {into} VALUES ");
    for (index, row) in rows.enumerate() {
        if index > 0 {
            sql.push(',');
        }
        sql.push_str(&row);
    }
    sql.push_str(" ON DUPLICATE KEY UPDATE ");
    sql.push_str(on_duplicate);
    sql
}

fn number(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "NULL".to_owned(), |value| value.to_string())
}

/// The bytes of an id in hexadecimal.
pub(super) fn hex(id: ListingId) -> String {
    let mut text = String::with_capacity(32);
    for byte in id.as_bytes() {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
