//! Mails: their texts in each language, and the port that sends them, with its adapters: SMTP, a
//! folder, off.
//!
//! A mail is sent at least once. All attempts have the same key, and with it the same `Message-ID`
//! and the same bytes, so that a mailbox can recognize a mail that was sent again because an answer
//! was lost.

mod eml;
mod folder;
mod letters;
mod locale;
mod message;
mod settings;
mod smtp;
mod transport;

pub use eml::StoredMail;
pub use folder::{FolderEntry, MAX_MAILS, MailFolder};
pub use letters::{Brand, Letter, PasskeyChange, ProviderChange, RenderedLetter, SecondFactorChange};
pub use locale::Locale;
pub use message::{InvalidMailKey, InvalidSender, MailKey, Message, Sender};
pub use settings::{Credentials, InvalidSettings, MailSettings, Security, SmtpSettings, Timeouts};
pub use smtp::Smtp;
pub use transport::{MailTransport, Off, SendError, Sending};
