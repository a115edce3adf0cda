//! Creates the accounts of the tour.

use super::Tour;
use super::operations;
use super::responses::{check_equal, text};
use serde_json::json;
use types::{Entropy, OsEntropy};

/// A signed-in account.
pub(super) struct Account {
    /// The access token.
    pub token: String,
}

/// A unique random text.
pub(super) fn unique_text() -> String {
    let entropy: &dyn Entropy = &OsEntropy;
    format!("{:032x}", u128::from_be_bytes(entropy.bytes()))
}

impl Tour {
    /// Creates an account for `role`.
    pub(super) async fn register(&mut self, role: &str) -> anyhow::Result<Account> {
        let suffix = unique_text();
        let name = format!("Tour {role}");
        let email = format!("{role}-{}@tour.staygate.example", &suffix[..12]);
        let input = json!({ "email": email, "password": unique_text(), "displayName": name });
        let created = self.mutate(None, operations::REGISTER, input, "RegisterUserSuccess").await?;
        check_equal("the address", email.as_str(), text(&created, "/me/email")?)?;
        check_equal("the name", name.as_str(), text(&created, "/me/user/displayName")?)?;
        self.output.print_fact(role, format!("{name}, {email}"));
        Ok(Account { token: text(&created, "/tokens/accessToken")?.to_owned() })
    }
}
