//! The search index of this process: filled at start, in pages, while SQL serves searches, and updated from the catalog.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{
        Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::NaiveDate;
use search_index::{Full, Index, Source};

use crate::{
    app::App,
    events::catalog::{CatalogEvent, Changes, Payload, Position},
};
use store::{
    night_rates::NightRate,
    search::source::{self, HeldNight, SearchedListing, Wanted},
};
use telemetry::Metric;
use types::{EventSubject, ListingId, Stay, Timestamp, UserId, error::Result};

/// Listings that are read together.
const PAGE: i64 = 500;
/// Changed listings that are read together.
const CHANGED: usize = 64;
/// An index is filled again after this time, so that a change that was made by hand, in SQL, or by a starting server of another version, is
/// seen at last.
const MAX_AGE: Duration = Duration::from_secs(3_600);

/// The index, if there is one.
pub struct SearchIndex {
    is_on: AtomicBool,
    index: RwLock<Option<Index>>,
    filled_at: Mutex<Option<Instant>>,
    answers: AtomicU64,
}

impl SearchIndex {
    /// One that is filled by [`fill_if_needed`], or none at all.
    pub fn new(is_on: bool) -> Self {
        Self {
            is_on: AtomicBool::new(is_on),
            index: RwLock::default(),
            filled_at: Mutex::default(),
            answers: AtomicU64::new(0),
        }
    }

    /// Whether there is one, or will be.
    pub fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Relaxed)
    }

    /// Whether it answers searches.
    pub fn is_ready(&self) -> bool {
        self.index.read().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// What the index answers; None: it is not ready, or cannot answer.
    pub(crate) fn answer<T>(&self, ask: impl FnOnce(&Index) -> Option<T>) -> Option<T> {
        let answer = self.index.read().unwrap_or_else(PoisonError::into_inner).as_ref().and_then(ask);
        self.answers.fetch_add(u64::from(answer.is_some()), Ordering::Relaxed);
        answer
    }

    /// Whether nothing held these nights of a listing when the index last learned of a change: a guess that saves a statement. False when it
    /// does not know.
    pub(crate) fn seems_free(&self, listing: ListingId, stay: Stay, now: Timestamp) -> bool {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        index.as_ref().and_then(|index| index.is_free(listing, stay, now)).unwrap_or(false)
    }

    /// Searches use the database until the index has been filled again.
    pub(crate) fn forget(&self) {
        self.put(None);
    }

    fn is_old(&self) -> bool {
        let filled_at = *self.filled_at.lock().unwrap_or_else(PoisonError::into_inner);
        filled_at.is_none_or(|at| at.elapsed() > MAX_AGE)
    }

    fn put(&self, index: Option<Index>) {
        *self.filled_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        *self.index.write().unwrap_or_else(PoisonError::into_inner) = index;
    }

    /// Reads again what these events have changed.
    pub(crate) async fn apply(&self, app: &App, events: &[CatalogEvent]) -> Result<()> {
        let Some((changed, first_day)) = self.changed_by(events) else { return Ok(()) };
        let changes = changed.read(app, first_day).await?;
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        let applied = index.as_mut().map_or(Ok(()), |index| changes.apply(index));
        if let Err(full) = applied {
            *index = None;
            drop(index);
            self.give_up(full);
        }
        Ok(())
    }

    fn changed_by(&self, events: &[CatalogEvent]) -> Option<(Changed, NaiveDate)> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        index.as_ref().map(|index| (Changed::by(events, index), index.first_day()))
    }

    fn give_up(&self, full: Full) {
        self.is_on.store(false, Ordering::Relaxed);
        tracing::error!(error = %full, "there is no search index: searches use the database");
    }

    /// Numbers for operators.
    pub fn metrics(&self) -> [Metric; 3] {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        let (listings, bytes) = index.as_ref().map_or((0, 0), |index| (index.len(), index.bytes()));
        let answers = self.answers.load(Ordering::Relaxed);
        [
            Metric::counter("search_index_answers", "Searches that were answered from memory", answers),
            Metric::count_gauge("search_index_listings", "Listings in the search index", listings),
            Metric::count_gauge("search_index_bytes", "Memory of the search index, estimated", bytes),
        ]
    }
}

