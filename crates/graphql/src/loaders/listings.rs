//! Keys of listings, and of rows that belong to them.

use std::sync::Arc;

use super::{Batch, Public, keys::keys, sizes::Size};
use domain::{
    app::App,
    calendar::{self, HostNight, ListingNights, NightExceptions},
    listings::{self, Amenity, ListingWithCover, OfHost, OwnPart, Photo},
};
use types::{ListingId, ListingStatus, Newest, ObjectId, Page, PageOf, UserId};

keys! {
    /// The listing with this id, if it is published.
    cached PublishedListing(ListingId) => Arc<ListingWithCover>, by_id listings::by_ids;
    /// The listing with this id, if it is published, the viewer's own, or one that the viewer helps with.
    private VisibleListing(ListingId) => Arc<ListingWithCover>, by_id listings::visible;
    /// The listing with this id, if it is published, the viewer's own, one that the viewer helps with, or was once quoted to the viewer: for quotes and bookings, which
    /// outlive its publication.
    private KnownListing(ListingId) => Arc<ListingWithCover>, by_id listings::known;
    /// A page of the viewer's own listings, newest first.
    private OwnListings(OwnPart) => Arc<PageOf<Arc<ListingWithCover>>>, of_parent listings::of_host;
    /// The amenities of a listing; None when it has none.
    cached AmenitiesOf(ListingId) => Arc<[Amenity]>, of_parent listings::amenities;
    /// The exceptions of a range of nights of a listing.
    public NightsOf(ListingNights) => Arc<NightExceptions>, of_parent calendar::exceptions_of_listings;
    /// The host's view of each night of a range of a listing that the viewer hosts or helps with.
    private HostNightsOf(ListingNights) => Arc<[HostNight]>, of_parent calendar::host_calendars;
}

/// A page of a host's published listings, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PublishedListingsOf {
    /// The host.
    pub host: UserId,
    /// The page.
    pub page: Page<Newest<ListingId>>,
}

impl Public for PublishedListingsOf {
    type Row = Arc<PageOf<Arc<ListingWithCover>>>;

    async fn load(app: &App, keys: Vec<Self>) -> Batch<Self, Self::Row> {
        let status = ListingStatus::Published;
        let parts = keys.into_iter().map(|Self { host, page }| OfHost { host, status, page }).collect();
        let pages = listings::of_hosts(app, parts).await?;
        Ok(pages.into_iter().map(|(OfHost { host, page, .. }, rows)| (Self { host, page }, Arc::new(rows))).collect())
    }
}

/// The first pictures of a listing; None when it has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PhotosOf {
    /// The listing.
    pub listing: ListingId,
    /// The maximum number.
    pub first: u16,
}

impl Public for PhotosOf {
    type Row = Arc<[Photo]>;

    async fn load(app: &App, keys: Vec<Self>) -> Batch<Self, Self::Row> {
        let ids: Vec<_> = keys.iter().map(|key| key.listing).collect();
        // One statement reads the largest number for all; the others are cut.
        let most = keys.iter().map(|key| key.first).max().unwrap_or(0);
        let photos = listings::photos(app, &ids, most).await?;
        let row = |key: Self| {
            let photos = photos.get(&key.listing)?;
            Some((key, photos[..photos.len().min(key.first.into())].into()))
        };
        Ok(keys.into_iter().filter_map(row).collect())
    }

    fn object(&self) -> Option<ObjectId> {
        Some(self.listing.into())
    }

    fn bytes(row: &Self::Row) -> usize {
        row.bytes()
    }
}
