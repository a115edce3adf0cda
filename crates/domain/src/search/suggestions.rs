//! Places that somebody may mean, from what they have typed.

use search_index::Suggestion;

use super::{ListingSource, MAX_PLACE};
use crate::app::App;
use types::error::{Error, Result};

/// The most suggestions.
pub const MAX_SUGGESTIONS: i32 = 20;

/// Up to `first` places of published listings; `None`: without the search index nobody knows.
///
/// # Errors
/// [`types::error::Refusal::BadUserInput`] with the argument and its limit; those of the database.
pub async fn suggest_places<S: ListingSource>(
    app: &App,
    text: &str,
    first: i32,
    source: &S,
) -> Result<Option<Vec<Suggestion>>, S::Error> {
    let most = checked(text, first)?;
    if !source.catch_up().await? {
        return Ok(None);
    }
    Ok(app.search_index.answer(|index| Some(index.suggest(text, most))))
}

fn checked(text: &str, first: i32) -> Result<usize> {
    if text.trim().is_empty() || text.chars().count() > MAX_PLACE {
        return Err(Error::bad_user_input(format!("`text`: must have 1 to {MAX_PLACE} characters.")));
    }
    let first = usize::try_from(first).ok().filter(|_| (1..=MAX_SUGGESTIONS).contains(&first));
    first.ok_or_else(|| Error::bad_user_input(format!("`first` must be from 1 to {MAX_SUGGESTIONS}.")))
}
