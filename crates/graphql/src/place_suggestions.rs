//! Suggestions of places.

use async_graphql::{Context, Object, SimpleObject};

use super::{context::ContextExt, error::Result};
use domain::search;
use types::PlaceKind;

/// A place that has published listings.
#[derive(SimpleObject)]
pub struct PlaceSuggestion {
    /// What it is; the largest, if several have the name.
    kind: PlaceKind,
    /// Its name alone: `Bedok`.
    name: String,
    /// The text for `ListingFilter.place`, which finds the listings there: `Bedok, Singapore`.
    place: String,
    /// How many published listings a search for `place` finds.
    listings: i32,
}

impl From<search::Suggestion> for PlaceSuggestion {
    fn from(found: search::Suggestion) -> Self {
        let listings = types::int(found.listings);
        Self { kind: found.kind, name: found.name, place: found.text, listings }
    }
}

/// Queries of places.
#[derive(Debug, Default)]
pub struct PlaceSuggestionQuery;

#[Object]
impl PlaceSuggestionQuery {
    /// The cities, regions, neighborhoods and countries of published listings that somebody may mean who has typed `text` so far. A word of the name begins with it, in any spelling, with one typo from four letters on and two from eight on. Fewest typos first, then those whose first word matches, then those with most listings. Null while the server has no search index in memory.
    async fn suggest_places(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What was typed, 1 to 100 characters: `sing`, `bedok, sin`.")] text: String,
        #[graphql(desc = "Maximum number of items, 1 to 20.", default_with = "Some(10)")] first: Option<i32>,
    ) -> Option<Result<Vec<PlaceSuggestion>>> {
        let found = search::suggest_places(ctx.app(), &text, first.unwrap_or(10), &ctx.public_rows()).await;
        found.map(|found| found.map(|found| found.into_iter().map(Into::into).collect())).transpose()
    }
}
