//! Limits of what can be guessed or hoarded.

use chrono::Duration;

use store::holds::HoldKind;
use types::Rule;

/// The most open unpaid bookings of one kind that a guest can have.
#[derive(Debug, Clone, Copy)]
pub struct Caps {
    /// Of one guest.
    pub per_guest: u32,
    /// Of one guest at one listing.
    pub per_listing: u32,
    /// How long a guest who has canceled one, or let it expire, waits before booking the same listing again.
    pub cooldown: Duration,
}

/// Limits of unpaid bookings.
#[derive(Debug, Clone, Copy)]
pub struct HoldLimits {
    /// Unpaid holds; and, counted separately, bookings that cost nothing.
    pub holds: Caps,
    /// Requests, whether or not their payment is authorized.
    pub requests: Caps,
    /// How long consecutive holds of one guest at one listing, each replacing the previous one, can last in all.
    pub in_all: Duration,
}

impl HoldLimits {
    /// The caps of bookings of this kind.
    pub fn of(&self, kind: HoldKind) -> Caps {
        match kind {
            HoldKind::Unpaid | HoldKind::Free => self.holds,
            HoldKind::Request => self.requests,
        }
    }
}

impl Default for HoldLimits {
    fn default() -> Self {
        let cooldown = Duration::minutes(15);
        Self {
            holds: Caps { per_guest: 3, per_listing: 1, cooldown },
            requests: Caps { per_guest: 5, per_listing: 2, cooldown },
            in_all: Duration::minutes(30),
        }
    }
}

/// Rate limits of everything that can be guessed or hoarded. Counted in the database, so that all servers agree.
#[derive(Debug, Clone, Copy)]
pub struct AttemptLimits {
    /// Attempts to sign in from one address prefix.
    pub sign_in_by_address: Rule,
    /// Attempts to sign in to one account from one address prefix.
    pub sign_in_by_account: Rule,
    /// Attempts to sign in to one account from anywhere.
    pub sign_in_anywhere: Rule,
    /// Attempts to sign in from one known device.
    pub sign_in_by_device: Rule,
    /// Registrations from one address prefix.
    pub registration: Rule,
    /// New pairs of tokens for one session.
    pub refresh: Rule,
    /// Mails with codes to one email, whoever asks for them.
    pub mails_by_email: Rule,
    /// Codes that one member asks for to verify an email.
    pub verification_mails: Rule,
    /// Codes that one member types.
    pub codes: Rule,
    /// Requests to reset a password, and attempts to do so, from one address prefix.
    pub resets_by_address: Rule,
    /// Attempts of one member to replace the password.
    pub password_changes: Rule,
    /// Attempts of one member to replace the email.
    pub email_changes: Rule,
    /// Attempts of one member to prove who they are.
    pub confirmations: Rule,
    /// Second factors that one signed-in member types.
    pub confirmation_codes: Rule,
    /// Second factors at sign-in from one address prefix, whatever the challenge.
    pub second_factor_by_address: Rule,
    /// Second factors at sign-in to one account from one address prefix.
    pub second_factor_by_account: Rule,
    /// Second factors at sign-in to one account from all unknown devices: a million codes must take decades.
    pub second_factor_anywhere: Rule,
    /// Second factors at sign-in from one known device.
    pub second_factor_by_device: Rule,
    /// Exports of the data of one member.
    pub data_exports: Rule,
    /// Impersonations by one member of staff.
    pub impersonations: Rule,
    /// Decisions of one member about legal documents.
    pub consents: Rule,
    /// Challenges for passkeys that one address prefix asks for, to sign in.
    pub passkey_challenges_by_address: Rule,
    /// Challenges for passkeys that one member asks for.
    pub passkey_challenges_by_member: Rule,
    /// Passkeys with which one address prefix wants to sign in.
    pub passkeys_by_address: Rule,
    /// Sign-ins with identity providers, begun and completed, from one address prefix.
    pub provider_sign_in_by_address: Rule,
    /// Links with identity providers, begun and completed, by one member.
    pub provider_links: Rule,
    /// Drafts by one member.
    pub drafts: Rule,
    /// Invitations to help that one host sends: each is a mail to anybody.
    pub co_host_invitations: Rule,
    /// Payments of one member that are declined or still in flight: a defense against the testing of stolen cards.
    pub declined_payments: Rule,
    /// Bookings from one address prefix: accounts are cheap, and each can hold nights without paying.
    pub bookings_by_address: Rule,
    /// Cases that one member opens.
    pub cases: Rule,
    /// Quotes of one member.
    pub quotes_by_member: Rule,
    /// Quotes from one address prefix.
    pub quotes_by_address: Rule,
}

