//! Where listings are, by name: `Bedok`, `Bedok, Singapore`, `Giessen, Germany`.

use super::text::Text;
use types::{countries, search_key};

/// The most parts of a name between commas.
pub const MAX_PARTS: usize = 5;

/// What one part of a name between commas can mean.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    /// A name begins with this key …
    key: String,
    /// … or is this one, with an umlaut where `Zuerich` has two letters …
    respelled: Option<String>,
    /// … or this is the country.
    country: Option<&'static str>,
}

/// How many parts a name has that mean something.
pub fn count_parts(place: &str) -> usize {
    parts(place).len()
}

fn parts(place: &str) -> Vec<Part> {
    let keys = place.split(',').map(search_key).filter(|key| !key.is_empty());
    let part = |(index, key): (usize, String)| {
        let respelled = Some(respelled(&key)).filter(|other| *other != key);
        // A code of two letters is a country only behind another part: alone it is the beginning of a name.
        let country = countries::country_named(&key).filter(|_| index > 0 || key.chars().count() > 2);
        Part { key, respelled, country }
    };
    keys.enumerate().map(part).collect()
}

/// The key with one letter for two, as people write whose keyboards have no ü and no å.
fn respelled(key: &str) -> String {
    key.replace("ae", "a").replace("oe", "o").replace("ue", "u").replace("aa", "a")
}

/// Appends that the names of the place of `l` have every part of `place`. A listing whose country is not known may be in any that is named
/// behind another part.
pub(super) fn named(text: &mut Text, place: &str) {
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
    fn every_part_is_looked_up_by_itself() {
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
