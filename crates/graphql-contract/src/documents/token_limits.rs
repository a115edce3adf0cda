//! Counts tokens and nesting without recursion, before the recursive parser sees the text.

use async_graphql::{Pos, ServerError};

use super::Limits;
use super::errors::{Code, error};
use super::tokens::{TokenKind, Tokens};

/// Rejects a text with more bytes than allowed.
pub(super) fn check_bytes(text: &str, limits: &Limits) -> Result<(), ServerError> {
    if text.len() > limits.max_bytes {
        let message = format!("The document has {} bytes; {} are allowed.", text.len(), limits.max_bytes);
        return Err(error(Code::TooLarge, message, None));
    }
    Ok(())
}

/// Rejects a text with more tokens or nested brackets than allowed. Does not check the syntax.
pub(super) fn check_tokens(text: &str, limits: &Limits) -> Result<(), ServerError> {
    let mut depth = 0_usize;
    for (index, token) in Tokens::of(text).enumerate() {
        match token.kind {
            TokenKind::Punctuator(b'{' | b'[' | b'(') => depth += 1,
            TokenKind::Punctuator(b'}' | b']' | b')') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if index >= limits.max_tokens {
            let message = format!("The document has more than {} tokens.", limits.max_tokens);
            return Err(error(Code::TooLarge, message, Some(position(text, token.start))));
        }
        if depth > limits.max_nesting {
            let message = format!("The document nests deeper than {} brackets.", limits.max_nesting);
            return Err(error(Code::TooLarge, message, Some(position(text, token.start))));
        }
    }
    Ok(())
}

/// The line and column of a byte offset.
pub(super) fn position(text: &str, at: usize) -> Pos {
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
        assert!(check_tokens(text, &limits(50, 2)).is_ok());
        assert!(check_tokens(text, &limits(50, 1)).is_err());
    }

    #[test]
    fn the_first_token_over_the_limit_is_located() {
        let error = check_tokens("{ a\n  b }", &limits(2, 9)).unwrap_err();
        assert_eq!(error.locations, vec![Pos { line: 2, column: 3 }]);
    }

    #[test]
    fn unclosed_nesting_is_rejected() {
        assert!(check_tokens(&"[".repeat(60_000), &Limits::default()).is_err());
    }
}
