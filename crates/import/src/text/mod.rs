//! Converts HTML, any line ends and invisible characters to plain text.
//!
//! [`types::text`] decides which characters are kept. But texts are not composed (NFC): a name is
//! kept as typed, and the collation of the database compares composed and decomposed letters as
//! equal. In texts of several lines the direction marks (LRM, RLM, ALM) are kept, because Hebrew
//! and Arabic texts need them. Texts that start with `=`, `+`, `-` or `@` are kept: they are
//! harmful only in spreadsheets.

mod entities;
mod tags;

use types::text::{Cleaner, Marks, is_visible, without_piles};

/// The dataset truncates texts at this many characters, even within a tag.
const CUT: usize = 1000;
/// Spaces at the end were trimmed, so a truncated text may be slightly shorter.
const CUT_SLACK: usize = 10;

/// A text of several lines: tags removed, entities decoded once, line ends as `\n`, at most one
/// empty line in a row, no control characters, trimmed. At most `limit` bytes of UTF-8.
pub fn paragraphs(raw: &str, limit: usize) -> String {
    let text = plain(raw, Marks::Keep);
    if text.len() <= limit {
        return text;
    }
    let end = (0..=limit).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
    text[..end].trim_end().to_owned()
}

fn plain(raw: &str, marks: Marks) -> String {
    let mut out = Cleaner::new(marks);
    let mut rest = &raw[..cut(raw)];
    while let Some(char) = rest.chars().next() {
        let mut taken = char.len_utf8();
        match char {
            '\r' => {
                // CR LF is one line end, also when the dataset has `<br/>` instead of LF.
                taken += after_carriage_return(&rest[taken..]);
                out.push('\n');
            }
            '<' => match tags::at(rest) {
                Some((tag, length)) => {
                    taken = length;
                    tag.text().chars().for_each(|char| out.push(char));
                }
                None => out.push(char),
            },
            '&' => match entities::at(rest) {
                Some((decoded, length)) => {
                    taken = length;
                    out.push(decoded);
                }
                None => out.push(char),
            },
            _ => out.push(char),
        }
        rest = &rest[taken..];
    }
    without_piles(out.finish().chars())
}

/// A text of one line, such as a name or a title: as [`paragraphs`], with white space collapsed and
/// without direction marks. Empty if nothing is visible. At most `limit` characters.
pub fn line(raw: &str, limit: usize) -> String {
    let text = plain(raw, Marks::Drop);
    if !text.chars().any(is_visible) {
        return String::new();
    }
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match text.char_indices().nth(limit) {
        Some((end, _)) => text[..end].trim_end().to_owned(),
        None => text,
    }
}

/// `None` for an empty text.
pub fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// The start of a truncated tag, or the end. Computed once, not at each `<`: a text may have
/// millions.
fn cut(raw: &str) -> usize {
    let is_cut = raw.chars().nth(CUT - CUT_SLACK - 1).is_some();
    raw.rfind('<').filter(|at| is_cut && tags::is_cut(&raw[*at..])).unwrap_or(raw.len())
}

/// The number of bytes of the line end that a carriage return started.
fn after_carriage_return(rest: &str) -> usize {
    if rest.starts_with('\n') {
        return 1;
    }
    match tags::at(rest) {
        Some((tags::Tag::Break, length)) => length,
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
