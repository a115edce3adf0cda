//! Listings with their host, cover and amenities.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveTime;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{
    Batch, Outcome, ROWS, SOURCE,
    people::{self, Host},
};
use crate::{
    store::{
        Conn, amenities as catalog,
        listings::keys::{self, Names},
        schema::{listing_amenities, listings, photos, reviews},
    },
    types::{CancellationPolicy, Currency, ListingId, ListingStatus, PropertyType, RoomType, Timestamp, UserId},
};

/// A thing that places offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Amenity {
    /// Name for programs.
    pub slug: String,
    /// Name for people.
    pub name: String,
}

/// What the dataset says about a listing.
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
    pub guests_included: u16,
    pub min_nights: u16,
    pub max_nights: u16,
    pub instant_book: bool,
}

/// Sums of ratings, in hundredths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = listings)]
#[expect(missing_docs, reason = "each is the column of its name")]
pub struct Ratings {
    pub rating_count: u32,
    pub rating_total: u64,
    pub category_count: u32,
    pub cleanliness_total: u64,
    pub accuracy_total: u64,
    pub check_in_total: u64,
    pub communication_total: u64,
    pub location_total: u64,
    pub value_total: u64,
}

/// A listing of the dataset.
#[derive(Debug, Clone)]
pub struct Listing {
    /// The id in the dataset.
    pub source_id: u64,
    /// When it came to be known: it stays what it was at the first import.
    pub published_at: Timestamp,
    /// What the dataset says.
    pub facts: ListingFacts,
    /// The sums of the dataset's ratings. Ratings of guests of Staygate are added to them.
    pub ratings: Ratings,
    /// Address of the main picture.
    pub cover: Option<String>,
    /// In the order of their slugs, each once.
    pub amenities: Vec<Amenity>,
    /// The host, unless an earlier record brought the same one.
    pub host: Option<Host>,
}

/// Listings that are written together; each at most once.
pub struct Listings(pub Vec<Listing>);

type Known = HashMap<ListingId, (ListingFacts, Ratings)>;

impl Batch for Listings {
    async fn write(&self, tx: &mut Conn, now: Timestamp) -> QueryResult<Outcome> {
        let ids: Vec<ListingId> = self.0.iter().map(|listing| listing.facts.id).collect();
        // Locked first: who reveals a review adds its ratings under this lock, so that none is lost between the sums read
        // below and their writing.
        let known: Vec<(ListingFacts, Ratings)> = listings::table
            .filter(listings::id.eq_any(&ids))
            .select((ListingFacts::as_select(), Ratings::as_select()))
            .for_update()
            .load(tx)
            .await?;
        let known: Known = known.into_iter().map(|row| (row.0.id, row)).collect();
        let hosts: Vec<&Host> = self.0.iter().filter_map(|listing| listing.host.as_ref()).collect();
        people::write_hosts(tx, &hosts, now).await?;
        let mut changed = write_facts(tx, &self.0, &known, now).await?;
        let words: Vec<_> = self.0.iter().map(|listing| (listing.facts.id, listing.facts.names().words())).collect();
        keys::write_words(tx, &words).await?;
        changed.extend(write_covers(tx, &self.0).await?);
        changed.extend(write_amenities(tx, &self.0).await?);
        let created = self.0.iter().filter(|listing| !known.contains_key(&listing.facts.id)).count() as u64;
        let updated = changed.iter().filter(|id| known.contains_key(id)).count() as u64;
        Ok(Outcome { created, updated, unchanged: self.0.len() as u64 - created - updated, ..Outcome::default() })
    }
}

