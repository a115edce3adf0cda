//! Authentication: viewers and their proofs, tokens, mailed codes, passwords, second factors.

mod codes;
mod recovery_codes;
mod sealing;
mod totp;
mod passwords;
mod staff;
mod tokens;
mod viewer;

pub use passwords::{Fit, NewPassword, Password, PasswordHasher, Weakness};
pub use recovery_codes::RecoveryCode;
pub use sealing::Sealed;
pub use staff::{Admin, Finance, Staff, Support};
pub use tokens::{
    AccessToken, ChallengeToken, DeviceToken, Holder, Keys, RefreshToken, SigningKey, TokenError, Tokens,
};
pub use totp::TotpSecret;
pub use viewer::{LastProof, Member, RecentMember, VerifiedMember, Viewer};
