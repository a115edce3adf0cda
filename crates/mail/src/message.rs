//! A mail, and its bytes on the wire.

use std::{
    fmt,
    fmt::Write as _,
    str::FromStr,
    time::{Duration, SystemTime},
};

use lettre::{
    Address,
    address::Envelope,
    message::{
        Mailbox, MultiPart, MultiPartKind, SinglePart,
        header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue},
    },
};
use types::{Email, Timestamp};

use crate::SendError;

/// Separates the parts of a mail. No part in quoted-printable can have `=_`.
const BOUNDARY: &str = "=_part";

/// A mail with one recipient.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// The recipient.
    pub to: Email,
    /// The subject. One line: control characters become spaces.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as an HTML document.
    pub html: String,
    /// The `Date` header: when the mail was decided, not when it is sent, so that it is the same
    /// for each attempt.
    pub date: Timestamp,
}

/// The contents of mails are secret: they have codes and links.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("to", &self.to).field("date", &self.date).finish_non_exhaustive()
    }
}

/// Identifies the effect that sends a mail: the same for each attempt.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MailKey(String);

/// A text that is not a [`MailKey`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a mail key has 1 to {} bytes", MailKey::MAX_BYTES)]
pub struct InvalidMailKey;

impl MailKey {
    /// Most bytes of a key: with each byte escaped, it fits into the name of a file and into a line
    /// of a header.
    pub const MAX_BYTES: usize = 64;

    /// A key: any text of 1 to 64 bytes.
    ///
    /// # Errors
    /// The text is empty or too long.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidMailKey> {
        let text = text.into();
        if (1..=Self::MAX_BYTES).contains(&text.len()) { Ok(Self(text)) } else { Err(InvalidMailKey) }
    }

    /// The key in letters, digits, `-` and `_`; every other byte is `=` and two digits. Different
    /// keys stay different.
    pub(crate) fn escaped(&self) -> String {
        let mut escaped = String::with_capacity(self.0.len());
        for byte in self.0.bytes() {
            if byte.is_ascii_alphanumeric() || b"-_".contains(&byte) {
                escaped.push(byte.into());
            } else {
                // Writing to a string does not fail.
                let _ = write!(escaped, "={byte:02X}");
            }
        }
        escaped
    }
}

/// The sender of all mails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// The name that mailboxes show; may be empty.
    pub name: String,
    /// The address. Its domain is also that of every `Message-ID`, and the name that is given to
    /// SMTP servers.
    pub email: Email,
}

/// A text that is not a [`Sender`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a sender: write `no-reply@example.org` or `Name <no-reply@example.org>`")]
pub struct InvalidSender;

impl FromStr for Sender {
    type Err = InvalidSender;
    fn from_str(text: &str) -> Result<Self, InvalidSender> {
        let (name, email) = match text.trim().strip_suffix('>') {
            Some(rest) => rest.rsplit_once('<').ok_or(InvalidSender)?,
            None => ("", text),
        };
        if name.contains(['<', '>']) {
            return Err(InvalidSender);
        }
        let name = name.trim().trim_matches('"').trim();
        Ok(Self { name: one_line(name), email: email.parse().map_err(|_| InvalidSender)? })
    }
}

impl Sender {
    pub(crate) fn domain(&self) -> &str {
        self.email.as_str().rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    fn mailbox(&self) -> Result<Mailbox, SendError> {
        let name = Some(one_line(&self.name)).filter(|name| !name.is_empty());
        let address = address(&self.email)
            .ok_or_else(|| SendError::Misconfigured("the sender has no valid address".to_owned()))?;
        Ok(Mailbox::new(name, address))
    }
}

/// A text with control characters as spaces: a line break would end a header.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().trim().to_owned()
}

/// An address for the wire. Checked again, because one from the database may be anything.
fn address(email: &Email) -> Option<Address> {
    let email: Email = email.as_str().parse().ok()?;
    let (local, domain) = email.as_str().rsplit_once('@')?;
    // lettre refuses two dots in a row, which addresses of some providers have.
    Some(Address::new_dangerous(local, domain))
}

/// A mail as bytes, with its envelope.
pub(crate) struct Encoded {
    pub from: Address,
    pub to: Address,
    pub bytes: Vec<u8>,
}

impl Message {
    /// The mail as bytes: the same for the same mail, sender and key.
    pub(crate) fn encode(&self, sender: &Sender, key: &MailKey) -> Result<Encoded, SendError> {
        let to = address(&self.to).ok_or_else(|| SendError::Rejected("the address is not valid".to_owned()))?;
        let from = sender.mailbox()?;
        let key = key.escaped();
        // Mails of years before 1970 do not exist, and lettre cannot write their date.
        let seconds = u64::try_from(self.date.unix_seconds()).unwrap_or(0);
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        let parts = MultiPart::builder()
            .kind(MultiPartKind::Alternative)
            .boundary(BOUNDARY)
            .singlepart(part(ContentType::TEXT_PLAIN, &self.text))
            .singlepart(part(ContentType::TEXT_HTML, &self.html));
        let envelope = Envelope::new(Some(from.email.clone()), vec![to.clone()]).map_err(unwritable)?;
        let mail = lettre::Message::builder()
            .from(from.clone())
            .to(Mailbox::new(None, to.clone()))
            .subject(one_line(&self.subject))
            .date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
            .message_id(Some(format!("<{key}@{}>", sender.domain())))
            .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()))
            // Else lettre reads the addresses from the headers, and refuses what it would not write.
            .envelope(envelope)
            .multipart(parts)
            .map_err(unwritable)?;
        Ok(Encoded { from: from.email, to, bytes: mail.formatted() })
    }
}

fn unwritable(error: lettre::error::Error) -> SendError {
    SendError::Rejected(format!("the mail cannot be written: {error}"))
}

/// A part of a mail. Quoted-printable needs no extension of SMTP and no long lines.
fn part(content: ContentType, text: &str) -> SinglePart {
    let part = SinglePart::builder().header(content).header(ContentTransferEncoding::QuotedPrintable);
    part.body(text.to_owned())
}

#[cfg(test)]
pub(crate) fn example(text: &str) -> (Message, MailKey) {
    let message = Message {
        to: "ada@example.org".parse().unwrap(),
        subject: "Example".to_owned(),
        text: text.to_owned(),
        html: format!("<!DOCTYPE html><p>{text}</p>"),
        // July 1, 2026, 13:00 UTC.
        date: Timestamp::from_micros(1_782_910_800_000_000).unwrap(),
    };
    (message, MailKey::new("send_mail:018f-0001:1").unwrap())
}

#[cfg(test)]
mod tests;
