//! HTML tags, distinguished from similar text: `<please`, `<Geylang Claypot Rice>`, `<3`.

/// Elements whose tags are removed.
const INLINE: &[&str] = &[
    "a", "abbr", "b", "big", "center", "code", "em", "font", "i", "img", "label", "mark", "s", "small", "span",
    "strike", "strong", "sub", "sup", "u",
];
/// Elements whose tags start or end a line.
const BLOCK: &[&str] = &[
    "blockquote",
    "dd",
    "div",
    "dl",
    "dt",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tbody",
    "td",
    "tr",
    "ul",
];

/// The effect of a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    /// `<br>`.
    Break,
    /// Starts or ends a block.
    Block,
    /// Only formatting.
    Inline,
}

impl Tag {
    /// The text that replaces it.
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Break | Self::Block => "\n",
            Self::Inline => "",
        }
    }

    fn of(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        match name.as_str() {
            "br" => Some(Self::Break),
            _ if BLOCK.contains(&name.as_str()) => Some(Self::Block),
            _ if INLINE.contains(&name.as_str()) => Some(Self::Inline),
            _ => None,
        }
    }
}

/// The tag at the start of `text`, and its length in bytes.
pub(super) fn at(text: &str) -> Option<(Tag, usize)> {
    let body = text.strip_prefix('<')?;
    // A tag contains no other tag, and is never this long.
    let end = body.bytes().take(2000).position(|byte| byte == b'>' || byte == b'<')?;
    if body.as_bytes()[end] == b'<' {
        return None;
    }
    let inside = &body[..end];
    let inside = inside.strip_prefix('/').unwrap_or(inside);
    let name_end = inside.find(|char: char| !char.is_ascii_alphanumeric()).unwrap_or(inside.len());
    let tag = Tag::of(&inside[..name_end])?;
    are_attributes(&inside[name_end..]).then_some((tag, end + 2))
}

/// Whether `text`, which starts with `<` and continues to the end, is a truncated tag: `<`, `</b`,
/// `<br /`.
pub(super) fn is_cut(text: &str) -> bool {
    let Some(body) = text.strip_prefix('<') else { return false };
    let name = body.strip_prefix('/').unwrap_or(body);
    let name = name.trim_end_matches('/').trim_end();
    name.is_empty() || Tag::of(name).is_some()
}

/// Whether `text` can follow the name of an element: attributes with values, and a slash. Words
/// without `=` are prose.
fn are_attributes(text: &str) -> bool {
    let mut rest = text;
    loop {
        let trimmed = rest.trim_start();
        if trimmed.is_empty() || trimmed == "/" {
            return true;
        }
        if trimmed.len() == rest.len() {
            return false;
        }
        let Some((name, value)) = trimmed.split_once('=') else { return false };
        if name.trim_end().is_empty() || name.trim_end().contains(|char: char| !is_name(char)) {
            return false;
        }
        let value = value.trim_start();
        rest = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => match value[1..].split_once(quote) {
                Some((_, rest)) => rest,
                None => return false,
            },
            _ => &value[value.find(char::is_whitespace).unwrap_or(value.len())..],
        };
    }
}

fn is_name(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | ':')
}
