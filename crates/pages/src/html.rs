//! Text inside HTML.

use std::fmt::Write as _;

/// The text as it has to be written in HTML, in attributes as well.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// The text as a value in the query of an address.
pub(super) fn in_query(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => {
                // Writing into a string cannot fail.
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    encoded
}

/// The text in HTML, with its web addresses as links.
pub(super) fn linked(text: &str) -> String {
    let mut html = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("https://") {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c: char| c.is_whitespace() || matches!(c, ')' | ',' | ';')).unwrap_or(from.len());
        let (url, after) = from.split_at(end);
        let shown = url.trim_start_matches("https://").trim_end_matches('/');
        html.push_str(&escape(before));
        let _ = write!(html, "<a href=\"{}\" rel=\"noreferrer\">{}</a>", escape(url), escape(shown));
        rest = after;
    }
    html + &escape(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_survives_its_address() {
        assert_eq!(in_query("{ a(b: \"ü&\") }"), "%7B%20a%28b%3A%20%22%C3%BC%26%22%29%20%7D");
    }

    #[test]
    fn addresses_become_links_and_all_else_is_text() {
        let html = linked("<b> (https://a.example/x?y=1&z), https://b.example/ & more");
        let expected = "&lt;b&gt; (<a href=\"https://a.example/x?y=1&amp;z\" rel=\"noreferrer\">a.example/x?y=1&amp;z</a>), \
                        <a href=\"https://b.example/\" rel=\"noreferrer\">b.example</a> &amp; more";
        assert_eq!(html, expected);
        assert_eq!(linked("plain"), "plain");
    }
}
