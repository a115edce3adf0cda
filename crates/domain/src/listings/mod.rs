//! Listings: who can see them, and how hosts change them.

pub mod access;
pub mod amenities;
mod apply;
mod booked;
mod changes;
pub(super) mod checks;
mod labels;
mod places;
mod write;

use std::{
    collections::{BTreeSet, HashMap},
    hash::Hash,
    sync::Arc,
};

pub use changes::{Changes, NewPhoto, PlaceChanges, PricingChanges, RulesChanges};
pub use places::zone_at;
pub use write::{Updated, create, delete, publish, unlist, update};

use super::pricing::Rates;
use crate::app::App;
use auth::Member;
pub use store::{
    amenities::Amenity,
    listings::{Home, Listing, ListingWithCover, OfHost, Origin, OwnPart, Place, Pricing, Ratings, Rules, Words},
    photos::Photo,
};
use types::{
    ListingId, ListingStatus, Newest, Page, PageOf, TimeZones, Zone,
    error::{Error, Result},
};

fn shared(listings: Vec<ListingWithCover>) -> Vec<Arc<ListingWithCover>> {
    listings.into_iter().map(Arc::new).collect()
}

/// The rows of each owner, in their order.
pub(super) fn by_owner<K: Eq + Hash, T>(rows: impl IntoIterator<Item = (K, T)>) -> HashMap<K, Vec<T>> {
    let mut groups: HashMap<K, Vec<T>> = HashMap::new();
    for (owner, row) in rows {
        groups.entry(owner).or_default().push(row);
    }
    groups
}

/// Those of `ids` that are published and thus public, in no order.
///
/// # Errors
/// When the database fails.
pub async fn by_ids(app: &App, ids: &[ListingId]) -> Result<Vec<Arc<ListingWithCover>>> {
    Ok(shared(store::listings::published(&mut app.conn().await?, ids).await?))
}

/// Those of `ids` that are published, `viewer`'s own, or that `viewer` helps with, in no order.
///
/// # Errors
/// When the database fails.
pub async fn visible(app: &App, viewer: &Member, ids: &[ListingId]) -> Result<Vec<Arc<ListingWithCover>>> {
    Ok(shared(store::listings::visible(&mut app.conn().await?, viewer.id(), ids).await?))
}

/// Those of `ids` that are published, `viewer`'s own, that `viewer` helps with, or that were once quoted to `viewer`, in no order: booked
/// listings stay visible to their guests.
///
/// # Errors
/// When the database fails.
pub async fn known(app: &App, viewer: &Member, ids: &[ListingId]) -> Result<Vec<Arc<ListingWithCover>>> {
    Ok(shared(store::listings::known(&mut app.conn().await?, viewer.id(), ids).await?))
}

/// A page of each part's listings, newest first.
///
/// # Errors
/// When the database fails.
pub async fn of_hosts(app: &App, parts: Vec<OfHost>) -> Result<HashMap<OfHost, PageOf<Arc<ListingWithCover>>>> {
    let rows = shared(store::listings::of_hosts(&mut app.conn().await?, &parts).await?);
    let rows = by_owner(rows.into_iter().map(|row| ((row.host_id, row.status), row)));
    let cut = |part: OfHost| {
        let rows = rows.get(&(part.host, part.status)).map_or(&[][..], Vec::as_slice);
        let page = part.page.cut_out(rows, |row| place(row));
        (part, page)
    };
    Ok(parts.into_iter().map(cut).collect())
}

/// The position of `listing` in a list, newest first.
pub fn place(listing: &Listing) -> Newest<ListingId> {
    Newest { at: listing.created_at, id: listing.id }
}

/// The part for `page` of a host's own listings in any of `statuses` (None: all).
pub fn own_part(statuses: Option<Vec<ListingStatus>>, page: Page<Newest<ListingId>>) -> OwnPart {
    let once = |statuses: Vec<ListingStatus>| statuses.into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    OwnPart { statuses: statuses.map(once), page }
}

/// A page of `host`'s own listings for each part, newest first.
///
/// # Errors
/// When the database fails.
pub async fn of_host(
    app: &App,
    host: &Member,
    parts: &[OwnPart],
) -> Result<HashMap<OwnPart, PageOf<Arc<ListingWithCover>>>> {
    let rows = store::listings::of_host(&mut app.conn().await?, host.id(), parts).await?;
    let cut = |(part, rows): (&OwnPart, Vec<ListingWithCover>)| {
        let page = part.page.cut(shared(rows));
        (part.clone(), page)
    };
    Ok(parts.iter().zip(rows).map(cut).collect())
}

/// The first `limit` pictures of each listing, in the host's order.
///
/// # Errors
/// When the database fails.
pub async fn photos(app: &App, ids: &[ListingId], limit: u16) -> Result<HashMap<ListingId, Vec<Photo>>> {
    let photos = store::photos::of_listings(&mut app.conn().await?, ids, limit).await?;
    Ok(by_owner(photos.into_iter().map(|photo| (photo.listing_id, photo))))
}

/// The amenities of each listing, by name.
///
/// # Errors
/// When the database fails.
pub async fn amenities(app: &App, ids: &[ListingId]) -> Result<HashMap<ListingId, Vec<Amenity>>> {
    Ok(by_owner(store::amenities::of_listings(&mut app.conn().await?, ids).await?))
}

/// The rates of `listing`, for the computation of prices.
pub fn rates(listing: &Listing) -> Rates {
    let pricing = &listing.pricing;
    Rates {
        currency: pricing.currency,
        base: pricing.base_price,
        weekend: pricing.weekend_price,
        cleaning_fee: pricing.cleaning_fee,
        extra_guest_fee: pricing.extra_guest_fee,
        guests_included: pricing.guests_included,
        pet_fee: pricing.pet_fee,
        weekly_discount: pricing.weekly_discount,
        monthly_discount: pricing.monthly_discount,
    }
}

/// The time zone of `listing`.
///
/// # Errors
/// [`Error::Internal`] when the row has no valid time zone.
pub fn zone(zones: &TimeZones, listing: &Listing) -> Result<Zone> {
    zones.zone(&listing.place.time_zone).map_err(|error| Error::Internal(error.into()))
}