/// Fills the index, if it is on, and not there or old. An old one answers until the new one is filled.
///
/// # Errors
/// When the database fails; then nothing has changed.
pub async fn fill_if_needed(app: &App) -> Result<()> {
    if !app.search_index.is_on() || (app.search_index.is_ready() && !app.search_index.is_old()) {
        return Ok(());
    }
    let begun = Instant::now();
    // What is committed from here on is an event after this position.
    let mut position = Position::latest(app).await?;
    let mut index = Index::new(app.now().utc().date_naive());
    let mut filled = fill(app, &mut index).await?;
    // From here on, changes are applied here only.
    let mut followed = app.follower.pause().await;
    while let (Ok(()), changes) = (filled, position.read(app).await?) {
        let Changes::Events(events) = changes else { return Ok(()) };
        if events.is_empty() {
            let (listings, bytes) = (index.len(), index.bytes());
            app.search_index.put(Some(index));
            // A follower that is behind applies some changes again, which does no harm. For one that has not begun, nothing else is current.
            if followed.is_none() {
                app.rows.forget_all();
                *followed = Some(position);
            }
            tracing::info!(listings, bytes, seconds = begun.elapsed().as_secs_f64(), "the search index is ready");
            return Ok(());
        }
        filled = Changed::by(&events, &index).read(app, index.first_day()).await?.apply(&mut index);
    }
    app.search_index.give_up(Full);
    Ok(())
}

async fn fill(app: &App, index: &mut Index) -> Result<std::result::Result<(), Full>> {
    let mut last = None;
    loop {
        let conn = &mut app.conn().await?;
        let listings = source::next(conn, last, PAGE).await?;
        let (Some(first), Some(end)) = (listings.first(), listings.last()) else { return Ok(Ok(())) };
        let wanted = Wanted::Range(first.id, end.id);
        last = Some(end.id);
        let rows = Rows::read(conn, listings, wanted, index.first_day()).await?;
        if let Err(full) = rows.insert(index) {
            return Ok(Err(full));
        }
    }
}

/// The rows of some listings.
struct Rows {
    listings: Vec<SearchedListing>,
    amenities: HashMap<ListingId, Vec<String>>,
    held: HashMap<ListingId, Vec<HeldNight>>,
    rates: HashMap<ListingId, Vec<NightRate>>,
    /// Hosts, also of those that are not published any more, and whether they are superhosts.
    hosts: Vec<(UserId, bool)>,
}

fn grouped<K: std::hash::Hash + Eq, T>(rows: impl IntoIterator<Item = (K, T)>) -> HashMap<K, Vec<T>> {
    let mut groups: HashMap<K, Vec<T>> = HashMap::new();
    rows.into_iter().for_each(|(key, row)| groups.entry(key).or_default().push(row));
    groups
}

impl Rows {
    async fn read(
        conn: &mut mysql_engine::Conn,
        listings: Vec<SearchedListing>,
        wanted: Wanted<'_>,
        first_day: NaiveDate,
    ) -> Result<Self> {
        let held = source::nights(conn, wanted, first_day).await?;
        let rates = source::rates(conn, wanted, first_day).await?;
        Ok(Self {
            listings,
            amenities: grouped(source::amenities(conn, wanted).await?),
            held: grouped(held.into_iter().map(|night| (night.listing_id, night))),
            rates: grouped(rates.into_iter().map(|rate| (rate.listing_id, rate))),
            hosts: source::hosts(conn, wanted).await?,
        })
    }