/// Inserts the new and updates the changed ones; tells which were changed.
async fn write_facts(
    tx: &mut Conn,
    batch: &[Listing],
    known: &Known,
    now: Timestamp,
) -> QueryResult<BTreeSet<ListingId>> {
    let own = own_ratings(tx, known).await?;
    let mut changed = BTreeSet::new();
    for listing in batch {
        let id = listing.facts.id;
        let ratings = own.get(&id).map_or(listing.ratings, |own| own.plus(listing.ratings));
        if known.get(&id).is_some_and(|known| known.0 != listing.facts || known.1 != ratings) {
            diesel::update(listings::table.find(id))
                .set((
                    (&listing.facts, listing.facts.names().keys()),
                    ratings,
                    listings::shortest_stay.eq(0),
                    listings::updated_at.eq(now),
                ))
                .execute(tx)
                .await?;
            changed.insert(id);
        }
    }
    let new = batch.iter().filter(|listing| !known.contains_key(&listing.facts.id)).map(|listing| {
        (
            (&listing.facts, listing.facts.names().keys(), listing.ratings),
            listings::status.eq(ListingStatus::Published),
            listings::check_in_from.eq(hour(15)),
            listings::check_out_by.eq(hour(11)),
            // The dataset has no policy: a middle one.
            listings::cancellation_policy.eq(CancellationPolicy::Moderate),
            listings::source.eq(SOURCE),
            listings::source_id.eq(listing.source_id),
            listings::created_at.eq(listing.published_at),
            listings::updated_at.eq(now),
            listings::published_at.eq(listing.published_at),
        )
    });
    let new: Vec<_> = new.collect();
    if !new.is_empty() {
        diesel::insert_into(listings::table).values(new).execute(tx).await?;
    }
    Ok(changed)
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
}

fn hour(hour: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(hour, 0, 0).unwrap_or(NaiveTime::MIN)
}

impl Ratings {
    fn plus(self, other: Self) -> Self {
        Self {
            rating_count: self.rating_count + other.rating_count,
            rating_total: self.rating_total + other.rating_total,
            category_count: self.category_count + other.category_count,
            cleanliness_total: self.cleanliness_total + other.cleanliness_total,
            accuracy_total: self.accuracy_total + other.accuracy_total,
            check_in_total: self.check_in_total + other.check_in_total,
            communication_total: self.communication_total + other.communication_total,
            location_total: self.location_total + other.location_total,
            value_total: self.value_total + other.value_total,
        }
    }
}

/// A row of `reviews` with its ratings: overall, cleanliness, accuracy, check-in, communication, location, value.
type Rated = (ListingId, [Option<u8>; 7]);

/// The ratings that guests gave through Staygate, and that are public.
async fn own_ratings(tx: &mut Conn, known: &Known) -> QueryResult<HashMap<ListingId, Ratings>> {
    type Row = (ListingId, Option<u8>, Option<u8>, Option<u8>, Option<u8>, Option<u8>, Option<u8>, Option<u8>);
    let rows: Vec<Row> = reviews::table
        .filter(reviews::listing_id.eq_any(known.keys()))
        .filter(reviews::revealed.eq(true))
        .filter(reviews::booking_id.is_not_null())
        .select((
            reviews::listing_id,
            reviews::rating,
            reviews::cleanliness,
            reviews::accuracy,
            reviews::check_in,
            reviews::communication,
            reviews::location,
            reviews::value,
        ))
        .load(tx)
        .await?;
    let mut sums: HashMap<ListingId, Ratings> = HashMap::new();
    for (id, rating, cleanliness, accuracy, check_in, communication, location, value) in rows {
        let rated: Rated = (id, [rating, cleanliness, accuracy, check_in, communication, location, value]);
        let sum = sums.entry(rated.0).or_default();
        *sum = sum.plus(hundredths(rated.1));
    }
    Ok(sums)
}

fn hundredths(ratings: [Option<u8>; 7]) -> Ratings {
    let [
        rating_total,
        cleanliness_total,
        accuracy_total,
        check_in_total,
        communication_total,
        location_total,
        value_total,
    ] = ratings.map(|rating| u64::from(rating.unwrap_or(0)) * 100);
    Ratings {
        rating_count: u32::from(ratings[0].is_some()),
        rating_total,
        category_count: u32::from(ratings[1..].iter().any(Option::is_some)),
        cleanliness_total,
        accuracy_total,
        check_in_total,
        communication_total,
        location_total,
        value_total,
    }
}

