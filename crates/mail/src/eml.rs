//! Reads back the mails that this crate writes, for a page that shows them to developers. Not a
//! parser of mails of others.

use base64::{Engine, prelude::BASE64_STANDARD};

/// A mail in a folder.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredMail {
    /// The name of its file.
    pub name: String,
    /// The recipient.
    pub to: String,
    /// The subject.
    pub subject: String,
    /// The `Date` header.
    pub date: String,
    /// The `Message-ID` header.
    pub message_id: String,
    /// The plain text.
    pub text: String,
    /// The HTML document.
    pub html: String,
}

/// The contents of mails are secret: they have codes and links.
impl std::fmt::Debug for StoredMail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredMail").field("name", &self.name).finish_non_exhaustive()
    }
}

impl StoredMail {
    /// Reads a mail; `None`: it was not written by this crate.
    pub(crate) fn parse(name: &str, mail: &str) -> Option<Self> {
        let (head, body) = split(mail)?;
        let content = header(&head, "Content-Type")?;
        let (_, boundary) = content.split_once("boundary=")?;
        let boundary = boundary.split(';').next()?.trim().trim_matches('"');
        let delimiter = format!("--{boundary}");
        let part = |kind: &str| {
            let parts = body.split(&delimiter).filter_map(|part| split(part.strip_prefix("\r\n")?));
            let mut parts =
                parts.filter(|(head, _)| header(head, "Content-Type").is_some_and(|it| it.starts_with(kind)));
            parts.next().and_then(|(_, body)| decode(body))
        };
        let header = |name| header(&head, name).map(|value| decode_words(&value));
        Some(Self {
            name: name.to_owned(),
            to: header("To")?,
            subject: header("Subject")?,
            date: header("Date")?,
            message_id: header("Message-ID")?,
            text: part("text/plain")?,
            html: part("text/html")?,
        })
    }
}

/// The unfolded head, and the body.
fn split(entity: &str) -> Option<(String, &str)> {
    let (head, body) = entity.split_once("\r\n\r\n")?;
    Some((head.replace("\r\n ", " ").replace("\r\n\t", " "), body))
}

fn header(head: &str, name: &str) -> Option<String> {
    let fields = head.split("\r\n").filter_map(|line| line.split_once(':'));
    let mut found = fields.filter(|(known, _)| known.eq_ignore_ascii_case(name));
    found.next().map(|(_, value)| value.trim().to_owned())
}

/// A body in quoted-printable, the only encoding that is written.
fn decode(body: &str) -> Option<String> {
    let bytes = quoted_printable::decode(body, quoted_printable::ParseMode::Robust).ok()?;
    String::from_utf8(bytes).ok().map(|text| text.replace("\r\n", "\n"))
}

/// A header with encoded words (RFC 2047), in base64 and UTF-8 as they are written. Space between
/// two of them does not count.
fn decode_words(value: &str) -> String {
    let mut decoded = String::new();
    let mut rest = value;
    let mut follows_word = false;
    while let Some((before, word, after)) = next_word(rest) {
        if !(follows_word && before.trim().is_empty()) {
            decoded.push_str(before);
        }
        decoded.push_str(&word);
        rest = after;
        follows_word = true;
    }
    decoded + rest
}

/// The text before the next encoded word, the word, and the text after it.
fn next_word(text: &str) -> Option<(&str, String, &str)> {
    let (before, rest) = text.split_once("=?utf-8?b?")?;
    let (word, after) = rest.split_once("?=")?;
    let bytes = BASE64_STANDARD.decode(word).ok()?;
    Some((before, String::from_utf8(bytes).ok()?, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_words_are_read() {
        assert_eq!(decode_words("plain"), "plain");
        assert_eq!(decode_words("=?utf-8?b?w6Q=?= =?utf-8?b?w7Y=?= and =?utf-8?b?w7w=?="), "äö and ü");
        assert_eq!(decode_words("=?utf-8?b?*?= x"), "=?utf-8?b?*?= x");
    }

    #[test]
    fn what_is_no_mail_is_not_read() {
        for text in [
            "",
            "a",
            "a: b\r\n\r\nc",
            "Content-Type: text/plain\r\n\r\nc",
            "Content-Type: multipart/a; boundary=\"b\"\r\n\r\n--b",
        ] {
            assert!(StoredMail::parse("a", text).is_none(), "{text:?}");
        }
    }
}
