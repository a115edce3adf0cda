//! The port that sends mails.

use futures_util::future::BoxFuture;

use crate::{MailKey, Message};

/// Why a mail was not sent. The reasons name no recipient, no user and no password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The server refused this mail or its recipient for good: a bounce. Never retry.
    #[error("the mail was refused: {0}")]
    Rejected(String),
    /// The server is not reachable or refused for now, or its answer was lost. Retry the same mail
    /// with the same key.
    #[error("the mail could not be sent now: {0}")]
    Temporary(String),
    /// An operator must act: TLS, the certificate, the password or the sender is wrong. The mail is
    /// not at fault, and can be sent when the fault is mended.
    #[error("mail is not set up correctly: {0}")]
    Misconfigured(String),
}

impl SendError {
    /// Whether the same mail may be sent later.
    pub fn is_retryable(&self) -> bool {
        !matches!(self, Self::Rejected(_))
    }
}

/// The outcome of sending a mail.
pub type Sending<'a> = BoxFuture<'a, Result<(), SendError>>;

/// Sends mails. A mail may be sent again with the same key.
pub trait MailTransport: Send + Sync + 'static {
    /// The name of the adapter, for logs and metrics.
    fn name(&self) -> &'static str;
    /// Sends a mail. `key` identifies the effect, and is the same for each attempt.
    ///
    /// # Errors
    /// [`SendError`]
    fn send<'a>(&'a self, message: &'a Message, key: &'a MailKey) -> Sending<'a>;
}

/// Discards every mail.
#[derive(Debug, Clone, Copy, Default)]
pub struct Off;

impl MailTransport for Off {
    fn name(&self) -> &'static str {
        "off"
    }

    fn send<'a>(&'a self, _message: &'a Message, _key: &'a MailKey) -> Sending<'a> {
        Box::pin(std::future::ready(Ok(())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refused_mail_is_never_sent_again() {
        assert!(!SendError::Rejected(String::new()).is_retryable());
        assert!(SendError::Temporary(String::new()).is_retryable());
        assert!(SendError::Misconfigured(String::new()).is_retryable());
    }

    #[tokio::test]
    async fn off_accepts_and_discards() {
        let transport: Box<dyn MailTransport> = Box::new(Off);
        let (message, key) = crate::message::example("Hello.");
        assert_eq!(transport.send(&message, &key).await, Ok(()));
        assert_eq!(transport.name(), "off");
    }
}