/// Writes the first picture of each listing; tells where it changed.
async fn write_covers(tx: &mut Conn, batch: &[Listing]) -> QueryResult<Vec<ListingId>> {
    let covers = photos::table.filter(photos::position.eq(0));
    let known: Vec<(ListingId, String)> = covers
        .filter(photos::listing_id.eq_any(batch.iter().map(|listing| listing.facts.id)))
        .select((photos::listing_id, photos::url))
        .load(tx)
        .await?;
    let known: HashMap<ListingId, String> = known.into_iter().collect();
    let (mut new, mut changed) = (Vec::new(), Vec::new());
    for listing in batch {
        let id = listing.facts.id;
        match (known.get(&id), &listing.cover) {
            (Some(old), Some(url)) if old != url => {
                diesel::update(photos::table.find((id, 0))).set(photos::url.eq(url)).execute(tx).await?;
                changed.push(id);
            }
            (None, Some(url)) => {
                new.push((photos::listing_id.eq(id), photos::position.eq(0), photos::url.eq(url)));
                changed.push(id);
            }
            (Some(_), None) => {
                diesel::delete(photos::table.find((id, 0))).execute(tx).await?;
                changed.push(id);
            }
            _ => {}
        }
    }
    if !new.is_empty() {
        diesel::insert_into(photos::table).values(new).execute(tx).await?;
    }
    Ok(changed)
}

/// Writes the amenities, and which listing has which; tells where that changed.
async fn write_amenities(tx: &mut Conn, batch: &[Listing]) -> QueryResult<Vec<ListingId>> {
    let offers = batch.iter().flat_map(|listing| &listing.amenities);
    let known = catalog::enter(tx, offers.map(|offer| (offer.slug.as_str(), offer.name.as_str()))).await?;
    let pairs: Vec<(ListingId, String)> = listing_amenities::table
        .filter(listing_amenities::listing_id.eq_any(batch.iter().map(|listing| listing.facts.id)))
        .select((listing_amenities::listing_id, listing_amenities::amenity_slug))
        .load(tx)
        .await?;
    let mut old: HashMap<ListingId, BTreeSet<String>> = HashMap::new();
    for (id, slug) in pairs {
        old.entry(id).or_default().insert(slug);
    }
    link(tx, batch, &known, old).await
}

async fn link(
    tx: &mut Conn,
    batch: &[Listing],
    known: &HashMap<&str, String>,
    mut old: HashMap<ListingId, BTreeSet<String>>,
) -> QueryResult<Vec<ListingId>> {
    let (mut new, mut changed) = (Vec::new(), Vec::new());
    for listing in batch {
        let id = listing.facts.id;
        let mut gone = old.remove(&id).unwrap_or_default();
        let before = new.len();
        let slugs: BTreeSet<&String> =
            listing.amenities.iter().filter_map(|amenity| known.get(amenity.slug.as_str())).collect();
        for slug in slugs.into_iter().filter(|slug| !gone.remove(*slug)) {
            new.push((listing_amenities::listing_id.eq(id), listing_amenities::amenity_slug.eq(slug)));
        }
        if !gone.is_empty() {
            let links = listing_amenities::table.filter(listing_amenities::listing_id.eq(id));
            diesel::delete(links.filter(listing_amenities::amenity_slug.eq_any(&gone))).execute(tx).await?;
        }
        if new.len() > before || !gone.is_empty() {
            changed.push(id);
        }
    }
    for rows in new.chunks(ROWS) {
        diesel::insert_into(listing_amenities::table).values(rows).execute(tx).await?;
    }
    Ok(changed)
}
