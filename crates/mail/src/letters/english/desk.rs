//! What staff do and decide, in English.

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
        "Our team is working in your account",
        vec![
            paragraph(format!(
                "A member of the {name} team sees your account as you do, and can change your bookings and \
                 listings for you."
            )),
            Block::Facts(vec![
                ("Reason", harmless(reason).unwrap_or_else(|| "see your account".to_owned())),
                ("Since", time(at)),
                ("Until at the latest", time(until)),
            ]),
            paragraph(
                "They cannot change how you sign in, pay for you, write reviews for you, or download your data. \
                 Everything that they change is recorded. You can see these visits in your account.",
            ),
            button(format!("Go to {name}"), app_url),
            paragraph(format!("If you did not expect this, contact us: {app_url}")),
        ],
    )
}

pub(super) fn case_decided((kind, is_rejected): (SupportCaseKind, bool), booking: Option<&str>, link: &str) -> Written {
    let what = match kind {
        SupportCaseKind::Dispute => "the dispute that you opened",
        SupportCaseKind::Damage => "the damage that you reported",
        SupportCaseKind::Report => "the report that you sent us",
    };
    let about = booking.map(|code| format!(" about the booking {code}")).unwrap_or_default();
    let mut blocks = vec![paragraph(format!("We have decided {what}{about}."))];
    if is_rejected {
        blocks.push(paragraph("After looking at it, we do not take any action."));
    }
    blocks.push(paragraph("You can read our answer in your account."));
    blocks.push(button("Read the answer", link));
    ("Your case was decided", blocks)
}

pub(super) fn booking_case_decided(booking: &str, link: &str) -> Written {
    (
        "A case about your booking was decided",
        vec![
            paragraph(format!("We have decided a case about your booking {booking}.")),
            paragraph("If it changes the booking or its payments, you can see it in your account."),
            button("Open your bookings", link),
        ],
    )
}
