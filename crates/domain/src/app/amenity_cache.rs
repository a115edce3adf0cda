//! A cache of the catalog of amenities.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use store::amenities::Usage;

use super::TtlCell;

/// A cache of the catalog of amenities.
#[derive(Debug, Default)]
pub struct AmenityCache {
    /// Published listings by amenity.
    pub usage: TtlCell<Arc<[Usage]>>,
    slugs: Mutex<HashMap<String, (Instant, String)>>,
}

impl AmenityCache {
    /// The most names in the cache.
    const MOST: usize = 4_096;

    /// The slug of an amenity that was found by this name at most `age` ago: some published listing had it then.
    pub fn slug(&self, name: &str, age: std::time::Duration) -> Option<String> {
        let slugs = self.slugs.lock().unwrap_or_else(PoisonError::into_inner);
        slugs.get(name).filter(|(at, _)| at.elapsed() <= age).map(|(_, slug)| slug.clone())
    }

    /// Stores what a lookup that began at `begun` has found.
    pub fn store(&self, begun: Instant, found: HashMap<String, String>) {
        let mut slugs = self.slugs.lock().unwrap_or_else(PoisonError::into_inner);
        if slugs.len() + found.len() > Self::MOST {
            slugs.clear();
        }
        slugs.extend(found.into_iter().map(|(name, slug)| (name, (begun, slug))));
    }
}
