//! Rewrites syntax of the specification of September 2025 that the parser does not support:
//! descriptions of operations, fragments and variables are removed, escapes with more than four
//! digits are replaced by their characters, some block strings become plain strings, and spaces
//! inside types of variables move to their end. All other tokens keep their line and column.

use std::borrow::Cow;

use async_graphql::ServerError;

use super::errors::{Code, error};
use super::token_limits::position;
use super::tokens::{Token, TokenKind, Tokens};

mod block_strings;
mod variable_types;

/// Returns the text for the parser.
///
/// # Errors
///
/// When an escape is not a character.
pub(super) fn rewrite(text: &str) -> Result<Cow<'_, str>, ServerError> {
    let tokens: Vec<Token> = Tokens::of(text).collect();
    let mut rewritten = String::new();
    let mut done = 0;
    let mut brackets = OpenBrackets::default();
    for (index, token) in tokens.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|index| tokens.get(index));
        let (end, new) = match token.kind {
            TokenKind::String | TokenKind::BlockString
                if brackets.is_description(before, tokens.get(index + 1), text) =>
            {
                (token.end, Some(blank_out(token.text(text))))
            }
            TokenKind::String => {
                let plain = unescape(token.text(text)).map_err(|at| invalid_escape(text, token.start + at))?;
                (token.end, plain)
            }
            TokenKind::BlockString => (token.end, block_strings::to_plain(token.text(text))),
            _ if brackets.is_variable_type(before) => {
                variable_types::without_spaces(&tokens[index..], text).unwrap_or((token.end, None))
            }
            _ => (token.end, None),
        };
        if let Some(new) = new {
            rewritten.push_str(text.get(done..token.start).unwrap_or_default());
            rewritten.push_str(&new);
            done = end;
        }
        brackets.update(token);
    }
    if done == 0 {
        return Ok(Cow::Borrowed(text));
    }
    rewritten.push_str(text.get(done..).unwrap_or_default());
    Ok(Cow::Owned(rewritten))
}

fn invalid_escape(text: &str, at: usize) -> ServerError {
    error(Code::ParseFailed, "Syntax error: this escape is not a Unicode character.", Some(position(text, at)))
}

/// The open brackets before a token.
#[derive(Default)]
struct OpenBrackets {
    open: Vec<u8>,
}

impl OpenBrackets {
    fn update(&mut self, token: &Token) {
        match token.kind {
            TokenKind::Punctuator(bracket @ (b'{' | b'[' | b'(')) => self.open.push(bracket),
            TokenKind::Punctuator(b'}' | b']' | b')') => drop(self.open.pop()),
            _ => {}
        }
    }

    /// Whether a type of a variable may follow `before`.
    fn is_variable_type(&self, before: Option<&Token>) -> bool {
        self.open.as_slice() == [b'('] && before.is_some_and(|before| before.is_punctuator(b':'))
    }

    /// Whether the string between these tokens is a description: of an operation, a fragment, or a
    /// variable definition, where a string after `=` is a default.
    fn is_description(&self, before: Option<&Token>, after: Option<&Token>, text: &str) -> bool {
        let Some(after) = after else { return false };
        match self.open.as_slice() {
            [] => {
                let begins = before.is_none_or(|before| before.is_punctuator(b'}'));
                begins && matches!(after.text(text), "query" | "mutation" | "subscription" | "fragment")
            }
            [b'('] => {
                after.is_punctuator(b'$')
                    && before.is_some_and(|before| !before.is_punctuator(b'=') && !before.is_punctuator(b':'))
            }
            _ => false,
        }
    }
}

/// Spaces of the same length as `text`, with its line breaks.
fn blank_out(text: &str) -> String {
    text.chars().map(|letter| if matches!(letter, '\n' | '\r') { letter } else { ' ' }).collect()
}

/// A string of the same width whose escapes the parser supports; none if it supports them already.
///
/// # Errors
///
/// The position of an escape that is not a character.
fn unescape(token: &str) -> Result<Option<String>, usize> {
    if !token.contains(r"\u") {
        return Ok(None);
    }
    let mut new = String::with_capacity(token.len());
    let (mut at, mut is_new) = (0, false);
    while let Some(letter) = token[at..].chars().next() {
        let Some(escape) = token[at..].strip_prefix('\\') else {
            new.push(letter);
            at += letter.len_utf8();
            continue;
        };
        if !escape.starts_with('u') {
            let width = 1 + escape.chars().next().map_or(0, char::len_utf8);
            new.push_str(&token[at..at + width]);
            at += width;
            continue;
        }
        let (code, width) = code_point(&token[at..]).ok_or(at)?;
        // The parser supports four digits, unless they are half a surrogate pair.
        if width == 6 && !escape.starts_with("u{") {
            new.push_str(&token[at..at + width]);
        } else {
            is_new = true;
            push_escaped(&mut new, code);
        }
        at += width;
    }
    let missing = token.chars().count().saturating_sub(new.chars().count());
    new.extend(std::iter::repeat_n(' ', missing));
    Ok(is_new.then_some(new))
}

