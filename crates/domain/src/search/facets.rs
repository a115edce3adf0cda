//! Facets of a search: how many listings each choice of a filter would find. Only the index computes them.

use std::collections::HashMap;

use super::Prepared;
use crate::app::App;
use search_index::Index;
pub use search_index::{Bucket, Histogram, WantedFacets};
use types::{PropertyType, RoomType, error::Result};

/// How many listings there are of each kind, the most common first; kinds without listings are missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facets {
    /// By type of room.
    pub room_types: Vec<(RoomType, usize)>,
    /// By type of building.
    pub property_types: Vec<(PropertyType, usize)>,
    /// By amenity.
    pub amenities: Vec<AmenityFacet>,
    /// By price, of the stay or of a night: one for each currency.
    pub prices: Vec<Histogram>,
}

/// An amenity, and how many listings have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AmenityFacet {
    /// Stable name for programs.
    pub slug: String,
    /// Name for people.
    pub name: String,
    /// Listings.
    pub listings: usize,
}

impl Prepared {
    /// The facets of the search; `None`: the index cannot answer. With amenities, one statement reads their names.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn facets(&self, app: &App, wanted: WantedFacets) -> Result<Option<Facets>> {
        let ask = |index: &Index| {
            if self.is_impossible() { Some(Default::default()) } else { index.facets(&self.criteria(), wanted) }
        };
        let Some(found) = self.ask_index(app, ask) else { return Ok(None) };
        let slugs: Vec<_> = found.amenities.iter().map(|(slug, _)| slug.as_str()).collect();
        let mut names: HashMap<String, String> = HashMap::new();
        if !slugs.is_empty() {
            let rows = store::amenities::by_slugs(&mut app.conn().await?, &slugs).await?;
            names.extend(rows.into_iter().map(|row| (row.slug, row.name)));
        }
        // An amenity that no listing has any more can have been deleted.
        let named =
            |(slug, listings): (String, usize)| names.remove(&slug).map(|name| AmenityFacet { slug, name, listings });
        Ok(Some(Facets {
            room_types: found.room_types,
            property_types: found.property_types,
            amenities: found.amenities.into_iter().filter_map(named).collect(),
            prices: found.prices,
        }))
    }
}
