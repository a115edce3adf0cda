//! The effect of a provider's notification on a payment. Notifications can arrive in any order.

use providers::payments::IntentStatus;
use types::PaymentStatus;

/// The effect of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The payment moves to this state.
    Moves(PaymentStatus),
    /// No change.
    Known,
    /// It is outdated by a later one.
    Late,
    /// Money was captured after the payment had ended: it is refunded.
    CapturedAfterEnd,
    /// Money is authorized after the payment had ended: it is voided again.
    AuthorizedAfterEnd,
    /// Captured money is reported as missing: an operator must decide.
    EndedAfterCapture,
}

/// The effect of the status `reported` on a payment in state `from`. `is_answer`: it is the response to the effect that the state
/// names, so it cannot be older than the state.
pub(super) fn verdict(from: PaymentStatus, reported: &IntentStatus, is_answer: bool) -> Verdict {
    use IntentStatus as Reported;
    use PaymentStatus as Is;
    use Verdict::{AuthorizedAfterEnd, CapturedAfterEnd, EndedAfterCapture, Known, Late, Moves};
    match (from, reported) {
        (Is::RequiresConfirmation, Reported::RequiresConfirmation { .. })
        | (Is::Authorized, Reported::Authorized)
        | (Is::Captured, Reported::Captured(_))
        | (Is::Declined | Is::Voided, Reported::Declined(_) | Reported::Voided) => Known,
        // A payment that is being voided stays as it is.
        (Is::Voiding, Reported::RequiresConfirmation { .. } | Reported::Authorized) => Known,
        (Is::Capturing, Reported::Authorized) if !is_answer => Late,
        (Is::Authorized | Is::Capturing | Is::Captured, Reported::RequiresConfirmation { .. })
        | (Is::Captured, Reported::Authorized)
        | (Is::Declined | Is::Voided, Reported::RequiresConfirmation { .. }) => Late,
        (Is::Declined | Is::Voided, Reported::Authorized) => AuthorizedAfterEnd,
        (Is::Declined | Is::Voided, Reported::Captured(_)) => CapturedAfterEnd,
        (Is::Captured, Reported::Declined(_) | Reported::Voided) => EndedAfterCapture,
        (_, Reported::RequiresConfirmation { .. }) => Moves(Is::RequiresConfirmation),
        (_, Reported::Authorized) => Moves(Is::Authorized),
        (_, Reported::Captured(_)) => Moves(Is::Captured),
        (_, Reported::Declined(_)) => Moves(Is::Declined),
        (_, Reported::Voided) => Moves(Is::Voided),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use PaymentStatus as Is;
    use Verdict::{AuthorizedAfterEnd, CapturedAfterEnd, EndedAfterCapture, Known, Late, Moves};
    use types::DeclineReason;

    const M: fn(PaymentStatus) -> Verdict = Moves;

    fn reported() -> [IntentStatus; 5] {
        [
            IntentStatus::RequiresConfirmation { url: None },
            IntentStatus::Authorized,
            IntentStatus::Captured(1),
            IntentStatus::Declined(DeclineReason::CardDeclined),
            IntentStatus::Voided,
        ]
    }

    /// Each state, with the verdicts for: requires confirmation, authorized, captured, declined, voided.
    fn table() -> Vec<(PaymentStatus, [Verdict; 5])> {
        let (confirm, authorized) = (M(Is::RequiresConfirmation), M(Is::Authorized));
        let (captured, declined, voided) = (M(Is::Captured), M(Is::Declined), M(Is::Voided));
        vec![
            (Is::Authorizing, [confirm, authorized, captured, declined, voided]),
            (Is::RequiresConfirmation, [Known, authorized, captured, declined, voided]),
            (Is::Authorized, [Late, Known, captured, declined, voided]),
            (Is::Capturing, [Late, Late, captured, declined, voided]),
            (Is::Captured, [Late, Late, Known, EndedAfterCapture, EndedAfterCapture]),
            (Is::Voiding, [Known, Known, captured, declined, voided]),
            (Is::Voided, [Late, AuthorizedAfterEnd, CapturedAfterEnd, Known, Known]),
            (Is::Declined, [Late, AuthorizedAfterEnd, CapturedAfterEnd, Known, Known]),
        ]
    }

    #[test]
    fn every_state_and_notification_has_its_verdict() {
        let table = table();
        assert_eq!(table.len(), PaymentStatus::ALL.len());
        for (from, verdicts) in table {
            for (reported, right) in reported().iter().zip(verdicts) {
                assert_eq!(verdict(from, reported, false), right, "{from}: {reported:?}");
            }
        }
    }

    #[test]
    fn only_the_response_to_a_capture_can_report_that_it_did_not_happen() {
        assert_eq!(verdict(Is::Capturing, &IntentStatus::Authorized, true), Moves(Is::Authorized));
        for (from, verdicts) in table() {
            for (reported, right) in reported().iter().zip(verdicts) {
                if (from, reported) != (Is::Capturing, &IntentStatus::Authorized) {
                    assert_eq!(verdict(from, reported, true), right, "{from}: {reported:?}");
                }
            }
        }
    }

    #[test]
    fn a_repeated_notification_changes_nothing() {
        for from in PaymentStatus::ALL {
            for reported in reported() {
                if let Moves(to) = verdict(*from, &reported, false) {
                    assert_eq!(verdict(to, &reported, false), Known, "{from}: {reported:?}");
                }
            }
        }
    }
}
