//! Covers and amenities of listings.

use std::collections::{BTreeSet, HashMap};

use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use super::{ROWS, listings::Listing, provenance::Provenance};
use crate::{
    amenities as catalog,
    photos::COVER,
    schema::{amenities, listing_amenities, photos},
};
use mysql_engine::Conn;
use types::{ListingId, amenity_key};

/// Which listings were changed, and which keep changes of their hosts.
#[derive(Debug, Default)]
pub(super) struct Written {
    pub(super) changed: Vec<ListingId>,
    pub(super) kept: Vec<ListingId>,
}

/// Writes the first picture of each listing.
pub(super) async fn write_covers(
    tx: &mut Conn,
    batch: &[Listing],
    known: &HashMap<ListingId, Provenance>,
) -> QueryResult<Written> {
    let rows: Vec<(ListingId, String)> = photos::table
        .filter(photos::position.eq(COVER))
        .filter(photos::listing_id.eq_any(batch.iter().map(|listing| listing.facts.id)))
        .select((photos::listing_id, photos::url))
        .load(tx)
        .await?;
    let stored: HashMap<ListingId, String> = rows.into_iter().collect();
    let (mut new, mut written) = (Vec::new(), Written::default());
    for listing in batch {
        let (id, old) = (listing.facts.id, stored.get(&listing.facts.id));
        if known.get(&id).is_some_and(|known| known.fingerprints.differ("cover", &old)) {
            written.kept.push(id);
            continue;
        }
        match (old, &listing.cover) {
            (Some(old), Some(url)) if old != url => {
                diesel::update(photos::table.find((id, COVER))).set(photos::url.eq(url)).execute(tx).await?;
            }
            (None, Some(url)) => {
                new.push((photos::listing_id.eq(id), photos::position.eq(COVER), photos::url.eq(url)));
            }
            (Some(_), None) => {
                diesel::delete(photos::table.find((id, COVER))).execute(tx).await?;
            }
            _ => continue,
        }
        written.changed.push(id);
    }
    if !new.is_empty() {
        diesel::insert_into(photos::table).values(new).execute(tx).await?;
    }
    Ok(written)
}

impl Listing {
    /// The names of its amenities, from which a later import detects changes of the host. Not their slugs: the catalog can merge two
    /// amenities.
    pub(super) fn amenity_names(&self) -> String {
        self.amenities.iter().map(|amenity| amenity.name.as_str()).collect::<Vec<_>>().join("\n")
    }
}

/// The amenities of a listing: slugs, and the keys of their names.
#[derive(Debug, Default)]
struct Offered {
    slugs: BTreeSet<String>,
    keys: BTreeSet<String>,
}

impl Offered {
    /// Whether they differ from those of the dataset.
    fn differs(&self, known: &Provenance) -> bool {
        let keys = |names: &str| names.split('\n').filter(|name| !name.is_empty()).map(amenity_key).collect();
        known.fingerprints.text("amenities").is_some_and(|names| self.keys != keys(names))
    }
}

/// Links listings to amenities.
async fn link(tx: &mut Conn, new: &[(ListingId, &String)]) -> QueryResult<()> {
    for rows in new.chunks(ROWS) {
        let link = |(id, slug): &(ListingId, &String)| {
            (listing_amenities::listing_id.eq(*id), listing_amenities::amenity_slug.eq((*slug).clone()))
        };
        let links: Vec<_> = rows.iter().map(link).collect();
        diesel::insert_into(listing_amenities::table).values(links).execute(tx).await?;
    }
    Ok(())
}

/// Writes amenities and links listings to them.
pub(super) async fn write_amenities(
    tx: &mut Conn,
    batch: &[Listing],
    known: &HashMap<ListingId, Provenance>,
) -> QueryResult<Written> {
    let offers = batch.iter().flat_map(|listing| &listing.amenities);
    let entered = catalog::enter(tx, offers.map(|offer| (offer.slug.as_str(), offer.name.as_str()))).await?;
    let rows: Vec<(ListingId, String, String)> = listing_amenities::table
        .inner_join(amenities::table)
        .filter(listing_amenities::listing_id.eq_any(batch.iter().map(|listing| listing.facts.id)))
        .select((listing_amenities::listing_id, amenities::slug, amenities::name))
        .load(tx)
        .await?;
    let mut stored: HashMap<ListingId, Offered> = HashMap::new();
    for (id, slug, name) in rows {
        let offered = stored.entry(id).or_default();
        offered.slugs.insert(slug);
        offered.keys.insert(amenity_key(&name));
    }
    let (mut new, mut written) = (Vec::new(), Written::default());
    for listing in batch {
        let id = listing.facts.id;
        let offered = stored.remove(&id).unwrap_or_default();
        if known.get(&id).is_some_and(|known| offered.differs(known)) {
            written.kept.push(id);
            continue;
        }
        let wanted: BTreeSet<&String> =
            listing.amenities.iter().filter_map(|amenity| entered.get(amenity.slug.as_str())).collect();
        let gone: Vec<&String> = offered.slugs.iter().filter(|slug| !wanted.contains(slug)).collect();
        let before = new.len();
        new.extend(wanted.into_iter().filter(|slug| !offered.slugs.contains(*slug)).map(|slug| (id, slug)));
        if !gone.is_empty() {
            let links = listing_amenities::table.filter(listing_amenities::listing_id.eq(id));
            diesel::delete(links.filter(listing_amenities::amenity_slug.eq_any(&gone))).execute(tx).await?;
        }
        if new.len() > before || !gone.is_empty() {
            written.changed.push(id);
        }
    }
    link(tx, &new).await?;
    Ok(written)
}
