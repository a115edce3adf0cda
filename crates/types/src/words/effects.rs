//! Words for effects on the outside world, and for what comes back.

use super::*;

words! {
    /// Kinds of effects.
    EffectKind {
        /// Asks the provider for a payment: to authorize it, or to capture it at once.
        AuthorizePayment = "AUTHORIZE_PAYMENT",
        /// Goes on after the guest has confirmed.
        ConfirmPayment = "CONFIRM_PAYMENT",
        /// Captures what was authorized.
        CapturePayment = "CAPTURE_PAYMENT",
        /// Voids an authorization.
        VoidPayment = "VOID_PAYMENT",
        /// Sends a refund.
        SendRefund = "SEND_REFUND",
    }

    /// States of an effect.
    EffectState {
        /// To be done, now or after a pause.
        Pending = "PENDING",
        /// Done, or no longer needed.
        Done = "DONE",
        /// The provider refuses it; a person must look at it.
        Refused = "REFUSED",
        /// It has failed too often, and nobody knows whether the provider did it; a person must look at it.
        Dead = "DEAD",
    }

    /// What became of a provider's statement.
    NoticeOutcome {
        /// It changed the payment.
        Applied = "APPLIED",
        /// It said what was known.
        Known = "KNOWN",
        /// It was overtaken by a later one.
        Late = "LATE",
        /// It contradicted an earlier one: money went back, or a case was opened.
        Contradiction = "CONTRADICTION",
        /// It was about a payment that is not here.
        UnknownPayment = "UNKNOWN_PAYMENT",
    }

    /// Why a person must look at a payment.
    CaseKind {
        /// The provider contradicts itself.
        Contradiction = "CONTRADICTION",
        /// The provider captured another amount than it was asked for.
        WrongAmount = "WRONG_AMOUNT",
        /// The provider speaks of a payment that is not here.
        UnknownPayment = "UNKNOWN_PAYMENT",
        /// The provider refuses an effect, or never answered.
        EffectFailed = "EFFECT_FAILED",
    }
}
