//! The form of a name for lookups: `Saint-Denis`, `saint denis` and `SAINT DENIS` have the same
//! key, and so have `Gießen` and `Giessen`, in any Unicode form.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Maximum length of a key, in characters: that of the columns.
pub const MAX_KEY: usize = 100;

/// The key of a name: letters and digits, without case, diacritics, spaces, hyphens, apostrophes
/// and other punctuation. The key of a prefix of a name is a prefix of its key. Only a blank name
/// has an empty key.
pub fn search_key(name: &str) -> String {
    let key: String = folded(name).filter(|letter| is_kept(*letter)).take(MAX_KEY).collect();
    // A name of only punctuation keeps it.
    if key.is_empty() { name.trim().nfc().take(MAX_KEY).collect() } else { key }
}

/// The words of a text in the same form, each once, sorted. In scripts without spaces between
/// words, each letter is a word.
pub fn search_words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for letter in folded(text).filter(|letter| !is_apostrophe(*letter)) {
        let is_word = is_ideograph(letter);
        let is_part = !is_word && is_kept(letter);
        match words.last_mut() {
            Some(word) if is_part => word.push(letter),
            _ if is_word => words.extend([letter.to_string(), String::new()]),
            _ => words.push(String::new()),
        }
    }
    words.retain(|word| !word.is_empty());
    for word in &mut words {
        if let Some((end, _)) = word.char_indices().nth(MAX_WORD) {
            word.truncate(end);
        }
    }
    words.sort_unstable();
    words.dedup();
    words
}

/// The keys of what remains of a name from each of its words on: at most 10, the first is that of the whole name.
pub fn word_keys(name: &str) -> Vec<String> {
    let mut keys = vec![search_key(name)];
    let mut last = ' ';
    for (index, letter) in name.char_indices() {
        let is_inside = is_kept(last) || is_apostrophe(last);
        let begins = is_kept(letter) && (is_ideograph(letter) || !is_inside);
        if begins && index > 0 && keys.len() < MAX_WORDS {
            let key = search_key(&name[index..]);
            if keys.last() != Some(&key) {
                keys.push(key);
            }
        }
        last = letter;
    }
    keys
}

/// The most words of a name by which it is found.
const MAX_WORDS: usize = 10;

/// Maximum length of a word, in characters: that of the column. A longer word is truncated.
const MAX_WORD: usize = 40;

fn is_kept(letter: char) -> bool {
    // Marks that remain after folding are vowels, or change the letter.
    letter.is_alphanumeric() || is_combining_mark(letter)
}

fn is_apostrophe(letter: char) -> bool {
    matches!(letter, '\'' | '’' | '‘' | 'ʼ' | 'ʻ' | '`' | '´')
}

fn is_ideograph(letter: char) -> bool {
    // Kana; Han with its extensions.
    matches!(letter, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

/// The letters without case and diacritics; punctuation is unchanged.
fn folded(text: &str) -> impl Iterator<Item = char> {
    // Composed again at the end, because syllables of Hangul count as letters.
    text.nfkd().flat_map(char::to_lowercase).nfkd().filter(|letter| !is_diacritic(*letter)).flat_map(letters).nfc()
}

/// Marks above, below and through Latin, Greek and Cyrillic letters; points of Hebrew and Arabic.
fn is_diacritic(letter: char) -> bool {
    matches!(letter,
        '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5bd}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

/// The replacement of a letter that Unicode does not decompose.
fn letters(letter: char) -> impl Iterator<Item = char> {
    let (first, second) = match letter {
        'ß' => ('s', Some('s')),
        'æ' => ('a', Some('e')),
        'œ' => ('o', Some('e')),
        'þ' => ('t', Some('h')),
        'ø' => ('o', None),
        'đ' | 'ð' => ('d', None),
        'ł' => ('l', None),
        'ħ' => ('h', None),
        'ı' => ('i', None),
        'ŧ' => ('t', None),
        'ŋ' => ('n', None),
        'ς' => ('σ', None),
        letter => (letter, None),
    };
    std::iter::once(first).chain(second)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// C18, and similar cases.
    #[test]
    fn spellings_of_one_name_have_one_key() {
        for (key, names) in [
            ("giessen", &["Gießen", "Giessen", "GIESSEN", "GIE\u{1e9e}EN", "gieſſen"][..]),
            ("zurich", &["Zürich", "Zu\u{308}rich", "ZÜRICH", "zurich"]),
            ("saintdenis", &["Saint-Denis", "Saint Denis", "saint\u{2011}denis", "SAINT  DENIS", "Saint\u{a0}Denis"]),
            ("laquila", &["L'Aquila", "L’Aquila", "l aquila", "LAquila"]),
            ("aeroskobing", &["Ærøskøbing", "ÆRØSKØBING"]),
            ("lodz", &["Łódź", "lodz"]),
            ("reykjavik", &["Reykjavík"]),
            ("istanbul", &["İstanbul", "Istanbul", "ıstanbul"]),
            ("saopaulo", &["São Paulo", "Sao Paulo", "Ｓão　Ｐaulo"]),
            ("αθηνα", &["Αθήνα", "ΑΘΗΝΑ"]),
            ("서울", &["서울", "\u{1109}\u{1165}\u{110b}\u{116e}\u{11af}"]),
            ("ギフ", &["ギフ", "ｷﾞﾌ"]),
            ("北京", &["北京"]),
        ] {
            for name in names {
                assert_eq!(search_key(name), key.nfc().collect::<String>(), "{name}");
            }
        }
        assert_eq!((search_key(" !? "), search_key("  ")), ("!?".to_owned(), String::new()));
        assert_eq!(search_key("\u{a8}\u{300}"), "\u{1fed}", "marks alone in two forms");
        assert_ne!(search_key("ガス"), search_key("カス"), "a voiced syllable is another one");
    }

    #[test]
    fn a_text_is_words() {
        assert_eq!(
            search_words("Host's quiet flat, QUIET – near Gießen!"),
            ["flat", "giessen", "hosts", "near", "quiet"]
        );
        assert_eq!(search_words("大房 with 2 beds"), ["2", "beds", "with", "大", "房"]);
        assert_eq!(search_words(" – , "), [""; 0]);
        assert_eq!(search_words(&"x".repeat(50)), ["x".repeat(MAX_WORD)]);
    }

    proptest! {
        #[test]
        fn a_key_is_its_own_key_and_fits(name in any::<String>()) {
            let key = search_key(&name);
            prop_assert!(key.chars().count() <= MAX_KEY);
            prop_assert_eq!(key.is_empty(), name.trim().is_empty());
            let again = search_key(&key);
            prop_assert!(again.chars().count() <= MAX_KEY);
        }

        #[test]
        fn a_prefix_of_a_name_has_a_prefix_of_its_key(name in "[A-Za-zÀ-ÿŁłİıß' -]{1,60}", length in 1usize..60) {
            let start: String = name.chars().take(length).collect();
            if start.chars().any(char::is_alphanumeric) {
                prop_assert!(search_key(&name).starts_with(&search_key(&start)));
            }
        }

        #[test]
        fn composed_or_not_is_the_same(name in any::<String>()) {
            prop_assert_eq!(search_key(&name.nfc().collect::<String>()), search_key(&name.nfd().collect::<String>()));
        }

        #[test]
        fn words_fit_their_column(text in any::<String>()) {
            for word in search_words(&text) {
                prop_assert!((1..=MAX_WORD).contains(&word.chars().count()));
            }
        }
    }
}
