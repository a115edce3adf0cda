//! What a failure at a command means, and how it is reported without secrets.

use std::{error::Error as _, fmt, io};

use lettre::transport::smtp::Error;
use types::Email;

use crate::{Credentials, SendError};

/// Most characters of a server's answer in a reason.
const MAX_CHARACTERS: usize = 200;

/// Codes that ask for a sign-in, for encryption, or for another order of commands (RFC 4954, RFC
/// 3207).
const SET_UP_CODES: [u16; 5] = [503, 530, 534, 535, 538];

/// A step of sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// The greeting and `EHLO`.
    Hello,
    /// `STARTTLS`.
    Encrypt,
    /// `AUTH`.
    SignIn,
    /// `MAIL FROM`.
    Sender,
    /// `RCPT TO`.
    Recipient,
    /// `DATA`, and the mail itself.
    Content,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hello => "greeting",
            Self::Encrypt => "STARTTLS",
            Self::SignIn => "AUTH",
            Self::Sender => "MAIL FROM",
            Self::Recipient => "RCPT TO",
            Self::Content => "DATA",
        })
    }
}

impl Stage {
    /// What an error at this step means.
    pub fn failure(self, error: &Error, secrets: &Secrets) -> SendError {
        let text = error.source().map_or_else(|| error.to_string(), ToString::to_string);
        let Some(code) = error.status().map(u16::from) else {
            return self.fault(error, &secrets.hide(&text));
        };
        let text = secrets.hide(&text);
        let reason = match self {
            // Servers may repeat what they were sent.
            Self::SignIn => format!("the mail server refuses the user or the password ({code})"),
            _ => format!("{self}: {code} {text}"),
        };
        // 4yz: not now.
        if error.is_transient() {
            return SendError::Temporary(reason);
        }
        let is_about_mail = matches!(self, Self::Recipient | Self::Content);
        if is_about_mail && !is_set_up_fault(code, &text) {
            return SendError::Rejected(reason);
        }
        SendError::Misconfigured(reason)
    }

    /// A failure that is no answer of the server. `text` has no secrets.
    fn fault(self, error: &Error, text: &str) -> SendError {
        if let Some(error @ rustls::Error::InvalidCertificate(_)) = tls_error(error) {
            return SendError::Misconfigured(format!("TLS with the mail server: {error}"));
        }
        // The server does not have what is required, for example a method to sign in.
        if error.is_client() {
            return SendError::Misconfigured(format!("{self}: {text}"));
        }
        SendError::Temporary(format!("{self}: {text}"))
    }
}

/// Whether a refusal of a recipient is about us. Servers refuse to relay with the same codes as
/// unknown recipients, and a server that does not know its clients any more must not turn every
/// mail into a bounce.
fn is_set_up_fault(code: u16, text: &str) -> bool {
    SET_UP_CODES.contains(&code) || text.to_ascii_lowercase().contains("relay")
}

/// The error of TLS among the causes of an error.
fn tls_error(error: &Error) -> Option<&rustls::Error> {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        // The source of an I/O error is that of the error inside it.
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(found) = inner.and_then(|inner| inner.downcast_ref()).or_else(|| error.downcast_ref()) {
            return Some(found);
        }
        cause = error.source();
    }
    None
}

/// What reasons must not have, each with its replacement.
pub(super) struct Secrets(Vec<(String, String)>);

impl Secrets {
    pub fn new(recipient: &Email, credentials: Option<&Credentials>) -> Self {
        // As in the logs: only the domain.
        let mut secrets = vec![(recipient.as_str().to_owned(), format!("{recipient:?}"))];
        for secret in credentials.into_iter().flat_map(|known| [&known.password, &known.user]) {
            secrets.push((secret.to_ascii_lowercase(), "…".to_owned()));
        }
        Self(secrets)
    }

    /// A text of a server, on one line, without the secrets.
    fn hide(&self, text: &str) -> String {
        let mut text = crate::message::one_line(text);
        for (secret, replacement) in &self.0 {
            text = replace(&text, secret, replacement);
        }
        text.chars().take(MAX_CHARACTERS).collect()
    }
}

/// Replaces a text in lower case, in any case.
fn replace(text: &str, from: &str, to: &str) -> String {
    let mut replaced = String::new();
    let mut rest = text;
    while let Some(at) = rest.to_ascii_lowercase().find(from).filter(|_| !from.is_empty()) {
        replaced.push_str(&rest[..at]);
        replaced.push_str(to);
        rest = &rest[at + from.len()..];
    }
    replaced + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_in_any_case() {
        let credentials = Credentials { user: "Mailer".to_owned(), password: "Häslein".to_owned() };
        let secrets = Secrets::new(&"ada@example.org".parse().unwrap(), Some(&credentials));
        let hidden = secrets.hide("<Ada@Example.ORG> of mailer\r\nwith HäsLein: ada@example.org");
        assert_eq!(hidden, "<…@example.org> of …  with …: …@example.org");
        assert_eq!(secrets.hide(&"ä".repeat(1_000)).chars().count(), MAX_CHARACTERS);
    }

    #[test]
    fn a_refusal_to_relay_is_not_about_the_recipient() {
        for (code, text) in [
            (554, "5.7.1 <…@example.org>: Relay access denied"),
            (550, "5.7.54 SMTP; Unable to relay recipient in non-accepted domain"),
            (550, "relay not permitted"),
            (503, "5.5.1 need AUTH first"),
            (530, "5.7.0 Must issue a STARTTLS command first"),
        ] {
            assert!(is_set_up_fault(code, text), "{text}");
        }
        for (code, text) in [(550, "5.1.1 user unknown"), (552, "5.2.2 mailbox full"), (554, "5.7.1 spam")] {
            assert!(!is_set_up_fault(code, text), "{text}");
        }
    }
}
