//! Plain text out of what people and exports wrote: HTML, line ends of any kind, invisible characters.
//!
//! Which characters stay is decided in [`types::text`], as for everybody. But texts are not composed (NFC): a name stays as its
//! owner typed it, and the collation of the database compares composed and decomposed letters as equals. And in texts of several lines
//! the plain marks (LRM, RLM, ALM) stay, because they are part of Hebrew and Arabic writing. Texts that begin with `=`, `+`, `-` or `@` stay too: they are harmful in
//! spreadsheets alone, and this is none.

mod entities;
mod tags;

use types::text::{Cleaner, Marks, is_visible, without_piles};

/// The export cuts texts at this many characters, in the middle of a tag if one is there.
const CUT: usize = 1000;
/// Spaces at the cut were trimmed, so that a cut text may be a little shorter.
const CUT_SLACK: usize = 10;

/// A text of several lines: tags gone, entities decoded once, line ends as `\n`, at most one empty line in a row,
/// no control characters, trimmed. At most `limit` bytes of UTF-8.
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
                // CR LF is one line end, also when an export made `<br/>` of the LF.
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

/// A text of one line, such as a name or a title: as [`paragraphs`], every run of white space is one space, and marks of direction go.
/// Empty if there is nothing to see. At most `limit` characters.
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

/// Where a tag begins that the export cut, or the end. Found once, not at each `<`: a text may have millions.
fn cut(raw: &str) -> usize {
    let is_cut = raw.chars().nth(CUT - CUT_SLACK - 1).is_some();
    raw.rfind('<').filter(|at| is_cut && tags::is_cut(&raw[*at..])).unwrap_or(raw.len())
}

/// How many bytes belong to the line end that a carriage return began.
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
