//! What staff do and decide, in German.

use types::{SupportCaseKind, Timestamp};

use super::{
    super::{Block, Brand, button, display::harmless, paragraph},
    Written, time,
};

pub(super) fn impersonation_started(
    Brand { name, app_url }: &Brand,
    reason: &str,
    at: Timestamp,
    until: Timestamp,
) -> Written {
    (
        "Unser Team arbeitet in Ihrem Konto",
        vec![
            paragraph(format!(
                "Jemand aus dem Team von {name} sieht Ihr Konto so wie Sie und kann Ihre Buchungen und \
                 Unterkünfte für Sie ändern."
            )),
            Block::Facts(vec![
                ("Grund", harmless(reason).unwrap_or_else(|| "siehe Ihr Konto".to_owned())),
                ("Seit", time(at)),
                ("Längstens bis", time(until)),
            ]),
            paragraph(
                "Unser Team kann nicht ändern, wie Sie sich anmelden, nicht für Sie bezahlen, keine Bewertungen \
                 für Sie schreiben und Ihre Daten nicht herunterladen. Alle Änderungen werden aufgezeichnet. Sie \
                 sehen diese Zugriffe in Ihrem Konto.",
            ),
            button(format!("Zu {name}"), app_url),
            paragraph(format!("Wenn Sie das nicht erwartet haben, wenden Sie sich an uns: {app_url}")),
        ],
    )
}

pub(super) fn case_decided((kind, is_rejected): (SupportCaseKind, bool), booking: Option<&str>, link: &str) -> Written {
    let what = match kind {
        SupportCaseKind::Dispute => "die Beschwerde, die Sie eingereicht haben",
        SupportCaseKind::Damage => "den Schaden, den Sie gemeldet haben",
        SupportCaseKind::Report => "die Meldung, die Sie uns geschickt haben",
    };
    let about = booking.map(|code| format!(" Es geht um die Buchung {code}.")).unwrap_or_default();
    let mut blocks = vec![paragraph(format!("Wir haben über {what}, entschieden.{about}"))];
    if is_rejected {
        blocks.push(paragraph("Nach unserer Prüfung unternehmen wir nichts."));
    }
    blocks.push(paragraph("Sie können unsere Antwort in Ihrem Konto lesen."));
    blocks.push(button("Antwort lesen", link));
    ("Ihr Fall wurde entschieden", blocks)
}

pub(super) fn booking_case_decided(booking: &str, link: &str) -> Written {
    (
        "Ein Fall zu Ihrer Buchung wurde entschieden",
        vec![
            paragraph(format!("Wir haben über einen Fall zu Ihrer Buchung {booking} entschieden.")),
            paragraph("Wenn sich dadurch die Buchung oder ihre Zahlungen ändern, sehen Sie das in Ihrem Konto."),
            button("Zu Ihren Buchungen", link),
        ],
    )
}
