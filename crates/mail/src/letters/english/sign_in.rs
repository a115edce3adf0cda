//! Notices about ways to sign in, in English.

use types::Timestamp;

use super::{
    super::{Block, Brand, PasskeyChange, ProviderChange, SecondFactorChange, button, paragraph},
    NOTHING_TO_DO, Written, reset_now, time,
};

pub(super) fn provider_changed(brand: &Brand, provider: &str, what: ProviderChange, at: Timestamp) -> Written {
    let Brand { name, app_url } = brand;
    let (subject, happened) = match what {
        ProviderChange::Linked => (
            "A sign-in provider was linked",
            format!("Your {name} account was linked with {provider}. From now on, you can sign in with {provider}."),
        ),
        ProviderChange::Unlinked => (
            "A sign-in provider was unlinked",
            format!("{provider} was unlinked from your {name} account. It can no longer be used to sign in."),
        ),
    };
    let unlink = (what == ProviderChange::Linked)
        .then(|| paragraph(format!("Then unlink {provider} in the settings of your account.")));
    let parts = [paragraph(happened), Block::Facts(vec![("Time", time(at))]), paragraph(NOTHING_TO_DO), reset_now()];
    let blocks = parts.into_iter().chain(unlink).chain([button(format!("Go to {name}"), app_url)]);
    (subject, blocks.collect())
}

pub(super) fn second_factor_changed(
    Brand { name, app_url }: &Brand,
    what: SecondFactorChange,
    at: Timestamp,
) -> Written {
    let (subject, happened) = second_factor_change(what, name);
    (
        subject,
        vec![
            paragraph(happened),
            Block::Facts(vec![("Time", time(at))]),
            paragraph(NOTHING_TO_DO),
            reset_now(),
            button(format!("Go to {name}"), app_url),
        ],
    )
}

/// The subject, and what happened.
fn second_factor_change(what: SecondFactorChange, name: &str) -> (&'static str, String) {
    match what {
        SecondFactorChange::Enabled => (
            "Two-step verification is on",
            format!(
                "Two-step verification was turned on for your {name} account. From now on, signing in \
                 also needs a code from your app."
            ),
        ),
        SecondFactorChange::Disabled => (
            "Two-step verification is off",
            format!(
                "Two-step verification was turned off for your {name} account. From now on, signing in \
                 needs only your password."
            ),
        ),
        SecondFactorChange::RecoveryCodesReplaced => (
            "New recovery codes",
            format!("New recovery codes were created for your {name} account. The old ones are no longer valid."),
        ),
        SecondFactorChange::RecoveryCodeUsed => (
            "A recovery code was used",
            format!("Someone signed in to your {name} account with a recovery code. This code is no longer valid."),
        ),
    }
}

pub(super) fn passkey_changed(Brand { name, app_url }: &Brand, what: PasskeyChange, at: Timestamp) -> Written {
    let (subject, happened) = match what {
        PasskeyChange::Added => (
            "A passkey was added",
            format!(
                "A passkey was added to your {name} account. It signs in without your password. A new password \
                 does not remove it."
            ),
        ),
        PasskeyChange::Removed => (
            "A passkey was removed",
            format!("A passkey was removed from your {name} account. It can no longer sign in."),
        ),
        PasskeyChange::Refused => (
            "A passkey was refused",
            format!(
                "Someone used a passkey of your {name} account that has an outdated counter, so there may be a \
                 copy of it. We did not accept it."
            ),
        ),
    };
    let not_you = "If you do not recognize this, remove every passkey that is not yours in your account, sign out \
                   all other devices, and choose a new password.";
    (
        subject,
        vec![
            paragraph(happened),
            Block::Facts(vec![("Time", time(at))]),
            paragraph(NOTHING_TO_DO),
            paragraph(not_you),
            button(format!("Go to {name}"), app_url),
        ],
    )
}
