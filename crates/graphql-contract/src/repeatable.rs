//! Whether a directive is defined as `repeatable`. The parser (async-graphql-parser 8.0.0-rc.5)
//! reports every definition as repeatable, because its rule for the keyword also matches nothing.
//! So the text is checked.

use async_graphql_parser::Pos;

/// Whether the keyword is in `sdl` between a directive's name and its first location, outside its
/// arguments.
pub(super) fn has_keyword(sdl: &str, name: Pos, location: Pos) -> bool {
    let tail = between(sdl, name, location);
    strip_nested(tail).split_whitespace().skip(1).any(|word| word == "repeatable")
}

/// The text from one of the parser's positions to another.
fn between(sdl: &str, from: Pos, to: Pos) -> &str {
    let (mut at, mut start, mut end) = (Pos { line: 1, column: 1 }, 0, sdl.len());
    for (index, letter) in sdl.char_indices() {
        if at == from {
            start = index;
        }
        if at == to {
            end = index;
        }
        // Counted as the parser does.
        match letter {
            '\r' => at.column = 1,
            '\n' => at = Pos { line: at.line + 1, column: 1 },
            _ => at.column += 1,
        }
    }
    sdl.get(start..end).unwrap_or_default()
}

/// `text` without parentheses, strings and comments.
fn strip_nested(mut text: &str) -> String {
    let (mut stripped, mut depth) = (String::new(), 0_usize);
    while let Some(letter) = text.chars().next() {
        let length = match letter {
            '"' if text.starts_with("\"\"\"") => string_length(text, "\"\"\""),
            '"' => string_length(text, "\""),
            '#' => text.find(['\n', '\r']).unwrap_or(text.len()),
            _ => letter.len_utf8(),
        };
        match letter {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            '"' | '#' => {}
            _ if depth == 0 => stripped.push(letter),
            _ => {}
        }
        if matches!(letter, '(' | ')' | '"' | '#') {
            stripped.push(' ');
        }
        text = text.get(length..).unwrap_or_default();
    }
    stripped
}

/// The length of the string literal at the start of `text`.
fn string_length(text: &str, quote: &str) -> usize {
    let mut length = quote.len();
    while let Some(rest) = text.get(length..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(quote) {
            return length + quote.len();
        }
        let escape = rest.starts_with('\\').then_some(if quote.len() == 3 { "\\\"\"\"" } else { "\\\"" });
        length += match (escape, rest.chars().next()) {
            (Some(escape), _) if rest.starts_with(escape) => escape.len(),
            // In a plain string a backslash escapes the next character.
            (Some("\\\""), _) => 1 + rest.chars().nth(1).map_or(0, char::len_utf8),
            (_, Some(letter)) => letter.len_utf8(),
            (_, None) => return text.len(),
        };
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::super::elements;

    #[test]
    fn only_the_keyword_in_the_right_place_counts() {
        for (sdl, repeatable) in [
            ("directive @d repeatable on FIELD", true),
            ("directive @d on FIELD", false),
            ("directive @repeatable on FIELD", false),
            ("directive @repeatable repeatable on FIELD", true),
            ("directive @d(repeatable: Int) on FIELD", false),
            ("directive @d(a: String = \") repeatable \\\" repeatable (\") on FIELD", false),
            ("directive @d(a: String = \"\\\\\") repeatable on FIELD", true),
            ("directive @d(\"\"\"x ) \\\"\"\" y repeatable\"\"\" a: Int)repeatable on FIELD", true),
            ("directive @d # repeatable\n on FIELD", false),
            ("scalar A # é repeatable\r\n directive @d(a: Int) # (\n repeatable # x\n on | FIELD | QUERY", true),
        ] {
            let lines: Vec<_> = elements(sdl).unwrap().iter().map(ToString::to_string).collect();
            let found = lines.iter().any(|line| line.contains(" repeatable on "));
            assert_eq!(found, repeatable, "{sdl}: {lines:?}");
        }
    }
}