    fn insert(&self, index: &mut Index) -> std::result::Result<(), Full> {
        fn of<'a, T>(groups: &'a HashMap<ListingId, Vec<T>>, id: &ListingId) -> &'a [T] {
            groups.get(id).map_or(&[], Vec::as_slice)
        }
        self.listings.iter().try_for_each(|listing| {
            let id = &listing.id;
            let (amenities, held, rates) = (of(&self.amenities, id), of(&self.held, id), of(&self.rates, id));
            index.insert(&Source { listing, amenities, held, rates })
        })?;
        self.hosts.iter().for_each(|(host, is_superhost)| index.set_superhost(*host, *is_superhost));
        Ok(())
    }
}

/// What events have changed.
struct Changed {
    /// Listings; true: only their nights.
    listings: BTreeMap<ListingId, bool>,
    /// Hosts.
    hosts: BTreeSet<UserId>,
}

/// Their rows now.
struct ChangedRows {
    all: Vec<ListingId>,
    rows: Vec<Rows>,
    /// Of which only the nights were read.
    nights: BTreeMap<ListingId, Vec<HeldNight>>,
    /// Whether they are superhosts.
    hosts: Vec<(UserId, bool)>,
}

impl Changed {
    fn by(events: &[CatalogEvent], index: &Index) -> Self {
        let (mut changed, mut hosts) = (BTreeMap::new(), BTreeSet::new());
        let mut note = |id: ListingId, only_nights: bool| {
            changed.entry(id).and_modify(|only| *only &= only_nights).or_insert(only_nights);
        };
        for event in events {
            match &event.payload {
                Payload::Booking(details) => details.nights.iter().for_each(|change| note(change.listing, true)),
                Payload::Subject {} | Payload::Nights(_) if event.subject == EventSubject::Listing => {
                    note(event.subject_id.into(), false);
                }
                // Of people, the index has hosts only. The host of a new listing is read with it.
                Payload::Subject {} | Payload::Nights(_) => {
                    hosts.extend(Some(event.subject_id.into()).filter(|person| index.has_host(*person)));
                }
                Payload::Review { listing } => note(*listing, false),
                Payload::Import { listings, .. } => listings.iter().for_each(|listing| note(*listing, false)),
            }
        }
        Self { listings: changed, hosts }
    }

    async fn read(self, app: &App, first_day: NaiveDate) -> Result<ChangedRows> {
        let (nights, all): (Vec<_>, Vec<_>) = self.listings.into_iter().partition(|(_, only_nights)| *only_nights);
        let ids = |part: Vec<(ListingId, bool)>| part.into_iter().map(|(id, _)| id).collect::<Vec<_>>();
        let (all, nights) = (ids(all), ids(nights));
        let conn = &mut app.conn().await?;
        let mut rows = Vec::new();
        for some in all.chunks(CHANGED) {
            let listings = source::some(conn, some).await?;
            rows.push(Rows::read(conn, listings, Wanted::Some(some), first_day).await?);
        }
        let mut held: BTreeMap<_, Vec<_>> = nights.iter().map(|id| (*id, Vec::new())).collect();
        for some in nights.chunks(CHANGED) {
            for night in source::nights(conn, Wanted::Some(some), first_day).await? {
                held.entry(night.listing_id).or_default().push(night);
            }
        }
        let people: Vec<_> = self.hosts.into_iter().collect();
        let mut hosts = Vec::new();
        for some in people.chunks(CHANGED) {
            hosts.extend(source::superhosts(conn, some).await?);
        }
        Ok(ChangedRows { all, rows, nights: held, hosts })
    }
}

impl ChangedRows {
    fn apply(&self, index: &mut Index) -> std::result::Result<(), Full> {
        // One that is not published any more has no row.
        self.all.iter().for_each(|id| index.remove(*id));
        self.rows.iter().try_for_each(|rows| rows.insert(index))?;
        self.nights.iter().for_each(|(id, held)| index.set_nights(*id, held));
        self.hosts.iter().for_each(|(host, is_superhost)| index.set_superhost(*host, *is_superhost));
        Ok(())
    }
}
