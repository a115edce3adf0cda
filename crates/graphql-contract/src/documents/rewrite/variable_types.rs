//! Types of variables, in which the parser accepts no spaces.

use super::{Token, TokenKind, blank_out};

/// The end of the type at the start of `tokens`, and the type without inner spaces but of the same
/// width, if it has any; none if the tokens are not a type.
pub(super) fn without_spaces(tokens: &[Token], text: &str) -> Option<(usize, Option<String>)> {
    let is_punctuator = |index: usize, mark: u8| tokens.get(index).is_some_and(|token| token.is_punctuator(mark));
    let lists = tokens.iter().take_while(|token| token.is_punctuator(b'[')).count();
    tokens.get(lists).filter(|token| token.kind == TokenKind::Word)?;
    let mut end = lists + 1;
    end += usize::from(is_punctuator(end, b'!'));
    for _ in 0..lists {
        if !is_punctuator(end, b']') {
            return None;
        }
        end += 1;
        end += usize::from(is_punctuator(end, b'!'));
    }
    let parts = &tokens[..end];
    let (first, last) = (parts.first()?, parts.last()?);
    let mut compact: String = parts.iter().map(|part| part.text(text)).collect();
    if compact.len() == last.end - first.start {
        return Some((last.end, None));
    }
    let span = text.get(first.start..last.end)?;
    // A type on several lines leaves empty ones; what follows it is on the last of them.
    let rest = span.find(['\n', '\r']).unwrap_or(compact.len());
    compact.push_str(&blank_out(span.get(rest..).unwrap_or_default()));
    Some((last.end, Some(compact)))
}
