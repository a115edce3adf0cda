//! Confirmation codes: short codes of bookings, for people.

use std::{fmt, str::FromStr};

use diesel::{
    expression::AsExpression,
    mysql::Mysql,
    serialize::{self, Output, ToSql},
    sql_types::{BigInt, Unsigned},
};

use crate::BookingId;

/// Crockford's base 32: no letter looks like a digit.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// 50 bits in groups of five.
const LETTERS: usize = 10;

/// The short code of a booking, such as `K7QM2XWD9R`: the last ten letters of its id. It is not a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, AsExpression)]
#[diesel(sql_type = Unsigned<BigInt>)]
pub struct ConfirmationCode(u64);

impl From<BookingId> for ConfirmationCode {
    fn from(id: BookingId) -> Self {
        let [.., a, b, c, d, e, f, g] = *id.as_bytes();
        Self(u64::from_be_bytes([0, a, b, c, d, e, f, g]) & ((1 << (5 * LETTERS)) - 1))
    }
}

impl fmt::Display for ConfirmationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = |group: usize| char::from(ALPHABET[(self.0 >> (group * 5)) as usize & 31]);
        (0..LETTERS).rev().map(letter).try_for_each(|letter| fmt::Write::write_char(f, letter))
    }
}

/// A text is not a confirmation code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a confirmation code has ten letters and digits")]
pub struct NoConfirmationCode;

impl FromStr for ConfirmationCode {
    type Err = NoConfirmationCode;

    /// The code as people type it: letter case, spaces and hyphens do not matter, and letters that look like a digit count as that.
    fn from_str(text: &str) -> Result<Self, NoConfirmationCode> {
        let (mut bits, mut letters) = (0, 0);
        for letter in text.chars().filter(|letter| !matches!(letter, ' ' | '-')) {
            let letter = match letter.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            };
            let digit = ALPHABET.iter().position(|known| char::from(*known) == letter).ok_or(NoConfirmationCode)?;
            letters += 1;
            if letters > LETTERS {
                return Err(NoConfirmationCode);
            }
            bits = bits << 5 | digit as u64;
        }
        if letters == LETTERS { Ok(Self(bits)) } else { Err(NoConfirmationCode) }
    }
}

impl ToSql<Unsigned<BigInt>, Mysql> for ConfirmationCode {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Mysql>) -> serialize::Result {
        <u64 as ToSql<Unsigned<BigInt>, Mysql>>::to_sql(&self.0, out)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn booking(bits: u128) -> BookingId {
        BookingId::of_bytes(bits.to_be_bytes())
    }

    #[test]
    fn a_code_is_read_as_people_write_it() {
        let code = ConfirmationCode::from(booking(0x0123_4567_89ab_cdef));
        let text = code.to_string();
        assert_eq!(text.len(), LETTERS);
        for written in [text.to_lowercase(), format!(" {}-{} ", &text[..5], &text[5..])] {
            assert_eq!(written.parse(), Ok(code), "{written}");
        }
        let ones = ConfirmationCode::from(booking(1));
        assert_eq!(ones.to_string(), "0000000001");
        assert_eq!("OooO OooOO-l".parse(), Ok(ones));
    }

    #[test]
    fn other_texts_are_no_codes() {
        for text in ["", "K7QM2XWD9", "K7QM2XWD9RR", "K7QM2XWD9U", "K7QM2XWD9é", "bk_K7QM2XWD9"] {
            assert_eq!(text.parse::<ConfirmationCode>(), Err(NoConfirmationCode), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_code_is_the_end_of_the_id(bits: u128) {
            let id = booking(bits);
            let code = ConfirmationCode::from(id);
            prop_assert!(id.to_string().to_uppercase().ends_with(&code.to_string()));
            prop_assert_eq!(code.to_string().parse(), Ok(code));
        }
    }
}
