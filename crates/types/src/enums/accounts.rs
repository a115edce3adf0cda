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
    }
}
