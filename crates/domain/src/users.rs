//! Public profiles of users.

use std::sync::Arc;

use crate::{
    app::App,
    events::{self, NewChange},
    listings::checks,
};
use auth::AccountOwner;
use store::users::Profile;
pub use store::users::User;
use types::{
    ChangeKind, Json, UserId,
    error::{Error, InvalidField, Result, Validation},
    text, web_address,
};

/// Most characters of a name.
const MAX_NAME: usize = 50;
/// Most characters of a self-description.
const MAX_ABOUT: usize = 2_000;
/// Most characters of the place where somebody lives.
const MAX_LOCATION: usize = 100;
/// Most languages of a person.
pub const MAX_LANGUAGES: usize = 10;
/// Most characters of a language tag.
const MAX_TAG: usize = 35;

/// The users with these ids, in no order.
///
/// # Errors
/// When the database fails.
pub async fn by_ids(app: &App, ids: &[UserId]) -> Result<Vec<Arc<User>>> {
    let people = store::users::by_ids(&mut app.conn().await?, ids).await?;
    Ok(people.into_iter().map(Arc::new).collect())
}

/// A public name.
///
/// # Errors
/// [`types::error::Refusal::InvalidInput`] when it is empty, too long, or has unfit characters.
pub(crate) fn checked_name(name: &str) -> Result<String> {
    text::line(name, 1..=MAX_NAME).map_err(|unfit| Error::invalid(&["displayName"], format!("A name {unfit}.")))
}

/// A BCP 47 tag such as `de-AT`, at `path` below `input`. Its language need not be known.
///
/// # Errors
/// [`types::error::Refusal::InvalidInput`] when it is no tag.
pub fn checked_tag(path: &[&str], tag: String) -> Result<String> {
    let is_subtag = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if tag.len() <= MAX_TAG && tag.split('-').all(is_subtag) {
        return Ok(tag);
    }
    Err(Error::invalid(path, "A language is a tag such as `en` or `de-AT`."))
}

/// Changes of a profile. `None` leaves a field as it is.
#[derive(Debug, Clone, Default)]
pub struct ProfileChanges {
    /// The name that others see.
    pub display_name: Option<String>,
    /// Self-description.
    pub about: Option<Option<String>>,
    /// Where the person lives.
    pub location: Option<Option<String>>,
    /// Web address of a portrait, in the standard's normal form.
    pub avatar_url: Option<Option<String>>,
    /// The languages that the person speaks, as BCP 47 tags.
    pub languages: Option<Vec<String>>,
    /// Fields that were malformed.
    pub malformed: Vec<InvalidField>,
}

impl ProfileChanges {
    /// The profile after the changes.
    fn apply(&self, profile: &Profile) -> Result<Profile> {
        let mut validation = Validation::of(&self.malformed);
        let mut changed = profile.clone();
        if let Some(name) = self.display_name.as_deref().and_then(|name| validation.check(checked_name(name))) {
            changed.display_name = name;
        }
        if let Some(about) = &self.about {
            let about = about.as_deref().map(|about| checks::paragraphs(&["about"], about, MAX_ABOUT)).transpose();
            changed.about = validation.check(about).flatten().filter(|about| !about.is_empty());
        }
        if let Some(location) = &self.location {
            let location = checks::optional(&["location"], location.as_deref(), MAX_LOCATION);
            changed.location = validation.check(location).flatten();
        }
        if let Some(avatar) = &self.avatar_url {
            if avatar.as_deref().is_some_and(|url| !web_address::is_public(url)) {
                let message = "The URL of a portrait must be on the public web, without a user name or password.";
                validation.refuse(&["avatarUrl"], message);
            }
            changed.avatar_url.clone_from(avatar);
        }
        if let Some(languages) = &self.languages
            && let Some(languages) = checked_languages(languages, &mut validation)
        {
            changed.languages = Json::of(&languages)?;
        }
        validation.finish_with(Some(changed))
    }
}

/// The languages, each once.
fn checked_languages(tags: &[String], validation: &mut Validation) -> Option<Vec<String>> {
    if tags.len() > MAX_LANGUAGES {
        validation.refuse(&["languages"], format!("`languages` must have at most {MAX_LANGUAGES} items."));
        return None;
    }
    let mut languages: Vec<String> = Vec::with_capacity(tags.len());
    for (index, tag) in tags.iter().enumerate() {
        let tag = validation.check(checked_tag(&["languages", &index.to_string()], tag.clone()))?;
        if !languages.iter().any(|known| known.eq_ignore_ascii_case(&tag)) {
            languages.push(tag);
        }
    }
    Some(languages)
}

/// Changes the member's public profile.
///
/// # Errors
/// [`types::error::Refusal::InvalidInput`] with every invalid field.
pub async fn update_profile(app: &App, member: &AccountOwner, changes: &ProfileChanges) -> Result<()> {
    let (user, now) = (member.id(), app.now());
    app.database
        .transaction(async |tx| {
            let profile = store::users::lock_profile(tx, user).await?.ok_or(Error::Unauthenticated)?;
            let changed = changes.apply(&profile)?;
            if changed == profile {
                return Ok(());
            }
            store::users::set_profile(tx, user, &changed, now).await?;
            events::append_changes(app, tx, &[NewChange::person(ChangeKind::ProfileChanged, user)], now).await
        })
        .await
}
