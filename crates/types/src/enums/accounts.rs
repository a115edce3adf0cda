//! Enums of accounts.

use super::*;

enums! {
    /// Ways to prove who one is.
    IdentityMethod {
        /// The password of the account.
        Password = "PASSWORD",
        /// A code of the authenticator app.
        Totp = "TOTP",
        /// One of the recovery codes, which works once.
        RecoveryCode = "RECOVERY_CODE",
        /// A passkey of the account.
        Passkey = "PASSKEY",
    }

    /// What a passkey signs a challenge for.
    PasskeyPurpose {
        /// To be added to an account.
        Register = "REGISTER",
        /// To sign in.
        SignIn = "SIGN_IN",
        /// To prove in a session who its member is.
        Confirm = "CONFIRM",
    }
}
