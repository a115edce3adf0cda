//! HTML entities: numbers and names.

/// Maximum length of an entity, in bytes: the longest name has 31 letters.
const MAX_LENGTH: usize = 33;

/// The entity at the start of `text`, decoded, and its length in bytes. `None` for an ampersand
/// that starts no entity.
pub(super) fn at(text: &str) -> Option<(char, usize)> {
    let body = text.strip_prefix('&')?;
    let end = body.bytes().take(MAX_LENGTH).position(|byte| byte == b';')?;
    let name = &body[..end];
    let char = match name.strip_prefix('#') {
        Some(number) => numbered(number)?,
        None => named(&text[..end + 2])?,
    };
    Some((char, end + 2))
}

fn named(entity: &str) -> Option<char> {
    let decoded = html_escape::decode_html_entities(entity);
    let mut chars = decoded.chars();
    let first = chars.next()?;
    chars.next().is_none().then_some(first)
}

/// Not left to the library: control characters, too, are decoded, because they are removed
/// afterwards.
fn numbered(number: &str) -> Option<char> {
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    char::from_u32(code)
}
