//! How data from outside is shown in letters.

use types::Email;

/// Most characters of a name or a device.
const MAX_CHARACTERS: usize = 80;

/// A name or device as people wrote it, on one line; `None` if it is empty or has an address of the
/// web or of email.
///
/// Anybody can register the address of somebody else with a name of their choice. Without this, the
/// platform would mail advertisements for them.
pub(super) fn harmless(text: &str) -> Option<String> {
    let visible: String = text.chars().filter(|c| !is_invisible(*c)).collect();
    let words: Vec<_> =
        visible.split(|c: char| c.is_control() || c.is_whitespace()).filter(|word| !word.is_empty()).collect();
    let line = words.join(" ");
    if line.is_empty() || words.iter().any(|word| has_address(word)) {
        return None;
    }
    Some(if line.chars().count() > MAX_CHARACTERS {
        line.chars().take(MAX_CHARACTERS - 1).chain(['…']).collect()
    } else {
        line
    })
}

/// Characters without width, and those that reverse the direction of what comes after them.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
    )
}

/// Whether mailboxes may turn a word into a link: `a@b`, `://`, `www.`, or a dot between a letter
/// or digit and two letters.
fn has_address(word: &str) -> bool {
    let lower = word.to_lowercase();
    let is_domain = |(before, after): (&str, &str)| {
        let letters = after.chars().take_while(|c| c.is_alphabetic()).count();
        before.ends_with(char::is_alphanumeric) && letters >= 2
    };
    let dots = lower.match_indices(['.', '。', '．']);
    let mut around = dots.map(|(at, dot)| (&lower[..at], &lower[at + dot.len()..]));
    lower.contains(['@', '＠']) || lower.contains("//") || lower.contains("www.") || around.any(is_domain)
}

/// An address of which the reader recognizes their own, and nobody else learns it:
/// `a•••@example.org`.
pub(super) fn masked(email: &Email) -> String {
    let (local, domain) = email.as_str().rsplit_once('@').unwrap_or_default();
    let first: String = local.chars().take(usize::from(local.len() > 1)).collect();
    format!("{first}•••@{domain}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_on_one_line() {
        for (text, shown) in [
            ("Ada", "Ada"),
            ("  Ada \r\n B.  ", "Ada B."),
            ("J.R. Smith", "J.R. Smith"),
            ("Dr. Ann O'Neil-Öz", "Dr. Ann O'Neil-Öz"),
            ("a\u{202e}b\u{200b}c", "abc"),
            ("<b>Ada</b>", "<b>Ada</b>"),
            ("Firefox 140.0 on Linux", "Firefox 140.0 on Linux"),
        ] {
            assert_eq!(harmless(text).as_deref(), Some(shown), "{text:?}");
        }
        let long = harmless(&"ä ".repeat(200)).unwrap();
        assert!(long.chars().count() == MAX_CHARACTERS && long.ends_with('…'), "{long}");
    }

    #[test]
    fn names_that_advertise_are_left_out() {
        for text in [
            "",
            " \n",
            "\u{200b}",
            "Win at example.com",
            "EXAMPLE.COM",
            "example\u{200b}.com/win",
            "https://example",
            "HTTP://1",
            "//example",
            "www.example",
            "ann@example",
            "10.example.com",
        ] {
            assert_eq!(harmless(text), None, "{text:?}");
        }
    }

    #[test]
    fn an_address_shows_its_first_letter_and_its_domain() {
        let mask = |text: &str| masked(&text.parse().unwrap());
        assert_eq!(mask("ada@example.org"), "a•••@example.org");
        assert_eq!(mask("a@example.org"), "•••@example.org");
        assert_eq!(masked(&Email::stored("broken".to_owned())), "•••@");
    }
}
