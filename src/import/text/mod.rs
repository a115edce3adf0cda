//! Plain text out of what people and exports wrote: HTML, line ends of any kind, invisible characters.
//!
//! Texts are not normalised (NFC): a name stays as its owner typed it, and the collation of the database compares
//! composed and decomposed letters as equals. Texts that begin with `=`, `+`, `-` or `@` stay too: they are harmful in
//! spreadsheets alone, and this is none.

mod entities;
mod tags;

/// The export cuts texts at this many characters, in the middle of a tag if one is there.
const CUT: usize = 1000;
/// Spaces at the cut were trimmed, so that a cut text may be a little shorter.
const CUT_SLACK: usize = 10;

/// A text of several lines: tags gone, entities decoded once, line ends as `\n`, at most one empty line in a row,
/// no control characters, trimmed. At most `limit` bytes of UTF-8.
pub fn paragraphs(raw: &str, limit: usize) -> String {
    let mut out = Cleaner::default();
    let mut rest = raw;
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
                None if is_cut(raw) && tags::is_cut(rest) => break,
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
    out.finish(limit)
}

/// A text of one line, such as a name or a title: as [`paragraphs`], and every run of white space is one space.
/// At most `limit` characters.
pub fn line(raw: &str, limit: usize) -> String {
    let text = paragraphs(raw, usize::MAX);
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

fn is_cut(raw: &str) -> bool {
    raw.chars().count() >= CUT - CUT_SLACK
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

/// Takes characters and keeps those that a plain text may have.
#[derive(Default)]
struct Cleaner {
    text: String,
    /// A joiner that stays only between two characters that it can join.
    joiner: Option<char>,
    /// Line ends since the last visible character.
    ends: usize,
    /// Spaces since then; those before a line end go.
    spaces: usize,
}

impl Cleaner {
    fn push(&mut self, char: char) {
        match char {
            '\n' | '\u{2028}' | '\u{2029}' | '\u{85}' | '\u{b}' | '\u{c}' => {
                self.joiner = None;
                self.spaces = 0;
                self.ends += 1;
            }
            // Tabs, no-break spaces and typographic spaces. The ideographic space stays: it is how those scripts indent.
            ' ' | '\t' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}' | '\u{202f}' | '\u{205f}' => {
                self.joiner = None;
                self.spaces += 1;
            }
            // These join emoji, and letters of several scripts; elsewhere they only hide.
            '\u{200c}' | '\u{200d}' => {
                let joins = self.ends == 0 && self.spaces == 0 && !self.text.ends_with(|last: char| last.is_ascii());
                self.joiner = (joins && !self.text.is_empty()).then_some(char);
            }
            // Letters in tags spell the flags of regions after a black flag; elsewhere they are hidden text.
            '\u{e0020}'..='\u{e007f}' => {
                let spells = |last: char| matches!(last, '\u{1f3f4}' | '\u{e0020}'..='\u{e007e}');
                if self.ends == 0 && self.spaces == 0 && self.text.ends_with(spells) {
                    self.text.push(char);
                }
            }
            _ if is_harmful(char) => {}
            // The bullets of symbol fonts, from pasted documents.
            '\u{f0a7}' | '\u{f0b7}' | '\u{f0d8}' => self.visible('•'),
            _ => self.visible(char),
        }
    }

    fn visible(&mut self, char: char) {
        if self.text.is_empty() {
            (self.ends, self.spaces) = (0, 0);
        }
        (0..self.ends.min(2)).for_each(|_| self.text.push('\n'));
        (0..self.spaces).for_each(|_| self.text.push(' '));
        (self.ends, self.spaces) = (0, 0);
        if let Some(joiner) = self.joiner.take().filter(|_| !char.is_ascii()) {
            self.text.push(joiner);
        }
        self.text.push(char);
    }

    fn finish(self, limit: usize) -> String {
        let text = self.text.trim();
        if text.len() <= limit {
            return text.to_owned();
        }
        let end = (0..=limit).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0);
        text[..end].trim_end().to_owned()
    }
}

/// Characters that nobody sees, and that only break, reorder or hide text.
fn is_harmful(char: char) -> bool {
    let invisible = matches!(char, '\u{ad}' | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}');
    // Overrides and embeddings show a text in another order than it has. The plain marks (LRM, RLM, ALM) are part of
    // Hebrew and Arabic writing and stay.
    let reorders = matches!(char, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}');
    let no_text = matches!(char, '\u{fff9}'..='\u{fffb}' | '\u{e0001}') || (char as u32) & 0xfffe == 0xfffe;
    char.is_control() || invisible || reorders || no_text
}

#[cfg(test)]
mod tests;
