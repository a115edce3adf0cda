//! Creates the accounts of the tour.

use super::Tour;
use super::client::TIMEOUT;
use super::operations;
use super::responses::{check_equal, text};
use anyhow::{Context as _, ensure};
use hyper::StatusCode;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use types::{Entropy, OsEntropy};

/// How often the mailbox is read while a mail is awaited.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// A signed-in account.
pub(super) struct Account {
    /// The access token.
    pub token: String,
}

/// What the tour expects in the subjects of mails.
pub(super) mod subjects {
    pub(in super::super) const VERIFY: &str = "Confirm your email";
    pub(in super::super) const RESET: &str = "Reset your password";
    pub(in super::super) const NEW_EMAIL: &str = "Confirm your new email";
    pub(in super::super) const CASE: &str = "Your case was decided";
    pub(in super::super) const IMPERSONATION: &str = "Our team is working in your account";
    pub(in super::super) const OLD_EMAIL: &str = "Approve your new email";
}

/// The code in the link of a mail.
fn code_in(text: &str) -> Option<&str> {
    text.split_once("?code=").and_then(|(_, rest)| rest.split_whitespace().next())
}

/// A unique email, at a domain that does not exist.
pub(super) fn unique_email(role: &str) -> String {
    format!("{role}-{}@tour.staygate.example", &unique_text()[..12])
}

/// A unique random text.
pub(super) fn unique_text() -> String {
    let entropy: &dyn Entropy = &OsEntropy;
    format!("{:032x}", u128::from_be_bytes(entropy.bytes()))
}

impl Tour {
    /// Creates an account for `role`.
    pub(super) async fn register(&mut self, role: &str) -> anyhow::Result<Account> {
        let (name, email) = (format!("Tour {role}"), unique_email(role));
        let input = json!({ "email": email, "password": unique_text(), "displayName": name });
        let created = self.mutate(None, operations::REGISTER, input, "RegisterUserSuccess").await?;
        check_equal("the address", email.as_str(), text(&created, "/me/email")?)?;
        check_equal("the name", name.as_str(), text(&created, "/me/user/displayName")?)?;
        let account = Account { token: text(&created, "/tokens/accessToken")?.to_owned() };
        let code = self.mailed_code(&email, subjects::VERIFY).await?;
        let input = json!({ "code": code });
        let verified = self.mutate(Some(&account), operations::VERIFY_EMAIL, input, "VerifyEmailSuccess").await?;
        self.output.print_fact(role, format!("{name}, {email}, verified with the code {code} from its mail"));
        Ok(Account { token: text(&verified, "/accessToken")?.to_owned() })
    }

    /// The code in the mail to `email` with this subject.
    pub(super) async fn mailed_code(&self, email: &str, subject: &str) -> anyhow::Result<String> {
        let mail = self.mail(email, subject).await?;
        code_in(&mail).map(str::to_owned).with_context(|| format!("the mail \"{subject}\" to {email} has no code"))
    }

    /// The text of the mail to `email` with this subject, which the server's mailbox page shows.
    pub(super) async fn mail(&self, email: &str, subject: &str) -> anyhow::Result<String> {
        let deadline = Instant::now() + TIMEOUT;
        loop {
            let (status, body) = self.client.get(&format!("/dev/mail.json?to={email}")).await?;
            ensure!(
                status == StatusCode::OK,
                "the tour reads its mails at /dev/mail, which this server does not have: start it on your own machine \
                 without --production, and with mails in a folder (the default with the private database, else \
                 `--mail file:FOLDER`)"
            );
            let mails: Value = serde_json::from_str(&body)?;
            let is_it = |mail: &&Value| mail["subject"].as_str().is_some_and(|line| line.contains(subject));
            let mail = mails["mails"].as_array().and_then(|mails| mails.iter().find(is_it));
            if let Some(text) = mail.and_then(|mail| mail["text"].as_str()) {
                return Ok(text.to_owned());
            }
            ensure!(Instant::now() < deadline, "no mail \"{subject}\" to {email} within {} s", TIMEOUT.as_secs());
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }
}
