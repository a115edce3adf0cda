//! The text of each mail, in each language.
//!
//! A letter says what happened, what to do, and what to do if it was not the reader. It has no
//! remote content, and nothing that tells whether it was read.

mod display;
mod english;
mod examples;
mod german;
mod layout;

use std::fmt;

use serde::{Deserialize, Serialize};
use types::{Email, Timestamp};

use crate::Locale;

/// Who sends the letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brand {
    /// The name of the platform.
    pub name: String,
    /// Where its users sign in.
    pub app_url: String,
}

/// A mail, with the data that it shows. Names and devices are what people wrote: they are escaped,
/// shortened, and left out if they look like an advertisement.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "letter", rename_all = "snake_case")]
pub enum Letter {
    /// To a new account: is the address theirs?
    ConfirmEmail {
        /// The member.
        name: String,
        /// What to enter.
        code: String,
        /// What to open instead.
        link: String,
        /// When both expire.
        expires: Timestamp,
    },
    /// Somebody wanted to use the address of an account for another.
    AccountExists {
        /// The member.
        name: String,
        /// The page to sign in, or to reset the password.
        link: String,
    },
    /// Somebody asked to reset the password.
    ResetPassword {
        /// The member.
        name: String,
        /// What to enter.
        code: String,
        /// What to open instead.
        link: String,
        /// When both expire.
        expires: Timestamp,
    },
    /// Somebody asked to reset the password of an address without account.
    NoAccount,
    /// The password was changed.
    PasswordChanged {
        /// The member.
        name: String,
        /// When.
        at: Timestamp,
    },
    /// To a new address of an account: is it theirs?
    ConfirmNewEmail {
        /// The member.
        name: String,
        /// What to enter.
        code: String,
        /// What to open instead.
        link: String,
        /// When both expire.
        expires: Timestamp,
    },
    /// To the old address of an account: may the address change?
    ApproveEmailChange {
        /// The member.
        name: String,
        /// The new address, of which the letter shows only a part.
        new_email: Email,
        /// What to enter.
        code: String,
        /// What to open instead.
        link: String,
        /// When both expire.
        expires: Timestamp,
    },
    /// To the old address of an account: it was changed.
    EmailChanged {
        /// The member.
        name: String,
        /// The new address, of which the letter shows only a part.
        new_email: Email,
    },
    /// A sign-in on a device that the account did not have.
    NewDevice {
        /// The member.
        name: String,
        /// When.
        at: Timestamp,
        /// The network, such as `192.0.2.0/24`, if it is known.
        network: Option<String>,
        /// The browser and the system, as they call themselves.
        device: String,
    },
    /// The account was deleted.
    AccountDeleted {
        /// The member.
        name: String,
    },
    /// The second step of signing in was changed.
    SecondFactorChanged {
        /// The member.
        name: String,
        /// How.
        what: SecondFactorChange,
        /// When.
        at: Timestamp,
    },
}

/// A change of the second step of signing in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SecondFactorChange {
    /// Signing in needs a code of an app from now on.
    Enabled,
    /// Signing in needs no code any more.
    Disabled,
    /// There are new recovery codes, and the old ones are not valid.
    RecoveryCodesReplaced,
    /// A recovery code was used to sign in.
    RecoveryCodeUsed,
}

/// The contents of letters are secret: they have codes and links.
impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Letter({})", self.name())
    }
}

/// A letter as text and as HTML.
#[derive(Clone, PartialEq, Eq)]
pub struct RenderedLetter {
    /// The subject: one line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The same as an HTML document.
    pub html: String,
}

impl Letter {
    /// The letter in a language.
    pub fn render(&self, locale: Locale, brand: &Brand) -> RenderedLetter {
        let draft = match locale {
            Locale::En => english::write(self, brand),
            Locale::De => german::write(self, brand),
        };
        RenderedLetter {
            text: layout::text(&draft, brand),
            html: layout::html(&draft, locale, brand),
            subject: draft.subject,
        }
    }

    /// What kind of letter it is, for logs and metrics.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ConfirmEmail { .. } => "confirm_email",
            Self::AccountExists { .. } => "account_exists",
            Self::ResetPassword { .. } => "reset_password",
            Self::NoAccount => "no_account",
            Self::PasswordChanged { .. } => "password_changed",
            Self::ConfirmNewEmail { .. } => "confirm_new_email",
            Self::ApproveEmailChange { .. } => "approve_email_change",
            Self::EmailChanged { .. } => "email_changed",
            Self::NewDevice { .. } => "new_device",
            Self::AccountDeleted { .. } => "account_deleted",
            Self::SecondFactorChanged { .. } => "second_factor_changed",
        }
    }

    /// The member whom the letter greets.
    fn greeted(&self) -> Option<&str> {
        match self {
            Self::NoAccount => None,
            Self::ConfirmEmail { name, .. }
            | Self::AccountExists { name, .. }
            | Self::ResetPassword { name, .. }
            | Self::PasswordChanged { name, .. }
            | Self::ConfirmNewEmail { name, .. }
            | Self::ApproveEmailChange { name, .. }
            | Self::EmailChanged { name, .. }
            | Self::NewDevice { name, .. }
            | Self::AccountDeleted { name }
            | Self::SecondFactorChanged { name, .. } => Some(name),
        }
    }
}

/// A letter in one language, before it has a layout.
struct Draft {
    subject: String,
    greeting: String,
    blocks: Vec<Block>,
    footer: String,
}

/// A part of a letter.
enum Block {
    /// A paragraph.
    Paragraph(String),
    /// A link that looks like a button.
    Button { label: String, link: String },
    /// A code to enter.
    Code { label: String, code: String },
    /// Labels with their values.
    Facts(Vec<(&'static str, String)>),
}

fn paragraph(text: impl Into<String>) -> Block {
    Block::Paragraph(text.into())
}

fn button(label: impl Into<String>, link: &str) -> Block {
    Block::Button { label: label.into(), link: link.to_owned() }
}

fn code(label: &str, code: &str) -> Block {
    Block::Code { label: label.to_owned(), code: code.to_owned() }
}

#[cfg(test)]
mod tests;
