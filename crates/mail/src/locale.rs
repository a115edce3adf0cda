//! The languages of mails.

use serde::{Deserialize, Serialize};

/// A language that every mail has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Locale {
    /// English.
    #[default]
    En,
    /// German.
    De,
}

impl Locale {
    /// Every language.
    pub const ALL: [Self; 2] = [Self::En, Self::De];

    /// The language of a BCP 47 tag such as `de-AT`; English for languages that mails do not have.
    pub fn from_tag(tag: &str) -> Self {
        let language = tag.trim().split(['-', '_']).next().unwrap_or_default();
        let is = |locale: &Self| locale.tag().eq_ignore_ascii_case(language);
        Self::ALL.into_iter().find(is).unwrap_or_default()
    }

    /// The BCP 47 tag.
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_has_the_language_of_its_first_part() {
        for tag in ["de", "DE", "de-AT", "de_CH", "de-Latn-DE-1996", " de "] {
            assert_eq!(Locale::from_tag(tag), Locale::De, "{tag:?}");
        }
        for tag in ["en", "en-GB", "EN-us"] {
            assert_eq!(Locale::from_tag(tag), Locale::En, "{tag:?}");
        }
    }

    #[test]
    fn other_languages_get_english() {
        for tag in ["", "fr", "den", "d", "x-de", "*", "deu", "ä"] {
            assert_eq!(Locale::from_tag(tag), Locale::En, "{tag:?}");
        }
    }

    #[test]
    fn a_language_is_stored_as_its_tag() {
        for locale in Locale::ALL {
            assert_eq!(serde_json::to_string(&locale).unwrap(), format!("\"{}\"", locale.tag()));
            assert_eq!(Locale::from_tag(locale.tag()), locale);
        }
    }
}
