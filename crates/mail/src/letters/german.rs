//! The letters in German.

use chrono::Datelike;
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

const OR_CODE: &str = "Oder geben Sie diesen Code ein";
const NOTHING_TO_DO: &str = "Wenn Sie das selbst waren, brauchen Sie nichts zu tun.";

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
            Some(name) => format!("Guten Tag {name},"),
            None => "Guten Tag,".to_owned(),
        },
        blocks,
        footer: "Diese E-Mail wurde automatisch versendet. Antworten werden nicht gelesen.".to_owned(),
    }
}

fn confirm_email(Brand { name, .. }: &Brand, code: &str, link: &str, expires: Timestamp) -> Written {
    (
        "Bestätigen Sie Ihre E-Mail-Adresse",
        vec![
            paragraph(format!(
                "Sie haben mit dieser E-Mail-Adresse ein Konto bei {name} angelegt. Bitte bestätigen Sie, \
                 dass es Ihre Adresse ist."
            )),
            button("E-Mail-Adresse bestätigen", link),
            self::code(OR_CODE, code),
            valid_until(expires),
            paragraph(
                "Wenn Sie kein Konto angelegt haben, ignorieren Sie diese E-Mail. Die Adresse wird dann \
                 nicht bestätigt.",
            ),
        ],
    )
}

fn account_exists(Brand { name, .. }: &Brand, link: &str) -> Written {
    (
        "Sie haben bereits ein Konto",
        vec![
            paragraph(format!(
                "Jemand wollte diese E-Mail-Adresse für ein neues oder anderes Konto bei {name} verwenden. \
                 Sie gehört bereits zu Ihrem Konto, daher wurde nichts geändert."
            )),
            paragraph(
                "Wenn Sie das waren, melden Sie sich an. Falls Sie Ihr Passwort vergessen haben, können \
                 Sie es dort zurücksetzen.",
            ),
            button("Anmelden", link),
            paragraph(
                "Wenn Sie das nicht waren, brauchen Sie nichts zu tun. An Ihrem Konto hat sich nichts \
                 geändert.",
            ),
        ],
    )
}

fn reset_password(Brand { name, .. }: &Brand, code: &str, link: &str, expires: Timestamp) -> Written {
    (
        "Setzen Sie Ihr Passwort zurück",
        vec![
            paragraph(format!(
                "Jemand möchte das Passwort Ihres Kontos bei {name} zurücksetzen. Wenn Sie das waren, \
                 wählen Sie ein neues Passwort."
            )),
            button("Neues Passwort wählen", link),
            self::code(OR_CODE, code),
            valid_until(expires),
            paragraph(
                "Wenn Sie das nicht waren, ignorieren Sie diese E-Mail. Ihr Passwort wurde nicht \
                 geändert. Geben Sie den Code an niemanden weiter, auch nicht an uns.",
            ),
        ],
    )
}

fn no_account(Brand { name, app_url }: &Brand) -> Written {
    (
        "Kein Konto mit dieser E-Mail-Adresse",
        vec![
            paragraph(format!(
                "Jemand wollte das Passwort eines Kontos bei {name} mit dieser E-Mail-Adresse \
                 zurücksetzen. Ein solches Konto gibt es nicht."
            )),
            paragraph(
                "Wenn Sie das waren, versuchen Sie es mit einer anderen Ihrer E-Mail-Adressen oder legen \
                 Sie ein Konto an.",
            ),
            button(format!("Zu {name}"), app_url),
            paragraph("Wenn Sie das nicht waren, brauchen Sie nichts zu tun."),
        ],
    )
}

fn password_changed(Brand { name, app_url }: &Brand, at: Timestamp) -> Written {
    (
        "Ihr Passwort wurde geändert",
        vec![
            paragraph(format!("Das Passwort Ihres Kontos bei {name} wurde am {} geändert.", time(at))),
            paragraph(NOTHING_TO_DO),
            reset_now(),
            button(format!("Zu {name}"), app_url),
        ],
    )
}

