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
use types::{CoHostAccess, Email, SupportCaseKind, Timestamp};

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
    /// A host invites somebody, who may have no account, to help with a listing.
    CoHostInvitation {
        /// The member, if there is an account.
        name: Option<String>,
        /// The host.
        host: String,
        /// The title of the listing.
        listing: String,
        /// What the member would be able to do.
        access: CoHostAccess,
        /// Where invitations are answered.
        link: String,
        /// When it expires.
        expires: Timestamp,
    },
    /// The account is going to be deleted.
    DeletionScheduled {
        /// The member.
        name: String,
        /// When.
        at: Timestamp,
    },
    /// All data of the account can be read in a session.
    DataExportRequested {
        /// The member.
        name: String,
        /// When it was requested.
        at: Timestamp,
    },
    /// Staff act as the member.
    ImpersonationStarted {
        /// The member.
        name: String,
        /// Why, in the words of staff.
        reason: String,
        /// Since when.
        at: Timestamp,
        /// Until when at the latest.
        until: Timestamp,
    },
    /// The platform has decided a case that the member opened.
    CaseDecided {
        /// The member.
        name: String,
        /// What the case was.
        kind: SupportCaseKind,
        /// The confirmation code of the booking that it was about.
        booking: Option<String>,
        /// Whether nothing is done.
        is_rejected: bool,
        /// Where cases are listed.
        link: String,
    },
    /// The platform has decided a case about a booking of the member, which the other party opened.
    BookingCaseDecided {
        /// The member.
        name: String,
        /// The confirmation code of the booking.
        booking: String,
        /// Where bookings are listed.
        link: String,
    },
    /// An account of an identity provider was linked or unlinked.
    ProviderChanged {
        /// The member.
        name: String,
        /// The name of the provider.
        provider: String,
        /// How.
        what: ProviderChange,
        /// When.
        at: Timestamp,
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
    /// A passkey was added, removed or refused.
    PasskeyChanged {
        /// The member.
        name: String,
        /// How.
        what: PasskeyChange,
        /// When.
        at: Timestamp,
    },
}

/// What happened to a passkey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PasskeyChange {
    /// It signs in from now on.
    Added,
    /// It does not sign in any more.
    Removed,
    /// It was not accepted, because it has signed less often than before: there may be a copy of it.
    Refused,
}

/// A change of the identity providers with which an account is signed in to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProviderChange {
    /// One can sign in with it from now on.
    Linked,
    /// One cannot sign in with it any more.
    Unlinked,
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
            Self::CoHostInvitation { .. } => "co_host_invitation",
            Self::DeletionScheduled { .. } => "deletion_scheduled",
            Self::DataExportRequested { .. } => "data_export_requested",
            Self::ImpersonationStarted { .. } => "impersonation_started",
            Self::CaseDecided { .. } => "case_decided",
            Self::BookingCaseDecided { .. } => "booking_case_decided",
            Self::ProviderChanged { .. } => "provider_changed",
            Self::SecondFactorChanged { .. } => "second_factor_changed",
            Self::PasskeyChanged { .. } => "passkey_changed",
        }
    }

    /// The member whom the letter greets.
    fn greeted(&self) -> Option<&str> {
        match self {
            Self::NoAccount => None,
            Self::CoHostInvitation { name, .. } => name.as_deref(),
            Self::ConfirmEmail { name, .. }
            | Self::AccountExists { name, .. }
            | Self::ResetPassword { name, .. }
            | Self::PasswordChanged { name, .. }
            | Self::ConfirmNewEmail { name, .. }
            | Self::ApproveEmailChange { name, .. }
            | Self::EmailChanged { name, .. }
            | Self::NewDevice { name, .. }
            | Self::AccountDeleted { name }
            | Self::DeletionScheduled { name, .. }
            | Self::DataExportRequested { name, .. }
            | Self::ImpersonationStarted { name, .. }
            | Self::CaseDecided { name, .. }
            | Self::BookingCaseDecided { name, .. }
            | Self::ProviderChanged { name, .. }
            | Self::SecondFactorChanged { name, .. }
            | Self::PasskeyChanged { name, .. } => Some(name),
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
