//! The tokens of a document, for limits, checks and rewriting before the parser runs. Syntax errors
//! are left to the parser.

/// A token: its kind, and where it is in the text, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub start: usize,
    pub end: usize,
    pub kind: TokenKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A name, a number, or dots with a name.
    Word,
    /// `"…"`.
    String,
    /// `"""…"""`.
    BlockString,
    /// Any other character: a bracket, a colon, …
    Punctuator(u8),
}

impl Token {
    pub fn text<'a>(&self, of: &'a str) -> &'a str {
        of.get(self.start..self.end).unwrap_or_default()
    }

    pub fn is_punctuator(&self, punctuator: u8) -> bool {
        self.kind == TokenKind::Punctuator(punctuator)
    }
}

/// The tokens of a text, without recursion.
pub(super) struct Tokens<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Tokens<'a> {
    pub fn of(text: &'a str) -> Self {
        Self { bytes: text.as_bytes(), at: 0 }
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let bytes = self.bytes;
        loop {
            let start = self.at;
            let rest = bytes.get(start..).filter(|rest| !rest.is_empty())?;
            let (end, kind) = match rest[0] {
                b' ' | b'\t' | b'\n' | b'\r' | b',' => {
                    self.at += 1;
                    continue;
                }
                b'#' => {
                    self.at = end_of_line(bytes, start);
                    continue;
                }
                // A byte order mark is ignored everywhere.
                0xEF if rest.starts_with(BOM) => {
                    self.at += BOM.len();
                    continue;
                }
                b'"' if rest.starts_with(br#"""""#) => (end_of_block(bytes, start), TokenKind::BlockString),
                b'"' => (end_of_string(bytes, start), TokenKind::String),
                byte if is_word(byte) => (end_of_word(bytes, start), TokenKind::Word),
                byte => (start + 1, TokenKind::Punctuator(byte)),
            };
            self.at = end;
            return Some(Token { start, end, kind });
        }
    }
}

const BOM: &[u8] = "\u{FEFF}".as_bytes();

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.') || !byte.is_ascii()
}

fn end_of_word(bytes: &[u8], at: usize) -> usize {
    let is_over = |place: &usize| !is_word(bytes[*place]) || bytes[*place..].starts_with(BOM);
    (at + 1..bytes.len()).find(is_over).unwrap_or(bytes.len())
}

fn end_of_line(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|byte| matches!(byte, b'\n' | b'\r')).map_or(bytes.len(), |length| at + length)
}

/// The end of the string that starts at `at`. An unclosed string is left to the parser.
fn end_of_string(bytes: &[u8], at: usize) -> usize {
    let mut next = at + 1;
    while next < bytes.len() {
        match bytes[next] {
            b'\\' => next += 2,
            b'"' => return next + 1,
            // A plain string ends with its line; the parser reports the error.
            b'\n' | b'\r' => return next,
            _ => next += 1,
        }
    }
    bytes.len()
}

fn end_of_block(bytes: &[u8], at: usize) -> usize {
    let mut next = at + 3;
    while next < bytes.len() {
        if bytes[next..].starts_with(br#"\""""#) {
            next += 4;
        } else if bytes[next..].starts_with(br#"""""#) {
            return next + 3;
        } else {
            next += 1;
        }
    }
    bytes.len()
}
