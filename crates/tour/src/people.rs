//! Who takes part: accounts that nobody had before.

use super::Tour;
use super::answers::{same, text};
use super::operations;
use serde_json::json;
use types::{Entropy, OsEntropy};

/// Somebody who is signed in.
pub(super) struct Person {
    /// The access token.
    pub token: String,
}

/// A word that nobody else uses.
pub(super) fn fresh() -> String {
    let entropy: &dyn Entropy = &OsEntropy;
    format!("{:032x}", u128::from_be_bytes(entropy.bytes()))
}

impl Tour {
    /// Makes an account for `role`.
    pub(super) async fn register(&mut self, role: &str) -> anyhow::Result<Person> {
        let word = fresh();
        let name = format!("Tour {role}");
        let email = format!("{role}-{}@tour.staygate.example", &word[..12]);
        let input = json!({ "email": email, "password": fresh(), "displayName": name });
        let made = self.change(None, operations::REGISTER, input, "RegisterUserSuccess").await?;
        same("the address", email.as_str(), text(&made, "/me/email")?)?;
        same("the name", name.as_str(), text(&made, "/me/user/displayName")?)?;
        self.voice.fact(role, format!("{name}, {email}"));
        Ok(Person { token: text(&made, "/tokens/accessToken")?.to_owned() })
    }
}
