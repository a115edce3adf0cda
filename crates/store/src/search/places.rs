//! Search by names of places: `Bedok`, `Bedok, Singapore`, `Giessen, Germany`.

use super::sql_text::SqlText;
use types::{countries, search_key};

/// The most parts of a name between commas.
pub const MAX_PARTS: usize = 5;

/// A meaning of one part of a name between commas.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    /// A name begins with this key …
    key: String,
    /// … or is this key, with an umlaut where `Zuerich` has two letters …
    respelled: Option<String>,
    /// … or this is the country.
    country: Option<&'static str>,
}

/// The keys of a place.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PlaceKeys {
    /// City, region and neighborhood.
    pub names: [Option<String>; 3],
    /// The country of ISO 3166-1.
    pub country: Option<String>,
}

/// A name, ready to be compared with places as the database does.
#[derive(Debug, Clone)]
pub struct PlaceName(Vec<Part>);

/// What the first part of a name can mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FirstPart<'a> {
    /// A name that begins with this key …
    pub key: &'a str,
    /// … or that has this key …
    pub respelled: Option<&'a str>,
    /// … or this country.
    pub country: Option<&'a str>,
}

impl PlaceName {
    /// The name of a filter.
    pub fn new(place: &str) -> Self {
        Self(parts(place))
    }

    /// Its first part, which decides where to look.
    pub fn first(&self) -> Option<FirstPart<'_>> {
        let Part { key, respelled, country } = self.0.first()?;
        Some(FirstPart { key, respelled: respelled.as_deref(), country: *country })
    }

    /// Whether the place has every part of the name.
    pub fn matches(&self, place: &PlaceKeys) -> bool {
        self.0.iter().enumerate().all(|(index, part)| {
            let is_named = place.names.iter().flatten().any(|key| {
                key.starts_with(&part.key) || part.respelled.as_ref().is_some_and(|respelled| key == respelled)
            });
            is_named
                || part
                    .country
                    .is_some_and(|country| place.country.as_deref().map_or(index > 0, |code| code == country))
        })
    }
}

/// How many meaningful parts a name has.
pub fn count_parts(place: &str) -> usize {
    parts(place).len()
}

fn parts(place: &str) -> Vec<Part> {
    let keys = place.split(',').map(search_key).filter(|key| !key.is_empty());
    let part = |(index, key): (usize, String)| {
        let respelled = Some(respelled(&key)).filter(|other| *other != key);
        // A code of two letters is a country only after another part: alone it is the beginning of a name.
        let country = countries::country_named(&key).filter(|_| index > 0 || key.chars().count() > 2);
        Part { key, respelled, country }
    };
    keys.enumerate().map(part).collect()
}

/// The key with two letters replaced by one: `ue` is a common spelling of `ü` on keyboards without it.
fn respelled(key: &str) -> String {
    key.replace("ae", "a").replace("oe", "o").replace("ue", "u").replace("aa", "a")
}

/// Appends that the names of the place of `l` have every part of `place`. A listing without a country matches any country that follows
/// another part.
pub(super) fn named(text: &mut SqlText, place: &str) {
    for (index, part) in parts(place).iter().enumerate() {
        let pattern = prefix(&part.key);
        text.sql(" AND (l.city_key LIKE ").bind(pattern.as_str()).sql(" ESCAPE '|' OR l.region_key LIKE ");
        text.bind(pattern.as_str()).sql(" ESCAPE '|' OR l.neighborhood_key LIKE ").bind(pattern).sql(" ESCAPE '|'");
        if let Some(name) = &part.respelled {
            text.sql(" OR l.city_key = ").bind(name.as_str()).sql(" OR l.region_key = ").bind(name.as_str());
            text.sql(" OR l.neighborhood_key = ").bind(name.as_str());
        }
        if let Some(country) = part.country {
            text.sql(" OR l.country_code = ").bind(country);
            if index > 0 {
                text.sql(" OR l.country_code IS NULL");
            }
        }
        text.sql(")");
    }
}

/// The pattern of keys that begin with `key`, whatever letters it has.
fn prefix(key: &str) -> String {
    let mut pattern = String::with_capacity(key.len() + 1);
    for letter in key.chars() {
        if matches!(letter, '%' | '_' | '|') {
            pattern.push('|');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_a_pattern() {
        assert_eq!(prefix("100%_|a"), "100|%|_||a%");
    }

    #[test]
    fn parts_are_looked_up_separately() {
        let part = |key: &str, respelled: Option<&str>, country| Part {
            key: key.into(),
            respelled: respelled.map(str::to_owned),
            country,
        };
        assert_eq!(parts("Bedok , Singapore"), [part("bedok", None, None), part("singapore", None, Some("SG"))]);
        assert_eq!(parts("Zuerich, CH"), [part("zuerich", Some("zurich"), None), part("ch", None, Some("CH"))]);
        assert_eq!(parts("DE"), [part("de", None, None)], "Denver begins with it");
        assert_eq!(parts(" , ,"), []);
    }
}
