//! Recovery codes: each replaces, once, a code of an authenticator app that is lost.

use sha2::{Digest, Sha256};

use super::codes::{ALPHABET, normalized};
use types::{Entropy, UserId};

/// Letters and digits of a code: 80 random bits.
const LENGTH: usize = 16;
/// Those between two hyphens.
const GROUP: usize = 4;

/// A recovery code.
#[derive(Clone, PartialEq, Eq)]
pub struct RecoveryCode(String);

impl RecoveryCode {
    /// A new code.
    pub fn new(entropy: &dyn Entropy) -> Self {
        // Of each byte five bits, which are as random as all eight.
        let letter = |byte: u8| char::from(ALPHABET[usize::from(byte & 31)]);
        Self(entropy.bytes::<LENGTH>().into_iter().map(letter).collect())
    }

    /// A code as its owner types it: letter case, spaces and hyphens do not matter, nor does O for 0,
    /// or I or L for 1. None when it cannot be one.
    pub fn typed(text: &str) -> Option<Self> {
        let letters = normalized(text, LENGTH);
        (letters.len() == LENGTH && letters.bytes().all(|letter| ALPHABET.contains(&letter))).then_some(Self(letters))
    }

    /// The text for its owner, such as `K7QM-2XWD-0G4T-9ZRB`.
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(LENGTH + LENGTH / GROUP);
        for (index, letter) in self.0.chars().enumerate() {
            if index > 0 && index % GROUP == 0 {
                text.push('-');
            }
            text.push(letter);
        }
        text
    }

    /// The hash stored in the database. A fast hash is enough: 80 random bits cannot be guessed.
    pub fn hash(&self, owner: UserId) -> [u8; 32] {
        Sha256::new().chain_update(owner.as_bytes()).chain_update(&self.0).finalize().into()
    }
}

/// Without the code.
impl std::fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoveryCode(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use types::{SeededEntropy, Timestamp};

    #[test]
    fn a_code_is_recognized_as_people_type_it() {
        let entropy = SeededEntropy::new(1);
        let now: Timestamp = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap().into();
        let (code, owner, other) =
            (RecoveryCode::new(&entropy), UserId::new(now, &entropy), UserId::new(now, &entropy));
        let text = code.text();
        assert_eq!((text.len(), text.matches('-').count()), (19, 3));
        let spaced: String = text.to_lowercase().chars().flat_map(|letter| [letter, ' ']).collect();
        let looks_alike = text.replace('0', "o").replace('1', "l");
        for typed in [text.clone(), text.replace('-', ""), spaced, looks_alike] {
            assert_eq!(RecoveryCode::typed(&typed), Some(code.clone()), "{typed}");
        }
        for typed in ["", "123456", "-", &text[..18], &format!("{text}0"), "UUUU-UUUU-UUUU-UUUU", &"é".repeat(16)] {
            assert_eq!(RecoveryCode::typed(typed), None, "{typed}");
        }
        assert_ne!(code.hash(owner), code.hash(other));
        assert_ne!(code, RecoveryCode::new(&entropy));
        assert_eq!(format!("{code:?}"), "RecoveryCode(…)");
    }
}
