//! Listings with their host, cover and amenities.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use chrono::NaiveTime;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{
    Batch, Outcome, SOURCE,
    merge::{self, Booked, Merged, Stored},
    night_prices::{self, Repriced},
    offers,
    people::{self, Host},
    provenance::{self, Provenance},
    ratings::{self, Ratings},
};
use crate::{
    bookings,
    listings::keys::{self, Names},
    schema::listings,
};
use mysql_engine::Conn;
use types::{CancellationPolicy, Currency, ListingId, ListingStatus, PropertyType, RoomType, Timestamp, UserId};

/// An amenity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amenity {
    /// Name for programs.
    pub slug: String,
    /// Name for people.
    pub name: String,
}

/// The dataset's fields of a listing.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = listings, treat_none_as_default_value = false, treat_none_as_null = true)]
#[expect(missing_docs, reason = "each is the column of its name")]
pub struct ListingFacts {
    pub id: ListingId,
    pub host_id: UserId,
    pub title: String,
    pub description: String,
    pub neighborhood_overview: Option<String>,
    pub room_type: RoomType,
    pub property_type: PropertyType,
    pub property_label: String,
    pub max_guests: u16,
    pub bedrooms: Option<u16>,
    pub beds: Option<u16>,
    pub bathroom_halves: Option<u16>,
    pub bathrooms_shared: bool,
    pub city: String,
    pub neighborhood: Option<String>,
    pub region: Option<String>,
    pub country_code: Option<String>,
    pub latitude: f64,
    pub longitude: f64,
    pub area_latitude: f64,
    pub area_longitude: f64,
    pub time_zone: String,
    pub currency: Currency,
    pub base_price: i64,
    pub min_nights: u16,
    pub max_nights: u16,
    pub instant_book: bool,
}

/// Fees and policy, which only files up to 2019 have. `None`: not in the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Insertable, AsChangeset)]
#[diesel(table_name = listings)]
pub struct Charges {
    /// Once per stay, in minor units.
    pub cleaning_fee: Option<i64>,
    /// Per night and guest above those that the price includes, in minor units.
    pub extra_guest_fee: Option<i64>,
    /// Guests that the price includes.
    pub guests_included: Option<u16>,
    /// The policy that is closest to the one of the dataset.
    pub cancellation_policy: Option<CancellationPolicy>,
}

/// The import that a listing comes from.
#[derive(Debug)]
pub struct Origin {
    /// Names the dataset in the table of checkpoints.
    pub dataset: String,
    /// Of the file of listings and the options.
    pub fingerprint: [u8; 32],
    /// Whether the same import has a calendar.
    pub has_calendar: bool,
}

/// A listing of the dataset.
#[derive(Debug, Clone)]
pub struct Listing {
    /// The import.
    pub origin: Arc<Origin>,
    /// The id in the dataset.
    pub source_id: u64,
    /// When it was first imported.
    pub published_at: Timestamp,
    /// Fields that all files have.
    pub facts: ListingFacts,
    /// Fields that only some files have.
    pub charges: Charges,
    /// The sums of the dataset's ratings. Ratings of guests of Staygate are added to them.
    pub ratings: Ratings,
    /// Address of the main picture.
    pub cover: Option<String>,
    /// In the order of their slugs, each once.
    pub amenities: Vec<Amenity>,
    /// The host, unless an earlier record had the same one.
    pub host: Option<Host>,
}

/// Listings that are written together; each at most once.
pub struct Listings(pub Vec<Listing>);

/// A listing as the database has it.
struct Known {
    stored: Stored,
    ratings: Ratings,
    status: ListingStatus,
    updated_at: Timestamp,
}

impl Batch for Listings {
    fn concerned(&self) -> Vec<ListingId> {
        self.0.iter().map(|listing| listing.facts.id).collect()
    }

