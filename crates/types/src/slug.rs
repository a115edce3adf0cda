//! Slugs: identifiers made from names.

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// Maximum length of a slug.
const LONGEST: usize = 100;
/// The length of a hyphen and eight hexadecimal digits.
const SUFFIX: usize = 9;
/// The slug of a name without any usable character.
const NAMELESS: &str = "amenity";

/// The slug of a name: `Free parking on premises` becomes `free-parking-on-premises`. Names that
/// differ only in letter case, spaces and punctuation have the same slug. If a name loses letters
/// or digits in the conversion to ASCII, or is too long, its slug ends in eight digits of its hash,
/// so that different names have different slugs. The slug depends only on the name.
pub fn slug_of(name: &str) -> String {
    let words: Vec<&str> = name.split_whitespace().collect();
    let name = words.join(" ").to_lowercase();
    let name = name.trim_end_matches([' ', '-', '–']);
    let mut slug = String::with_capacity(name.len());
    for letter in name.chars().filter(|letter| !matches!(letter, '\'' | '’')) {
        if letter.is_ascii_alphanumeric() {
            slug.push(letter);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug = slug.trim_end_matches('-');
    let is_whole = name.chars().all(|letter| letter.is_ascii() || !letter.is_alphanumeric());
    if is_whole && (1..=LONGEST).contains(&slug.len()) { slug.to_owned() } else { hashed(slug, name) }
}

/// The part of `slug` that fits, and digits of the hash of `name`.
fn hashed(slug: &str, name: &str) -> String {
    let stem = slug[..slug.len().min(LONGEST - SUFFIX)].trim_end_matches('-');
    let mut slug = if stem.is_empty() { NAMELESS } else { stem }.to_owned();
    slug.push('-');
    for byte in &Sha256::digest(name.as_bytes())[..SUFFIX / 2] {
        // Writing to a String cannot fail.
        let _ = write!(slug, "{byte:02x}");
    }
    slug
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_become_slugs() {
        for (name, slug) in [
            ("Free parking on premises", "free-parking-on-premises"),
            ("  Wi-Fi\u{a0}– fast! ", "wi-fi-fast"),
            ("Children’s books", "childrens-books"),
            ("TV", "tv"),
            ("Pool - ", "pool"),
        ] {
            assert_eq!(slug_of(name), slug, "{name}");
        }
    }

    #[test]
    fn two_names_that_lose_letters_stay_two() {
        let (fridge, telly) = (slug_of("冰箱"), slug_of("电视"));
        assert_ne!(fridge, telly);
        assert!(fridge.starts_with("amenity-") && fridge.len() == "amenity-".len() + 8, "{fridge}");
        assert_eq!(slug_of("冰箱 -"), fridge);
        assert_ne!(slug_of(&"x".repeat(101)), slug_of(&"x".repeat(102)));
        assert_ne!(slug_of("!"), slug_of("?"));
    }

    proptest! {
        #[test]
        fn a_slug_fits_its_column(name in any::<String>()) {
            let slug = slug_of(&name);
            prop_assert!((1..=LONGEST).contains(&slug.len()));
            prop_assert!(slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'));
            prop_assert!(!slug.starts_with('-') && !slug.ends_with('-'));
        }
    }
}
