//! Who is asking: viewers and their proofs, tokens, passwords.

mod passwords;
mod tokens;
mod viewer;

pub use passwords::{PasswordHasher, PasswordPolicy};
pub use tokens::{AccessToken, Keys, RefreshToken, SigningKey, TokenError, Tokens};
pub use viewer::{Member, Viewer};
