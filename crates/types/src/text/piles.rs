//! Limits combining marks on a letter, which would cover the lines around it.

use unicode_normalization::char::{canonical_combining_class, is_combining_mark};

/// Maximum number of marks on one letter: as many as in syllables of Burmese and Tibetan.
const MOST: usize = 6;
/// Maximum number of marks placed around the letter, such as accents: as many as in pointed and
/// chanted Hebrew.
const MOST_AROUND: usize = 4;

/// The text without excess marks. Composed letters (NFC) stay composed.
pub fn without_piles(text: impl Iterator<Item = char>) -> String {
    let (mut all, mut around) = (0, 0);
    text.filter(|char| {
        if !is_combining_mark(*char) {
            (all, around) = (0, 0);
            return true;
        }
        all += 1;
        around += usize::from(canonical_combining_class(*char) != 0);
        all <= MOST && around <= MOST_AROUND
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use unicode_normalization::UnicodeNormalization as _;

    use super::*;

    fn clean(text: &str) -> String {
        without_piles(text.nfc())
    }

    #[test]
    fn a_letter_carries_a_few_marks() {
        for (mark, most) in [('\u{302}', 4), ('\u{337}', 4), ('\u{489}', 6), ('\u{e47}', 6), ('\u{20dd}', 6)] {
            let piled = format!("q{}a", mark.to_string().repeat(200));
            assert_eq!(clean(&piled).chars().count(), 2 + most, "{mark:?}");
        }
        let mixed: String = ('\u{300}'..='\u{315}').collect();
        assert_eq!(clean(&format!("Z{mixed}a{mixed}")).chars().filter(|char| is_combining_mark(*char)).count(), 8);
    }

    #[test]
    fn what_writing_needs_stays() {
        for text in ["Nguyễn Thị Ánh", "בְּרֵאשִׁ֖ית בָּרָ֣א", "မြွှေ့", "བསྒྲུབས་", "ที่นี่", "क्षत्रिय", "ṓ̰̣", "café"]
        {
            let composed: String = text.nfc().collect();
            assert_eq!(clean(text), composed);
            assert_eq!(clean(&clean(text)), clean(text));
        }
    }
}
