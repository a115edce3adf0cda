//! The latest imported rate of each night, and which part of it was written, so that a later import can detect what the host has changed
//! since.

use std::collections::{BTreeMap, HashMap};

use chrono::{Days, NaiveDate};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::night_rates::Rate;
use crate::schema::listing_imports;
use mysql_engine::Conn;
use types::ListingId;

/// The most nights that are stored for a listing: the latest ones.
const MOST: usize = 1_500;

/// One night.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct KnownNight {
    /// The calendar took the night, and `nights` has a row for that.
    pub(super) is_taken: bool,
    /// The calendar's rate, also where it equals the listing's.
    pub(super) imported: Rate,
    /// The part of it that is in `night_rates`.
    pub(super) written: Rate,
}

/// The nights of one listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct KnownNights {
    /// Whether everything that imports wrote for the listing is known: all other values are then the host's.
    pub(super) is_tracked: bool,
    pub(super) nights: BTreeMap<NaiveDate, KnownNight>,
}

/// Consecutive equal nights: the first, how many, and [`KnownNight`] with a bit for each value that was written.
type Run = (NaiveDate, u32, u8, Option<i64>, Option<u16>, Option<u16>);

const TAKEN: u8 = 1;
const PRICE: u8 = 2;
const MIN_NIGHTS: u8 = 4;
const MAX_NIGHTS: u8 = 8;

impl KnownNight {
    fn bits(self) -> u8 {
        let bit = |is_set: bool, bit: u8| if is_set { bit } else { 0 };
        bit(self.is_taken, TAKEN)
            | bit(self.written.price.is_some(), PRICE)
            | bit(self.written.min_nights.is_some(), MIN_NIGHTS)
            | bit(self.written.max_nights.is_some(), MAX_NIGHTS)
    }

    fn of_bits(imported: Rate, bits: u8) -> Self {
        let has = |bit: u8| bits & bit != 0;
        let written = Rate {
            price: imported.price.filter(|_| has(PRICE)),
            min_nights: imported.min_nights.filter(|_| has(MIN_NIGHTS)),
            max_nights: imported.max_nights.filter(|_| has(MAX_NIGHTS)),
        };
        Self { is_taken: has(TAKEN), imported, written }
    }
}

impl KnownNights {
    fn encode(&self) -> String {
        let mut runs: Vec<Run> = Vec::new();
        let skipped = self.nights.len().saturating_sub(MOST);
        for (night, known) in self.nights.iter().skip(skipped) {
            let Rate { price, min_nights, max_nights } = known.imported;
            let new = (*night, 1, known.bits(), price, min_nights, max_nights);
            match runs.last_mut() {
                Some(run)
                    if run.0.checked_add_days(Days::new(run.1.into())) == Some(*night)
                        && (run.2, run.3, run.4, run.5) == (new.2, new.3, new.4, new.5) =>
                {
                    run.1 += 1;
                }
                _ => runs.push(new),
            }
        }
        serde_json::to_string(&runs).unwrap_or_default()
    }

    fn decode(json: &str, is_tracked: bool) -> Self {
        let runs: Vec<Run> = serde_json::from_str(json).unwrap_or_default();
        let mut nights = BTreeMap::new();
        for (first, count, bits, price, min_nights, max_nights) in runs {
            let known = KnownNight::of_bits(Rate { price, min_nights, max_nights }, bits);
            nights.extend(first.iter_days().take(count as usize).map(|night| (night, known)));
        }
        Self { is_tracked, nights }
    }
}

/// The stored nights of `listings`. Listings without any are left out.
pub(super) async fn of(
    tx: &mut Conn,
    listings: impl IntoIterator<Item = ListingId>,
) -> QueryResult<HashMap<ListingId, KnownNights>> {
    let rows: Vec<(ListingId, Option<String>, bool)> = listing_imports::table
        .filter(listing_imports::listing_id.eq_any(listings))
        .select((listing_imports::listing_id, listing_imports::calendar, listing_imports::tracked))
        .load(tx)
        .await?;
    let known = |(id, calendar, is_tracked): (_, Option<String>, _)| {
        (id, KnownNights::decode(&calendar.unwrap_or_default(), is_tracked))
    };
    Ok(rows.into_iter().map(known).collect())
}

/// Stores the nights of a listing that has a row.
pub(super) async fn set(tx: &mut Conn, listing: ListingId, known: &KnownNights) -> QueryResult<()> {
    diesel::update(listing_imports::table.find(listing))
        .set(listing_imports::calendar.eq(known.encode()))
        .execute(tx)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn night() -> impl Strategy<Value = KnownNight> {
        let imported = (proptest::option::of(1..4_i64), proptest::option::of(1..3_u16), proptest::option::of(1..3_u16));
        (imported, 0..16_u8).prop_map(|((price, min_nights, max_nights), bits)| {
            KnownNight::of_bits(Rate { price, min_nights, max_nights }, bits)
        })
    }

    proptest! {
        #[test]
        fn nights_round_trip(nights in proptest::collection::btree_map(0..400_u64, night(), 0..200)) {
            let first = NaiveDate::from_ymd_opt(2026, 11, 24).unwrap();
            let nights = nights.into_iter().map(|(day, known)| (first + Days::new(day), known)).collect();
            let known = KnownNights { is_tracked: true, nights };
            prop_assert_eq!(KnownNights::decode(&known.encode(), true), known);
        }
    }

    #[test]
    fn equal_nights_are_stored_as_one_run() {
        let first = NaiveDate::from_ymd_opt(2020, 1, 1).unwrap();
        let night = KnownNight { is_taken: true, ..KnownNight::default() };
        let nights = first.iter_days().take(3_000).map(|day| (day, night)).collect();
        let text = KnownNights { is_tracked: true, nights }.encode();
        assert_eq!(text, r#"[["2024-02-09",1500,1,null,null,null]]"#, "and the oldest are forgotten");
        assert_eq!(KnownNights::decode("", false), KnownNights::default());
    }
}
