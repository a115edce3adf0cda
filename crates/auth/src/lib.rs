//! Authentication: viewers and their proofs, tokens, passwords.

mod passwords;
mod tokens;
mod viewer;

pub use passwords::{Fit, Password, PasswordHasher};
pub use tokens::{AccessToken, DeviceToken, Keys, RefreshToken, SigningKey, TokenError, Tokens};
pub use viewer::{Member, Viewer};
