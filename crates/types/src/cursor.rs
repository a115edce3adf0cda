//! Cursors of lists: a position in the order of a list and the ID of the row there, as text.
//!
//! A client can send any text, and a position becomes part of statements that read for many clients
//! at once. So a cursor is fully checked when it is parsed: its length, each of its parts, and that
//! formatting it again gives the same text.

use std::{fmt::Display, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{Datelike, NaiveDate};

use super::{PageError, Timestamp};

/// Maximum length of a cursor: the longest position and ID, in base64, with some reserve.
const MAX_LENGTH: usize = 192;

/// A position in the order of a list, as part of a cursor.
pub trait Position: Sized {
    /// Formats it as text without a dot.
    fn to_text(&self) -> String;

    /// Parses that text, if the value is valid for the database.
    fn from_text(text: &str) -> Option<Self>;
}

impl Position for Timestamp {
    fn to_text(&self) -> String {
        self.unix_micros().to_string()
    }

    fn from_text(text: &str) -> Option<Self> {
        Self::from_micros(text.parse().ok()?)
    }
}

impl Position for u32 {
    fn to_text(&self) -> String {
        self.to_string()
    }

    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Position for NaiveDate {
    fn to_text(&self) -> String {
        self.to_string()
    }

    fn from_text(text: &str) -> Option<Self> {
        text.parse::<Self>().ok().filter(|day| Timestamp::YEARS.contains(&day.year()))
    }
}

/// The cursor of the row with this position and ID.
pub fn to_cursor(position: &impl Position, id: &impl Display) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}.{id}", position.to_text()))
}

/// The position and ID of a cursor. IDs include their type, so a cursor of another type of list is
/// rejected.
///
/// # Errors
/// [`PageError::Cursor`] when the text is not from [`to_cursor`].
pub fn from_cursor<P: Position, Id: FromStr + Display>(text: &str) -> Result<(P, Id), PageError> {
    let read = || {
        let plain = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let (position, id) = plain.split_once('.')?;
        Some((P::from_text(position)?, id.parse().ok()?))
    };
    let is_short = text.len() <= MAX_LENGTH;
    // A position has exactly one text.
    is_short.then(read).flatten().filter(|(position, id)| to_cursor(position, id) == text).ok_or(PageError::Cursor)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{BookingId, ListingId, SeededEntropy};

    fn encoded(plain: &str) -> String {
        URL_SAFE_NO_PAD.encode(plain)
    }

    fn id() -> BookingId {
        BookingId::new(chrono::DateTime::UNIX_EPOCH.into(), &SeededEntropy::new(3))
    }

    #[test]
    fn days_and_instants_that_no_column_holds_are_refused() {
        for day in ["2026-07-01", "1000-01-01", "9999-12-31"] {
            let cursor = encoded(&format!("{day}.{}", id()));
            assert_eq!(from_cursor(&cursor), Ok((day.parse::<NaiveDate>().unwrap(), id())));
        }
        for day in
            ["+12026-07-01", "0999-12-31", "-0001-01-01", "2026-7-1", " 2026-07-01", "2026-07-01 ", "2026-02-30", ""]
        {
            let cursor = encoded(&format!("{day}.{}", id()));
            assert_eq!(from_cursor::<NaiveDate, BookingId>(&cursor), Err(PageError::Cursor), "{day}");
        }
        // The first is that of S3; then the first and last microsecond of the column, and their
        // neighbors.
        for (micros, is_held) in [
            ("2147000000000000000", false),
            ("-30610224000000000", true),
            ("-30610224000000001", false),
            ("253402300799999999", true),
            ("253402300800000000", false),
            ("-9223372036854775808", false),
            ("99999999999999999999", false),
            ("+5", false),
            ("05", false),
        ] {
            let read = from_cursor::<Timestamp, BookingId>(&encoded(&format!("{micros}.{}", id())));
            assert_eq!(read.is_ok(), is_held, "{micros}");
        }
    }

    #[test]
    fn a_text_that_is_too_long_is_not_decoded() {
        let cursor = encoded(&format!("{}5.{}", "0".repeat(150), id()));
        assert_eq!(from_cursor::<Timestamp, BookingId>(&cursor), Err(PageError::Cursor));
    }

    proptest! {
        #[test]
        fn any_text_is_a_cursor_of_the_column_or_refused(text in any::<String>(), micros: i64, days in -5_000_000i32..5_000_000) {
            prop_assert_eq!(from_cursor::<Timestamp, BookingId>(&text), Err(PageError::Cursor));
            prop_assert_eq!(from_cursor::<Timestamp, BookingId>(&encoded(&text)), Err(PageError::Cursor));
            if let Ok((at, _)) = from_cursor::<Timestamp, BookingId>(&encoded(&format!("{micros}.{}", id()))) {
                prop_assert!((1000..=9999).contains(&at.utc().year()));
            }
            if let Some(day) = NaiveDate::from_num_days_from_ce_opt(days) {
                let read = from_cursor::<NaiveDate, BookingId>(&to_cursor(&day, &id()));
                prop_assert_eq!(read.is_ok(), (1000..=9999).contains(&day.year()));
            }
        }

        #[test]
        fn a_changed_cursor_is_refused_or_another_valid_one(at in 0usize..64, byte: u8) {
            let mut text = to_cursor(&Timestamp::from(chrono::DateTime::UNIX_EPOCH), &id()).into_bytes();
            let at = at % text.len();
            text[at] = byte;
            if let Ok(text) = String::from_utf8(text) {
                prop_assert_eq!(from_cursor::<Timestamp, ListingId>(&text), Err(PageError::Cursor));
                if let Ok((position, id)) = from_cursor::<Timestamp, BookingId>(&text) {
                    prop_assert_eq!(to_cursor(&position, &id), text);
                }
            }
        }
    }
}
