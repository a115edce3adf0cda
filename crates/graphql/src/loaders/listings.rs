//! Keys of listings, and of what belongs to them.

use std::sync::Arc;

use super::{Batch, Private, Public};
use auth::Member;
use domain::{
    app::App,
    calendars::{self, HostNight, Particulars},
    listings::{self, Amenity, OfHost, OwnPart, Photo, Shown},
};
use types::{ListingId, ListingStatus, Newest, Page, PageOf, Stay, UserId};

/// The listing with this id, if it is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublishedListing(pub ListingId);

impl Public for PublishedListing {
    type Row = Arc<Shown>;

    async fn load(app: &App, keys: Vec<Self>) -> Batch<Self, Self::Row> {
        let ids: Vec<_> = keys.into_iter().map(|Self(id)| id).collect();
        Ok(listings::by_ids(app, &ids).await?.into_iter().map(|row| (Self(row.id), row)).collect())
    }
}

/// The listing with this id, if it is published or the viewer's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VisibleListing(pub ListingId);

impl Private for VisibleListing {
    type Row = Arc<Shown>;

    async fn load(app: &App, viewer: &Member, keys: Vec<Self>) -> Batch<Self, Self::Row> {
        let ids: Vec<_> = keys.into_iter().map(|Self(id)| id).collect();
        Ok(listings::visible_to(app, viewer, &ids).await?.into_iter().map(|row| (Self(row.id), row)).collect())
    }
}

/// The listing with this id, if it is published, the viewer's own, or was once quoted to the viewer: for quotes and bookings, which
/// outlive its publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KnownListing(pub ListingId);

impl Private for KnownListing {
    type Row = Arc<Shown>;

    async fn load(app: &App, viewer: &Member, keys: Vec<Self>) -> Batch<Self, Self::Row> {
        let ids: Vec<_> = keys.into_iter().map(|Self(id)| id).collect();
        Ok(listings::known_to(app, viewer, &ids).await?.into_iter().map(|row| (Self(row.id), row)).collect())
    }
}

/// A page of a host's published listings, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PublishedListingsOf {
    /// The host.
    pub host: UserId,
    /// Which page.
    pub page: Page<Newest<ListingId>>,
}

impl Public for PublishedListingsOf {
    type Row = Arc<PageOf<Arc<Shown>>>;

    async fn load(app: &App, keys: Vec<Self>) -> Batch<Self, Self::Row> {
        let status = ListingStatus::Published;
        let parts = keys.into_iter().map(|Self { host, page }| OfHost { host, status, page }).collect();
        let pages = listings::of_hosts(app, parts).await?;
        Ok(pages.into_iter().map(|(OfHost { host, page, .. }, rows)| (Self { host, page }, Arc::new(rows))).collect())
    }
}

/// The first pictures of a listing; nothing when it has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PhotosOf {
    /// The listing.
    pub listing: ListingId,
    /// How many at the most.
    pub first: u16,
}

impl Public for PhotosOf {
    type Row = Arc<[Photo]>;

    async fn load(app: &App, keys: Vec<Self>) -> Batch<Self, Self::Row> {
        let ids: Vec<_> = keys.iter().map(|key| key.listing).collect();
        // One statement for the longest; the others are cut.
        let most = keys.iter().map(|key| key.first).max().unwrap_or(0);
        let photos = listings::photos(app, &ids, most).await?;
        let row = |key: Self| {
            let photos = photos.get(&key.listing)?;
            Some((key, photos[..photos.len().min(key.first.into())].into()))
        };
        Ok(keys.into_iter().filter_map(row).collect())
    }
}

/// What a listing offers; nothing when it offers nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AmenitiesOf(pub ListingId);

impl Public for AmenitiesOf {
    type Row = Arc<[Amenity]>;

    async fn load(app: &App, keys: Vec<Self>) -> Batch<Self, Self::Row> {
        let ids: Vec<_> = keys.into_iter().map(|Self(id)| id).collect();
        Ok(listings::amenities(app, &ids).await?.into_iter().map(|(id, offers)| (Self(id), offers.into())).collect())
    }
}

/// What is particular about some nights of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NightsOf {
    /// The listing.
    pub listing: ListingId,
    /// The nights.
    pub range: Stay,
}

impl Public for NightsOf {
    type Row = Arc<Particulars>;

    async fn load(app: &App, keys: Vec<Self>) -> Batch<Self, Self::Row> {
        let wanted: Vec<_> = keys.into_iter().map(|Self { listing, range }| (listing, range)).collect();
        let rows = calendars::of_listings(app, &wanted).await?;
        Ok(rows.into_iter().map(|((listing, range), rows)| (Self { listing, range }, Arc::new(rows))).collect())
    }
}

/// Each night of a range of one of the viewer's listings, as its host sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct HostNightsOf {
    /// The listing.
    pub listing: ListingId,
    /// The nights.
    pub range: Stay,
}

impl Private for HostNightsOf {
    type Row = Arc<[HostNight]>;

    async fn load(app: &App, viewer: &Member, keys: Vec<Self>) -> Batch<Self, Self::Row> {
        let wanted: Vec<_> = keys.into_iter().map(|Self { listing, range }| (listing, range)).collect();
        let nights = calendars::host_calendars(app, viewer, &wanted).await?;
        Ok(nights.into_iter().map(|((listing, range), nights)| (Self { listing, range }, nights.into())).collect())
    }
}

/// A page of the viewer's own listings, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OwnListings(pub OwnPart);

impl Private for OwnListings {
    type Row = Arc<PageOf<Arc<Shown>>>;

    async fn load(app: &App, viewer: &Member, keys: Vec<Self>) -> Batch<Self, Self::Row> {
        let pages = listings::of_host(app, viewer, keys.into_iter().map(|Self(part)| part).collect()).await?;
        Ok(pages.into_iter().map(|(part, page)| (Self(part), Arc::new(page))).collect())
    }
}
