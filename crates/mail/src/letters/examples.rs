//! An example of each letter.

use types::{CoHostAccess, Email, SupportCaseKind, Timestamp};

use super::{Letter, PasskeyChange, ProviderChange, SecondFactorChange};

/// July 1, 2026, 13:00 UTC.
const AT: i64 = 1_782_910_800;

fn time(seconds: i64) -> Timestamp {
    Timestamp::from(chrono::DateTime::from_timestamp(seconds, 0).unwrap_or_default())
}

fn link(page: &str) -> String {
    format!("https://example.org/{page}?token=3q2-7wEXAMPLE")
}

impl Letter {
    /// An example of each letter, for previews and tests.
    pub fn examples() -> Vec<Self> {
        let mut examples = Self::examples_with_codes();
        examples.extend(Self::examples_of_changes());
        examples
    }

    fn examples_with_codes() -> Vec<Self> {
        let (name, code, expires) = ("Ada".to_owned(), "482913".to_owned(), time(AT + 3_600));
        let new_email = Email::stored("ada.new@example.org".to_owned());
        let (n, c) = (|| name.clone(), || code.clone());
        vec![
            Self::ConfirmEmail { name: n(), code: c(), link: link("confirm"), expires },
            Self::AccountExists { name: n(), link: "https://example.org/sign-in".to_owned() },
            Self::ResetPassword { name: n(), code: c(), link: link("reset"), expires },
            Self::NoAccount,
            Self::ConfirmNewEmail { name: n(), code: c(), link: link("confirm-new"), expires },
            Self::ApproveEmailChange { name: n(), new_email, code: c(), link: link("approve"), expires },
        ]
    }

    /// What staff do and decide.
    fn examples_of_staff() -> Vec<Self> {
        let (name, reason) = ("Ada".to_owned(), "You asked us to move your booking".to_owned());
        let (booking, link) = ("K7QM2XWD9R".to_owned(), "https://example.org/cases".to_owned());
        let decided = |(kind, is_rejected)| Self::CaseDecided {
            name: name.clone(),
            kind,
            booking: (kind != SupportCaseKind::Report).then(|| booking.clone()),
            is_rejected,
            link: link.clone(),
        };
        let mut examples =
            vec![Self::ImpersonationStarted { name: name.clone(), reason, at: time(AT), until: time(AT + 900) }];
        let kinds = [SupportCaseKind::Dispute, SupportCaseKind::Damage, SupportCaseKind::Report];
        examples.extend(kinds.into_iter().zip([false, true, false]).map(decided));
        let link = "https://example.org/bookings".to_owned();
        examples.push(Self::BookingCaseDecided { name: name.clone(), booking: booking.clone(), link });
        examples
    }

    fn examples_of_changes() -> Vec<Self> {
        let (name, at) = ("Ada".to_owned(), time(AT));
        let new_email = Email::stored("ada.new@example.org".to_owned());
        // Addresses for documentation (RFC 5737).
        let network = Some("192.0.2.0/24".to_owned());
        let device = "Firefox 140 on Linux".to_owned();
        let mut examples = vec![
            Self::PasswordChanged { name: name.clone(), at },
            Self::EmailChanged { name: name.clone(), new_email },
            Self::NewDevice { name: name.clone(), at, network, device },
            Self::AccountDeleted { name: name.clone() },
            Self::CoHostInvitation {
                name: Some(name.clone()),
                host: "Grace".to_owned(),
                listing: "Quiet flat by the river".to_owned(),
                access: CoHostAccess::CalendarAndMessages,
                link: "https://example.org/co-hosting".to_owned(),
                expires: time(AT + 14 * 86_400),
            },
            Self::DeletionScheduled { name: name.clone(), at },
            Self::DataExportRequested { name: name.clone(), at },
        ];
        examples.extend(Self::examples_of_staff());
        examples.extend(ProviderChange::ALL.map(|what| Self::ProviderChanged {
            name: name.clone(),
            provider: "Example ID".to_owned(),
            what,
            at,
        }));
        examples.extend(SecondFactorChange::ALL.map(|what| Self::SecondFactorChanged { name: name.clone(), what, at }));
        examples.extend(PasskeyChange::ALL.map(|what| Self::PasskeyChanged { name: name.clone(), what, at }));
        examples
    }
}

impl PasskeyChange {
    /// Everything.
    pub const ALL: [Self; 3] = [Self::Added, Self::Removed, Self::Refused];
}

impl ProviderChange {
    /// Every change.
    pub const ALL: [Self; 2] = [Self::Linked, Self::Unlinked];
}

impl SecondFactorChange {
    /// Every change.
    pub const ALL: [Self; 4] = [Self::Enabled, Self::Disabled, Self::RecoveryCodesReplaced, Self::RecoveryCodeUsed];
}
