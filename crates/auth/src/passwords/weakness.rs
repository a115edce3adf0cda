//! Which passwords are refused for an account: NIST SP 800-63B and OWASP ASVS 5 (6.2).
//!
//! There are no rules about kinds of characters. A password is refused when it can be guessed with
//! few attempts, as zxcvbn estimates from its lists of 30,000 passwords and 60,000 words and names,
//! from keyboard rows, dates, sequences and repetitions. It must not be close to what others know
//! about the account either.

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};
use zxcvbn::{Score, matching::patterns::MatchPattern, zxcvbn};

use super::Password;

/// Number of characters of which the estimate is made. Its time grows with their square, zxcvbn's
/// number of guesses for a path over the keyboard has no room for more than about 24, and a strong
/// password reaches its score before this.
const READ: usize = 20;
/// Maximum number of ways to read the substitutes in a text (`@` as `a`). zxcvbn tries every
/// combination: with all substitutes it takes a second.
const READINGS: usize = 16;
/// Minimum number of characters of a text about the account for a password that contains it to be
/// close.
const TELLING: usize = 4;
/// Minimum number of further characters that make such a password different enough.
const OTHERS: usize = 4;
/// Words of this program, which many people would think of.
const OWN_WORDS: [&str; 1] = ["staygate"];
/// Maximum number of words about the account that the estimate knows.
const WORDS: usize = 40;

/// Why a password is refused for an account. Its text is for the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Weakness {
    /// It is too short or too long.
    #[error("A password must have {} to {} characters.", Password::MIN, Password::MAX)]
    Length,
    /// It is close to the email address or the name.
    #[error("This password is too similar to your email address or name. Choose another one.")]
    Personal,
    /// It is on a list, perhaps with another case or with substitutes.
    #[error("This password is too common. Choose another one.")]
    Common,
    /// Few attempts are enough to guess it.
    #[error("This password is too easy to guess. Choose a longer one, for example several words.")]
    Guessable,
}

impl Password {
    /// Why it is refused for an account of which others know the texts `about`: its email address
    /// and its parts, its name. Takes up to half as long as a hash, so call it on a thread for
    /// that: [`super::PasswordHasher::check`].
    pub fn refusal(&self, about: &[&str]) -> Option<Weakness> {
        if !self.has_right_length() {
            return Some(Weakness::Length);
        }
        let text = folded(&self.prepared);
        if about.iter().any(|about| is_close(&text, &folded(about))) {
            return Some(Weakness::Personal);
        }
        let known = known_words(about);
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        let estimate = zxcvbn(&with_few_readings(&self.prepared), &known);
        match estimate.sequence() {
            _ if estimate.score() >= Score::Three => None,
            // No pattern at all. zxcvbn counts only ten guesses for such a character, so that the
            // score of eight random ones is always 2.
            [whole] if matches!(whole.pattern, MatchPattern::BruteForce) => None,
            [whole] if matches!(whole.pattern, MatchPattern::Dictionary(_)) => Some(Weakness::Common),
            _ => Some(Weakness::Guessable),
        }
    }
}

/// The text without case, diacritics and separators.
fn folded(text: &str) -> String {
    text.nfkd().filter(|char| !is_combining_mark(*char) && !is_separator(*char)).flat_map(char::to_lowercase).collect()
}

fn is_separator(char: char) -> bool {
    char.is_whitespace() || matches!(char, '.' | ',' | '-' | '_' | '+' | '@' | '\'')
}

/// Whether a password is a text about the account, forwards or backwards, with few characters more.
fn is_close(password: &str, about: &str) -> bool {
    let length = about.chars().count();
    let others = password.chars().count().saturating_sub(length);
    let is_candidate = length > 0 && others < OTHERS && (length >= TELLING || others == 0);
    is_candidate && (password.contains(about) || password.contains(&about.chars().rev().collect::<String>()))
}

/// The words that the estimate takes as known: the texts, what they are without separators, and
/// their parts.
fn known_words(about: &[&str]) -> Vec<String> {
    let own = OWN_WORDS.map(str::to_owned).into_iter();
    let wholes = about.iter().flat_map(|text| [(*text).to_owned(), folded(text)]);
    let parts = about.iter().flat_map(|text| text.split(is_separator).map(folded));
    own.chain(wholes).chain(parts).filter(|word| word.chars().count() > 2).take(WORDS).collect()
}

/// The beginning of a password, with at most [`READINGS`] readings: the substitutes that would
/// exceed them are replaced by their full-width forms, which zxcvbn takes for other characters.
fn with_few_readings(password: &str) -> String {
    let mut ways = [0_usize; 12];
    let mut allowed = Vec::new();
    let read = password.chars().take(READ).map(|char| {
        let letters = letters_of(char);
        if letters.is_empty() || allowed.contains(&char) {
            return char;
        }
        let mut with = ways;
        letters.iter().for_each(|letter| with[*letter] += 1);
        if with.iter().map(|ways| (*ways).max(1)).product::<usize>() > READINGS {
            return full_width(char);
        }
        ways = with;
        allowed.push(char);
        char
    });
    read.collect()
}

/// The letters, by number, for which zxcvbn takes a character as a substitute.
fn letters_of(substitute: char) -> &'static [usize] {
    match substitute {
        '4' | '@' => &[0],
        '8' => &[1],
        '(' | '{' | '[' | '<' => &[2],
        '3' => &[3],
        '6' | '9' => &[4],
        '1' | '|' => &[5, 6],
        '!' => &[5],
        '7' => &[6, 9],
        '0' => &[7],
        '$' | '5' => &[8],
        '+' => &[9],
        '%' => &[10],
        '2' => &[11],
        _ => &[],
    }
}

