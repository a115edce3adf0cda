//! One-time codes that are mailed: short ones, which their owner types into the session that asked
//! for them, and long ones in links, which prove by themselves who follows them.
//!
//! A code is derived from its id with a signing key, so that no secret is stored, and a mail that
//! is sent again has the same code. Codes of the previous key remain valid.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::Keys;
use types::{CodeId, error::Result};

/// The prefixes of the messages that are signed.
const SHORT_LABEL: &[u8] = b"\0one-time code\0";
const LINK_LABEL: &[u8] = b"\0one-time link\0";
/// Crockford's base 32: no letter looks like a digit.
pub(super) const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// The characters of a short code: 40 random bits, of which a few wrong attempts are allowed.
const LENGTH: usize = 8;
/// The prefix of codes in links.
const LINK_PREFIX: &str = "otl_";

impl Keys {
    /// The short code with this id, such as `K7QM-2XWD`.
    ///
    /// # Errors
    /// When it cannot be derived.
    pub fn code(&self, id: CodeId) -> Result<String> {
        let codes = self.codes(id)?;
        let code = codes.first().map(String::as_str).unwrap_or_default();
        let (start, end) = code.split_at_checked(LENGTH / 2).unwrap_or_default();
        Ok(format!("{start}-{end}"))
    }

    /// Whether `typed` is the short code with this id. Letter case, spaces and hyphens do not
    /// matter, nor does O for 0, or I or L for 1.
    ///
    /// # Errors
    /// When it cannot be derived.
    pub fn is_code(&self, id: CodeId, typed: &str) -> Result<bool> {
        let typed = normalized(typed, LENGTH);
        Ok(self.codes(id)?.iter().any(|code| is_equal(code.as_bytes(), typed.as_bytes())))
    }

    fn codes(&self, id: CodeId) -> Result<Vec<String>> {
        let macs = self.macs(SHORT_LABEL, id.as_bytes())?;
        Ok(macs.iter().map(|mac| short(&URL_SAFE_NO_PAD.decode(mac).unwrap_or_default())).collect())
    }

    /// The text for a link that proves that its bearer received the code with this id.
    ///
    /// # Errors
    /// When it cannot be derived.
    pub fn link_code(&self, id: CodeId) -> Result<String> {
        let macs = self.macs(LINK_LABEL, id.as_bytes())?;
        let mac = macs.first().map(String::as_str).unwrap_or_default();
        Ok(format!("{LINK_PREFIX}{}{mac}", URL_SAFE_NO_PAD.encode(id.as_bytes())))
    }

    /// The id of a code from a link; None when it was not issued here.
    ///
    /// # Errors
    /// When it cannot be derived.
    pub fn read_link_code(&self, text: &str) -> Result<Option<CodeId>> {
        // 16 bytes are 22 characters.
        let Some((id, mac)) = text.trim().strip_prefix(LINK_PREFIX).and_then(|rest| rest.split_at_checked(22)) else {
            return Ok(None);
        };
        let bytes = URL_SAFE_NO_PAD.decode(id).ok().and_then(|bytes| <[u8; 16]>::try_from(bytes).ok());
        let Some(id) = bytes.map(CodeId::of_bytes) else { return Ok(None) };
        let macs = self.macs(LINK_LABEL, id.as_bytes())?;
        Ok(macs.iter().any(|own| is_equal(own.as_bytes(), mac.as_bytes())).then_some(id))
    }
}

/// The first bits of `mac` in letters and digits.
fn short(mac: &[u8]) -> String {
    let bits = mac.iter().take(LENGTH * 5 / 8).fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    (0..LENGTH).rev().map(|group| char::from(ALPHABET[(bits >> (group * 5)) as usize & 31])).collect()
}

/// A typed code of `length` letters without what people change when they copy it.
pub(super) fn normalized(typed: &str, length: usize) -> String {
    let letters = typed.chars().take(4 * length).filter(|letter| !letter.is_whitespace() && *letter != '-');
    letters
        .map(|letter| match letter.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect()
}

/// Compares in a time that does not depend on where the texts differ.
fn is_equal(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |difference, (a, b)| difference | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SigningKey;
    use types::{SeededEntropy, Timestamp};

    fn keys(ids: &[&str]) -> Keys {
        let mut keys = ids.iter().map(|id| SigningKey { id: (*id).into(), secret: id.repeat(32).into_bytes() });
        Keys::new(keys.next().unwrap(), &keys.collect::<Vec<_>>())
    }

    fn id(seed: u64) -> CodeId {
        let now: Timestamp = chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap().into();
        CodeId::new(now, &SeededEntropy::new(seed))
    }

    #[test]
    fn a_short_code_is_recognized_as_people_type_it() {
        let code = keys(&["a"]).code(id(1)).unwrap();
        assert_eq!((code.len(), code.as_bytes()[4]), (9, b'-'));
        let spaced: String = code.to_lowercase().chars().flat_map(|letter| [letter, ' ']).collect();
        let looks_alike = code.replace('0', "o").replace('1', "l");
        for typed in [code.clone(), code.replace('-', ""), spaced, looks_alike] {
            assert!(keys(&["a"]).is_code(id(1), &typed).unwrap(), "{typed}");
        }
        for typed in ["", "-", "0000-0000", &code[..8], &format!("{code}0"), &"é".repeat(9)] {
            assert!(!keys(&["a"]).is_code(id(1), typed).unwrap(), "{typed}");
        }
        assert!(!keys(&["a"]).is_code(id(2), &code).unwrap(), "of another id");
        assert!(keys(&["b", "a"]).is_code(id(1), &code).unwrap(), "of an older key");
        assert!(!keys(&["b"]).is_code(id(1), &code).unwrap());
    }

    #[test]
    fn a_link_tells_its_id_and_cannot_be_forged() {
        let link = keys(&["a"]).link_code(id(1)).unwrap();
        assert_eq!(keys(&["a"]).read_link_code(&link).unwrap(), Some(id(1)));
        assert_eq!(keys(&["b", "a"]).read_link_code(&link).unwrap(), Some(id(1)), "of an older key");
        let other = keys(&["a"]).link_code(id(2)).unwrap();
        let swapped = format!("{}{}", &other[..26], &link[26..]);
        for text in ["", "otl_", "otl_ä", &link[..link.len() - 1], &format!("{link}A"), &swapped] {
            assert_eq!(keys(&["a"]).read_link_code(text).unwrap(), None, "{text}");
        }
        assert_eq!(keys(&["b"]).read_link_code(&link).unwrap(), None);
    }
}