    async fn write(&self, tx: &mut Conn, now: Timestamp) -> QueryResult<Outcome> {
        let Some(Listing { origin, .. }) = self.0.as_slice().first() else { return Ok(Outcome::default()) };
        let ids: Vec<ListingId> = self.0.iter().map(|listing| listing.facts.id).collect();
        // Locked first: revealing a review adds its ratings under this lock, so that none is lost between reading the sums below and
        // writing them.
        let known = known(tx, &ids).await?;
        let provenance = provenance::of(tx, &ids).await?;
        let merged = merge(tx, &self.0, &known, &provenance, now).await?;
        let hosts: Vec<&Host> = self.0.iter().filter_map(|listing| listing.host.as_ref()).collect();
        let people = people::write_hosts(tx, &hosts, now).await?;
        night_prices::preserve(tx, &repriced(&merged, &known)).await?;
        let mut changed = update(tx, &merged, &known, &provenance, now).await?;
        insert(tx, &merged, &known, now).await?;
        let words: Vec<_> = merged.iter().map(|(_, new)| (new.facts.id, new.facts.names().words())).collect();
        keys::write_words(tx, &words).await?;
        let covers = offers::write_covers(tx, &self.0, &provenance).await?;
        let amenities = offers::write_amenities(tx, &self.0, &provenance).await?;
        changed.extend(covers.changed.into_iter().chain(amenities.changed));
        let mut kept: HashSet<ListingId> = covers.kept.into_iter().chain(amenities.kept).collect();
        kept.extend(merged.iter().filter(|(_, new)| new.keeps).map(|(_, new)| new.facts.id));
        let prints: Vec<_> = merged.into_iter().map(|(_, new)| (new.facts.id, new.fingerprints)).collect();
        provenance::record(tx, origin, &prints).await?;
        let created = ids.iter().filter(|id| !known.contains_key(id)).count() as u64;
        let updated = changed.iter().filter(|id| known.contains_key(id)).count() as u64;
        let unchanged = ids.len() as u64 - created - updated;
        Ok(Outcome { created, updated, unchanged, kept: kept.len() as u64, people, ..Outcome::default() })
    }
}

/// Those of `ids` that exist, locked.
async fn known(tx: &mut Conn, ids: &[ListingId]) -> QueryResult<HashMap<ListingId, Known>> {
    type Row =
        (ListingFacts, Ratings, (i64, i64, u16, CancellationPolicy), (Option<i64>, i64), (ListingStatus, Timestamp));
    let rows: Vec<Row> = listings::table
        .filter(listings::id.eq_any(ids))
        .order(listings::id)
        .select((
            ListingFacts::as_select(),
            Ratings::as_select(),
            (
                listings::cleaning_fee,
                listings::extra_guest_fee,
                listings::guests_included,
                listings::cancellation_policy,
            ),
            (listings::weekend_price, listings::pet_fee),
            (listings::status, listings::updated_at),
        ))
        .for_update()
        .load(tx)
        .await?;
    let row = |(facts, ratings, charges, (weekend_price, pet_fee), state): Row| {
        let charges = Charges {
            cleaning_fee: Some(charges.0),
            extra_guest_fee: Some(charges.1),
            guests_included: Some(charges.2),
            cancellation_policy: Some(charges.3),
        };
        let (status, updated_at) = state;
        let stored = Stored { facts, charges, has_other_prices: weekend_price.is_some() || pet_fee > 0 };
        (stored.facts.id, Known { stored, ratings, status, updated_at })
    };
    Ok(rows.into_iter().map(row).collect())
}

/// What is to be written of each listing.
async fn merge<'a>(
    tx: &mut Conn,
    batch: &'a [Listing],
    known: &HashMap<ListingId, Known>,
    provenance: &HashMap<ListingId, Provenance>,
    now: Timestamp,
) -> QueryResult<Vec<(&'a Listing, Merged)>> {
    let pairs = || batch.iter().filter_map(|imported| Some((imported, &known.get(&imported.facts.id)?.stored.facts)));
    let priced: Vec<ListingId> = pairs()
        .filter(|(imported, stored)| imported.facts.currency != stored.currency)
        .map(|(_, stored)| stored.id)
        .collect();
    let moved: Vec<ListingId> = pairs()
        .filter(|(imported, stored)| stored.has_other_place(&imported.facts))
        .map(|(_, stored)| stored.id)
        .collect();
    let priced = bookings::with_bound_currency(tx, &priced, now).await?;
    let moved = bookings::with_open_bookings(tx, &moved, now).await?;
    let none = Provenance::default();
    let merged = |imported: &'a Listing| {
        let id = imported.facts.id;
        let Some(known) = known.get(&id) else { return (imported, merge::new(imported)) };
        let booked = Booked { currency: priced.contains(&id), place: moved.contains(&id) };
        let old = provenance.get(&id).unwrap_or(&none);
        (imported, merge::merge(imported, &known.stored, &old.fingerprints, booked))
    };
    Ok(batch.iter().map(merged).collect())
}