/// The full-width form of a printable ASCII character.
fn full_width(char: char) -> char {
    char::from_u32(u32::from(char) + 0xfee0).unwrap_or(char)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn refusal(password: &str, about: &[&str]) -> Option<Weakness> {
        Password::typed(password.to_owned()).refusal(about)
    }

    #[test]
    fn a_password_is_refused_for_its_length_only_outside_of_8_to_256_characters() {
        let long = |length| "k3vq zpw7 mft2 ".chars().chain('\u{4e00}'..).take(length).collect::<String>();
        for (length, expected) in [(0, true), (7, true), (8, false), (64, false), (256, false), (257, true)] {
            assert_eq!(refusal(&long(length), &[]) == Some(Weakness::Length), expected, "{length}");
        }
        assert_eq!(Weakness::Length.to_string(), "A password must have 8 to 256 characters.");
    }

    #[test]
    fn common_and_easily_guessed_passwords_are_refused() {
        for (password, expected) in [
            ("password", Some(Weakness::Common)),
            ("PassWord", Some(Weakness::Common)),
            ("p@ssw0rd", Some(Weakness::Common)),
            ("drowssap", Some(Weakness::Common)),
            ("password1", Some(Weakness::Common)),
            ("football", Some(Weakness::Common)),
            ("iloveyou", Some(Weakness::Common)),
            ("1234567890", Some(Weakness::Common)),
            ("staygate", Some(Weakness::Common)),
            ("staygate2026!", Some(Weakness::Guessable)),
            ("Summer2026!", Some(Weakness::Guessable)),
            ("aaaaaaaaaaaaaaaa", Some(Weakness::Guessable)),
            ("abcdefghijkl", Some(Weakness::Guessable)),
            ("qwertyuiop[]", Some(Weakness::Guessable)),
            ("1qaz2wsx3edc4rfv", Some(Weakness::Common)),
            ("24.12.1999", Some(Weakness::Guessable)),
            ("hunter2hunter2", Some(Weakness::Guessable)),
            ("correct horse", None),
            ("a long enough password", None),
            ("kV7#pq!z", None),
            ("xkqzvwpj", None),
            ("\u{e9}t\u{e9} \u{e0} la plage", None),
            ("\u{732b}\u{306f}\u{7a93}\u{8fba}\u{3067}\u{7720}\u{308b}\u{306e}", None),
        ] {
            assert_eq!(refusal(password, &[]), expected, "{password}");
        }
    }

    #[test]
    fn passwords_close_to_the_email_or_the_name_are_refused() {
        let about = ["ada.king@lovelace.example", "ada.king", "lovelace.example", "Zo\u{eb} M\u{fc}ller"];
        for (password, expected) in [
            ("ada.king@lovelace.example", Some(Weakness::Personal)),
            ("AdaKing@LovelaceExample", Some(Weakness::Personal)),
            ("ada.king", Some(Weakness::Personal)),
            ("Ada-King!7", Some(Weakness::Personal)),
            ("x9adakingq", Some(Weakness::Personal)),
            ("gnik.ada", Some(Weakness::Personal)),
            ("7gnikada#", Some(Weakness::Personal)),
            ("zoe muller", Some(Weakness::Personal)),
            ("ZOE_MULLER_9", Some(Weakness::Personal)),
            ("lovelace.example", Some(Weakness::Personal)),
            // Not close, but easily guessed by whoever knows the account.
            ("king2026", Some(Weakness::Guessable)),
            ("lovelace12", Some(Weakness::Guessable)),
            ("adaking and seven lighthouses", None),
            ("xkqzvwpj ada.king", None),
        ] {
            assert_eq!(refusal(password, &about), expected, "{password}");
        }
    }

    #[test]
    fn a_short_text_about_the_account_makes_a_password_close_only_if_it_is_all_of_it() {
        assert_eq!(refusal("kV7#pq!zada", &["ada"]), None);
        assert_eq!(refusal("a-d-a-----", &["ada"]), Some(Weakness::Personal));
        assert_eq!(refusal("xkqzvwpj", &["", " ", "-"]), None);
    }

    #[test]
    fn substitutes_are_read_until_they_have_too_many_readings() {
        assert_eq!(with_few_readings("1234567890"), "1234567890");
        assert_eq!(with_few_readings("p@$$w0rd! p@$$w0rd!"), "p@$$w0rd! p@$$w0rd!");
        assert_eq!(with_few_readings("({[<69@4$5"), "({[<69@4$\u{ff15}");
        assert_eq!(with_few_readings(&"x".repeat(300)), "x".repeat(READ));
    }

    /// zxcvbn itself takes more than a second for all substitutes, sixty times as long as a hash.
    #[test]
    fn the_most_expensive_passwords_are_checked_quickly() {
        refusal("the first one builds the lists", &[]);
        let about = ["ada.king@lovelace.example", "ada.king", "lovelace.example", &"ab ".repeat(16)];
        for period in ["4@8({[<369&#!1/|0$5+7%2", "1({[<!|7+", "1234567890!@#$%", "12", "a", "1.1.91", "aab"] {
            let password: String = period.chars().cycle().take(256).collect();
            let fastest = (0..3).map(|_| {
                let start = Instant::now();
                refusal(&password, &about);
                start.elapsed()
            });
            let fastest = fastest.min().unwrap();
            assert!(fastest < Duration::from_millis(250), "{period}: {fastest:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_password_panics(password in "\\PC{8,80}", name in "\\PC{0,50}") {
            refusal(&password, &["ada@example.org", &name]);
        }

        #[test]
        fn no_substitutes_and_dates_panic(password in "[0-9a-c@$!|({<./ \u{130}\u{663}]{8,80}") {
            refusal(&password, &["ada@example.org"]);
        }
    }
}
