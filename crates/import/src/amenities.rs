//! Amenities: a JSON array of names, or `{TV,"Hot tub"}` in files before 2020.

use super::text;
use store::imports::Amenity;
use types::amenity_of;

/// Maximum length of a slug in the column.
#[cfg(test)]
const LONGEST_SLUG: usize = 100;
/// Maximum number of amenities of a listing, according to the contract.
pub const MOST: usize = 100;
const LONGEST_NAME: usize = 200;

/// The amenities of a listing, each once, in the order of their slugs, and the number of those that
/// were left out because the dataset has a placeholder instead of a name. `None` when the text is
/// not a list.
pub fn parse(text: &str) -> Option<(Vec<Amenity>, usize)> {
    let names = match text.trim() {
        "" => Vec::new(),
        list if list.starts_with('{') => braced(list)?,
        list => serde_json::from_str::<Vec<String>>(list).ok()?,
    };
    let (placeholders, names): (Vec<_>, Vec<_>) = names.iter().partition(|name| is_placeholder(name));
    let mut amenities: Vec<Amenity> = names.into_iter().filter_map(|name| named(name)).collect();
    amenities.sort_by(|a, b| a.slug.cmp(&b.slug));
    amenities.dedup_by(|a, b| a.slug == b.slug);
    Some((amenities, placeholders.len()))
}

/// `translation missing: en.hosting_amenity_49`: the key of a missing name.
fn is_placeholder(name: &str) -> bool {
    let name = name.trim().to_lowercase().replace('_', " ");
    name.starts_with("translation missing") || name.contains("hosting amenity ")
}

fn named(raw: &str) -> Option<Amenity> {
    let name = text::line(raw, LONGEST_NAME);
    // Trimming may leave only invisible characters.
    let name = text::line(name.trim_end_matches([' ', '-', '–']), LONGEST_NAME);
    (!name.is_empty()).then(|| {
        let (slug, name) = amenity_of(&name);
        Amenity { slug, name }
    })
}

/// The names in `{TV,"Wireless Internet"}`.
fn braced(text: &str) -> Option<Vec<String>> {
    let mut chars = text.strip_prefix('{')?.strip_suffix('}')?.chars();
    let (mut names, mut name, mut quoted) = (Vec::new(), String::new(), false);
    while let Some(char) = chars.next() {
        match char {
            '"' => quoted = !quoted,
            '\\' => name.push(chars.next()?),
            ',' if !quoted => names.push(std::mem::take(&mut name)),
            _ => name.push(char),
        }
    }
    names.push(name);
    (!quoted).then_some(names)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn slugs(text: &str) -> Vec<String> {
        parse(text).unwrap().0.into_iter().map(|amenity| amenity.slug).collect()
    }

    #[test]
    fn names_become_slugs() {
        assert_eq!(slugs(r#"["Wifi", "Free parking on premises", "TV"]"#), ["free-parking-on-premises", "tv", "wifi"]);
        assert_eq!(
            slugs(r#"["Children\u2019s books and toys", "Washer \u2013\u00a0In unit"]"#),
            ["childrens-books-and-toys", "washer-in-unit"]
        );
        assert_eq!(slugs("[]"), [""; 0]);
        assert_eq!(slugs(""), [""; 0]);
        assert_eq!(slugs(r#"{TV,"Wireless Internet","Say \"hi\""}"#), ["say-hi", "tv", "wifi"]);
        assert_eq!(slugs("{}"), [""; 0]);
    }

    #[test]
    fn spellings_of_one_name_are_one_amenity() {
        assert_eq!(slugs(r#"["Hitachi  refrigerator", "Hitachi refrigerator"]"#).len(), 1);
        assert_eq!(slugs(r#"["LG refrigerator", "Lg refrigerator"]"#).len(), 1);
        let pools = parse(r#"["Shared outdoor pool - ", "Shared outdoor pool"]"#).unwrap().0;
        assert_eq!(pools, [Amenity { slug: "shared-outdoor-pool".into(), name: "Shared outdoor pool".into() }]);
        let soaps = slugs(r#"["Body soap", "飘柔 body soap", "舒肤佳 body soap"]"#);
        assert_eq!(soaps.len(), 3);
        assert!(soaps.iter().all(|slug| slug.starts_with("body-soap")), "{soaps:?}");
        let foreign = slugs(r#"["冰箱", "电视"]"#);
        assert!(foreign.len() == 2 && foreign.iter().all(|slug| slug.starts_with("amenity-")), "{foreign:?}");
    }

    /// I6: the key of a missing name became a public amenity.
    #[test]
    fn placeholders_are_left_out_and_counted() {
        let text = r#"{TV,"translation missing: en.hosting_amenity_49","translation missing: en.hosting_amenity_50"}"#;
        assert_eq!(parse(text), Some((vec![Amenity { slug: "tv".into(), name: "TV".into() }], 2)));
        assert_eq!(
            parse(r#"["Translation missing: en.hosting_amenity_49", "hosting_amenity_50"]"#),
            Some((Vec::new(), 2))
        );
        assert_eq!(named("\u{a47}-"), None, "a combining mark without a letter");
    }

    #[test]
    fn a_text_that_is_not_a_list_is_reported() {
        for text in ["[", "TV", "[1, 2]", "{\"TV}", "null", "{"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn slugs_fit_and_stay_the_same(name in any::<String>()) {
            if let Some(amenity) = named(&name) {
                prop_assert!((1..=LONGEST_SLUG).contains(&amenity.slug.len()));
                prop_assert!(amenity.slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'));
                prop_assert!(!amenity.slug.starts_with('-') && !amenity.slug.ends_with('-'));
                prop_assert!(amenity.name.chars().count() <= LONGEST_NAME);
                prop_assert_eq!(named(&amenity.name).map(|again| again.slug), Some(amenity.slug));
            }
        }
    }
}
