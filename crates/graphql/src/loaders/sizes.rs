//! About how much memory rows take, for the cache. Texts count as long as they are; allocations and hash tables are not counted.

use std::sync::Arc;

use domain::{
    listings::{Amenity, ListingWithCover, Photo},
    reviews::Review,
    users::User,
};
use types::PageOf;

/// A row whose memory is known.
pub(super) trait Size {
    /// About how many bytes it takes.
    fn bytes(&self) -> usize;
}

impl<T: Size> Size for Arc<T> {
    fn bytes(&self) -> usize {
        T::bytes(self)
    }
}

impl<T: Size> Size for Arc<[T]> {
    fn bytes(&self) -> usize {
        self.iter().map(Size::bytes).sum()
    }
}

impl<T: Size> Size for PageOf<T> {
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.items.iter().map(Size::bytes).sum::<usize>()
    }
}

impl Size for ListingWithCover {
    fn bytes(&self) -> usize {
        let (words, home, place) = (&self.words, &self.home, &self.place);
        let optional = [&words.neighborhood_overview, &place.neighborhood, &place.region, &place.address];
        size_of::<Self>()
            + [&words.title, &words.description, &home.property_label, &place.city, &place.time_zone]
                .map(String::len)
                .iter()
                .sum::<usize>()
            + optional.map(length).iter().sum::<usize>()
            + self.cover.as_ref().map_or(0, |cover| cover.bytes() - size_of::<Photo>())
    }
}

impl Size for Photo {
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.url.len() + length(&self.caption)
    }
}

impl Size for Amenity {
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.slug.len() + self.name.len()
    }
}

impl Size for Review {
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.text.len()
    }
}

impl Size for User {
    fn bytes(&self) -> usize {
        let optional = [&self.about, &self.location, &self.avatar_url];
        size_of::<Self>() + self.display_name.len() + optional.map(length).iter().sum::<usize>()
    }
}

fn length(text: &Option<String>) -> usize {
    text.as_ref().map_or(0, String::len)
}