/// The listings whose own price or limits of stays change, as they were.
fn repriced(merged: &[(&Listing, Merged)], known: &HashMap<ListingId, Known>) -> Vec<Repriced> {
    let changed = merged.iter().filter_map(|(_, new)| {
        let old = &known.get(&new.facts.id)?.stored.facts;
        let own = |facts: &ListingFacts| (facts.currency, facts.base_price, facts.min_nights, facts.max_nights);
        (own(old) != own(&new.facts)).then(|| Repriced::new(old, &new.facts))
    });
    changed.collect()
}

/// Updates those that change, and returns them.
async fn update(
    tx: &mut Conn,
    merged: &[(&Listing, Merged)],
    known: &HashMap<ListingId, Known>,
    provenance: &HashMap<ListingId, Provenance>,
    now: Timestamp,
) -> QueryResult<BTreeSet<ListingId>> {
    let own = ratings::own(tx, known.keys()).await?;
    let mut changed = BTreeSet::new();
    for (imported, new) in merged {
        let id = new.facts.id;
        let Some(Known { stored, ratings: known_ratings, status, updated_at }) = known.get(&id) else { continue };
        let ratings = own.get(&id).map_or(imported.ratings, |own| own.plus(imported.ratings));
        // An earlier import unlisted it, it has not changed since, and the dataset has it again.
        let is_back = *status == ListingStatus::Unlisted
            && provenance.get(&id).is_some_and(|known| known.unlisted_at == Some(*updated_at));
        let is_same = stored.facts == new.facts && stored.charges == new.charges && *known_ratings == ratings;
        if is_same && !is_back {
            continue;
        }
        let status = if is_back { ListingStatus::Published } else { *status };
        diesel::update(listings::table.find(id))
            .set((
                (&new.facts, new.facts.names().keys(), new.charges),
                ratings,
                listings::status.eq(status),
                listings::shortest_stay.eq(0),
                listings::updated_at.eq(now),
            ))
            .execute(tx)
            .await?;
        changed.insert(id);
    }
    Ok(changed)
}

async fn insert(
    tx: &mut Conn,
    merged: &[(&Listing, Merged)],
    known: &HashMap<ListingId, Known>,
    now: Timestamp,
) -> QueryResult<()> {
    let new = merged.iter().filter(|(_, new)| !known.contains_key(&new.facts.id)).map(|(imported, new)| {
        (
            (&new.facts, new.facts.names().keys(), imported.ratings, new.charges),
            listings::status.eq(ListingStatus::Published),
            listings::check_in_from.eq(hour(15)),
            listings::check_out_by.eq(hour(11)),
            listings::source.eq(SOURCE),
            listings::source_id.eq(imported.source_id),
            listings::created_at.eq(imported.published_at),
            listings::updated_at.eq(now),
            listings::published_at.eq(imported.published_at),
        )
    });
    let new: Vec<_> = new.collect();
    if !new.is_empty() {
        diesel::insert_into(listings::table).values(new).execute(tx).await?;
    }
    Ok(())
}

impl ListingFacts {
    fn names(&self) -> Names {
        Names {
            title: self.title.clone(),
            property_label: self.property_label.clone(),
            city: self.city.clone(),
            region: self.region.clone(),
            neighborhood: self.neighborhood.clone(),
        }
    }

    /// Whether the place differs.
    pub(super) fn has_other_place(&self, new: &Self) -> bool {
        let place = |facts: &Self| (facts.latitude, facts.longitude);
        place(self) != place(new) || self.time_zone != new.time_zone
    }
}

fn hour(hour: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or(NaiveTime::MIN)
}
