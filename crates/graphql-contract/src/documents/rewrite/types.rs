//! Types of variables, in which the parser accepts no blanks.

use super::{Kind, Token, blank};

/// The number of tokens of the type at the start of `tokens`, and the type without inner blanks but
/// of the same width, if it has any; none if the tokens are not a type.
pub(super) fn tight(tokens: &[Token], text: &str) -> Option<(usize, Option<String>)> {
    let is = |index: usize, mark: u8| tokens.get(index).is_some_and(|token| token.is(mark));
    let lists = tokens.iter().take_while(|token| token.is(b'[')).count();
    tokens.get(lists).filter(|token| token.kind == Kind::Word)?;
    let mut end = lists + 1;
    end += usize::from(is(end, b'!'));
    for _ in 0..lists {
        if !is(end, b']') {
            return None;
        }
        end += 1;
        end += usize::from(is(end, b'!'));
    }
    let parts = &tokens[..end];
    let (first, last) = (parts.first()?, parts.last()?);
    let mut tight: String = parts.iter().map(|part| part.text(text)).collect();
    if tight.len() == last.end - first.start {
        return Some((last.end, None));
    }
    let span = text.get(first.start..last.end)?;
    // A type on several lines leaves blank ones; what follows it is on the last of them.
    let rest = span.find(['\n', '\r']).unwrap_or(tight.len());
    tight.push_str(&blank(span.get(rest..).unwrap_or_default()));
    Some((last.end, Some(tight)))
}
