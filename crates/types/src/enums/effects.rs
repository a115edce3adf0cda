//! Enums of effects on the outside world, and of notifications from it.

use super::*;

enums! {
    /// Kinds of effects.
    EffectKind {
        /// Asks the provider for a payment: to authorize it, or to capture it at once.
        AuthorizePayment = "AUTHORIZE_PAYMENT",
        /// Continues after the guest has confirmed.
        ConfirmPayment = "CONFIRM_PAYMENT",
        /// Captures what was authorized.
        CapturePayment = "CAPTURE_PAYMENT",
        /// Voids an authorization.
        VoidPayment = "VOID_PAYMENT",
        /// Sends a refund.
        SendRefund = "SEND_REFUND",
        /// Sends a mail.
        SendMail = "SEND_MAIL",
    }

    /// Why a one-time code was sent.
    CodePurpose {
        /// To verify the email of a new account.
        VerifyEmail = "VERIFY_EMAIL",
        /// To choose a new password without the old one.
        ResetPassword = "RESET_PASSWORD",
        /// To verify the email that is to replace another.
        NewEmail = "NEW_EMAIL",
        /// To approve, at the current email, that it is replaced.
        OldEmail = "OLD_EMAIL",
    }

    /// States of an effect.
    EffectState {
        /// To be done, now or after a pause.
        Pending = "PENDING",
        /// Done, or no longer needed.
        Done = "DONE",
        /// The provider refused it; an operator must decide.
        Refused = "REFUSED",
        /// It has failed too often, and its outcome is unknown; an operator must decide.
        Dead = "DEAD",
    }

    /// The outcome of a provider's notification.
    NoticeOutcome {
        /// It changed the payment.
        Applied = "APPLIED",
        /// It changed nothing.
        Known = "KNOWN",
        /// It was outdated by a later one.
        Late = "LATE",
        /// It contradicted an earlier one: the payment was refunded, or a case was opened.
        Contradiction = "CONTRADICTION",
        /// Its payment does not exist.
        UnknownPayment = "UNKNOWN_PAYMENT",
    }

    /// Why an operator must decide about a payment.
    CaseKind {
        /// The provider contradicts itself.
        Contradiction = "CONTRADICTION",
        /// The provider captured another amount than requested.
        WrongAmount = "WRONG_AMOUNT",
        /// The provider reports a payment that does not exist.
        UnknownPayment = "UNKNOWN_PAYMENT",
        /// The provider refused an effect, or never responded.
        EffectFailed = "EFFECT_FAILED",
    }
}
