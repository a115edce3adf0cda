//! Rejects literal input objects with duplicate fields. The parser keeps only the last one, so the
//! text itself is checked.

use std::collections::HashSet;

use async_graphql::ServerError;

use super::errors::{Code, error, quote};
use super::token_limits::position;
use super::tokens::{Token, TokenKind, Tokens};

/// An open bracket.
enum Open<'a> {
    /// `{` of a selection.
    Selection,
    /// `(` or `[`, which contain values.
    Values,
    /// `{` of an input object, and its fields so far.
    Object(HashSet<&'a str>),
}

/// Checks a text that can be parsed.
pub(super) fn check(text: &str) -> Result<(), ServerError> {
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut last: Option<Token> = None;
    for token in Tokens::of(text) {
        match token.kind {
            TokenKind::Punctuator(b'(' | b'[') => open.push(Open::Values),
            TokenKind::Punctuator(b'{') => open.push(match open.last() {
                None | Some(Open::Selection) => Open::Selection,
                Some(_) => Open::Object(HashSet::new()),
            }),
            TokenKind::Punctuator(b'}' | b']' | b')') => drop(open.pop()),
            TokenKind::Punctuator(b':') => {
                if let (Some(Open::Object(fields)), Some(name)) = (open.last_mut(), last)
                    && !fields.insert(name.text(text))
                {
                    let message = format!("The field `{}` is given twice.", quote(name.text(text)));
                    return Err(error(Code::ValidationFailed, message, Some(position(text, name.start))));
                }
            }
            _ => {}
        }
        last = Some(token);
    }
    Ok(())
}
