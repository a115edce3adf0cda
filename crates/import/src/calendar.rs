//! Records of `calendar.csv`.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{Duration, NaiveDate};

use super::{
    ImportError, Part, price, reviews,
    source::Source,
    stage::Kind,
    table::{self, Column, Header, Next, Reason, Row, Table},
};
use store::imports::{Day, Days, SOURCE};
use types::{Currency, ListingId, Money};

/// Maximum nights of a stay that the source allows. Greater numbers (100,000 occurs) mean "no
/// limit".
const LONGEST: u64 = 1_125;

/// Maximum nights of a stay that can be booked: with a longer minimum, nobody could book.
pub(super) const LONGEST_MINIMUM: u64 = 365;

/// Clamps a minimum stay to what can be booked.
pub(super) fn clamp_minimum(nights: u64) -> u16 {
    clamp(nights.min(LONGEST_MINIMUM))
}

/// Clamps a maximum stay to what a listing can have.
pub(super) fn clamp(nights: u64) -> u16 {
    // In range, because LONGEST is.
    u16::try_from(nights.clamp(1, LONGEST)).unwrap_or(u16::MAX)
}

/// Parses days.
pub(super) struct Reader {
    currency: Currency,
    shift: Duration,
    columns: Option<Columns>,
    /// The ID of the latest listing in the dataset and in Staygate: its days are consecutive.
    latest: Option<(u64, ListingId)>,
    /// Listings whose contradictions were reported.
    told: HashSet<u64>,
}

#[derive(Clone, Copy)]
struct Columns {
    listing_id: Column,
    date: Column,
    available: Column,
    price: Column,
    minimum_nights: Column,
    maximum_nights: Column,
}

impl Reader {
    /// Prices are in `currency`; days are moved by `shift`.
    pub(super) fn new(currency: Currency, shift: Duration) -> Self {
        Self { currency, shift, columns: None, latest: None, told: HashSet::new() }
    }

    fn listing(&mut self, id: u64) -> ListingId {
        match self.latest {
            Some((known, listing)) if known == id => listing,
            _ => {
                let listing = ListingId::derived(reviews::epoch(), SOURCE, id);
                self.latest = Some((id, listing));
                listing
            }
        }
    }

    /// Minimum and maximum nights of the day, if they are consistent.
    fn stay(&mut self, id: u64, row: Row<'_>, columns: Columns, notes: &mut Vec<Reason>) -> (Option<u16>, Option<u16>) {
        let mut bound = |column, name| match table::whole(row.at(column), name) {
            Ok(nights) => nights,
            Err(note) => {
                notes.push(note);
                None
            }
        };
        let min = bound(columns.minimum_nights, "minimum_nights");
        let max = bound(columns.maximum_nights, "maximum_nights");
        match (min, max) {
            (Some(min), Some(max)) if min > max => {
                if self.told.insert(id) {
                    notes.push(format!(
                        "minimum_nights {min} is more than maximum_nights {max}: the listing's own apply, here and on \
                         all such days of it"
                    ));
                }
                (None, None)
            }
            _ => (min.map(clamp_minimum), max.map(clamp)),
        }
    }
}

impl Kind for Reader {
    type Record = Day;
    type Batch = Days;
    const PART: Part = Part::Calendar;
    const REQUIRED: &'static [&'static str] = &["listing_id", "date", "available"];
    // A few listings at a time, because their nights are locked until the batch is committed.
    const SIZE: usize = 2_000;

    fn header(&mut self, header: &Header) {
        self.columns = Some(Columns {
            listing_id: header.column("listing_id"),
            date: header.column("date"),
            available: header.column("available"),
            price: header.column("price"),
            minimum_nights: header.column("minimum_nights"),
            maximum_nights: header.column("maximum_nights"),
        });
    }

    fn parse(&mut self, row: Row<'_>, notes: &mut Vec<Reason>) -> Result<Day, Reason> {
        let columns = self.columns.ok_or("the header was not read")?;
        let id = table::id(row.at(columns.listing_id), "listing_id")?;
        let date = table::date(row.at(columns.date), "date")?.ok_or("the date is missing")?;
        let available =
            table::flag(row.at(columns.available), "available")?.ok_or("the column `available` is empty")?;
        let night =
            date.checked_add_signed(self.shift).filter(|night| *night <= LAST).ok_or("the date is too far ahead")?;
        let price = price::parse(row.at(columns.price), self.currency).unwrap_or_else(|note| {
            notes.push(note);
            None
        });
        let price = price.map(|minor| Money::new(minor, self.currency));
        let (min_nights, max_nights) = self.stay(id, row, columns, notes);
        Ok(Day { listing: self.listing(id), night, available, price, min_nights, max_nights })
    }

    fn batch(records: Vec<Day>) -> Days {
        Days(records)
    }
}

/// The last day that the database supports.
const LAST: NaiveDate = match NaiveDate::from_ymd_opt(9999, 12, 31) {
    Some(day) => day,
    None => NaiveDate::MAX,
};

/// The most frequent price in the calendar of each of these listings; of two equally frequent ones
/// the lower.
pub(super) async fn usual_prices(
    source: Source,
    listings: HashSet<u64>,
    currency: Currency,
) -> Result<HashMap<u64, i64>, ImportError> {
    let read = move || {
        let mut table = Table::open(Part::Calendar, &source, Reader::REQUIRED)?;
        let (id, price) = (table.header().column("listing_id"), table.header().column("price"));
        let mut counts: HashMap<u64, BTreeMap<i64, u32>> = HashMap::new();
        loop {
            match table.next()? {
                Next::Row(row) => {
                    let Ok(id) = table::id(row.at(id), "listing_id") else { continue };
                    let Some(price) = price::parse(row.at(price), currency).ok().flatten() else { continue };
                    if listings.contains(&id) {
                        *counts.entry(id).or_default().entry(price).or_default() += 1;
                    }
                }
                Next::Broken(_) => {}
                Next::End => break,
            }
        }
        let usual = |prices: BTreeMap<i64, u32>| {
            let most = prices.values().max().copied();
            prices.into_iter().find(|(_, count)| Some(*count) == most).map(|(price, _)| price)
        };
        Ok(counts.into_iter().filter_map(|(id, prices)| Some((id, usual(prices)?))).collect())
    };
    tokio::task::spawn_blocking(read).await.map_err(|_| ImportError::Reader(Part::Calendar))?
}

/// The first day of a calendar.
pub(super) async fn first_day(source: Source) -> Result<NaiveDate, ImportError> {
    let read = move || {
        let mut table = Table::open(Part::Calendar, &source, Reader::REQUIRED)?;
        let column = table.header().column("date");
        let mut first: Option<NaiveDate> = None;
        loop {
            match table.next()? {
                Next::Row(row) => {
                    let day = table::date(row.at(column), "date").ok().flatten();
                    first = first.into_iter().chain(day).min();
                }
                Next::Broken(_) => {}
                // A calendar without days needs no shift.
                Next::End => return Ok(first.unwrap_or_default()),
            }
        }
    };
    tokio::task::spawn_blocking(read).await.map_err(|_| ImportError::Reader(Part::Calendar))?
}
