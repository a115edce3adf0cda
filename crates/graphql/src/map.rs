//! What a map shows of a search.

use async_graphql::{Context, Object, SimpleObject};

use super::{
    error::Result,
    listings::{GeoPoint, Listing, find_listing},
    money::Money,
};
use domain::search;

/// What a map shows of a search: the matching listings by the cells of a grid. The grid is the same for all searches: at zoom z a cell has 90/2^z degrees of latitude and of longitude, counted from the South Pole and from 180° west.
#[derive(SimpleObject)]
pub struct ListingClusters {
    /// The zoom of the grid: the greatest one, up to that of the argument, at which there are at most 200 clusters.
    zoom: i32,
    /// The cells that have listings, from south to north, then from west to east.
    cells: Vec<ListingCluster>,
}

/// The matching listings of a cell.
pub struct ListingCluster(search::Cluster);

/// The matching listings of a cell. All of its points are the approximate ones of the listings.
#[Object]
impl ListingCluster {
    /// Number of listings. A search with `box` as its box and the same other conditions finds the same ones.
    async fn listings(&self) -> i32 {
        types::int(self.0.listings)
    }

    /// The mean of the approximate locations, to 0.0001°.
    async fn center(&self) -> GeoPoint {
        self.0.center.into()
    }

    /// The smallest box with all of the approximate locations.
    #[graphql(name = "box")]
    async fn area(&self) -> GeoBox {
        self.0.area.into()
    }

    /// The lowest price: of the whole stay when `stay` or `flexible` is given, else of a night. Null when the listings have several currencies.
    async fn lowest_price(&self) -> Option<Money> {
        self.0.lowest_price.map(Money)
    }

    /// The listing, if there is only one; else null.
    async fn listing(&self, ctx: &Context<'_>) -> Option<Result<Listing>> {
        find_listing(ctx, self.0.only?).await.transpose()
    }
}

/// A box on the map.
#[derive(Debug, Clone, Copy, SimpleObject)]
pub struct GeoBox {
    /// Southern edge, degrees north.
    south: f64,
    /// Western edge, degrees east.
    west: f64,
    /// Northern edge, degrees north.
    north: f64,
    /// Eastern edge, degrees east.
    east: f64,
}

impl From<types::GeoBox> for GeoBox {
    fn from(types::GeoBox { south, west, north, east }: types::GeoBox) -> Self {
        Self { south, west, north, east }
    }
}

impl From<search::Clusters> for ListingClusters {
    fn from(search::Clusters { zoom, clusters }: search::Clusters) -> Self {
        Self { zoom: zoom.into(), cells: clusters.into_iter().map(ListingCluster).collect() }
    }
}
