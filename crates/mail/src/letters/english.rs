//! The letters in English.

use types::{CoHostAccess, Email, Timestamp};

mod desk;
mod sign_in;

use desk::{booking_case_decided, case_decided, impersonation_started};
use sign_in::{passkey_changed, provider_changed, second_factor_changed};

use super::{
    Block, Brand, Draft, Letter, button, code,
    display::{harmless, masked},
    paragraph,
};

const OR_CODE: &str = "Or enter this code";
const NOTHING_TO_DO: &str = "If it was you, you do not need to do anything.";

/// The subject and the parts of a letter.
type Written = (&'static str, Vec<Block>);

pub(super) fn write(letter: &Letter, brand: &Brand) -> Draft {
    let (subject, blocks) = match letter {
        Letter::ConfirmEmail { code, link, expires, .. } => confirm_email(brand, code, link, *expires),
        Letter::AccountExists { link, .. } => account_exists(brand, link),
        Letter::ResetPassword { code, link, expires, .. } => reset_password(brand, code, link, *expires),
        Letter::NoAccount => no_account(brand),
        Letter::PasswordChanged { at, .. } => password_changed(brand, *at),
        Letter::ConfirmNewEmail { code, link, expires, .. } => confirm_new_email(brand, code, link, *expires),
        Letter::ApproveEmailChange { new_email, code, link, expires, .. } => {
            approve_email_change(brand, new_email, code, link, *expires)
        }
        Letter::EmailChanged { new_email, .. } => email_changed(brand, new_email),
        Letter::NewDevice { at, network, device, .. } => new_device(brand, *at, network.as_deref(), device),
        Letter::AccountDeleted { .. } => account_deleted(brand),
        Letter::CoHostInvitation { host, listing, access, link, expires, .. } => {
            co_host_invitation(brand, (host, listing), *access, link, *expires)
        }
        Letter::DeletionScheduled { at, .. } => deletion_scheduled(brand, *at),
        Letter::DataExportRequested { at, .. } => data_export_requested(brand, *at),
        Letter::ImpersonationStarted { reason, at, until, .. } => impersonation_started(brand, reason, *at, *until),
        Letter::CaseDecided { kind, booking, is_rejected, link, .. } => {
            case_decided((*kind, *is_rejected), booking.as_deref(), link)
        }
        Letter::BookingCaseDecided { booking, link, .. } => booking_case_decided(booking, link),
        Letter::ProviderChanged { provider, what, at, .. } => provider_changed(brand, provider, *what, *at),
        Letter::SecondFactorChanged { what, at, .. } => second_factor_changed(brand, *what, *at),
        Letter::PasskeyChanged { what, at, .. } => passkey_changed(brand, *what, *at),
    };
    Draft {
        subject: subject.to_owned(),
        greeting: match letter.greeted().and_then(harmless) {
            Some(name) => format!("Hello {name},"),
            None => "Hello,".to_owned(),
        },
        blocks,
        footer: "This email was sent automatically. Replies are not read.".to_owned(),
    }
}

fn confirm_email(Brand { name, .. }: &Brand, code: &str, link: &str, expires: Timestamp) -> Written {
    (
        "Confirm your email address",
        vec![
            paragraph(format!(
                "You created a {name} account with this email address. Please confirm that it is yours."
            )),
            button("Confirm email address", link),
            self::code(OR_CODE, code),
            valid_until(expires),
            paragraph("If you did not create an account, ignore this email. The address will not be confirmed."),
        ],
    )
}

fn account_exists(Brand { name, .. }: &Brand, link: &str) -> Written {
    (
        "You already have an account",
        vec![
            paragraph(format!(
                "Someone wanted to use this email address for a new or another {name} account. It belongs \
                 to your account already, so nothing was changed."
            )),
            paragraph("If it was you, sign in. If you forgot your password, you can reset it there."),
            button("Sign in", link),
            paragraph("If it was not you, you do not need to do anything. Nothing has changed in your account."),
        ],
    )
}

fn reset_password(Brand { name, .. }: &Brand, code: &str, link: &str, expires: Timestamp) -> Written {
    (
        "Reset your password",
        vec![
            paragraph(format!(
                "Someone asked to reset the password of your {name} account. If it was you, choose a new one."
            )),
            button("Choose a new password", link),
            self::code(OR_CODE, code),
            valid_until(expires),
            paragraph(
                "If it was not you, ignore this email. Your password has not changed. Do not give the \
                 code to anyone, not even to us.",
            ),
        ],
    )
}

fn no_account(Brand { name, app_url }: &Brand) -> Written {
    (
        "No account with this email address",
        vec![
            paragraph(format!(
                "Someone asked to reset the password of a {name} account with this email address, but \
                 there is no such account."
            )),
            paragraph("If it was you, try another of your email addresses, or create an account."),
            button(format!("Go to {name}"), app_url),
            paragraph("If it was not you, you do not need to do anything."),
        ],
    )
}

fn password_changed(Brand { name, app_url }: &Brand, at: Timestamp) -> Written {
    (
        "Your password was changed",
        vec![
            paragraph(format!("The password of your {name} account was changed on {}.", time(at))),
            paragraph(NOTHING_TO_DO),
            reset_now(),
            button(format!("Go to {name}"), app_url),
        ],
    )
}

fn confirm_new_email(Brand { name, .. }: &Brand, code: &str, link: &str, expires: Timestamp) -> Written {
    (
        "Confirm your new email address",
        vec![
            paragraph(format!(
                "You asked to use this email address for your {name} account. Please confirm that it is \
                 yours."
            )),
            button("Confirm new email address", link),
            self::code(OR_CODE, code),
            valid_until(expires),
            paragraph("Until you confirm it, your account keeps its current address."),
            paragraph("If you did not ask for this, ignore this email. The address will not be used."),
        ],
    )
}

fn approve_email_change(
    Brand { name, .. }: &Brand,
    new_email: &Email,
    code: &str,
    link: &str,
    expires: Timestamp,
) -> Written {
    (
        "Approve your new email address",
        vec![
            paragraph(format!(
                "Someone who is signed in to your {name} account asked to change its email address to {}. \
                 The address changes only if you approve it here.",
                masked(new_email)
            )),
            button("Approve new email address", link),
            self::code(OR_CODE, code),
            valid_until(expires),
            paragraph(
                "If it was not you, do not approve it, and change your password now: someone else may be \
                 signed in to your account.",
            ),
        ],
    )
}

fn email_changed(Brand { name, app_url }: &Brand, new_email: &Email) -> Written {
    (
        "Your email address was changed",
        vec![
            paragraph(format!(
                "The email address of your {name} account is now {}. You can no longer sign in with the \
                 address that receives this email.",
                masked(new_email)
            )),
            paragraph(NOTHING_TO_DO),
            contact_us(app_url),
        ],
    )
}

fn new_device(Brand { name, app_url }: &Brand, at: Timestamp, network: Option<&str>, device: &str) -> Written {
    (
        "New sign-in to your account",
        vec![
            paragraph(format!("Someone signed in to your {name} account on a device that we had not seen before.")),
            Block::Facts(vec![
                ("Time", time(at)),
                ("Device", harmless(device).unwrap_or_else(|| "unknown".to_owned())),
                ("Network", network.unwrap_or("unknown").to_owned()),
            ]),
            paragraph(NOTHING_TO_DO),
            reset_now(),
            button(format!("Go to {name}"), app_url),
        ],
    )
}

fn account_deleted(Brand { name, app_url }: &Brand) -> Written {
    (
        "Your account was deleted",
        vec![
            paragraph(format!("Your {name} account was deleted. You can no longer sign in.")),
            paragraph(NOTHING_TO_DO),
            contact_us(app_url),
        ],
    )
}

fn co_host_invitation(
    Brand { name, .. }: &Brand,
    (host, listing): (&str, &str),
    access: CoHostAccess,
    link: &str,
    expires: Timestamp,
) -> Written {
    let host = harmless(host).unwrap_or_else(|| "A host".to_owned());
    let access = match access {
        CoHostAccess::Full => "everything except to delete the listing and to see earnings",
        CoHostAccess::CalendarAndMessages => "the calendar, the prices, and the bookings with their guests",
        CoHostAccess::Calendar => "the calendar and the prices",
    };
    (
        "You are invited to help with a listing",
        vec![
            paragraph(format!("{host} invites you to help with a listing on {name}.")),
            Block::Facts(vec![
                ("Listing", harmless(listing).unwrap_or_else(|| "without a title".to_owned())),
                ("Access", access.to_owned()),
                ("Valid until", time(expires)),
            ]),
            paragraph(
                "Sign in to the account with this email address, or create one, to accept or decline. \
                 You can stop helping at any time.",
            ),
            button("Open the invitation", link),
            paragraph("If you do not know this person, ignore this email. Nothing happens until you accept."),
        ],
    )
}

fn deletion_scheduled(Brand { name, app_url }: &Brand, at: Timestamp) -> Written {
    (
        "Your account will be deleted",
        vec![
            paragraph(format!("Your {name} account and your data will be deleted on {}.", time(at))),
            paragraph("If you want to keep your account, sign in before then and cancel the deletion."),
            button(format!("Go to {name}"), app_url),
            reset_now(),
        ],
    )
}

fn data_export_requested(Brand { name, app_url }: &Brand, at: Timestamp) -> Written {
    (
        "Your data can be downloaded",
        vec![
            paragraph(format!(
                "Someone who is signed in to your {name} account asked for a copy of all your data on {}. \
                 It can be downloaded there.",
                time(at)
            )),
            paragraph(NOTHING_TO_DO),
            reset_now(),
            button(format!("Go to {name}"), app_url),
        ],
    )
}

fn valid_until(expires: Timestamp) -> Block {
    paragraph(format!("The link and the code are valid until {}.", time(expires)))
}

fn reset_now() -> Block {
    paragraph("If it was not you, reset your password now: choose “Forgot password” when you sign in.")
}

fn contact_us(app_url: &str) -> Block {
    paragraph(format!("If it was not you, contact us immediately: {app_url}"))
}

/// `July 1, 2026, 13:00 UTC`
fn time(at: Timestamp) -> String {
    at.utc().format("%B %-d, %Y, %H:%M UTC").to_string()
}
