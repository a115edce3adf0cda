//! Authentication: viewers and their proofs, tokens, mailed codes, passwords, second factors, passkeys.

mod codes;
mod person_keys;
mod provider_handles;
mod recovery_codes;
mod sealing;
mod totp;
mod passkeys;
mod passwords;
mod staff;
mod tokens;
mod viewer;

pub use passkeys::{
    Assertion, AssertionResponse, Credential, InvalidRelyingParty, NewPasskey, PasskeyChallenge, PasskeyOwner,
    RegistrationResponse, Rejection, RelyingParty, StoredPasskey, credential_hash,
};
pub use passwords::{Fit, HashCost, NewPassword, Password, PasswordHasher, Weakness};
pub use person_keys::PersonKey;
pub use provider_handles::{ProviderHandle, ProviderSignIn};
pub use recovery_codes::RecoveryCode;
pub use sealing::Sealed;
pub use staff::{Admin, Finance, Recent, Staff, Support};
pub use tokens::{
    AccessToken, ChallengeToken, DeviceToken, Holder, Keys, RefreshToken, SigningKey, TokenError, Tokens,
};
pub use totp::TotpSecret;
pub use viewer::{AccountOwner, LastProof, Member, RecentMember, VerifiedMember, VerifiedOwner, Viewer};
