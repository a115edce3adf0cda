//! Counting tokens and nesting, without recursion, before the recursive parser sees the text.

use async_graphql::{Pos, ServerError};

use super::Limits;
use super::refusal::{Code, error};

/// Refuses a text with more bytes than the limits allow.
pub(super) fn measure(text: &str, limits: &Limits) -> Result<(), ServerError> {
    if text.len() > limits.max_bytes {
        let message = format!("The document has {} bytes; {} are allowed.", text.len(), limits.max_bytes);
        return Err(error(Code::TooLarge, message, None));
    }
    Ok(())
}

/// Refuses a text with more tokens or nested brackets than the limits allow. Does not check the syntax.
pub(super) fn scan(text: &str, limits: &Limits) -> Result<(), ServerError> {
    let bytes = text.as_bytes();
    let (mut at, mut tokens, mut depth) = (0, 0, 0_usize);
    while at < bytes.len() {
        let start = at;
        at = match bytes[at] {
            b' ' | b'\t' | b'\n' | b'\r' | b',' => {
                at += 1;
                continue;
            }
            b'#' => {
                at = end_of_line(bytes, at);
                continue;
            }
            b'"' => end_of_string(bytes, at),
            byte if is_word(byte) => end_of_word(bytes, at),
            byte => {
                match byte {
                    b'{' | b'[' | b'(' => depth += 1,
                    b'}' | b']' | b')' => depth = depth.saturating_sub(1),
                    _ => {}
                }
                at + 1
            }
        };
        tokens += 1;
        if tokens > limits.max_tokens {
            let message = format!("The document has more than {} tokens.", limits.max_tokens);
            return Err(error(Code::TooLarge, message, Some(position(text, start))));
        }
        if depth > limits.max_nesting {
            let message = format!("The document nests deeper than {} brackets.", limits.max_nesting);
            return Err(error(Code::TooLarge, message, Some(position(text, start))));
        }
    }
    Ok(())
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.') || !byte.is_ascii()
}

fn end_of_word(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|byte| !is_word(*byte)).map_or(bytes.len(), |length| at + length)
}

fn end_of_line(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|byte| matches!(byte, b'\n' | b'\r')).map_or(bytes.len(), |length| at + length)
}

/// Where the string that starts at `at` ends. A string that never ends is left for the parser to refuse.
fn end_of_string(bytes: &[u8], at: usize) -> usize {
    if bytes[at..].starts_with(br#"""""#) {
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
        return bytes.len();
    }
    let mut next = at + 1;
    while next < bytes.len() {
        match bytes[next] {
            b'\\' => next += 2,
            b'"' => return next + 1,
            // A plain string ends with its line; the parser will say so.
            b'\n' | b'\r' => return next,
            _ => next += 1,
        }
    }
    bytes.len()
}

fn position(text: &str, at: usize) -> Pos {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    Pos { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(max_tokens: usize, max_nesting: usize) -> Limits {
        Limits { max_tokens, max_nesting, ..Limits::default() }
    }

    #[test]
    fn brackets_in_strings_and_comments_do_not_nest() {
        let text = "# {{{{{\n{ a(b: \"{{{{\\\"{{\", c: \"\"\"[[[ \\\"\"\" [[[\"\"\") }";
        assert!(scan(text, &limits(50, 2)).is_ok());
        assert!(scan(text, &limits(50, 1)).is_err());
    }

    #[test]
    fn the_token_over_the_limit_is_located() {
        let refused = scan("{ a\n  b }", &limits(2, 9)).unwrap_err();
        assert_eq!(refused.locations, vec![Pos { line: 2, column: 3 }]);
    }

    #[test]
    fn nesting_that_never_closes_is_refused() {
        assert!(scan(&"[".repeat(60_000), &Limits::default()).is_err());
    }
}
