//! Takes characters one by one and keeps those that a plain text may have.

use super::characters::{can_join, is_blank, is_harmful, is_joiner, is_mark, is_selector, is_tag, is_visible};

/// What happens to plain marks of direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Marks {
    /// They stay.
    Keep,
    /// They go.
    Drop,
}

/// Takes characters and keeps those that a plain text may have. Line ends become `\n`; of a run of empty lines one stays.
#[derive(Debug)]
pub struct Cleaner {
    marks: Marks,
    text: String,
    /// A joiner that stays only between two characters that it can join.
    joiner: Option<char>,
    /// Line ends since the last visible character.
    ends: usize,
    /// Spaces since then; those before a line end go.
    spaces: usize,
}

impl Cleaner {
    /// An empty text.
    pub fn new(marks: Marks) -> Self {
        Self { marks, text: String::new(), joiner: None, ends: 0, spaces: 0 }
    }

    /// The next character. A carriage return is none: whoever reads a text knows whether a line feed follows it.
    pub fn push(&mut self, char: char) {
        match char {
            '\n' | '\u{2028}' | '\u{2029}' | '\u{85}' | '\u{b}' | '\u{c}' => {
                self.joiner = None;
                self.spaces = 0;
                self.ends += 1;
            }
            // Tabs, no-break spaces and typographic spaces. The ideographic space stays: it is how those scripts indent.
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
            // The bullets of symbol fonts, from pasted documents.
            '\u{f0a7}' | '\u{f0b7}' | '\u{f0d8}' => self.keep('•'),
            _ => self.keep(char),
        }
    }

    /// Whether the character before this one is right beside it and as it has to be.
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