fn confirm_new_email(Brand { name, .. }: &Brand, code: &str, link: &str, expires: Timestamp) -> Written {
    (
        "Bestätigen Sie Ihre neue E-Mail-Adresse",
        vec![
            paragraph(format!(
                "Sie möchten diese E-Mail-Adresse für Ihr Konto bei {name} verwenden. Bitte bestätigen \
                 Sie, dass es Ihre Adresse ist."
            )),
            button("Neue E-Mail-Adresse bestätigen", link),
            self::code(OR_CODE, code),
            valid_until(expires),
            paragraph("Bis zur Bestätigung behält Ihr Konto die bisherige Adresse."),
            paragraph(
                "Wenn Sie das nicht veranlasst haben, ignorieren Sie diese E-Mail. Die Adresse wird dann \
                 nicht verwendet.",
            ),
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
        "Genehmigen Sie Ihre neue E-Mail-Adresse",
        vec![
            paragraph(format!(
                "Jemand, der in Ihrem Konto bei {name} angemeldet ist, möchte die E-Mail-Adresse in {} \
                 ändern. Sie wird nur geändert, wenn Sie hier zustimmen.",
                masked(new_email)
            )),
            button("Neue E-Mail-Adresse genehmigen", link),
            self::code(OR_CODE, code),
            valid_until(expires),
            paragraph(
                "Wenn Sie das nicht waren, stimmen Sie nicht zu und ändern Sie sofort Ihr Passwort: \
                 Möglicherweise ist jemand anderes in Ihrem Konto angemeldet.",
            ),
        ],
    )
}

fn email_changed(Brand { name, app_url }: &Brand, new_email: &Email) -> Written {
    (
        "Ihre E-Mail-Adresse wurde geändert",
        vec![
            paragraph(format!(
                "Die E-Mail-Adresse Ihres Kontos bei {name} ist jetzt {}. Mit der Adresse, an die diese \
                 E-Mail geht, können Sie sich nicht mehr anmelden.",
                masked(new_email)
            )),
            paragraph(NOTHING_TO_DO),
            contact_us(app_url),
        ],
    )
}

fn new_device(Brand { name, app_url }: &Brand, at: Timestamp, network: Option<&str>, device: &str) -> Written {
    (
        "Neue Anmeldung in Ihrem Konto",
        vec![
            paragraph(format!(
                "In Ihrem Konto bei {name} hat sich jemand mit einem Gerät angemeldet, das wir noch nicht \
                 kannten."
            )),
            Block::Facts(vec![
                ("Zeit", time(at)),
                ("Gerät", harmless(device).unwrap_or_else(|| "unbekannt".to_owned())),
                ("Netzwerk", network.unwrap_or("unbekannt").to_owned()),
            ]),
            paragraph(NOTHING_TO_DO),
            reset_now(),
            button(format!("Zu {name}"), app_url),
        ],
    )
}

fn account_deleted(Brand { name, app_url }: &Brand) -> Written {
    (
        "Ihr Konto wurde gelöscht",
        vec![
            paragraph(format!("Ihr Konto bei {name} wurde gelöscht. Sie können sich nicht mehr anmelden.")),
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
    let invites = match harmless(host) {
        Some(host) => format!("{host} lädt Sie ein, bei einem Inserat auf {name} mitzuhelfen."),
        None => format!("Sie sind eingeladen, bei einem Inserat auf {name} mitzuhelfen."),
    };
    let access = match access {
        CoHostAccess::Full => "alles, außer das Inserat zu löschen und die Einnahmen zu sehen",
        CoHostAccess::CalendarAndMessages => "Kalender, Preise und die Buchungen mit ihren Gästen",
        CoHostAccess::Calendar => "Kalender und Preise",
    };
    (
        "Einladung, bei einem Inserat mitzuhelfen",
        vec![
            paragraph(invites),
            Block::Facts(vec![
                ("Inserat", harmless(listing).unwrap_or_else(|| "ohne Titel".to_owned())),
                ("Zugriff", access.to_owned()),
                ("Gültig bis", time(expires)),
            ]),
            paragraph(
                "Melden Sie sich in dem Konto mit dieser E-Mail-Adresse an oder legen Sie eines an, um \
                 anzunehmen oder abzulehnen. Sie können jederzeit wieder aufhören.",
            ),
            button("Einladung öffnen", link),
            paragraph(
                "Wenn Sie diese Person nicht kennen, ignorieren Sie diese E-Mail. Bis Sie annehmen, \
                 geschieht nichts.",
            ),
        ],
    )
}

fn deletion_scheduled(Brand { name, app_url }: &Brand, at: Timestamp) -> Written {
    (
        "Ihr Konto wird gelöscht",
        vec![
            paragraph(format!("Ihr Konto bei {name} und Ihre Daten werden am {} gelöscht.", time(at))),
            paragraph(
                "Wenn Sie Ihr Konto behalten möchten, melden Sie sich vorher an und brechen Sie die \
                 Löschung ab.",
            ),
            button(format!("Zu {name}"), app_url),
            reset_now(),
        ],
    )
}

fn data_export_requested(Brand { name, app_url }: &Brand, at: Timestamp) -> Written {
    (
        "Ihre Daten stehen zum Herunterladen bereit",
        vec![
            paragraph(format!(
                "Jemand, der in Ihrem Konto bei {name} angemeldet ist, hat am {} eine Kopie aller Ihrer \
                 Daten angefordert. Sie kann dort heruntergeladen werden.",
                time(at)
            )),
            paragraph(NOTHING_TO_DO),
            reset_now(),
            button(format!("Zu {name}"), app_url),
        ],
    )
}

fn valid_until(expires: Timestamp) -> Block {
    paragraph(format!("Der Link und der Code sind gültig bis {}.", time(expires)))
}

fn reset_now() -> Block {
    paragraph(
        "Wenn Sie das nicht waren, setzen Sie sofort Ihr Passwort zurück: Wählen Sie beim Anmelden \
         „Passwort vergessen“.",
    )
}

fn contact_us(app_url: &str) -> Block {
    paragraph(format!("Wenn Sie das nicht waren, wenden Sie sich sofort an uns: {app_url}"))
}

/// `1. Juli 2026, 13:00 Uhr (UTC)`
fn time(at: Timestamp) -> String {
    const MONTHS: [&str; 12] = [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ];
    let at = at.utc();
    let month = MONTHS.get(at.month0() as usize).copied().unwrap_or_default();
    format!("{}. {month} {}", at.day(), at.format("%Y, %H:%M Uhr (UTC)"))
}