/// The character of an escape, `\u0041`, `\uD83C\uDF7A` or `\u{1F37A}`, and the width of the escape
/// in bytes.
fn code_point(text: &str) -> Option<(char, usize)> {
    let hex = |digits: &str| {
        let is_hex = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        is_hex.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
    };
    let rest = text.strip_prefix(r"\u")?;
    if let Some(braced) = rest.strip_prefix('{') {
        let digits = &braced[..braced.find('}')?];
        return Some((char::from_u32(hex(digits)?)?, digits.len() + 4));
    }
    let first = hex(rest.get(..4)?)?;
    if let Some(letter) = char::from_u32(first) {
        return Some((letter, 6));
    }
    let second = hex(rest.get(4..)?.strip_prefix(r"\u")?.get(..4)?)?;
    let pair = char::decode_utf16([u16::try_from(first).ok()?, u16::try_from(second).ok()?]).next()?.ok()?;
    Some((pair, 12))
}

/// Appends a character to a string literal, escaped if needed.
fn push_escaped(string: &mut String, letter: char) {
    match letter {
        '"' => string.push_str("\\\""),
        '\\' => string.push_str(r"\\"),
        '\n' => string.push_str(r"\n"),
        '\r' => string.push_str(r"\r"),
        _ => string.push(letter),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// C26: escapes of any width, in a string that keeps its width.
    #[test]
    fn escapes_of_any_width_are_replaced_by_their_characters() {
        for (written, read) in [
            (r#""\u{1F37A}""#, "\"🍺\""),
            (r#""\uD83C\uDF7A""#, "\"🍺\""),
            (r#""a\u{41}\n""#, "\"aA\\n\""),
            (r#""\u{22}\u{5c}\u{a}""#, "\"\\\"\\\\\\n\""),
            (r#""\u{0001F37A}""#, "\"🍺\""),
        ] {
            let new = rewrite(written).unwrap();
            assert_eq!(new.trim_end(), read, "{written}");
            assert_eq!(new.chars().count(), written.chars().count(), "{written}");
        }
        for same in [r#""\u0041 \\u{41}""#, r#""plain""#, r#""""\u{1F37A} stays in a block""""#, "{ a }"] {
            assert!(matches!(rewrite(same).unwrap(), Cow::Borrowed(text) if text == same), "{same}");
        }
    }

    #[test]
    fn invalid_escapes_are_rejected_with_their_position() {
        for wrong in [
            r#"{ a(b: "\u{110000}") }"#,
            r#"{ a(b: "\u{D83C}") }"#,
            r#"{ a(b: "\u{}") }"#,
            r#"{ a(b: "\u{1F37A") }"#,
            r#"{ a(b: "\uD83C") }"#,
            r#"{ a(b: "\uDF7A\uD83C") }"#,
            r#"{ a(b: "\u00") }"#,
            r#"{ a(b: "\u{+41}") }"#,
        ] {
            let refused = rewrite(wrong).unwrap_err();
            assert_eq!((refused.locations[0].line, refused.locations[0].column), (1, 9), "{wrong}");
        }
    }

    /// The parser keeps the backslash of an escaped triple quote, and spaces on lines shorter than
    /// the indentation.
    #[test]
    fn block_strings_have_the_value_of_the_specification() {
        let text = "{ a(b: \"\"\"\n    one \\\"\"\" \\n\n  \n      two\n  \"\"\", c: 1) }";
        assert_eq!(rewrite(text).unwrap(), "{ a(b: \"one \\\"\\\"\\\" \\\\n\\n\\n  two\"\n\n\n\n     , c: 1) }");
        let text = r#"{ a(b: """x \"""""", c: 1) }"#;
        assert_eq!(rewrite(text).unwrap(), r#"{ a(b: "x \"\"\""  , c: 1) }"#);
    }

    #[test]
    fn spaces_inside_types_of_variables_move_to_their_end() {
        let text = "query A($a: [ Int ! ] !, $b: Int !, $c: [[Int]], $d: Int = 1) @x(y: [ 1 2 ]) { a(b: [ 1 ]) }";
        let new = "query A($a: [Int!]!    , $b: Int! , $c: [[Int]], $d: Int = 1) @x(y: [ 1 2 ]) { a(b: [ 1 ]) }";
        assert_eq!(rewrite(text).unwrap(), new);
        assert_eq!(rewrite("query A($a: [\n  Int # 1\n]) { a }").unwrap(), "query A($a: [Int]\n         \n ) { a }");
    }

    /// C26: descriptions of operations, fragments and variables.
    #[test]
    fn descriptions_are_removed_and_other_tokens_keep_their_positions() {
        let text = "\"\"\"Two\nlines\"\"\" query A(\"One.\" $a: String = \"x\" \"\"\"Two.\"\"\" $b: Int) { a(b: \"c\") }\n\
                    \"F\" fragment F on A { a }";
        let new = rewrite(text).unwrap();
        let words = new.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(words, "query A( $a: String = \"x\" $b: Int) { a(b: \"c\") } fragment F on A { a }");
        for (old, new) in text.lines().zip(new.lines()) {
            assert_eq!(old.chars().count(), new.chars().count());
        }
        assert_eq!(text.find("fragment"), new.find("fragment"));
        for same in [r#"{ a(b: ["x" $c]) }"#, r#""Not for" { a }"#, r#"query A($a: String = "query") { a }"#] {
            assert!(matches!(rewrite(same).unwrap(), Cow::Borrowed(_)), "{same}");
        }
    }
}