impl Default for AttemptLimits {
    fn default() -> Self {
        let quarter = Duration::minutes(15);
        Self {
            sign_in_by_address: Rule::refusing("signIn/address", 200, quarter),
            sign_in_by_account: Rule::refusing("signIn/account/address", 10, quarter),
            sign_in_anywhere: Rule::delaying("signIn/account", 50, Duration::hours(1), Duration::seconds(10)),
            sign_in_by_device: Rule::refusing("signIn/device", 10, quarter),
            registration: Rule::refusing("registerUser/address", 100, Duration::hours(1)),
            refresh: Rule::refusing("refreshSession/session", 60, quarter),
            mails_by_email: Rule::refusing("mail/email", 10, Duration::hours(1)),
            verification_mails: Rule::refusing("resendVerification/member", 1, Duration::minutes(1)),
            codes: Rule::refusing("verifyEmail/member", 20, quarter),
            resets_by_address: Rule::refusing("resetPassword/address", 60, Duration::hours(1)),
            password_changes: Rule::refusing("changePassword/member", 10, quarter),
            email_changes: Rule::refusing("requestEmailChange/member", 5, Duration::hours(1)),
            confirmations: Rule::refusing("confirmIdentity/member", 10, quarter),
            confirmation_codes: Rule::refusing("confirmIdentity/code/member", 20, Duration::days(1)),
            second_factor_by_address: Rule::refusing("completeSignIn/address", 200, quarter),
            second_factor_by_account: Rule::refusing("completeSignIn/account/address", 10, Duration::hours(1)),
            second_factor_anywhere: Rule::refusing("completeSignIn/account", 30, Duration::days(1)),
            second_factor_by_device: Rule::refusing("completeSignIn/device", 10, Duration::hours(1)),
            data_exports: Rule::refusing("requestDataExport/member", 5, Duration::days(1)),
            impersonations: Rule::refusing("startImpersonation/member", 20, Duration::hours(1)),
            consents: Rule::refusing("setConsent/member", 60, Duration::hours(1)),
            passkey_challenges_by_address: Rule::refusing("beginPasskeySignIn/address", 300, quarter),
            passkey_challenges_by_member: Rule::refusing("beginPasskey/member", 30, Duration::hours(1)),
            passkeys_by_address: Rule::refusing("completePasskeySignIn/address", 200, quarter),
            provider_sign_in_by_address: Rule::refusing("providerSignIn/address", 200, quarter),
            provider_links: Rule::refusing("providerLink/member", 20, Duration::hours(1)),
            drafts: Rule::refusing("createListing/member", 100, Duration::days(1)),
            co_host_invitations: Rule::refusing("inviteCoHost/member", 20, Duration::days(1)),
            declined_payments: Rule::refusing("payBooking/member", 20, Duration::hours(1)),
            bookings_by_address: Rule::refusing("createBooking/address", 100, Duration::hours(1)),
            cases: Rule::refusing("openCase/member", 10, Duration::days(1)),
            quotes_by_member: Rule::refusing("quoteStay/member", 300, Duration::hours(1)),
            quotes_by_address: Rule::refusing("quoteStay/address", 1_500, Duration::hours(1)),
        }
    }
}

impl AttemptLimits {
    /// No limits.
    pub fn none() -> Self {
        let off = |rule: Rule| rule.with_burst(u32::MAX);
        let on = Self::default();
        Self {
            sign_in_by_address: off(on.sign_in_by_address),
            sign_in_by_account: off(on.sign_in_by_account),
            sign_in_anywhere: off(on.sign_in_anywhere),
            sign_in_by_device: off(on.sign_in_by_device),
            registration: off(on.registration),
            refresh: off(on.refresh),
            mails_by_email: off(on.mails_by_email),
            verification_mails: off(on.verification_mails),
            codes: off(on.codes),
            resets_by_address: off(on.resets_by_address),
            password_changes: off(on.password_changes),
            email_changes: off(on.email_changes),
            confirmations: off(on.confirmations),
            confirmation_codes: off(on.confirmation_codes),
            second_factor_by_address: off(on.second_factor_by_address),
            second_factor_by_account: off(on.second_factor_by_account),
            second_factor_anywhere: off(on.second_factor_anywhere),
            second_factor_by_device: off(on.second_factor_by_device),
            data_exports: off(on.data_exports),
            impersonations: off(on.impersonations),
            consents: off(on.consents),
            passkey_challenges_by_address: off(on.passkey_challenges_by_address),
            passkey_challenges_by_member: off(on.passkey_challenges_by_member),
            passkeys_by_address: off(on.passkeys_by_address),
            provider_sign_in_by_address: off(on.provider_sign_in_by_address),
            provider_links: off(on.provider_links),
            drafts: off(on.drafts),
            co_host_invitations: off(on.co_host_invitations),
            declined_payments: off(on.declined_payments),
            bookings_by_address: off(on.bookings_by_address),
            cases: off(on.cases),
            quotes_by_member: off(on.quotes_by_member),
            quotes_by_address: off(on.quotes_by_address),
        }
    }
}
