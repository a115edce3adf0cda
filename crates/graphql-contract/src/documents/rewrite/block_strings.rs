//! Block strings that the parser reads differently from the specification.

/// A plain string with the value that the specification gives the block string, and as many lines
/// and columns; none if the parser reads the same value.
pub(super) fn to_plain(token: &str) -> Option<String> {
    let raw = token.strip_prefix(QUOTES)?.strip_suffix(QUOTES)?;
    let is_blank = |line: &str| !line.is_empty() && line.trim_matches(WHITESPACE).is_empty();
    if !raw.contains(ESCAPED) && !lines(raw).any(is_blank) {
        return None;
    }
    let mut new = String::from("\"");
    for letter in value(&raw.replace(ESCAPED, QUOTES)).chars() {
        match letter {
            '"' | '\\' => new.extend(['\\', letter]),
            '\n' => new.push_str("\\n"),
            _ => new.push(letter),
        }
    }
    new.push('"');
    let breaks = lines(token).count() - 1;
    let last = lines(token).last().unwrap_or_default().chars().count();
    let width = if breaks == 0 { new.chars().count() } else { 0 };
    new.extend(std::iter::repeat_n('\n', breaks).chain(std::iter::repeat_n(' ', last.saturating_sub(width))));
    Some(new)
}

const QUOTES: &str = "\"\"\"";
const ESCAPED: &str = "\\\"\"\"";
const WHITESPACE: [char; 2] = [' ', '\t'];

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split("\r\n").flat_map(|line| line.split(['\r', '\n']))
}

/// `BlockStringValue` of the specification.
fn value(raw: &str) -> String {
    let indent_of = |line: &str| line.len() - line.trim_start_matches(WHITESPACE).len();
    let indented = lines(raw).skip(1).filter(|line| indent_of(line) < line.len());
    let indent = indented.map(indent_of).min().unwrap_or(0);
    let cut = |(index, line): (usize, &'_ str)| match index {
        0 => line.to_owned(),
        _ => line.get(indent..).unwrap_or_default().to_owned(),
    };
    let lines: Vec<String> = lines(raw).enumerate().map(cut).collect();
    let has_content = |line: &String| !line.trim_matches(WHITESPACE).is_empty();
    let first = lines.iter().position(has_content).unwrap_or(lines.len());
    let end = lines.iter().rposition(has_content).map_or(first, |last| last + 1);
    lines[first..end].join("\n")
}
