//! Notices about ways to sign in, in German.

use types::Timestamp;

use super::{
    super::{Block, Brand, PasskeyChange, ProviderChange, SecondFactorChange, button, paragraph},
    NOTHING_TO_DO, Written, reset_now, time,
};

pub(super) fn provider_changed(brand: &Brand, provider: &str, what: ProviderChange, at: Timestamp) -> Written {
    let Brand { name, app_url } = brand;
    let (subject, happened) = match what {
        ProviderChange::Linked => (
            "Ein Anmeldedienst wurde verknüpft",
            format!(
                "Ihr Konto bei {name} wurde mit {provider} verknüpft. Von jetzt an können Sie sich mit \
                 {provider} anmelden."
            ),
        ),
        ProviderChange::Unlinked => (
            "Die Verknüpfung mit einem Anmeldedienst wurde entfernt",
            format!(
                "Die Verknüpfung Ihres Kontos bei {name} mit {provider} wurde entfernt. Eine Anmeldung \
                 mit {provider} ist nicht mehr möglich."
            ),
        ),
    };
    let unlink = (what == ProviderChange::Linked)
        .then(|| paragraph(format!("Entfernen Sie danach in den Einstellungen die Verknüpfung mit {provider}.")));
    let parts = [paragraph(happened), Block::Facts(vec![("Zeit", time(at))]), paragraph(NOTHING_TO_DO), reset_now()];
    let blocks = parts.into_iter().chain(unlink).chain([button(format!("Zu {name}"), app_url)]);
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
            Block::Facts(vec![("Zeit", time(at))]),
            paragraph(NOTHING_TO_DO),
            reset_now(),
            button(format!("Zu {name}"), app_url),
        ],
    )
}

/// The subject, and what happened.
fn second_factor_change(what: SecondFactorChange, name: &str) -> (&'static str, String) {
    match what {
        SecondFactorChange::Enabled => (
            "Die Bestätigung in zwei Schritten ist eingeschaltet",
            format!(
                "Für Ihr Konto bei {name} wurde die Bestätigung in zwei Schritten eingeschaltet. Von \
                 jetzt an brauchen Sie zum Anmelden auch einen Code aus Ihrer App."
            ),
        ),
        SecondFactorChange::Disabled => (
            "Die Bestätigung in zwei Schritten ist ausgeschaltet",
            format!(
                "Für Ihr Konto bei {name} wurde die Bestätigung in zwei Schritten ausgeschaltet. Von \
                 jetzt an brauchen Sie zum Anmelden nur Ihr Passwort."
            ),
        ),
        SecondFactorChange::RecoveryCodesReplaced => (
            "Neue Wiederherstellungscodes",
            format!(
                "Für Ihr Konto bei {name} wurden neue Wiederherstellungscodes erstellt. Die alten sind \
                 nicht mehr gültig."
            ),
        ),
        SecondFactorChange::RecoveryCodeUsed => (
            "Ein Wiederherstellungscode wurde verwendet",
            format!(
                "In Ihrem Konto bei {name} hat sich jemand mit einem Wiederherstellungscode angemeldet. \
                 Dieser Code ist nicht mehr gültig."
            ),
        ),
    }
}

pub(super) fn passkey_changed(Brand { name, app_url }: &Brand, what: PasskeyChange, at: Timestamp) -> Written {
    let (subject, happened) = match what {
        PasskeyChange::Added => (
            "Ein Passkey wurde hinzugefügt",
            format!(
                "Zu Ihrem Konto bei {name} wurde ein Passkey hinzugefügt. Mit ihm kann man sich ohne Ihr Passwort \
                 anmelden. Ein neues Passwort entfernt ihn nicht."
            ),
        ),
        PasskeyChange::Removed => (
            "Ein Passkey wurde entfernt",
            format!("Aus Ihrem Konto bei {name} wurde ein Passkey entfernt. Er gilt nicht mehr."),
        ),
        PasskeyChange::Refused => (
            "Ein Passkey wurde abgelehnt",
            format!(
                "Jemand hat einen Passkey Ihres Kontos bei {name} verwendet, dessen Zähler veraltet ist. Es gibt \
                 also vielleicht eine Kopie davon. Wir haben ihn abgelehnt."
            ),
        ),
    };
    let not_you = "Wenn Sie das nicht waren, entfernen Sie in Ihrem Konto jeden Passkey, der nicht Ihnen gehört, \
                   melden Sie alle anderen Geräte ab, und wählen Sie ein neues Passwort.";
    (
        subject,
        vec![
            paragraph(happened),
            Block::Facts(vec![("Zeit", time(at))]),
            paragraph(NOTHING_TO_DO),
            paragraph(not_you),
            button(format!("Zu {name}"), app_url),
        ],
    )
}
