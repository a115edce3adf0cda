//! What a provider's statement means for a payment. The order in which statements arrive says nothing.

use providers::payments::IntentStatus;
use types::PaymentStatus;

/// What a statement means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The payment is in this state now.
    Moves(PaymentStatus),
    /// Nothing new.
    Known,
    /// It was overtaken by a later one.
    Late,
    /// Money was captured after the payment had ended: it goes back.
    CapturedAfterEnd,
    /// Money is reserved after the payment had ended: it is voided once more.
    ReservedAfterEnd,
    /// Captured money is said not to be there: a person must look.
    EndedAfterCapture,
}

/// What the statement `said` means for a payment in state `from`. `is_answer`: the provider said it when it was asked for the effect that the state
/// names, so it cannot be older than the state.
pub(super) fn verdict(from: PaymentStatus, said: &IntentStatus, is_answer: bool) -> Verdict {
    use IntentStatus as Said;
    use PaymentStatus as Is;
    use Verdict::{CapturedAfterEnd, EndedAfterCapture, Known, Late, Moves, ReservedAfterEnd};
    match (from, said) {
        (Is::RequiresConfirmation, Said::RequiresConfirmation { .. })
        | (Is::Authorized, Said::Authorized)
        | (Is::Captured, Said::Captured(_))
        | (Is::Declined | Is::Voided, Said::Declined(_) | Said::Voided) => Known,
        // Being voided, it stands where it stood.
        (Is::Voiding, Said::RequiresConfirmation { .. } | Said::Authorized) => Known,
        (Is::Capturing, Said::Authorized) if !is_answer => Late,
        (Is::Authorized | Is::Capturing | Is::Captured, Said::RequiresConfirmation { .. })
        | (Is::Captured, Said::Authorized)
        | (Is::Declined | Is::Voided, Said::RequiresConfirmation { .. }) => Late,
        (Is::Declined | Is::Voided, Said::Authorized) => ReservedAfterEnd,
        (Is::Declined | Is::Voided, Said::Captured(_)) => CapturedAfterEnd,
        (Is::Captured, Said::Declined(_) | Said::Voided) => EndedAfterCapture,
        (_, Said::RequiresConfirmation { .. }) => Moves(Is::RequiresConfirmation),
        (_, Said::Authorized) => Moves(Is::Authorized),
        (_, Said::Captured(_)) => Moves(Is::Captured),
        (_, Said::Declined(_)) => Moves(Is::Declined),
        (_, Said::Voided) => Moves(Is::Voided),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use PaymentStatus as Is;
    use Verdict::{CapturedAfterEnd, EndedAfterCapture, Known, Late, Moves, ReservedAfterEnd};
    use types::DeclineReason;

    const M: fn(PaymentStatus) -> Verdict = Moves;

    fn said() -> [IntentStatus; 5] {
        [
            IntentStatus::RequiresConfirmation { url: None },
            IntentStatus::Authorized,
            IntentStatus::Captured(1),
            IntentStatus::Declined(DeclineReason::CardDeclined),
            IntentStatus::Voided,
        ]
    }

    /// Each state, and what it means that the provider says: requires confirmation, authorized, captured, declined, voided.
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
            (Is::Voided, [Late, ReservedAfterEnd, CapturedAfterEnd, Known, Known]),
            (Is::Declined, [Late, ReservedAfterEnd, CapturedAfterEnd, Known, Known]),
        ]
    }

    #[test]
    fn every_state_and_statement_has_its_verdict() {
        let table = table();
        assert_eq!(table.len(), PaymentStatus::ALL.len());
        for (from, verdicts) in table {
            for (said, right) in said().iter().zip(verdicts) {
                assert_eq!(verdict(from, said, false), right, "{from}: {said:?}");
            }
        }
    }

    #[test]
    fn only_the_answer_to_a_capture_says_that_it_did_not_happen() {
        assert_eq!(verdict(Is::Capturing, &IntentStatus::Authorized, true), Moves(Is::Authorized));
        for (from, verdicts) in table() {
            for (said, right) in said().iter().zip(verdicts) {
                if (from, said) != (Is::Capturing, &IntentStatus::Authorized) {
                    assert_eq!(verdict(from, said, true), right, "{from}: {said:?}");
                }
            }
        }
    }

    #[test]
    fn a_statement_that_is_heard_again_changes_nothing() {
        for from in PaymentStatus::ALL {
            for said in said() {
                if let Moves(to) = verdict(*from, &said, false) {
                    assert_eq!(verdict(to, &said, false), Known, "{from}: {said:?}");
                }
            }
        }
    }
}
