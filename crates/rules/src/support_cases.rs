//! The states of cases that people open. One table defines who can make which transition.

use types::SupportCaseStatus;

/// Who makes a transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CaseTrigger {
    /// Staff.
    Staff,
    /// The person who opened the case answers.
    Person,
}

/// All transitions: from, to, who. All others are refused.
pub const TRANSITIONS: &[(SupportCaseStatus, SupportCaseStatus, CaseTrigger)] = {
    use CaseTrigger::{Person, Staff};
    use SupportCaseStatus::{InReview, Open, Rejected, Resolved, WaitingForPerson};
    &[
        (Open, InReview, Staff),
        (Open, WaitingForPerson, Staff),
        (Open, Resolved, Staff),
        (Open, Rejected, Staff),
        (InReview, WaitingForPerson, Staff),
        (InReview, Resolved, Staff),
        (InReview, Rejected, Staff),
        (WaitingForPerson, InReview, Person),
        (WaitingForPerson, InReview, Staff),
        (WaitingForPerson, Resolved, Staff),
        (WaitingForPerson, Rejected, Staff),
    ]
};

/// Whether `trigger` can take a case from `from` to `to`.
pub fn is_allowed(from: SupportCaseStatus, to: SupportCaseStatus, trigger: CaseTrigger) -> bool {
    TRANSITIONS.contains(&(from, to, trigger))
}

/// Whether the state is final: the case is decided.
pub fn is_final(status: SupportCaseStatus) -> bool {
    !TRANSITIONS.iter().any(|&(from, ..)| from == status)
}

/// Whether a case in this state needs a text of staff for the person who opened it.
pub fn needs_message(status: SupportCaseStatus) -> bool {
    is_final(status) || status == SupportCaseStatus::WaitingForPerson
}

/// The state in a sentence: "The case is …".
pub fn label(status: SupportCaseStatus) -> &'static str {
    match status {
        SupportCaseStatus::Open => "open",
        SupportCaseStatus::InReview => "in review",
        SupportCaseStatus::WaitingForPerson => "waiting for an answer",
        SupportCaseStatus::Resolved => "resolved",
        SupportCaseStatus::Rejected => "rejected",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decided_cases_stay_decided_and_all_others_can_be_decided() {
        for status in SupportCaseStatus::ALL.iter().copied() {
            let is_undecided = SupportCaseStatus::UNDECIDED.contains(&status);
            assert_eq!(is_final(status), !is_undecided, "{status}");
            for end in [SupportCaseStatus::Resolved, SupportCaseStatus::Rejected] {
                assert_eq!(is_allowed(status, end, CaseTrigger::Staff), is_undecided, "{status}");
                assert!(!is_allowed(status, end, CaseTrigger::Person), "{status}: the person decides nothing");
            }
        }
    }

    #[test]
    fn the_person_only_answers() {
        let by_person: Vec<_> = TRANSITIONS.iter().filter(|(.., who)| *who == CaseTrigger::Person).collect();
        assert_eq!(
            by_person,
            [&(SupportCaseStatus::WaitingForPerson, SupportCaseStatus::InReview, CaseTrigger::Person)]
        );
    }
}
