//! Authentication: viewers and their proofs, tokens, mailed codes, passwords.

mod codes;
mod passwords;
mod tokens;
mod viewer;

pub use passwords::{Fit, NewPassword, Password, PasswordHasher, Weakness};
pub use tokens::{AccessToken, DeviceToken, Holder, Keys, RefreshToken, SigningKey, TokenError, Tokens};
pub use viewer::{Member, VerifiedMember, Viewer};
