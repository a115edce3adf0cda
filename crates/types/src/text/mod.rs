//! Texts of users: what others read must be what it appears to be.
//!
//! All kinds of spaces become spaces, runs of them within a line become one, and both ends are
//! trimmed. Invisible characters are removed, unless they join emoji or letters of scripts that
//! need them. So are characters that change the order of display. Letters are composed (NFC), and
//! have no more marks than writing needs. A required text must have visible characters.

mod characters;
mod cleaner;
mod piles;

use std::{fmt, ops::RangeInclusive};

use unicode_normalization::UnicodeNormalization as _;

pub use characters::is_visible;
pub use cleaner::{Cleaner, Marks};
pub use piles::without_piles;

/// Why a text is rejected. The message follows the name of the field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnfitText {
    /// It contains control characters other than line ends and tabs.
    Control,
    /// It has no visible characters.
    Invisible,
    /// It has too few or too many characters.
    Length(RangeInclusive<usize>),
}

impl fmt::Display for UnfitText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Control => f.write_str("must be plain text, without control characters"),
            Self::Invisible => f.write_str("must have at least one visible character"),
            Self::Length(bounds) if *bounds.start() == 0 => {
                write!(f, "must have at most {} characters", grouped(*bounds.end()))
            }
            Self::Length(bounds) => write!(f, "must have {} to {} characters", bounds.start(), grouped(*bounds.end())),
        }
    }
}

/// Formats a number with separators of thousands: `10,000`.
fn grouped(number: usize) -> String {
    if number < 1_000 { number.to_string() } else { format!("{},{:03}", grouped(number / 1_000), number % 1_000) }
}

/// A text of one line, such as a name or a title. Line ends become spaces. `length` limits the
/// characters after cleaning.
///
/// # Errors
/// [`UnfitText`].
pub fn line(raw: &str, length: RangeInclusive<usize>) -> Result<String, UnfitText> {
    let text = clean(raw)?;
    fit(text.split_whitespace().collect::<Vec<_>>().join(" "), length)
}

/// A text of one line that a program sends, such as a `User-Agent`, which cannot be corrected:
/// as [`line()`], but control characters are removed, and it is cut to `most` characters. `None` when
/// nothing of it is visible.
pub fn cut_line(raw: &str, most: usize) -> Option<String> {
    let plain: String = raw.chars().filter(|char| !char.is_control() || char.is_whitespace()).collect();
    let text = line(&plain, 1..=usize::MAX).ok()?;
    let cut: String = text.chars().take(most).collect();
    // The cut may be in the middle of an emoji or after a space.
    line(&cut, 1..=most).ok()
}

/// A text of several lines, such as a description. All kinds of line ends become `\n`, and at most
/// one line in a row is empty. `length` limits the characters after cleaning.
///
/// # Errors
/// [`UnfitText`].
pub fn paragraphs(raw: &str, length: RangeInclusive<usize>) -> Result<String, UnfitText> {
    fit(clean(raw)?, length)
}

fn clean(raw: &str) -> Result<String, UnfitText> {
    if raw.chars().any(|char| char.is_control() && !char.is_whitespace()) {
        return Err(UnfitText::Control);
    }
    let mut cleaner = Cleaner::new(Marks::Drop);
    let mut chars = raw.chars().peekable();
    while let Some(char) = chars.next() {
        if char == '\r' && chars.peek() == Some(&'\n') {
            continue;
        }
        cleaner.push(if char == '\r' { '\n' } else { char });
    }
    Ok(without_piles(cleaner.finish().nfc()))
}

fn fit(text: String, length: RangeInclusive<usize>) -> Result<String, UnfitText> {
    if !text.chars().any(is_visible) {
        return if *length.start() == 0 { Ok(String::new()) } else { Err(UnfitText::Invisible) };
    }
    if length.contains(&text.chars().count()) { Ok(text) } else { Err(UnfitText::Length(length)) }
}

#[cfg(test)]
mod tests;
