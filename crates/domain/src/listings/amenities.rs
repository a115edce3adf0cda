//! The catalog of amenities: one entry for all spellings, with the number of published listings.

use std::{
    cmp::Reverse,
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::app::App;
pub use store::amenities::Usage;
use types::{
    Page, PageOf, amenity_key,
    error::{Error, Result},
    search_key,
};

/// How old cached counts and names can be.
const AGE: Duration = Duration::from_secs(60);
/// The longest name to look for, in characters.
const MAX_NAME: usize = 200;
/// The least similarity of a suggested name, from 0 to 1.
const MIN_SIMILARITY: f64 = 0.85;
/// The most suggested names.
const MAX_SUGGESTIONS: usize = 3;

/// A position in the catalog, the most common first.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ByUsage {
    /// Published listings.
    pub listings: u32,
    /// Orders amenities with the same number.
    pub slug: String,
}

/// The position of an amenity.
pub fn usage_place(usage: &Usage) -> ByUsage {
    ByUsage { listings: u32::try_from(usage.listings).unwrap_or(u32::MAX), slug: usage.slug.clone() }
}

/// A page of the amenities of published listings, the most common first; only those whose name or slug contains `matching`, in any
/// spelling. The counts can be a minute old.
///
/// # Errors
/// [`types::error::Refusal::BadUserInput`] when `matching` is blank or too long; those of the database.
pub async fn catalog(app: &App, matching: Option<&str>, page: &Page<ByUsage>) -> Result<PageOf<Usage>> {
    let key = matching.map(search_key);
    if key.as_ref().is_some_and(String::is_empty) || matching.is_some_and(|text| text.chars().count() > MAX_NAME) {
        return Err(Error::bad_user_input(format!("`matching`: must have 1 to {MAX_NAME} characters.")));
    }
    let matches = |usage: &&Usage| {
        key.as_ref().is_none_or(|key| {
            search_key(&usage.name).contains(key)
                || search_key(&usage.slug).contains(key)
                || amenity_key(&usage.name) == amenity_key(key)
        })
    };
    let order = |place: &ByUsage| (Reverse(place.listings), place.slug.clone());
    let is_after = |usage: &&Usage| page.after.as_ref().is_none_or(|after| order(&usage_place(usage)) > order(after));
    let usage = usage(app).await?;
    Ok(page.cut(usage.iter().filter(matches).filter(is_after).take(page.first + 1).cloned().collect()))
}

async fn usage(app: &App) -> Result<Arc<[Usage]>> {
    if let Some(usage) = app.amenities.usage.get(AGE) {
        return Ok(usage);
    }
    let begun = Instant::now();
    let usage: Arc<[Usage]> = store::amenities::usage(&mut app.conn().await?).await?.into();
    app.amenities.usage.put(begun, Arc::clone(&usage));
    Ok(usage)
}

/// The slugs of the amenities that a filter names, by slug or in any spelling of the name.
///
/// # Errors
/// [`types::error::Refusal::BadUserInput`] with similar names, for one that no published listing has; those of the database.
pub async fn slugs(app: &App, names: Vec<String>) -> Result<Vec<String>> {
    let cache = &app.amenities;
    let begun = Instant::now();
    let mut found: HashMap<String, String> =
        names.iter().filter_map(|name| Some((name.clone(), cache.slug(name, AGE)?))).collect();
    let new: Vec<String> = names.iter().filter(|name| !found.contains_key(*name)).cloned().collect();
    if new.iter().any(|name| !(1..=MAX_NAME).contains(&name.chars().count())) {
        return Err(Error::bad_user_input(format!("`where.amenities`: a name must have 1 to {MAX_NAME} characters.")));
    }
    if !new.is_empty() {
        let offered = store::amenities::slugs_of(&mut app.conn().await?, &new).await?;
        if let Some(unknown) = new.iter().find(|name| !offered.contains_key(*name)) {
            return Err(unknown_name(unknown, &usage(app).await?));
        }
        cache.store(begun, offered.clone());
        found.extend(offered);
    }
    Ok(names.iter().filter_map(|name| found.get(name).cloned()).collect())
}

fn unknown_name(name: &str, known: &[Usage]) -> Error {
    let key = search_key(name);
    let alike = |usage: &Usage| {
        let other = search_key(&usage.name);
        let contains = key.len() > 2 && (other.contains(&key) || key.contains(&other));
        if contains { 1.0 } else { strsim::jaro_winkler(&key, &other) }
    };
    let mut near: Vec<(f64, &str)> = known.iter().map(|usage| (alike(usage), usage.slug.as_str())).collect();
    near.retain(|(alike, _)| *alike >= MIN_SIMILARITY);
    // The sort is stable: of equally similar names the more common comes first.
    near.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    let near: Vec<String> = near.iter().take(MAX_SUGGESTIONS).map(|(_, slug)| format!("`{slug}`")).collect();
    let advice = if near.is_empty() {
        "The query `amenities` lists them.".to_owned()
    } else {
        format!("Did you mean {}?", near.join(" or "))
    };
    Error::bad_user_input(format!("`where.amenities`: no listing has an amenity `{name}`. {advice}"))
}
