//! Enums of cases that people open.

use super::*;

enums! {
    /// What a case is about.
    SupportCaseKind {
        /// The guest of a booking disputes what happened, or what it cost.
        Dispute = "DISPUTE",
        /// The host of a booking reports damage after the stay.
        Damage = "DAMAGE",
        /// Somebody reports a listing or a person.
        Report = "REPORT",
    }

    /// States of a case.
    SupportCaseStatus {
        /// Nobody of the platform has looked at it yet.
        Open = "OPEN",
        /// Staff are looking at it.
        InReview = "IN_REVIEW",
        /// Staff wait for an answer of the person who opened it: see `question`.
        WaitingForPerson = "WAITING_FOR_PERSON",
        /// It is decided: see `resolution`.
        Resolved = "RESOLVED",
        /// It is decided that nothing is done: see `resolution`.
        Rejected = "REJECTED",
    }
}

impl SupportCaseStatus {
    /// The states of a case that is not decided.
    pub const UNDECIDED: [Self; 3] = [Self::Open, Self::InReview, Self::WaitingForPerson];
}
