//! Filters the characters of a plain text, one by one.

use super::characters::{can_join, is_blank, is_harmful, is_joiner, is_mark, is_selector, is_tag, is_visible};

/// What to do with direction marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marks {
    /// Keep them.
    Keep,
    /// Drop them.
    Drop,
}

/// Filters the characters of a plain text. Line ends become `\n`, and at most one empty line in a
/// row is kept.
#[derive(Debug)]
pub struct Cleaner {
    marks: Marks,
    text: String,
    /// A joiner that is kept only between two characters that it can join.
    joiner: Option<char>,
    /// The number of line ends since the last visible character.
    ends: usize,
    /// The number of spaces since then; those before a line end are dropped.
    spaces: usize,
}

impl Cleaner {
    /// An empty text.
    pub fn new(marks: Marks) -> Self {
        Self { marks, text: String::new(), joiner: None, ends: 0, spaces: 0 }
    }

    /// Adds a character. Carriage returns must be handled before, by a caller that knows whether a
    /// line feed follows.
    pub fn push(&mut self, char: char) {
        match char {
            '\n' | '\u{2028}' | '\u{2029}' | '\u{85}' | '\u{b}' | '\u{c}' => {
                self.joiner = None;
                self.spaces = 0;
                self.ends += 1;
            }
            // Tabs, no-break spaces and typographic spaces. The ideographic space is kept: those
            // scripts indent with it.
            _ if is_blank(char) || (char.is_whitespace() && char != '\u{3000}' && char != '\r') => {
                self.joiner = None;
                self.spaces += 1;
            }
            _ if is_joiner(char) => self.joiner = self.follows(can_join).then_some(char),
            _ if is_selector(char) => {
                if self
                    .follows(|last| is_visible(last) || !last.is_ascii() && !is_selector(last) && !last.is_whitespace())
                {
                    self.text.push(char);
                }
            }
            _ if is_tag(char) => {
                if self.follows(|last| matches!(last, '\u{1f3f4}' | '\u{e0020}'..='\u{e007e}')) {
                    self.text.push(char);
                }
            }
            _ if is_mark(char) && self.marks == Marks::Drop => {}
            _ if is_harmful(char) => {}
            // Bullets of symbol fonts, from pasted documents.
            '\u{f0a7}' | '\u{f0b7}' | '\u{f0d8}' => self.keep('•'),
            _ => self.keep(char),
        }
    }

    /// Whether the previous character is directly adjacent and satisfies a condition.
    fn follows(&self, has_to_be: impl Fn(char) -> bool) -> bool {
        self.ends == 0 && self.spaces == 0 && self.text.ends_with(has_to_be)
    }

    fn keep(&mut self, char: char) {
        if self.text.is_empty() {
            (self.ends, self.spaces) = (0, 0);
        }
        (0..self.ends.min(2)).for_each(|_| self.text.push('\n'));
        (0..self.spaces).for_each(|_| self.text.push(' '));
        (self.ends, self.spaces) = (0, 0);
        if let Some(joiner) = self.joiner.take().filter(|_| can_join(char)) {
            self.text.push(joiner);
        }
        self.text.push(char);
    }

    /// The text, trimmed.
    pub fn finish(self) -> String {
        self.text.trim().to_owned()
    }
}
