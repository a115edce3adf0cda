//! Finds the listings of a search in memory, with the answers of the database: what a search needs of a listing fits in a few hundred bytes.
//!
//! An [`Index`] holds the published listings. It is filled with the rows of `store::search::source` and answers the same
//! [`Criteria`](store::search::Criteria) with the same [`Hit`](store::search::Hit)s as `store::search::page`, or says that it cannot:
//! words of titles are not in it, nor nights in a distant future. It knows nothing of the database; whoever has it keeps it up to date.

mod calendar;
mod candidates;
mod clusters;
mod dictionary;
mod entry;
mod facets;
mod find;
mod gazetteer;
mod histogram;
mod hosts;
mod lowest_prices;
mod names;
mod night_bits;
mod orders;
mod places_on_map;
mod price;
mod query;
mod typos;

use std::collections::HashMap;

use chrono::{Days, NaiveDate};

pub use clusters::{Cluster, Clusters, MAX_ZOOM};
use entry::Entry;
pub use entry::Source;
pub use facets::{Facets, WantedFacets};
pub use find::StayHit;
pub use gazetteer::Suggestion;
pub use histogram::{Bucket, Histogram};
pub use lowest_prices::LowestPrice;
use names::Names;
use orders::Orders;
use places_on_map::Map;
use store::search::source::HeldNight;
use types::{ListingId, Stay, Timestamp, UserId};

/// Days before the first one: the longest preparation before a stay, and the time zones.
const LOOK_BACK: u64 = 40;

/// The position of a listing in the index.
type Slot = u32;

/// Published listings, by everything that a search asks for.
#[derive(Debug)]
pub struct Index {
    /// Day 0 of all calendars.
    first_day: NaiveDate,
    names: Names,
    entries: Vec<Option<Entry>>,
    free: Vec<Slot>,
    slots: HashMap<ListingId, Slot>,
    orders: Orders,
    map: Map,
}

/// A listing has so many amenities, time zones or places, together with the others, that the index cannot number them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

impl std::fmt::Display for Full {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("there are too many amenities, time zones or places for the search index")
    }
}

impl std::error::Error for Full {}

impl Index {
    /// An empty one, for stays from `today` on.
    pub fn new(today: NaiveDate) -> Self {
        Self {
            first_day: today.checked_sub_days(Days::new(LOOK_BACK)).unwrap_or(today),
            names: Names::default(),
            entries: Vec::new(),
            free: Vec::new(),
            slots: HashMap::new(),
            orders: Orders::default(),
            map: Map::default(),
        }
    }

    /// The first night that calendars have. Nights before need not be read.
    pub fn first_day(&self) -> NaiveDate {
        self.first_day
    }

    /// The number of listings.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The time zones of listings, and how many are in each.
    pub fn zones(&self) -> Vec<(String, i64)> {
        self.names.zones()
    }

    /// Whether nothing holds any of these nights of a listing at `now`; None: the index does not know.
    pub fn is_free(&self, listing: ListingId, stay: Stay, now: Timestamp) -> Option<bool> {
        let entry = self.entry(*self.slots.get(&listing)?)?;
        let day = |day| day_number(self.first_day, day);
        Some(!entry.calendar.is_held(day(stay.check_in())?..day(stay.check_out())?, now))
    }

    /// Inserts a published listing, or replaces it.
    ///
    /// # Errors
    /// [`Full`]: the index is of no use any more.
    pub fn insert(&mut self, source: &Source<'_>) -> Result<(), Full> {
        self.remove(source.listing.id);
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => Slot::try_from(self.entries.len()).map_err(|_| Full)?,
        };
        let entry = Entry::new(source, self.first_day, &mut self.names)?;
        self.names.add(slot, &entry);
        self.orders.insert(slot, &entry);
        self.map.insert(slot, &entry);
        self.slots.insert(entry.id, slot);
        let index = slot as usize;
        if index == self.entries.len() {
            self.entries.push(Some(entry));
        } else {
            self.entries[index] = Some(entry);
        }
        Ok(())
    }

    /// Removes a listing, if it is there.
    pub fn remove(&mut self, id: ListingId) {
        let Some(slot) = self.slots.remove(&id) else { return };
        let Some(entry) = self.entries.get_mut(slot as usize).and_then(Option::take) else { return };
        self.names.remove(slot, &entry);
        self.orders.remove(slot, &entry);
        self.map.remove(slot, &entry);
        self.free.push(slot);
    }

    /// Replaces the held nights of a listing, if it is there.
    pub fn set_nights(&mut self, id: ListingId, held: &[HeldNight]) {
        let first_day = self.first_day;
        if let Some(entry) = self.entry_mut(id) {
            entry.set_nights(held, first_day);
        }
    }

    /// Whether somebody is known as the host of a listing.
    pub fn has_host(&self, person: UserId) -> bool {
        self.names.hosts.contains(person)
    }

    /// Notes whether the host of listings is a superhost. Others are not noted.
    pub fn set_superhost(&mut self, host: UserId, is_superhost: bool) {
        self.names.hosts.set_superhost(host, is_superhost);
    }

    /// About the memory of everything, in bytes.
    pub fn bytes(&self) -> usize {
        /// Of the sets and maps that a listing is in.
        const INDEXED: usize = 200;
        let of_entries: usize = self.entries.iter().flatten().map(Entry::bytes).sum();
        let slots = self.entries.capacity() * size_of::<Option<Entry>>();
        of_entries + slots + self.slots.len() * INDEXED + self.names.bytes()
    }

    fn entry_mut(&mut self, id: ListingId) -> Option<&mut Entry> {
        let slot = *self.slots.get(&id)?;
        self.entries.get_mut(slot as usize)?.as_mut()
    }

    fn entry(&self, slot: Slot) -> Option<&Entry> {
        self.entries.get(slot as usize)?.as_ref()
    }
}

/// The number of a day from the first one, if calendars have it.
fn day_number(first_day: NaiveDate, day: NaiveDate) -> Option<u16> {
    u16::try_from(day.signed_duration_since(first_day).num_days()).ok()
}
