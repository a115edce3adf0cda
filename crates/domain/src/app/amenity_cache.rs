//! What is remembered of the catalog of amenities.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use store::amenities::Usage;

use super::TtlCell;

/// What is remembered of the catalog of amenities.
#[derive(Debug, Default)]
pub struct AmenityCache {
    /// How many published listings offer which.
    pub usage: TtlCell<Arc<[Usage]>>,
    slugs: Mutex<HashMap<String, (Instant, String)>>,
}

impl AmenityCache {
    /// The most names that are remembered.
    const MOST: usize = 4_096;

    /// The slug of an amenity that was found by this name no longer than `age` ago: then some listing had it.
    pub fn slug(&self, name: &str, age: std::time::Duration) -> Option<String> {
        let slugs = self.slugs.lock().unwrap_or_else(PoisonError::into_inner);
        slugs.get(name).filter(|(at, _)| at.elapsed() <= age).map(|(_, slug)| slug.clone())
    }

    /// Remembers what was found by a search that began at `begun`.
    pub fn remember(&self, begun: Instant, found: HashMap<String, String>) {
        let mut slugs = self.slugs.lock().unwrap_or_else(PoisonError::into_inner);
        if slugs.len() + found.len() > Self::MOST {
            slugs.clear();
        }
        slugs.extend(found.into_iter().map(|(name, slug)| (name, (begun, slug))));
    }
}
